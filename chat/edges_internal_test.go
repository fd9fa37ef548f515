// SPDX-License-Identifier: Apache-2.0

package chat

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/stretchr/testify/require"

	"github.com/participant-go/connectparticipant/types"
)

func newTestCore(fns ...func(*Options)) *core {
	opts := withDefaults(fns)
	c := &core{}
	c.init(&opts)
	c.conn.begin(now())
	return c
}

func goLive(c *core) *socket {
	k := &socket{}
	c.conn.dial = dialRunning
	c.issued(credentials{token: "t", renewIn: time.Hour, asked: now()}, serviceTime{date: time.Now(), made: time.Now()}, false, now())
	c.dialed(k, nil, now())
	return k
}

func messageAt(id string, at time.Time) *item {
	in := types.Item{Id: aws.String(id), Type: types.ChatItemTypeMessage, ContentType: aws.String("text/plain"), Content: aws.String(id)}
	if !at.IsZero() {
		in.AbsoluteTime = aws.String(at.UTC().Format("2006-01-02T15:04:05.000Z"))
	}
	return newItem(in)
}

func TestAnOldSocketHidesThatTheNewOneIsLost(t *testing.T) {
	t.Parallel()
	c := newTestCore()
	old := goLive(c)
	c.lost(old, errSilent, now()) // found dead: its reader is still to end
	c.conn.dial = dialRunning
	fresh := &socket{}
	fresh.over.Store(true)
	c.lost(fresh, errors.New("reset"), now()) // lost before its dial is over
	c.lost(old, errors.New("closed"), now())  // now the old one's reader ends
	require.False(t, c.dialed(fresh, nil, now()), "a dead socket was attached")
}

func TestWaitingBeforeTheLossIsNotExcused(t *testing.T) {
	t.Parallel()
	c := newTestCore(func(o *Options) { o.GiveUpAfter = time.Minute })
	k := goLive(c)
	begun := now()
	c.conn.dial = dialRunning
	c.conn.beginWait(begun) // a renewal waits for the limiter for ten minutes while the socket lives
	lost := begun.Add(10 * time.Minute)
	c.lost(k, errSilent, lost)
	c.conn.endWait(lost) // its turn comes at the moment of the loss
	c.dialed(nil, errors.New("no route"), lost)
	var d deadline
	c.stepGiveUp(lost.Add(2*time.Minute), &d)
	require.Equal(t, phaseOver, c.phase, "gives up only in %v", d.Sub(lost))
}

func TestSeenIsBoundedWhileThePassesFail(t *testing.T) {
	t.Parallel()
	c := newTestCore()
	k := goLive(c)
	_ = k
	c.inbox.hold.caughtUp()
	at := time.Now()
	for i := range 60_000 {
		c.arrive(messageAt(fmt.Sprint("item-", i), at.Add(time.Duration(i)*time.Millisecond)), now())
		for c.inbox.queue.len() > 0 {
			c.takeEvent()
		}
	}
	require.LessOrEqual(t, len(c.inbox.ledger.seen), 2*keepAtMost)
}

func TestReceiptsSeenAreBoundedWhileThePassesFail(t *testing.T) {
	t.Parallel()
	c := newTestCore()
	goLive(c)
	for i := range 60_000 {
		c.arrive(seenBy(fmt.Sprint("reader-", i), i%2 == 0), now())
		for c.inbox.queue.len() > 0 {
			c.takeEvent()
		}
	}
	require.LessOrEqual(t, len(c.inbox.ledger.seen), 2*keepAtMost)
}

func TestReleaseAtTheEndMovesTop(t *testing.T) {
	t.Parallel()
	c := newTestCore(func(o *Options) { o.HoldBack = time.Hour })
	goLive(c)
	it := messageAt("held", time.Now())
	c.arrive(it, now())
	c.finish(CloseError{Reason: ErrClosed}, now())
	q, _ := c.takeEvent()
	event := q.event
	require.NotNil(t, event)
	require.Equal(t, it.at, c.inbox.state().top)
}

func TestATimelessItemReleasedAtTheEndIsInTheState(t *testing.T) {
	t.Parallel()
	c := newTestCore(func(o *Options) { o.HoldBack = time.Hour })
	goLive(c)
	c.inbox.ledger.fence = time.Now().UnixNano()
	it := messageAt("held", time.Time{})
	c.arrive(it, now())
	c.finish(CloseError{Reason: ErrClosed}, now())
	q, _ := c.takeEvent()
	event := q.event
	require.NotNil(t, event)
	require.Contains(t, c.inbox.state().entries(), it.key, "it was returned, and comes again after Resume")
	require.Zero(t, c.inbox.state().entries()[it.key].at%int64(time.Millisecond), "as the times of others, which a State writes so")
}

func TestOwnItemsAreBounded(t *testing.T) {
	t.Parallel()
	c := newTestCore()
	goLive(c)
	for i := range 100_000 {
		c.inbox.beginSend(now())
		c.inbox.endSend(fmt.Sprint("item-", i), true, now())
	}
	require.LessOrEqual(t, len(c.inbox.self.items), 10_000)
}

func TestHistoryWithATimelessItemEnds(t *testing.T) {
	t.Parallel()
	begun := time.Now()
	b := backfill{since: begun.UnixNano(), history: 2, overlap: 2 * time.Minute}
	var d descent
	var items []*item
	at := begun.Add(-time.Hour)
	items = append(items, messageAt("new", at))
	items = append(items, messageAt("timeless", time.Time{}))
	for i := range 90 {
		items = append(items, messageAt(fmt.Sprint("old-", i), at.Add(-time.Duration(i+1)*time.Hour)))
	}
	p := &page{items: items, read: begun.UnixNano()}
	require.True(t, b.visit(&d, step{page: p}), "the second of two history items has no time: the whole transcript is read")
}

func TestTypingFromASlowCallerOpensAGap(t *testing.T) {
	t.Parallel()
	c := newTestCore()
	goLive(c)
	c.inbox.hold.caughtUp()
	c.inbox.gap.open = false
	for !c.inbox.queue.full() {
		c.inbox.queue.push(queued{event: ConnectionChanged{}})
	}
	it := newItem(types.Item{Id: aws.String("typing"), Type: types.ChatItemTypeEvent, ContentType: aws.String("application/vnd.amazonaws.connect.event.typing")})
	c.arrive(it, now())
	require.False(t, c.inbox.gap.open, "typing is never in the transcript: no pass can close this")
	require.Zero(t, c.stats.Behind)
}

func TestAbandonedStreamsAreForgotten(t *testing.T) {
	t.Parallel()
	c := newTestCore(func(o *Options) { o.Progress = true })
	goLive(c)
	for i := range 16 {
		in := types.Item{Id: aws.String(string(rune('a' + i))), Type: types.ChatItemTypeMessage, Content: aws.String(string(make([]byte, 60<<10)))}
		it := newItem(in)
		it.chunk, it.partial = 1, true
		c.inbox.addChunk(it, now())
	}
	later := now().Add(time.Hour)
	c.beginPass(passPeriodic, later)
	r := &reading{mark: c.inbox.mark()}
	c.passEnded(r, nil, later)
	size := 0
	for _, s := range c.inbox.streams {
		size += len(s.text.String())
	}
	require.Zero(t, size)
}

func TestAFailedLeaveOfTwo(t *testing.T) {
	t.Parallel()
	c := newTestCore()
	goLive(c)
	c.inbox.self.id = "me"
	c.inbox.gap.open = false
	require.NoError(t, c.beginLeave())    // A
	require.NoError(t, c.beginLeave())    // B
	require.True(t, c.leaveFailed(now())) // A's DisconnectParticipant failed, B's is under way
	it := newItem(types.Item{Id: aws.String("l"), Type: types.ChatItemTypeParticipantLeft, ParticipantId: aws.String("me")})
	c.arrive(it, now()) // B's has succeeded
	c.left(now())
	require.False(t, c.end.why.Gap, "own participant.left came after Leave had begun")
}

func TestInstantAdd(t *testing.T) {
	t.Parallel()
	require.True(t, now().Add(1<<63-1).After(now()))
}
