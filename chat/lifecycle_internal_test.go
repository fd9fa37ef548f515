// SPDX-License-Identifier: Apache-2.0

package chat

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestAStateIsResumedWithoutItsText(t *testing.T) {
	t.Parallel()
	before := started(t, 300)
	before.sleep(before.opts.Settle)
	before.reads()
	state := before.inbox.state()

	a := &archive{fixture: newFixture(t), items: before.items}
	a.inbox.restore(&state)
	a.connect()
	_, backward, err := a.readNow()
	require.NoError(t, err)
	require.False(t, backward, "the transcript shows what it showed before")
}

func TestAZeroStateIsStillZeroAfterItsText(t *testing.T) {
	t.Parallel()
	text, err := State{}.MarshalText()
	require.NoError(t, err)
	var read State
	require.NoError(t, read.UnmarshalText(text))
	require.True(t, read.isZero())
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

func TestGiveUpCountsFromTheLoss(t *testing.T) {
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
	f.look()
	require.ErrorIs(t, f.err(), ErrGaveUp)
}

func TestASocketThatDiedEarlyIsNotUsedWhenAnotherEnds(t *testing.T) {
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
	f.lost(old, errTest, f.now) // its close is over
	require.False(t, f.dialed(k, nil, f.now))
}

func TestWhatIsReleasedAtTheEndCountsInTheState(t *testing.T) {
	t.Parallel()
	f := connected(t)
	f.loses()
	f.arrives(said("a", time.Second))
	f.finish(CloseError{Reason: ErrClosed}, f.now)
	require.Equal(t, []string{"a"}, f.messages())
	require.Equal(t, at(time.Second), f.inbox.state().top)
}

func TestAnItemWithoutATimeReleasedAtTheEndIsRememberedAsNew(t *testing.T) {
	t.Parallel()
	f := connected(t)
	f.loses()
	it := said("a", 0)
	it.at = 0
	f.arrives(it)
	f.finish(CloseError{Reason: ErrClosed}, f.now)
	require.Equal(t, f.time().UnixNano(), f.inbox.ledger.seen[it.key].at)
	f.events()
	require.Contains(t, f.inbox.state().entries(), it.key)
}

func TestAnUnreadableFrameDuringThePassForAnotherIsLookedFor(t *testing.T) {
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

func TestTheTokenOfARequestStaysWhatItWas(t *testing.T) {
	t.Parallel()
	c := cursor{start: at(0), token: "first"}
	in := c.forward(100)
	c.follow("second", false, 1)
	require.Equal(t, "first", *in.NextToken)
}

func TestAFailedStartHasNoGap(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	one[startDial](f)
	f.fail(invalid)
	require.False(t, f.end.why.Gap)
}

func TestItemsDoNotWaitForACallerWhileThereIsNoSocket(t *testing.T) {
	t.Parallel()
	f := connected(t)
	f.loses()
	f.reconnect()
	f.events()
	f.arrives(said("a", time.Minute))
	f.fill()
	none[startPass](f) // it waits for the caller
	f.loses()
	f.look()
	f.events() // the caller makes room, but nothing connects
	f.sleep(f.opts.CatchUpWait)
	one[startDial](f)
	require.Equal(t, []string{"a"}, f.messages())
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

func TestASecondLeaveWaitsForItsOwnDeparture(t *testing.T) {
	t.Parallel()
	f := connected(t, me)
	require.NoError(t, f.beginLeave())
	f.arrives(happened(kindLeft, "me", 0))
	require.True(t, f.leaveFailed(f.now))
	f.conn.dialAt = f.now
	f.connect() // the participant is back
	require.NoError(t, f.beginLeave())
	require.False(t, f.end.left)
}

func TestAPassForASilentStreamIsRetried(t *testing.T) {
	t.Parallel()
	f := connected(t)
	f.arrives(chunkOf("streamed", 1, "x"))
	f.sleep(30 * time.Second)
	f.begin(passSettle)
	f.failPass(errTest)
	f.retry()
	f.begin(passSettle)
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
