// SPDX-License-Identifier: Apache-2.0

package participanttest

import (
	"net/url"
	"time"
	"unicode/utf8"
)

const (
	// authenticationLife is how long a client may wait before it asks for the URL
	// (API_connect-participant_GetAuthenticationUrl).
	authenticationLife = time.Minute
	sessionIDLength    = 36
	maxURL             = 2083
)

// authentication is one attempt of a participant to sign in.
type authentication struct {
	participant *Participant
	deadline    time.Time
	urlGiven    bool
	state       string // in the URL
}

// StartAuthentication does what the flow block "Authenticate Customer" does: it sends the event
// authentication.initiated to the chat, and returns the session id in it.
func (c *Contact) StartAuthentication(p *Participant) string {
	c.srv.mu.Lock()
	defer c.srv.mu.Unlock()
	sessionID := newUUID()
	c.sessions[sessionID] = &authentication{participant: p, deadline: c.srv.now().Add(authenticationLife)}
	if !c.ended {
		c.send(authenticationEvent("initiated", sessionID))
	}
	return sessionID
}

// AuthenticationOutcome is the result of an authentication, the last part of its event's content type.
type AuthenticationOutcome string

// The outcomes. The service also has cancelled, which only the participant can cause.
const (
	AuthenticationSucceeded AuthenticationOutcome = "succeeded"
	AuthenticationFailed    AuthenticationOutcome = "failed"
	AuthenticationTimedOut  AuthenticationOutcome = "timeout"
	AuthenticationExpired   AuthenticationOutcome = "expired"
)

// CompleteAuthentication ends an authentication, as UpdateParticipantAuthentication or a timeout does,
// and sends the event about it. A session that is unknown or has ended is ignored.
func (c *Contact) CompleteAuthentication(sessionID string, outcome AuthenticationOutcome) {
	c.srv.mu.Lock()
	defer c.srv.mu.Unlock()
	c.completeAuthentication(sessionID, outcome)
}

func (c *Contact) completeAuthentication(sessionID string, outcome AuthenticationOutcome) {
	session := c.sessions[sessionID]
	if session == nil || c.ended {
		return
	}
	delete(c.sessions, sessionID)
	session.participant.send(authenticationEvent(string(outcome), sessionID))
}

func authenticationEvent(outcome, sessionID string) Item {
	return Item{Type: typeEvent, ContentType: eventAuthPrefix + outcome, Content: `{"SessionId":"` + sessionID + `"}`}
}

func getAuthenticationURL(c *call) (any, *wireError) {
	session, _ := c.session()
	redirect := c.in.requiredText("RedirectUri", 1, 1024)
	if c.in.err != nil {
		return nil, c.in.err
	}
	if session.urlGiven || !c.srv.now().Before(session.deadline) {
		return nil, invalid("SessionId", "Member must name a session that is neither used nor older than a minute")
	}
	state := newUUID()
	target := c.srv.authorizeURL(redirect, state)
	if utf8.RuneCountInString(target) > maxURL {
		return nil, invalid("RedirectUri", "Member must be shorter once escaped")
	}
	session.urlGiven, session.state = true, state
	return map[string]string{"AuthenticationUrl": target}, nil
}

// authorizeURL returns a URL that looks like Amazon Cognito's. No login page is behind it.
func (s *Server) authorizeURL(redirect, state string) string {
	query := url.Values{
		"client_id":     {"participanttest"},
		"redirect_uri":  {redirect},
		"response_type": {"code"},
		"state":         {state},
	}
	return s.base() + "/oauth2/authorize?" + query.Encode()
}

func cancelParticipantAuthentication(c *call) (any, *wireError) {
	_, id := c.session()
	if c.in.err != nil {
		return nil, c.in.err
	}
	delete(c.contact.sessions, id)
	c.participant.send(authenticationEvent("cancelled", id))
	return struct{}{}, nil
}

// session returns the session that the request names, which must be the caller's.
func (c *call) session() (*authentication, string) {
	id := c.in.requiredText("SessionId", sessionIDLength, sessionIDLength)
	session := c.contact.sessions[id]
	if session == nil || session.participant != c.participant {
		c.in.fail("SessionId", "Member must name an authentication session of the participant")
	}
	return session, id
}
