// SPDX-License-Identifier: Apache-2.0

package main

import (
	"slices"
	"time"

	"github.com/participant-go/connectparticipant/chat"
	"github.com/participant-go/connectparticipant/types"
)

// typingLasts is how long a participant is shown as typing after a typing event.
const typingLasts = 12 * time.Second

// unnamed is the display name of messages from flows without a name.
const unnamed = "SYSTEM_MESSAGE"

// Types of shownEvent.
const (
	typeReset      = "reset" // discard everything: the whole chat follows
	typeMessage    = "message"
	typeReceipt    = "receipt"
	typeTyping     = "typing"
	typeNotice     = "notice"
	typeConnection = "connection"
	typeEnded      = "ended"
)

// shownEvent is the form in which a page gets an event, with only what it shows.
type shownEvent struct {
	Type string `json:"type"`
	// ID is the ID of the message, also for a receipt. A later message replaces an earlier one.
	ID string `json:"id,omitempty"`
	// Time is omitted if JSON can't represent it.
	Time time.Time `json:"time,omitzero"`
	From string    `json:"from,omitempty"`
	// Name is the display name of the participant From.
	Name string `json:"name,omitempty"`
	// Own reports that the visitor caused the event, on this page or elsewhere.
	Own bool `json:"own,omitempty"`
	// System reports that no person caused the event.
	System bool        `json:"system,omitempty"`
	Text   string      `json:"text,omitempty"`
	Files  []shownFile `json:"files,omitempty"`
	// Partial reports that the message is incomplete.
	Partial bool `json:"partial,omitempty"`
	// Unknown reports that the page can't show messages of this type.
	Unknown bool `json:"unknown,omitempty"`
	// What is joined, left … for a notice, and read or delivered for a receipt.
	What string `json:"what,omitempty"`
	// Connected is false while the connection is lost.
	Connected bool `json:"connected,omitempty"`
	// Gap reports that events may be missing at the end.
	Gap bool `json:"gap,omitempty"`
}

type shownFile struct {
	ID     string               `json:"id"`
	Name   string               `json:"name"`
	Status types.ArtifactStatus `json:"status"`
	Image  bool                 `json:"image,omitempty"`
	kind   string               // the MIME type
}

// show returns what a page shows of an event, if anything.
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
		return shownEvent{}, false // follow reports the end of the chat with the end of the session
	}
}

func showMeta(kind string, m chat.Meta) shownEvent {
	name := m.From.DisplayName
	if name == unnamed {
		name = ""
	}
	return shownEvent{
		Type: kind, ID: m.ID, Time: writable(m.Time), From: m.From.ParticipantID, Name: name,
		// Without a participant ID, no message in the history of a chat is Own.
		Own:    m.Own || m.From.Role == types.ParticipantRoleCustomer,
		System: m.From.Role == types.ParticipantRoleSystem,
	}
}

// writable returns a time that JSON can represent, or the zero time, which is omitted.
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

// isImage reports whether a file is an image that is harmless in a page, which SVG is not.
func isImage(contentType string) bool {
	return slices.Contains([]string{"image/png", "image/jpeg", "image/gif", "image/webp"}, contentType)
}
