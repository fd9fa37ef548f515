// SPDX-License-Identifier: Apache-2.0

package participanttest

import (
	"slices"
	"time"

	"github.com/coder/websocket"

	"github.com/participant-go/connectparticipant/types"
)

// Participant is a participant of a chat. Its fields don't change.
//
// Its methods act directly on the server, without going through HTTP, as if on another device. They do
// nothing, and return "", once the participant has left or the chat has ended. The items that they add
// to the chat are pushed before they return.
type Participant struct {
	// ID is the participant's id, the same in all their items.
	ID string
	// Token is the participant token, accepted by CreateParticipantConnection only.
	Token string
	// Role appears in all the participant's items, and so does DisplayName until Rename.
	Role        types.ParticipantRole
	DisplayName string

	contact *Contact
	custom  bool // from CreateParticipant

	// Guarded by contact.srv.mu.
	name        string
	added       time.Time
	active      bool // counts for receipts
	joined      bool // participant.joined was sent
	left        bool
	silence     silence
	noPushes    bool // has left and gets no more pushes
	sockets     []*socket
	upgrading   int      // the number of running upgrades
	dialed      int      // the number of sockets so far
	generation  int      // the number of CreateParticipantConnection calls
	tickets     []string // in its WebSocket URLs, oldest first
	counts      map[string]int
	connections []string // its connection tokens, oldest first
	former      []string // its tokens that are invalid, oldest first
	responses   responseCache
}

// Join has the effect of CreateParticipantConnection with ConnectParticipant. Switches.StrictConnection
// doesn't restrict it. Further calls have no effect.
func (p *Participant) Join() {
	p.act(func() {
		p.join()
		p.startFlow()
	})
}

// Leave has the effect of DisconnectParticipant.
func (p *Participant) Leave() { p.act(p.leave) }

// Typing sends a typing event.
func (p *Participant) Typing() { p.actEvent(eventTyping) }

// Idle sends the event participant.idle, as after Timeouts.Idle without a message, and does nothing
// else (Administrator Guide, "Set up chat timeouts").
func (p *Participant) Idle() { p.actEvent(eventIdle) }

// Return sends the event participant.returned, as the next message of an idle participant does.
func (p *Participant) Return() { p.actEvent(eventReturned) }

// AutoDisconnect has the effect of an expired Timeouts.AutoDisconnect: it sends the event
// participant.autodisconnection, and makes all agents and custom bots leave. Those who leave don't
// receive the event. The chat ends if an agent was among them, unless Switches.AgentsMayLeave is on.
func (p *Participant) AutoDisconnect() { p.act(p.autoDisconnect) }

// Rename changes the display name of all further items and sends the event
// participant.displayname.updated, as happens after an authentication.
func (p *Participant) Rename(displayName string) {
	p.act(func() {
		p.name = displayName
		p.event(eventRenamed)
	})
}

// MarkDelivered sends the receipt that a message of another participant was delivered, as SendEvent
// does.
func (p *Participant) MarkDelivered(messageID string) { p.mark(messageID, eventDelivered) }

// MarkRead sends the receipt that a message of another participant was read.
func (p *Participant) MarkRead(messageID string) { p.mark(messageID, eventRead) }

func (p *Participant) mark(messageID, contentType string) {
	p.act(func() {
		if p.contact.activeParticipants() <= maxForReceipts {
			p.contact.receipt(p, messageID, contentType)
		}
	})
}

// ExpireTokens makes the participant's connection tokens and WebSocket URLs invalid immediately.
// Sockets stay open, and the participant token stays valid.
func (p *Participant) ExpireTokens() { p.act(p.forgetConnections) }

// CloseSockets closes the participant's WebSockets with a code and a reason, after the frames that are
// queued for them have been sent. Code 0 does the same as CutSockets; a code that no close frame may
// carry, such as 1006, ends the connection without one.
func (p *Participant) CloseSockets(code int, reason string) {
	p.contact.srv.mu.Lock()
	defer p.contact.srv.mu.Unlock()
	for len(p.sockets) > 0 {
		p.sockets[0].end(websocket.StatusCode(code), reason)
	}
}

// CutSockets resets the connections of the participant's WebSockets; what is queued for them is lost.
func (p *Participant) CutSockets() { p.CloseSockets(0, "") }

// act calls do unless the participant has left or the chat has ended.
func (p *Participant) act(do func()) {
	p.contact.srv.mu.Lock()
	defer p.contact.srv.mu.Unlock()
	if !p.left && !p.contact.ended {
		do()
	}
}

func (p *Participant) actEvent(contentType string) { p.act(func() { p.event(contentType) }) }

// send adds an item of this participant to the chat.
func (p *Participant) send(it Item) *Item {
	p.sign(&it)
	return p.contact.send(it)
}

func (p *Participant) sign(it *Item) {
	it.ParticipantId = p.ID
	it.ParticipantRole = p.Role
	it.DisplayName = p.name
}

func (p *Participant) event(contentType string) *Item {
	return p.send(Item{Type: typeEvent, ContentType: contentType})
}

// newEvent creates an event without sending it.
func (p *Participant) newEvent(contentType string) *Item {
	it := &Item{Type: typeEvent, ContentType: contentType}
	p.sign(it)
	p.contact.stamp(it)
	return it
}

// join sends participant.joined the first time.
func (p *Participant) join() {
	if p.joined || p.left || p.contact.ended {
		return
	}
	p.joined, p.active = true, true
	p.event(eventJoined)
	p.contact.watch()
	if p.Role == types.ParticipantRoleAgent {
		p.contact.dismissBots()
	}
}

// leave ends the chat if an agent leaves, or the last customer. Other participants can leave without
// consequence.
func (p *Participant) leave() {
	p.depart()
	agentEnds := p.Role == types.ParticipantRoleAgent && !p.contact.srv.opts.AgentsMayLeave
	switch {
	case agentEnds:
		p.contact.endFor(reasonAgent)
	case !p.contact.hasCustomer():
		if p.contact.opts.DisconnectOnCustomerExit {
			p.contact.dismiss(p.contact.presentAgents(), reasonCustomer)
		}
		p.contact.endFor(reasonCustomer)
	}
	p.noPushes = true // after the end of the chat, which is still pushed
}

func (p *Participant) depart() {
	p.event(eventLeft)
	p.left = true
	p.forgetTokens()
	p.contact.watch()
}

func (c *Contact) presentAgents() []*Participant {
	return slices.DeleteFunc(slices.Clone(c.participants), func(p *Participant) bool {
		return p.Role != types.ParticipantRoleAgent || !p.isPresent()
	})
}
