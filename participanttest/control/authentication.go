// SPDX-License-Identifier: Apache-2.0

package control

import "github.com/participant-go/connectparticipant/participanttest"

type authenticationInput struct {
	// ParticipantId defaults to the customer.
	ParticipantId string
}

type sessionOutput struct{ SessionId string }

func startAuthentication(c *participanttest.Contact, in authenticationInput) (sessionOutput, error) {
	p := c.Customer
	if in.ParticipantId != "" {
		var err error
		if p, err = findParticipant(c, in.ParticipantId); err != nil {
			return sessionOutput{}, err
		}
	}
	if err := notEnded(c); err != nil {
		return sessionOutput{}, err
	}
	return sessionOutput{c.StartAuthentication(p)}, nil
}

type outcomeInput struct {
	SessionId string                                `strict:"required"`
	Outcome   participanttest.AuthenticationOutcome `strict:"required"`
}

func completeAuthentication(c *participanttest.Contact, in outcomeInput) (empty, error) {
	switch in.Outcome {
	case participanttest.AuthenticationSucceeded, participanttest.AuthenticationFailed,
		participanttest.AuthenticationTimedOut, participanttest.AuthenticationExpired:
	default:
		return empty{}, invalid("Outcome must be succeeded, failed, timeout or expired")
	}
	if err := notEnded(c); err != nil {
		return empty{}, err
	}
	c.CompleteAuthentication(in.SessionId, in.Outcome)
	return empty{}, nil
}
