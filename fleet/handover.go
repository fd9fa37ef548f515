// SPDX-License-Identifier: Apache-2.0

package fleet

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// ErrNoSuccessor is returned by Drain if there are chats that no other member could take.
var ErrNoSuccessor = errors.New("no other member can take the chats")

// inboxTTL is how long a chat stays in an inbox that no member empties.
const inboxTTL = time.Minute

// handOver hands the chat over at its renewal if another member should get it, and reports whether
// it did. The connection of that member replaces the renewal.
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

// keep finds out whether a failed hand-over was written nevertheless, and reports whether the chat
// still belongs to this member. It writes the record again, so that a write under way fails.
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
	return true // next returns the error that ended it
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
		_ = t.m.putInbox(context.WithoutCancel(ctx), record.Owner, record.ID) // if the result of an earlier call was lost
		return ErrLost
	}
	return t.m.give(ctx, record, rev, to)
}

// give makes another member the owner of a chat that this member or none owns, and notifies it. A
// member that misses the notification finds the chat when it reads the directory.
func (m *Member) give(ctx context.Context, record chatRecord, rev uint64, to string) error {
	record.Owner = to
	record.Epoch++
	if err := m.putChat(ctx, record, rev); err != nil {
		m.log.Warn("could not hand a chat over", "chat", record.ID, "error", err)
		return err
	}
	m.count(func(s *Stats) { s.HandedOver++ })
	m.meter.count(m.meter.handOvers)
	m.log.Info("handed a chat over", "chat", record.ID, "to", to, "epoch", record.Epoch)
	_ = m.putInbox(context.WithoutCancel(ctx), to, record.ID)
	return nil
}

// putInbox asks a member to check a chat. It retries for the length of a lease: if the store is
// unreachable for longer, all members read the directory. The member may be gone, and others may
// have read the directory before the chat had this owner, so then this member reads it too. Without
// a name, this member only reads the directory.
func (m *Member) putInbox(ctx context.Context, name, id string) error {
	if m.isUnknown(name) {
		m.wake()
	}
	if name == "" {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, m.opts.Lease)
	defer cancel()
	for n := 0; ; n++ {
		err := m.putInboxOnce(ctx, inboxKey(name, id))
		if err == nil {
			return nil
		}
		if !pause(ctx, backoff(n, 50*time.Millisecond, 1600*time.Millisecond)) {
			m.log.Warn("could not notify a member of its chat: the member finds it within minutes", "chat", id, "to", name, "error", err)
			return err
		}
	}
}

func (m *Member) isUnknown(name string) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return !m.isAlive(name)
}

// putInboxOnce writes an entry, again if it exists: the member may have processed the existing one
// before it owned the chat.
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

// Drain hands all chats over to the other members before this process stops. Each chat moves at its
// own renewal, which takes up to an hour and needs no additional connections. Until then, the
// member handles its chats as usual and gets no new ones. Don't call Drain from a handler.
//
// When ctx ends, Drain doesn't return yet: it hands over the remaining chats one after the other,
// at nine tenths of the quota for connections (5.4 a second at the published one), and then closes
// the member as Close does. For n chats and a platform's grace period of 60 seconds, end ctx after
// (50 - n/5.4) seconds. If ctx has ended already, the hand-over begins immediately.
//
// Drain returns nil if other members own all the chats, and [ErrNoSuccessor] if some remain, which
// wait for the next member that joins. It returns ErrClosed after Close or an earlier Drain, and if
// one of them closes the member first.
func (m *Member) Drain(ctx context.Context) error {
	if err := m.beginDraining(); err != nil {
		return err
	}
	m.log.Info("draining", "chats", len(m.snapshot()))
	m.renew(m.life) // announces that the member drains
	for _, t := range m.snapshot() {
		if m.isWaiting(t) {
			if successor := m.successor(); successor != "" {
				t.release(successor) // a chat without a connection has nothing to wait for
			}
		}
	}
	for ctx.Err() == nil {
		owned, freed := m.ownedNow()
		if owned == 0 {
			break
		}
		select {
		case <-freed:
		case <-ctx.Done():
		}
	}
	left := m.handOverRest()
	switch first := m.close(); {
	case !first:
		return ErrClosed // the other call may have released chats
	case left > 0:
		return fmt.Errorf("drain: %w: %d", ErrNoSuccessor, left)
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

func (m *Member) ownedNow() (int, <-chan struct{}) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.owned(), m.freed
}

// awaitTaken waits until no calls may be about to make this member own a chat.
func (m *Member) awaitTaken() {
	for {
		m.mu.Lock()
		taking, freed := len(m.taking), m.freed
		m.mu.Unlock()
		if taking == 0 {
			return
		}
		<-freed
	}
}

// handOverRest hands over the remaining chats, and returns how many no member could take.
func (m *Member) handOverRest() (left int) {
	m.awaitTaken()
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

// handOverPause is the pause between two hand-overs, which need a connection each.
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
