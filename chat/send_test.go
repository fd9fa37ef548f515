// SPDX-License-Identifier: Apache-2.0

package chat_test

import (
	"context"
	"net/http"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/participant-go/connectparticipant"
	"github.com/participant-go/connectparticipant/chat"
	"github.com/participant-go/connectparticipant/participanttest"
	"github.com/participant-go/connectparticipant/types"
)

func TestSendOnce(t *testing.T) {
	t.Parallel()
	inBubble(t, func(b *bubble) {
		s := b.start()
		first, err := s.SendOnce(b.t.Context(), "sms-4711", "text/plain", "Hello")
		require.NoError(b.t, err)
		again, err := s.SendOnce(b.t.Context(), "sms-4711", "text/plain", "Hello")
		require.NoError(b.t, err)
		require.Equal(b.t, first.ID, again.ID)
		require.Equal(b.t, first.ID, b.message(s).ID)
		b.nothing(s, time.Hour)
	})
}

func TestSendOnceRequiresAClientToken(t *testing.T) {
	t.Parallel()
	inBubble(t, func(b *bubble) {
		s := b.start()
		_, err := s.SendOnce(b.t.Context(), "", "text/plain", "Hello")
		require.Error(b.t, err)
		require.Regexp(b.t, `(?i)client ?token`, err.Error())
		require.NotContains(b.t, err.Error(), "Hello")
		require.Zero(b.t, b.srv.Count(sendMessage))
	})
}

func TestRetriedMessageIsSentOnce(t *testing.T) {
	t.Parallel()
	inBubble(t, func(b *bubble) {
		s := b.start()
		b.settle()
		b.srv.Inject(participanttest.Fault{On: "SendMessage", Times: 1, Effect: participanttest.DropAfter()})
		b.srv.Inject(participanttest.Fault{On: "SendMessage", Times: 1, Effect: participanttest.Fail(403, "AccessDeniedException")})
		sent, err := s.Send(b.t.Context(), "once")
		require.NoError(b.t, err)
		require.Equal(b.t, sent.ID, b.message(s).ID)
		b.nothing(s, time.Hour)
	})
}

func TestSendWorksWithoutASocket(t *testing.T) {
	t.Parallel()
	inBubble(t, func(b *bubble) {
		s := b.start()
		b.settle()
		closed := b.srv.Inject(participanttest.Fault{On: participanttest.OnUpgrade, Effect: participanttest.Fail(503, "")})
		b.contact.Customer.CutSockets()
		b.sleep(10 * time.Second)
		require.Zero(b.t, b.contact.Customer.Sockets())
		sent, err := s.Send(b.t.Context(), "anybody?")
		require.NoError(b.t, err)
		closed.Remove()
		m := b.message(s)
		require.Equal(b.t, sent.ID, m.ID)
		require.True(b.t, m.Own)
	})
}

func TestOwnIsSetIfThePushPrecedesTheResponse(t *testing.T) {
	t.Parallel()
	inBubble(t, func(b *bubble) {
		s := b.start()
		b.settle()
		sent, err := s.Send(b.t.Context(), "echo")
		require.NoError(b.t, err)
		m := b.message(s)
		require.Equal(b.t, sent.ID, m.ID)
		require.True(b.t, m.Own)
		require.Equal(b.t, b.contact.Customer.ID, s.ParticipantID())
		b.contact.Agent.Say("not mine")
		require.False(b.t, b.message(s).Own)
	}, func(o *participanttest.Options) { o.EchoFirst = true })
}

func TestASendIsRetriedByTheSession(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		effect    participanttest.Effect
		throttled int
	}{
		"after 429":                {participanttest.Fail(http.StatusTooManyRequests, "ThrottlingException"), 2},
		"after 429 without a code": {participanttest.RespondHTML(http.StatusTooManyRequests), 2},
		"after 500":                {participanttest.Fail(http.StatusInternalServerError, "InternalServerException"), 0},
		"after 503 of a proxy":     {participanttest.RespondHTML(http.StatusServiceUnavailable), 0},
		"after a lost response":    {participanttest.DropAfter(), 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inBubble(t, func(b *bubble) {
				limiter := newCountingLimiter()
				s := b.start(func(o *chat.Options) { o.Limiter = limiter })
				b.settle()
				b.srv.Inject(participanttest.Fault{On: sendMessage, Times: 2, Effect: test.effect})
				sent, err := s.Send(b.t.Context(), "once")
				require.NoError(b.t, err)
				require.Equal(b.t, sent.ID, b.message(s).ID)
				b.nothing(s, 10*time.Minute)
				require.Equal(b.t, 3, b.srv.Count(sendMessage))
				waits := limiter.count(limiter.waits, sendMessage)
				require.LessOrEqual(b.t, waits, 3)
				require.GreaterOrEqual(b.t, waits, 2+test.throttled/2, "net/http itself may resend a request on a closed keep-alive connection")
				require.Equal(b.t, waits, limiter.count(limiter.done, sendMessage))
				require.Equal(b.t, test.throttled, limiter.count(limiter.throttled, sendMessage))
				require.Equal(b.t, test.throttled, s.Stats().Throttled)
			})
		})
	}
}

func TestASendIsRetriedFourTimes(t *testing.T) {
	t.Parallel()
	inBubble(t, func(b *bubble) {
		s := b.start()
		b.srv.Inject(participanttest.Fault{On: "SendMessage", Effect: participanttest.Fail(http.StatusInternalServerError, "InternalServerException")})
		ctx, cancel := context.WithTimeout(b.t.Context(), time.Hour)
		defer cancel()
		_, err := s.Send(ctx, "never sent")
		require.ErrorContains(b.t, err, "InternalServerException")
		require.NoError(b.t, ctx.Err())
		require.Equal(b.t, 5, b.srv.Count("SendMessage"))
	})
}

func TestRejectedSendIsNotRetried(t *testing.T) {
	t.Parallel()
	for name, effect := range map[string]participanttest.Effect{
		"400":         participanttest.Fail(http.StatusBadRequest, "ValidationException"),
		"400 as HTML": participanttest.RespondHTML(http.StatusBadRequest),
		"404":         participanttest.Fail(http.StatusNotFound, "ResourceNotFoundException"),
		"402":         participanttest.Fail(http.StatusPaymentRequired, "ServiceQuotaExceededException"),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inBubble(t, func(b *bubble) {
				s := b.start()
				b.settle()
				b.srv.Inject(participanttest.Fault{On: sendMessage, Times: 1, Effect: effect})
				begun := time.Now()
				_, err := s.Send(b.t.Context(), "refused")
				require.Error(b.t, err)
				require.Zero(b.t, time.Since(begun))
				require.Equal(b.t, 1, b.srv.Count(sendMessage))
				require.NoError(b.t, s.Err())
			})
		})
	}
}

func TestSendIsBoundedByItsContext(t *testing.T) {
	t.Parallel()
	for name, effect := range map[string]participanttest.Effect{
		"while it is throttled":       participanttest.Fail(http.StatusTooManyRequests, "ThrottlingException"),
		"while the service fails":     participanttest.Fail(http.StatusInternalServerError, "InternalServerException"),
		"while no response arrives":   participanttest.Ignore(),
		"while the token is denied":   participanttest.Fail(http.StatusForbidden, "AccessDeniedException"),
		"while connections are reset": participanttest.DropBefore(),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inBubble(t, func(b *bubble) {
				s := b.start()
				b.settle()
				b.srv.Inject(participanttest.Fault{On: sendMessage, Effect: effect})
				ctx, cancel := context.WithTimeout(b.t.Context(), 2*time.Second)
				defer cancel()
				begun := time.Now()
				_, err := s.Send(ctx, "never")
				require.LessOrEqual(b.t, time.Since(begun), 2*time.Second)
				require.Error(b.t, err)
				if ctx.Err() != nil {
					require.ErrorIs(b.t, err, context.DeadlineExceeded)
				}
				require.NoError(b.t, s.Err())
			})
		})
	}
}

func TestSendWithACanceledContext(t *testing.T) {
	t.Parallel()
	inBubble(t, func(b *bubble) {
		s := b.start()
		b.settle()
		ctx, cancel := context.WithCancel(b.t.Context())
		cancel()
		_, err := s.Send(ctx, "never")
		require.ErrorIs(b.t, err, context.Canceled)
		require.Zero(b.t, b.srv.Count(sendMessage))
	})
}

// fullLimiter never admits SendMessage.
type fullLimiter struct{ chat.Limiter }

func (l fullLimiter) Wait(ctx context.Context, op string, p chat.Priority) error {
	if op == "SendMessage" {
		<-ctx.Done()
		return ctx.Err()
	}
	return l.Limiter.Wait(ctx, op, p)
}

func TestSendAfterCloseDoesNotWaitForTheLimiter(t *testing.T) {
	t.Parallel()
	inBubble(t, func(b *bubble) {
		s := b.start(func(o *chat.Options) { o.Limiter = fullLimiter{chat.Unlimited} })
		require.NoError(b.t, s.Close())
		begun := time.Now()
		ctx, cancel := context.WithTimeout(b.t.Context(), time.Minute)
		defer cancel()
		_, err := s.Send(ctx, "too late")
		require.ErrorIs(b.t, err, chat.ErrClosed, "after %v", time.Since(begun))
	})
}

func TestSendEndsWithTheSession(t *testing.T) {
	t.Parallel()
	inBubble(t, func(b *bubble) {
		s := b.start(func(o *chat.Options) { o.Limiter = fullLimiter{chat.Unlimited} })
		begun := time.Now()
		time.AfterFunc(time.Second, func() { _ = s.Close() })
		ctx, cancel := context.WithTimeout(b.t.Context(), time.Minute)
		defer cancel()
		_, err := s.Send(ctx, "too late")
		require.ErrorIs(b.t, err, chat.ErrClosed, "after %v", time.Since(begun))
	})
}

type failingSend struct {
	connectparticipant.API
}

func (failingSend) SendMessage(context.Context, *connectparticipant.SendMessageInput, ...func(*connectparticipant.Options)) (*connectparticipant.SendMessageOutput, error) {
	return nil, &types.InternalServerException{Message: ptr("boom")}
}

func ptr(s string) *string { return &s }

// firstOnly admits one SendMessage.
type firstOnly struct {
	chat.Limiter
	n *atomic.Int32
}

func (l firstOnly) Wait(ctx context.Context, op string, p chat.Priority) error {
	if op == "SendMessage" && l.n.Add(1) > 1 {
		<-ctx.Done()
		return ctx.Err()
	}
	return l.Limiter.Wait(ctx, op, p)
}

func TestSendReportsTheLastFailure(t *testing.T) {
	t.Parallel()
	inBubble(t, func(b *bubble) {
		s, err := chat.Start(b.t.Context(), failingSend{b.client}, b.contact.Customer.Token, b.options, func(o *chat.Options) { o.Limiter = firstOnly{chat.Unlimited, new(atomic.Int32)} })
		require.NoError(b.t, err)
		defer func() { _ = s.Close() }()
		ctx, cancel := context.WithTimeout(b.t.Context(), 10*time.Second)
		defer cancel()
		_, err = s.Send(ctx, "x")
		require.ErrorContains(b.t, err, "boom")
	})
}

func TestTypingIsThrottled(t *testing.T) {
	t.Parallel()
	inBubble(t, func(b *bubble) {
		s := b.start()
		for range 60 {
			require.NoError(b.t, s.Typing(b.t.Context()))
			b.sleep(time.Second)
		}
		require.Equal(b.t, 6, b.contact.Customer.Count("SendEvent"))
	})
}

func TestTypingIsSentAgainAfterAFailure(t *testing.T) {
	t.Parallel()
	inBubble(t, func(b *bubble) {
		s := b.start()
		f := b.srv.Inject(participanttest.Fault{On: "SendEvent", Effect: participanttest.Fail(400, "ValidationException")})
		require.Error(b.t, s.Typing(b.t.Context()))
		f.Remove()
		n := b.srv.Count("SendEvent")
		require.NoError(b.t, s.Typing(b.t.Context()))
		require.Equal(b.t, n+1, b.srv.Count("SendEvent"), "Typing returned nil without sending an event")
	})
}

// The cause of the end may be an error that would be retried.
func TestSendAfterTheEndReturnsImmediately(t *testing.T) {
	t.Parallel()
	inBubble(t, func(b *bubble) {
		s := b.start(func(o *chat.Options) { o.GiveUpAfter = time.Minute })
		b.settle()
		b.srv.Inject(participanttest.Fault{On: create, Effect: participanttest.Fail(http.StatusTooManyRequests, "ThrottlingException")})
		b.contact.Customer.CutSockets()
		_, end := b.toEnd(s, time.Hour)
		require.ErrorIs(b.t, end, chat.ErrGaveUp)
		throttled := s.Stats().Throttled
		begun := time.Now()
		_, err := s.Send(b.t.Context(), "too late")
		require.Same(b.t, end, err)
		require.Zero(b.t, time.Since(begun))
		require.Equal(b.t, throttled, s.Stats().Throttled)
	})
}

func TestSendThatWaitsForARetryEndsWithTheSession(t *testing.T) {
	t.Parallel()
	inBubble(t, func(b *bubble) {
		s := b.start()
		b.srv.Inject(participanttest.Fault{On: sendMessage, Effect: participanttest.Fail(http.StatusInternalServerError, "InternalServerException")})
		begun := time.Now()
		time.AfterFunc(2500*time.Millisecond, func() { _ = s.Close() })
		_, err := s.Send(b.t.Context(), "too late")
		require.ErrorIs(b.t, err, chat.ErrClosed)
		require.Equal(b.t, 2500*time.Millisecond, time.Since(begun))
	})
}
