// SPDX-License-Identifier: Apache-2.0

package chat_test

import (
	"context"
	"math/rand/v2"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/participant-go/connectparticipant/chat"
)

// changing starts n calls of GetTranscript together, makes the changes at their times, and returns
// the seconds after which each call was admitted.
func changing(t *testing.T, l *chat.QuotaLimiter, n int, changes map[time.Duration]chat.Quota) []float64 {
	t.Helper()
	var wg sync.WaitGroup
	for after, q := range changes {
		wg.Go(func() {
			<-time.After(after)
			l.SetQuota(getTranscript, q)
		})
	}
	times := crowd(t, l, getTranscript, n)
	wg.Wait()
	return times
}

func TestALowerQuotaIsEffectiveImmediately(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		times := changing(t, chat.NewQuotaLimiter(1, nil), 100, map[time.Duration]chat.Quota{2010 * time.Millisecond: {Rate: 2}})
		require.InDelta(t, 2, times[21], 1e-6, "6 together, then 8 per second")
		for i, seconds := range times[22:] {
			require.InDelta(t, 2.01+(float64(i)+0.92)/2, seconds, 1e-6, "call %d", i+22)
		}
	})
}

func TestAHigherQuotaIsNoticedSoon(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		known, rate float64 // the rates before, and the one set
		n           int
	}{
		"an earlier rate":                 {8, 8, 100},
		"a rate that was never set":       {8, 60, 100},
		"far above all earlier rates":     {8, 1000, 100},
		"a queue of 1,000":                {6, 6, 1000},
		"a raised quota, and 10,000 wait": {300, 300, 10_000},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				l := chat.NewQuotaLimiter(1, map[string]chat.Quota{getTranscript: {Rate: test.known}})
				l.SetQuota(getTranscript, chat.Quota{Rate: 0.001})
				times := changing(t, l, test.n, map[time.Duration]chat.Quota{10 * time.Second: {Rate: test.rate}})
				before, _ := slices.BinarySearch(times, 9.999)
				for i, seconds := range times[before:] {
					due := 10 + float64(i)/test.rate
					require.GreaterOrEqual(t, seconds, due-1e-6)
					require.LessOrEqual(t, seconds, due+1/test.rate+0.25, "call %d", i)
				}
			})
		})
	}
}

func TestAStoppedOperationWaitsForAQuota(t *testing.T) {
	t.Parallel()
	for name, stop := range map[string]chat.Quota{"zero": {}, "negative": {Rate: -1, Burst: 3}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				l := chat.NewQuotaLimiter(1, nil)
				l.SetQuota(getTranscript, stop)
				times := changing(t, l, 100, map[time.Duration]chat.Quota{
					time.Minute: {Rate: 8, Burst: 12}, 65010 * time.Millisecond: stop, 2 * time.Minute: {Rate: 8, Burst: 12},
				})
				require.GreaterOrEqual(t, times[0], 60+1.0/8-1e-6, "the operation begins without a token")
				require.Less(t, times[39], 65.011)
				require.GreaterOrEqual(t, times[40], 120+1.0/8-1e-6)
				require.InDelta(t, 120+60.0/8, times[99], 0.25)
			})
		})
	}
}

func TestSetQuotaDoesNotRefillTheBurst(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := chat.NewQuotaLimiter(1, nil)
		l.SetQuota(getTranscript, chat.Quota{Rate: 8, Burst: 3})
		l.SetQuota(getTranscript, chat.Quota{Rate: 8, Burst: 30})
		require.Equal(t, 2, burst(t, l, getTranscript))
		<-time.After(time.Hour)
		require.Equal(t, 20, burst(t, l, getTranscript))

		l.SetQuota("GetAuthenticationUrl", chat.Quota{Rate: 1, Burst: 3})
		require.Zero(t, burst(t, l, "GetAuthenticationUrl"), "the operation had no quota")
		<-time.After(time.Hour)
		require.Equal(t, 2, burst(t, l, "GetAuthenticationUrl"))
	})
}

func TestASmallShareOfABurstAdmitsOneCallAtATime(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := chat.NewQuotaLimiter(1, nil)
		l.SetQuota(getTranscript, chat.Quota{Rate: 0.1, Burst: 0.01})
		require.InDeltaSlice(t, []float64{0, 10, 20}, crowd(t, l, getTranscript, 3), 1e-6)
		l.SetQuota(getTranscript, chat.Quota{Rate: 4, Burst: 2.25})
		<-time.After(time.Hour)
		require.InDeltaSlice(t, []float64{0, 0.125, 0.375}, crowd(t, l, getTranscript, 3), 1e-6, "half a token is kept")
	})
}

func TestPriorityBackgroundHasHalfOfAChangedRate(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l, start := chat.NewQuotaLimiter(1, nil), time.Now()
		l.SetQuota(getTranscript, chat.Quota{Rate: 20, Burst: 30})
		var wg sync.WaitGroup
		for range 100 {
			wg.Go(func() { _ = l.Wait(t.Context(), getTranscript, chat.PriorityBackground) })
		}
		<-time.After(time.Second)
		l.SetQuota(getTranscript, chat.Quota{})
		<-time.After(time.Second)
		l.SetQuota(getTranscript, chat.Quota{Rate: 4})
		wg.Wait()
		require.InDelta(t, 2+(100-3-10)/2.0, time.Since(start).Seconds(), 0.6)
	})
}

func TestPauseContinuesAfterSetQuota(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := chat.NewQuotaLimiter(1, nil)
		l.Throttled(getTranscript)
		l.SetQuota(getTranscript, chat.Quota{Rate: 100})
		require.InDelta(t, 0.5, pass(t, l, getTranscript), 0.125+1e-6)
		l.Throttled(getTranscript)
		l.SetQuota(getTranscript, chat.Quota{})
		l.SetQuota(getTranscript, chat.Quota{Rate: 100})
		require.InDelta(t, 1, pass(t, l, getTranscript), 0.25+1e-6, "and the next pause is longer")
	})
}

func TestWaitingCountsTheCallsOfAnOperation(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := chat.NewQuotaLimiter(1, nil)
		require.Zero(t, l.Waiting(getTranscript))
		l.SetQuota(getTranscript, chat.Quota{})
		ctx, cancel := context.WithCancel(t.Context())
		var wg sync.WaitGroup
		for priority := range chat.PriorityBackground + 1 {
			for range 10 {
				wg.Go(func() { _ = l.Wait(ctx, getTranscript, priority) })
			}
		}
		synctest.Wait()
		require.Equal(t, 30, l.Waiting(getTranscript), "those of PriorityBackground are not counted")
		require.Zero(t, l.Waiting(createConnection))
		require.Zero(t, l.Waiting("DescribeView"), "the operation has no quota")
		cancel()
		wg.Wait()
		require.Zero(t, l.Waiting(getTranscript))
	})
}

func TestDefaultQuotas(t *testing.T) {
	t.Parallel()
	require.Equal(t, chat.Quota{Rate: 6, Burst: 9}, chat.DefaultQuotas()[createConnection])
	require.Equal(t, chat.Quota{Rate: 8, Burst: 12}, chat.DefaultQuotas()[getTranscript])
	require.Len(t, chat.DefaultQuotas(), 8)
	clear(chat.DefaultQuotas())
	require.Len(t, chat.DefaultQuotas(), 8, "each caller has its own map")
}

// The members of a fleet pass rate to one another: the giving member lowers its quota first. The
// service has the whole quota, and a third of its burst as slack for the network. It throttles no
// call, and nearly all of the rate is used.
func TestRateMovesBetweenLimitersWithinTheQuota(t *testing.T) {
	t.Parallel()
	for seed := range uint64(3) {
		synctest.Test(t, func(t *testing.T) {
			const perSecond, burst, lasts = 6.0, 9.0, 5 * time.Minute
			random := rand.New(rand.NewPCG(seed, 1))
			limiters := []*chat.QuotaLimiter{chat.NewQuotaLimiter(1, nil), chat.NewQuotaLimiter(1, nil)}
			set := func(i int, share float64) {
				limiters[i].SetQuota(createConnection, chat.Quota{Rate: perSecond * share, Burst: burst * share})
			}
			set(1, 0)
			start, times := time.Now(), make([][]float64, 2)
			ctx, cancel := context.WithTimeout(t.Context(), lasts)
			defer cancel()
			var wg sync.WaitGroup
			for i, l := range limiters {
				var mu sync.Mutex
				for range 20 {
					wg.Go(func() {
						for l.Wait(ctx, createConnection, chat.PriorityNormal) == nil {
							mu.Lock()
							times[i] = append(times[i], time.Since(start).Seconds())
							mu.Unlock()
							l.Done(createConnection)
						}
					})
				}
			}
			for share := 1.0; time.Since(start) < lasts; <-time.After(time.Duration(random.Float64() * float64(4*time.Second))) {
				next := min(max(1.4*random.Float64()-0.2, 0), 1) // 0 and 1 as well
				giver, left := 0, next
				if next > share {
					giver, left = 1, 1-next
				}
				set(giver, left)
				<-time.After(100 * time.Millisecond) // until the other member is informed
				set(1-giver, 1-left)
				share = next
			}
			wg.Wait()
			all := slices.Concat(times...)
			require.Zero(t, overruns(perSecond, burst, all, func(int) float64 { return 0 }))
			require.Greater(t, float64(len(all)), 0.95*perSecond*lasts.Seconds())
			require.NotEmpty(t, times[0])
			require.NotEmpty(t, times[1])
		})
	}
}

func TestLongQueueOfAStoppedOperationChecksSeldom(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		const n, seconds = 10_000, 60
		l := chat.NewQuotaLimiter(1, nil)
		l.SetQuota(getTranscript, chat.Quota{})
		ctx, cancel := context.WithTimeout(t.Context(), seconds*time.Second)
		defer cancel()
		var checks atomic.Int64
		var wg sync.WaitGroup
		for range n {
			wg.Go(func() { _ = l.Wait(checkCount{ctx, &checks}, getTranscript, chat.PriorityNormal) })
		}
		wg.Wait()
		require.Less(t, checks.Load(), int64(seconds*1700+2*n))
	})
}

func TestQuotasMayChangeConcurrently(t *testing.T) {
	t.Parallel()
	l := chat.NewQuotaLimiter(1, nil)
	operations := []string{createConnection, getTranscript, "GetAuthenticationUrl"}
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	var wg sync.WaitGroup
	for i := range 30 {
		wg.Go(func() {
			operation, rng := operations[i%3], rand.New(rand.NewPCG(uint64(i), 1))
			for ctx.Err() == nil {
				switch i / 3 {
				case 0:
					l.SetQuota(operation, chat.Quota{Rate: float64(rng.IntN(3)) * 1e5})
				case 1:
					l.Waiting(operation)
				default:
					if l.Wait(ctx, operation, chat.Priority(rng.IntN(4))) == nil {
						l.Done(operation)
					}
				}
			}
		})
	}
	wg.Wait()
	for _, operation := range operations {
		require.Zero(t, l.Waiting(operation))
	}
}
