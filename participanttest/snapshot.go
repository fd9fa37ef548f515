// SPDX-License-Identifier: Apache-2.0

package participanttest

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/participant-go/connectparticipant/types"
)

// snapshotVersion changes when older snapshots can't be read any more.
const snapshotVersion = 1

// snapshot is the state of a server as JSON. It refers to participants by their index in the chat.
type snapshot struct {
	Version   int
	Advanced  time.Duration // what Advance added
	Secret    []byte
	Identity  *identityState `json:",omitempty"`
	Responses []responseState
	Chats     []*chatState
}

type chatState struct {
	IDs                     []string // ID first
	PastID                  string
	InstanceID, FlowID      string
	Customer, Agent, System int
	Options                 ChatOptions
	Settings                settingsState
	Attributes              map[string]string
	Streams                 []streamState
	Started                 time.Time
	Participants            []participantState
	Items                   []itemState
	Past                    int
	Rehydrated              bool
	RehydrateAt             time.Time
	LastTime                time.Time
	Ended                   bool
	EndedAt                 time.Time
	EndReason               string
	Attachments             []attachmentState
	Pending                 []pendingState
	Views                   map[string]View
	Sessions                map[string]sessionState
}

type settingsState struct {
	ResponseMode, CustomerID, Related string
	Segment                           map[string]json.RawMessage
}

type streamState struct{ ID, ARN string }

type itemState struct {
	Item      Item
	At, Shown time.Time
}

type participantState struct {
	ID, Token, DisplayName, Name   string
	Role                           types.ParticipantRole
	Added                          time.Time
	Active, Joined, Left, NoPushes bool
	TokenValid, Custom             bool
	Generation                     int
	Watched, Idle                  bool
	SilentUntil                    time.Time // zero without a timer
	Connections, Tickets           []tokenState
	Responses                      []responseState
}

type tokenState struct {
	Token            string
	Expiry           time.Time
	ConnectionExpiry time.Time // of a URL
}

type responseState struct {
	Key      []byte
	At       time.Time
	Response json.RawMessage
}

type attachmentState struct {
	ID, Name, ContentType string
	Size                  int64
	Owner                 int
	Uploaded              bool
	Content               []byte
	ItemID                string // empty before CompleteAttachmentUpload
	Due                   time.Time
}

type pendingState struct {
	Item    itemState
	Content string
	Status  types.MessageProcessingStatus
	Sender  int
	Due     time.Time
}

type sessionState struct {
	Participant int
	Deadline    time.Time
	URLGiven    bool
	State       string
}

// Snapshot returns the server's chats for Options.Snapshot of a server that continues them, such as
// after a restart on the same address: participants, tokens and URLs that are still valid, transcripts,
// files, views, remembered responses, pending scans and message processing, the clock, and the
// certificate of Options.TLS. Clients reconnect as after any loss of their sockets.
//
// It doesn't contain WebSockets, streamed messages that aren't complete, flows, faults, Requests, Count,
// Wire or Options. Nor does it contain ChatOptions.Processor: later messages are approved unchanged.
// Two snapshots of an unchanged server are equal. A snapshot contains tokens and message content in
// plain text: protect it accordingly.
func (s *Server) Snapshot() ([]byte, error) {
	state := s.state()
	var err error
	if state.Identity, err = s.identity.state(); err != nil {
		return nil, fmt.Errorf("take snapshot: %w", err)
	}
	data, err := json.Marshal(state)
	if err != nil {
		return nil, fmt.Errorf("take snapshot: %w", err)
	}
	return data, nil
}

// state copies what changes; items and files never change.
func (s *Server) state() snapshot {
	s.mu.Lock()
	defer s.mu.Unlock()
	state := snapshot{Version: snapshotVersion, Advanced: time.Duration(s.offset.Load()), Secret: s.secret, Responses: s.responses.state()}
	for _, c := range s.byAge() {
		state.Chats = append(state.Chats, c.state())
	}
	return state
}

func (c *Contact) state() *chatState {
	state := &chatState{
		IDs: slices.Clone(c.ids), PastID: c.PastID, InstanceID: c.InstanceID, FlowID: c.FlowID, Options: c.opts, Settings: c.settings.state(),
		Attributes: c.attributes, Started: c.started, Past: c.past, Rehydrated: c.rehydrated, RehydrateAt: c.rehydrateAt,
		Customer: c.indexOf(c.Customer), Agent: c.indexOf(c.Agent), System: c.indexOf(c.System),
		LastTime: c.lastTime, Ended: c.ended, EndedAt: c.endedAt, EndReason: c.endReason, Views: maps.Clone(c.views), Sessions: map[string]sessionState{},
	}
	state.Options.Past = nil // Items has them
	for _, p := range c.participants {
		state.Participants = append(state.Participants, p.state())
	}
	for _, it := range c.items {
		state.Items = append(state.Items, it.state())
	}
	for _, id := range slices.Sorted(maps.Keys(c.attachments)) {
		state.Attachments = append(state.Attachments, c.attachmentState(c.attachments[id]))
	}
	for _, s := range c.streams {
		state.Streams = append(state.Streams, streamState{s.id, s.arn})
	}
	for _, m := range c.pending {
		state.Pending = append(state.Pending, pendingState{m.item.state(), m.outcome.content, m.outcome.status, c.indexOf(m.sender), m.due})
	}
	for id, session := range c.sessions {
		state.Sessions[id] = sessionState{c.indexOf(session.participant), session.deadline, session.urlGiven, session.state}
	}
	return state
}

func (s chatSettings) state() settingsState {
	return settingsState{s.responseMode, s.customerID, s.related, s.segment}
}

func (c *Contact) indexOf(p *Participant) int { return slices.Index(c.participants, p) }

func (it *Item) state() itemState { return itemState{*it, it.at, it.shown} }

func (p *Participant) state() participantState {
	s := p.contact.srv
	state := participantState{
		ID: p.ID, Token: p.Token, DisplayName: p.DisplayName, Name: p.name, Role: p.Role, Added: p.added,
		Active: p.active, Joined: p.joined, Left: p.left, NoPushes: p.noPushes,
		TokenValid: s.participants[p.Token] == p, Custom: p.custom, Generation: p.generation, Responses: p.responses.state(),
		Watched: p.silence.watched, Idle: p.silence.idle,
	}
	if p.silence.timer != nil {
		state.SilentUntil = p.silence.timer.due
	}
	for _, token := range p.connections {
		state.Connections = append(state.Connections, tokenState{Token: token, Expiry: s.credentials[token].expiry})
	}
	for _, token := range p.tickets {
		t := s.tickets[token]
		state.Tickets = append(state.Tickets, tokenState{token, t.expiry, t.connectionExpiry})
	}
	return state
}

func (a *responseCache) state() []responseState {
	var state []responseState
	for _, t := range a.times {
		state = append(state, responseState{t.key[:], t.at, encode(a.byKey[t.key])})
	}
	return state
}

// attachmentState makes the customer the owner of a past contact's file.
func (c *Contact) attachmentState(a *attachment) attachmentState {
	owner := a.owner
	if owner.contact != c {
		owner = c.Customer
	}
	state := attachmentState{
		ID: a.id, Name: a.name, ContentType: a.contentType, Size: a.size, Owner: c.indexOf(owner),
		Uploaded: a.uploaded, Content: a.content, Due: a.due,
	}
	if a.item != nil {
		state.ItemID = a.item.Id
	}
	return state
}
