// SPDX-License-Identifier: Apache-2.0

package participanttest

import (
	"regexp"

	"github.com/participant-go/connectparticipant/types"
)

type createParticipantOutput struct {
	ParticipantCredentials struct {
		Expiry           string
		ParticipantToken string
	}
	ParticipantID string `json:"ParticipantId"`
}

// createParticipant adds a CUSTOM_BOT, the only role that can be added to a chat.
func createParticipant(c *call) (any, *wireError) {
	c.in.require("ParticipantDetails")
	details := c.in.object("ParticipantDetails")
	details.require("ParticipantRole")
	details.enum("ParticipantRole", string(types.ParticipantRoleCustomBot))
	name := details.requiredText("DisplayName", 1, 256)
	c.in.join(details)
	if failure := c.findContact("ContactId"); failure != nil {
		return nil, failure
	}
	switch {
	case c.contact.ended:
		return nil, conflict("The contact has ended")
	case c.contact.hasPresent(types.ParticipantRoleAgent, true):
		return nil, conflict("An agent takes part in the contact")
	case c.contact.hasPresent(types.ParticipantRoleCustomBot, false):
		return nil, quotaExceeded("The contact has a custom participant already")
	}
	bot := c.contact.add(types.ParticipantRoleCustomBot, name)
	bot.custom = true
	out := createParticipantOutput{ParticipantID: bot.ID}
	out.ParticipantCredentials.ParticipantToken = bot.Token
	out.ParticipantCredentials.Expiry = bot.added.Add(botConnectionLife).Format(isoMillis)
	return out, nil
}

// hasPresent reports whether a participant of a role hasn't left, and has joined if joined is true.
func (c *Contact) hasPresent(role types.ParticipantRole, joined bool) bool {
	for _, p := range c.participants {
		if p.Role == role && !p.left && (p.joined || !joined) {
			return true
		}
	}
	return false
}

// dismissBots makes the participants of CreateParticipant leave, which they do when an agent joins.
func (c *Contact) dismissBots() {
	for _, p := range c.participants {
		if p.custom && !p.left {
			p.depart()
			p.noPushes = true
		}
	}
}

// authenticationError is what Error and ErrorDescription may contain.
var authenticationError = regexp.MustCompile(`^[\x20-\x21\x23-\x5B\x5D-\x7E]*$`)

func updateParticipantAuthentication(c *call) (any, *wireError) {
	instance := c.in.requiredText("InstanceId", 1, 100)
	state := c.in.requiredText("State", 1, 1000)
	code := c.in.text("Code", 1, 2048)
	failed := c.in.text("Error", 1, 2048)
	description := c.in.text("ErrorDescription", 1, 2048)
	for name, text := range map[string]string{"Error": failed, "ErrorDescription": description} {
		if !authenticationError.MatchString(text) {
			c.in.fail(name, "Member must satisfy regular expression pattern: %s", authenticationError)
		}
	}
	if c.in.err != nil {
		return nil, c.in.err
	}
	if code == "" == (failed == "") {
		return nil, invalidParameter("Either Code or Error is needed")
	}
	contact, sessionID := c.srv.authenticationOf(state)
	switch {
	case contact == nil || contact.InstanceID != "" && contact.InstanceID != instance:
		return nil, invalidParameter("State is unknown, or was used")
	case contact.ended:
		return nil, conflict("The contact has ended")
	}
	c.contact = contact
	outcome := AuthenticationSucceeded
	if failed != "" {
		outcome = AuthenticationFailed
	}
	contact.completeAuthentication(sessionID, outcome)
	return struct{}{}, nil
}

// authenticationOf finds the session by the state in its URL.
func (s *Server) authenticationOf(state string) (contact *Contact, sessionID string) {
	for _, contact := range s.contacts {
		for id, session := range contact.sessions {
			if session.urlGiven && session.state == state {
				return contact, id
			}
		}
	}
	return nil, ""
}
