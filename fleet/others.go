// SPDX-License-Identifier: Apache-2.0

package fleet

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"iter"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"
)

// watch follows the other members and this member's inbox. Both watches end together. The watch of
// the members shows each renewal of this member's own record, so its silence means that it has
// failed; an inbox may be silent for long.
func (m *Member) watch(ctx context.Context) {
	for ctx.Err() == nil {
		round, end := context.WithCancel(ctx)
		var inbox sync.WaitGroup
		inbox.Go(func() { m.watchInbox(round) })
		m.watchMembers(round)
		end()
		inbox.Wait()
		pause(ctx, m.opts.Renew/4)
	}
}

func (m *Member) watchMembers(ctx context.Context) {
	for entry, err := range attended(ctx, m.opts.Lease, memberPrefix, m.store.Watch) {
		if err != nil {
			m.forgetMembers(ctx, err)
			return
		}
		if m.noteMember(entry) {
			m.wake()
		}
	}
}

var errSilent = errors.New("the store doesn't respond")

// attended ends a List or a Watch that yields nothing for longer than patience.
func attended(ctx context.Context, patience time.Duration, prefix string, open func(context.Context, string) iter.Seq2[Entry, error]) iter.Seq2[Entry, error] {
	return func(yield func(Entry, error) bool) {
		ctx, cancel := context.WithCancelCause(ctx)
		defer cancel(nil)
		silence := time.AfterFunc(patience, func() { cancel(errSilent) })
		defer silence.Stop()
		for entry, err := range open(ctx, prefix) {
			silence.Stop()
			if err != nil && context.Cause(ctx) == errSilent { //nolint:errorlint // it is never wrapped
				err = errSilent
			}
			if !yield(entry, err) || err != nil {
				return
			}
			silence.Reset(patience)
		}
	}
}

// noteMember notes a member's record, and reports whether chats may now wait for an owner: a member
// is gone, or one has room for chats that no member could take.
func (m *Member) noteMember(entry Entry) (wake bool) {
	record, err := decode[memberRecord](entry.Key, entry.Value)
	if err != nil && !entry.Gone {
		m.log.Warn("ignored a member", "error", err)
		return false
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.lease.watching = true
	before, known := m.others[entry.Key]
	if entry.Gone {
		delete(m.others, entry.Key)
		return known
	}
	if record.Name == m.name {
		return false
	}
	m.others[entry.Key] = record
	return record.Left && !before.Left || known && before.Name != record.Name || m.orphaned && record.takes() && !before.takes()
}

// forgetMembers notes that the watch has ended: the next one finds the members again.
func (m *Member) forgetMembers(ctx context.Context, err error) {
	if ctx.Err() != nil {
		return
	}
	m.loseContact("watch members", err)
	m.mu.Lock()
	defer m.mu.Unlock()
	m.lease.watching = false
	clear(m.others)
}

// isGone reports whether a member is gone. The store decides: the watch may be late.
func (m *Member) isGone(ctx context.Context, name string) (bool, error) {
	m.mu.Lock()
	alive := name == m.name || m.isAlive(name)
	m.mu.Unlock()
	if alive || name == "" {
		return !alive, nil
	}
	ctx, cancel := context.WithTimeout(ctx, storeTimeout)
	defer cancel()
	key := memberPrefix + memberID(name)
	value, _, err := m.store.Get(ctx, key)
	if errors.Is(err, ErrNotFound) {
		return true, nil
	} else if err != nil {
		return false, err
	}
	record, err := decode[memberRecord](key, value)
	return record.Name != name || record.Left, err
}

// isAlive reports whether the watch has shown another member under a name. m.mu is held.
func (m *Member) isAlive(name string) bool {
	record, known := m.others[memberPrefix+memberID(name)]
	return known && record.Name == name && !record.Left
}

// memberID returns the ID that begins a member's name.
func memberID(name string) string {
	id, _, _ := strings.Cut(name, ".")
	return id
}

// takers returns the other members that accept a chat, the one with the fewest chats first. m.mu is
// held.
func (m *Member) takers() []memberRecord {
	takers := slices.Collect(maps.Values(m.others))
	takers = slices.DeleteFunc(takers, func(r memberRecord) bool { return !r.takes() })
	slices.SortFunc(takers, func(a, b memberRecord) int {
		return cmp.Or(cmp.Compare(a.Chats, b.Chats), cmp.Compare(a.Name, b.Name))
	})
	return takers
}

// takesItself reports whether this member can take one more chat. m.mu is held.
func (m *Member) takesItself() bool {
	return m.phase == phaseOpen && m.lease.isHeld(time.Now()) && m.owned() < m.opts.MaxChats
}

// place returns the name of the member that a new chat should go to, the one with the fewest chats,
// or "" if no member can take it. If that is this member, it counts the chat in m.taking.
func (m *Member) place(id string) string {
	m.mu.Lock()
	defer m.mu.Unlock()
	takers := m.takers()
	if m.takesItself() && (len(takers) == 0 || m.owned() <= takers[0].Chats) {
		m.taking[id]++
		return m.name
	}
	return m.assign(takers)
}

// successor returns the member that takes a chat of this one, or "" if no member can.
func (m *Member) successor() string {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.assign(m.takers())
}

// assign returns the first of the takers and counts the chat that it is about to get, until its
// next renewal reports its number of chats. m.mu is held.
func (m *Member) assign(takers []memberRecord) string {
	if len(takers) == 0 {
		return ""
	}
	name := takers[0].Name
	for key, record := range m.others {
		if record.Name == name {
			record.Chats++
			record.Room--
			m.others[key] = record
		}
	}
	return name
}

// relief returns the member that should get a chat of this one at its renewal. While this member
// drains, any member will do. Otherwise, it is the one with the fewest chats, if this one has over
// a tenth more than the mean. It returns "" if the chat stays.
func (m *Member) relief() string {
	m.mu.Lock()
	defer m.mu.Unlock()
	takers := m.takers()
	if m.phase == phaseDraining {
		return m.assign(takers)
	}
	if m.phase != phaseOpen || len(takers) == 0 || len(m.held)-takers[0].Chats < 2 {
		return ""
	}
	sum := len(m.held)
	for _, r := range takers {
		sum += r.Chats
	}
	if mean := float64(sum) / float64(1+len(takers)); float64(len(m.held)) <= 1.1*mean {
		return ""
	}
	return m.assign(takers)
}

// heirs are the members that divide the chats of a member that is gone: all that can take one. Each
// member finds the same heir for a chat as long as they know the same members.
type heirs []string

func (m *Member) heirs() (all heirs) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, r := range m.takers() {
		all = append(all, r.Name)
	}
	if m.takesItself() && m.isReady(time.Now()) {
		all = append(all, m.name)
	}
	return all
}

// of returns the heir of a chat, by rendezvous hashing.
func (h heirs) of(id string) string {
	var best uint64
	var heir string
	for _, name := range h {
		hash := sha256.Sum256([]byte(name + "/" + id))
		if weight := binary.BigEndian.Uint64(hash[:]); heir == "" || weight > best {
			best, heir = weight, name
		}
	}
	return heir
}
