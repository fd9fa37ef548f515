// SPDX-License-Identifier: Apache-2.0

package chat

import (
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"time"

	"github.com/participant-go/connectparticipant/internal/redact"
	"github.com/participant-go/connectparticipant/types"
)

// Event is something that has happened in the chat, or to the session: one of [Message],
// [Updated], [Progress], [Receipt], [Typing], [Participant], [Transfer], [Authentication],
// [Other], [ConnectionChanged], [RenewalDue] and [ChatEnded], as values. The list
// grows with the service, so a switch over it should ignore what it doesn't know.
type Event interface {
	// Kind names the event in logs and in JSON, see [MarshalEvent].
	Kind() Kind

	event()
}

// Meta is what most events have in common. A member that the service leaves out is zero.
type Meta struct {
	// ID identifies the item; the transcript and the response to Send have the same. An
	// Updated has that of its message, and a Receipt may have none.
	ID string
	// Time is AbsoluteTime parsed, in UTC; zero if it can't be.
	Time time.Time
	// AbsoluteTime is when the service accepted the item, ISO 8601 in UTC, usually with
	// milliseconds: 2019-11-08T02:41:28.172Z.
	AbsoluteTime string
	// From is the participant who caused it.
	From From
	// ContactID is the contact that the item belongs to; InitialContactID the first of
	// its chain, known of live items only.
	ContactID, InitialContactID string
	// Late reports that an item with a later Time was delivered before.
	Late bool
	// History reports that the item is older than the first connection of the session, by the
	// service's clock. An item of the same millisecond is not History.
	History bool
	// Own reports that it is this participant's own item, sent from here or from another
	// device. In the History that is known only with Options.ParticipantID, or after Resume.
	Own bool
	// Raw is the item as JSON: as the socket received it, with members that this version
	// doesn't know; encoded again for an item from the transcript. json.Unmarshal decodes it
	// into a types.Item, unless the event is an Other because the item is malformed.
	Raw json.RawMessage
}

func (m Meta) meta() Meta { return m }

// MetaOf returns the Meta of an event, and false for ConnectionChanged and RenewalDue, which have
// none.
func MetaOf(event Event) (Meta, bool) {
	if of, ok := event.(interface{ meta() Meta }); ok {
		return of.meta(), true
	}
	return Meta{}, false
}

// From is a participant as an item names it.
type From struct {
	// ParticipantID is the same in all items of a participant.
	ParticipantID string
	// Role is that of the participant: AGENT, CUSTOMER, SYSTEM …
	Role types.ParticipantRole
	// DisplayName is the name as the others see it.
	DisplayName string
}

// LogValue shows the participant to log/slog without the name.
func (v From) LogValue() slog.Value { return redact.LogValue(v) }

// Format shows the participant to fmt without the name, whatever the verb.
func (v From) Format(f fmt.State, _ rune) { redact.Format(f, v) }

// Message is a message or an attachment, delivered once.
type Message struct {
	Meta

	// ContentType is text/plain, text/markdown, application/json,
	// application/vnd.amazonaws.connect.message.interactive … Empty for attachments.
	ContentType string
	// Text is the content: JSON if the ContentType says so, empty for attachments and for a
	// message that is still being processed.
	Text string
	// Attachments are the files.
	Attachments []Attachment
	// Status is that of message processing, empty where there is none.
	Status types.MessageProcessingStatus
}

// Attachment is a file in the chat.
type Attachment struct {
	// ID is for OpenAttachment.
	ID string
	// Name is the sender's: don't use it as a path without checking it.
	Name string
	// ContentType is the MIME type as the sender declared it.
	ContentType string
	// Status is that of the scan: APPROVED, REJECTED or IN_PROGRESS.
	Status types.ArtifactStatus
}

// LogValue shows the file to log/slog without its name.
func (v Attachment) LogValue() slog.Value { return redact.LogValue(v) }

// Format shows the file to fmt without its name, whatever the verb.
func (v Attachment) Format(f fmt.State, _ rune) { redact.Format(f, v) }

// Updated is a message that was delivered before, in a new state: its attachment was scanned, or
// it was processed. It replaces the message with the same ID.
type Updated struct{ Message }

// Progress is a message that arrives in chunks, as those of AI agents do: Text is all of it so
// far, and replaces the previous Progress with the same ID. The Message follows when it is
// complete. Only Options.Progress makes Progress events.
type Progress struct {
	Meta

	// Text is the message so far.
	Text string
	// Chunk is the number of the newest chunk, counted from 1.
	Chunk int
}

// Receipt reports that a participant, From, has received or read a message. For each message and
// participant the later one replaces the earlier, and read includes delivered. It may arrive
// before its message.
type Receipt struct {
	Meta

	// MessageID is the Meta.ID of the message.
	MessageID string
	// Read is false for a message that was delivered only.
	Read bool
}

// Typing reports that somebody is typing now. Show it for 12 seconds, or until a message of the
// same participant arrives.
type Typing struct{ Meta }

// Participant reports a change of a participant, From.
type Participant struct {
	Meta

	// Change is one of the constants, or what a newer service sends.
	Change ParticipantChange
}

// ParticipantChange is a change of a participant.
type ParticipantChange string

// The changes of participants. The transcript doesn't have idle, returned and
// autodisconnection: one that occurs while no socket is open is lost.
const (
	ParticipantJoined           ParticipantChange = "joined"
	ParticipantLeft             ParticipantChange = "left"
	ParticipantInvited          ParticipantChange = "invited"
	ParticipantIdle             ParticipantChange = "idle"
	ParticipantReturned         ParticipantChange = "returned"
	ParticipantAutoDisconnected ParticipantChange = "autodisconnection"
	ParticipantRenamed          ParticipantChange = "displayname.updated"
)

// Transfer reports that the chat was transferred to another agent or queue, or that this failed.
type Transfer struct {
	Meta

	// Succeeded is false for a transfer that failed.
	Succeeded bool
}

// Authentication is a step of the customer's authentication: initiated, succeeded,
// failed, timeout, expired or cancelled.
type Authentication struct {
	Meta

	// Step is its name.
	Step string
	// SessionID is for GetAuthenticationUrl and CancelParticipantAuthentication. The URL must
	// be requested within a minute of the step initiated
	// (API_connect-participant_GetAuthenticationUrl).
	SessionID string
}

// Other is an item that this version has no event for, or that does not have the shape of one:
// then only Raw has all of it.
type Other struct {
	Meta

	// Type and ContentType are the item's own.
	Type        types.ChatItemType
	ContentType string
	// Content is the item's own, usually JSON.
	Content string
}

// ConnectionChanged reports that the connection was lost or restored. No action is needed: missed
// items are delivered. Planned renewals are not reported.
type ConnectionChanged struct {
	// Connected is false for a loss.
	Connected bool
	// Cause is why it was lost; nil when it was restored.
	Cause error
}

// RenewalDue reports that the connection is about to be renewed, as it is about every hour. The
// session renews it when Next is called again, by anybody, or after Within. A caller who gives the
// chat to another process instead saves the State, closes the session and lets the other process
// Resume: its new connection replaces the renewal. Only Options.RenewalEvents makes RenewalDue
// events.
type RenewalDue struct {
	// Within is how long the session waits, from when the event was queued: for a connection of
	// an hour at least 5 minutes, for one of a few minutes some seconds.
	Within time.Duration

	generation int32 // of the connection that is to be renewed
}

// ChatEnded is the last event of a chat. It is delivered up to some seconds after the end: what
// was missed is looked for first.
type ChatEnded struct { //nolint:revive // chat.Ended could be the session's end
	Meta

	// Gap reports that something may be missing, see CloseError.
	Gap bool
}

func (Message) event()           {}
func (Progress) event()          {}
func (Receipt) event()           {}
func (Typing) event()            {}
func (Participant) event()       {}
func (Transfer) event()          {}
func (Authentication) event()    {}
func (Other) event()             {}
func (ConnectionChanged) event() {}
func (RenewalDue) event()        {}
func (ChatEnded) event()         {}

// LogValue shows the event to log/slog without content and names.
func (m Meta) LogValue() slog.Value {
	return slog.GroupValue(slog.String("id", m.ID), slog.String("time", m.AbsoluteTime),
		slog.String("participant", m.From.ParticipantID), slog.String("role", string(m.From.Role)),
		slog.Bool("late", m.Late), slog.Bool("history", m.History), slog.Bool("own", m.Own))
}

// String returns the item's ID: fmt must not show its content.
func (m Meta) String() string { return "item " + m.ID }

// Format is String for all verbs of fmt.
func (m Meta) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, m.String()) }
