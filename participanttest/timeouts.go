// SPDX-License-Identifier: Apache-2.0

package participanttest

import (
	"slices"
	"time"

	"github.com/participant-go/connectparticipant/types"
)

// Timeouts are the chat timeouts of one role (Administrator Guide, "Set up chat timeouts"). They run
// while a customer and an agent or CUSTOM_BOT have joined and not left. A message or an attachment of
// the participant restarts them. Zero is no timeout.
type Timeouts struct {
	// Idle is how long a participant is silent before the event participant.idle is sent. Before their
	// next message or attachment, participant.returned is sent.
	Idle time.Duration
	// AutoDisconnect is how long a participant is silent before being disconnected, with the effect of
	// Participant.AutoDisconnect. If Idle is set, the time starts with participant.idle.
	AutoDisconnect time.Duration
}

// silence is the state of a participant's timeouts.
type silence struct {
	watched bool
	idle    bool   // participant.idle was sent
	timer   *timer // nil if none is set
}

func (p *Participant) timeouts() Timeouts {
	switch p.Role {
	case types.ParticipantRoleCustomer:
		return p.contact.opts.CustomerTimeouts
	case types.ParticipantRoleAgent:
		return p.contact.opts.AgentTimeouts
	default:
		return Timeouts{}
	}
}

// watch starts and stops timeouts when a participant has joined or left, or the chat has ended.
func (c *Contact) watch() {
	converse := !c.ended && slices.ContainsFunc(c.participants, (*Participant).isCustomer) &&
		slices.ContainsFunc(c.participants, (*Participant).isNonCustomer)
	for _, p := range c.participants {
		switch watched := converse && p.isPresent(); {
		case watched && !p.silence.watched:
			p.silence.watched = true
			p.await()
		case !watched:
			c.srv.stop(p.silence.timer)
			p.silence = silence{}
		}
	}
}

func (p *Participant) isPresent() bool { return p.joined && !p.left }

func (p *Participant) isCustomer() bool {
	return p.isPresent() && p.Role == types.ParticipantRoleCustomer
}

// isNonCustomer reports whether an automatic disconnection makes the participant leave.
func (p *Participant) isNonCustomer() bool {
	return p.isPresent() && (p.Role == types.ParticipantRoleAgent || p.Role == types.ParticipantRoleCustomBot)
}

// await sets the timer for the next timeout.
func (p *Participant) await() {
	s, t := p.contact.srv, p.timeouts()
	s.stop(p.silence.timer)
	p.silence.timer = nil
	switch {
	case t.Idle > 0 && !p.silence.idle:
		p.silence.timer = s.after(t.Idle, p.becomeIdle)
	case t.AutoDisconnect > 0:
		p.silence.timer = s.after(t.AutoDisconnect, p.autoDisconnect)
	}
}

func (p *Participant) becomeIdle() {
	p.silence.idle = true
	p.event(eventIdle)
	p.await()
}

// speaks is called before a message or an attachment of the participant.
func (p *Participant) speaks() {
	if !p.silence.watched {
		return
	}
	if p.silence.idle {
		p.silence.idle = false
		p.event(eventReturned)
	}
	p.await()
}

// autoDisconnect makes all agents and custom bots leave, no matter which participant was silent. They don't receive the
// event about it.
func (p *Participant) autoDisconnect() {
	c := p.contact
	var leaving []*Participant
	for _, other := range c.participants {
		if other.isNonCustomer() || other == p && p.Role != types.ParticipantRoleCustomer {
			leaving = append(leaving, other)
		}
	}
	it := p.newEvent(eventAutoDisconn)
	staying := slices.DeleteFunc(c.listeners(), func(p *Participant) bool { return slices.Contains(leaving, p) })
	c.enqueue(&push{item: it, to: staying, visibility: VisibilityAll})
	c.dismiss(leaving, reasonIdle)
}

// dismiss makes participants leave together. The chat ends if an agent is among them.
func (c *Contact) dismiss(leaving []*Participant, reason string) {
	for _, p := range leaving {
		p.depart()
	}
	if slices.ContainsFunc(leaving, func(p *Participant) bool { return p.Role == types.ParticipantRoleAgent }) && !c.srv.opts.AgentsMayLeave {
		c.endFor(reason)
	}
	for _, p := range leaving {
		p.noPushes = true // after the end of the chat, which is still pushed
	}
}
