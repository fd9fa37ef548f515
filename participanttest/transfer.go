// SPDX-License-Identifier: Apache-2.0

package participanttest

import "github.com/participant-go/connectparticipant/types"

// Invite adds an agent, who hasn't connected, and sends the event about it.
func (c *Contact) Invite(displayName string) *Participant {
	c.srv.mu.Lock()
	defer c.srv.mu.Unlock()
	agent := c.add(types.ParticipantRoleAgent, displayName)
	if !c.ended {
		agent.event(eventInvited)
	}
	return agent
}

// Transfer hands the chat to another agent, whom it returns and who hasn't connected.
// The events are transfer.succeeded and participant.left of the agents so far; the chat
// goes on.
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
			p.deaf = true
		}
	}
	return successor
}

// FailTransfer sends the event that a transfer has failed; nothing else changes.
func (c *Contact) FailTransfer() {
	c.srv.mu.Lock()
	defer c.srv.mu.Unlock()
	if !c.ended {
		c.send(Item{Type: typeEvent, ContentType: eventNoTransfer})
	}
}
