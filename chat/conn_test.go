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

// proxies are responses of a proxy, without an error code of the service.
var proxies = map[string]participanttest.Effect{
	"400 as HTML": participanttest.RespondHTML(http.StatusBadRequest),
	"403 as HTML": participanttest.RespondHTML(http.StatusForbidden),
	"404 as HTML": participanttest.RespondHTML(http.StatusNotFound),
	"400 as JSON": participanttest.Respond(http.StatusBadRequest, "application/json", `{"message":"Bad Request"}`),
	"403 as JSON": participanttest.Respond(http.StatusForbidden, "application/json", `{"message":"Forbidden"}`),
	"404 as JSON": participanttest.Respond(http.StatusNotFound, "application/json", `{"message":"Not Found"}`),
	"400, empty":  participanttest.Respond(http.StatusBadRequest, "", ""),
	"404, empty":  participanttest.Respond(http.StatusNotFound, "", ""),
}

func TestProxyErrorAtARenewalKeepsTheSession(t *testing.T) {
	t.Parallel()
	for name, effect := range proxies {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inBubble(t, func(b *bubble) {
				s := b.start()
				broken := b.srv.Inject(participanttest.Fault{On: create, Times: 3, Effect: effect})
				b.sleep(2 * time.Hour)
				require.Equal(b.t, 3, broken.Applied())
				require.NoError(b.t, s.Err())
				require.Zero(b.t, s.Stats().Reconnects)
				require.GreaterOrEqual(b.t, s.Stats().Renewals, 1)
				said := b.contact.Agent.Say("still here")
				require.Equal(b.t, said, b.within(s, time.Second).ID)
			})
		})
	}
}

func TestProxyErrorAtAReconnectKeepsTheSession(t *testing.T) {
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
				require.Equal(b.t, 5, broken.Applied())
				require.NoError(b.t, s.Err())
			})
		})
	}
}

// finalCodes are the error codes with which the service rejects a participant token.
var finalCodes = map[string]int{"ValidationException": http.StatusBadRequest, "ResourceNotFoundException": http.StatusNotFound}

func TestErrorCodesOfTheServiceAreFinal(t *testing.T) {
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
					require.True(b.t, end.Gap, "the gap was never closed")
				}, func(o *participanttest.Options) { o.ErrorForm = form })
			})
		}
	}
}

// A single denial doesn't end a session.
func TestSingleDenialKeepsTheSession(t *testing.T) {
	t.Parallel()
	inBubble(t, func(b *bubble) {
		s := b.start()
		denied := b.srv.Inject(participanttest.Fault{On: create, Times: 1, Effect: participanttest.Fail(http.StatusForbidden, "AccessDeniedException")})
		for range 3 {
			b.sleep(time.Hour)
			denied.Remove()
			denied = b.srv.Inject(participanttest.Fault{On: create, Times: 1, Effect: participanttest.Fail(http.StatusForbidden, "AccessDeniedException")})
		}
		require.NoError(b.t, s.Err(), "the denials are not consecutive")
		require.GreaterOrEqual(b.t, s.Stats().Renewals, 2)
	})
}

func TestBackOffGrowsWhileSocketsAreShortLived(t *testing.T) {
	t.Parallel()
	inBubble(t, func(b *bubble) {
		b.start()
		ctx, cancel := context.WithTimeout(b.t.Context(), 3*time.Minute)
		defer cancel()
		for b.contact.Customer.WaitSockets(ctx, 1) == nil {
			b.contact.Customer.CutSockets()
			b.sleep(time.Millisecond)
		}
		require.Less(b.t, b.contact.Customer.Count(create), 40)
		b.settle()
		b.settle()
		b.contact.Customer.CutSockets()
		begun := time.Now()
		require.NoError(b.t, b.contact.Customer.WaitSockets(b.t.Context(), 1))
		require.LessOrEqual(b.t, time.Since(begun), time.Second, "a stable socket resets the back-off")
	})
}

// slowLimiter delays CreateParticipantConnection for longer than a URL is valid.
type slowLimiter struct{ chat.Limiter }

func (l slowLimiter) Wait(ctx context.Context, operation string, p chat.Priority) error {
	if operation == create {
		select {
		case <-time.After(3 * time.Minute):
		case <-ctx.Done():
		}
	}
	return l.Limiter.Wait(ctx, operation, p)
}

func TestURLIsDialedWithoutAnotherWait(t *testing.T) {
	t.Parallel()
	inBubble(t, func(b *bubble) {
		ctx, cancel := context.WithTimeout(b.t.Context(), 10*time.Minute)
		defer cancel()
		s, err := chat.Start(ctx, b.client, b.contact.Customer.Token, b.options, func(o *chat.Options) {
			o.Limiter = slowLimiter{chat.Unlimited}
			o.GiveUpAfter = 2 * time.Minute
		})
		require.NoError(b.t, err)
		require.Equal(b.t, 1, b.contact.Customer.Count(create))
		require.NoError(b.t, s.Close())
	})
}

func TestGiveUpAfter(t *testing.T) {
	t.Parallel()
	inBubble(t, func(b *bubble) {
		s := b.start(func(o *chat.Options) { o.GiveUpAfter = 5 * time.Minute })
		b.settle()
		b.srv.Inject(participanttest.Fault{On: create, Effect: participanttest.Fail(500, "InternalServerException")})
		b.contact.Customer.CutSockets()
		begun := time.Now()
		for _, err := range s.Events(b.t.Context()) {
			if err != nil {
				require.ErrorIs(b.t, err, chat.ErrGaveUp)
			}
		}
		require.ErrorIs(b.t, s.Err(), chat.ErrGaveUp)
		require.Equal(b.t, 5*time.Minute, time.Since(begun))
	})
}

func TestAWrongLocalClockDoesNotMatter(t *testing.T) {
	t.Parallel()
	for name, ahead := range map[string]time.Duration{"right": 0, "two days behind": 48 * time.Hour} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inBubble(t, func(b *bubble) {
				b.srv.Advance(ahead)
				b.start()
				b.sleep(10 * time.Hour)
				require.InDelta(b.t, 11, b.contact.Customer.Count(create), 1)
			})
		})
	}
}

func TestInvalidExpiries(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		shown       time.Duration
		least, most int
	}{"absent": {participanttest.Absent, 9, 13}, "past": {-time.Hour, 9, 13}, "a minute ahead": {time.Minute, 300, 850}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inBubble(t, func(b *bubble) {
				b.start()
				b.sleep(10 * time.Hour)
				require.GreaterOrEqual(b.t, b.contact.Customer.Count(create), test.least)
				require.LessOrEqual(b.t, b.contact.Customer.Count(create), test.most)
			}, func(o *participanttest.Options) { o.ExpiryShown, o.ConnectionExpiryShown = test.shown, test.shown })
		})
	}
}

func TestTheOldSocketLivesUntilTheNewOneIsSubscribed(t *testing.T) {
	t.Parallel()
	inBubble(t, func(b *bubble) {
		s := b.start()
		b.settle()
		b.srv.Inject(participanttest.Fault{On: participanttest.OnSubscribe, Effect: participanttest.Delay(4 * time.Second)})
		require.NoError(b.t, b.contact.Customer.WaitRequest(b.t.Context(), "aws/subscribe", 2))
		b.contact.Agent.Say("in the meantime")
		b.within(s, 0)
		b.sleep(10 * time.Second)
		require.Equal(b.t, 1, s.Stats().Renewals)
		require.Zero(b.t, s.Stats().Reconnects)
		require.Equal(b.t, 1, b.contact.Customer.Sockets(), "the old socket is closed")
	})
}

// The failure of an earlier outage is not the cause.
func TestTheCauseOfErrGaveUpIsOfTheSameOutage(t *testing.T) {
	t.Parallel()
	inBubble(t, func(b *bubble) {
		s := b.start(func(o *chat.Options) { o.GiveUpAfter = 10 * time.Second })
		b.settle()
		b.srv.Inject(participanttest.Fault{On: create, Times: 1, Effect: participanttest.Fail(http.StatusInternalServerError, "InternalServerException")})
		b.reconnect()
		b.settle()
		b.srv.Inject(participanttest.Fault{On: create, Effect: participanttest.Ignore()})
		b.contact.Customer.CutSockets()
		_, end := b.toEnd(s, time.Minute)
		require.ErrorIs(b.t, end, chat.ErrGaveUp)
		require.ErrorContains(b.t, end.Cause, "read chat socket", "the loss of the socket")
	})
}
