// SPDX-License-Identifier: Apache-2.0

package participanttest

import (
	"math/rand/v2"
	"slices"
)

// Where a Fault strikes, beside the names of the operations ("SendMessage" …).
const (
	// OnUpgrade is the dialling of a WebSocket.
	OnUpgrade = "upgrade"
	// OnUpload and OnDownload are the PUT and the GET of a signed URL.
	OnUpload   = "upload"
	OnDownload = "download"
	// OnSubscribe, OnHeartbeat and OnPing are the frames of a client.
	OnSubscribe = topicSubscribe
	OnHeartbeat = topicHeartbeat
	OnPing      = topicPing
	// OnPush is an item on its way to one socket.
	OnPush = "push"
	// OnTranscript is an item on its way into the transcript.
	OnTranscript = "transcript"
	// OnPublish is an item on its way to Options.Stream.
	OnPublish = "publish"
)

// Fault is a rule: where something goes wrong, how often, and what. The members that
// are zero match everything.
type Fault struct {
	// On is the name of an operation, or one of the On constants. Defaults to every
	// operation, those of Amazon Connect too.
	On string
	// Contact and Participant bind the rule to a chat, or to a side of one: the caller
	// of an operation, the owner of a socket, the sender of an item that is kept or published.
	// Defaults to all.
	Contact     *Contact
	Participant *Participant
	// Socket binds the rule to a participant's n-th socket, counted from 1 in the order
	// of dialling. Defaults to all.
	Socket int
	// ContentType binds the rule to items of one content type, for OnPush, OnTranscript and
	// OnPublish.
	// Defaults to all.
	ContentType string
	// Skip lets so many matches pass before the rule begins. Defaults to none.
	Skip int
	// Times is how often the rule strikes. Defaults to for ever.
	Times int
	// Chance strikes a match at random, 0.1 one in ten. Each rule draws from a stream of
	// its own, which Options.Seed and the rule's number begin, one draw a match: the n-th
	// match of a rule has the same fate in every run, whatever runs beside it. Defaults
	// to always.
	Chance float64
	// Effect is what happens. Required.
	Effect Effect
}

// Injected is a Fault at work.
type Injected struct {
	// ID counts the faults of a server from 1.
	ID uint64
	Fault

	srv              *Server
	matched, applied int
	draw             *rand.Rand
}

// Inject adds a fault. Where several match, the one added first that has its turn
// strikes.
func (s *Server) Inject(f Fault) *Injected {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.injected++
	rule := &Injected{ID: s.injected, Fault: f, srv: s, draw: rand.New(rand.NewPCG(s.opts.Seed, s.injected))}
	s.faults = append(s.faults, rule)
	return rule
}

// Remove takes the fault back. What it has caused stays.
func (i *Injected) Remove() {
	i.srv.mu.Lock()
	defer i.srv.mu.Unlock()
	i.srv.faults = slices.DeleteFunc(i.srv.faults, func(other *Injected) bool { return other == i })
}

// Applied is how often the fault has applied.
func (i *Injected) Applied() int {
	i.srv.mu.Lock()
	defer i.srv.mu.Unlock()
	return i.applied
}

// target is what a fault may strike.
type target struct {
	on          string
	operation   bool
	participant *Participant // nil if it is nobody's
	contact     *Contact
	socket      int
	contentType string
}

func (p *Participant) target(on string) target {
	h := target{on: on, participant: p}
	if p != nil {
		h.contact = p.contact
	}
	return h
}

// strike asks every rule in order whether it has its turn. It returns the effect of the
// first that has.
func (s *Server) faultOn(h target) Effect {
	for _, rule := range s.faults {
		if rule.matches(h) && rule.hasTurn() {
			s.changed()
			e := rule.Effect
			e.fault = rule.ID
			return e
		}
	}
	return Effect{}
}

func (i *Injected) matches(h target) bool {
	switch {
	case i.On == "" && !h.operation, i.On != "" && i.On != h.on:
		return false
	case i.Contact != nil && i.Contact != h.contact:
		return false
	case i.Participant != nil && i.Participant != h.participant:
		return false
	case i.Socket != 0 && i.Socket != h.socket:
		return false
	default:
		return i.ContentType == "" || i.ContentType == h.contentType
	}
}

// hasTurn draws for every match, so that the n-th match has the n-th draw.
func (i *Injected) hasTurn() bool {
	i.matched++
	applied := i.Chance == 0 || i.draw.Float64() < i.Chance
	if !applied || i.matched <= i.Skip || i.Times != 0 && i.applied >= i.Times {
		return false
	}
	i.applied++
	return true
}
