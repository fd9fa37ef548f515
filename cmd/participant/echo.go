// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/participant-go/connectparticipant/participanttest"
	"github.com/participant-go/connectparticipant/types"
)

const (
	// yieldTime is how long the echo waits for a client that plays the agent.
	yieldTime = time.Second
	// typingTime is how long the echo seems to type, so that a typing indicator can be seen.
	typingTime = 700 * time.Millisecond
	// maxMessage is the limit of SendMessage in bytes.
	maxMessage = 16384
)

// echo plays the agent of one chat, directly on the server. It joins when the customer has sent a
// message, and leaves for good when a client connects as an agent or a bot.
type echo struct {
	contact *participanttest.Contact
	ai      *participanttest.Participant // the sender of streamed messages, nil before the first one
	read    int                          // the number of items of the transcript that it has read
}

// run returns when its context is done.
func (e *echo) run(ctx context.Context) {
	customer := e.contact.Customer
	e.skipReplied()
	if customer.WaitRequest(ctx, "SendMessage", 1) != nil || pause(ctx, yieldTime) != nil {
		return
	}
	for !e.replaced() {
		// Counted before reading: a message that arrives in between is read now or wakes the echo again.
		requests := customer.Count("SendMessage")
		for _, message := range e.unread() {
			if e.reply(ctx, message) != nil {
				return
			}
		}
		if customer.WaitRequest(ctx, "SendMessage", requests+1) != nil {
			return
		}
	}
}

// skipReplied skips the messages that an agent has replied to, such as before a restart of the fake.
func (e *echo) skipReplied() {
	for i, item := range e.contact.Transcript() {
		if item.Type == string(types.ChatItemTypeMessage) && item.ParticipantRole == types.ParticipantRoleAgent {
			e.read = i + 1
		}
	}
}

func (e *echo) replaced() bool {
	return slices.ContainsFunc(e.contact.Participants(), func(p *participanttest.Participant) bool {
		plays := p.Role == types.ParticipantRoleAgent || p.Role == types.ParticipantRoleCustomBot
		return plays && p.Count("CreateParticipantConnection") > 0
	})
}

// unread returns the customer's messages since the last call.
func (e *echo) unread() []participanttest.Item {
	items := e.contact.Transcript()
	var said []participanttest.Item
	for _, item := range items[e.read:] {
		if item.Type == string(types.ChatItemTypeMessage) && item.ParticipantRole == types.ParticipantRoleCustomer {
			said = append(said, item)
		}
	}
	e.read = len(items)
	return said
}

func (e *echo) reply(ctx context.Context, message participanttest.Item) error {
	agent := e.contact.Agent
	agent.Join()
	agent.MarkRead(message.Id)
	if special, ok := specials[message.Content]; ok {
		special(e)
		return nil
	}
	agent.Typing()
	if err := pause(ctx, typingTime); err != nil {
		return err
	}
	reply := "You said: " + message.Content
	if len(reply) > maxMessage {
		reply = strings.ToValidUTF8(reply[:maxMessage], "")
	}
	agent.Say(reply)
	return nil
}

// specials are the messages with which a customer can try the less common parts of a chat.
var specials = map[string]func(*echo){
	"/list":   func(e *echo) { e.contact.Agent.SayInteractive(listPicker) },
	"/view":   func(e *echo) { e.contact.Agent.ShowView(echoView) },
	"/file":   func(e *echo) { e.contact.Agent.ShareFile("dialogue.txt", "text/plain", dialogue) },
	"/stream": (*echo).stream,
	"/login":  func(e *echo) { e.contact.StartAuthentication(e.contact.Customer) },
	"/cut":    func(e *echo) { e.contact.Customer.CutSockets() },
	"/bye":    func(e *echo) { e.contact.Agent.Leave() },
}

const listPicker = `{"templateType":"ListPicker","version":"1.0","data":{"replyMessage":{"title":"Thanks for selecting!"},` +
	`"content":{"title":"What can I repeat for you?","elements":[{"title":"A word"},{"title":"A sentence"}]}}}`

var echoView = participanttest.View{
	ID:          "echo",
	Name:        "Echo",
	InputSchema: `{"type":"object","properties":{"name":{"type":"string"}}}`,
	Template:    `{"Head":{"Title":"Echo"},"Body":[{"_id":"name","Type":"FormInput","Props":{"label":"Your name"},"Content":[]}]}`,
	Actions:     []string{"Submit"},
}

// stream sends a streamed message of an AI agent. Its items have the role SYSTEM; ChatJS doesn't join
// the chunks otherwise.
func (e *echo) stream() {
	if e.ai == nil {
		e.ai = e.contact.AddParticipant(types.ParticipantRoleSystem, "AI agent")
	}
	e.ai.SayInChunks("I speak ", "piece ", "by piece.")
}

func pause(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
