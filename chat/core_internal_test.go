// SPDX-License-Identifier: Apache-2.0

package chat

import (
	"errors"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/stretchr/testify/require"

	"github.com/participant-go/connectparticipant/types"
)

const (
	began   = atEpoch + instant(time.Hour) // when these tests begin
	nothing = time.Duration(-1)            // no deadline
)

// noon is began by the service's clock.
var noon = time.Date(2026, 1, 1, 12, 0, 0, 0, time.UTC)

// fixture is a core whose time only the test moves.
type fixture struct {
	core

	t    *testing.T
	opts Options
	now  instant
}

func newFixture(t *testing.T, optFns ...func(*Options)) *fixture {
	t.Helper()
	f := &fixture{t: t, now: began, opts: withDefaults(append([]func(*Options){func(o *Options) { o.Limiter = Unlimited }}, optFns...))}
	f.init(&f.opts)
	f.conn.begin(f.now)
	return f
}

// connected returns one that has read the transcript after its start: nothing is open.
func connected(t *testing.T, optFns ...func(*Options)) *fixture {
	t.Helper()
	f := newFixture(t, optFns...)
	f.connect()
	f.pass(passCatchUp)
	f.sleep(f.opts.Settle)
	f.pass(passSettle)
	require.False(t, f.inbox.gap.open)
	return f
}

// sleep lets time pass, in which the heartbeats are answered.
func (f *fixture) sleep(d time.Duration) {
	f.now = f.now.Add(d)
	for _, h := range []*heartbeat{&f.conn.cur.heartbeat, &f.conn.old.heartbeat} {
		h.alive()
		h.pong(200)
	}
}

// look returns the tasks that are due, and the time until more are.
func (f *fixture) look() (todo []task, next time.Duration) {
	f.t.Helper()
	at := f.step(f.now)
	todo, f.todo = f.todo, nil
	if at.IsZero() {
		return todo, nothing
	}
	return todo, at.Sub(f.now)
}

// one returns the only task of a type that is due.
func one[T task](f *fixture) T {
	f.t.Helper()
	todo, _ := f.look()
	found := tasks[T](todo)
	require.Len(f.t, found, 1, "%T", found)
	return found[0]
}

// none requires that no task of a type is due.
func none[T task](f *fixture) {
	f.t.Helper()
	todo, _ := f.look()
	require.Empty(f.t, tasks[T](todo))
}

func tasks[T task](todo []task) (found []T) {
	for _, one := range todo {
		if is, ok := one.(T); ok {
			found = append(found, is)
		}
	}
	return found
}

// issue gives the dial under way its credentials.
func (f *fixture) issue() {
	f.issued(credentials{token: "made-up", renewIn: 50 * time.Minute, life: time.Hour, asked: f.now}, serviceTime{f.time(), f.time()}, false, f.now)
}

// time is the service's time now.
func (f *fixture) time() time.Time { return noon.Add(f.now.Sub(began)) }

// subscribe ends the dial under way well.
func (f *fixture) subscribe() *socket {
	f.t.Helper()
	f.issue()
	k := &socket{acked: make(chan error, 1)}
	require.True(f.t, f.dialed(k, nil, f.now))
	return k
}

// connect makes the dial that is due.
func (f *fixture) connect() *socket {
	f.t.Helper()
	one[startDial](f)
	return f.subscribe()
}

// reconnect makes the dial that will be due.
func (f *fixture) reconnect() {
	f.t.Helper()
	f.sleep(max(0, f.conn.dialAt.Sub(f.now)))
	f.connect()
}

// begin requires that a pass of a kind is due.
func (f *fixture) begin(kind passKind) {
	f.t.Helper()
	require.Equal(f.t, kind, one[startPass](f).backfill.kind)
}

// complete ends the pass under way: it has read all until now.
func (f *fixture) complete() {
	f.passEnded(&reading{newest: f.time().UnixNano(), known: true, mark: f.inbox.mark()}, nil, f.now)
}

func (f *fixture) pass(kind passKind) {
	f.t.Helper()
	f.begin(kind)
	f.complete()
}

// arrives takes a live item.
func (f *fixture) arrives(it *item) *item {
	f.arrive(it, f.now)
	return it
}

// events takes what waits for the caller.
func (f *fixture) events() (events []Event) {
	for {
		q, _ := f.takeEvent()
		if q.event == nil {
			return events
		}
		events = append(events, q.event)
	}
}

// messages takes what waits for the caller, and returns the IDs of the messages.
func (f *fixture) messages() (ids []string) {
	for _, event := range f.events() {
		if m, ok := event.(Message); ok {
			ids = append(ids, m.ID)
		}
	}
	return ids
}

// said is a message of the agent, some time after noon.
func said(id string, after time.Duration) *item { return newItem(wireMessage(id, after)) }

func wireMessage(id string, after time.Duration) types.Item {
	return types.Item{
		Id: &id, Type: types.ChatItemTypeMessage, ContentType: aws.String("text/plain"), Content: aws.String("text of " + id),
		ParticipantId: aws.String("agent"), ParticipantRole: types.ParticipantRoleAgent,
		AbsoluteTime: aws.String(noon.Add(after).Format("2006-01-02T15:04:05.000Z")),
	}
}

// happened is an event of the chat.
func happened(kind, participant string, after time.Duration) *item {
	in := wireMessage(kind+" of "+participant, after)
	in.Type, in.ContentType, in.Content, in.ParticipantId = types.ChatItemTypeEvent, aws.String(contentPrefix+kind), nil, &participant
	return newItem(in)
}

func at(after time.Duration) int64 { return noon.Add(after).UnixNano() }

var errTest = errors.New("made up")

func TestWhatHasArrivedIsDeliveredBeforeTheEnd(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.connect()
	f.arrives(said("b", time.Second))
	f.arrives(said("a", 0))
	require.Empty(t, f.messages(), "they wait for the first pass")
	f.finish(CloseError{Reason: ErrClosed}, f.now)
	require.Equal(t, []string{"a", "b"}, f.messages())
	f.finish(CloseError{Reason: ErrLeft}, f.now)
	require.ErrorIs(t, f.err(), ErrClosed, "the first reason counts")
}

func TestGapOfTheEnds(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		why       CloseError
		open, gap bool
	}{
		"nothing is open":          {CloseError{Reason: ErrLeft}, false, false},
		"the reason brings a gap":  {CloseError{Reason: ErrLeft, Gap: true}, false, true},
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
	require.NoError(t, f.startErr(), "it had started")
	one[closeSocket](f)
	f.sleep(time.Hour)
	todo, next := f.look()
	require.Empty(t, todo)
	require.Equal(t, nothing, next)
	require.False(t, f.receive(nil, &frame{topic: topicChat, unreadable: true}, nil, f.now))
	require.Zero(t, f.stats.Unreadable)
}

func TestAnEndBeforeTheStart(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	require.NoError(t, f.startErr())
	f.finish(CloseError{Reason: ErrGaveUp}, f.now)
	require.ErrorIs(t, f.startErr(), ErrGaveUp)
}

func TestAnUnreadableFrameIsALoss(t *testing.T) {
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

func TestFramesOfASocketWakeTheLoopOnlyForWhatIsDue(t *testing.T) {
	t.Parallel()
	f := connected(t)
	k := f.conn.cur.socket
	require.False(t, f.receive(k, &frame{topic: topicHeartbeat}, nil, f.now))
	require.False(t, f.receive(k, &frame{topic: topicPing, statusCode: 200}, nil, f.now))
	require.True(t, f.receive(k, &frame{topic: topicPing, statusCode: 500}, nil, f.now))
	require.False(t, f.receive(k, &frame{topic: topicChat}, said("a", 0), f.now), "it is in the queue")
	require.True(t, f.receive(k, &frame{topic: topicChat}, happened(kindEnded, "system", 0), f.now))
}

func TestAHeldItemWakesTheLoop(t *testing.T) {
	t.Parallel()
	f := connected(t, func(o *Options) { o.HoldBack = time.Second })
	require.True(t, f.arrive(said("a", 0), f.now))
	_, next := f.look()
	require.LessOrEqual(t, next, time.Second)
	require.Empty(t, f.messages())
	f.sleep(time.Second)
	f.look()
	require.Equal(t, []string{"a"}, f.messages())
}

func TestTheLoopWakesWhenAPassIsDueToForget(t *testing.T) {
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

func TestTakingEventsWakesThePassThatWaits(t *testing.T) {
	t.Parallel()
	f := connected(t)
	for range maxQueued/2 + 2 {
		f.inbox.queue.push(queued{event: Typing{}})
	}
	f.passes.wanted++
	none[startPass](f)
	_, wake := f.takeEvent()
	require.False(t, wake, "more than half of the queue is filled")
	_, wake = f.takeEvent()
	require.True(t, wake)
	f.begin(passCatchUp)
	_, wake = f.takeEvent()
	require.False(t, wake, "nobody waits")
}
