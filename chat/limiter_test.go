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
	"golang.org/x/time/rate"

	"github.com/participant-go/connectparticipant/chat"
)

const (
	createConnection = "CreateParticipantConnection"
	getTranscript    = "GetTranscript"
)

// crowd starts n calls together and returns the seconds after which each was admitted, in order. Each
// call ends immediately.
func crowd(tb testing.TB, l chat.Limiter, operation string, n int) []float64 {
	tb.Helper()
	start, times, errs := time.Now(), make([]float64, n), make([]error, n)
	var wg sync.WaitGroup
	for i := range times {
		wg.Go(func() {
			errs[i] = l.Wait(tb.Context(), operation, chat.PriorityHigh)
			times[i] = time.Since(start).Seconds()
			l.Done(operation)
		})
	}
	wg.Wait()
	for _, err := range errs {
		require.NoError(tb, err)
	}
	slices.Sort(times)
	return times
}

// pass waits for one call and returns the seconds that it took.
func pass(tb testing.TB, l chat.Limiter, operation string) float64 {
	tb.Helper()
	return crowd(tb, l, operation, 1)[0]
}

func TestLimiterStaysWithinItsRates(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		operation   string
		share, rate float64
		burst, n    int
	}{
		"500 connections":           {createConnection, 1, 6, 6, 500},
		"1000 transcripts":          {getTranscript, 1, 8, 6, 1000},
		"DisconnectParticipant":     {"DisconnectParticipant", 1, 3, 3, 20},
		"SendMessage":               {"SendMessage", 1, 10, 6, 20},
		"SendEvent":                 {"SendEvent", 1, 10, 6, 20},
		"StartAttachmentUpload":     {"StartAttachmentUpload", 1, 2, 3, 20},
		"CompleteAttachmentUpload":  {"CompleteAttachmentUpload", 1, 2, 3, 20},
		"GetAttachment":             {"GetAttachment", 1, 8, 6, 20},
		"half the quotas":           {getTranscript, 0.5, 4, 3, 100},
		"three times the quotas":    {getTranscript, 3, 24, 18, 100},
		"a burst is at least one":   {"StartAttachmentUpload", 0.1, 0.2, 1, 20},
		"share 0 means 1":           {createConnection, 0, 6, 6, 20},
		"a negative share means 1":  {createConnection, -2, 6, 6, 20},
		"a tiny share admits calls": {createConnection, 1e-300, 0.006, 1, 3},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				got := crowd(t, chat.NewLimiter(test.share), test.operation, test.n)
				for i, seconds := range got {
					require.InDelta(t, float64(max(0, i+1-test.burst))/test.rate, seconds, 1e-6, "call %d", i)
				}
			})
		})
	}
}

func TestLimiterFillsUpAgain(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := chat.NewLimiter(1)
		crowd(t, l, getTranscript, 6)
		<-time.After(250 * time.Millisecond)
		require.InDeltaSlice(t, []float64{0, 0, 0.125}, crowd(t, l, getTranscript, 3), 1e-6)
		<-time.After(time.Hour)
		require.InDelta(t, 0.125, crowd(t, l, getTranscript, 7)[6], 1e-6)
	})
}

func TestLimiterKeepsOperationsApart(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := chat.NewLimiter(1)
		crowd(t, l, createConnection, 6)
		require.Zero(t, crowd(t, l, getTranscript, 6)[5])
		require.Zero(t, crowd(t, l, "DescribeView", 1000)[999], "no quota is published")
		l.Throttled("DescribeView")
		require.Zero(t, pass(t, l, "DescribeView"))
	})
}

func TestLimiterAdmitsByPriorityThenInOrder(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := chat.NewLimiter(1)
		crowd(t, l, createConnection, 6)
		var served []string
		var mu sync.Mutex
		var wg sync.WaitGroup
		arrive := func(name string, priority chat.Priority) {
			wg.Go(func() {
				_ = l.Wait(t.Context(), createConnection, priority)
				mu.Lock()
				defer mu.Unlock()
				served = append(served, name)
			})
			synctest.Wait()
		}
		arrive("low 1", chat.PriorityLow)
		arrive("normal 1", chat.PriorityNormal)
		arrive("low 2", chat.PriorityLow)
		arrive("high 1", chat.PriorityHigh)
		arrive("normal 2", chat.PriorityNormal)
		arrive("high 2", chat.PriorityHigh)
		<-time.After(600 * time.Millisecond) // three are admitted
		arrive("high 3", chat.PriorityHigh)
		arrive("low 3", chat.PriorityLow)
		wg.Wait()
		require.Equal(t, []string{"high 1", "high 2", "normal 1", "high 3", "normal 2", "low 1", "low 2", "low 3"}, served)
	})
}

func TestLimiterGivesPriorityBackgroundHalfOfTheRate(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := chat.NewLimiter(1)
		start := time.Now()
		var wg sync.WaitGroup
		for range 103 {
			wg.Go(func() {
				_ = l.Wait(t.Context(), getTranscript, chat.PriorityBackground)
				l.Done(getTranscript)
			})
		}
		for range 20 {
			<-time.After(time.Second)
			require.Zero(t, pass(t, l, getTranscript), "the other half is available")
		}
		wg.Wait()
		require.InDelta(t, 100.0/4, time.Since(start).Seconds(), 0.1)
	})
}

func waitAndCall(ctx context.Context, l chat.Limiter, priority chat.Priority) {
	if l.Wait(ctx, createConnection, priority) == nil {
		l.Done(createConnection)
	}
}

func TestLimiterPushedBackWaitersLoseNoToken(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := chat.NewLimiter(1)
		crowd(t, l, createConnection, 6)
		start := time.Now()
		var wg sync.WaitGroup
		for range 100 {
			wg.Go(func() { waitAndCall(t.Context(), l, chat.PriorityLow) })
		}
		for range 100 {
			wg.Go(func() { waitAndCall(t.Context(), l, chat.PriorityHigh) })
			<-time.After(100 * time.Millisecond)
		}
		wg.Wait()
		require.InDelta(t, 200.0/6, time.Since(start).Seconds(), 1e-6)
	})
}

func TestLimiterReturnsTheErrorOfAnEndedContext(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := chat.NewLimiter(1)
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		for range 100 {
			require.ErrorIs(t, l.Wait(ctx, getTranscript, chat.PriorityHigh), context.Canceled)
			require.ErrorIs(t, l.Wait(ctx, "DescribeView", chat.PriorityHigh), context.Canceled)
		}
		require.Zero(t, crowd(t, l, getTranscript, 6)[5], "no token was used")
	})
}

func TestLimiterWaiterMayLeave(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := chat.NewLimiter(1)
		crowd(t, l, "StartAttachmentUpload", 3)
		ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
		defer cancel()
		start := time.Now()
		var wg sync.WaitGroup
		var err error
		var left time.Duration
		wg.Go(func() {
			err = l.Wait(ctx, "StartAttachmentUpload", chat.PriorityHigh)
			left = time.Since(start)
		})
		<-time.After(300 * time.Millisecond)
		require.InDelta(t, 0.2, pass(t, l, "StartAttachmentUpload"), 1e-6, "as without the waiter before")
		wg.Wait()
		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.Equal(t, 200*time.Millisecond, left)
	})
}

// leaving starts n calls one after the other, of which those below leavers are canceled after a
// second, and returns when the last of the others is admitted.
func leaving(t *testing.T, l chat.Limiter, n, leavers int) float64 {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	start := time.Now()
	var wg sync.WaitGroup
	for range leavers {
		wg.Go(func() { _ = l.Wait(ctx, getTranscript, chat.PriorityHigh) })
	}
	synctest.Wait()
	for range n - leavers {
		wg.Go(func() { _ = l.Wait(t.Context(), getTranscript, chat.PriorityNormal) })
	}
	wg.Wait()
	return time.Since(start).Seconds()
}

func TestLimiterCallsMoveUpWhenManyLeave(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		n, leavers int
		share      float64
		late       float64
	}{
		"half of 1,000":          {1_000, 500, 1, 0.5},
		"nearly all of 200":      {200, 190, 1, 1},
		"half of 5,000, share 5": {5_000, 2_500, 5, 6.3},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				best := 1 + float64(test.n-test.leavers)/(8*test.share)
				require.InDelta(t, best, leaving(t, chat.NewLimiter(test.share), test.n, test.leavers), test.late)
			})
		})
	}
}

func TestLimiterKeepsItsRateWhileOthersLeaveAtRandom(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l, random := chat.NewLimiter(1), rand.New(rand.NewPCG(1, 2))
		var served atomic.Int64
		var wg sync.WaitGroup
		for range 1500 {
			patience := time.Duration(random.Float64() * float64(100*time.Second))
			wg.Go(func() {
				ctx, cancel := context.WithTimeout(t.Context(), patience)
				defer cancel()
				if l.Wait(ctx, getTranscript, chat.PriorityNormal) == nil {
					served.Add(1)
				}
			})
		}
		<-time.After(50 * time.Second)
		require.Greater(t, float64(served.Load()), 0.98*(6+8*50))
		wg.Wait()
	})
}

func TestLimiterSlots(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := chat.NewLimiter(10)
		for range 5 {
			l.Done(createConnection) // without a call: makes no slot
		}
		var through atomic.Int64
		var wg sync.WaitGroup
		for range 40 {
			wg.Go(func() {
				if l.Wait(t.Context(), createConnection, chat.PriorityHigh) == nil {
					through.Add(1)
				}
			})
		}
		<-time.After(time.Minute)
		require.Equal(t, int64(32), through.Load())
		require.Zero(t, crowd(t, l, getTranscript, 60)[59], "other operations need no slot")
		l.Done(getTranscript)
		for want := int64(33); want <= 40; want++ {
			l.Done(createConnection)
			<-time.After(100 * time.Millisecond)
			require.Equal(t, want, through.Load())
		}
		wg.Wait()
	})
}

func TestLimiterAFreeSlotGoesToTheFirstInTheQueue(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := chat.NewLimiter(10)
		for range 32 {
			require.NoError(t, l.Wait(t.Context(), createConnection, chat.PriorityHigh))
		}
		var served []int
		var mu sync.Mutex
		var wg sync.WaitGroup
		for i := range 30 {
			wg.Go(func() {
				_ = l.Wait(t.Context(), createConnection, chat.PriorityHigh)
				mu.Lock()
				defer mu.Unlock()
				served = append(served, i)
			})
			synctest.Wait()
		}
		for i := range 30 {
			l.Done(createConnection)
			<-time.After(100 * time.Millisecond)
			mu.Lock()
			require.Len(t, served, i+1)
			require.Equal(t, i, served[i])
			mu.Unlock()
		}
		wg.Wait()
	})
}

func TestLimiterSlowDialsUseEverySlot(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		const dial, calls = 10 * time.Second, 320
		l, start := chat.NewLimiter(1), time.Now()
		var dialing, most atomic.Int64
		var wg sync.WaitGroup
		for range calls {
			wg.Go(func() {
				_ = l.Wait(t.Context(), createConnection, chat.PriorityHigh)
				n := dialing.Add(1)
				for old := most.Load(); n > old && !most.CompareAndSwap(old, n); old = most.Load() {
				}
				<-time.After(dial)
				dialing.Add(-1)
				l.Done(createConnection)
			})
		}
		wg.Wait()
		require.Equal(t, int64(32), most.Load())
		best := float64(calls)/32*dial.Seconds() + (32-6)/6.0 // the first slots wait for tokens
		require.InDelta(t, best, time.Since(start).Seconds(), best*0.02)
	})
}

func TestLimiterPausesAfterA429(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := chat.NewLimiter(1)
		for _, pause := range []float64{0.5, 1, 2, 4, 8, 8, 8} {
			l.Throttled(createConnection)
			require.Zero(t, pass(t, l, getTranscript), "another operation continues")
			require.InDelta(t, pause, pass(t, l, createConnection), pause/4+1e-6)
		}
		<-time.After(15 * time.Second) // less than twice the last pause
		l.Throttled(createConnection)
		require.InDelta(t, 8, pass(t, l, createConnection), 2)
		<-time.After(17 * time.Second)
		l.Throttled(createConnection)
		require.InDelta(t, 0.5, pass(t, l, createConnection), 0.125+1e-6)
	})
}

func TestLimiterPauseIsJittered(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		pauses := map[float64]bool{}
		for range 20 {
			l := chat.NewLimiter(1)
			l.Throttled(getTranscript)
			pauses[pass(t, l, getTranscript)] = true
		}
		require.Greater(t, len(pauses), 10)
	})
}

func TestLimiter429sDuringAPauseDontLengthenIt(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l, start := chat.NewLimiter(1), time.Now()
		for range 3 {
			l.Throttled(createConnection)
			<-time.After(100 * time.Millisecond)
		}
		pass(t, l, createConnection)
		require.InDelta(t, 0.5, time.Since(start).Seconds(), 0.125+1e-6)
		l.Throttled(createConnection)
		require.InDelta(t, 1, pass(t, l, createConnection), 0.25+1e-6, "doubled once")
	})
}

func TestLimiterPauseDelaysWaitingCalls(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := chat.NewLimiter(1)
		crowd(t, l, getTranscript, 6)
		var wg sync.WaitGroup
		wg.Go(func() {
			<-time.After(1010 * time.Millisecond)
			l.Throttled(getTranscript) // eight are admitted
		})
		times := crowd(t, l, getTranscript, 100)
		wg.Wait()
		require.Less(t, times[7], 1.01)
		require.Greater(t, times[8], 1.01+0.375)
		require.InDelta(t, times[8], times[10], 1e-6, "the tokens of 0.375 s are available when the pause ends")
		require.InDelta(t, 1.01+92.0/8, times[99], 0.2, "and the rate continues")
	})
}

func TestLimiterEmptiesTheBucketAfterA429(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := chat.NewLimiter(1)
		l.Throttled(createConnection)
		times := crowd(t, l, createConnection, 6)
		require.Greater(t, times[5], 5.0/6, "six tokens take a second, and a part of the first may exist")
	})
}

// overruns counts the calls that a service with the published quota throttles if each arrives delay
// after it was admitted.
func overruns(perSecond float64, burst int, times []float64, delay func(i int) float64) int {
	arrivals := make([]float64, len(times))
	for i, at := range times {
		arrivals[i] = at + delay(i)
	}
	slices.Sort(arrivals)
	service, epoch, refused := rate.NewLimiter(rate.Limit(perSecond), burst), time.Unix(1, 0), 0
	for _, at := range arrivals {
		if !service.AllowN(epoch.Add(time.Duration(at*float64(time.Second))), 1) {
			refused++
		}
	}
	return refused
}

// waves starts 15 crowds of up to 40 calls, with pauses of up to 10 s between them.
func waves(t *testing.T, l chat.Limiter, operation string) []float64 {
	t.Helper()
	random, start := rand.New(rand.NewPCG(3, 4)), time.Now()
	var times []float64
	for range 15 {
		began := time.Since(start).Seconds()
		for _, at := range crowd(t, l, operation, 1+random.IntN(40)) {
			times = append(times, began+at)
		}
		<-time.After(time.Duration(random.Float64() * float64(10*time.Second)))
	}
	return times
}

// bunched counts the calls that are throttled in the worst case, when any call may be delayed by up to
// late: all calls that were admitted shortly before an instant arrive at it together.
func bunched(perSecond float64, burst int, times []float64, late float64) int {
	worst := 0
	for _, instant := range times {
		worst = max(worst, overruns(perSecond, burst, times, func(i int) float64 {
			if times[i] <= instant && times[i] >= instant-late {
				return instant - times[i]
			}
			return 0
		}))
	}
	return worst
}

func TestLimiterAvoids429Responses(t *testing.T) {
	t.Parallel()
	for operation, quota := range map[string]struct {
		rate  float64
		burst int
		late  float64 // (burst - our burst) / rate
	}{
		createConnection:        {6, 9, 0.5},
		"DisconnectParticipant": {3, 5, 2.0 / 3},
		getTranscript:           {8, 12, 0.75},
		"SendMessage":           {10, 15, 0.9},
		"StartAttachmentUpload": {2, 5, 1},
	} {
		t.Run(operation, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				times := waves(t, chat.NewLimiter(1), operation)
				require.Zero(t, bunched(quota.rate, quota.burst, times, quota.late-1e-3), "whatever the delays of the network")
				require.Positive(t, bunched(quota.rate, quota.burst, times, quota.late+0.6), "a higher delay is throttled")

				random, refused, refusedAbove := rand.New(rand.NewPCG(5, 6)), 0, 0
				delay := func(int) float64 { return random.Float64() }
				above := waves(t, chat.NewLimiter(1.5), operation)
				for range 30 {
					refused += overruns(quota.rate, quota.burst, times, delay)
					refusedAbove += overruns(quota.rate, quota.burst, above, delay)
				}
				require.Less(t, float64(refused), 0.001*30*float64(len(times)), "with random delays of 0 to 1 s")
				require.Greater(t, float64(refusedAbove), 0.01*30*float64(len(above)), "a higher delay is throttled")
			})
		})
	}
}

func TestLimiterWithUnlimited(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		for range 100 {
			chat.Unlimited.Throttled(createConnection)
			require.NoError(t, chat.Unlimited.Wait(t.Context(), createConnection, chat.PriorityLow))
		}
		chat.Unlimited.Done(createConnection)
		require.Zero(t, crowd(t, chat.Unlimited, createConnection, 1000)[999])
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		require.ErrorIs(t, chat.Unlimited.Wait(ctx, createConnection, chat.PriorityHigh), context.Canceled)
	})
}

func TestLimiterIsSharedByBubbles(t *testing.T) {
	t.Parallel()
	l := chat.NewLimiter(1)
	for _, name := range []string{"one", "two", "three"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				for range 20 { // must end without a panic; no clock is right for all bubbles
					crowd(t, l, createConnection, 100)
					l.Throttled(createConnection)
				}
			})
		})
	}
}

func TestLimiterAcceptsAClockThatGoesBack(t *testing.T) {
	t.Parallel()
	l := chat.NewLimiter(1)
	synctest.Test(t, func(t *testing.T) {
		<-time.After(1000 * time.Hour)
		l.Throttled(createConnection)
		crowd(t, l, getTranscript, 6)
	})
	synctest.Test(t, func(t *testing.T) {
		require.InDelta(t, 0.125, pass(t, l, getTranscript), 1e-6, "no time has passed")
		require.InDelta(t, 0.5, pass(t, l, createConnection), 0.125+1e-6, "the rest of the pause remains")
	})
}

// checkCount counts how often a waiting call wakes: it then calls Err.
type checkCount struct {
	context.Context
	checks *atomic.Int64
}

func (c checkCount) Err() error {
	c.checks.Add(1)
	return c.Context.Err()
}

func TestLimiterLongQueueChecksSeldom(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		const n = 10_000
		l, start := chat.NewLimiter(50), time.Now()
		var checks atomic.Int64
		var wg sync.WaitGroup
		for range n {
			wg.Go(func() {
				_ = l.Wait(checkCount{t.Context(), &checks}, createConnection, chat.PriorityNormal)
				l.Done(createConnection)
			})
		}
		wg.Wait()
		seconds := time.Since(start).Seconds()
		require.InDelta(t, (n-300)/300.0, seconds, 1e-6)
		require.Less(t, checks.Load(), int64(1.5*1000*seconds)+2*n, "1,000 per second, plus one at the start and one at the end of each call")
	})
}

func TestLimiterChecksSeldomWhileSlotsAreMissing(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := chat.NewLimiter(1)
		for range 32 {
			require.NoError(t, l.Wait(t.Context(), createConnection, chat.PriorityHigh))
		}
		var checks atomic.Int64
		var wg sync.WaitGroup
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		for range 3000 {
			wg.Go(func() { _ = l.Wait(checkCount{ctx, &checks}, createConnection, chat.PriorityHigh) })
		}
		wg.Wait()
		require.Less(t, checks.Load(), int64(2*3000+10*(1_000+6*20+500)))
	})
}

func TestLimiterAllocatesNothingWithoutAWait(t *testing.T) { //nolint:paralleltest // AllocsPerRun counts those of all goroutines
	l := chat.NewLimiter(1e8)
	require.Zero(t, testing.AllocsPerRun(1000, func() {
		_ = l.Wait(t.Context(), createConnection, chat.PriorityNormal)
		l.Done(createConnection)
	}))
}

// BenchmarkLimiter takes an available token and a slot:
//
//	go test -run=NONE -bench=Limiter -benchmem ./chat
func BenchmarkLimiter(b *testing.B) {
	l := chat.NewLimiter(1e8)
	b.ReportAllocs()
	for b.Loop() {
		if err := l.Wait(b.Context(), createConnection, chat.PriorityNormal); err != nil {
			b.Fatal(err)
		}
		l.Done(createConnection)
	}
}
