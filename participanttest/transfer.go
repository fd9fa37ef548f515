// SPDX-License-Identifier: Apache-2.0

package participanttest

import "github.com/participant-go/connectparticipant/types"

// Invite adds an agent, who hasn't connected, and sends participant.invited.
func (c *Contact) Invite(displayName string) *Participant {
	c.srv.mu.Lock()
	defer c.srv.mu.Unlock()
	agent := c.add(types.ParticipantRoleAgent, displayName)
	if !c.ended {
		agent.event(eventInvited)
	}
	return agent
}

// Transfer transfers the chat to another agent, who hasn't connected, and returns the agent. The
// events are transfer.succeeded and participant.left of the previous agents. The chat continues with a new
// CurrentID, as the service starts a new contact; tokens and sockets stay valid.
func (c *Contact) Transfer(displayName string) *Participant {
	c.srv.mu.Lock()
	defer c.srv.mu.Unlock()
	before := c.participants
	successor := c.add(types.ParticipantRoleAgent, displayName)
	if c.ended {
		return successor
	}
	c.send(Item{Type: typeEvent, ContentType: eventTransferred})
	for _, p := range before {
		if p.Role == types.ParticipantRoleAgent && !p.left {
			p.depart()
			p.noPushes = true
		}
	}
	c.addID(newUUID())
	return successor
}

// CurrentID returns the contact id of new items. It is ID until the first transfer. Server.Contact,
// GetTranscript and the operations of Amazon Connect accept all ids of a chat.
func (c *Contact) CurrentID() string {
	c.srv.mu.Lock()
	defer c.srv.mu.Unlock()
	return c.currentID()
}

func (c *Contact) currentID() string { return c.ids[len(c.ids)-1] }

func (c *Contact) addID(id string) {
	c.ids = append(c.ids, id)
	c.srv.contacts[id] = c
}

// FailTransfer sends the event that a transfer has failed; nothing else changes.
func (c *Contact) FailTransfer() {
	c.srv.mu.Lock()
	defer c.srv.mu.Unlock()
	if !c.ended {
		c.send(Item{Type: typeEvent, ContentType: eventNoTransfer})
	}
}
