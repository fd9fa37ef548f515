// SPDX-License-Identifier: Apache-2.0

package chat_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/participant-go/connectparticipant/chat"
	"github.com/participant-go/connectparticipant/participanttest"
)

// removal is how long a session may take to notice the removal of its participant:
// CreateParticipantConnection is denied twice, 1 to 3 s apart.
const removal = 15 * time.Second

func TestRemoved(t *testing.T) {
	t.Parallel()
	inBubble(t, func(b *bubble) {
		bot := b.contact.AddParticipant("CUSTOM_BOT", "Bot")
		s, err := chat.Start(b.t.Context(), b.client, bot.Token, b.options)
		require.NoError(b.t, err)
		defer func() { _ = s.Close() }()
		_, err = s.Send(b.t.Context(), "hello")
		require.NoError(b.t, err)
		b.settle()
		bot.Leave()
		b.settle()
		bot.CutSockets()
		var last error
		for _, err := range s.Events(b.t.Context()) {
			last = err
		}
		require.ErrorIs(b.t, last, chat.ErrRemoved)
	})
}

func TestRemovalIsNoticedOnAHealthySocket(t *testing.T) {
	t.Parallel()
	byID := func(p *participanttest.Participant) func(*chat.Options) {
		return func(o *chat.Options) { o.ParticipantID = p.ID }
	}
	for name, test := range map[string]func(b *bubble) *chat.Session{
		"a bot": func(b *bubble) *chat.Session {
			bot := b.addBot()
			s := b.startAs(bot, byID(bot))
			b.settle()
			bot.Leave()
			return s
		},
		"a bot that has learned its id": func(b *bubble) *chat.Session {
			bot := b.addBot()
			s := b.startAs(bot)
			_, err := s.Send(b.t.Context(), "hello")
			require.NoError(b.t, err)
			b.settle()
			bot.Leave()
			return s
		},
		"an agent whose chat was transferred": func(b *bubble) *chat.Session {
			s := b.startAs(b.contact.Agent, byID(b.contact.Agent))
			b.settle()
			b.contact.Transfer("Successor")
			return s
		},
		"an agent with an unknown id": func(b *bubble) *chat.Session {
			s := b.startAs(b.contact.Agent)
			b.settle()
			b.contact.Transfer("Successor")
			return s
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inBubble(t, func(b *bubble) {
				_, end := b.toEnd(test(b), removal)
				require.ErrorIs(b.t, end, chat.ErrRemoved)
			})
		})
	}
}

func TestRemovalWhileItemsAreHeldBack(t *testing.T) {
	t.Parallel()
	inBubble(t, func(b *bubble) {
		bot := b.addBot()
		s := b.startAs(bot, func(o *chat.Options) { o.HoldBack, o.CatchUpWait, o.ParticipantID = time.Hour, time.Hour, bot.ID })
		b.settle()
		said := b.contact.Agent.Say("held back")
		bot.Leave()
		b.sleep(100 * time.Millisecond)
		bot.CutSockets()
		events, end := b.toEnd(s, removal)
		require.ErrorIs(b.t, end, chat.ErrRemoved)
		require.Equal(b.t, []string{said}, messageIDs(events))
		left, ok := events[len(events)-1].(chat.Participant)
		require.True(b.t, ok, "%T", events[len(events)-1])
		require.Equal(b.t, chat.ParticipantLeft, left.Change)
	})
}

func TestTransferThatKeepsTheParticipantKeepsTheSession(t *testing.T) {
	t.Parallel()
	for name, known := range map[string]bool{"with a known id": true, "with an unknown id": false} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inBubble(t, func(b *bubble) {
				s := b.start(func(o *chat.Options) {
					if known {
						o.ParticipantID = b.contact.Customer.ID
					}
				})
				b.settle()
				successor := b.contact.Transfer("Successor")
				b.sleep(removal)
				require.LessOrEqual(b.t, b.contact.Customer.Count(create), 2)
				require.NoError(b.t, s.Err())
				said := successor.Say("I have taken over")
				require.Equal(b.t, said, b.lastMessage(s).ID)
				require.Zero(b.t, s.Stats().Reconnects)
			})
		})
	}
}

// The departure of another participant is no reason to create a connection.
func TestDepartureOfOthersNeedsNoConnection(t *testing.T) {
	t.Parallel()
	inBubble(t, func(b *bubble) {
		s := b.start(func(o *chat.Options) { o.ParticipantID = b.contact.Customer.ID })
		b.settle()
		for range 5 {
			bot := b.addBot()
			bot.Join()
			bot.Leave()
			b.sleep(removal)
		}
		require.Equal(b.t, 1, b.contact.Customer.Count(create))
		require.NoError(b.t, s.Err())
	})
}
