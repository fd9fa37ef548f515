// SPDX-License-Identifier: Apache-2.0

package main

import (
	"slices"
	"time"

	"github.com/participant-go/connectparticipant/chat"
	"github.com/participant-go/connectparticipant/types"
)

// typingLasts is how long somebody who typed is taken to be typing.
const typingLasts = 12 * time.Second

// nobodysName is what the service has for messages of flows, where no name was set.
const nobodysName = "SYSTEM_MESSAGE"

// The types of what a page shows.
const (
	typeReset      = "reset" // forget everything: the whole chat follows
	typeMessage    = "message"
	typeReceipt    = "receipt"
	typeTyping     = "typing"
	typeNotice     = "notice"
	typeConnection = "connection"
	typeEnded      = "ended"
)

// shownEvent is what a page gets of an event: no more than it shows.
type shownEvent struct {
	Type string `json:"type"`
	// ID names a message, also that of a receipt. A later message replaces an earlier one.
	ID string `json:"id,omitempty"`
	// Time is left out where it can't be read.
	Time time.Time `json:"time,omitzero"`
	From string    `json:"from,omitempty"`
	// Name is that of the participant From.
	Name string `json:"name,omitempty"`
	// Own says that the visitor did it, here or elsewhere.
	Own bool `json:"own,omitempty"`
	// System says that no person did it.
	System bool        `json:"system,omitempty"`
	Text   string      `json:"text,omitempty"`
	Files  []shownFile `json:"files,omitempty"`
	// Partial says that more of the message is to come.
	Partial bool `json:"partial,omitempty"`
	// Unknown says that the message is of a kind that the page can't show.
	Unknown bool `json:"unknown,omitempty"`
	// What is joined, left …, or else read or delivered.
	What string `json:"what,omitempty"`
	// Connected is false while the connection is lost.
	Connected bool `json:"connected,omitempty"`
	// Gap says that something may be missing at the end.
	Gap bool `json:"gap,omitempty"`
}

type shownFile struct {
	ID     string               `json:"id"`
	Name   string               `json:"name"`
	Status types.ArtifactStatus `json:"status"`
	Image  bool                 `json:"image,omitempty"`
	kind   string               // the MIME type
}

// show tells what a page shows of an event, if anything.
func show(event chat.Event) (shownEvent, bool) {
	switch e := event.(type) {
	case chat.Message:
		return showMessage(e), true
	case chat.Updated:
		return showMessage(e.Message), true
	case chat.Progress:
		s := showMeta(typeMessage, e.Meta)
		s.Text, s.Partial = e.Text, true
		return s, true
	case chat.Receipt:
		s := showMeta(typeReceipt, e.Meta)
		s.ID, s.What = e.MessageID, "delivered"
		if e.Read {
			s.What = "read"
		}
		return s, !s.Own
	case chat.Typing:
		s := showMeta(typeTyping, e.Meta)
		return s, !s.Own
	case chat.Participant:
		s := showMeta(typeNotice, e.Meta)
		s.What = string(e.Change)
		return s, true
	case chat.Transfer:
		s := showMeta(typeNotice, e.Meta)
		s.What = "transferred"
		return s, e.Succeeded
	case chat.ConnectionChanged:
		return shownEvent{Type: typeConnection, Connected: e.Connected}, true
	default:
		return shownEvent{}, false // the end of the chat is told with that of the session
	}
}

func showMeta(kind string, m chat.Meta) shownEvent {
	name := m.From.DisplayName
	if name == nobodysName {
		name = ""
	}
	return shownEvent{
		Type: kind, ID: m.ID, Time: writable(m.Time), From: m.From.ParticipantID, Name: name,
		// In the history of a chat that was joined with a bare token nothing is Own yet.
		Own:    m.Own || m.From.Role == types.ParticipantRoleCustomer,
		System: m.From.Role == types.ParticipantRoleSystem,
	}
}

// writable returns a time that JSON has a form for, or else the zero one, which is left out.
func writable(t time.Time) time.Time {
	if t.Year() < 0 || t.Year() > 9999 {
		return time.Time{}
	}
	return t
}

func showMessage(m chat.Message) shownEvent {
	s := showMeta(typeMessage, m.Meta)
	switch m.ContentType {
	case "", types.ContentTypeTextPlain, types.ContentTypeTextMarkdown:
		s.Text = m.Text
	default:
		s.Unknown = true
	}
	for _, a := range m.Attachments {
		s.Files = append(s.Files, shownFile{ID: a.ID, Name: a.Name, Status: a.Status, Image: isImage(a.ContentType), kind: a.ContentType})
	}
	return s
}

// isImage tells whether a file is one that can do no harm in a page: SVG, for one, could.
func isImage(contentType string) bool {
	return slices.Contains([]string{"image/png", "image/jpeg", "image/gif", "image/webp"}, contentType)
}
