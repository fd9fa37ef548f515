// SPDX-License-Identifier: Apache-2.0

package fleet

import (
	"context"
	"errors"
	"fmt"
	"slices"
)

// ErrOtherChat is the error of Add for the ID of a chat that the fleet holds with another
// participant token.
var ErrOtherChat = errors.New("the fleet has another chat with this ID")

const (
	maxID   = 150
	maxData = 64 << 10
)

// Add gives a chat to the fleet: when Add returns, it is entered in the store, and a member holds
// it or will soon: this one, or the one with the fewest chats. If all members are full, the chat
// waits for one that has room.
//
// Add is idempotent: a chat that is there already stays where it is, and one that was over within
// the last 10 minutes isn't begun again. After an error, call it again. The error names the member
// of c that is missing or too long, or is [ErrOtherChat], [ErrClosed], or that of the store.
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
		return errors.New("Chat.ParticipantID is required: StartChatContact and CreateParticipant return it beside the token")
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
		record.Owner = m.place()
		err := m.createChat(ctx, record)
		if err == nil {
			return m.settle(ctx, c, record)
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

// createChat writes the record of a new chat, or replaces that of an ended one, whose epoch goes
// on.
func (m *Member) createChat(ctx context.Context, record chatRecord) error {
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

// settle has a new chat held.
func (m *Member) settle(ctx context.Context, c Chat, record chatRecord) error {
	switch record.Owner {
	case "":
		m.log.Warn("a chat waits for a member with room", "chat", c.ID)
		m.wake()
	case m.name:
		m.hold(c, record.Epoch)
	default:
		return m.putInbox(ctx, record.Owner, c.ID)
	}
	return nil
}

// addExisting compares a chat with the record that is there. It reports whether Add should try
// again, with an epoch that follows that of a chat that is over.
func (m *Member) addExisting(ctx context.Context, c Chat, record *chatRecord) (again bool, err error) {
	there, _, err := m.readChat(ctx, c.ID)
	if errors.Is(err, ErrNotFound) {
		record.Epoch = 1
		return true, nil
	}
	if err != nil {
		return false, err
	}
	known, err := m.openChat(there)
	if err != nil {
		return false, err
	}
	same := known.ParticipantToken == c.ParticipantToken
	switch {
	case there.Ended && same:
		return false, nil
	case there.Ended:
		record.Epoch = there.Epoch + 1
		return true, nil
	case !same:
		return false, ErrOtherChat
	case there.Owner == m.name && !m.holds(c.ID):
		m.wake()
	case there.Owner != m.name && there.Owner != "":
		return false, m.putInbox(ctx, there.Owner, c.ID) // it may not have been told
	}
	return false, nil
}
