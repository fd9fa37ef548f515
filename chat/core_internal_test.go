// SPDX-License-Identifier: Apache-2.0

package chat

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestFinishDeliversHeldItems(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.connect()
	f.arrives(said("b", time.Second))
	f.arrives(said("a", 0))
	require.Empty(t, f.messages(), "the items wait for the first pass")
	f.finish(CloseError{Reason: ErrClosed}, f.now)
	require.Equal(t, []string{"a", "b"}, f.messages())
	f.finish(CloseError{Reason: ErrLeft}, f.now)
	require.ErrorIs(t, f.err(), ErrClosed, "the first reason counts")
}

func TestFinishSetsTheGap(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		why       CloseError
		open, gap bool
	}{
		"no gap is open":           {CloseError{Reason: ErrLeft}, false, false},
		"the reason has a gap":     {CloseError{Reason: ErrLeft, Gap: true}, false, true},
		"a gap is open":            {CloseError{Reason: ErrLeft}, true, true},
		"never with ErrClosed":     {CloseError{Reason: ErrClosed, Gap: true}, true, false},
		"a gap is open at give-up": {CloseError{Reason: ErrGaveUp}, true, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := connected(t)
			if test.open {
				f.inbox.lose()
			}
			f.finish(test.why, f.now)
			var closed *CloseError
			require.ErrorAs(t, f.err(), &closed)
			require.Equal(t, test.gap, closed.Gap)
		})
	}
}

func TestNothingIsDueAfterTheEnd(t *testing.T) {
	t.Parallel()
	f := connected(t)
	require.NoError(t, f.err())
	f.finish(CloseError{Reason: ErrClosed}, f.now)
	require.NoError(t, f.startErr(), "the session had started")
	one[closeSocket](f)
	f.sleep(time.Hour)
	todo, next := f.runStep()
	require.Empty(t, todo)
	require.Equal(t, nothing, next)
	require.False(t, f.receive(nil, &frame{topic: topicChat, unreadable: true}, nil, f.now))
	require.Zero(t, f.stats.Unreadable)
}

func TestFinishBeforeTheStart(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	require.NoError(t, f.startErr())
	f.finish(CloseError{Reason: ErrGaveUp}, f.now)
	require.ErrorIs(t, f.startErr(), ErrGaveUp)
}

func TestUnreadableFrameOpensAGap(t *testing.T) {
	t.Parallel()
	f := connected(t)
	k := f.conn.cur.socket
	require.True(t, f.receive(k, &frame{topic: topicChat, unreadable: true}, nil, f.now))
	require.Equal(t, 1, f.stats.Unreadable)
	require.True(t, f.inbox.gap.open)
	f.pass(passMissed)
	require.True(t, f.inbox.gap.open, "the transcript may show the item later")
	f.sleep(f.opts.Settle)
	f.pass(passSettle)
	require.False(t, f.inbox.gap.open)
}

func TestFrameWakesTheLoopOnlyIfSomethingIsDue(t *testing.T) {
	t.Parallel()
	f := connected(t)
	k := f.conn.cur.socket
	require.False(t, f.receive(k, &frame{topic: topicHeartbeat}, nil, f.now))
	require.False(t, f.receive(k, &frame{topic: topicPing, statusCode: 200}, nil, f.now))
	require.True(t, f.receive(k, &frame{topic: topicPing, statusCode: 500}, nil, f.now))
	require.False(t, f.receive(k, &frame{topic: topicChat}, said("a", 0), f.now), "the item is in the queue")
	require.True(t, f.receive(k, &frame{topic: topicChat}, happened(kindEnded, "system", 0), f.now))
}

func TestAHeldItemWakesTheLoop(t *testing.T) {
	t.Parallel()
	f := connected(t, func(o *Options) { o.HoldBack = time.Second })
	require.True(t, f.arrive(said("a", 0), f.now))
	_, next := f.runStep()
	require.LessOrEqual(t, next, time.Second)
	require.Empty(t, f.messages())
	f.sleep(time.Second)
	f.runStep()
	require.Equal(t, []string{"a"}, f.messages())
}

func TestManyNewItemsMakeAPassDue(t *testing.T) {
	t.Parallel()
	f := connected(t)
	for n := range 512 {
		due := f.arrive(said(string(rune('a'+n)), time.Minute), f.now)
		require.Equal(t, n == 512-1, due, "item %d", n)
		f.events()
	}
	f.pass(passSettle)
	require.Zero(t, f.inbox.ledger.fresh)
}

func TestTakingEventsWakesAWaitingPass(t *testing.T) {
	t.Parallel()
	f := connected(t)
	for range maxQueued/2 + 2 {
		f.inbox.queue.push(queued{event: Typing{}})
	}
	f.passes.wanted++
	none[startPass](f)
	_, wake := f.takeEvent()
	require.False(t, wake, "more than half of the queue is full")
	_, wake = f.takeEvent()
	require.True(t, wake)
	f.begin(passCatchUp)
	_, wake = f.takeEvent()
	require.False(t, wake, "no pass waits")
}

func TestFailedStartHasNoGap(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	one[startDial](f)
	f.fail(invalid)
	require.False(t, f.end.why.Gap)
}
