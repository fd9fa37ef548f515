// SPDX-License-Identifier: Apache-2.0

package chat_test

import (
	"context"
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/participant-go/connectparticipant/chat"
	"github.com/participant-go/connectparticipant/participanttest"
)

// proxies are responses of something on the way to the service: they have no code of it.
var proxies = map[string]participanttest.Effect{
	"400 as HTML": participanttest.AnswerHTML(http.StatusBadRequest),
	"403 as HTML": participanttest.AnswerHTML(http.StatusForbidden),
	"404 as HTML": participanttest.AnswerHTML(http.StatusNotFound),
	"400 as JSON": participanttest.Answer(http.StatusBadRequest, "application/json", `{"message":"Bad Request"}`),
	"403 as JSON": participanttest.Answer(http.StatusForbidden, "application/json", `{"message":"Forbidden"}`),
	"404 as JSON": participanttest.Answer(http.StatusNotFound, "application/json", `{"message":"Not Found"}`),
	"400, empty":  participanttest.Answer(http.StatusBadRequest, "", ""),
	"404, empty":  participanttest.Answer(http.StatusNotFound, "", ""),
}

func TestAProxysErrorAtARenewalEndsNothing(t *testing.T) {
	t.Parallel()
	for name, effect := range proxies {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inBubble(t, func(b *bubble) {
				s := b.start()
				broken := b.srv.Inject(participanttest.Fault{On: create, Times: 3, Effect: effect})
				b.sleep(2 * time.Hour)
				require.Equal(b.t, 3, broken.Struck())
				require.NoError(b.t, s.Err())
				require.Zero(b.t, s.Stats().Reconnects)
				require.GreaterOrEqual(b.t, s.Stats().Renewals, 1)
				said := b.contact.Agent.Say("still here")
				require.Equal(b.t, said, b.within(s, time.Second).ID)
			})
		})
	}
}

func TestAProxysErrorAtAReconnectEndsNothing(t *testing.T) {
	t.Parallel()
	for name, effect := range proxies {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inBubble(t, func(b *bubble) {
				s := b.start()
				b.settle()
				broken := b.srv.Inject(participanttest.Fault{On: create, Times: 5, Effect: effect})
				b.contact.Customer.CutSockets()
				said := b.contact.Agent.Say("missed")
				require.Equal(b.t, said, b.within(s, 2*time.Minute).ID)
				require.Equal(b.t, 5, broken.Struck())
				require.NoError(b.t, s.Err())
			})
		})
	}
}

func TestAProxysErrorLetsStartWait(t *testing.T) {
	t.Parallel()
	for name, effect := range proxies {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inBubble(t, func(b *bubble) {
				broken := b.srv.Inject(participanttest.Fault{On: create, Effect: effect})
				ctx, cancel := context.WithTimeout(b.t.Context(), time.Minute)
				defer cancel()
				begun := time.Now()
				_, err := chat.Start(ctx, b.client, b.contact.Customer.Token, b.options)
				require.ErrorIs(b.t, err, context.DeadlineExceeded)
				require.Equal(b.t, time.Minute, time.Since(begun))
				require.Greater(b.t, broken.Struck(), 2)
				require.NotContains(b.t, err.Error(), "participant-token")

				time.AfterFunc(30*time.Second, broken.Remove)
				s := b.start()
				said := b.contact.Agent.Say("the proxy works again")
				require.Equal(b.t, said, b.within(s, time.Minute).ID)
			})
		})
	}
}

// finalCodes are what the service itself refuses a token with.
var finalCodes = map[string]int{"ValidationException": http.StatusBadRequest, "ResourceNotFoundException": http.StatusNotFound}

func TestTheServicesOwnRefusalIsFinal(t *testing.T) {
	t.Parallel()
	for code, status := range finalCodes {
		for name, form := range map[string]participanttest.ErrorForm{
			"header": participanttest.ErrorTypeBare, "header with a URL": participanttest.ErrorTypeWithURL, "body": participanttest.ErrorTypeInBody,
		} {
			t.Run(fmt.Sprintf("%s in the %s", code, name), func(t *testing.T) {
				t.Parallel()
				inBubble(t, func(b *bubble) {
					s := b.start()
					b.settle()
					b.srv.Inject(participanttest.Fault{On: create, Effect: participanttest.Fail(status, code)})
					_, err := chat.Start(b.t.Context(), b.client, b.contact.Customer.Token, b.options)
					require.ErrorIs(b.t, err, chat.ErrGaveUp)
					b.contact.Customer.CutSockets()
					_, end := b.toEnd(s, 10*time.Second)
					require.ErrorIs(b.t, end, chat.ErrGaveUp)
					require.True(b.t, end.Gap, "the loss was never closed")
				}, func(o *participanttest.Options) { o.ErrorForm = form })
			})
		}
	}
}

func TestAnEndByTheServiceDeliversWhatIsHeld(t *testing.T) {
	t.Parallel()
	inBubble(t, func(b *bubble) {
		s := b.start(func(o *chat.Options) { o.HoldBack, o.CatchUpWait = 3*time.Hour, 3*time.Hour })
		b.settle()
		var said []string
		for range 3 {
			said = append(said, b.contact.Agent.Say("held back"))
		}
		b.srv.Inject(participanttest.Fault{On: create, Effect: participanttest.Fail(http.StatusBadRequest, "ValidationException")})
		events, end := b.toEnd(s, 2*time.Hour)
		require.ErrorIs(b.t, end, chat.ErrGaveUp)
		require.Equal(b.t, said, messageIDs(events))
	})
}

// removal is how long a session may take to find out that its participant was removed:
// CreateParticipantConnection is denied twice, 1 to 3 s apart.
const removal = 15 * time.Second

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
		"a bot that has learnt its id": func(b *bubble) *chat.Session {
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
		"an agent who doesn't know their id": func(b *bubble) *chat.Session {
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

func TestATransferThatKeepsUsInEndsNothing(t *testing.T) {
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

// lastMessage returns the next message, after transfers.
func (b *bubble) lastMessage(s *chat.Session) chat.Message {
	b.t.Helper()
	for {
		if m, ok := b.next(s).(chat.Message); ok {
			return m
		}
	}
}

// Somebody else who leaves is no reason to ask for a connection.
func TestOthersWhoLeaveCostNoConnection(t *testing.T) {
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

// A single denial ends nothing, also when it is the response to a removal that wasn't one.
func TestASingleDenialEndsNothing(t *testing.T) {
	t.Parallel()
	inBubble(t, func(b *bubble) {
		s := b.start()
		denied := b.srv.Inject(participanttest.Fault{On: create, Times: 1, Effect: participanttest.Fail(http.StatusForbidden, "AccessDeniedException")})
		for range 3 {
			b.sleep(time.Hour)
			denied.Remove()
			denied = b.srv.Inject(participanttest.Fault{On: create, Times: 1, Effect: participanttest.Fail(http.StatusForbidden, "AccessDeniedException")})
		}
		require.NoError(b.t, s.Err(), "denials that don't follow each other")
		require.GreaterOrEqual(b.t, s.Stats().Renewals, 2)
	})
}
