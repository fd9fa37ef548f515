// SPDX-License-Identifier: Apache-2.0

package control

import (
	"net/http"
	"slices"

	"github.com/participant-go/connectparticipant/participanttest"
	"github.com/participant-go/connectparticipant/types"
)

type participantInput struct {
	ParticipantRole types.ParticipantRole `strict:"required"`
	DisplayName     string                `strict:"required"`
}

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

type participantsOutput struct{ Participants []participantOutput }

func newParticipantOutput(p *participanttest.Participant) participantOutput {
	s := p.State()
	return participantOutput{p.ID, p.Token, p.Role, s.DisplayName, s.Joined, s.Left, s.Sockets}
}

func listParticipants(c *participanttest.Contact, _ empty) (participantsOutput, error) {
	return participantsOutput{newChatOutput(c).Participants}, nil
}

func addParticipant(c *participanttest.Contact, in participantInput) (participantOutput, error) {
	if roles := in.ParticipantRole.Values(); !slices.Contains(roles, in.ParticipantRole) {
		return participantOutput{}, invalid("ParticipantRole must be one of %v", roles)
	}
	if err := firstError(nameInput{in.DisplayName}.check(), notEnded(c)); err != nil {
		return participantOutput{}, err
	}
	return newParticipantOutput(c.AddParticipant(in.ParticipantRole, in.DisplayName)), nil
}

// onParticipant calls a function with the participant in the path.
func onParticipant[In, Out any](do func(*participanttest.Participant, In) (Out, error)) func(*control, *http.Request, In) (Out, error) {
	return func(c *control, r *http.Request, in In) (out Out, err error) {
		p, err := c.participant(r)
		if err != nil {
			return out, err
		}
		return do(p, in)
	}
}

// ifPresent is onParticipant with an error once the participant can't act any more; the methods of the
// fake would then have no effect.
func ifPresent[In, Out any](do func(*participanttest.Participant, In) (Out, error)) func(*control, *http.Request, In) (Out, error) {
	return func(c *control, r *http.Request, in In) (out Out, err error) {
		contact, err := c.contact(r)
		if err != nil {
			return out, err
		}
		p, err := findParticipant(contact, r.PathValue("ParticipantId"))
		if err != nil {
			return out, err
		}
		if err := firstError(notEnded(contact), notLeft(p)); err != nil {
			return out, err
		}
		return do(p, in)
	}
}

func notLeft(p *participanttest.Participant) error {
	if p.State().Left {
		return errorf(http.StatusConflict, "the participant has left the chat")
	}
	return nil
}

// checkResult returns an error for an empty result: the participant left after the check of ifPresent.
func checkResult(result string) error {
	if result == "" {
		return errorf(http.StatusConflict, "the participant has left the chat, or it has ended")
	}
	return nil
}

// action is ifPresent for methods without parameters.
func action(do func(*participanttest.Participant)) func(*control, *http.Request, empty) (empty, error) {
	return ifPresent(func(p *participanttest.Participant, _ empty) (empty, error) {
		do(p)
		return empty{}, nil
	})
}

// participant returns the participant in the path.
func (c *control) participant(r *http.Request) (*participanttest.Participant, error) {
	contact, err := c.contact(r)
	if err != nil {
		return nil, err
	}
	return findParticipant(contact, r.PathValue("ParticipantId"))
}

const aliasCustomer, aliasAgent, aliasSystem = "customer", "agent", "system"

func isAlias(id string) bool { return id == aliasCustomer || id == aliasAgent || id == aliasSystem }

// findParticipant accepts an id, or customer, agent or system for the participants that started the chat.
func findParticipant(contact *participanttest.Contact, id string) (*participanttest.Participant, error) {
	switch id {
	case aliasCustomer:
		return contact.Customer, nil
	case aliasAgent:
		return contact.Agent, nil
	case aliasSystem:
		return contact.System, nil
	}
	for _, p := range contact.Participants() {
		if p.ID == id {
			return p, nil
		}
	}
	return nil, notFound("participant")
}

func describeParticipant(p *participanttest.Participant, _ empty) (participantOutput, error) {
	return newParticipantOutput(p), nil
}

func rename(p *participanttest.Participant, in nameInput) (empty, error) {
	if err := in.check(); err != nil {
		return empty{}, err
	}
	p.Rename(in.DisplayName)
	return empty{}, nil
}

// connectionOutput is participanttest.Connection.
type connectionOutput struct{ ConnectionToken, Expiry, Url, ConnectionExpiry string }

func newConnection(p *participanttest.Participant, _ empty) (connectionOutput, error) {
	n := p.NewConnection()
	return connectionOutput{n.ConnectionToken, n.Expiry, n.URL, n.ConnectionExpiry}, checkResult(n.ConnectionToken)
}

type closeInput struct {
	// Code is the code of the close frame; 0 resets the connections.
	Code   int
	Reason string
}

func closeSockets(p *participanttest.Participant, in closeInput) (empty, error) {
	if in.Code != 0 && (in.Code < 1000 || in.Code > 4999) {
		return empty{}, invalid("Code must be 0, which resets the connections, or from 1000 to 4999")
	}
	if len(in.Reason) > 123 {
		return empty{}, invalid("Reason must have at most 123 bytes, the limit of a close frame")
	}
	p.CloseSockets(in.Code, in.Reason)
	return empty{}, nil
}
