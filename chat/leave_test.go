// SPDX-License-Identifier: Apache-2.0

package chat_test

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/participant-go/connectparticipant/chat"
	"github.com/participant-go/connectparticipant/participanttest"
	"github.com/participant-go/connectparticipant/types"
)

// soon is how long Leave may take: a second for receipts and two for chat.ended, plus slack.
const soon = 4 * time.Second

func TestLeaveDoesNotWaitForReceipts(t *testing.T) {
	t.Parallel()
	for name, effect := range map[string]participanttest.Effect{
		"without a response": participanttest.Ignore(),
		"that are denied":    participanttest.Fail(http.StatusForbidden, "AccessDeniedException"),
		"that are throttled": participanttest.Fail(http.StatusTooManyRequests, "ThrottlingException"),
		"that fail":          participanttest.Fail(http.StatusInternalServerError, "InternalServerException"),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inBubble(t, func(b *bubble) { b.leaveWithReceipts(effect) })
		})
	}
}

func (b *bubble) leaveWithReceipts(effect participanttest.Effect) {
	s := b.start()
	b.settle()
	b.srv.Inject(participanttest.Fault{On: "SendEvent", Effect: effect})
	// A denied call waits for a new token, which it never gets.
	b.srv.Inject(participanttest.Fault{On: create, Effect: participanttest.RespondHTML(http.StatusServiceUnavailable)})
	for range 2 { // the first is sent immediately, the second waits
		b.contact.Agent.Say("read this")
		s.MarkRead(b.message(s).ID)
		b.sleep(100 * time.Millisecond)
	}
	ctx, cancel := context.WithTimeout(b.t.Context(), time.Hour)
	defer cancel()
	begun := time.Now()
	require.NoError(b.t, s.Leave(ctx))
	require.LessOrEqual(b.t, time.Since(begun), soon)
	require.ErrorIs(b.t, s.Err(), chat.ErrLeft)
	require.True(b.t, b.hasLeft(b.contact, b.contact.Customer))
	require.LessOrEqual(b.t, b.requestTime("DisconnectParticipant").Sub(begun), 1100*time.Millisecond)
}

func TestLeaveSendsReceiptsForAtMostASecond(t *testing.T) {
	t.Parallel()
	inBubble(t, func(b *bubble) {
		s := b.start()
		b.settle()
		b.srv.Inject(participanttest.Fault{On: "SendEvent", Effect: participanttest.Ignore()})
		var said []string
		for range 3 {
			b.contact.Agent.Say("read this")
			said = append(said, b.message(s).ID)
			b.sleep(time.Second)
		}
		s.MarkRead(said[0]) // sent immediately
		b.sleep(100 * time.Millisecond)
		s.MarkRead(said[1])
		s.MarkDelivered(said[2])
		begun := time.Now()
		require.NoError(b.t, s.Leave(b.t.Context()))
		require.LessOrEqual(b.t, b.requestTime("DisconnectParticipant").Sub(begun), 1100*time.Millisecond)
	})
}

// requestTime returns the time of the first request of an operation.
func (b *bubble) requestTime(operation string) time.Time {
	b.t.Helper()
	requests := b.srv.Requests()
	i := slices.IndexFunc(requests, func(r participanttest.Request) bool { return r.Operation == operation })
	require.GreaterOrEqual(b.t, i, 0, "no request to %s", operation)
	return requests[i].Time
}

func TestLeaveSendsWaitingReceipts(t *testing.T) {
	t.Parallel()
	inBubble(t, func(b *bubble) {
		s := b.start()
		b.settle()
		for range 2 {
			b.contact.Agent.Say("read this")
			s.MarkRead(b.message(s).ID)
			b.sleep(100 * time.Millisecond)
		}
		begun := time.Now()
		require.NoError(b.t, s.Leave(b.t.Context()))
		require.LessOrEqual(b.t, time.Since(begun), soon)
		require.Equal(b.t, 2, b.contact.Customer.Count("SendEvent"))
	})
}

// A dial that is running when Leave is called is denied, because the participant has left.
func TestLeaveWhileDialing(t *testing.T) {
	t.Parallel()
	inBubble(t, func(b *bubble) {
		b.srv.Inject(participanttest.Fault{On: participanttest.OnUpgrade, Skip: 1, Chance: 0.5, Effect: participanttest.Delay(700 * time.Millisecond)})
		b.srv.Inject(participanttest.Fault{On: create, Skip: 1, Chance: 0.3, Effect: participanttest.Delay(900 * time.Millisecond)})
		for i := range 60 {
			b.contact = b.srv.NewChat()
			s := b.start()
			b.sleep(time.Second)
			b.contact.Customer.CutSockets()
			if i%3 == 1 {
				b.contact.End()
			}
			b.sleep(time.Duration(i) * 50 * time.Millisecond)
			if i%3 == 2 {
				b.contact.End()
			}
			b.leaveInTime(s)
		}
	})
}

// leaveInTime calls Leave, and checks the end of the session if that succeeds.
func (b *bubble) leaveInTime(s *chat.Session) {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.t.Context(), time.Minute)
	defer cancel()
	if s.Leave(ctx) != nil {
		return
	}
	err := s.Err()
	require.True(b.t, errors.Is(err, chat.ErrLeft) || errors.Is(err, chat.ErrChatEnded), "%v", err)
	for _, err := range s.Events(ctx) {
		require.NoError(b.t, err)
	}
}

func TestLeaveWithAnExpiredToken(t *testing.T) {
	t.Parallel()
	for name, cut := range map[string]bool{"while a socket lives": false, "without a socket": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inBubble(t, func(b *bubble) {
				s := b.start()
				b.settle()
				b.contact.Customer.ExpireTokens()
				if cut {
					b.contact.Customer.CutSockets()
				}
				begun := time.Now()
				require.NoError(b.t, s.Leave(b.t.Context()))
				require.LessOrEqual(b.t, time.Since(begun), 10*time.Second)
				require.True(b.t, b.hasLeft(b.contact, b.contact.Customer))
				require.ErrorIs(b.t, s.Err(), chat.ErrLeft)
			})
		})
	}
}

func TestHeldItemsAreDeliveredBeforeTheEnd(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		end    func(*bubble, *participanttest.Participant, *chat.Session)
		reason error
	}{
		"after Leave": {
			func(b *bubble, _ *participanttest.Participant, s *chat.Session) {
				require.NoError(b.t, s.Leave(b.t.Context()))
			},
			chat.ErrLeft,
		},
		"after Close": {
			func(b *bubble, _ *participanttest.Participant, s *chat.Session) { require.NoError(b.t, s.Close()) },
			chat.ErrClosed,
		},
		"after the end of the chat": {
			func(b *bubble, _ *participanttest.Participant, _ *chat.Session) { b.contact.End() },
			chat.ErrChatEnded,
		},
		"when GiveUpAfter has passed": {
			func(b *bubble, bot *participanttest.Participant, _ *chat.Session) {
				b.srv.Inject(participanttest.Fault{On: create, Effect: participanttest.RespondHTML(http.StatusServiceUnavailable)})
				bot.CutSockets()
			},
			chat.ErrGaveUp,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inBubble(t, func(b *bubble) {
				bot := b.addBot()
				s := b.startAs(bot, func(o *chat.Options) { o.HoldBack, o.GiveUpAfter, o.CatchUpWait = time.Hour, 10*time.Second, time.Hour })
				b.settle()
				var said []string
				for range 3 {
					said = append(said, b.contact.Agent.Say("held back"))
					b.sleep(time.Second)
				}
				test.end(b, bot, s)
				events, end := b.toEnd(s, time.Minute)
				require.ErrorIs(b.t, end, test.reason)
				require.Equal(b.t, said, messageIDs(events))
			})
		})
	}
}

// eachLeaver runs a test for a participant whose departure ends the chat, and for one whose departure
// doesn't.
func eachLeaver(t *testing.T, test func(b *bubble, p *participanttest.Participant)) {
	t.Helper()
	for name, customer := range map[string]bool{"by the customer, which ends the chat": true, "by a bot, which doesn't": false} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inBubble(t, func(b *bubble) {
				p := b.contact.Customer
				if !customer {
					p = b.addBot()
				}
				test(b, p)
			})
		})
	}
}

func TestLeaveOnADeadSocketReportsAGap(t *testing.T) {
	t.Parallel()
	eachLeaver(t, func(b *bubble, p *participanttest.Participant) {
		s := b.startAs(p)
		b.settle()
		b.blackhole(p)
		require.NoError(b.t, s.Leave(b.t.Context()))
		events, end := b.toEnd(s, time.Minute)
		require.ErrorIs(b.t, end, chat.ErrLeft)
		require.Empty(b.t, messageIDs(events))
		require.True(b.t, end.Gap)
	})
}

func TestLeaveOnAHealthySocketReportsNoGap(t *testing.T) {
	t.Parallel()
	eachLeaver(t, func(b *bubble, p *participanttest.Participant) {
		s := b.startAs(p, func(o *chat.Options) { o.ParticipantID = p.ID })
		b.settle()
		said := b.contact.Agent.Say("just before")
		require.NoError(b.t, s.Leave(b.t.Context()))
		events, end := b.toEnd(s, time.Minute)
		require.ErrorIs(b.t, end, chat.ErrLeft)
		require.Equal(b.t, []string{said}, messageIDs(events))
		require.False(b.t, end.Gap)
	})
}

// A failed Leave doesn't change the session.
func TestFailedLeaveKeepsTheSession(t *testing.T) {
	t.Parallel()
	inBubble(t, func(b *bubble) {
		s := b.start()
		b.settle()
		refused := b.srv.Inject(participanttest.Fault{On: "DisconnectParticipant", Effect: participanttest.Fail(http.StatusBadRequest, "ValidationException")})
		require.Error(b.t, s.Leave(b.t.Context()))
		require.NoError(b.t, s.Err())
		said := b.contact.Agent.Say("still here")
		require.Equal(b.t, said, b.within(s, time.Second).ID)
		refused.Remove()
		require.NoError(b.t, s.Leave(b.t.Context()))
		require.ErrorIs(b.t, s.Err(), chat.ErrLeft)
	})
}

// hangingLimiter never admits an operation.
type hangingLimiter struct {
	chat.Limiter

	operation string
}

func (l hangingLimiter) Wait(ctx context.Context, operation string, p chat.Priority) error {
	if operation == l.operation {
		<-ctx.Done()
		return ctx.Err()
	}
	return l.Limiter.Wait(ctx, operation, p)
}

func TestLeaveDoesNotWaitForTheLimiterOfReceipts(t *testing.T) {
	t.Parallel()
	inBubble(t, func(b *bubble) {
		s := b.start(func(o *chat.Options) { o.Limiter = hangingLimiter{chat.Unlimited, "SendEvent"} })
		b.settle()
		b.contact.Agent.Say("read this")
		s.MarkRead(b.message(s).ID)
		s.MarkDelivered("another")
		ctx, cancel := context.WithTimeout(b.t.Context(), time.Hour)
		defer cancel()
		begun := time.Now()
		require.NoError(b.t, s.Leave(ctx))
		require.LessOrEqual(b.t, time.Since(begun), soon)
	})
}

func TestLeave(t *testing.T) {
	t.Parallel()
	inBubble(t, func(b *bubble) {
		s := b.start()
		b.settle()
		require.NoError(b.t, s.Leave(b.t.Context()))
		require.ErrorIs(b.t, s.Err(), chat.ErrLeft)
		var events []chat.Event
		for event, err := range s.Events(b.t.Context()) {
			require.NoError(b.t, err)
			events = append(events, event)
		}
		require.IsType(b.t, chat.ChatEnded{}, events[len(events)-1])
		require.NoError(b.t, s.Leave(b.t.Context()), "Leave may be called twice")
		require.NoError(b.t, s.Typing(b.t.Context()))
		_, err := s.Send(b.t.Context(), "too late")
		require.ErrorIs(b.t, err, chat.ErrLeft)
	})
}

// The customer's own participant.left arrives before chat.ended.
func TestLeaveWaitsForTheEndOfTheChat(t *testing.T) {
	t.Parallel()
	inBubble(t, func(b *bubble) {
		s := b.start(func(o *chat.Options) { o.ParticipantID = b.contact.Customer.ID })
		b.settle()
		b.srv.Inject(participanttest.Fault{On: participanttest.OnPush, ContentType: chatEnded, Effect: participanttest.Delay(time.Second)})
		begun := time.Now()
		require.NoError(b.t, s.Leave(b.t.Context()))
		require.LessOrEqual(b.t, time.Since(begun), soon)
		events, end := b.toEnd(s, time.Minute)
		require.ErrorIs(b.t, end, chat.ErrLeft)
		require.Len(b.t, only[chat.ChatEnded](events), 1)
	})
}

func TestLeaveOfABotDoesNotWaitForTheEndOfTheChat(t *testing.T) {
	t.Parallel()
	inBubble(t, func(b *bubble) {
		bot := b.addBot()
		s := b.startAs(bot, func(o *chat.Options) { o.ParticipantID = bot.ID })
		b.settle()
		begun := time.Now()
		require.NoError(b.t, s.Leave(b.t.Context()))
		require.LessOrEqual(b.t, time.Since(begun), time.Second)
	})
}

// A receipt whose call is running is also sent before the participant leaves.
func TestLeaveWaitsForARunningReceipt(t *testing.T) {
	t.Parallel()
	inBubble(t, func(b *bubble) {
		s := b.start()
		b.settle()
		b.srv.Inject(participanttest.Fault{On: "SendEvent", Effect: participanttest.Delay(100 * time.Millisecond)})
		b.contact.Agent.Say("read this")
		m := b.message(s)
		s.MarkRead(m.ID)
		b.sleep(10 * time.Millisecond)
		require.NoError(b.t, s.Leave(b.t.Context()))
		_, read := b.receiptOf(m.ID)
		require.NotEmpty(b.t, read)
	})
}

// The pass that is due while Leave waits for chat.ended is denied.
func TestLeaveOfAnAgentWhoDoesNotEndTheChatReportsNoGap(t *testing.T) {
	t.Parallel()
	for name, wait := range map[string]time.Duration{"a pass is due": 9500 * time.Millisecond, "none": time.Minute} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inBubble(t, func(b *bubble) {
				agent := b.contact.AddParticipant(types.ParticipantRoleAgent, "Second agent")
				s := b.startAs(agent, func(o *chat.Options) { o.ParticipantID = agent.ID })
				b.sleep(wait)
				begun := time.Now()
				require.NoError(b.t, s.Leave(b.t.Context()))
				require.LessOrEqual(b.t, time.Since(begun), soon)
				require.False(b.t, b.end(s).Gap)
			}, func(o *participanttest.Options) { o.AgentsMayLeave = true })
		})
	}
}
