// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/participant-go/connectparticipant/participanttest"
	"github.com/participant-go/connectparticipant/types"
)

// flow plays the contact flow of a chat that StartChatContact started: it sends a greeting, unless that
// happened before a restart, and starts the echo. With -agent none the client or the test plays the flow.
func (s *serve) flow(ctx context.Context, c *participanttest.Contact) {
	if s.agent != agentEcho {
		return
	}
	isOfFlow := func(it participanttest.Item) bool { return it.ParticipantId == c.System.ID }
	if !slices.ContainsFunc(c.Transcript(), isOfFlow) {
		c.System.Say("Welcome, " + c.Customer.DisplayName + ". This is the fake of Amazon Connect.")
	}
	(&echo{contact: c}).run(ctx)
}

// roleOf returns the role of the caller of a request, or "" if it wasn't a participant.
func roleOf(srv *participanttest.Server, r participanttest.Request) types.ParticipantRole {
	contact := srv.Contact(r.ContactID)
	if contact == nil {
		return ""
	}
	for _, p := range contact.Participants() {
		if p.ID == r.ParticipantID {
			return p.Role
		}
	}
	return ""
}

// published logs a notification of a streamed chat, without its content.
func (s *serve) published(notification []byte) {
	var n struct {
		TopicArn          string
		MessageAttributes map[string]struct{ Value string }
	}
	if err := json.Unmarshal(notification, &n); err != nil {
		return // cut by a fault
	}
	role, kind := n.MessageAttributes["ParticipantRole"].Value, n.MessageAttributes["ContentType"].Value
	if role == "" {
		role = "-"
	}
	fmt.Fprintf(s.err, "%s  %-8s  %-31s  %s %s\n", time.Now().Format("15:04:05.000"), role, "Publish", n.TopicArn, kind)
}
