// SPDX-License-Identifier: Apache-2.0

package chat_test

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/participant-go/connectparticipant/chat"
	"github.com/participant-go/connectparticipant/participanttest"
	"github.com/participant-go/connectparticipant/types"
)

var (
	onlyEnding = flag.Uint64("chat.ending", 0, "run only this seed of TestEndingsAreReportedCorrectly")
	endings    = flag.Uint64("chat.endings", 100, "the number of seeds of TestEndingsAreReportedCorrectly")
)

// Each seed is a chat with a random schedule, as in TestNothingIsLostOrDuplicated, and a random end while
// faults are active. To reproduce a failure, use -count too:
//
//	go test ./chat -run TestEndingsAreReportedCorrectly -chat.ending=17 -count=20
func TestEndingsAreReportedCorrectly(t *testing.T) {
	t.Parallel()
	eachSeed(*onlyEnding, *endings, func(seed uint64) {
		c := endingClasses[seed%uint64(len(endingClasses))]
		t.Run(fmt.Sprintf("%s with -chat.ending=%d", c.name, seed), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) { newEndingTrial(t, seed, c).run() })
		})
	})
}

// endingClass is a kind of schedule before the end.
type endingClass struct {
	class

	// healthy means that no item is lost or appears late.
	healthy bool
	// unseen means that pushes are lost on healthy sockets, which a session can't notice.
	unseen bool
}

// With a lag longer than Options.Settle, an item may appear after the gap was closed.
var shortLags = []action{
	{5, func(tr *trial) {
		tr.fault(participanttest.Fault{
			On: participanttest.OnTranscript, Chance: pick(tr, 0, 0.3, 0.8), Effect: participanttest.Lag(tr.upTo(8 * time.Second)),
		})
	}},
}

var endingClasses = []endingClass{
	{class: class{name: "anything goes wrong", variants: true, slow: true, actions: [][]action{people, mishaps, callMishaps, shortLags, napping}}},
	{class: class{name: "nothing goes wrong", variants: true, lossless: true, actions: [][]action{people, harmless}}, healthy: true},
	{class: class{name: "sockets are cut", actions: [][]action{people, cuts}}},
	{class: class{name: "sockets are cut and the transcript lags", variants: true, actions: [][]action{people, cuts, shortLags}}},
	{class: class{name: "the caller sleeps", slow: true, lossless: true, actions: [][]action{people, napping, napping}}},
	{class: class{name: "items are held back", holdBack: 5 * time.Second, actions: [][]action{people, cuts, callMishaps}}},
	{class: class{name: "pushes are lost", variants: true, slow: true, actions: [][]action{people, mishaps, pushMishaps, shortLags, napping}}, unseen: true},
}

// endingTrial is the chat of one seed.
type endingTrial struct {
	*trial

	kind    endingClass
	ending  ending
	started time.Time
	before  int  // the number of items in the transcript at the start
	left    bool // Leave succeeded
	ended   time.Time
	sawEnd  atomic.Bool // chat.ended has arrived on a socket
	over    chan struct{}
	last    error // the last error that Events yielded
}

func newEndingTrial(t *testing.T, seed uint64, c endingClass) *endingTrial {
	t.Helper()
	tr := &trial{
		class: c.class, seed: seed, rng: rand.New(rand.NewPCG(seed, 3)), begun: time.Now(),
		said: map[string]time.Time{}, sent: map[string]bool{},
	}
	switches := tr.switches()
	if c.variants {
		switches.TokensOutliveTheEnd, switches.CloseSocketsAtEnd = tr.oneIn(4), tr.oneIn(4)
	}
	tr.bubble = newBubble(t, func(o *participanttest.Options) { o.Seed, o.Switches = seed, switches })
	tr.agent = tr.contact.Agent
	tr.note("%+v", switches)
	e := &endingTrial{trial: tr, kind: c, over: make(chan struct{})}
	e.ending = pick(tr, endingsOf(c)...)
	t.Cleanup(e.report)
	return e
}

func (e *endingTrial) report() {
	if !e.t.Failed() {
		return
	}
	for _, line := range e.journal {
		e.t.Log(line)
	}
	e.t.Logf("reproduce with: go test ./chat -run TestEndingsAreReportedCorrectly -chat.ending=%d -count=20", e.seed)
}

func (e *endingTrial) run() {
	for range pick(e.trial, 0, 1, 5, 150) {
		e.say()
	}
	if e.ending.stranger {
		e.contact.AddParticipant(types.ParticipantRoleCustomer, "Companion").Join()
	}
	e.session = e.startAtLast(e.configure)
	e.before, e.started = len(e.contact.Transcript()), time.Now()
	e.note("started, to be ended by %s", e.ending.name)
	e.consumer.Go(e.consume)
	e.act(e.rng.IntN(30))
	if !e.lossless && e.oneIn(2) { // the end is often within the gap of a loss
		e.cut()
		e.sayMore()
		e.rest(20 * time.Second)
	}
	e.ended = time.Now()
	e.note("the end: %s", e.ending.name)
	e.ending.do(e)
	e.naps.Store(0)
	e.await()
	e.judge()
}

func (e *endingTrial) rest(longest time.Duration) { e.sleep(e.upTo(longest)) }

func (e *endingTrial) configure(o *chat.Options) {
	o.History = chat.HistoryAll
	o.HoldBack = e.holdBack
	o.GiveUpAfter = e.ending.giveUpAfter
	o.HTTPClient = &http.Client{Transport: watchEnd{e.srv.Client().Transport, &e.sawEnd}}
	if e.oneIn(2) {
		o.ParticipantID = e.contact.Customer.ID
	}
}

// await waits for the end of the session and of the running actions.
func (e *endingTrial) await() {
	const longest = 3 * time.Hour // includes a renewal, which notices any end
	select {
	case <-e.over:
	case <-time.After(longest):
		_ = e.session.Close()
		require.Fail(e.t, "the session doesn't end", "%v after %s", longest, e.ending.name)
	}
	e.consumer.Wait()
	e.doing.Wait()
	for _, timer := range e.timers {
		timer.Stop()
	}
	e.note("over: %v, %+v", e.session.Err(), e.session.Stats())
	require.NoError(e.t, e.session.Close())
}

// consume receives the events, as the caller does.
func (e *endingTrial) consume() {
	defer close(e.over)
	rng := rand.New(rand.NewPCG(e.seed, 4))
	for event, err := range e.session.Events(context.Background()) {
		if err != nil {
			e.last = err
			continue
		}
		e.events = append(e.events, received{event, time.Now()})
		if naps := e.naps.Load(); naps > 0 && rng.IntN(100) == 0 {
			e.sleep(time.Duration(rng.Int64N(naps)))
		}
	}
}

// ending is a way in which a session ends.
type ending struct {
	name        string
	do          func(*endingTrial)
	reasons     []error // valid reasons
	stranger    bool    // the chat continues with a second customer
	giveUpAfter time.Duration
	needsLoss   bool
}

var allEndings = []ending{
	{name: "the end of the chat", do: (*endingTrial).end, reasons: []error{chat.ErrChatEnded, chat.ErrAccessDenied}},
	{name: "the agent", do: func(e *endingTrial) { e.agent.Leave() }, reasons: []error{chat.ErrChatEnded, chat.ErrAccessDenied}},
	{name: "Leave", do: (*endingTrial).leave, reasons: []error{chat.ErrLeft, chat.ErrChatEnded}},
	{name: "Leave from a chat that continues", do: (*endingTrial).leave, reasons: []error{chat.ErrLeft}, stranger: true},
	{name: "Leave during the end of the chat", do: (*endingTrial).leaveAtTheEnd, reasons: []error{chat.ErrLeft, chat.ErrChatEnded, chat.ErrAccessDenied}},
	{name: "Close", do: func(e *endingTrial) { _ = e.session.Close() }, reasons: []error{chat.ErrClosed}},
	{name: "removal", do: func(e *endingTrial) { e.contact.Customer.Leave() }, reasons: []error{chat.ErrRemoved, chat.ErrAccessDenied}, stranger: true},
	{name: "an unseen end of the chat", do: (*endingTrial).endUnseen, reasons: []error{chat.ErrChatEnded, chat.ErrAccessDenied}, needsLoss: true},
	{name: "GiveUpAfter", do: (*endingTrial).isolate, reasons: []error{chat.ErrGaveUp}, giveUpAfter: 2 * time.Minute, needsLoss: true},
}

func endingsOf(c endingClass) (some []ending) {
	for _, e := range allEndings {
		if !e.needsLoss || !c.lossless {
			some = append(some, e)
		}
	}
	return some
}

func (e *endingTrial) end() { e.contact.End() }

// leave retries Leave: faults last at most two minutes.
func (e *endingTrial) leave() {
	for range 10 {
		ctx, cancel := context.WithTimeout(e.t.Context(), 30*time.Second)
		err := e.session.Leave(ctx)
		cancel()
		if err == nil {
			e.left = true
			return
		}
		e.note("leave: %v", err)
		e.sleep(30 * time.Second)
	}
	require.Fail(e.t, "Leave never succeeded")
}

func (e *endingTrial) leaveAtTheEnd() {
	wait := e.moment()
	e.doing.Go(func() {
		e.sleep(wait)
		e.contact.End()
	})
	e.sleep(e.moment())
	ctx, cancel := context.WithTimeout(e.t.Context(), 30*time.Second)
	defer cancel()
	e.left = e.session.Leave(ctx) == nil
}

// moment returns 0 or a duration below 2 seconds.
func (e *endingTrial) moment() time.Duration {
	if e.oneIn(3) {
		return 0
	}
	return e.upTo(2 * time.Second)
}

func (e *endingTrial) endUnseen() {
	e.contact.Customer.CutSockets()
	e.say()
	e.contact.End()
}

// isolate prevents all further connections. A running dial may still succeed.
func (e *endingTrial) isolate() {
	for _, rule := range e.rules {
		rule.Remove()
	}
	e.srv.Inject(participanttest.Fault{On: create, Effect: participanttest.RespondHTML(http.StatusBadGateway)})
	e.doing.Go(func() {
		for {
			e.contact.Customer.CutSockets()
			select {
			case <-e.over:
				return
			case <-time.After(5 * time.Second):
			}
		}
	})
}

// watchEnd records whether chat.ended has arrived on a socket.
type watchEnd struct {
	http.RoundTripper

	seen *atomic.Bool
}

func (w watchEnd) RoundTrip(request *http.Request) (*http.Response, error) {
	response, err := w.RoundTripper.RoundTrip(request)
	if err == nil && response.StatusCode == http.StatusSwitchingProtocols {
		response.Body = &watchedSocket{ReadWriteCloser: response.Body.(io.ReadWriteCloser), seen: w.seen}
	}
	return response, err
}

type watchedSocket struct {
	io.ReadWriteCloser

	seen *atomic.Bool

	mu     sync.Mutex
	tail   []byte
	failed bool // by an error of the gateway, after which the session stops reading
	closed bool
}

func (k *watchedSocket) Read(p []byte) (int, error) {
	n, err := k.ReadWriteCloser.Read(p)
	k.watch(p[:n])
	return n, err
}

func (k *watchedSocket) watch(p []byte) {
	const longest = 64
	k.mu.Lock()
	defer k.mu.Unlock()
	text := append(k.tail, p...)
	if bytes.Contains(text, []byte(`"connectionId"`)) {
		k.failed = true
	}
	if !k.failed && !k.closed && bytes.Contains(text, []byte("event.chat.ended")) {
		k.seen.Store(true)
	}
	k.tail = bytes.Clone(text[max(0, len(text)-longest):])
}

// Write records the session's close frame, after which arriving frames don't count.
func (k *watchedSocket) Write(p []byte) (int, error) {
	const closeFrame = 0x88
	if len(p) > 0 && p[0] == closeFrame {
		k.mu.Lock()
		k.closed = true
		k.mu.Unlock()
	}
	return k.ReadWriteCloser.Write(p)
}

// judge compares the reported end with the actual one.
func (e *endingTrial) judge() {
	err := e.session.Err()
	var end *chat.CloseError
	require.ErrorAs(e.t, err, &end)
	e.rightReason(end)
	e.rightLoop(end)
	e.rightEnded(end)
	e.onlyOnce()
	if !end.Gap && !errors.Is(end, chat.ErrClosed) && !e.kind.unseen {
		e.nothingLost(end)
	}
	settled := e.ended.Sub(e.started) > 15*time.Second && e.session.Stats().Behind == 0
	if e.kind.healthy && settled && (errors.Is(end, chat.ErrChatEnded) || errors.Is(end, chat.ErrLeft) && !e.ending.stranger) {
		require.False(e.t, end.Gap, "kind: a gap although nothing was lost")
	}
}

func (e *endingTrial) rightReason(end *chat.CloseError) {
	if e.sawEnd.Load() && !errors.Is(end, chat.ErrClosed) {
		require.True(e.t, errors.Is(end, chat.ErrChatEnded) || errors.Is(end, chat.ErrLeft), "kind: chat.ended has arrived: %v", end)
	}
	if e.left {
		require.True(e.t, errors.Is(end, chat.ErrChatEnded) || errors.Is(end, chat.ErrLeft), "kind: Leave succeeded: %v", end)
		out := e.hasLeft(e.contact, e.contact.Customer) || e.hasEnded()
		require.True(e.t, out, "kind: Leave succeeded, but the participant is still in the chat")
	}
	right := false
	for _, reason := range e.ending.reasons {
		right = right || errors.Is(end, reason)
	}
	require.True(e.t, right, "kind: wrong reason: %v after %s", end, e.ending.name)
}

func (e *endingTrial) hasEnded() bool {
	for _, item := range e.contact.Transcript() {
		if item.ContentType == chatEnded {
			return true
		}
	}
	return false
}

// rightLoop requires that Events ends as documented, and that Next returns the same error.
func (e *endingTrial) rightLoop(end *chat.CloseError) {
	quiet := errors.Is(end, chat.ErrChatEnded) || errors.Is(end, chat.ErrLeft) || errors.Is(end, chat.ErrClosed)
	if quiet {
		require.NoError(e.t, e.last, "kind: wrong end of the loop")
	} else {
		require.Same(e.t, end, e.last, "kind: wrong end of the loop")
	}
	for range 2 {
		event, err := e.session.Next(e.t.Context())
		require.Nil(e.t, event, "kind: an event after the end")
		require.Same(e.t, end, err, "kind: wrong end of the loop")
	}
}

// rightEnded requires that ChatEnded is the last event, is delivered if the chat has ended, and has the
// Gap of the CloseError.
func (e *endingTrial) rightEnded(end *chat.CloseError) {
	found := false
	for _, event := range e.events {
		require.False(e.t, found, "kind: %T after ChatEnded", event.Event)
		if ended, ok := event.Event.(chat.ChatEnded); ok {
			found = true
			require.Equal(e.t, end.Gap, ended.Gap, "kind: ChatEnded and the end differ")
		}
	}
	require.Equal(e.t, errors.Is(end, chat.ErrChatEnded), found && !errors.Is(end, chat.ErrLeft), "kind: ChatEnded is wrong or missing")
}

func (e *endingTrial) onlyOnce() {
	times := map[string]int{}
	for _, event := range e.events {
		if m, ok := metaOf(event.Event); ok {
			times[m.ID]++
			require.Equal(e.t, 1, times[m.ID], "kind: delivered twice: %T %s at %v", event.Event, m.ID, event.at.Sub(e.begun))
		}
	}
}

// nothingLost requires that all items between the start and the departure of the participant were delivered.
func (e *endingTrial) nothingLost(end *chat.CloseError) {
	delivered := map[string]bool{}
	for _, event := range e.events {
		if m, ok := metaOf(event.Event); ok {
			delivered[m.ID] = true
		}
	}
	for _, item := range e.contact.Transcript()[e.before:] {
		if item.ContentType == chatEnded {
			return
		}
		require.True(e.t, delivered[item.Id], "kind: lost without a gap: %s %s %q of %s, began %v, after %s: %v",
			item.Type, item.Id, item.ContentType, item.AbsoluteTime, e.begun.UTC(), e.ending.name, end)
		if item.ContentType == participantLeft && item.ParticipantId == e.contact.Customer.ID {
			return
		}
	}
}
