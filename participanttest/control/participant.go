// SPDX-License-Identifier: Apache-2.0

package control

import (
	"net/http"

	"github.com/participant-go/connectparticipant/participanttest"
	"github.com/participant-go/connectparticipant/types"
)

type participantOutput struct {
	ParticipantId    string
	ParticipantToken string
	ParticipantRole  types.ParticipantRole
	DisplayName      string
	// Joined and Left report whether participant.joined and participant.left were sent.
	Joined, Left bool
	// Sockets is how many WebSockets are subscribed to the chat.
	Sockets int
}

func newParticipantOutput(p *participanttest.Participant) participantOutput {
	s := p.State()
	return participantOutput{p.ID, p.Token, p.Role, s.DisplayName, s.Joined, s.Left, s.Sockets}
}

func describeParticipant(c *control, r *http.Request, _ empty) (participantOutput, error) {
	p, err := c.participant(r)
	if err != nil {
		return participantOutput{}, err
	}
	return newParticipantOutput(p), nil
}

// participant is the one in the path.
func (c *control) participant(r *http.Request) (*participanttest.Participant, error) {
	contact, err := c.contact(r)
	if err != nil {
		return nil, err
	}
	return findParticipant(contact, r.PathValue("ParticipantId"))
}

// findParticipant takes an id, or customer, agent or system for those with whom the chat
// began.
func findParticipant(contact *participanttest.Contact, id string) (*participanttest.Participant, error) {
	switch id {
	case "customer":
		return contact.Customer, nil
	case "agent":
		return contact.Agent, nil
	case "system":
		return contact.System, nil
	}
	for _, p := range contact.Participants() {
		if p.ID == id {
			return p, nil
		}
	}
	return nil, notFound("participant")
}
