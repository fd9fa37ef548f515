// SPDX-License-Identifier: Apache-2.0

package chat_test

import (
	"context"
	"log/slog"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/participant-go/connectparticipant/chat"
	"github.com/participant-go/connectparticipant/participanttest"
)

func TestNothingSecretIsLogged(t *testing.T) {
	t.Parallel()
	inBubble(t, func(b *bubble) {
		var out syncBuffer
		logger := slog.New(slog.NewTextHandler(&out, &slog.HandlerOptions{Level: slog.LevelDebug}))
		s := b.start(func(o *chat.Options) { o.Logger = logger })
		b.settle()
		b.srv.Inject(participanttest.Fault{On: participanttest.OnUpgrade, Times: 3, Effect: participanttest.DropBefore()})
		b.srv.Inject(participanttest.Fault{On: "GetTranscript", Times: 3, Effect: participanttest.Truncate()})
		b.contact.Customer.CutSockets()
		b.contact.Agent.Say("top secret")
		m := b.message(s)
		logger.Info("event", "message", m, "event", chat.Updated{Message: m})
		require.Contains(b.t, out.String(), m.ID)
		for _, secret := range []string{"secret", "AuthToken", "participant-token", "connection-token"} {
			require.NotContains(b.t, out.String(), secret)
		}
	})
}

// stuckHandler is a log handler that blocks.
type stuckHandler struct {
	slog.Handler

	stuck <-chan struct{} // unblocks the handler when it is closed
}

func (h stuckHandler) Enabled(context.Context, slog.Level) bool { return true }

func (h stuckHandler) Handle(context.Context, slog.Record) error {
	<-h.stuck
	return nil
}

func TestBlockedLoggerDelaysNothing(t *testing.T) {
	t.Parallel()
	inBubble(t, func(b *bubble) {
		release := make(chan struct{})
		defer close(release) // before the session is closed, since Close waits for the logger
		s := b.start(func(o *chat.Options) { o.Logger = slog.New(stuckHandler{slog.DiscardHandler, release}) })
		for range 5 {
			b.sleep(time.Minute)
			b.contact.Customer.CutSockets()
			missed := b.contact.Agent.Say("missed")
			require.Equal(b.t, missed, b.within(s, 10*time.Second).ID)
			live := b.contact.Agent.Say("live")
			require.Equal(b.t, live, b.within(s, time.Second).ID)
			require.NoError(b.t, s.Err())
		}
		_, err := s.Send(b.t.Context(), "still able to send")
		require.NoError(b.t, err)
		b.message(s)
		b.contact.End()
		_, end := b.toEnd(s, 20*time.Second)
		require.ErrorIs(b.t, end, chat.ErrChatEnded)
	})
}
