// SPDX-License-Identifier: Apache-2.0

package participanttest

import (
	"slices"
	"time"

	"github.com/coder/websocket"

	"github.com/participant-go/connectparticipant/types"
)

// Participant is somebody in a chat. Its fields don't change.
//
// Its methods let it act beside the wire, as if on another device. They do nothing, and
// return "", once the participant has left or the chat has ended. What they bring to the
// chat is pushed before they return.
type Participant struct {
	// ID is the participant's id, the same in all items of theirs.
	ID string
	// Token is the participant token, good for CreateParticipantConnection only.
	Token string
	// Role stands in all items of theirs, and so does DisplayName until Rename.
	Role        types.ParticipantRole
	DisplayName string

	contact *Contact
	custom  bool // from CreateParticipant

	// Guarded by contact.srv.mu.
	name        string
	added       time.Time
	active      bool // counts for receipts
	joined      bool // the others were told
	left        bool
	silence     silence
	noPushes    bool // has left and gets no more pushes
	sockets     []*socket
	upgrading   int      // its upgrades under way
	dialled     int      // how many sockets there ever were
	generation  int      // how often it has called CreateParticipantConnection
	tickets     []string // in its WebSocket URLs, oldest first
	counts      map[string]int
	connections []string // its connection tokens, oldest first
	responses   responseCache
}

// Join lets the participant take part as CreateParticipantConnection with
// ConnectParticipant does, once. Switches.StrictConnection doesn't restrict it.
func (p *Participant) Join() {
	p.act(func() {
		p.join()
		p.startFlow()
	})
}

// Leave does what DisconnectParticipant does.
func (p *Participant) Leave() { p.act(p.leave) }

// Typing sends a typing event.
func (p *Participant) Typing() { p.actEvent(eventTyping) }

// Idle sends the event that the participant has been silent for too long. Nothing else
// happens (Administrator Guide, "Set up chat timeouts").
func (p *Participant) Idle() { p.actEvent(eventIdle) }

// Return sends the event that an idle participant is back.
func (p *Participant) Return() { p.actEvent(eventReturned) }

// AutoDisconnect sends the event that the participant has been silent for too long, and lets all
// agents and custom bots leave, who don't get the event. The chat ends if an agent has left so,
// unless Switches.AgentsMayLeave is on. It is what Timeouts do.
func (p *Participant) AutoDisconnect() { p.act(p.autoDisconnect) }

// Rename changes the display name of all items to come and sends the event about it, as
// happens after an authentication.
func (p *Participant) Rename(displayName string) {
	p.act(func() {
		p.name = displayName
		p.event(eventRenamed)
	})
}

// MarkDelivered sends a receipt for a message of somebody else, with the same effect as
// SendEvent's.
func (p *Participant) MarkDelivered(messageID string) { p.mark(messageID, eventDelivered) }

// MarkRead is MarkDelivered for having read it.
func (p *Participant) MarkRead(messageID string) { p.mark(messageID, eventRead) }

func (p *Participant) mark(messageID, contentType string) {
	p.act(func() {
		if p.contact.activeParticipants() <= maxForReceipts {
			p.contact.receipt(p, messageID, contentType)
		}
	})
}

// ExpireTokens makes the participant's connection tokens and WebSocket URLs invalid at
// once. Sockets stay open, and the participant token stays good.
func (p *Participant) ExpireTokens() { p.act(p.forgetConnections) }

// CloseSockets closes the participant's WebSockets with a code and a reason, after what
// is on its way to them. Code 0 is CutSockets; a code that no close frame may carry, such
// as 1006, ends the connection without one.
func (p *Participant) CloseSockets(code int, reason string) {
	p.contact.srv.mu.Lock()
	defer p.contact.srv.mu.Unlock()
	for len(p.sockets) > 0 {
		p.sockets[0].end(websocket.StatusCode(code), reason)
	}
}

// CutSockets resets the connections of the participant's WebSockets; what is on its way
// to them is lost.
func (p *Participant) CutSockets() { p.CloseSockets(0, "") }

// act does something unless the participant has left or the chat has ended.
func (p *Participant) act(do func()) {
	p.contact.srv.mu.Lock()
	defer p.contact.srv.mu.Unlock()
	if !p.left && !p.contact.ended {
		do()
	}
}

func (p *Participant) actEvent(contentType string) { p.act(func() { p.event(contentType) }) }

// send brings an item of this participant to the chat.
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

// newEvent makes an event that nobody gets yet.
func (p *Participant) newEvent(contentType string) *Item {
	it := &Item{Type: typeEvent, ContentType: contentType}
	p.sign(it)
	p.contact.stamp(it)
	return it
}

// join tells the others the first time.
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

// leave ends the chat with an agent or with the last customer; anybody else may go
// without consequence.
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
	p.noPushes = true // from here on: who leaves sees the end that follows
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
