// SPDX-License-Identifier: Apache-2.0

package fleet

import (
	"context"
	"errors"
	"strings"
)

// watchInbox checks the chats that others hand over to this member.
func (m *Member) watchInbox(ctx context.Context) {
	prefix := inboxPrefix + m.name + "/"
	checks := newGroup(claimsAtATime)
	for ctx.Err() == nil {
		for entry, err := range m.store.Watch(ctx, prefix) {
			if err == nil && !entry.Gone {
				checks.Go(func() error {
					m.takeFromInbox(ctx, entry, strings.TrimPrefix(entry.Key, prefix))
					return nil
				})
			}
		}
		pause(ctx, m.opts.Renew/4)
	}
	_ = checks.Wait()
}

// takeFromInbox claims a chat that was handed over to this member. After a failure, the next
// reading of the directory finds the chat.
func (m *Member) takeFromInbox(ctx context.Context, entry Entry, escaped string) {
	record, rev, err := m.readChatRecord(ctx, chatPrefix+escaped)
	if err != nil && !errors.Is(err, ErrNotFound) {
		m.log.Warn("could not read a chat of the inbox", "error", err)
		m.wake()
		return
	}
	contact, fenced, ready := m.situation()
	if contact == 0 || fenced || ready > 0 {
		m.wake()
	} else if err == nil && record.Owner == m.name && !record.Ended && !m.isHeld(record) {
		if err := m.accept(ctx, record, rev); err != nil {
			m.log.Warn("could not claim a chat of the inbox", "error", err)
			m.wake() // the claim may have been written
		}
	}
	if err == nil && record.Owner != m.name {
		m.loseTo(record)
		if !record.Ended && !m.isHeld(record) {
			m.wake()
		}
	}
	ctx, cancel := context.WithTimeout(ctx, storeTimeout)
	defer cancel()
	if err := m.store.Delete(ctx, entry.Key, entry.Rev); err != nil && ctx.Err() == nil {
		m.log.Warn("could not delete an entry of the inbox", "error", err)
	}
}

// loseTo ends the tenure of a chat that another member owns under a higher epoch.
func (m *Member) loseTo(record chatRecord) {
	m.mu.Lock()
	t := m.held[record.ID]
	m.mu.Unlock()
	if t != nil && t.held.Epoch < record.Epoch {
		t.lose(record.Owner)
	}
}

// accept claims a chat that was handed over to this member, or passes it on if this member drains or
// several others have given it more chats than it has room for.
func (m *Member) accept(ctx context.Context, record chatRecord, rev uint64) error {
	if m.reserve(record.ID) {
		defer m.countTaking(record.ID, -1)
		return m.claim(ctx, record, rev)
	}
	to := m.successor()
	if (to != "" || m.isOpen()) && m.give(ctx, record, rev, to) == nil {
		return nil
	}
	m.countTaking(record.ID, 1)
	err := m.claim(ctx, record, rev)
	m.countTaking(record.ID, -1)
	if to != "" {
		_ = m.putInbox(ctx, to, record.ID) // the hand-over may have been written
	}
	return err
}

// reserve counts a chat in m.taking if this member has room for it.
func (m *Member) reserve(id string) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.phase != phaseOpen || m.owned() >= m.opts.MaxChats {
		return false
	}
	m.taking[id]++
	return true
}

func (m *Member) isOpen() bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.phase == phaseOpen
}
