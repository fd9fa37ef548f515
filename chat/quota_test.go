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

// Each raised quota is used, and none is exceeded: 300 sessions start and send against a service that
// throttles above the raised quotas.
func TestRaisedQuotasAreObserved(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		const sessions, sends = 300, 5
		b := newBubble(t, func(o *participanttest.Options) {
			o.Throttle = true
			o.Quotas = map[string]participanttest.Quota{create: {Rate: 30, Burst: 45}, sendMessage: {Rate: 50, Burst: 75}}
		})
		limiter := chat.NewQuotaLimiter(1, map[string]chat.Quota{create: {Rate: 30, Burst: 45}, sendMessage: {Rate: 50}})
		begun := time.Now()
		var starting sync.WaitGroup
		for range sessions {
			starting.Go(func() {
				s := startAndGreet(b, limiter)
				if s == nil {
					return
				}
				for range sends {
					if _, err := s.Send(t.Context(), "hello"); err != nil {
						t.Errorf("send: %v", err)
					}
				}
				if n := s.Stats().Throttled; n != 0 {
					t.Errorf("%d responses with status 429", n)
				}
			})
		}
		starting.Wait()
		took := time.Since(begun)
		require.False(t, t.Failed())
		require.GreaterOrEqual(t, took, (sessions-6)/8*time.Second, "GetTranscript has its default quota")
		require.LessOrEqual(t, took, (sessions/8+20)*time.Second)
		require.Equal(t, sessions, b.srv.Count(create))
		require.Equal(t, sessions*sends, b.srv.Count(sendMessage))
	})
}

// burst returns how many calls are admitted together.
func burst(t *testing.T, limiter chat.Limiter, operation string) (n int) {
	t.Helper()
	for ; n < 100; n++ {
		ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
		err := limiter.Wait(ctx, operation, chat.PriorityNormal)
		cancel()
		if err != nil {
			break
		}
		limiter.Done(operation)
	}
	return n
}

func TestTheShareAppliesToRaisedQuotasToo(t *testing.T) {
	t.Parallel()
	limiter := chat.NewQuotaLimiter(0.5, map[string]chat.Quota{sendMessage: {Rate: 60, Burst: 90}, "SendEvent": {Rate: 60}})
	synctest.Test(t, func(t *testing.T) {
		for operation, most := range map[string]int{create: 3, sendMessage: 30, "SendEvent": 30} {
			require.Equal(t, most, burst(t, limiter, operation), operation)
		}
		begun := time.Now()
		for range 60 {
			require.NoError(t, limiter.Wait(t.Context(), sendMessage, chat.PriorityNormal))
		}
		require.InDelta(t, 2, time.Since(begun).Seconds(), 0.1)
	})
}

func TestInvalidQuotas(t *testing.T) {
	t.Parallel()
	nan := 0.0
	nan /= nan
	limiter := chat.NewQuotaLimiter(1, map[string]chat.Quota{
		create: {}, sendMessage: {Rate: -1}, "SendEvent": {Rate: nan}, "GetTranscript": {Rate: 1e300, Burst: nan}, "GetAuthenticationUrl": {Rate: 1, Burst: 1},
	})
	synctest.Test(t, func(t *testing.T) {
		for operation, most := range map[string]int{create: 6, sendMessage: 6, "SendEvent": 6, "GetAuthenticationUrl": 1} {
			require.Equal(t, most, burst(t, limiter, operation), operation)
		}
		for range 1000 {
			require.NoError(t, limiter.Wait(t.Context(), "GetTranscript", chat.PriorityNormal))
		}
	})
}
