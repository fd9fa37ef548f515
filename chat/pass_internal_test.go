// SPDX-License-Identifier: Apache-2.0

package chat

import (
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestPrioritiesOfPasses(t *testing.T) {
	t.Parallel()
	for kind, want := range map[passKind]Priority{
		passFinal: PriorityHigh, passCatchUp: PriorityHigh, passMissed: PriorityNormal, passSettle: PriorityLow,
		passPeriodic: PriorityBackground,
	} {
		require.Equal(t, want, kind.priority(), "kind %d", kind)
	}
}

func TestThePassesOfAStart(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	none[startPass](f)
	f.subscribe()
	f.arrives(said("a", 0))
	f.pass(passCatchUp)
	require.False(t, f.inbox.gap.open, "nothing was lost, so the first pass closes the gap")
	require.Equal(t, []string{"a"}, f.messages())
	none[startPass](f)
	f.sleep(10*time.Second - 1)
	f.runStep() // a heartbeat may be due
	todo, next := f.runStep()
	require.Empty(t, todo)
	require.Equal(t, time.Duration(1), next, "the loop wakes in time")
	f.sleep(1)
	f.pass(passSettle)
	none[startPass](f)
	require.Equal(t, 2, f.stats.Passes)
}

func TestAPassIsMadeEveryThreeMinutes(t *testing.T) {
	t.Parallel()
	for _, every := range []time.Duration{0, time.Minute} {
		f := connected(t, func(o *Options) { o.ReadEvery = every })
		if every == 0 {
			every = 3 * time.Minute
		}
		seen := map[time.Duration]bool{}
		for range 20 {
			wait := f.passes.periodAt.Sub(f.now)
			require.GreaterOrEqual(t, wait, every)
			require.LessOrEqual(t, wait, every*6/5)
			seen[wait] = true
			f.sleep(wait - 1)
			none[startPass](f)
			_, next := f.runStep()
			require.Equal(t, time.Duration(1), next, "the loop wakes in time")
			f.sleep(1)
			f.pass(passPeriodic)
		}
		require.Greater(t, len(seen), 10, "the times are random")
	}
}

func TestCompletePassPostponesThePeriodicPass(t *testing.T) {
	t.Parallel()
	f := connected(t)
	f.sleep(2 * time.Minute)
	f.passes.wanted++
	f.pass(passCatchUp)
	require.GreaterOrEqual(t, f.passes.periodAt.Sub(f.now), 3*time.Minute)
	f.passes.wanted++
	f.begin(passCatchUp)
	f.failPass(errPartial)
	require.GreaterOrEqual(t, f.passes.periodAt.Sub(f.now), 3*time.Minute)
}

// Only a pass that begins after the call of CatchUp shows all earlier items.
func TestCatchUpIsServedByAPassThatBeginsAfterIt(t *testing.T) {
	t.Parallel()
	f := connected(t)
	f.passes.wanted++
	f.begin(passCatchUp)
	f.passes.wanted += 2
	f.complete()
	require.EqualValues(t, 1, f.passes.served)
	f.begin(passCatchUp)
	f.failPass(errTest)
	require.EqualValues(t, 1, f.passes.served)
	f.retry()
	f.begin(passCatchUp)
	f.failPass(errPartial)
	require.EqualValues(t, 1, f.passes.served, "a partial pass is not enough")
	f.begin(passCatchUp)
	f.complete()
	require.EqualValues(t, 3, f.passes.served, "one pass serves all waiting calls")
	none[startPass](f)
}

func TestAnUrgentPassStopsALessUrgentOne(t *testing.T) {
	t.Parallel()
	f := connected(t)
	f.sleep(f.passes.periodAt.Sub(f.now))
	f.begin(passPeriodic)
	none[stopPass](f)
	f.passes.wanted++
	one[stopPass](f)
	f.failPass(errStopped)
	require.False(t, f.passes.running)
	require.Zero(t, f.passes.failures)
	f.begin(passCatchUp)
	f.sleep(time.Millisecond)
	f.passes.requestSoon(f.now)
	none[stopPass](f)
	f.complete()
	f.begin(passMissed)
	f.complete()
}

func TestAPassOfTheSamePriorityIsNotStopped(t *testing.T) {
	t.Parallel()
	f := connected(t)
	f.passes.wanted++
	f.begin(passCatchUp)
	f.passes.wanted++
	none[stopPass](f)
}

func TestFailedPassesBackOff(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		err   error
		first time.Duration
		last  time.Duration
	}{
		"a failure":     {errTest, time.Second, 30 * time.Second},
		"endless pages": {errStuck, 8 * time.Second, 5 * time.Minute},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := connected(t)
			fail := func(failures int32) func() time.Duration {
				return func() time.Duration {
					f.passes.failures, f.passes.retryAt = failures, 0
					f.passes.wanted++
					f.begin(passCatchUp)
					return f.failPass(test.err)
				}
			}
			most := longest(100, fail(0))
			require.LessOrEqual(t, most, test.first)
			require.Greater(t, most, test.first/2)
			most = longest(100, fail(30))
			require.LessOrEqual(t, most, test.last)
			require.Greater(t, most, test.last/2)
			f.retry()
			f.begin(passCatchUp)
			f.complete()
			require.Zero(t, f.passes.failures)
		})
	}
}

func TestNoPassBeginsDuringTheBackOff(t *testing.T) {
	t.Parallel()
	f := connected(t)
	f.passes.wanted++
	f.begin(passCatchUp)
	f.failPass(errTest)
	f.passes.retryAt = f.now.Add(time.Second)
	todo, next := f.runStep()
	require.Empty(t, tasks[startPass](todo))
	require.LessOrEqual(t, next, time.Second)
	require.NotEqual(t, nothing, next)
	f.sleep(time.Second)
	f.begin(passCatchUp)
	f.failPass(errTest)
	f.passes.retryAt = f.now.Add(time.Hour)
	f.loses()
	f.reconnect()
	f.begin(passCatchUp) // a new connection resets the back-off
	require.Zero(t, f.passes.failures)
}

func TestPartialPassResetsTheFailures(t *testing.T) {
	t.Parallel()
	f := connected(t)
	f.passes.wanted, f.passes.failures = 1, 5
	f.begin(passCatchUp)
	require.Zero(t, f.failPass(errPartial))
	require.Zero(t, f.passes.failures)
	f.begin(passCatchUp)
}

// Live items wait for failing passes no longer than CatchUpWait.
func TestHeldItemsAreReleasedWhilePassesFail(t *testing.T) {
	t.Parallel()
	f := connected(t)
	f.loses()
	f.reconnect()
	f.arrives(said("a", time.Minute))
	arrived := f.now
	for len(f.messages()) == 0 {
		todo, next := f.runStep()
		if len(tasks[startPass](todo)) > 0 {
			f.failPass(errTest)
			_, next = f.runStep()
		}
		require.LessOrEqual(t, f.now.Sub(arrived), 30*time.Second)
		f.sleep(min(max(next, 1), arrived.Add(30*time.Second).Sub(f.now)))
		f.runStep()
	}
	require.Equal(t, 30*time.Second, f.now.Sub(arrived))
	require.True(t, f.inbox.gap.open)
}

func TestPassesAreMadeOnlyWithASocket(t *testing.T) {
	t.Parallel()
	f := connected(t)
	f.passes.wanted++
	f.loses()
	none[startPass](f)
	f.reconnect()
	f.begin(passCatchUp)
	f.loses()
	f.failPass(errTest)
	require.Zero(t, f.passes.retryAt, "the reconnect starts the next pass")
}

func TestAPassWaitsForTheCaller(t *testing.T) {
	t.Parallel()
	f := connected(t)
	f.loses()
	f.reconnect()
	f.events()
	f.arrives(said("a", time.Minute))
	f.fill()
	none[startPass](f)
	require.True(t, f.inbox.hold.blocked)
	f.sleep(time.Hour)
	none[startPass](f)
	require.Len(t, f.inbox.hold.items, 1, "waiting for the caller doesn't count")
	require.Empty(t, f.messages())
	f.pass(passCatchUp)
	require.Equal(t, []string{"a"}, f.messages())
}

func TestLastPassDoesNotWaitForTheCaller(t *testing.T) {
	t.Parallel()
	f := connected(t)
	f.fill()
	_, ok := f.admitPage(passCatchUp, f.now)
	require.False(t, ok)
	_, ok = f.admitPage(passFinal, f.now)
	require.True(t, ok)
}

func TestPassesForUnreadableFramesAreSpaced(t *testing.T) {
	t.Parallel()
	f := connected(t)
	f.passes.requestSoon(f.now)
	f.passes.requestSoon(f.now)
	f.begin(passMissed)
	f.complete()
	none[startPass](f)
	f.sleep(time.Second)
	f.passes.requestSoon(f.now)
	f.sleep(4*time.Second - 1)
	none[startPass](f)
	f.sleep(1)
	f.begin(passMissed)
	f.failPass(errTest)
	f.retry()
	f.begin(passMissed)
	f.complete()
	none[startPass](f)
	f.sleep(time.Minute)
	f.passes.requestSoon(f.now)
	f.begin(passMissed)
}

func TestPassesForASlowCallerBeginOnceASecond(t *testing.T) {
	t.Parallel()
	f := connected(t)
	overflow := func() {
		for !f.inbox.queue.full() {
			f.inbox.queue.push(queued{event: Typing{}})
		}
		f.arrives(said("discarded", 0))
		require.True(t, f.inbox.behind)
		none[startPass](f)
		f.events()
	}
	overflow()
	f.arrives(said("also discarded", 0))
	require.Equal(t, 2, f.stats.Behind)
	f.begin(passMissed)
	require.False(t, f.inbox.behind)
	f.arrives(said("during the pass", 0))
	require.Empty(t, f.messages())
	f.complete()
	require.Equal(t, []string{"during the pass"}, f.messages())
	require.True(t, f.inbox.gap.open)
	f.sleep(time.Second / 2)
	overflow()
	none[startPass](f)
	f.sleep(time.Second/2 - 1)
	none[startPass](f)
	f.sleep(1)
	f.begin(passMissed)
}

func TestItemsDoNotWaitForeverForPassesThatFail(t *testing.T) {
	t.Parallel()
	f := connected(t, rarely)
	f.inbox.discard(f.now)
	f.begin(passMissed)
	f.failPass(errTest)
	f.passes.retryAt = f.now.Add(time.Hour)
	f.arrives(said("a", time.Minute))
	require.Empty(t, f.messages())
	f.sleep(f.opts.CatchUpWait)
	f.runStep()
	f.arrives(said("b", time.Hour))
	require.Equal(t, []string{"a", "b"}, f.messages(), "a later item doesn't wait")
}

func TestPassDoesNotReleaseItemsHeldAfterALaterLoss(t *testing.T) {
	t.Parallel()
	f := connected(t)
	f.passes.wanted++
	f.begin(passCatchUp)
	before := f.inbox.mark()
	f.inbox.lose()
	f.arrives(said("a", time.Minute))
	f.passEnded(&reading{mark: before}, nil, f.now)
	require.Empty(t, f.messages())
	f.pass(passCatchUp)
	require.Equal(t, []string{"a"}, f.messages())
}

func TestASilentStreamMakesAPassDueOnce(t *testing.T) {
	t.Parallel()
	f := connected(t)
	it := said("streamed", 0)
	it.partial, it.chunk = true, 1
	f.arrives(it)
	f.sleep(30*time.Second - 1)
	none[startPass](f)
	f.sleep(1)
	f.begin(passSettle)
	f.complete()
	f.sleep(time.Minute)
	none[startPass](f)
}

func TestAPassThatEndsAfterTheSessionIsNotRetried(t *testing.T) {
	t.Parallel()
	f := connected(t)
	f.passes.wanted++
	f.begin(passCatchUp)
	f.finish(CloseError{Reason: ErrClosed}, f.now)
	require.Zero(t, f.failPass(errors.New("whatever")))
	require.Zero(t, f.passes.failures)
}

// Items that were discarded for a slow caller are older than those that arrive afterwards.
func TestPassThatEndsWhileTheCallerIsBehindReleasesNothing(t *testing.T) {
	t.Parallel()
	f := connected(t)
	f.passes.wanted++
	f.begin(passCatchUp)
	for !f.inbox.queue.full() {
		f.inbox.queue.push(queued{event: Typing{}})
	}
	f.arrives(said("discarded", time.Minute))
	f.complete()
	f.events()
	f.sleep(time.Second)
	f.begin(passMissed)
	f.arrives(said("live", time.Minute+time.Second))
	require.Empty(t, f.messages(), "an older item is still missing")
	f.shows(said("discarded", time.Minute))
	f.complete()
	require.Equal(t, []string{"discarded", "live"}, f.messages())
	require.Zero(t, f.stats.Late)
}

func TestUnreadableFrameDuringAPassMakesAnotherDue(t *testing.T) {
	t.Parallel()
	f := connected(t)
	f.unreadable(f.now)
	f.begin(passMissed)
	f.sleep(time.Second)
	f.unreadable(f.now)
	f.complete()
	f.sleep(5 * time.Second)
	f.begin(passMissed)
}

func TestHeldItemsDoNotWaitForTheCallerWithoutASocket(t *testing.T) {
	t.Parallel()
	f := connected(t)
	f.loses()
	f.reconnect()
	f.events()
	f.arrives(said("a", time.Minute))
	f.fill()
	none[startPass](f) // the pass waits for the caller
	f.loses()
	f.runStep()
	f.events() // the caller makes room, but no socket is open
	f.sleep(f.opts.CatchUpWait)
	one[startDial](f)
	require.Equal(t, []string{"a"}, f.messages())
}

// overflow makes the caller so slow that an item is discarded. Then the caller makes room.
func (f *fixture) overflow() {
	f.t.Helper()
	for !f.inbox.queue.full() {
		f.inbox.queue.push(queued{event: Typing{}})
	}
	f.arrives(said("discarded", 0))
	require.True(f.t, f.inbox.behind)
	f.events()
}

func TestAPassForASlowCallerIsNotReplaced(t *testing.T) {
	t.Parallel()
	f := connected(t)
	f.overflow()
	f.begin(passMissed)
	none[stopPass](f)
	f.failPass(errTest)
	f.retry()
	f.begin(passMissed)
	none[stopPass](f)
	f.loses()
	f.reconnect()
	one[stopPass](f)
	f.failPass(errStopped)
	f.overflow()
	f.sleep(time.Second)
	f.begin(passCatchUp)
	none[stopPass](f)
	f.complete()
	f.overflow()
	f.sleep(time.Second)
	f.begin(passMissed)
}
