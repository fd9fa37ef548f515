// SPDX-License-Identifier: Apache-2.0

package participanttest

import (
	"net/http"
	"time"

	"github.com/participant-go/connectparticipant/types"
)

const (
	// firstConnectionLife is the time for a customer's first connection
	// (API_StartChatContact).
	firstConnectionLife = 5 * time.Minute
	// botConnectionLife is the time for a CUSTOM_BOT's first connection (Administrator
	// Guide, "Customize chat flow experiences by integrating custom participants").
	botConnectionLife = 15 * time.Second
)

// needsConnected are the operations that Switches.StrictConnection refuses to a participant who isn't
// connected.
var needsConnected = map[string]bool{
	"SendMessage": true, "SendEvent": true, "StartAttachmentUpload": true, "CompleteAttachmentUpload": true,
}

// isConnected reports whether the participant may send and gets pushes, which is always true without
// Switches.StrictConnection.
func (p *Participant) isConnected() bool { return p.joined || !p.contact.srv.opts.StrictConnection }

// activate makes a participant with a connection count for receipts, unless they have to be connected
// first.
func (p *Participant) activate() {
	if p.isConnected() {
		p.active = true
	}
}

// joinByCall makes the participant join if CreateParticipantConnection has that effect.
func (p *Participant) joinByCall(connect bool) {
	opts := p.contact.srv.opts
	switch {
	case opts.StrictConnection:
		connect = connect && p.mayConnectByCall()
	case opts.JoinOnConnection:
		connect = true
	}
	if connect {
		p.join()
		p.startFlow()
	}
}

// mayConnectByCall follows API_connect-participant_CreateParticipantConnection: every participant can
// use ConnectParticipant except the customer of a chat without streaming.
func (p *Participant) mayConnectByCall() bool {
	if p.Role != types.ParticipantRoleCustomer {
		return true
	}
	return len(p.contact.streams) > 0 && !p.isOlderThan(firstConnectionLife)
}

// joinBySocket makes the participant join if opening a socket has that effect.
func (p *Participant) joinBySocket() {
	if p.contact.srv.opts.StrictConnection {
		switch p.Role {
		case types.ParticipantRoleAgent, types.ParticipantRoleSupervisor, types.ParticipantRoleCustomBot:
			return
		default:
		}
	}
	p.join()
}

// lateConnection returns an error for a first CreateParticipantConnection that comes too late.
func (p *Participant) lateConnection() *wireError {
	if p.isConnected() || p.generation > 0 {
		return nil
	}
	switch {
	case p.Role == types.ParticipantRoleCustomer && p.isOlderThan(firstConnectionLife):
		return errAccessDenied
	case p.Role == types.ParticipantRoleCustomBot && p.isOlderThan(botConnectionLife):
		return p.notFound()
	default:
		return nil
	}
}

func (p *Participant) isOlderThan(life time.Duration) bool {
	return !p.contact.srv.now().Before(p.added.Add(life))
}

func (p *Participant) notFound() *wireError {
	return &wireError{
		Status: http.StatusNotFound, Code: codeNotFound, Message: "Participant not found",
		ResourceID: p.ID, ResourceType: "PARTICIPANT",
	}
}
