// SPDX-License-Identifier: Apache-2.0

package chat

import (
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/stretchr/testify/require"

	"github.com/participant-go/connectparticipant/types"
)

// chatEnds makes chat.ended arrive.
func (f *fixture) chatEnds() { f.arrives(happened(kindEnded, "system", time.Minute)) }

// over requires that the session is over, and returns why.
func (f *fixture) over() *CloseError {
	f.t.Helper()
	var closed *CloseError
	require.ErrorAs(f.t, f.err(), &closed)
	return closed
}

func (f *fixture) requireEnded(gap bool) {
	f.t.Helper()
	require.ErrorIs(f.t, f.err(), ErrChatEnded)
	require.Equal(f.t, gap, f.over().Gap)
	events := f.events()
	require.NotEmpty(f.t, events)
	ended, ok := events[len(events)-1].(ChatEnded)
	require.True(f.t, ok)
	require.Equal(f.t, gap, ended.Gap)
	require.False(f.t, ended.Own)
}

func TestTheSocketIsReadForTwoSecondsAfterChatEnded(t *testing.T) {
	t.Parallel()
	f := connected(t)
	f.chatEnds()
	start := one[startPass](f)
	require.Equal(t, passFinal, start.backfill.kind)
	require.Equal(t, f.now.Add(5*time.Second), start.deadline)
	require.NoError(t, f.err())
	f.complete()
	_, next := f.runStep()
	require.Equal(t, 2*time.Second, next)
	f.arrives(said("afterwards", time.Minute+1))
	f.sleep(2*time.Second - 1)
	f.runStep()
	require.NoError(t, f.err())
	f.sleep(1)
	one[closeSocket](f)
	f.requireEnded(false)
}

func TestTheLastPassMayTakeFiveSeconds(t *testing.T) {
	t.Parallel()
	f := connected(t)
	f.chatEnds()
	f.begin(passFinal)
	f.sleep(2 * time.Second)
	_, next := f.runStep()
	require.Equal(t, 3*time.Second, next)
	f.sleep(3 * time.Second)
	f.runStep()
	f.requireEnded(false)
}

func TestALastPassThatFailsIsNotRetried(t *testing.T) {
	t.Parallel()
	f := connected(t)
	f.chatEnds()
	f.begin(passFinal)
	f.failPass(errTest)
	f.sleep(2 * time.Second)
	none[startPass](f)
	f.requireEnded(false)
}

func TestAGapThatTheLastPassCannotCloseIsReported(t *testing.T) {
	t.Parallel()
	for wait, gap := range map[time.Duration]bool{settle - 1: true, settle: false} {
		f := connected(t)
		f.loses()
		f.reconnect()
		f.pass(passCatchUp)
		f.sleep(wait)
		f.chatEnds()
		f.pass(passFinal)
		f.sleep(2 * time.Second)
		f.runStep()
		f.requireEnded(gap)
	}
}

func TestLastPassStopsARunningPass(t *testing.T) {
	t.Parallel()
	f := connected(t)
	f.passes.wanted++
	f.begin(passCatchUp)
	f.chatEnds()
	one[stopPass](f)
	f.failPass(errStopped)
	f.begin(passFinal)
	none[startPass](f)
}

func TestNothingConnectsAfterChatEnded(t *testing.T) {
	t.Parallel()
	f := connected(t)
	f.chatEnds()
	f.conn.dialAt = f.now
	none[startDial](f)
	f.events()
	f.loses()
	none[startDial](f)
	require.Empty(t, f.events(), "the loss of the socket is not reported")
	require.False(t, f.inbox.gap.open)
	require.False(t, f.dialed(&socket{}, nil, f.now))
}

func TestNothingConnectsAfterADeniedToken(t *testing.T) {
	t.Parallel()
	f := connected(t)
	f.refused(denied, false, f.now)
	f.begin(passFinal)
	f.conn.dialAt = f.now
	none[startDial](f)
	require.False(t, f.requestToken("SendMessage", f.conn.generation, f.now.Add(time.Hour)))
	f.loses()
	none[startDial](f)
	require.Empty(t, f.events(), "the loss of the socket is not reported")
}

func TestItemsAreDeliveredBeforeChatEnded(t *testing.T) {
	t.Parallel()
	f := connected(t)
	f.loses()
	f.reconnect()
	f.arrives(said("held", time.Minute))
	f.chatEnds()
	f.arrives(said("after", time.Minute+time.Second))
	f.begin(passFinal)
	f.failPass(errTest)
	f.sleep(2 * time.Second)
	f.runStep()
	require.Equal(t, []string{"held", "after"}, f.messages())
}

func TestADeniedTokenEndsASessionAfterALastPass(t *testing.T) {
	t.Parallel()
	f := connected(t)
	f.loses()
	f.sleep(time.Second)
	one[startDial](f)
	f.refused(denied, false, f.now)
	f.pass(passFinal)
	f.runStep()
	require.ErrorIs(t, f.err(), ErrAccessDenied)
	require.ErrorIs(t, f.err(), denied)
	require.True(t, f.over().Gap, "the newest items are unknown")
}

// If chat.ended was missed, a pass with the old connection token may still find it.
func TestLastPassMayFindChatEnded(t *testing.T) {
	t.Parallel()
	f := connected(t, func(o *Options) { o.ParticipantID = "me" })
	f.refused(denied, false, f.now)
	f.begin(passFinal)
	_, ok := f.takePage(passFinal, &page{items: []*item{happened(kindEnded, "system", 0)}, date: f.time(), arrived: f.now}, aPage, &reading{}, f.now)
	require.True(t, ok)
	f.complete()
	f.runStep()
	f.requireEnded(false)
}

func TestWithoutATokenThereIsNoLastPass(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	one[startDial](f)
	f.refused(denied, false, f.now)
	none[startPass](f)
	require.ErrorIs(t, f.err(), ErrAccessDenied)
}

func TestReasonsAfterADeniedToken(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		do      func(f *fixture)
		doubted bool
		want    error
	}{
		"a wrong token":                    {func(*fixture) {}, false, ErrAccessDenied},
		"our own participant.left arrived": {func(f *fixture) { f.inbox.removed = true }, false, ErrRemoved},
		"the membership was in doubt":      {func(*fixture) {}, true, ErrRemoved},
		"Leave is running":                 {func(f *fixture) { _ = f.beginLeave() }, true, ErrLeft},
	} {
		f := connected(t)
		test.do(f)
		f.refused(denied, test.doubted, f.now)
		require.ErrorIs(t, f.end.why.Reason, test.want, name)
	}
}

func TestLeaveEndsTheSession(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		event *item
		gap   bool
	}{
		"our own participant.left arrived": {happened(kindLeft, "me", 0), false},
		"another one arrived":              {happened(kindLeft, "agent", 0), true},
		"nothing arrived":                  {said("a", 0), true},
	} {
		f := connected(t, func(o *Options) { o.ParticipantID = "me" })
		require.NoError(t, f.beginLeave())
		f.arrives(test.event)
		f.left(f.now)
		require.ErrorIs(t, f.err(), ErrLeft, name)
		require.Equal(t, test.gap, f.over().Gap, name)
	}
}

// While Leave waits for chat.ended, which may not follow, the socket can be lost and the tokens expire.
func TestNothingIsMissedAfterOurOwnDeparture(t *testing.T) {
	t.Parallel()
	for name, do := range map[string]func(f *fixture){
		"the socket is lost":   func(f *fixture) { f.loses() },
		"the token is refused": func(f *fixture) { f.refused(denied, false, f.now) },
	} {
		f := connected(t, me)
		require.NoError(t, f.beginLeave())
		f.arrives(happened(kindLeft, "me", 0))
		do(f)
		f.runStep()
		f.left(f.now)
		require.ErrorIs(t, f.err(), ErrLeft, name)
		require.False(t, f.over().Gap, name)
	}
}

func TestChatEndedDuringLeaveEndsItImmediately(t *testing.T) {
	t.Parallel()
	f := connected(t)
	require.NoError(t, f.beginLeave())
	f.chatEnds()
	none[startPass](f)
	require.ErrorIs(t, f.err(), ErrLeft)
	require.False(t, f.over().Gap)
	require.Len(t, f.events(), 1)
}

func TestFailedLeaveKeepsThePhase(t *testing.T) {
	t.Parallel()
	f := connected(t)
	require.False(t, f.leaveFailed(f.now), "no Leave is running")
	require.NoError(t, f.beginLeave())
	require.True(t, f.leaveFailed(f.now))
	require.Equal(t, phaseLive, f.phase)
	require.NoError(t, f.beginLeave())
	f.chatEnds()
	require.False(t, f.leaveFailed(f.now), "the chat is over anyway")
	f.runStep()
	require.Error(t, f.beginLeave(), "the session is over")
}

func TestLeaveDuringTheLastPass(t *testing.T) {
	t.Parallel()
	f := connected(t)
	f.chatEnds()
	f.begin(passFinal)
	require.NoError(t, f.beginLeave())
	require.Equal(t, phaseEnding, f.phase)
	f.left(f.now)
	f.requireEnded(false)

	f = connected(t)
	f.refused(denied, false, f.now)
	require.NoError(t, f.beginLeave())
	f.left(f.now)
	require.ErrorIs(t, f.err(), ErrLeft)
	require.True(t, f.over().Gap)
}

// HoldBack ends with the session, so that chat.ended is the last event.
func TestHeldBackItemsAreDeliveredBeforeChatEnded(t *testing.T) {
	t.Parallel()
	f := connected(t, func(o *Options) { o.HoldBack = time.Hour })
	f.arrives(said("held", 0))
	f.chatEnds()
	f.pass(passFinal)
	f.sleep(2 * time.Second)
	f.runStep()
	require.ErrorIs(t, f.err(), ErrChatEnded)
	events := f.events()
	require.Len(t, events, 2)
	require.IsType(t, Message{}, events[0])
	require.IsType(t, ChatEnded{}, events[1])
}

func TestOneOfTwoLeavesFails(t *testing.T) {
	t.Parallel()
	c := newTestCore()
	goLive(c)
	c.inbox.self.id = "me"
	c.inbox.gap.open = false
	require.NoError(t, c.beginLeave())    // A
	require.NoError(t, c.beginLeave())    // B
	require.True(t, c.leaveFailed(now())) // A's DisconnectParticipant has failed, B's is running
	it := newItem(types.Item{Id: aws.String("l"), Type: types.ChatItemTypeParticipantLeft, ParticipantId: aws.String("me")})
	c.arrive(it, now()) // B's has succeeded
	c.left(now())
	require.False(t, c.end.why.Gap, "our own participant.left arrived after Leave had begun")
}

func TestASecondLeaveWaitsForItsOwnDeparture(t *testing.T) {
	t.Parallel()
	f := connected(t, me)
	require.NoError(t, f.beginLeave())
	f.arrives(happened(kindLeft, "me", 0))
	require.True(t, f.leaveFailed(f.now))
	f.conn.dialAt = f.now
	f.connect() // the participant is in the chat again
	require.NoError(t, f.beginLeave())
	require.False(t, f.end.left)
}
