// SPDX-License-Identifier: Apache-2.0

package fleet

import (
	"context"
	"errors"
	"math"
	"time"
)

// lease is the member's view of its own lease. Member.mu guards it. All times are of this process's
// monotonic clock.
type lease struct {
	held    bool
	until   time.Time // when the member stops unless it renews the lease
	rev     uint64    // of the member's record
	beat    uint64    // of the newest renewal attempt
	acked   uint64    // of the newest attempt known to have succeeded
	contact time.Time // since when all renewals and the watch have succeeded; zero: no contact
	number  int       // of the contact with the store, counted from 1

	watching bool          // the watch of the members is running
	changed  chan struct{} // closed with each change of held or until
}

// isHeld reports whether the member may handle events.
func (l *lease) isHeld(now time.Time) bool { return l.held && now.Before(l.until) }

// change changes the lease and wakes the goroutines that wait for a change.
func (l *lease) change(held bool, until time.Time) {
	l.held, l.until = held, until
	close(l.changed)
	l.changed = make(chan struct{})
}

func (m *Member) memberKey() string { return memberPrefix + m.opts.ID }

// record returns the member's next record, and the revision that it replaces.
func (m *Member) record() (memberRecord, uint64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.lease.beat++
	return memberRecord{
		Name: m.name, Beat: m.lease.beat, Chats: len(m.held), Room: max(0, m.opts.MaxChats-m.owned()),
		Ready: m.isReady(time.Now()), Draining: m.phase >= phaseDraining, Left: m.phase >= phaseClosing && m.owned() == 0,
	}, m.lease.rev
}

// isReady reports whether the member has been in contact with the store for a whole lease: a
// restarted engine may have lost the records of members, which return within that time. m.mu is
// held.
func (m *Member) isReady(now time.Time) bool {
	return !m.lease.contact.IsZero() && now.Sub(m.lease.contact) >= m.opts.Lease
}

// enter registers the member in the store, once no other process uses its ID.
func (m *Member) enter(ctx context.Context) error {
	for {
		sent := time.Now()
		err := m.putRecord(ctx)
		if err == nil {
			m.mu.Lock()
			defer m.mu.Unlock()
			m.lease.contact, m.lease.number = sent, 1
			m.lease.change(true, sent.Add(m.opts.Lease-margin))
			return nil
		}
		if !errors.Is(err, ErrConflict) {
			return err
		}
		if err := m.awaitOther(ctx); err != nil {
			return err
		}
	}
}

// awaitOther waits until another process with the same ID has left, or hasn't changed its record
// for a lease, and takes over the record.
func (m *Member) awaitOther(ctx context.Context) error {
	var last uint64
	var since time.Time
	for {
		value, rev, err := m.store.Get(ctx, m.memberKey())
		switch {
		case errors.Is(err, ErrNotFound):
			m.setRev(0)
			return nil
		case err != nil:
			return err
		case hasLeft(m.memberKey(), value):
			m.setRev(rev)
			return nil
		case rev != last:
			last, since = rev, time.Now()
		case time.Since(since) > m.opts.Lease:
			m.setRev(rev)
			return nil
		}
		if !pause(ctx, m.opts.Renew/4) {
			return errors.Join(context.Cause(ctx), errors.New("another process uses the ID "+m.opts.ID))
		}
	}
}

// hasLeft reports whether a member has released everything.
func hasLeft(key string, value []byte) bool {
	record, err := decode[memberRecord](key, value)
	return err == nil && record.Left
}

func (m *Member) setRev(rev uint64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.lease.rev = rev
}

// putRecord writes the member's record.
func (m *Member) putRecord(ctx context.Context) error {
	record, rev := m.record()
	rev, err := m.store.Put(ctx, m.memberKey(), encode(record), rev, m.opts.Lease)
	if err == nil {
		m.acknowledge(rev, record.Beat)
	}
	return err
}

func (m *Member) acknowledge(rev, beat uint64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.lease.rev, m.lease.acked = rev, beat
}

// renewLease renews the lease until ctx ends.
func (m *Member) renewLease(ctx context.Context) {
	for pause(ctx, m.opts.Renew) {
		m.renew(ctx)
	}
}

// renew renews the lease once. It gives up a renewal that takes longer than the interval.
func (m *Member) renew(ctx context.Context) {
	m.renewing <- struct{}{}
	defer func() { <-m.renewing }()
	calling, cancel := context.WithTimeout(ctx, m.opts.Renew)
	defer cancel()
	sent, err := m.putRecordAgain(calling)
	switch {
	case ctx.Err() != nil:
	case err != nil:
		m.loseContact("renew lease", err)
	default:
		m.renewed(sent)
	}
}

// putRecordAgain replaces the member's record, and returns when that write began. The revision is
// unknown if the result of the last renewal was lost.
func (m *Member) putRecordAgain(ctx context.Context) (sent time.Time, err error) {
	sent = time.Now()
	if err = m.putRecord(ctx); !errors.Is(err, ErrConflict) {
		return sent, err
	}
	if err = m.resolve(ctx); err != nil {
		return sent, err
	}
	sent = time.Now()
	return sent, m.putRecord(ctx)
}

// resolve finds the cause of a conflict of the member's record. The lease has only been kept if the
// record is this member's own, from an earlier renewal whose result was lost.
func (m *Member) resolve(ctx context.Context) error {
	value, rev, err := m.store.Get(ctx, m.memberKey())
	switch {
	case errors.Is(err, ErrNotFound):
		m.fence(errors.New("the record of the member is gone"))
		m.loseContact("renew lease", ErrNotFound)
		m.setRev(0)
		return nil
	case err != nil:
		return err
	}
	record, err := decode[memberRecord](m.memberKey(), value)
	if err != nil {
		return err
	}
	if record.Name != m.name {
		err := errors.New("another process has taken the ID of the member")
		m.fence(err)
		return err
	}
	if record.Beat < m.lastAcked() {
		m.fence(errors.New("the store has lost acknowledged writes"))
		m.loseContact("renew lease", errors.New("the store has lost acknowledged writes"))
	}
	m.setRev(rev)
	return nil
}

func (m *Member) lastAcked() uint64 {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.lease.acked
}

// renewed notes a successful renewal. A lease that was lost before stays lost until the owners have
// been read, see keepDirectory.
func (m *Member) renewed(sent time.Time) {
	m.meter.count(m.meter.renewals)
	m.fenceIfOver()
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.lease.contact.IsZero() && m.lease.watching {
		m.lease.contact = sent
		m.lease.number++
		m.wake()
	}
	until := sent.Add(m.opts.Lease - margin)
	if m.lease.held {
		m.lease.change(true, until)
		return
	}
	m.lease.change(false, until)
	m.wake()
}

// loseContact notes that the store may have been unreachable.
func (m *Member) loseContact(doing string, err error) {
	if m.endContact() {
		m.log.Warn("lost contact with the store", "doing", doing, "error", err)
	}
}

// endContact reports whether there was contact.
func (m *Member) endContact() (was bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	was = !m.lease.contact.IsZero()
	m.lease.contact = time.Time{}
	return was
}

// guardLease fences the member when its lease runs out.
func (m *Member) guardLease(ctx context.Context) {
	for ctx.Err() == nil {
		left, changed := m.leaseLeft()
		timer := time.NewTimer(left)
		select {
		case <-timer.C:
			m.fenceIfOver()
		case <-changed:
		case <-ctx.Done():
		}
		timer.Stop()
	}
}

// leaseLeft returns the remaining time of the lease, or the longest duration if it is lost.
func (m *Member) leaseLeft() (time.Duration, <-chan struct{}) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if !m.lease.held {
		return math.MaxInt64, m.lease.changed
	}
	return time.Until(m.lease.until), m.lease.changed
}

// fenceIfOver fences the member if its lease has run out.
func (m *Member) fenceIfOver() {
	m.fenceIf(errors.New("the lease could not be renewed"), func() bool { return !m.lease.isHeld(time.Now()) })
}

// fence stops the handlers and the connections until the owners have been read again.
func (m *Member) fence(reason error) {
	m.fenceIf(reason, func() bool { return true })
}

// fenceIf fences the member if condition, which is called with m.mu held, returns true.
func (m *Member) fenceIf(reason error, condition func() bool) {
	if chats, fenced := m.takeLease(condition); fenced {
		m.log.Warn("fenced: handling stops until the store is reachable", "reason", reason, "chats", chats)
		m.meter.count(m.meter.fenced)
	}
}

func (m *Member) takeLease(condition func() bool) (chats int, taken bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if !m.lease.held || !condition() {
		return 0, false
	}
	m.lease.change(false, time.Time{})
	m.limiter.stop()
	for _, t := range m.held {
		t.stopHandler(ErrFenced)
	}
	return len(m.held), true
}

// unfence takes the lease back after the owners were read during one contact with the store, and
// reports whether it did.
func (m *Member) unfence(contact int) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.lease.contact.IsZero() || m.lease.number != contact || !time.Now().Before(m.lease.until) {
		return false
	}
	m.lease.change(true, m.lease.until)
	m.limiter.resume()
	return true
}

// awaitLease waits until the member may handle events.
func (m *Member) awaitLease(ctx context.Context) error {
	for {
		m.mu.Lock()
		held, changed := m.lease.isHeld(time.Now()), m.lease.changed
		m.mu.Unlock()
		if held {
			return ctx.Err()
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// announceLeft writes to the store that the member has released everything.
func (m *Member) announceLeft() {
	ctx, cancel := context.WithTimeout(context.Background(), m.opts.Renew)
	defer cancel()
	if _, err := m.putRecordAgain(ctx); err != nil {
		m.log.Warn("could not record that the member has left: its chats are taken over when its lease expires", "error", err)
	}
}
