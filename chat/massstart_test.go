// SPDX-License-Identifier: Apache-2.0

package chat_test

import (
	"context"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/participant-go/connectparticipant/chat"
	"github.com/participant-go/connectparticipant/participanttest"
)

// TestMassStart starts 500 sessions together on one limiter, as a restarted process does.
// CreateParticipantConnection is limited to 6 per second, which takes at least 82.4 s; GetTranscript
// to 8 per second, which takes at least 124.3 s for two passes of each session.
func TestMassStart(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		const sessions = 500
		b := newBubble(t, func(o *participanttest.Options) { o.Throttle = true })
		limiter := chat.NewLimiter(1)
		begun := time.Now()
		all := make([]*chat.Session, sessions)
		var starting sync.WaitGroup
		for i := range all {
			starting.Go(func() { all[i] = startAndGreet(b, limiter) })
		}
		starting.Wait()
		first := time.Since(begun)
		require.False(t, t.Failed())

		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Minute)
		defer cancel()
		require.NoError(t, b.srv.WaitRequest(ctx, "GetTranscript", 2*sessions))
		settled := time.Since(begun)
		b.sleep(time.Minute)

		t.Logf("%d sessions have received the greeting after %v and have settled after %v", sessions, first, settled)
		require.LessOrEqual(t, first, 86*time.Second, "all are subscribed, and the first passes are complete")
		require.LessOrEqual(t, settled, 131*time.Second, "the settle passes are complete")
		require.Equal(t, sessions, b.srv.Count("CreateParticipantConnection"))
		require.Equal(t, 2*sessions, b.srv.Count("GetTranscript"), "one page per pass")
		for _, s := range all {
			require.NoError(t, s.Err())
			require.Equal(t, chat.Stats{Passes: 2, Duplicates: s.Stats().Duplicates}, s.Stats(), "no 429 response, nothing lost")
		}
	})
}

// startAndGreet starts a session and waits for the greeting, which the first pass delivers.
func startAndGreet(b *bubble, limiter chat.Limiter) *chat.Session {
	contact := b.srv.NewChat()
	greeting := contact.Agent.Say("Welcome!")
	ctx, cancel := context.WithTimeout(b.t.Context(), 10*time.Minute)
	defer cancel()
	s, err := chat.Start(ctx, b.client, contact.Customer.Token, b.options, func(o *chat.Options) { o.Limiter = limiter })
	if err != nil {
		b.t.Errorf("start: %v", err)
		return nil
	}
	b.t.Cleanup(func() { _ = s.Close() })
	for event, err := range s.Events(ctx) {
		if m, ok := event.(chat.Message); ok && m.ID == greeting {
			return s
		}
		if err != nil {
			b.t.Errorf("wait for the greeting: %v", err)
		}
	}
	return s
}
