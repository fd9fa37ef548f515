// SPDX-License-Identifier: Apache-2.0

package chat_test

import (
	"context"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/participant-go/connectparticipant/chat"
	"github.com/participant-go/connectparticipant/participanttest"
	"github.com/participant-go/connectparticipant/types"
)

// toEnd returns all events up to the end of the session, which must come within longest,
// and the end.
func (b *bubble) toEnd(s *chat.Session, longest time.Duration) (events []chat.Event, end *chat.CloseError) {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), longest)
	defer cancel()
	for {
		event, err := s.Next(ctx)
		if err != nil {
			require.ErrorAs(b.t, err, &end, "no end within %v", longest)
			return events, end
		}
		events = append(events, event)
	}
}

// messageIDs returns the ids of the messages among some events.
func messageIDs(events []chat.Event) (ids []string) {
	for _, event := range events {
		if m, ok := event.(chat.Message); ok {
			ids = append(ids, m.ID)
		}
	}
	return ids
}

// startAs starts a session of another participant than the customer.
func (b *bubble) startAs(p *participanttest.Participant, optFns ...func(*chat.Options)) *chat.Session {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.t.Context(), time.Minute)
	defer cancel()
	s, err := chat.Start(ctx, b.client, p.Token, append([]func(*chat.Options){b.options}, optFns...)...)
	require.NoError(b.t, err)
	b.t.Cleanup(func() { _ = s.Close() })
	return s
}

// addBot adds a participant whose leaving doesn't end the chat.
func (b *bubble) addBot() *participanttest.Participant {
	return b.contact.AddParticipant(types.ParticipantRoleCustomBot, "Bot")
}

// hasLeft reports whether the transcript shows that a participant has left.
func (b *bubble) hasLeft(c *participanttest.Contact, p *participanttest.Participant) bool {
	for _, item := range c.Kept() {
		if item.ContentType == participantLeft && item.ParticipantId == p.ID {
			return true
		}
	}
	return false
}

const participantLeft = "application/vnd.amazonaws.connect.event.participant.left"
