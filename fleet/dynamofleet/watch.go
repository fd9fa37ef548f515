// SPDX-License-Identifier: Apache-2.0

package dynamofleet

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"time"

	"github.com/participant-go/connectparticipant/fleet"
)

func (s *store) Watch(ctx context.Context, prefix string) iter.Seq2[fleet.Entry, error] {
	return func(yield func(fleet.Entry, error) bool) {
		w := &watcher{s: s, prefix: prefix, seen: map[string]sighting{}}
		for {
			began := time.Now()
			goes, err := w.poll(ctx, began, yield)
			if err == nil && goes {
				err = w.wait(ctx, began)
			}
			if err != nil {
				yield(fleet.Entry{}, fmt.Errorf("watch %s: %w", prefix, err))
				return
			}
			if !goes {
				return
			}
		}
	}
}

// watcher is the state of one loop over Watch.
type watcher struct {
	s      *store
	prefix string
	seen   map[string]sighting
}

// sighting is a revision of a record, and the time at which the query that first found it ended.
type sighting struct {
	rev uint64
	at  time.Time
	ttl time.Duration
}

// expired reports whether a query that began then and found the same revision shows that the record
// has not been written for its ttl. Both times are on the safe side: a pause of this process
// between them, or during a query, only delays the expiry.
func (s sighting) expired(began time.Time) bool {
	return s.ttl > 0 && began.Sub(s.at) >= s.ttl
}

// poll queries the table and yields the changes. It returns false if the loop breaks.
func (w *watcher) poll(ctx context.Context, began time.Time, yield func(fleet.Entry, error) bool) (goes bool, err error) {
	var items []item
	for i, err := range w.s.query(ctx, w.prefix) {
		if err != nil {
			return false, err
		}
		items = append(items, i)
	}
	ended := time.Now()
	gone := w.absent(items)
	for _, i := range items {
		before := w.seen[i.key]
		switch {
		case before.rev != i.rev:
			w.seen[i.key] = sighting{rev: i.rev, at: ended, ttl: i.ttl}
			if !yield(fleet.Entry{Key: i.key, Value: i.value, Rev: i.rev}, nil) {
				return false, nil
			}
		case before.expired(began):
			err := w.s.Delete(ctx, i.key, i.rev)
			if err == nil {
				gone = append(gone, i.key)
			} else if !errors.Is(err, fleet.ErrConflict) { // a conflict is a renewal
				return false, err
			}
		}
	}
	for _, key := range gone {
		delete(w.seen, key)
		if !yield(fleet.Entry{Key: key, Gone: true}, nil) {
			return false, nil
		}
	}
	return true, nil
}

// absent returns the known keys that are not among the items.
func (w *watcher) absent(items []item) (keys []string) {
	here := make(map[string]bool, len(items))
	for _, i := range items {
		here[i.key] = true
	}
	for key := range w.seen {
		if !here[key] {
			keys = append(keys, key)
		}
	}
	return keys
}

// wait waits for the next poll, or for the time at which a record may first be found expired.
func (w *watcher) wait(ctx context.Context, began time.Time) error {
	next := began.Add(w.s.poll)
	for _, s := range w.seen {
		if at := s.at.Add(s.ttl); s.ttl > 0 && at.After(began) && at.Before(next) {
			next = at
		}
	}
	timer := time.NewTimer(time.Until(next))
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
	return ctx.Err()
}
