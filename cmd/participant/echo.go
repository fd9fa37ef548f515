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
	// courtesy is how long the echo leaves a chat to somebody else who plays its agent.
	courtesy = time.Second
	// thinking is how long it seems to type, so that a typing indicator can be seen.
	thinking = 700 * time.Millisecond
	// maxMessage is what SendMessage takes, in bytes.
	maxMessage = 16384
)

// echo plays the agent of one chat beside the wire. It comes when the customer has said
// something, and goes for good when a client connects as an agent or a bot.
type echo struct {
	contact *participanttest.Contact
	ai      *participanttest.Participant // who streams, nil before the first time
	read    int                          // how many items of the transcript it has seen
}

// run ends with its context.
func (e *echo) run(ctx context.Context) {
	customer := e.contact.Customer
	e.skipReplied()
	if customer.WaitRequest(ctx, "SendMessage", 1) != nil || pause(ctx, courtesy) != nil {
		return
	}
	for !e.replaced() {
		// Counted before it reads: what is said meanwhile is read now or wakes it again.
		heard := customer.Count("SendMessage")
		for _, message := range e.unread() {
			if e.answer(ctx, message) != nil {
				return
			}
		}
		if customer.WaitRequest(ctx, "SendMessage", heard+1) != nil {
			return
		}
	}
}

// skipReplied passes over what an agent has replied to, such as before a restart of the fake.
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

// unread are the customer's messages since the last time.
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

func (e *echo) answer(ctx context.Context, message participanttest.Item) error {
	agent := e.contact.Agent
	agent.Join()
	agent.MarkRead(message.Id)
	if trick, ok := tricks[message.Content]; ok {
		trick(e)
		return nil
	}
	agent.Typing()
	if err := pause(ctx, thinking); err != nil {
		return err
	}
	reply := "You said: " + message.Content
	if len(reply) > maxMessage {
		reply = strings.ToValidUTF8(reply[:maxMessage], "")
	}
	agent.Say(reply)
	return nil
}

// tricks are what a customer can ask for to see the less usual parts of a chat.
var tricks = map[string]func(*echo){
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

// stream lets an AI agent speak. Its items have the role SYSTEM, without which ChatJS
// doesn't join the pieces.
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
