// SPDX-License-Identifier: Apache-2.0

package fleet

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// ErrNobody is the error of Drain if chats are left that no other member could take.
var ErrNobody = errors.New("no other member can take the chats")

// inboxTTL is how long a chat stays in an inbox that nobody empties.
const inboxTTL = time.Minute

// handOver gives the chat to another member at its renewal, if one should have it, and reports
// whether it did. That member's connection takes the place of the renewal.
func (t *tenure) handOver() bool {
	if !t.m.hasLease() {
		return false
	}
	successor := t.m.relief()
	if successor == "" {
		return false
	}
	ctx, cancel := context.WithTimeout(t.waiting, storeTimeout)
	defer cancel()
	if t.dirty && t.save(ctx) != nil {
		return false
	}
	return t.give(ctx, successor) == nil || !t.keep()
}

// keep finds out whether a hand-over that has failed was made all the same, and reports whether
// the chat is still this member's. It writes the record again, so that a write that is under way
// fails.
func (t *tenure) keep() bool {
	for n := 0; t.m.awaitLease(t.waiting) == nil; n++ {
		record, rev, err := t.m.readChat(t.waiting, t.held.ID)
		switch {
		case err == nil && (record.Owner != t.m.name || record.Epoch != t.held.Epoch):
			_ = t.m.putInbox(context.WithoutCancel(t.waiting), record.Owner, record.ID)
			return false
		case err == nil && t.m.rewrite(t.waiting, recorded{record, rev}) == nil:
			return true
		}
		pause(t.waiting, backoff(n, 50*time.Millisecond, time.Second))
	}
	return true // next returns what has ended it
}

func (m *Member) hasLease() bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.lease.isHeld(time.Now())
}

// give makes another member the owner of the chat.
func (t *tenure) give(ctx context.Context, to string) error {
	record, rev, err := t.m.readChat(ctx, t.held.ID)
	if err != nil {
		return err
	}
	if record.Owner != t.m.name || record.Epoch != t.held.Epoch || record.Ended {
		return ErrLost
	}
	return t.m.give(ctx, record, rev, to)
}

// give makes another member the owner of a chat that has this one as the owner or nobody, and
// tells it. A member that isn't told finds the chat when it reads the directory.
func (m *Member) give(ctx context.Context, record chatRecord, rev uint64, to string) error {
	record.Owner = to
	record.Epoch++
	if err := m.putChat(ctx, record, rev); err != nil {
		m.log.Warn("could not hand a chat over", "chat", record.ID, "error", err)
		return err
	}
	m.count(func(s *Stats) { s.Given++ })
	m.meter.count(m.meter.handOvers)
	m.log.Info("handed a chat over", "chat", record.ID, "to", to, "epoch", record.Epoch)
	_ = m.putInbox(context.WithoutCancel(ctx), to, record.ID)
	return nil
}

// putInbox tells a member to look at a chat. It tries for a lease: if the store is away for
// longer, all members read the directory.
func (m *Member) putInbox(ctx context.Context, name, id string) error {
	ctx, cancel := context.WithTimeout(ctx, m.opts.Lease)
	defer cancel()
	for n := 0; ; n++ {
		err := m.putInboxOnce(ctx, inboxKey(name, id))
		if err == nil {
			return nil
		}
		if !pause(ctx, backoff(n, 50*time.Millisecond, 1600*time.Millisecond)) {
			m.log.Warn("could not tell a member of its chat: it finds it within minutes", "chat", id, "to", name, "error", err)
			return err
		}
	}
}

// putInboxOnce writes an entry that may be there anew: the member may have looked at the older one
// before the chat was its own.
func (m *Member) putInboxOnce(ctx context.Context, key string) error {
	ctx, cancel := context.WithTimeout(ctx, m.opts.Renew)
	defer cancel()
	_, err := m.store.Put(ctx, key, nil, 0, inboxTTL)
	if !errors.Is(err, ErrConflict) {
		return err
	}
	_, rev, err := m.store.Get(ctx, key)
	if err == nil {
		_, err = m.store.Put(ctx, key, nil, rev, inboxTTL)
	}
	return err
}

// Drain hands all chats over to the other members, before this process is stopped: each at its
// own renewal, which takes up to an hour and costs no connection more than without it. Meanwhile the
// member handles its chats as ever, and gets no new ones. Don't call it from a handler.
//
// The end of ctx is not the end of Drain: it begins to hand over the rest then, one chat after the
// other at nine tenths of the quota for connections, 5.4 a second at the published one, and then
// closes the member as Close does. For n chats in a platform's grace period of 60 seconds, let ctx
// end after 50 s - n/5.4 s; with a ctx that has ended it begins immediately.
//
// It returns nil if others hold all its chats now, and [ErrNobody] if some are left: they wait for
// the next member that joins. After Close it returns ErrClosed.
func (m *Member) Drain(ctx context.Context) error {
	if err := m.beginDraining(); err != nil {
		return err
	}
	m.log.Info("draining", "chats", len(m.snapshot()))
	m.renew(m.life) // so that the others know
	for _, t := range m.snapshot() {
		if m.isWaiting(t) {
			if successor := m.successor(); successor != "" {
				t.release(successor) // it has no connection that could be kept
			}
		}
	}
	for ctx.Err() == nil {
		held, freed := m.heldNow()
		if held == 0 {
			return m.Close()
		}
		select {
		case <-freed:
		case <-ctx.Done():
		}
	}
	left := m.handOverRest()
	_ = m.Close()
	if left > 0 {
		return fmt.Errorf("drain: %w: %d", ErrNobody, left)
	}
	return nil
}

func (m *Member) beginDraining() error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.phase >= phaseClosing {
		return ErrClosed
	}
	m.phase = phaseDraining
	return nil
}

func (m *Member) isWaiting(t *tenure) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return t.held.Session == nil
}

func (m *Member) heldNow() (int, <-chan struct{}) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return len(m.held), m.freed
}

// handOverRest hands over what is still held, and returns how many chats nobody could take.
func (m *Member) handOverRest() (left int) {
	for _, t := range m.snapshot() {
		successor := m.successor()
		if successor == "" {
			left++
			continue
		}
		t.release(successor)
		if !m.isWaiting(t) && !pause(m.life, m.handOverPause()) {
			return left
		}
	}
	return left
}

// handOverPause is the time between two hand-overs that cost a connection each.
func (m *Member) handOverPause() time.Duration {
	m.mu.Lock()
	defer m.mu.Unlock()
	draining := 1
	for _, r := range m.others {
		if r.Draining && r.Chats > 0 {
			draining++
		}
	}
	return time.Duration(float64(draining) * float64(time.Second) / (0.9 * m.limiter.quota(createConnection)))
}
