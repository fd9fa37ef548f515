// SPDX-License-Identifier: Apache-2.0

package chat

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/participant-go/connectparticipant/types"
)

func TestTheFirstDialIsDueImmediately(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	start := one[startDial](f)
	require.Equal(t, PriorityHigh, start.priority)
	require.Zero(t, start.urgentAt)
	require.Equal(t, phaseStarting, f.phase)
	f.sleep(time.Hour)
	none[startDial](f)
	f.subscribe()
	require.Equal(t, phaseLive, f.phase)
	require.Zero(t, f.stats.Reconnects)
	require.Zero(t, f.stats.Renewals)
	require.Empty(t, f.events(), "the first connection is not a change")
}

func TestARenewalIsDueInTime(t *testing.T) {
	t.Parallel()
	f := connected(t, rarely)
	f.sleep(f.conn.dialAt.Sub(f.now) - 1)
	none[startDial](f)
	f.sleep(1)
	start := one[startDial](f)
	require.Equal(t, PriorityLow, start.priority)
	require.Equal(t, began.Add(58*time.Minute), start.urgentAt, "two minutes before the socket expires")
	old := f.conn.cur.socket
	f.subscribe()
	require.Equal(t, 1, f.stats.Renewals)
	require.Zero(t, f.stats.Reconnects)
	require.False(t, f.inbox.hold.catchingUp, "both sockets were subscribed")
	require.False(t, f.inbox.gap.open)
	require.Same(t, old, f.conn.old.socket, "the old socket is read for a moment")
	require.NotNil(t, f.conn.heartbeatOf(old))
	f.sleep(2*time.Second - 1)
	none[closeSocket](f)
	f.sleep(1)
	require.Same(t, old, one[closeSocket](f).socket)
	require.Nil(t, f.conn.heartbeatOf(old))
	f.sleep(f.opts.Settle - 2*time.Second)
	f.begin(passSettle)
}

func TestARenewalOfASocketOfUnknownLife(t *testing.T) {
	t.Parallel()
	f := connected(t)
	f.conn.creds.life = 0
	f.sleep(f.conn.dialAt.Sub(f.now))
	require.Zero(t, one[startDial](f).urgentAt)
}

// Pushes may have been lost while the old socket didn't respond.
func TestARenewalOfASocketThatMayBeDeadOpensAGap(t *testing.T) {
	t.Parallel()
	f := connected(t, rarely)
	f.sleep(f.conn.dialAt.Sub(f.now))
	one[startDial](f)
	require.NotZero(t, f.conn.cur.heartbeat.unackedSince, "a heartbeat was sent")
	f.subscribe()
	require.True(t, f.inbox.gap.open)
	f.sleep(f.opts.Settle)
	f.pass(passSettle)
	require.False(t, f.inbox.gap.open)
}

func TestThirdSocketClosesTheFirst(t *testing.T) {
	t.Parallel()
	f := connected(t)
	first := f.conn.cur.socket
	for range 2 {
		f.conn.dialAt = f.now
		one[startDial](f)
		f.subscribe()
	}
	require.Same(t, first, one[closeSocket](f).socket)
	f.finish(CloseError{Reason: ErrClosed}, f.now)
	todo, _ := f.runStep()
	require.Len(t, tasks[closeSocket](todo), 2)
}

func TestALossIsFollowedByADialWithinASecond(t *testing.T) {
	t.Parallel()
	f := connected(t)
	wait := f.loses()
	require.Less(t, wait, time.Second)
	require.GreaterOrEqual(t, wait, time.Duration(0))
	require.Equal(t, []Event{ConnectionChanged{Cause: errTest}}, f.events())
	require.True(t, f.inbox.gap.open)
	f.sleep(wait)
	require.Equal(t, PriorityNormal, one[startDial](f).priority)
	f.subscribe()
	require.Equal(t, []Event{ConnectionChanged{Connected: true}}, f.events())
	require.Equal(t, 1, f.stats.Reconnects)
	f.pass(passCatchUp)
	require.True(t, f.inbox.gap.open, "the settle pass closes it")
	f.sleep(f.opts.Settle)
	f.pass(passSettle)
	require.False(t, f.inbox.gap.open)
}

func TestLossOfTheReplacedSocketIsIgnored(t *testing.T) {
	t.Parallel()
	f := connected(t)
	old := f.conn.cur.socket
	f.conn.dialAt = f.now
	one[startDial](f)
	f.subscribe()
	f.lost(old, errTest, f.now)
	require.Empty(t, f.events())
	require.True(t, f.conn.isUp())
	f.sleep(2 * time.Second)
	none[closeSocket](f)
}

// longest returns the longest of many random waits.
func longest(n int, wait func() time.Duration) (most time.Duration) {
	for range n {
		most = max(most, wait())
	}
	return most
}

func TestFailedDialsBackOff(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.runStep()
	for _, bound := range []time.Duration{500 * time.Millisecond, time.Second, 2 * time.Second} {
		attempts := f.conn.attempts
		most := longest(100, func() time.Duration {
			f.conn.attempts = attempts
			return f.fail(refused)
		})
		require.LessOrEqual(t, most, bound)
		require.Greater(t, most, bound/2)
		none[startDial](f)
		f.sleep(bound)
		one[startDial](f)
	}
	most := longest(200, func() time.Duration { return f.fail(refused) })
	require.LessOrEqual(t, most, 30*time.Second)
	require.Greater(t, most, 15*time.Second)
}

// A socket that is lost soon after it was subscribed doesn't reset the back-off.
func TestBackOffIsResetByAStableSocket(t *testing.T) {
	t.Parallel()
	for lived, attempts := range map[time.Duration]int32{0: 9, 30*time.Second - 1: 9, 30 * time.Second: 1} {
		f := newFixture(t)
		f.connect()
		f.conn.attempts = 8
		f.sleep(lived)
		f.loses()
		require.Equal(t, attempts, f.conn.attempts, "after %v", lived)
	}
}

func TestFailedRenewalKeepsTheSocket(t *testing.T) {
	t.Parallel()
	f := connected(t)
	f.sleep(f.conn.dialAt.Sub(f.now))
	one[startDial](f)
	wait := f.fail(refused)
	require.True(t, f.conn.isUp())
	require.Empty(t, f.events())
	f.sleep(wait)
	require.Equal(t, PriorityLow, one[startDial](f).priority)
}

func TestLossExpeditesARunningRenewal(t *testing.T) {
	t.Parallel()
	f := connected(t)
	f.conn.dialAt = f.now
	one[startDial](f)
	none[expediteDial](f)
	f.loses()
	one[expediteDial](f)
	none[expediteDial](f)
	none[startDial](f)
}

func TestSocketLostDuringItsDialIsNotAttached(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	one[startDial](f)
	f.issue()
	k := &socket{}
	k.over.Store(true)
	f.lost(k, errTest, f.now)
	require.False(t, f.dialed(k, nil, f.now))
	require.False(t, f.conn.isUp())
	require.ErrorIs(t, f.conn.failure, errLostEarly)
	f.sleep(time.Second)
	f.connect()
	require.True(t, f.conn.isUp())
	f.lost(&socket{}, errTest, f.now)
	require.True(t, f.conn.isUp(), "the lost socket was not the current one")
}

func TestErrorsThatEndStart(t *testing.T) {
	t.Parallel()
	incomplete := &dialError{step: createConnection, err: errIncomplete, atCreate: true}
	unsent := &dialError{step: createConnection, err: errTest, atCreate: true}
	for name, test := range map[string]struct {
		err  error
		ends bool
	}{
		"ValidationException":                {invalid, true},
		"ResourceNotFoundException":          {missing, true},
		"one denial":                         {denied, false},
		"a refused socket":                   {refused, false},
		"an incomplete response":             {incomplete, false},
		"a request that wasn't sent":         {unsent, true},
		"a denial in another step":           {&dialError{step: "dial", err: &types.AccessDeniedException{}}, false},
		"an invalid request in another step": {&dialError{step: "dial", err: &types.ValidationException{}}, false},
	} {
		f := newFixture(t)
		one[startDial](f)
		f.fail(test.err)
		require.Equal(t, test.ends, f.phase == phaseOver, name)
		if test.ends {
			require.ErrorIs(t, f.startErr(), ErrGaveUp, name)
		}
	}
}

func TestARejectedRequestEndsALiveSession(t *testing.T) {
	t.Parallel()
	for _, err := range []error{invalid, missing} {
		f := connected(t)
		f.loses()
		f.sleep(time.Second)
		one[startDial](f)
		f.fail(err)
		require.ErrorIs(t, f.err(), ErrGaveUp)
		require.ErrorIs(t, f.err(), err)
		require.True(t, f.end.why.Gap)
	}
}

func TestTwoDenialsEndASession(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	one[startDial](f)
	wait := f.fail(denied)
	require.GreaterOrEqual(t, wait, time.Second)
	require.LessOrEqual(t, wait, 3*time.Second)
	require.Zero(t, f.conn.attempts, "a denial is not a reason to back off")
	f.sleep(wait)
	one[startDial](f)
	f.fail(denied)
	require.Equal(t, phaseEnding, f.phase)
	f.runStep()
	require.ErrorIs(t, f.startErr(), ErrAccessDenied)
}

func TestConnectionResetsTheDenials(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	one[startDial](f)
	f.sleep(f.fail(denied))
	one[startDial](f)
	f.issue()
	f.sleep(f.fail(refused))
	one[startDial](f)
	f.fail(denied)
	require.Equal(t, phaseStarting, f.phase)
}

func TestOneDenialDuringLeaveEndsASession(t *testing.T) {
	t.Parallel()
	f := connected(t)
	require.NoError(t, f.beginLeave())
	f.loses()
	f.sleep(time.Second)
	one[startDial](f)
	f.fail(denied)
	f.runStep()
	require.ErrorIs(t, f.err(), ErrLeft)
}

func TestGiveUpAfterDoesNotCountTheLimiter(t *testing.T) {
	t.Parallel()
	f := connected(t, func(o *Options) { o.GiveUpAfter = time.Minute })
	f.loses()
	f.sleep(time.Second)
	one[startDial](f)
	f.conn.beginWait(f.now)
	f.sleep(time.Hour)
	_, next := f.runStep()
	require.Equal(t, nothing, next)
	f.conn.endWait(f.now)
	_, next = f.runStep()
	require.Equal(t, 59*time.Second, next)
	f.fail(refused)
	f.sleep(59*time.Second - 1)
	f.runStep()
	require.NoError(t, f.err())
	f.sleep(1)
	f.runStep()
	require.ErrorIs(t, f.err(), ErrGaveUp)
	require.ErrorIs(t, f.err(), errTest)
	require.True(t, f.end.why.Gap)
}

func TestSessionsDoNotGiveUpByDefault(t *testing.T) {
	t.Parallel()
	f := connected(t)
	f.loses()
	f.sleep(time.Second)
	one[startDial](f)
	f.sleep(1000 * time.Hour)
	_, next := f.runStep()
	require.Equal(t, nothing, next)
	require.NoError(t, f.err())
}

func TestASessionWithASocketDoesNotGiveUp(t *testing.T) {
	t.Parallel()
	f := connected(t, func(o *Options) { o.GiveUpAfter = time.Minute })
	f.sleep(30 * time.Minute)
	f.runStep()
	require.NoError(t, f.err())
}

func TestSocketDialedAfterTheEndIsNotAttached(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	one[startDial](f)
	f.finish(CloseError{Reason: ErrClosed}, f.now)
	require.False(t, f.dialed(&socket{}, nil, f.now))
	f.fail(context.Canceled)
	require.ErrorIs(t, f.conn.failure, context.Canceled, "the first cancellation is kept")
	f.fail(refused)
	require.ErrorIs(t, f.conn.failure, errTest)
	f.fail(context.Canceled)
	require.ErrorIs(t, f.conn.failure, errTest, "a cancellation doesn't replace another error")
}

func TestQueuedConnectionChangedIsReplaced(t *testing.T) {
	t.Parallel()
	f := connected(t)
	for range 5 {
		f.loses()
		f.reconnect()
	}
	require.Equal(t, []Event{ConnectionChanged{Connected: true}}, f.events())
	f.loses()
	f.inbox.queue.push(queued{event: Typing{}})
	f.reconnect()
	require.Len(t, f.events(), 3)
}

func TestDeadSocketIsNotAttachedWhenAnotherWasLost(t *testing.T) {
	t.Parallel()
	c := newTestCore()
	old := goLive(c)
	c.lost(old, errSilent, now()) // found dead by its heartbeats
	c.conn.dial = dialRunning
	fresh := &socket{}
	fresh.over.Store(true)
	c.lost(fresh, errors.New("reset"), now()) // lost before its dial has ended
	c.lost(old, errors.New("closed"), now())  // the reader of the old socket ends
	require.False(t, c.dialed(fresh, nil, now()), "a dead socket was attached")
}

func TestDeadSocketIsNotAttachedWhenAnotherWasReplaced(t *testing.T) {
	t.Parallel()
	f := connected(t)
	old := f.conn.cur.socket
	f.conn.dialAt = f.now
	one[startDial](f)
	f.subscribe()
	f.sleep(drainTime)
	require.Same(t, old, one[closeSocket](f).socket)
	f.conn.dialAt = f.now
	one[startDial](f)
	f.issue()
	k := &socket{}
	k.over.Store(true)
	f.lost(k, errTest, f.now)
	f.lost(old, errTest, f.now) // the old socket is closed
	require.False(t, f.dialed(k, nil, f.now))
}

func TestGiveUpAfterCountsALimiterWaitBeforeTheLoss(t *testing.T) {
	t.Parallel()
	c := newTestCore(func(o *Options) { o.GiveUpAfter = time.Minute })
	k := goLive(c)
	begun := now()
	c.conn.dial = dialRunning
	c.conn.beginWait(begun) // a renewal waits for the Limiter for ten minutes while the socket lives
	lost := begun.Add(10 * time.Minute)
	c.lost(k, errSilent, lost)
	c.conn.endWait(lost) // the renewal is admitted at the moment of the loss
	c.dialed(nil, errors.New("no route"), lost)
	var d deadline
	c.stepGiveUp(lost.Add(2*time.Minute), &d)
	require.Equal(t, phaseOver, c.phase, "it would give up only in %v", d.Sub(lost))
}

func TestGiveUpAfterCountsFromTheLoss(t *testing.T) {
	t.Parallel()
	f := connected(t, func(o *Options) { o.GiveUpAfter = time.Minute })
	f.sleep(f.conn.dialAt.Sub(f.now))
	one[startDial](f)
	f.conn.beginWait(f.now)
	f.sleep(5 * time.Minute)
	f.conn.endWait(f.now)
	f.fail(refused)
	f.loses()
	f.sleep(time.Minute)
	f.runStep()
	require.ErrorIs(t, f.err(), ErrGaveUp)
}
