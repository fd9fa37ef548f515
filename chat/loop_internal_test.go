// SPDX-License-Identifier: Apache-2.0

package chat

import (
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

// run is one run of the loop.
type run struct {
	next time.Duration // until the deadline that it returns; 0 means none
	wake bool          // the loop is woken during the run
	over bool
}

// looping returns a loop with these runs, in virtual time, and the times at which they ran.
func looping(t *testing.T, runs ...run) (l *loop, ran *[]time.Duration) {
	t.Helper()
	var wg sync.WaitGroup
	begun := now()
	ran = new([]time.Duration)
	l = &loop{wg: &wg}
	l.step = func(at instant) (instant, bool) {
		require.Less(t, len(*ran), len(runs), "a run too many, after %v", at.Sub(begun))
		r := runs[len(*ran)]
		*ran = append(*ran, at.Sub(begun))
		if r.wake {
			l.wake()
			l.wake()
		}
		if r.next == 0 {
			return 0, r.over
		}
		return at.Add(r.next), r.over
	}
	t.Cleanup(wg.Wait)
	return l, ran
}

// rest sleeps, and waits until all goroutines are idle.
func rest(d time.Duration) {
	<-time.After(d)
	synctest.Wait()
}

func TestTheLoopRunsAtItsDeadline(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l, ran := looping(t, run{next: time.Second}, run{next: time.Minute}, run{})
		synctest.Wait()
		require.Empty(t, *ran, "the loop waits until it is woken")
		l.wake()
		rest(time.Hour)
		require.Equal(t, []time.Duration{0, time.Second, 61 * time.Second}, *ran)
	})
}

func TestWakeDuringARunCausesAnotherRun(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l, ran := looping(t, run{wake: true, next: time.Second}, run{next: time.Hour})
		l.wake()
		rest(time.Minute)
		require.Equal(t, []time.Duration{0, 0}, *ran, "the first deadline is replaced")
		l.timer.Stop()
	})
}

func TestWakeReplacesTheDeadline(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l, ran := looping(t, run{next: time.Minute}, run{}, run{next: time.Second}, run{})
		l.wake()
		rest(time.Second)
		l.wake()
		rest(time.Hour)
		l.wake()
		rest(time.Hour)
		hour := time.Hour + time.Second
		require.Equal(t, []time.Duration{0, time.Second, hour, hour + time.Second}, *ran)
	})
}

func TestLoopDoesNotRunAfterTheEnd(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l, ran := looping(t, run{next: time.Minute}, run{wake: true, over: true, next: time.Second})
		l.wake()
		rest(time.Hour)
		l.wake()
		rest(time.Hour)
		require.Equal(t, []time.Duration{0, time.Minute}, *ran)
	})
}

func TestLoopLeavesNoTimerAfterTheEnd(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l, ran := looping(t, run{next: time.Minute}, run{over: true, next: time.Hour})
		l.wake()
		rest(2 * time.Minute)
		require.Len(t, *ran, 2)
		require.False(t, l.timer.Stop())
	})
}

func TestADeadlineThatHasPassedIsDueImmediately(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l, ran := looping(t, run{next: -time.Minute}, run{})
		l.wake()
		rest(time.Minute)
		require.Equal(t, []time.Duration{0, 0}, *ran)
	})
}

func TestLoopRunsOneStepAtATime(t *testing.T) {
	t.Parallel()
	var wg sync.WaitGroup
	running := 0
	l := &loop{wg: &wg, step: func(instant) (instant, bool) {
		running++ // the race detector reports concurrent runs
		require.Equal(t, 1, running)
		running--
		return 0, false
	}}
	var wakers sync.WaitGroup
	for range 8 {
		wakers.Go(func() {
			for range 100 {
				l.wake()
			}
		})
	}
	wakers.Wait()
	wg.Wait()
	require.Zero(t, running)
}
