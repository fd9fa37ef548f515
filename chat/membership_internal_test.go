// SPDX-License-Identifier: Apache-2.0

package chat

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

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

func TestADoubtHurriesTheRenewalUnderWay(t *testing.T) {
	t.Parallel()
	f := connected(t, me)
	f.sleep(f.conn.dialAt.Sub(f.now))
	require.Equal(t, PriorityLow, one[startDial](f).priority)
	f.arrives(happened(kindLeft, "me", 0))
	f.sleep(3 * time.Second)
	one[expediteDial](f)
}

func TestADoubtDuringADialThatFailsIsCheckedSoon(t *testing.T) {
	t.Parallel()
	f := connected(t, me)
	f.sleep(f.conn.dialAt.Sub(f.now))
	one[startDial](f)
	f.arrives(happened(kindLeft, "me", 0))
	f.sleep(f.fail(refused))
	require.Equal(t, PriorityNormal, one[startDial](f).priority)
}

func TestASecondSignDuringTheCheckChangesNothing(t *testing.T) {
	t.Parallel()
	f := connected(t)
	f.arrives(happened(kindTransferred, "agent", 0))
	f.check()
	f.sleep(f.fail(denied))
	one[startDial](f)
	f.arrives(happened(kindLeft, "agent", 0))
	f.fail(denied)
	require.ErrorIs(t, f.end.why.Reason, ErrRemoved)
}

func TestAParticipantWhoLeftAlthoughLeaveFailedIsChecked(t *testing.T) {
	t.Parallel()
	f := connected(t, me)
	require.NoError(t, f.beginLeave())
	f.arrives(happened(kindLeft, "me", 0))
	require.True(t, f.leaveFailed(f.now))
	f.look()
	f.check()
}
