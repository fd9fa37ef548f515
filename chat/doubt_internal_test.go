// SPDX-License-Identifier: Apache-2.0

package chat

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// me makes the participant's own ID known.
func me(o *Options) { o.ParticipantID = "me" }

// check requires that the service is asked within seconds whether we are still in the chat.
func (f *fixture) check() {
	f.t.Helper()
	wait := f.conn.dialAt.Sub(f.now)
	require.LessOrEqual(f.t, wait, 3*time.Second)
	require.GreaterOrEqual(f.t, wait, time.Second)
	f.sleep(wait)
	require.Equal(f.t, PriorityNormal, one[startDial](f).priority)
}

// unchecked requires that nothing but the renewal is due.
func (f *fixture) unchecked() {
	f.t.Helper()
	require.Greater(f.t, f.conn.dialAt.Sub(f.now), 10*time.Minute)
}

func TestWhoseDepartureIsDoubted(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		id     string
		event  *item
		doubts bool
	}{
		"our own":                        {"me", happened(kindLeft, "me", 0), true},
		"another's":                      {"me", happened(kindLeft, "agent", 0), false},
		"anybody's while we are unknown": {"", happened(kindLeft, "agent", 0), true},
		"a transfer":                     {"me", happened(kindTransferred, "agent", 0), false},
		"a transfer while unknown":       {"", happened(kindTransferred, "agent", 0), true},
		"a failed transfer":              {"", happened(kindNotTransferred, "agent", 0), false},
		"our own joining":                {"", happened(kindJoined, "me", 0), false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := connected(t, func(o *Options) { o.ParticipantID = test.id })
			require.Equal(t, test.doubts, f.arrive(test.event, f.now), "it wakes the loop")
			if test.doubts {
				f.check()
			} else {
				f.unchecked()
			}
		})
	}
}

func TestAParticipantWhoIsTakenOutIsRemoved(t *testing.T) {
	t.Parallel()
	for name, event := range map[string]*item{
		"as it reports": happened(kindLeft, "me", 0), "as a transfer may mean": happened(kindTransferred, "agent", 0),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := connected(t, func(o *Options) {
				if event.kind == kindLeft {
					o.ParticipantID = "me"
				}
			})
			f.arrives(event)
			f.check()
			f.sleep(f.fail(denied))
			require.Equal(t, PriorityNormal, one[startDial](f).priority)
			f.fail(denied)
			require.ErrorIs(t, f.end.why.Reason, ErrRemoved)
			f.pass(passFinal)
			f.look()
			require.ErrorIs(t, f.err(), ErrRemoved)
		})
	}
}

// Another end of ours, or the same participant again, may have joined meanwhile.
func TestAParticipantWhoReturnsIsNotRemoved(t *testing.T) {
	t.Parallel()
	f := connected(t, me)
	f.arrives(happened(kindLeft, "me", 0))
	f.check()
	f.subscribe()
	f.unchecked()
	require.Equal(t, 1, f.stats.Renewals)
	f.loses()
	f.sleep(time.Second)
	one[startDial](f)
	f.sleep(f.fail(denied))
	one[startDial](f)
	f.fail(denied)
	require.ErrorIs(t, f.end.why.Reason, ErrAccessDenied, "that was long ago")
}

func TestTheMembershipIsCheckedUntilTheServiceResponds(t *testing.T) {
	t.Parallel()
	f := connected(t)
	f.arrives(happened(kindTransferred, "agent", 0))
	f.check()
	f.sleep(f.fail(refused))
	require.Equal(t, PriorityNormal, one[startDial](f).priority)
	f.issue()
	f.sleep(f.fail(refused))
	require.Equal(t, PriorityLow, one[startDial](f).priority, "the token was new: we are in the chat")
}

func TestTheMembershipIsNotCheckedMoreThanEveryTenSeconds(t *testing.T) {
	t.Parallel()
	f := connected(t)
	f.arrives(happened(kindTransferred, "agent", 0))
	f.check()
	f.subscribe()
	asked := f.conn.creds.asked
	f.sleep(time.Second)
	f.arrives(happened(kindTransferred, "agent", time.Second))
	require.Equal(t, asked.Add(10*time.Second), f.conn.dialAt)
	dialAt := f.conn.dialAt
	f.sleep(5 * time.Second)
	f.arrives(happened(kindTransferred, "agent", 2*time.Second))
	require.LessOrEqual(t, f.conn.dialAt, dialAt, "another sign doesn't put it off")
}

func TestADoubtDuringADialIsCheckedByTheNext(t *testing.T) {
	t.Parallel()
	f := connected(t, me)
	f.conn.dialAt = f.now
	one[startDial](f)
	f.arrives(happened(kindLeft, "me", 0))
	none[startDial](f)
	f.subscribe()
	f.sleep(10 * time.Second)
	require.Equal(t, PriorityNormal, one[startDial](f).priority)
}

func TestADoubtWithoutASocketIsCheckedByTheReconnect(t *testing.T) {
	t.Parallel()
	f := connected(t)
	f.loses()
	dialAt := f.conn.dialAt
	f.arrives(happened(kindTransferred, "agent", 0))
	require.Equal(t, dialAt, f.conn.dialAt)
	f.sleep(time.Second)
	one[startDial](f)
	f.sleep(f.fail(denied))
	one[startDial](f)
	f.fail(denied)
	require.ErrorIs(t, f.end.why.Reason, ErrRemoved)
}

func TestNobodyDoubtsDuringStartAndLeave(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	one[startDial](f)
	f.arrives(happened(kindTransferred, "agent", 0))
	require.Equal(t, doubtNone, f.conn.doubt)

	f = connected(t, me)
	require.NoError(t, f.beginLeave())
	f.arrives(happened(kindLeft, "me", 0))
	f.unchecked()
	require.True(t, f.end.left)
}

func TestACallsDenialMakesARenewalDue(t *testing.T) {
	t.Parallel()
	f := connected(t)
	f.sleep(30 * time.Second)
	require.True(t, f.requestToken("SendMessage", f.conn.generation, f.now))
	require.Equal(t, PriorityNormal, one[startDial](f).priority)
	f.issue()
	require.True(t, f.requestToken("SendMessage", f.conn.generation-1, f.now), "there is a newer token already")
	require.False(t, f.requestToken("SendMessage", f.conn.generation, f.now), "this one is new")
}

func TestACallsDenialOfANewTokenStands(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		age  time.Duration
		do   func(f *fixture)
		want bool
	}{
		"it is new":               {30*time.Second - 1, func(*fixture) {}, false},
		"it is old":               {30 * time.Second, func(*fixture) {}, true},
		"there is no socket":      {0, func(f *fixture) { f.loses() }, true},
		"Leave is under way":      {0, func(f *fixture) { _ = f.beginLeave() }, true},
		"the session is over":     {time.Hour, func(f *fixture) { f.finish(CloseError{Reason: ErrClosed}, f.now) }, false},
		"the chat has just ended": {time.Hour, func(f *fixture) { f.arrives(happened(kindEnded, "system", 0)) }, false},
	} {
		f := newFixture(t)
		f.connect()
		f.sleep(test.age)
		test.do(f)
		require.Equal(t, test.want, f.requestToken("SendMessage", f.conn.generation, f.now), name)
	}
}

func TestACallsDenialHurriesTheRenewalUnderWay(t *testing.T) {
	t.Parallel()
	f := connected(t)
	f.sleep(f.conn.dialAt.Sub(f.now))
	one[startDial](f)
	require.True(t, f.requestToken("SendMessage", f.conn.generation, f.now))
	one[expediteDial](f)
	f.sleep(f.fail(refused))
	require.Equal(t, PriorityNormal, one[startDial](f).priority, "the call still waits")
}

// silence lets time pass in which nobody answers the pings.
func (f *fixture) silence(d time.Duration, frames bool) {
	f.now = f.now.Add(d)
	if frames {
		f.conn.cur.heartbeat.alive()
	}
}

func TestASilentSocketIsReplaced(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	k := f.connect()
	require.Same(t, k, one[sendHeartbeats](f).socket)
	for f.conn.isUp() {
		f.silence(f.conn.cur.heartbeat.tick.Sub(f.now), false)
		require.LessOrEqual(t, f.now.Sub(began), 2*heartbeatEvery)
		todo, _ := f.look()
		if closing := tasks[closeSocket](todo); len(closing) > 0 {
			require.Same(t, k, closing[0].socket)
			require.Empty(t, tasks[sendHeartbeats](todo))
		}
	}
	require.Less(t, f.conn.dialAt.Sub(f.now), time.Second)
	require.Equal(t, []Event{ConnectionChanged{Cause: errSilent}}, f.events())
}

// An outage of the service behind the gateway must not become a storm of renewals.
func TestASocketWithoutPingsIsReplacedNowAndThen(t *testing.T) {
	t.Parallel()
	f := connected(t)
	var dials []instant
	for f.now.Sub(began) < 12*time.Minute {
		todo, next := f.look()
		if len(tasks[startDial](todo)) > 0 {
			dials = append(dials, f.now)
			f.subscribe()
			_, next = f.look()
		}
		if kind := tasks[startPass](todo); len(kind) > 0 {
			f.complete()
		}
		f.silence(max(next, 1), true)
	}
	require.Len(t, dials, 3)
	require.LessOrEqual(t, dials[0].Sub(began), time.Minute)
	for n := range dials[1:] {
		require.GreaterOrEqual(t, dials[n+1].Sub(dials[n]), 5*time.Minute)
	}
	require.Empty(t, f.events())
}
