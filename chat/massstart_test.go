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

// TestMassStart starts 500 sessions at once on one limiter, as a process does that comes
// up again. CreateParticipantConnection takes 6 a second, and so 82.4 s at best;
// GetTranscript 8, and so 124.3 s for two passes each.
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

		t.Logf("%d sessions have their greeting after %v and are settled after %v", sessions, first, settled)
		require.LessOrEqual(t, first, 86*time.Second, "subscribed, and the first pass over")
		require.LessOrEqual(t, settled, 131*time.Second, "the settle pass over")
		require.Equal(t, sessions, b.srv.Count("CreateParticipantConnection"))
		require.Equal(t, 2*sessions, b.srv.Count("GetTranscript"), "one page a pass")
		for _, s := range all {
			require.NoError(t, s.Err())
			require.Equal(t, chat.Stats{Passes: 2, Duplicates: s.Stats().Duplicates}, s.Stats(), "no answer 429, nothing lost")
		}
	})
}

// startAndGreet returns when the first pass has brought what was said before.
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
