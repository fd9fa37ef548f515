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
// with the fewest chats, which may be this one, owns it or soon will. If all members are full, the
// chat waits for one with room.
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
	for {
		record.Owner = m.place(c.ID)
		err := m.createChat(ctx, c, record)
		if err == nil {
			return m.settle(ctx, record)
		}
		if !errors.Is(err, ErrConflict) {
			return err
		}
		if again, err := m.addExisting(ctx, c, &record); err != nil || !again {
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
func (m *Member) createChat(ctx context.Context, c Chat, record chatRecord) error {
	create := func() error { return m.createRecord(ctx, record) }
	if record.Owner == m.name {
		defer m.countTaking(c.ID, -1)
		_, err := m.take(c, record.Epoch, create)
		return err
	}
	return create()
}

// createRecord writes the record of a new chat, or replaces the record of an ended one under the
// next epoch.
func (m *Member) createRecord(ctx context.Context, record chatRecord) error {
	rev := uint64(0)
	if record.Epoch > 1 {
		now, r, err := m.readChat(ctx, record.ID)
		if err != nil {
			return err
		}
		if !now.Ended || now.Epoch != record.Epoch-1 {
			return ErrConflict
		}
		rev = r
	}
	return m.putChat(ctx, record, rev)
}

// settle asks the owner of a new chat to start it, unless that is this member.
func (m *Member) settle(ctx context.Context, record chatRecord) error {
	switch record.Owner {
	case "":
		m.log.Warn("a chat waits for a member with room", "chat", record.ID)
		m.wake()
	case m.name:
	default:
		return m.putInbox(ctx, record.Owner, record.ID)
	}
	return nil
}

// addExisting compares a chat with its existing record. It reports whether Add should try again,
// with an epoch after that of the ended chat.
func (m *Member) addExisting(ctx context.Context, c Chat, record *chatRecord) (again bool, err error) {
	existing, _, err := m.readChat(ctx, c.ID)
	if errors.Is(err, ErrNotFound) {
		record.Epoch = 1
		return true, nil
	}
	if err != nil {
		return false, err
	}
	known, err := m.openChat(existing)
	if err != nil {
		return false, err
	}
	same := known.ParticipantToken == c.ParticipantToken
	switch {
	case existing.Ended && same:
		return false, nil
	case existing.Ended:
		record.Epoch = existing.Epoch + 1
		return true, nil
	case !same:
		return false, ErrOtherChat
	case existing.Owner == m.name && !m.isHeld(existing):
		m.wake()
	case existing.Owner != m.name && existing.Owner != "":
		return false, m.putInbox(ctx, existing.Owner, c.ID) // its inbox may have missed it
	}
	return false, nil
}
