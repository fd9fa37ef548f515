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

// fail ends the dial under way, and returns the time until the next one.
func (f *fixture) fail(err error) time.Duration {
	f.t.Helper()
	require.False(f.t, f.dialed(nil, err, f.now))
	return f.conn.dialAt.Sub(f.now)
}

// loses ends the session's socket, and returns the time until the next dial.
func (f *fixture) loses() time.Duration {
	f.lost(f.conn.cur.socket, errTest, f.now)
	return f.conn.dialAt.Sub(f.now)
}

// rarely leaves the periodic passes out.
func rarely(o *Options) { o.ReadEvery = 1000 * time.Hour }

var (
	denied  = &dialError{step: createConnection, err: &types.AccessDeniedException{}, atCreate: true}
	invalid = &dialError{step: createConnection, err: &types.ValidationException{}, atCreate: true}
	missing = &dialError{step: createConnection, err: &types.ResourceNotFoundException{}, atCreate: true}
	refused = &dialError{step: "dial chat socket", err: errTest}
)

// me makes the participant's own ID known.
func me(o *Options) { o.ParticipantID = "me" }

// fill queues events until more than half of the queue is filled.
func (f *fixture) fill() {
	for f.inbox.queue.halfEmpty() {
		f.inbox.queue.push(queued{event: Typing{}})
	}
}

// failPass ends the pass under way with an error, and returns how long none begins.
func (f *fixture) failPass(err error) time.Duration {
	f.passEnded(&reading{}, err, f.now)
	return max(0, f.passes.retryAt.Sub(f.now))
}

// retry waits until the next pass may begin.
func (f *fixture) retry() { f.sleep(max(0, f.passes.retryAt.Sub(f.now))) }

// shows takes items of a page, as a pass after the first does.
func (f *fixture) shows(items ...*item) { f.inbox.arrivePage(items, aPage, f.now) }

// metas takes what waits for the caller.
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
