// SPDX-License-Identifier: Apache-2.0

package streaming

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/participant-go/connectparticipant/chat"
)

// Handle reads a payload, as Read does, and calls handle for each new event, one after the other,
// the earliest first. It skips the chunks of AI messages, because the complete message follows
// them.
//
// seen determines which events are new; with nil, every event is handled, including duplicates. If
// handle fails, the event is forgotten, so that its next delivery is handled. When ctx ends, the
// remaining events fail without being handled, so that their next delivery is.
//
// The error contains a *RecordError for each record that could not be read or handled: see
// BatchResponseOf. All other records have been handled.
func Handle(ctx context.Context, payload []byte, seen Seen, handle func(context.Context, Notification) error) error {
	notifications, err := Read(payload)
	failed := []error{err}
	sortByTime(notifications)
	for _, n := range notifications {
		if _, chunk := n.Event.(chat.Progress); chunk {
			continue
		}
		failed = append(failed, n.Failed(handleOnce(ctx, n, seen, handle)))
	}
	return errors.Join(failed...)
}

// handleOnce calls handle unless the event has been handled.
func handleOnce(ctx context.Context, n Notification, seen Seen, handle func(context.Context, Notification) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if seen == nil {
		return handle(ctx, n)
	}
	known, err := seen.Seen(ctx, n.Key())
	switch {
	case err != nil:
		return fmt.Errorf("check event: %w", err)
	case known:
		return nil
	}
	if err := handle(ctx, n); err != nil {
		return errors.Join(err, forget(ctx, n, seen))
	}
	return nil
}

// forgetTimeout is the timeout of Forget, also after the end of the caller's context.
const forgetTimeout = 5 * time.Second

func forget(ctx context.Context, n Notification, seen Seen) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), forgetTimeout)
	defer cancel()
	if err := seen.Forget(ctx, n.Key()); err != nil {
		return fmt.Errorf("forget event, which won't be handled again: %w", err)
	}
	return nil
}

// sortByTime sorts the earliest first, and those without a time before all others.
func sortByTime(notifications []Notification) {
	slices.SortStableFunc(notifications, func(a, b Notification) int { return timeOf(a).Compare(timeOf(b)) })
}

func timeOf(n Notification) time.Time {
	meta, _ := chat.MetaOf(n.Event)
	return meta.Time
}
