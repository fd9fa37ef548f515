package participanttest

import "github.com/participant-go/connectparticipant/types"

// Participant is somebody in a chat. Its fields don't change.
type Participant struct {
	// ID is the participant's id, the same in all items of theirs.
	ID string
	// Token is the participant token, good for CreateParticipantConnection only.
	Token string
	// Role and DisplayName stand in all items of theirs.
	Role        types.ParticipantRole
	DisplayName string

	contact *Contact

	// Guarded by contact.srv.mu.
	connected   bool // called CreateParticipantConnection
	joined      bool // the others were told
	left        bool
	deaf        bool // has left and gets no more pushes
	sockets     []*socket
	dialled     int      // how many sockets there ever were
	tickets     []string // in its WebSocket URLs, oldest first
	counts      map[string]int
	connections []string // its connection tokens, oldest first
	answers     map[answerKey]any
	answerTimes []answerTime
}

// Say sends a plain text message beside the wire and returns its Id. It returns "" and
// does nothing if the participant has left or the chat has ended.
func (p *Participant) Say(text string) string {
	p.contact.srv.mu.Lock()
	defer p.contact.srv.mu.Unlock()
	if p.gone() {
		return ""
	}
	return p.send(item{Type: typeMessage, ContentType: "text/plain", Content: text}).ID
}

func (p *Participant) gone() bool { return p.left || p.contact.ended }

// send brings an item of this participant to the chat.
func (p *Participant) send(it item) *item {
	p.sign(&it)
	return p.contact.send(it)
}

func (p *Participant) sign(it *item) {
	it.ParticipantID = p.ID
	it.ParticipantRole = p.Role
	it.DisplayName = p.DisplayName
}

func (p *Participant) event(contentType string) *item {
	return p.send(item{Type: typeEvent, ContentType: contentType})
}

// join tells the others the first time.
func (p *Participant) join() {
	if p.joined {
		return
	}
	p.joined = true
	p.event(eventJoined)
}

// leave ends the chat with an agent or with the last customer; anybody else may go
// without consequence.
func (p *Participant) leave() {
	p.event(eventLeft)
	p.left = true
	p.forgetTokens()
	if p.Role == types.ParticipantRoleAgent || !p.contact.hasCustomer() {
		p.contact.end()
	}
	p.deaf = true
}
