// SPDX-License-Identifier: Apache-2.0

package chat_test

import (
	"context"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/participant-go/connectparticipant"
	"github.com/participant-go/connectparticipant/chat"
	"github.com/participant-go/connectparticipant/participanttest"
)

func TestDeniedCallIsRetriedWithANewToken(t *testing.T) {
	t.Parallel()
	inBubble(t, func(b *bubble) {
		s := b.start()
		b.settle()
		b.contact.Customer.ExpireTokens()
		sent, err := s.Send(b.t.Context(), "with a new token")
		require.NoError(b.t, err)
		require.Equal(b.t, sent.ID, b.message(s).ID)
		b.settle()
		require.Equal(b.t, 1, s.Stats().Renewals)
		b.srv.Inject(participanttest.Fault{On: "SendMessage", Times: 2, Effect: participanttest.Fail(403, "AccessDeniedException")})
		_, err = s.Send(b.t.Context(), "never allowed")
		require.True(b.t, connectparticipant.IsAccessDenied(err))
		require.NoError(b.t, s.Err())
		b.settle()
		_, err = s.Send(b.t.Context(), "allowed")
		require.NoError(b.t, err)
		require.Equal(b.t, "allowed", b.message(s).Text)
	})
}

// While no socket can be opened, each dial gets a new token.
func TestSecondDenialIsReturned(t *testing.T) {
	t.Parallel()
	inBubble(t, func(b *bubble) {
		s := b.start()
		b.settle()
		b.refuseSockets()
		b.contact.Customer.CutSockets()
		b.srv.Inject(participanttest.Fault{On: "SendMessage", Effect: participanttest.Fail(http.StatusForbidden, "AccessDeniedException")})
		ctx, cancel := context.WithTimeout(b.t.Context(), time.Hour)
		defer cancel()
		_, err := s.Send(ctx, "never sent")
		require.ErrorContains(b.t, err, "AccessDeniedException")
		require.NoError(b.t, ctx.Err())
		require.Equal(b.t, 2, b.srv.Count("SendMessage"))
		require.NoError(b.t, s.Err())
	})
}

// congested never admits planned renewals.
type congested struct{ chat.Limiter }

func (l congested) Wait(ctx context.Context, operation string, p chat.Priority) error {
	if operation == create && p >= chat.PriorityLow {
		<-ctx.Done()
		return ctx.Err()
	}
	return l.Limiter.Wait(ctx, operation, p)
}

func TestDeniedSendGetsANewTokenWithNormalPriority(t *testing.T) {
	t.Parallel()
	for name, renewing := range map[string]bool{"without a renewal": false, "while a renewal waits": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inBubble(t, func(b *bubble) {
				s := b.start(func(o *chat.Options) { o.Limiter = congested{chat.Unlimited} })
				b.settle()
				if renewing {
					b.sleep(time.Hour)
				}
				b.contact.Customer.ExpireTokens()
				begun := time.Now()
				sent, err := s.Send(b.t.Context(), "with a new token")
				require.NoError(b.t, err)
				require.LessOrEqual(b.t, time.Since(begun), 5*time.Second)
				require.Equal(b.t, sent.ID, b.message(s).ID)
				require.Zero(b.t, s.Stats().Reconnects)
			})
		})
	}
}

func TestOperationThatIsAlwaysDeniedCausesFewConnections(t *testing.T) {
	t.Parallel()
	inBubble(t, func(b *bubble) {
		s := b.start()
		b.settle()
		broken := b.srv.Inject(participanttest.Fault{On: sendMessage, Effect: participanttest.Fail(http.StatusForbidden, "AccessDeniedException")})
		for range 360 {
			_, err := s.Send(b.t.Context(), "hello")
			require.True(b.t, connectparticipant.IsAccessDenied(err))
			b.sleep(10 * time.Second)
		}
		require.LessOrEqual(b.t, b.srv.Count(create), 10, "per hour")
		broken.Remove()
		_, err := s.Send(b.t.Context(), "hello")
		require.NoError(b.t, err)
	})
}

// ConnectionToken returns a token for other calls, and then each new one.
func TestConnectionTokenReturnsEachNewToken(t *testing.T) {
	t.Parallel()
	inBubble(t, func(b *bubble) {
		s := b.start()
		token, expiry, err := s.ConnectionToken(b.t.Context(), "")
		require.NoError(b.t, err)
		require.WithinDuration(b.t, time.Now().Add(24*time.Hour), expiry, time.Second)
		out, err := b.client.GetTranscript(b.t.Context(), &connectparticipant.GetTranscriptInput{ConnectionToken: &token})
		require.NoError(b.t, err)
		require.NotEmpty(b.t, out.Transcript)

		begun := time.Now()
		for range 3 {
			newer, _, err := s.ConnectionToken(b.t.Context(), token)
			require.NoError(b.t, err)
			require.NotEqual(b.t, token, newer)
			token = newer
		}
		require.InDelta(b.t, 3*57, time.Since(begun).Minutes(), 12)

		ctx, cancel := context.WithTimeout(b.t.Context(), time.Minute)
		defer cancel()
		_, _, err = s.ConnectionToken(ctx, token)
		require.ErrorIs(b.t, err, context.DeadlineExceeded)
		require.NoError(b.t, s.Close())
		_, _, err = s.ConnectionToken(b.t.Context(), token)
		require.ErrorIs(b.t, err, chat.ErrClosed)
	})
}
