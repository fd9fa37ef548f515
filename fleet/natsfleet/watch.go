// SPDX-License-Identifier: Apache-2.0

package natsfleet

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"strconv"
	"sync"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/participant-go/connectparticipant/fleet"
)

const (
	heartbeat = time.Second
	silence   = 3 * heartbeat // without heartbeats until the server is considered gone
)

// barrier is a subject that is no key. What List publishes there follows everything that was
// written before, even on a server that lags behind the leader.
const barrier = "~list"

func (s *store) List(ctx context.Context, prefix string) iter.Seq2[fleet.Entry, error] {
	return func(yield func(fleet.Entry, error) bool) {
		if err := s.list(ctx, prefix, yield); err != nil {
			yield(fleet.Entry{}, fmt.Errorf("list %s: %w", prefix, err))
		}
	}
}

// list returns nil if it has yielded all records, or if the loop breaks.
func (s *store) list(ctx context.Context, prefix string, yield func(fleet.Entry, error) bool) error {
	ctx, f, err := s.follow(ctx, prefix, s.subjects+barrier)
	if err != nil {
		return err
	}
	defer f.close()
	end := nats.Msg{Subject: s.subjects + barrier, Header: nats.Header{operation: {purge}}}
	last, err := s.publish(ctx, end)
	if err != nil {
		return cause(ctx, err)
	}
	yielded := map[string]bool{} // has the keys of markers too
	yieldOnce := func(m message) bool {
		again := yielded[m.key]
		yielded[m.key] = again || m.rev != 0
		return again || m.rev == 0 || yield(fleet.Entry{Key: m.key, Value: m.value, Rev: m.rev}, nil)
	}
	for {
		m, err := f.next(ctx)
		if err != nil {
			return err
		}
		if m.seq >= last {
			break
		}
		if !yieldOnce(m) {
			return nil
		}
	}
	return s.listMissed(ctx, prefix, yielded, yieldOnce)
}

// listMissed yields the records that the feed has missed: if a record is replaced before it is
// delivered, the new one may come after the end of the list.
func (s *store) listMissed(ctx context.Context, prefix string, received map[string]bool, yield func(message) bool) error {
	stream, err := s.stream.Info(ctx, jetstream.WithSubjectFilter(s.subjects+swap(prefix)+">"))
	if err != nil {
		return cause(ctx, err)
	}
	for subject := range stream.State.Subjects {
		if _, ok := received[s.key(subject)]; ok {
			continue
		}
		m, err := s.last(ctx, subject)
		if err != nil {
			return cause(ctx, err)
		}
		if !yield(m) {
			return nil
		}
	}
	return nil
}

func (s *store) Watch(ctx context.Context, prefix string) iter.Seq2[fleet.Entry, error] {
	return func(yield func(fleet.Entry, error) bool) {
		if err := s.watch(ctx, prefix, yield); err != nil {
			yield(fleet.Entry{}, fmt.Errorf("watch %s: %w", prefix, err))
		}
	}
}

// watch returns nil if the loop breaks.
func (s *store) watch(ctx context.Context, prefix string, yield func(fleet.Entry, error) bool) error {
	ctx, f, err := s.follow(ctx, prefix)
	if err != nil {
		return err
	}
	defer f.close()
	known := map[string]bool{}
	for {
		m, err := f.next(ctx)
		if err != nil {
			return err
		}
		gone := m.rev == 0
		if gone && !known[m.key] { // it was never yielded
			continue
		}
		if gone {
			delete(known, m.key)
		} else {
			known[m.key] = true
		}
		if !yield(fleet.Entry{Key: m.key, Value: m.value, Rev: m.rev, Gone: gone}, nil) {
			return nil
		}
	}
}

// feed receives the last message of each subject, then each new one. It uses a plain consumer:
// nats.go would silently replace an ordered one after a loss.
type feed struct {
	s        *store
	sub      *nats.Subscription
	cancel   context.CancelCauseFunc
	status   chan nats.Status
	wg       sync.WaitGroup
	received uint64 // the consumer's number of the last message
}

// follow starts a feed of a prefix and other subjects. The context that it returns also ends when
// the connection is lost.
func (s *store) follow(ctx context.Context, prefix string, others ...string) (context.Context, *feed, error) {
	subject, err := s.subject(ctx, prefix)
	if err != nil {
		return ctx, nil, err
	}
	ctx, cancel := context.WithCancelCause(ctx)
	f := &feed{s: s, cancel: cancel, status: s.nc.StatusChanged(nats.DISCONNECTED, nats.RECONNECTING, nats.CLOSED)}
	f.wg.Go(func() {
		select {
		case <-f.status:
			cancel(errLost)
		case <-ctx.Done():
		}
	})
	if err := f.subscribe(ctx, append(others, subject+">")); err != nil {
		f.close()
		return ctx, nil, err
	}
	return ctx, f, nil
}

func (f *feed) subscribe(ctx context.Context, subjects []string) (err error) {
	inbox := f.s.nc.NewInbox()
	if f.sub, err = f.s.nc.SubscribeSync(inbox); err != nil {
		return err
	}
	cfg := jetstream.ConsumerConfig{
		DeliverSubject:    inbox,
		DeliverPolicy:     jetstream.DeliverLastPerSubjectPolicy,
		AckPolicy:         jetstream.AckNonePolicy,
		FilterSubjects:    subjects,
		IdleHeartbeat:     heartbeat,
		FlowControl:       true,
		InactiveThreshold: 2 * silence, // after that, the server removes it
		MemoryStorage:     true,
		Replicas:          1,
	}
	return cause(ctx, f.s.withBucket(ctx, func() error {
		_, err := f.s.js.CreatePushConsumer(ctx, f.s.name, cfg)
		return err
	}))
}

func (f *feed) close() {
	f.cancel(nil)
	f.wg.Wait()
	f.s.nc.RemoveStatusListener(f.status)
	if f.sub != nil {
		_ = f.sub.Unsubscribe() // fails only if the connection is closed
	}
}

// next returns the next message. It returns an error as soon as a message may be missing.
func (f *feed) next(ctx context.Context) (message, error) {
	for {
		msg, err := f.receive(ctx)
		if err != nil {
			return message{}, err
		}
		if msg.Header.Get("Status") != "" {
			if err := f.control(msg); err != nil {
				return message{}, err
			}
			continue
		}
		meta, err := msg.Metadata()
		if err != nil {
			return message{}, err
		}
		if f.received++; meta.Sequence.Consumer != f.received {
			return message{}, errMissed
		}
		return f.s.message(msg.Subject, msg.Header, msg.Data, meta.Sequence.Stream), nil
	}
}

var (
	errLost   = fmt.Errorf("connection lost: %w", nats.ErrDisconnected)
	errMissed = errors.New("changes may be missing")
	errSilent = errors.New("the server is silent or has lost the consumer")
)

func (f *feed) receive(ctx context.Context) (*nats.Msg, error) {
	waiting, cancel := context.WithTimeout(ctx, silence)
	defer cancel()
	msg, err := f.sub.NextMsgWithContext(waiting)
	if err != nil && waiting.Err() != nil && ctx.Err() == nil {
		return nil, errSilent
	}
	return msg, cause(ctx, err)
}

// cause returns the reason why a call failed.
func cause(ctx context.Context, err error) error {
	switch {
	case err == nil || ctx.Err() == nil:
		return err
	case context.Cause(ctx) == errLost: //nolint:errorlint // it is never wrapped
		return errLost
	default:
		return ctx.Err()
	}
}

// control handles heartbeats and flow control.
func (f *feed) control(msg *nats.Msg) error {
	if msg.Header.Get("Status") != "100" {
		return fmt.Errorf("the server ended the consumer: %s", msg.Header.Get("Description"))
	}
	if last := msg.Header.Get("Nats-Last-Consumer"); last != "" && last != strconv.FormatUint(f.received, 10) {
		return errMissed
	}
	if msg.Reply != "" {
		return msg.Respond(nil)
	}
	if stalled := msg.Header.Get("Nats-Consumer-Stalled"); stalled != "" {
		return f.s.nc.Publish(stalled, nil)
	}
	return nil
}
