// SPDX-License-Identifier: Apache-2.0

package fleet

import (
	"context"
	"errors"
	"fmt"
	"slices"
)

// ErrOtherChat is returned by Add if the fleet has a chat with the same ID and a different
// participant token.
var ErrOtherChat = errors.New("the fleet has another chat with this ID")

const (
	maxID   = 150
	maxData = 64 << 10
)

// Add adds a chat to the fleet. When it returns, the chat is recorded in the store, and the member
// with the fewest chats, which may be this one, owns it or soon will. If no member has room and a
// lease, the chat waits for one.
//
// Add is idempotent: a chat of the fleet stays where it is, and a chat that has ended within the
// last 10 minutes isn't started again. After an error, call Add again. The error names the field of
// c that is missing or too long, or is [ErrOtherChat], [ErrClosed] or the store's.
func (m *Member) Add(ctx context.Context, c Chat) error {
	if err := c.check(); err != nil {
		return fmt.Errorf("add chat: %w", err)
	}
	if err := m.add(ctx, c); err != nil {
		return fmt.Errorf("add chat %q: %w", c.ID, err)
	}
	return nil
}

func (c *Chat) check() error {
	switch {
	case c.ID == "" || len(c.ID) > maxID:
		return fmt.Errorf("Chat.ID must have 1 to %d bytes", maxID)
	case c.ParticipantToken == "":
		return errors.New("Chat.ParticipantToken is required: StartChatContact and CreateParticipant return it")
	case c.ParticipantID == "":
		return errors.New("Chat.ParticipantID is required: StartChatContact and CreateParticipant return it with the token")
	case len(c.Data) > maxData:
		return fmt.Errorf("Chat.Data must have at most %d bytes", maxData)
	}
	return nil
}

func (m *Member) add(ctx context.Context, c Chat) error {
	if m.isClosing() {
		return ErrClosed
	}
	c.Data = slices.Clone(c.Data)
	record, err := m.sealChat(c)
	if err != nil {
		return err
	}
	ended := uint64(0) // the epoch of an ended chat with this ID, or 0
	for {
		before := ended
		if ended == 0 {
			if before, err = m.epochOfState(ctx, c.ID); err != nil {
				return err
			}
		}
		record.Owner, record.Epoch, record.Since = m.place(c.ID), before+1, before+1
		err := m.createChat(ctx, c, record, ended)
		if err == nil {
			return m.settle(ctx, record)
		}
		if !errors.Is(err, ErrConflict) {
			if record.Owner == m.name {
				m.wake() // the record may have been written, and others may have relied on this call
			}
			return err
		}
		var again bool
		if again, ended, err = m.addExisting(ctx, c); err != nil || !again {
			return err
		}
	}
}

func (m *Member) isClosing() bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.phase >= phaseClosing
}

// createChat writes the record of a new chat, and starts its tenure if this member owns it.
func (m *Member) createChat(ctx context.Context, c Chat, record chatRecord, ended uint64) error {
	if record.Owner != m.name {
		return m.createRecord(ctx, record, ended)
	}
	defer m.countTaking(c.ID, -1) // place has counted it
	err := m.createRecord(ctx, record, ended)
	if err == nil {
		m.hold(c, record)
	}
	return err
}

// createRecord writes the record of a new chat, or replaces the record of a chat that ended under an
// epoch other than 0.
func (m *Member) createRecord(ctx context.Context, record chatRecord, ended uint64) error {
	rev := uint64(0)
	if ended > 0 {
		now, r, err := m.readChat(ctx, record.ID)
		if err != nil {
			return err
		}
		if !now.Ended || now.Epoch != ended {
			return ErrConflict
		}
		rev = r
	}
	return m.putChat(ctx, record, rev)
}

// epochOfState returns the epoch of the State that an earlier chat with an ID has left, or 0. The
// epochs continue, because the State of a higher epoch is that of the next owner.
func (m *Member) epochOfState(ctx context.Context, id string) (uint64, error) {
	ctx, cancel := context.WithTimeout(ctx, storeTimeout)
	defer cancel()
	value, _, err := m.store.Get(ctx, stateKey(id))
	if errors.Is(err, ErrNotFound) {
		return 0, nil
	}
	epoch, _, _ := decodeState(value)
	return epoch, err
}

// settle asks the owner of a new chat to start it, unless that is this member.
func (m *Member) settle(ctx context.Context, record chatRecord) error {
	if record.Owner == m.name {
		return nil
	}
	if record.Owner == "" {
		m.log.Warn("a chat waits for a member with room", "chat", record.ID)
	}
	return m.putInbox(ctx, record.Owner, record.ID)
}

// addExisting compares a chat with its existing record. It reports whether Add should try again, and
// the epoch of the ended chat that the new one should replace.
func (m *Member) addExisting(ctx context.Context, c Chat) (again bool, ended uint64, err error) {
	existing, _, err := m.readChat(ctx, c.ID)
	if errors.Is(err, ErrNotFound) {
		return true, 0, nil
	}
	if err != nil {
		return false, 0, err
	}
	known, err := m.openChat(existing)
	if err != nil {
		return false, 0, err
	}
	same := known.ParticipantToken == c.ParticipantToken
	switch {
	case existing.Ended && same:
		return false, 0, nil
	case existing.Ended:
		return true, existing.Epoch, nil
	case !same:
		return false, 0, ErrOtherChat
	case existing.Owner == m.name && !m.isHeld(existing):
		m.wake()
	case existing.Owner != m.name && existing.Owner != "":
		return false, 0, m.putInbox(ctx, existing.Owner, c.ID) // its inbox may have missed it
	}
	return false, 0, nil
}
