// SPDX-License-Identifier: Apache-2.0

package fleet

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"sync"
	"time"
)

const (
	// directoryEvery is how often the directory is read without a cause: a member may have died
	// between two steps of a hand-over.
	directoryEvery = 5 * time.Minute
	// claimsAtATime is the maximum number of concurrent claims.
	claimsAtATime = 64
	// storeTimeout is the timeout of a call of the store.
	storeTimeout = 5 * time.Second
)

// keepDirectory reads the directory of chats whenever a member is gone, and every directoryEvery. A
// reading takes a lost lease back, and claims the chats without an owner.
func (m *Member) keepDirectory(ctx context.Context) {
	next := m.opts.Lease // a new member claims nothing until then
	rounds := 0          // readings with chats that others should claim, at least Renew apart
	var round time.Time  // the last of them
	for {
		timer := time.NewTimer(next)
		select {
		case <-timer.C:
		case <-m.reconcile:
		case <-ctx.Done():
		}
		timer.Stop()
		if ctx.Err() != nil {
			return
		}
		var orphans int
		again := time.Since(round) >= m.opts.Renew // two members may each take the other for the heir, and remind it
		if next, orphans = m.readDirectory(ctx, rounds > 0 && again); orphans == 0 {
			rounds = 0
		} else if again {
			round = time.Now()
			if rounds++; rounds > 1 {
				next = backoff(rounds, m.opts.Renew, time.Minute)
			}
		}
	}
}

// readDirectory reads the directory once. It returns when to read it again, and how many chats
// without an owner it has left to others; with remind, see claimOrphans.
func (m *Member) readDirectory(ctx context.Context, remind bool) (next time.Duration, orphans int) {
	contact, fenced, ready := m.situation()
	if contact == 0 {
		return directoryEvery, 0 // the renewal that restores contact wakes keepDirectory
	}
	if fenced {
		if wait := time.Until(m.reassertAt); wait > 0 {
			return wait, 0
		}
		if err := m.reassert(ctx, contact); err != nil {
			m.log.Warn("could not take the lease back yet", "error", err)
			return m.opts.Renew / 2, 0
		}
	}
	if ready > 0 {
		return ready, 0
	}
	orphans, err := m.claimOrphans(ctx, remind)
	switch {
	case err != nil:
		m.log.Warn("could not read the records of the chats", "error", err)
		return m.opts.Renew / 2, 0
	case orphans > 0:
		return m.opts.Renew, orphans // by then, their heirs may know the members better
	}
	return directoryEvery, 0
}

// situation returns the number of the contact with the store, or 0 without contact; whether the
// lease is lost; and the time until claims are permitted.
func (m *Member) situation() (contact int, fenced bool, ready time.Duration) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.lease.contact.IsZero() {
		return 0, !m.lease.held, 0
	}
	return m.lease.number, !m.lease.held, time.Until(m.lease.contact.Add(m.opts.Lease))
}

// claimOrphans claims the chats without an owner whose heir is this member. It returns how many it
// has left: other members are their heirs, or this one has no room. With remind, it asks the heirs
// to check their chats: they may not have been notified.
//
// It asks the store whether an owner is gone after reading the directory. An owner that returns
// registers in the store before it writes the records of its chats again, so that a claim under the
// revision that was read fails.
func (m *Member) claimOrphans(ctx context.Context, remind bool) (others int, err error) {
	unheld, err := m.listUnheld(ctx)
	if err != nil {
		return 0, err
	}
	gone := map[string]bool{m.name: true} // listUnheld returns the chats of this member only if it doesn't hold them
	for _, record := range unheld {
		if _, known := gone[record.Owner]; known {
			continue
		}
		if gone[record.Owner], err = m.isGone(ctx, record.Owner); err != nil {
			return 0, err
		}
	}
	room, heirs, claims := m.room(), m.heirs(), newGroup(claimsAtATime)
	left := map[string]string{} // a chat of each heir
	for _, record := range unheld {
		switch heir := heirs.of(record.ID); {
		case !gone[record.Owner]:
		case record.Owner != m.name && (heir != m.name || room <= 0):
			others++
			left[heir] = record.ID
		default:
			room--
			claims.Go(func() error { return m.accept(ctx, record.chatRecord, record.rev) })
		}
	}
	m.setOrphaned(others > 0)
	err = claims.Wait()
	for heir, id := range left {
		if remind && heir != "" && heir != m.name {
			_ = m.putInbox(ctx, heir, id)
		}
	}
	return others, err
}

// listUnheld returns the chats that, as far as this member knows, no owner holds.
func (m *Member) listUnheld(ctx context.Context) (unheld []recorded, err error) {
	for entry, err := range attended(ctx, storeTimeout, chatPrefix, m.store.List) {
		if err != nil {
			return nil, err
		}
		record, err := decode[chatRecord](entry.Key, entry.Value)
		if err != nil {
			m.log.Warn("ignored a chat", "error", err)
		} else if !record.Ended && !m.isHeld(record) {
			unheld = append(unheld, recorded{record, entry.Rev})
		}
	}
	return unheld, nil
}

// isHeld reports whether the owner of a chat holds it: this member, or another that is alive.
func (m *Member) isHeld(record chatRecord) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	if record.Owner == m.name {
		return m.taking[record.ID] > 0 || m.hasTenure(record.ID, record.Epoch)
	}
	return m.isAlive(record.Owner)
}

// hasTenure reports whether this member has a tenure of a chat under an epoch, or a higher one. m.mu
// is held.
func (m *Member) hasTenure(id string, epoch uint64) bool {
	t := m.held[id]
	return t != nil && t.held.Epoch >= epoch
}

// room returns how many more chats the member can own.
func (m *Member) room() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.opts.MaxChats - m.owned()
}

// owned returns how many chats this member owns or may be about to own. m.mu is held.
func (m *Member) owned() int {
	n := len(m.held)
	for id := range m.taking {
		if m.held[id] == nil {
			n++
		}
	}
	return n
}

func (m *Member) setOrphaned(orphaned bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.orphaned = orphaned
}

// holds reports whether this member has a tenure of a chat.
func (m *Member) holds(id string) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.held[id] != nil
}

// countTaking counts a call that may be about to make this member the owner of a chat, from before
// it writes the record until it has started the tenure. Until then, isHeld is true: the record must
// not be taken for that of a chat that nobody holds.
func (m *Member) countTaking(id string, n int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.taking[id] += n; m.taking[id] == 0 {
		delete(m.taking, id)
		m.noteFreed()
	}
}

// claim makes this member the owner of a chat if its record still has the revision rev, and starts
// its tenure. Its caller counts the chat in m.taking. After an error, the claim may have been
// written nevertheless.
func (m *Member) claim(ctx context.Context, record chatRecord, rev uint64) error {
	if m.isClosing() {
		return nil // the others find the chat when this member has left
	}
	c, err := m.openChat(record)
	if err != nil {
		m.log.Error("could not claim a chat", "chat", record.ID, "error", err)
		return nil
	}
	record.Owner = m.name
	record.Epoch++
	if err := m.putChat(ctx, record, rev); errors.Is(err, ErrConflict) {
		return nil // another member was faster
	} else if err != nil {
		return fmt.Errorf("claim chat %q: %w", record.ID, err)
	}
	if !m.hold(c, record) {
		return nil // another goroutine was faster, or the member closes
	}
	m.log.Info("claimed a chat", "chat", record.ID, "epoch", record.Epoch)
	m.count(func(s *Stats) { s.Claimed++ })
	m.meter.count(m.meter.claims)
	return nil
}

// putChat writes a chat's record. It recognizes its own write after a lost result by reading the
// record: each pair of owner and epoch is written once, except by Add with another token.
func (m *Member) putChat(ctx context.Context, record chatRecord, rev uint64) error {
	ctx, cancel := context.WithTimeout(ctx, storeTimeout)
	defer cancel()
	_, err := m.store.Put(ctx, chatKey(record.ID), encode(record), rev, ttlOf(record))
	if err == nil {
		return nil
	}
	now, _, readErr := m.readChat(ctx, record.ID)
	if readErr == nil && now.Owner == record.Owner && now.Epoch == record.Epoch && now.Ended == record.Ended && bytes.Equal(now.Token, record.Token) {
		return nil
	}
	return err
}

// rewrite gives a chat's record a new revision, so that a write under way fails. After an error,
// the rewrite itself may still be made.
func (m *Member) rewrite(ctx context.Context, record recorded) error {
	ctx, cancel := context.WithTimeout(ctx, storeTimeout)
	defer cancel()
	_, err := m.store.Put(ctx, chatKey(record.ID), encode(record.chatRecord), record.rev, ttlOf(record.chatRecord))
	return err
}

// endedKept is how long the record of an ended chat is kept.
const endedKept = 10 * time.Minute

func ttlOf(record chatRecord) time.Duration {
	if record.Ended {
		return endedKept
	}
	return 0
}

// readChat reads a chat's record.
func (m *Member) readChat(ctx context.Context, id string) (record chatRecord, rev uint64, err error) {
	return m.readChatRecord(ctx, chatKey(id))
}

func (m *Member) readChatRecord(ctx context.Context, key string) (record chatRecord, rev uint64, err error) {
	ctx, cancel := context.WithTimeout(ctx, storeTimeout)
	defer cancel()
	value, rev, err := m.store.Get(ctx, key)
	if err != nil {
		return record, 0, err
	}
	record, err = decode[chatRecord](key, value)
	return record, rev, err
}

// reassert takes the lease back. It compares the chats of this member with their records: it loses
// a chat that another member owns by now, and writes the record of each other one again, so that a
// claim that another member has begun fails.
//
// If the engine has lost the owners, the members restore them: only the member that has a chat
// knows it. All members then have a lease's time to do so, because of two members with the same
// chat, the one with the higher epoch is right.
//
// A member without a lease begins to take no chats, and reassert waits for those that it began to
// take before: another member may have begun a claim of them too.
func (m *Member) reassert(ctx context.Context, contact int) error {
	m.awaitTaken()
	records, err := m.readHeld(ctx)
	if err != nil {
		return err
	}
	forgotten, err := m.writeHeld(ctx, records)
	if forgotten > 0 {
		m.unfenceAt = time.Now().Add(m.opts.Lease)
	}
	switch {
	case err != nil:
		return err
	case time.Now().Before(m.unfenceAt):
		m.reassertAt = m.unfenceAt
		return fmt.Errorf("the store had lost the owners of %d chats, which were written again", forgotten)
	case !m.unfence(contact):
		return errors.New("the store became unreachable again")
	}
	m.log.Info("took the lease back", "chats", len(records))
	return nil
}

// recorded is a chat's record and its revision in the store.
type recorded struct {
	chatRecord

	rev uint64
}

// readHeld reads the records of the chats that this member owns.
func (m *Member) readHeld(ctx context.Context) (map[string]recorded, error) {
	records := map[string]recorded{}
	for entry, err := range attended(ctx, storeTimeout, chatPrefix, m.store.List) {
		if err != nil {
			return nil, err
		}
		record, err := decode[chatRecord](entry.Key, entry.Value)
		if err == nil && m.holds(record.ID) {
			records[record.ID] = recorded{record, entry.Rev}
		}
	}
	return records, nil
}

// writeHeld writes the records of this member's chats again, and returns how many the store had
// lost.
func (m *Member) writeHeld(ctx context.Context, records map[string]recorded) (forgotten int, err error) {
	writes := newGroup(claimsAtATime)
	for _, t := range m.snapshot() {
		record := records[t.held.ID]
		switch {
		case record.Epoch < t.held.Epoch:
			forgotten++
			writes.Go(func() error { return m.restore(ctx, t, record) })
		case record.Owner == m.name && record.Epoch == t.held.Epoch && !record.Ended:
			writes.Go(func() error { return m.rewrite(ctx, record) })
		default:
			t.lose(record.Owner)
		}
	}
	return forgotten, writes.Wait()
}

// restore writes the record of a chat that the store has lost. Another member may have written an
// older owner.
func (m *Member) restore(ctx context.Context, t *tenure, existing recorded) error {
	record, err := m.sealChat(t.held.Chat)
	if err != nil {
		return err
	}
	record.Owner, record.Epoch, record.Since = m.name, t.held.Epoch, t.since
	if err := m.putChat(ctx, record, existing.rev); err != nil {
		return err
	}
	if existing.Owner != "" && existing.Owner != m.name {
		_ = m.putInbox(ctx, existing.Owner, existing.ID)
	}
	return nil
}

// group runs functions concurrently, up to a limit.
type group struct {
	slots chan struct{}
	wg    sync.WaitGroup
	mu    sync.Mutex
	errs  []error
}

func newGroup(atATime int) *group { return &group{slots: make(chan struct{}, atATime)} }

// Go waits for a slot and runs fn in a goroutine.
func (g *group) Go(fn func() error) {
	g.slots <- struct{}{}
	g.wg.Go(func() {
		defer func() { <-g.slots }()
		if err := fn(); err != nil {
			g.mu.Lock()
			defer g.mu.Unlock()
			g.errs = append(g.errs, err)
		}
	})
}

// Wait waits for all and returns the first error.
func (g *group) Wait() error {
	g.wg.Wait()
	if len(g.errs) > 0 {
		return g.errs[0]
	}
	return nil
}
