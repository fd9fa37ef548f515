// SPDX-License-Identifier: Apache-2.0

package participanttest

import (
	"encoding/base64"
	"strings"
	"time"
)

// bearerKind is the kind of token that an operation accepts.
type bearerKind int

const (
	participantBearer bearerKind = iota
	connectionBearer
	// signedBearer is for Amazon Connect: a signature with AWS credentials, which isn't verified.
	signedBearer
)

const (
	// connectionTokenLife is a day, whatever the chat's duration
	// (API_connect-participant_CreateParticipantConnection).
	connectionTokenLife = 24 * time.Hour
	// connectionLife was seen in a captured response of the service.
	connectionLife = 66 * time.Minute

	socketPath = "/transport"
)

// credential is what a connection token gives access to.
type credential struct {
	participant *Participant
	expiry      time.Time
}

// newToken returns an opaque token; the prefix makes a token that leaks into a log easy to find.
func newToken(prefix string) string {
	return prefix + base64.RawURLEncoding.EncodeToString(randomBytes(32))
}

// authenticate returns nil for a token that is unknown, of the wrong kind or expired, or whose
// participant has left or whose chat has ended.
func (s *Server) authenticate(kind bearerKind, token string) *Participant {
	switch kind {
	case participantBearer:
		return s.participants[token]
	case signedBearer:
		return nil
	}
	cred, ok := s.credentials[token]
	if !ok || !s.now().Before(cred.expiry) {
		return nil
	}
	return cred.participant
}

// ownerOf returns whose token it is, or was, of any kind. It returns nil for a token that is unknown, or
// whose chat is forgotten.
func (s *Server) ownerOf(token string) *Participant {
	if p := s.participants[token]; p != nil {
		return p
	}
	if cred, ok := s.credentials[token]; ok {
		return cred.participant
	}
	if t, ok := s.tickets[token]; ok {
		return t.participant
	}
	return s.former[token]
}

// maxFormer is the number of invalid tokens of a participant that the server remembers.
const maxFormer = 100

// rememberFormer is for a token that has become invalid, so that Requests and the wire still have its owner.
func (p *Participant) rememberFormer(token string) {
	s := p.contact.srv
	s.former[token] = p
	p.former = append(p.former, token)
	if len(p.former) > maxFormer {
		delete(s.former, p.former[0])
		p.former = p.former[1:]
	}
}

func (p *Participant) forgetFormer() {
	for _, token := range p.former {
		delete(p.contact.srv.former, token)
	}
	p.former = nil
}

// newConnectionToken doesn't invalidate older tokens: concurrent calls still use them.
func (p *Participant) newConnectionToken() (token string, expiry time.Time) {
	s := p.contact.srv
	p.forgetExpired()
	if s.opts.OldTokensDie {
		p.forgetCredentials()
	}
	token = newToken("connection-token.")
	s.credentials[token] = credential{participant: p, expiry: s.now().Add(s.opts.TokenLife)}
	p.connections = append(p.connections, token)
	return token, p.contact.afterItems().Add(s.opts.TokenLife) // not before the newest item
}

func (p *Participant) forgetExpired() {
	s := p.contact.srv
	for len(p.connections) > 0 && !s.now().Before(s.credentials[p.connections[0]].expiry) {
		delete(s.credentials, p.connections[0])
		p.rememberFormer(p.connections[0])
		p.connections = p.connections[1:]
	}
}

// forgetTokens makes every token of the participant invalid.
func (p *Participant) forgetTokens() {
	if p.contact.srv.participants[p.Token] == p {
		delete(p.contact.srv.participants, p.Token)
		p.rememberFormer(p.Token)
	}
	p.forgetConnections()
}

// forgetConnections makes the connection tokens and the WebSocket URLs invalid.
func (p *Participant) forgetConnections() {
	p.forgetCredentials()
	for _, token := range p.tickets {
		delete(p.contact.srv.tickets, token)
		p.rememberFormer(token)
	}
	p.tickets = nil
}

func (p *Participant) forgetCredentials() {
	for _, token := range p.connections {
		delete(p.contact.srv.credentials, token)
		p.rememberFormer(token)
	}
	p.connections = nil
}

// newSocketURL returns a new WebSocket URL.
func (p *Participant) newSocketURL() (socketURL string, expiry time.Time) {
	s := p.contact.srv
	base := "ws" + strings.TrimPrefix(s.base(), "http")
	life := connectionLife
	if s.opts.ConnectionExpiryShown > 0 {
		life = s.opts.ConnectionExpiryShown
	}
	expiry = s.now().Add(life)
	return base + socketPath + "?AuthToken=" + p.newTicket(expiry), expiry
}
