// SPDX-License-Identifier: Apache-2.0

package fleet_test

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/participant-go/connectparticipant/chat"
	"github.com/participant-go/connectparticipant/fleet"
	"github.com/participant-go/connectparticipant/participanttest"
)

var (
	onlySeed     = flag.Uint64("fleet.seed", 0, "run only this seed of TestEveryEventIsHandled")
	seeds        = flag.Uint64("fleet.seeds", 100, "number of seeds of TestEveryEventIsHandled")
	orderlySeeds = flag.Uint64("fleet.orderly", 20, "number of seeds of TestOrderlyFleetHandlesEachEventOnce")
)

// Each seed is a fleet with a random schedule of what members, the engine and participants do. The
// schedule depends only on the seed, but the scheduling of goroutines doesn't. So rerun a failed
// seed with -count:
//
//	go test ./fleet -run TestEveryEventIsHandled -fleet.seed=17 -count=20
func TestEveryEventIsHandled(t *testing.T) {
	t.Parallel()
	first, last := uint64(1), *seeds
	if *onlySeed != 0 {
		first, last = *onlySeed, *onlySeed
	}
	for seed := first; seed <= last; seed++ {
		t.Run(fmt.Sprintf("-fleet.seed=%d", seed), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) { newTrial(t, seed).run() })
		})
	}
}

// If no member dies and the store keeps what was written, each event is handled once, although the
// store is slow, members join and leave, and chats move.
func TestOrderlyFleetHandlesEachEventOnce(t *testing.T) {
	t.Parallel()
	for seed := range *orderlySeeds {
		t.Run(strconv.FormatUint(seed, 10), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				tr := newTrial(t, seed)
				tr.orderly = true
				tr.run()
			})
		})
	}
}

// trial is one seed.
type trial struct {
	*world

	orderly bool // without faults other than a slow store

	rng     *rand.Rand
	members []*trialMember
	joined  int
	doing   sync.WaitGroup
	began   time.Time
	journal []string
	list    []fleet.Chat
	old     fleet.Store // a snapshot of the engine
	forgot  []time.Time // when the engine lost something

	sendMu sync.Mutex
	sent   map[string]string // the chats of sent messages, by their tokens
	tried  map[string]bool   // the tokens of messages that could not be sent
}

type trialMember struct {
	*fleet.Member

	link *link
	id   string
	gone atomic.Bool // crashed, closed or draining
}

func newTrial(t *testing.T, seed uint64) *trial {
	t.Helper()
	tr := &trial{
		world: newWorld(t), rng: rand.New(rand.NewPCG(seed, 99)), began: time.Now(),
		sent: map[string]string{}, tried: map[string]bool{},
	}
	tr.handler = tr.faultyHandler()
	return tr
}

// faultyHandler returns a handler that is slow and sometimes fails.
func (tr *trial) faultyHandler() func(context.Context, string, *fleet.Held, chat.Event) error {
	rng, mu := rand.New(rand.NewPCG(tr.rng.Uint64(), 1)), sync.Mutex{}
	return func(ctx context.Context, _ string, _ *fleet.Held, _ chat.Event) error {
		mu.Lock()
		chance, nap := rng.Float64(), time.Duration(rng.Int64N(int64(3*time.Second)))
		mu.Unlock()
		switch {
		case chance < 0.1:
			select {
			case <-time.After(nap):
			case <-ctx.Done():
				return ctx.Err()
			}
		case chance < 0.15:
			return errors.New("the handler fails")
		}
		return ctx.Err()
	}
}

// action is an event of a schedule and its weight. Only some are part of an orderly schedule.
type action struct {
	name    string
	weight  int
	do      func(*trial)
	orderly bool
}

var actions = []action{
	{"say", 40, (*trial).say, true},
	{"send", 20, (*trial).send, true},
	{"add", 5, (*trial).addOne, true},
	{"join", 4, (*trial).joinOne, true},
	{"crash", 3, (*trial).crash, false},
	{"close", 2, (*trial).closeOne, true},
	{"drain", 3, (*trial).drain, true},
	{"cut link", 3, (*trial).cutLink, false},
	{"faults", 3, (*trial).linkFaults, false},
	{"engine unreachable", 2, (*trial).engineAway, false},
	{"engine loses records", 1, (*trial).engineForgets, false},
	{"snapshot", 1, (*trial).takeSnapshot, false},
	{"cut socket", 3, (*trial).cutSocket, false},
	{"expire tokens", 1, (*trial).expireTokens, false},
	{"end chat", 1, (*trial).endChat, true},
	{"wait", 3, func(tr *trial) { tr.sleep(tr.upTo(2 * time.Minute)) }, true},
}

func (tr *trial) run() {
	tr.t.Cleanup(func() {
		if tr.t.Failed() {
			tr.t.Log(strings.Join(tr.journal, "\n"))
		}
	})
	for range 2 + tr.rng.IntN(2) {
		tr.joinOne()
	}
	for range 3 {
		tr.addOne()
	}
	possible := slices.DeleteFunc(slices.Clone(actions), func(a action) bool { return tr.orderly && !a.orderly })
	sum := 0
	for _, a := range possible {
		sum += a.weight
	}
	steps, longest := 60+tr.rng.IntN(60), 8*time.Second
	if tr.orderly {
		steps, longest = 400, time.Second
	}
	for range steps {
		n := tr.rng.IntN(sum)
		for _, a := range possible {
			if n -= a.weight; n < 0 {
				tr.log("%s", a.name)
				a.do(tr)
				break
			}
		}
		<-time.After(tr.upTo(longest))
	}
	tr.heal()
	tr.check()
}

func (tr *trial) log(format string, args ...any) {
	tr.mu.Lock()
	defer tr.mu.Unlock()
	tr.journal = append(tr.journal, time.Since(tr.began).Round(time.Millisecond).String()+" "+fmt.Sprintf(format, args...))
}

// journalWriter writes the members' logs to the journal.
type journalWriter struct{ *trial }

func (w journalWriter) Write(line []byte) (int, error) {
	w.log("    %s", strings.TrimSpace(string(line)))
	return len(line), nil
}

// brief omits the time and the level.
func brief(_ []string, a slog.Attr) slog.Attr {
	if a.Key == slog.TimeKey || a.Key == slog.LevelKey {
		return slog.Attr{}
	}
	return a
}

func (tr *trial) upTo(d time.Duration) time.Duration { return time.Duration(tr.rng.Int64N(int64(d))) }

// open returns the members that are open.
func (tr *trial) open() []*trialMember {
	return slices.DeleteFunc(slices.Clone(tr.members), func(m *trialMember) bool { return m.gone.Load() })
}

func (tr *trial) anyOpen() *trialMember {
	open := tr.open()
	return open[tr.rng.IntN(len(open))]
}

func (tr *trial) anyChat() (fleet.Chat, *participanttest.Contact) {
	c := tr.list[tr.rng.IntN(len(tr.list))]
	return c, tr.chats[c.ID]
}

func (tr *trial) joinOne() {
	if len(tr.open()) >= 5 {
		return
	}
	tr.joined++
	id := fmt.Sprintf("m%d", tr.joined)
	l := tr.engine.link(tr.rng.Uint64())
	if tr.orderly { // the delays don't cost a lease
		l.longest = 900 * time.Millisecond
		l.setFaults(linkFaults{delay: 0.3, delayResult: 0.3})
	}
	saveEvery := []time.Duration{0, time.Second}[tr.rng.IntN(2)]
	ctx, cancel := context.WithTimeout(tr.t.Context(), time.Minute)
	defer cancel()
	m, err := fleet.Join(ctx, l, tr.client, tr.handle(id), tr.options(id), func(o *fleet.Options) {
		o.SaveEvery, o.Logger = saveEvery, slog.New(slog.NewTextHandler(journalWriter{tr}, &slog.HandlerOptions{ReplaceAttr: brief}))
	})
	if err != nil {
		tr.log("join failed: %v", err)
		return
	}
	tr.log("%s joined, SaveEvery %s", id, saveEvery)
	tr.t.Cleanup(func() {
		_ = m.Close()
		l.late.Wait()
	})
	tr.members = append(tr.members, &trialMember{Member: m, link: l, id: id})
}

func (tr *trial) addOne() {
	if len(tr.list) >= 8 {
		return
	}
	c := tr.newChat()
	tr.list = append(tr.list, c)
	tr.addAgain(c)
}

// addAgain retries Add until it succeeds, as a caller with its own database would.
func (tr *trial) addAgain(c fleet.Chat) {
	for {
		m := tr.anyOpen()
		ctx, cancel := context.WithTimeout(tr.t.Context(), 10*time.Second)
		err := m.Add(ctx, c)
		cancel()
		if err == nil {
			return
		}
		tr.log("add %s to %s: %v", c.ID, m.id, err)
		<-time.After(time.Second)
	}
}

func (tr *trial) say() {
	c, contact := tr.anyChat()
	for range 1 + tr.rng.IntN(3) {
		tr.log("  %s in %s", contact.Agent.Say("something"), c.ID)
	}
}

// send sends a message, and retries by any member until one succeeds.
func (tr *trial) send() {
	c, _ := tr.anyChat()
	token := fmt.Sprintf("token-%d", tr.rng.Uint64())
	members := tr.open()
	start := tr.rng.IntN(len(members))
	tr.doing.Go(func() {
		for n := range 10 {
			m := members[(start+n)%len(members)]
			ctx, cancel := context.WithTimeout(tr.t.Context(), 20*time.Second)
			_, err := m.Send(ctx, c.ID, token, "text/plain", token)
			cancel()
			if err == nil {
				tr.noteSent(token, c.ID)
				return
			}
			<-time.After(time.Second)
		}
		tr.noteSent(token, "")
	})
}

func (tr *trial) noteSent(token, chatID string) {
	tr.sendMu.Lock()
	defer tr.sendMu.Unlock()
	if chatID == "" {
		tr.tried[token] = true
	} else {
		tr.sent[token] = chatID
	}
}

// leave removes a member, unless it is the last one.
func (tr *trial) leave() *trialMember {
	if len(tr.open()) < 2 {
		return nil
	}
	m := tr.anyOpen()
	m.gone.Store(true)
	return m
}

func (tr *trial) crash() {
	if m := tr.leave(); m != nil {
		tr.log("  %s", m.id)
		m.link.setCut(true)
		m.Crash()
	}
}

func (tr *trial) closeOne() {
	if m := tr.leave(); m != nil {
		tr.log("  %s", m.id)
		tr.doing.Go(func() { _ = m.Close() })
	}
}

func (tr *trial) drain() {
	m := tr.leave()
	if m == nil {
		return
	}
	tr.log("  %s", m.id)
	patience := tr.upTo(5 * time.Minute)
	if tr.orderly {
		patience = tr.upTo(10 * time.Second)
	}
	tr.doing.Go(func() {
		ctx, cancel := context.WithTimeout(tr.t.Context(), patience)
		defer cancel()
		tr.log("%s drained: %v", m.id, m.Drain(ctx))
	})
}

func (tr *trial) cutLink() {
	m, d := tr.anyOpen(), tr.upTo(40*time.Second)
	tr.log("  %s for %s", m.id, d)
	m.link.setCut(true)
	tr.doing.Go(func() {
		<-time.After(d)
		if !m.gone.Load() {
			m.link.setCut(false)
		}
	})
}

func (tr *trial) linkFaults() {
	m := tr.anyOpen()
	odds := func() float64 { return tr.rng.Float64() * 0.3 }
	m.link.setFaults(linkFaults{fail: odds(), loseResult: odds(), delay: odds(), delayResult: odds(), writeLate: odds()})
	tr.log("  %s", m.id)
	if tr.rng.IntN(2) == 0 {
		m.link.setFaults(linkFaults{})
	}
}

func (tr *trial) engineAway() {
	d := tr.upTo(40 * time.Second)
	tr.log("  for %s", d)
	tr.engine.stop()
	<-time.After(d)
	tr.engine.start()
}

// engineForgets restarts the engine without records, or with older ones, and adds all chats again.
func (tr *trial) engineForgets() {
	old := tr.old
	if old == nil || tr.rng.IntN(2) == 0 {
		old = fleet.Memory()
		tr.log("  everything")
	}
	tr.old = nil
	tr.engine.stop()
	<-time.After(tr.upTo(10 * time.Second))
	tr.engine.restartFrom(old)
	tr.forgot = append(tr.forgot, time.Now())
	if len(tr.open()) > 0 {
		<-time.After(15 * time.Second) // the owners write their records again
		for _, c := range tr.list {
			tr.addAgain(c)
		}
	}
}

func (tr *trial) takeSnapshot() { tr.old = tr.engine.snapshot() }

func (tr *trial) cutSocket() {
	c, contact := tr.anyChat()
	tr.log("  of %s", c.ID)
	contact.Customer.CutSockets()
}

func (tr *trial) expireTokens() {
	c, contact := tr.anyChat()
	tr.log("  of %s", c.ID)
	contact.Customer.ExpireTokens()
}

func (tr *trial) endChat() {
	if tr.rng.IntN(3) == 0 {
		c, contact := tr.anyChat()
		tr.log("  %s", c.ID)
		contact.End()
	}
}

// heal ends all faults and waits until all events are handled.
func (tr *trial) heal() {
	tr.log("heal")
	tr.engine.start()
	for _, m := range tr.members {
		if !m.gone.Load() {
			m.link.setCut(false)
		}
		m.link.setFaults(linkFaults{})
	}
	tr.doing.Wait()
	tr.sleep(4 * time.Minute)
	for _, c := range tr.list {
		tr.addAgain(c)
	}
	tr.sleep(4 * time.Minute)
	records, _, _ := tr.engine.now()
	value, _, _ := records.Get(tr.t.Context(), "quota/shares")
	tr.log("%s", value)
	for _, m := range tr.open() {
		tr.log("%s: %+v, %g connections a second", m.id, m.Stats(), m.Rate("CreateParticipantConnection"))
	}
}

func (tr *trial) check() {
	tr.mu.Lock()
	defer tr.mu.Unlock()
	tr.sendMu.Lock()
	defer tr.sendMu.Unlock()
	require.Empty(tr.t, tr.overlap, "two concurrent handlers of a chat")
	for _, c := range tr.list {
		tr.checkChat(c.ID, tr.chats[c.ID].Transcript())
	}
}

func (tr *trial) checkChat(id string, kept []participanttest.Item) {
	t := tr.t
	times := map[string]int{}
	type tenure struct {
		member string
		epoch  uint64
	}
	newest := map[tenure]time.Time{}
	epoch, last := uint64(0), time.Time{}
	for _, h := range tr.handled[id] {
		times[h.id]++
		if slices.ContainsFunc(tr.forgot, func(at time.Time) bool { return at.After(last) && !at.After(h.at) }) {
			epoch = 0 // a chat that is added again after its record was lost starts again
			clear(newest)
		}
		require.GreaterOrEqual(t, h.epoch, epoch, "%s was handled under a lower epoch in %s", h.id, id)
		epoch, last = h.epoch, h.at
		meta, _ := chat.MetaOf(h.event)
		if m, ok := h.event.(chat.Message); ok && !meta.Late {
			by := tenure{h.member, h.epoch}
			require.False(t, m.Time.Before(newest[by]), "%s came too late in %s", h.id, id)
			newest[by] = m.Time
			require.Equal(t, strings.HasPrefix(m.Text, "token-"), m.Own, "%s of %s", h.id, id)
		}
	}
	for itemID, n := range times {
		require.True(t, n == 1 || !tr.orderly, "%s of %s was handled %d times", itemID, id, n)
	}
	gap := false
	for _, reason := range tr.ended[id] {
		gap = gap || reason.Gap || errors.Is(reason, chat.ErrAccessDenied)
	}
	over := slices.ContainsFunc(kept, func(it participanttest.Item) bool { return strings.HasSuffix(it.ContentType, "chat.ended") })
	require.Equal(t, over, len(tr.ended[id]) > 0, "%s: Ended is called when the chat is over, and only then", id)
	contents := map[string]int{}
	for _, item := range kept {
		contents[item.Content]++
		if item.Type == "MESSAGE" && !gap {
			require.Positive(t, times[item.Id], "%s of %s was not handled", item.Id, id)
		}
	}
	for token, chatID := range tr.sent {
		if chatID == id {
			require.Equal(t, 1, contents[token], "%s of %s", token, id)
		}
	}
	for token := range tr.tried {
		require.LessOrEqual(t, contents[token], 1, "%s of %s", token, id)
	}
}
