// SPDX-License-Identifier: Apache-2.0

package participanttest

import (
	"math/rand/v2"
	"slices"
)

// The values of Fault.On other than the names of operations, such as "SendMessage".
const (
	// OnUpgrade is the upgrade of a request to a WebSocket.
	OnUpgrade = "upgrade"
	// OnUpload and OnDownload are the PUT and the GET of a signed URL.
	OnUpload   = "upload"
	OnDownload = "download"
	// OnSubscribe, OnHeartbeat and OnPing are frames that a client sends.
	OnSubscribe = topicSubscribe
	OnHeartbeat = topicHeartbeat
	OnPing      = topicPing
	// OnPush is the push of an item to one socket.
	OnPush = "push"
	// OnTranscript is the addition of an item to the transcript.
	OnTranscript = "transcript"
	// OnPublish is the publication of an item to Options.Stream and Options.Topics.
	OnPublish = "publish"
)

// Fault is a rule that defines where something goes wrong, how often, and what happens.
type Fault struct {
	// On is the name of an operation, or one of the On constants. Defaults to every operation of the
	// service and of Amazon Connect, but not the places of the On constants.
	On string
	// Contact and Participant limit the rule to a chat or a participant: the caller of an operation with
	// a valid token, the owner of a socket, the sender of an item. Both default to all.
	Contact     *Contact
	Participant *Participant
	// Socket limits the rule to a participant's n-th socket, counted from 1 in the order of dialing.
	// Applies to OnUpgrade, OnPush and the frames that a client sends. Defaults to all.
	Socket int
	// ContentType limits the rule to items of one content type, for OnPush, OnTranscript and OnPublish.
	// Defaults to all.
	ContentType string
	// Skip is the number of matches that the rule lets through before it applies. Defaults to none.
	Skip int
	// Times is how often the rule applies. Defaults to unlimited.
	Times int
	// Chance is the probability with which the rule applies to a match: 0.1 is one in ten. Each rule
	// has a separate random generator, seeded with Options.Seed and the rule's ID, and draws once for
	// each match: the n-th match of a rule has the same result in every run, whatever runs
	// concurrently. Defaults to always.
	Chance float64
	// Effect is what happens. Required; it must work at the place that On names.
	Effect Effect
}

// Injected is a Fault that is in effect.
type Injected struct {
	// ID counts the faults of a server from 1.
	ID uint64
	Fault

	srv              *Server
	matched, applied int
	draw             *rand.Rand
}

// Inject adds a fault. If several match, the one that was added first applies, among those that
// Fault.Skip, Times and Chance permit. It panics with the error of Fault.Validate if the fault is
// invalid: such a fault would never apply, or would count as applied without an effect.
func (s *Server) Inject(f Fault) *Injected {
	if err := f.Validate(); err != nil {
		panic("participanttest: invalid Fault: " + err.Error())
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.injected++
	rule := &Injected{ID: s.injected, Fault: f, srv: s, draw: rand.New(rand.NewPCG(s.opts.Seed, s.injected))}
	s.faults = append(s.faults, rule)
	return rule
}

// Remove removes the fault. The effects that it has had aren't undone.
func (i *Injected) Remove() {
	i.srv.mu.Lock()
	defer i.srv.mu.Unlock()
	i.srv.faults = slices.DeleteFunc(i.srv.faults, func(other *Injected) bool { return other == i })
}

// Applied returns how often the fault has been applied.
func (i *Injected) Applied() int {
	i.srv.mu.Lock()
	defer i.srv.mu.Unlock()
	return i.applied
}

// target is what a fault may apply to.
type target struct {
	on          string
	operation   bool
	participant *Participant // nil without a participant
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

// faultOn returns the effect of the first rule that matches and is due.
func (s *Server) faultOn(h target) Effect {
	for _, rule := range s.faults {
		if rule.matches(h) && rule.isDue() {
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

// isDue draws for every match, so that the n-th match has the n-th draw.
func (i *Injected) isDue() bool {
	i.matched++
	drawn := i.Chance == 0 || i.draw.Float64() < i.Chance
	if !drawn || i.matched <= i.Skip || i.Times != 0 && i.applied >= i.Times {
		return false
	}
	i.applied++
	return true
}
