// SPDX-License-Identifier: Apache-2.0

package chat_test

import (
	"context"
	"flag"
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/participant-go/connectparticipant/chat"
	"github.com/participant-go/connectparticipant/participanttest"
)

var (
	onlySeed = flag.Uint64("chat.seed", 0, "run only this seed of TestNothingIsLostOrDuplicated")
	seeds    = flag.Uint64("chat.seeds", 300, "the number of seeds of TestNothingIsLostOrDuplicated")
)

// Each seed is a chat with a random schedule of actions and faults. The seed determines the schedule, but
// not the session's own random numbers and the scheduling of goroutines. To reproduce a failure, use
// -count too:
//
//	go test ./chat -run TestNothingIsLostOrDuplicated -chat.seed=17 -count=20
func TestNothingIsLostOrDuplicated(t *testing.T) {
	t.Parallel()
	eachSeed(*onlySeed, *seeds, func(seed uint64) {
		c := classes[seed%uint64(len(classes))]
		t.Run(fmt.Sprintf("%s with -chat.seed=%d", c.name, seed), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) { newTrial(t, seed, c).run() })
		})
	})
}

// eachSeed calls run with each seed from 1 to last, or only with only unless that is 0.
func eachSeed(only, last uint64, run func(seed uint64)) {
	if only != 0 {
		run(only)
		return
	}
	for seed := uint64(1); seed <= last; seed++ {
		run(seed)
	}
}

// class is a kind of schedule, with its additional checks.
type class struct {
	name    string
	actions [][]action
	// hidden enables scans and message processing, by which the transcript shows an item, with
	// its own time, before it is pushed.
	hidden bool
	// variants enables random Switches of the service.
	variants bool
	// lossless means that no socket is lost before its renewal.
	lossless bool
	// slow means that the caller may sleep.
	slow bool
	// holdBack is Options.HoldBack.
	holdBack time.Duration
	checks   []func(*trial)
}

var classes = []class{
	{
		name: "anything goes wrong", hidden: true, variants: true, slow: true,
		actions: [][]action{people, mishaps, pushMishaps, callMishaps, lags, napping},
	},
	{
		name: "nothing goes wrong", variants: true, lossless: true,
		actions: [][]action{people, harmless},
		checks:  []func(*trial){(*trial).noneLate, (*trial).allImmediate, (*trial).noneRecovered, (*trial).ownKnown},
	},
	{
		name: "everything goes wrong", hidden: true, variants: true,
		actions: [][]action{people, mishaps, mishaps, pushMishaps, callMishaps, callMishaps, lags},
	},
	{
		name:    "sockets are cut",
		actions: [][]action{people, cuts},
		checks:  []func(*trial){(*trial).noneLate, (*trial).fewCalls},
	},
	{
		name: "pushes are late", lossless: true, holdBack: time.Second,
		actions: [][]action{people, pushDelays},
		checks:  []func(*trial){(*trial).noneLate},
	},
	{
		name: "the caller sleeps", lossless: true, slow: true,
		actions: [][]action{people, napping, napping},
		checks:  []func(*trial){(*trial).noneLate},
	},
	{
		name: "pushes are lost and the transcript lags", hidden: true, variants: true, lossless: true, slow: true,
		actions: [][]action{people, pushMishaps, lags, napping},
	},
}

// trial is the chat of one seed.
type trial struct {
	*bubble

	class

	seed    uint64
	rng     *rand.Rand
	session *chat.Session
	agent   *participanttest.Participant
	doing   sync.WaitGroup // running actions
	begun   time.Time
	journal []string

	rules    []*participanttest.Injected
	creating []*participanttest.Injected // those on CreateParticipantConnection
	timers   []*time.Timer
	denied   bool
	losses   []time.Time
	streams  int
	chatOpts participanttest.ChatOptions
	expires  bool // the service reports expiries of a minute

	consumer sync.WaitGroup
	naps     atomic.Int64 // the longest sleep of the caller, in ns
	events   []received
	failure  error // the last error of Next

	mu   sync.Mutex
	said map[string]time.Time // by Id
	mine []string             // messages of the customer
	sent map[string]bool      // messages that the session sent
}

// received is an event and when the caller received it.
type received struct {
	chat.Event

	at time.Time
}

func newTrial(t *testing.T, seed uint64, c class) *trial {
	t.Helper()
	tr := &trial{
		class: c, seed: seed, rng: rand.New(rand.NewPCG(seed, 1)), begun: time.Now(),
		said: map[string]time.Time{}, sent: map[string]bool{},
	}
	switches := tr.switches()
	tr.bubble = newBubble(t, func(o *participanttest.Options) { o.Seed, o.Switches = seed, switches })
	if tr.hidden {
		tr.chatOpts = participanttest.ChatOptions{
			ScanDelay:         time.Duration(tr.rng.Int64N(int64(time.Minute))),
			MessageProcessing: tr.oneIn(3),
			ProcessingDelay:   time.Duration(tr.rng.Int64N(int64(30 * time.Second))),
		}
	}
	tr.contact = tr.srv.NewChat(func(o *participanttest.ChatOptions) { *o = tr.chatOpts })
	tr.agent = tr.contact.Agent
	t.Cleanup(tr.report)
	return tr
}

func (tr *trial) report() {
	if !tr.t.Failed() {
		return
	}
	for _, line := range tr.journal {
		tr.t.Log(line)
	}
	tr.t.Logf("reproduce with: go test ./chat -run TestNothingIsLostOrDuplicated -chat.seed=%d -count=20", tr.seed)
}

func (tr *trial) note(format string, args ...any) {
	tr.journal = append(tr.journal, fmt.Sprintf("%12v ", time.Since(tr.begun).Round(time.Millisecond))+fmt.Sprintf(format, args...))
}

func (tr *trial) oneIn(n int) bool { return tr.rng.IntN(n) == 0 }

// upTo returns a random duration below d.
func (tr *trial) upTo(d time.Duration) time.Duration { return time.Duration(tr.rng.Int64N(int64(d))) }

// pick returns a random one of some values.
func pick[T any](tr *trial, of ...T) T { return of[tr.rng.IntN(len(of))] }

func (tr *trial) switches() (s participanttest.Switches) {
	if !tr.variants {
		return s
	}
	for _, on := range []*bool{
		&s.ExclusiveStart, &s.RefuseStartTime, &s.EmptyNextToken, &s.NextTokensDie, &s.OldTokensDie, &s.SingleUseURLs, &s.EqualTimes, &s.EchoFirst,
	} {
		*on = tr.oneIn(4)
	}
	if tr.oneIn(3) {
		s.TokenLife = pick(tr, 5*time.Minute, 20*time.Minute, 2*time.Hour)
	}
	shown := []time.Duration{0, 0, participanttest.Absent, -time.Hour, time.Minute}
	s.ExpiryShown, s.ConnectionExpiryShown = pick(tr, shown...), pick(tr, shown...)
	tr.expires = s.ExpiryShown == time.Minute || s.ConnectionExpiryShown == time.Minute
	return s
}

func (tr *trial) run() {
	for range pick(tr, 0, 1, 5, 150) {
		tr.say()
	}
	if !tr.lossless && tr.oneIn(3) {
		tr.act(1)
	}
	tr.session = tr.startAtLast(func(o *chat.Options) {
		o.History = chat.HistoryAll
		o.HoldBack = tr.holdBack
		if tr.oneIn(3) {
			o.ParticipantID = tr.contact.Customer.ID
		}
		o.Progress = tr.oneIn(2)
	})
	tr.note("started")
	tr.consumer.Go(tr.consume)
	if tr.oneIn(2) {
		tr.send() // while the first pass is read
	}
	tr.act(25 + tr.rng.IntN(40))
	tr.settle()
	tr.judge()
}

// startAtLast starts a session, retrying for 20 minutes while faults are active.
func (tr *trial) startAtLast(optFns ...func(*chat.Options)) *chat.Session {
	ctx, cancel := context.WithTimeout(tr.t.Context(), 20*time.Minute)
	defer cancel()
	s, err := chat.Start(ctx, tr.client, tr.contact.Customer.Token, append([]func(*chat.Options){tr.options}, optFns...)...)
	require.NoError(tr.t, err)
	tr.t.Cleanup(func() { _ = s.Close() })
	return s
}

// act runs random actions at random times.
func (tr *trial) act(times int) {
	var choice []action
	for _, some := range tr.actions {
		choice = append(choice, some...)
	}
	total := 0
	for _, a := range choice {
		total += a.weight
	}
	for range times {
		n := tr.rng.IntN(total)
		for _, a := range choice {
			if n -= a.weight; n < 0 {
				a.do(tr)
				break
			}
		}
		tr.pause()
	}
}

// pause sleeps, usually for a short time, so that actions overlap.
func (tr *trial) pause() {
	switch n := tr.rng.IntN(100); {
	case n < 20:
	case n < 70:
		tr.sleep(tr.upTo(2 * time.Second))
	case n < 97:
		tr.sleep(tr.upTo(40 * time.Second))
	case tr.expires:
		tr.sleep(tr.upTo(5 * time.Minute))
	default:
		tr.sleep(tr.upTo(70 * time.Minute))
	}
}

// settle removes all faults, and gives the session time to find delayed items.
func (tr *trial) settle() {
	tr.doing.Wait()
	for _, timer := range tr.timers {
		timer.Stop()
	}
	for _, rule := range tr.rules {
		rule.Remove()
	}
	tr.note("all faults removed")
	tr.naps.Store(0)
	wait := 61 * time.Minute                        // includes a renewal and its settle pass
	if tr.expires || !tr.lossless && !tr.oneIn(3) { // the last cut causes a pass anyway
		wait = 10 * time.Minute
	}
	tr.sleep(wait)
	if !tr.lossless {
		tr.contact.Customer.CutSockets()
		tr.note("last cut")
	}
	tr.sleep(time.Minute)
	synctest.Wait()
	require.NoError(tr.t, tr.session.Err())
	require.NoError(tr.t, tr.session.Close())
	tr.consumer.Wait()
	require.ErrorIs(tr.t, tr.failure, chat.ErrClosed)
	tr.note("%+v", tr.session.Stats())
}

// consume receives the events, as the caller does.
func (tr *trial) consume() {
	rng := rand.New(rand.NewPCG(tr.seed, 2))
	for {
		if naps := tr.naps.Load(); naps > 0 && rng.IntN(100) == 0 {
			tr.sleep(time.Duration(rng.Int64N(naps)))
		}
		event, err := tr.session.Next(context.Background())
		if err != nil {
			tr.failure = err
			return
		}
		tr.events = append(tr.events, received{event, time.Now()})
	}
}
