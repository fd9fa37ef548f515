// SPDX-License-Identifier: Apache-2.0

package chat_test

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"github.com/participant-go/connectparticipant/participanttest"
)

// action is an action of a schedule; weight is its relative frequency.
type action struct {
	weight int
	do     func(*trial)
}

// people are the actions of the participants.
var people = []action{
	{30, (*trial).say},
	{10, (*trial).sayMore},
	{3, func(tr *trial) { tr.burst(101 + tr.rng.IntN(60)) }},
	{15, (*trial).send},
	{8, (*trial).stream},
	{6, (*trial).markRead},
	{6, func(tr *trial) { tr.agent.Typing() }},
	{2, func(tr *trial) { tr.agent.Idle(); tr.agent.Return() }},
	{3, (*trial).share},
	{3, (*trial).change},
}

func (tr *trial) burst(n int) {
	tr.note("burst of %d", n)
	for range n {
		tr.say()
	}
}

func (tr *trial) say() {
	now := time.Now()
	text := fmt.Sprint("text ", tr.rng.IntN(1000))
	var id string
	switch tr.rng.IntN(8) {
	case 0:
		id = tr.contact.Customer.Say(text)
		tr.noteMine(id, false)
	case 1:
		id = tr.contact.System.SayMarkdown(text)
	case 2:
		id = tr.agent.SayInteractive(`{"templateType":"ListPicker"}`)
	default:
		id = tr.agent.Say(text)
	}
	tr.noteSaid(id, now)
}

func (tr *trial) noteSaid(id string, at time.Time) {
	tr.mu.Lock()
	defer tr.mu.Unlock()
	tr.said[id] = at
}

func (tr *trial) noteMine(id string, sent bool) {
	tr.mu.Lock()
	defer tr.mu.Unlock()
	tr.mine = append(tr.mine, id)
	if sent {
		tr.sent[id] = true
	}
}

func (tr *trial) sayMore() {
	for range 2 + tr.rng.IntN(6) {
		tr.say()
	}
}

// send sends from the session, even without a socket. It may fail: only the transcript counts.
func (tr *trial) send() {
	s := tr.session
	if s == nil {
		return
	}
	read := tr.oneIn(3)
	tr.doing.Go(func() {
		ctx, cancel := context.WithTimeout(tr.t.Context(), time.Minute)
		defer cancel()
		sent, err := s.Send(ctx, "from the session")
		if err != nil {
			return
		}
		tr.noteMine(sent.ID, true)
		if read {
			tr.contact.Agent.MarkRead(sent.ID)
		}
	})
}

// stream sends a message in chunks, some of which are lost or out of order.
func (tr *trial) stream() {
	chunks := 1 + tr.rng.IntN(8)
	order := tr.rng.IntN(4)
	lost := tr.rng.IntN(chunks + 1)
	gap := tr.upTo(20 * time.Second)
	tr.streams++
	stream := tr.agent.StartStream()
	tr.doing.Go(func() {
		for i := range chunks {
			switch text := fmt.Sprint("chunk ", i, " "); {
			case order == 0 && i == lost:
				stream.Skip(text)
			case order == 1 && i%2 == 0 && i+1 < chunks:
				stream.ChunkNumber(i+2, text)
			case order == 1:
				stream.ChunkNumber(i, text)
			default:
				stream.Chunk(text)
			}
			tr.sleep(gap)
		}
		tr.noteSaid(stream.Complete(), time.Now())
	})
}

func (tr *trial) markRead() {
	tr.mu.Lock()
	defer tr.mu.Unlock()
	if len(tr.mine) == 0 {
		return
	}
	id := tr.mine[tr.rng.IntN(len(tr.mine))]
	if tr.oneIn(2) {
		tr.agent.MarkDelivered(id)
	}
	if tr.oneIn(2) {
		tr.agent.MarkRead(id)
	}
}

func (tr *trial) share() { tr.agent.ShareFile("a.txt", "text/plain", []byte("text")) }

// change changes the participants.
func (tr *trial) change() {
	switch tr.rng.IntN(6) {
	case 0:
		tr.agent = tr.contact.Transfer("Successor")
		tr.note("transfer")
	case 1:
		tr.contact.Invite("Guest")
	case 2:
		tr.contact.FailTransfer()
	case 3:
		tr.agent.Rename("Another")
	case 4:
		tr.agent.Join()
	default:
	}
}

// harmless are events that also occur with a healthy service.
var harmless = []action{
	{3, func(tr *trial) {
		tr.fault(participanttest.Fault{On: participanttest.OnPush, Chance: 0.3, Effect: participanttest.Duplicate()})
	}},
	{2, func(tr *trial) {
		tr.fault(participanttest.Fault{On: participanttest.OnPing, Effect: participanttest.Fail(500, "")})
	}},
}

// napping makes the caller sleep, with bursts by which it falls behind.
var napping = []action{
	{4, func(tr *trial) {
		tr.naps.Store(int64(pick(tr, time.Second, time.Minute, 5*time.Minute)))
		tr.note("the caller sleeps up to %v", time.Duration(tr.naps.Load()))
	}},
	{2, func(tr *trial) { tr.naps.Store(0); tr.note("the caller is awake") }},
	{2, func(tr *trial) {
		if tr.oneIn(4) {
			tr.burst(1101 + tr.rng.IntN(200))
		}
	}},
}

var closeCodes = []int{0, 0, 0, 1000, 1001, 1006, 1008, 1009, 1011, 1012, 4000}

func (tr *trial) cut() {
	code := pick(tr, closeCodes...)
	tr.note("cut %d", code)
	tr.losses = append(tr.losses, time.Now())
	tr.contact.Customer.CloseSockets(code, "test")
}

var cuts = []action{
	{10, (*trial).cut},
	{4, func(tr *trial) { tr.cut(); tr.burst(1 + tr.rng.IntN(150)) }},
	{1, func(tr *trial) {
		if tr.oneIn(6) {
			tr.cut()
			tr.burst(1101 + tr.rng.IntN(100))
		}
	}},
}

// mishaps are faults of sockets and connections.
var mishaps = []action{
	{8, (*trial).cut},
	{2, func(tr *trial) { tr.cut(); tr.burst(1 + tr.rng.IntN(150)) }},
	{1, func(tr *trial) {
		if tr.oneIn(5) {
			tr.cut()
			tr.burst(1101 + tr.rng.IntN(100))
		}
	}},
	{6, func(tr *trial) { // half-open
		tr.fault(participanttest.Fault{
			On:     pick(tr, participanttest.OnUpgrade, participanttest.OnHeartbeat, participanttest.OnPush),
			Times:  1 + tr.rng.IntN(3),
			Effect: pick(tr, participanttest.Silent(), participanttest.Unread(), participanttest.Blackhole()),
		})
	}},
	{4, func(tr *trial) {
		tr.fault(participanttest.Fault{
			On: participanttest.OnSubscribe, Times: tr.rng.IntN(4),
			Effect: pick(tr, participanttest.Ignore(), participanttest.Refuse(), participanttest.GatewayError(), participanttest.Close(1011),
				participanttest.Delay(4*time.Second), participanttest.Delay(7*time.Second)),
		})
	}},
	{4, func(tr *trial) {
		on, fail := pick(tr, participanttest.OnHeartbeat, participanttest.OnPing), participanttest.Fail(500, "")
		effect := pick(tr, participanttest.Ignore(), fail, participanttest.GatewayError(), participanttest.Close(0))
		if effect == fail {
			on = participanttest.OnPing // the response to a heartbeat has no status
		}
		tr.fault(participanttest.Fault{On: on, Effect: effect})
	}},
	{2, func(tr *trial) {
		tr.fault(participanttest.Fault{
			On: participanttest.OnPush, Times: 1 + tr.rng.IntN(3), Effect: pick(tr, participanttest.GatewayError(), participanttest.Close(1001)),
		})
	}},
	{6, (*trial).failCreate},
	{1, (*trial).deny},
	{4, func(tr *trial) {
		tr.fault(participanttest.Fault{
			On: participanttest.OnUpgrade, Times: tr.rng.IntN(6),
			Effect: pick(tr, participanttest.Fail(http.StatusForbidden, "ForbiddenException"), participanttest.RespondHTML(502), participanttest.DropBefore(),
				participanttest.Ignore(), participanttest.Delay(9*time.Second)),
		})
	}},
	{3, func(tr *trial) { tr.note("tokens expire"); tr.contact.Customer.ExpireTokens() }},
	{1, func(tr *trial) { // the slowest possible renewal
		tr.create(participanttest.Delay(18*time.Second), 1)
		tr.fault(participanttest.Fault{On: participanttest.OnUpgrade, Times: 1, Effect: participanttest.Delay(9 * time.Second)})
		tr.fault(participanttest.Fault{On: participanttest.OnSubscribe, Times: 1, Effect: participanttest.Delay(4 * time.Second)})
		tr.contact.Customer.ExpireTokens()
		tr.send()
	}},
}

func (tr *trial) failCreate() {
	tr.create(pick(tr, participanttest.Fail(429, "ThrottlingException"), participanttest.Fail(500, "InternalServerException"),
		participanttest.RespondHTML(403), participanttest.RespondHTML(503), participanttest.RespondHTML(200), participanttest.Truncate(),
		participanttest.Ignore(), participanttest.DropBefore(), participanttest.DropAfter(), participanttest.Delay(18*time.Second)), tr.rng.IntN(5))
}

// deny denies the token once in a chat, because two denials in a row are final.
func (tr *trial) deny() {
	if !tr.denied {
		tr.denied = true
		tr.create(participanttest.Fail(http.StatusForbidden, "AccessDeniedException"), 1)
	}
}

func (tr *trial) create(e participanttest.Effect, times int) {
	tr.creating = append(tr.creating, tr.fault(participanttest.Fault{On: "CreateParticipantConnection", Times: times, Effect: e}))
}

// callMishaps are faults of GetTranscript and SendMessage.
var callMishaps = []action{
	{6, func(tr *trial) {
		tr.fault(participanttest.Fault{
			On: "GetTranscript", Skip: tr.rng.IntN(3), Times: tr.rng.IntN(6), Chance: pick(tr, 0, 0.5),
			Effect: pick(tr, participanttest.Fail(429, "ThrottlingException"), participanttest.Fail(500, "InternalServerException"),
				participanttest.Fail(http.StatusForbidden, "AccessDeniedException"), participanttest.RespondHTML(503), participanttest.Truncate(), participanttest.DropBefore(),
				participanttest.DropAfter(), participanttest.Delay(2*time.Second), participanttest.Delay(20*time.Second), participanttest.Ignore()),
		})
	}},
	{3, func(tr *trial) {
		tr.fault(participanttest.Fault{
			On: "SendMessage", Times: 1 + tr.rng.IntN(4),
			Effect: pick(tr, participanttest.Fail(429, "ThrottlingException"), participanttest.Fail(500, "InternalServerException"),
				participanttest.Fail(http.StatusForbidden, "AccessDeniedException"), participanttest.Truncate(), participanttest.DropAfter(), participanttest.Delay(5*time.Second)),
		})
	}},
}

// pushMishaps are faults of single pushes on healthy sockets.
var pushMishaps = []action{
	{5, func(tr *trial) {
		tr.fault(participanttest.Fault{
			On: participanttest.OnPush, Skip: tr.rng.IntN(3), Times: tr.rng.IntN(10), Chance: pick(tr, 0.1, 0.5),
			Effect: pick(tr, participanttest.Lose(), participanttest.Lose(), participanttest.Duplicate(), participanttest.Reorder(),
				participanttest.Delay(tr.upTo(time.Minute))),
		})
	}},
}

// lags make items appear late in the transcript.
var lags = []action{
	{5, func(tr *trial) {
		tr.fault(participanttest.Fault{
			On: participanttest.OnTranscript, Chance: pick(tr, 0, 0.3, 0.8),
			Effect: participanttest.Lag(pick(tr, tr.upTo(2*time.Second), tr.upTo(90*time.Second))),
		})
	}},
}

var pushDelays = []action{
	{15, func(tr *trial) {
		tr.fault(participanttest.Fault{
			On: participanttest.OnPush, Chance: pick(tr, 0.1, 0.5),
			Effect: pick(tr, participanttest.Reorder(), participanttest.Delay(tr.upTo(time.Second))),
		})
	}},
}

// fault injects a fault for a random time.
func (tr *trial) fault(f participanttest.Fault) *participanttest.Injected {
	if f.Participant == nil && f.On != participanttest.OnTranscript {
		f.Participant = tr.contact.Customer
	}
	life := tr.upTo(2 * time.Minute)
	rule := tr.srv.Inject(f)
	tr.rules = append(tr.rules, rule)
	tr.timers = append(tr.timers, time.AfterFunc(life, rule.Remove))
	tr.note("for %v: %s %+v, skip %d, times %d, chance %v", life.Round(time.Millisecond), f.On, f.Effect, f.Skip, f.Times, f.Chance)
	return rule
}
