// SPDX-License-Identifier: Apache-2.0

package chat

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// check requires that the membership is checked within seconds.
func (f *fixture) check() {
	f.t.Helper()
	wait := f.conn.dialAt.Sub(f.now)
	require.LessOrEqual(f.t, wait, 3*time.Second)
	require.GreaterOrEqual(f.t, wait, time.Second)
	f.sleep(wait)
	require.Equal(f.t, PriorityNormal, one[startDial](f).priority)
}

// unchecked requires that no dial but the renewal is due.
func (f *fixture) unchecked() {
	f.t.Helper()
	require.Greater(f.t, f.conn.dialAt.Sub(f.now), 10*time.Minute)
}

func TestItemsThatRaiseADoubt(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		id     string
		event  *item
		doubts bool
	}{
		"our own":                            {"me", happened(kindLeft, "me", 0), true},
		"another's":                          {"me", happened(kindLeft, "agent", 0), false},
		"another's while our id is unknown":  {"", happened(kindLeft, "agent", 0), true},
		"a transfer":                         {"me", happened(kindTransferred, "agent", 0), false},
		"a transfer while our id is unknown": {"", happened(kindTransferred, "agent", 0), true},
		"a failed transfer":                  {"", happened(kindNotTransferred, "agent", 0), false},
		"our own joining":                    {"", happened(kindJoined, "me", 0), false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := connected(t, func(o *Options) { o.ParticipantID = test.id })
			require.Equal(t, test.doubts, f.arrive(test.event, f.now), "whether the item wakes the loop")
			if test.doubts {
				f.check()
			} else {
				f.unchecked()
			}
		})
	}
}

func TestRemovedParticipantEndsWithErrRemoved(t *testing.T) {
	t.Parallel()
	for name, event := range map[string]*item{
		"after participant.left": happened(kindLeft, "me", 0), "after a transfer": happened(kindTransferred, "agent", 0),
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
			f.runStep()
			require.ErrorIs(t, f.err(), ErrRemoved)
		})
	}
}

// Another device, or the same participant again, may have joined in the meantime.
func TestReturnedParticipantIsNotRemoved(t *testing.T) {
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
	require.ErrorIs(t, f.end.why.Reason, ErrAccessDenied, "the removal was before the last connection")
}

func TestMembershipIsCheckedUntilTheServiceResponds(t *testing.T) {
	t.Parallel()
	f := connected(t)
	f.arrives(happened(kindTransferred, "agent", 0))
	f.check()
	f.sleep(f.fail(refused))
	require.Equal(t, PriorityNormal, one[startDial](f).priority)
	f.issue()
	f.sleep(f.fail(refused))
	require.Equal(t, PriorityLow, one[startDial](f).priority, "the service issued a token, so we are in the chat")
}

func TestMembershipIsCheckedAtMostEveryTenSeconds(t *testing.T) {
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
	require.LessOrEqual(t, f.conn.dialAt, dialAt, "another doubt doesn't postpone the check")
}

func TestDoubtDuringADialIsCheckedByTheNextDial(t *testing.T) {
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

func TestDoubtWithoutASocketIsCheckedByTheReconnect(t *testing.T) {
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

func TestNoDoubtDuringStartAndLeave(t *testing.T) {
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

func TestDoubtExpeditesARunningRenewal(t *testing.T) {
	t.Parallel()
	f := connected(t, me)
	f.sleep(f.conn.dialAt.Sub(f.now))
	require.Equal(t, PriorityLow, one[startDial](f).priority)
	f.arrives(happened(kindLeft, "me", 0))
	f.sleep(3 * time.Second)
	one[expediteDial](f)
}

func TestDoubtDuringAFailedDialIsCheckedSoon(t *testing.T) {
	t.Parallel()
	f := connected(t, me)
	f.sleep(f.conn.dialAt.Sub(f.now))
	one[startDial](f)
	f.arrives(happened(kindLeft, "me", 0))
	f.sleep(f.fail(refused))
	require.Equal(t, PriorityNormal, one[startDial](f).priority)
}

func TestSecondDoubtDuringTheCheckChangesNothing(t *testing.T) {
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

func TestFailedLeaveThatTookEffectRaisesADoubt(t *testing.T) {
	t.Parallel()
	f := connected(t, me)
	require.NoError(t, f.beginLeave())
	f.arrives(happened(kindLeft, "me", 0))
	require.True(t, f.leaveFailed(f.now))
	f.runStep()
	f.check()
}
