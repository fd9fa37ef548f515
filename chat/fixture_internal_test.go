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

// fixture is a core with a clock that only the test advances.
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

// connected returns a fixture that has completed its first passes and has no open gap.
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

// sleep advances the clock; heartbeats get responses.
func (f *fixture) sleep(d time.Duration) {
	f.now = f.now.Add(d)
	for _, h := range []*heartbeat{&f.conn.cur.heartbeat, &f.conn.old.heartbeat} {
		h.alive()
		h.pong(200)
	}
}

// runStep runs a step, and returns the tasks that are due and the time until the next deadline.
func (f *fixture) runStep() (todo []task, next time.Duration) {
	f.t.Helper()
	at := f.step(f.now)
	todo, f.todo = f.todo, nil
	if at.IsZero() {
		return todo, nothing
	}
	return todo, at.Sub(f.now)
}

// one requires exactly one due task of a type, and returns it.
func one[T task](f *fixture) T {
	f.t.Helper()
	todo, _ := f.runStep()
	found := tasks[T](todo)
	require.Len(f.t, found, 1, "%T", found)
	return found[0]
}

// none requires that no task of a type is due.
func none[T task](f *fixture) {
	f.t.Helper()
	todo, _ := f.runStep()
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

// issue gives the running dial its credentials.
func (f *fixture) issue() {
	f.issued(credentials{token: "made-up", renewIn: 50 * time.Minute, life: time.Hour, asked: f.now}, serviceTime{f.time(), f.time()}, false, f.now)
}

// time returns the service's time.
func (f *fixture) time() time.Time { return noon.Add(f.now.Sub(began)) }

// subscribe ends the running dial with a subscribed socket.
func (f *fixture) subscribe() *socket {
	f.t.Helper()
	f.issue()
	k := &socket{acked: make(chan error, 1)}
	require.True(f.t, f.dialed(k, nil, f.now))
	return k
}

// connect requires a due dial, and completes it.
func (f *fixture) connect() *socket {
	f.t.Helper()
	one[startDial](f)
	return f.subscribe()
}

// reconnect waits for the next dial, and completes it.
func (f *fixture) reconnect() {
	f.t.Helper()
	f.sleep(max(0, f.conn.dialAt.Sub(f.now)))
	f.connect()
}

// begin requires a due pass of that kind, and begins it.
func (f *fixture) begin(kind passKind) {
	f.t.Helper()
	require.Equal(f.t, kind, one[startPass](f).backfill.kind)
}

// complete ends the running pass, which has read everything until now.
func (f *fixture) complete() {
	f.passEnded(&reading{newest: f.time().UnixNano(), known: true, mark: f.inbox.mark()}, nil, f.now)
}

func (f *fixture) pass(kind passKind) {
	f.t.Helper()
	f.begin(kind)
	f.complete()
}

// arrives handles a live item.
func (f *fixture) arrives(it *item) *item {
	f.arrive(it, f.now)
	return it
}

// events returns all queued events.
func (f *fixture) events() (events []Event) {
	for {
		q, _ := f.takeEvent()
		if q.event == nil {
			return events
		}
		events = append(events, q.event)
	}
}

// messages returns the IDs of all queued messages.
func (f *fixture) messages() (ids []string) {
	for _, event := range f.events() {
		if m, ok := event.(Message); ok {
			ids = append(ids, m.ID)
		}
	}
	return ids
}

// said returns a message of the agent, some time after noon.
func said(id string, after time.Duration) *item { return newItem(wireMessage(id, after)) }

func wireMessage(id string, after time.Duration) types.Item {
	return types.Item{
		Id: &id, Type: types.ChatItemTypeMessage, ContentType: aws.String("text/plain"), Content: aws.String("text of " + id),
		ParticipantId: aws.String("agent"), ParticipantRole: types.ParticipantRoleAgent,
		AbsoluteTime: aws.String(noon.Add(after).Format("2006-01-02T15:04:05.000Z")),
	}
}

// happened returns an event of the chat.
func happened(kind, participant string, after time.Duration) *item {
	in := wireMessage(kind+" of "+participant, after)
	in.Type, in.ContentType, in.Content, in.ParticipantId = types.ChatItemTypeEvent, aws.String(contentPrefix+kind), nil, &participant
	return newItem(in)
}

func at(after time.Duration) int64 { return noon.Add(after).UnixNano() }

var errTest = errors.New("made up")

// fail ends the running dial with an error, and returns the time until the next one.
func (f *fixture) fail(err error) time.Duration {
	f.t.Helper()
	require.False(f.t, f.dialed(nil, err, f.now))
	return f.conn.dialAt.Sub(f.now)
}

// loses drops the current socket, and returns the time until the next dial.
func (f *fixture) loses() time.Duration {
	f.lost(f.conn.cur.socket, errTest, f.now)
	return f.conn.dialAt.Sub(f.now)
}

// rarely disables the periodic passes.
func rarely(o *Options) { o.ReadEvery = 1000 * time.Hour }

var (
	denied  = &dialError{step: createConnection, err: &types.AccessDeniedException{}, atCreate: true}
	invalid = &dialError{step: createConnection, err: &types.ValidationException{}, atCreate: true}
	missing = &dialError{step: createConnection, err: &types.ResourceNotFoundException{}, atCreate: true}
	refused = &dialError{step: "dial chat socket", err: errTest}
)

// me sets the participant's own ID.
func me(o *Options) { o.ParticipantID = "me" }

// fill queues events until more than half of the queue is full.
func (f *fixture) fill() {
	for f.inbox.queue.halfEmpty() {
		f.inbox.queue.push(queued{event: Typing{}})
	}
}

// failPass ends the running pass with an error, and returns the time until the next one may begin.
func (f *fixture) failPass(err error) time.Duration {
	f.passEnded(&reading{}, err, f.now)
	return max(0, f.passes.retryAt.Sub(f.now))
}

// retry waits until the next pass may begin.
func (f *fixture) retry() { f.sleep(max(0, f.passes.retryAt.Sub(f.now))) }

// shows handles the items of a page of a later pass.
func (f *fixture) shows(items ...*item) { f.inbox.arrivePage(items, aPage, f.now) }

// metas returns the Meta of all queued events.
func (f *fixture) metas() (metas []Meta) {
	for _, event := range f.events() {
		if meta, ok := MetaOf(event); ok {
			metas = append(metas, meta)
		}
	}
	return metas
}

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
