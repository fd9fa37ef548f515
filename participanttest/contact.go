// SPDX-License-Identifier: Apache-2.0

package participanttest

import (
	"context"
	"time"

	"github.com/participant-go/connectparticipant/types"
)

// Contact is one chat. Its fields don't change.
type Contact struct {
	// ID is the initial contact id. New items have another contact id after a transfer; see CurrentID.
	ID string
	// PastID is the id of the past contact, empty without ChatOptions.Past.
	PastID string
	// Customer and Agent take part from the start, but haven't connected yet. After a transfer Agent is
	// still the first agent.
	Customer, Agent *Participant
	// System is the sender of the flow's and bots' messages. It neither joins nor counts as active.
	System *Participant
	// InstanceID and FlowID are the parameters of StartChatContact. They are empty for a chat of
	// NewChat.
	InstanceID, FlowID string

	srv      *Server
	opts     ChatOptions
	number   int // in the order of creation
	started  time.Time
	settings chatSettings

	// Guarded by srv.mu.
	ids          []string // ID, and one more for each transfer
	participants []*Participant
	items        []*Item // those of the past contact first, all in order of time
	past         int     // the number of items of the past contact
	rehydrated   bool    // the past contact can be read
	rehydrateAt  time.Time
	index        map[string]int
	lastTime     time.Time
	outbox       []*push // in order of time; pushes behind a held one wait
	ended        bool
	endedAt      time.Time
	endReason    string
	attributes   map[string]string
	streams      []stream
	stopFlow     context.CancelFunc // nil until the flow starts
	attachments  map[string]*attachment
	pending      []*pendingMessage
	views        map[string]View
	sessions     map[string]*authentication
	deadlines    []*timer // that end the chat
	reordered    []notice // notifications that a fault holds back
}

// NewChat starts a chat with a customer and an agent. Both have a participant token; neither has
// connected.
//
// The server forgets a chat 24 hours after its end, by the server's clock, or as soon as 1,000 other
// chats have ended after it. From then on the ids and signed URLs of the chat are unknown. The Contact
// itself keeps its items and participants.
func (s *Server) NewChat(optFns ...func(*ChatOptions)) *Contact {
	opts := chatDefaults(optFns)
	s.mu.Lock()
	defer s.mu.Unlock()
	c := s.newContact(opts)
	c.keepPast()
	c.rehydrate()
	return c
}

func (s *Server) newContact(opts ChatOptions) *Contact {
	c := s.emptyContact(newUUID(), opts)
	c.started = s.now()
	c.Customer = c.add(types.ParticipantRoleCustomer, opts.CustomerName)
	c.Agent = c.add(types.ParticipantRoleAgent, opts.AgentName)
	c.System = c.add(types.ParticipantRoleSystem, opts.SystemName)
	if opts.Streaming {
		c.addStream(TopicARN)
	}
	c.setDeadlines()
	return c
}

// emptyContact creates a chat without participants.
func (s *Server) emptyContact(id string, opts ChatOptions) *Contact {
	s.chats++
	c := &Contact{
		ID:          id,
		ids:         []string{id},
		srv:         s,
		opts:        opts,
		number:      s.chats,
		index:       map[string]int{},
		attachments: map[string]*attachment{},
		views:       map[string]View{},
		sessions:    map[string]*authentication{},
	}
	s.contacts[c.ID] = c
	return c
}

// AddParticipant adds a participant with a separate token: a second agent, a SUPERVISOR who barges in,
// a CUSTOM_BOT. Like every participant, they count as active from their first
// CreateParticipantConnection, or with Switches.StrictConnection once they are connected. The number of
// active participants decides whether receipts work; see the package comment.
func (c *Contact) AddParticipant(role types.ParticipantRole, displayName string) *Participant {
	c.srv.mu.Lock()
	defer c.srv.mu.Unlock()
	return c.add(role, displayName)
}

func (c *Contact) add(role types.ParticipantRole, displayName string) *Participant {
	p := &Participant{
		ID:          newUUID(),
		Token:       newToken("participant-token."),
		Role:        role,
		DisplayName: displayName,
		name:        displayName,
		added:       c.srv.now(),
		contact:     c,
		counts:      map[string]int{},
	}
	c.participants = append(c.participants, p)
	if !c.ended || c.srv.opts.TokensOutliveTheEnd {
		c.srv.participants[p.Token] = p
	} else {
		p.rememberFormer(p.Token)
	}
	return p
}

// End ends the chat as a flow does: chat.ended is sent without participant.left, and every token is
// refused from then on. Further calls have no effect.
func (c *Contact) End() {
	c.srv.mu.Lock()
	defer c.srv.mu.Unlock()
	c.end()
}

// The reasons for an end that DescribeContact returns (Administrator Guide, "Contact records data model").
const (
	reasonAgent    = "AGENT_DISCONNECT"
	reasonCustomer = "CUSTOMER_DISCONNECT"
	reasonFlow     = "CONTACT_FLOW_DISCONNECT"
	reasonAPI      = "API"
	reasonExpired  = "EXPIRED"
	reasonIdle     = "IDLE_DISCONNECT"

	reasonUnconnected = "CUSTOMER_CONNECTION_NOT_ESTABLISHED"
)

func (c *Contact) endFor(reason string) {
	if !c.ended {
		c.endReason = reason
	}
	c.end()
}

func (c *Contact) end() {
	if c.ended {
		return
	}
	c.send(Item{Type: typeEvent, ContentType: eventEnded})
	c.ended, c.endedAt = true, c.srv.now()
	setDefault(&c.endReason, reasonFlow)
	c.endFlow()
	c.stopDeadlines()
	c.watch()
	c.retire()
	if c.srv.opts.TokensOutliveTheEnd {
		return
	}
	for _, p := range c.participants {
		p.forgetTokens()
	}
}

// Push sends an item unchanged to all subscribed sockets and to the topic of a streamed chat, and
// doesn't add it to the transcript. Use it for types and content types that clients don't know yet. An
// empty Id, AbsoluteTime or ContactId is filled in.
func (c *Contact) Push(it Item) {
	c.srv.mu.Lock()
	defer c.srv.mu.Unlock()
	c.complete(&it)
	c.pushAll(&it)
}

// complete fills in the members that an item of a test lacks.
func (c *Contact) complete(it *Item) {
	stamped := *it
	c.stamp(&stamped)
	setDefault(&it.Id, stamped.Id)
	setDefault(&it.AbsoluteTime, stamped.AbsoluteTime)
	setDefault(&it.ContactId, stamped.ContactId)
}

// PushFrame sends a text frame unchanged to all subscribed sockets, after the pushes that are already
// queued. Use it for frames that a client can't parse. The transcript doesn't change. To send an item,
// put its JSON as a string into the content of
// {"topic":"aws/chat","contentType":"application/json","content":""}. Faults on OnPush without a
// ContentType match it.
func (c *Contact) PushFrame(text string) {
	c.srv.mu.Lock()
	defer c.srv.mu.Unlock()
	c.enqueue(&push{item: &Item{}, text: []byte(text), to: c.listeners()})
}

// send creates an item and publishes it.
func (c *Contact) send(it Item) *Item {
	c.stamp(&it)
	c.publish(&it)
	return &it
}

func (c *Contact) stamp(it *Item) {
	it.Id = newUUID()
	it.ContactId = c.currentID()
	it.at = c.nextTime()
	it.AbsoluteTime = it.at.Format(isoMillis)
}

// publish adds an item to the chat. Every new item, every new state of one and every live event passes
// here, except those that only some participants may see.
func (c *Contact) publish(it *Item) {
	if it.kept() {
		c.keep(it)
	}
	c.pushAll(it)
}

// keep appends an item to the transcript, or replaces the item that has the same Id.
func (c *Contact) keep(it *Item) {
	if i, known := c.index[it.Id]; known {
		it.shown = c.items[i].shown
		c.items[i] = it
		return
	}
	it.shown = c.whenShown(it)
	c.index[it.Id] = len(c.items)
	c.items = append(c.items, it)
}

// whenShown returns when GetTranscript starts to show a new item: immediately, unless a fault makes the
// transcript lag.
func (c *Contact) whenShown(it *Item) time.Time {
	h := c.participant(it.ParticipantId).target(OnTranscript)
	h.contact, h.contentType = c, it.ContentType
	switch e := c.srv.faultOn(h); {
	case e.kind != effectLag:
		return time.Time{}
	case e.delay == never:
		return forever
	default:
		return c.srv.now().Add(e.delay)
	}
}

func (c *Contact) participant(id string) *Participant {
	for _, p := range c.participants {
		if p.ID == id {
			return p
		}
	}
	return nil
}

// nextTime is now, or a millisecond after the previous item: no two items of a chat have the same time.
func (c *Contact) nextTime() time.Time {
	if c.srv.opts.EqualTimes {
		return c.srv.now().Truncate(time.Second)
	}
	c.lastTime = c.afterItems()
	return c.lastTime
}

// afterItems is now, or a millisecond after the newest item if that is later.
func (c *Contact) afterItems() time.Time {
	now := c.srv.now()
	if !now.After(c.lastTime) {
		now = c.lastTime.Add(time.Millisecond)
	}
	return now
}

// maxForReceipts is the number of active participants up to which receipts work
// (API_connect-participant_SendEvent).
const maxForReceipts = 2

// activeParticipants counts the participants who are active and haven't left.
func (c *Contact) activeParticipants() int {
	n := 0
	for _, p := range c.participants {
		if p.active && !p.left {
			n++
		}
	}
	return n
}

func (c *Contact) hasCustomer() bool {
	for _, p := range c.participants {
		if p.Role == types.ParticipantRoleCustomer && !p.left {
			return true
		}
	}
	return false
}
