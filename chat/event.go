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

// Event is something that has happened in the chat or to the session. Its type is one of [Message],
// [Updated], [Progress], [Receipt], [Typing], [Participant], [Transfer], [Authentication],
// [Other], [ConnectionChanged], [RenewalDue] and [ChatEnded], never a pointer. Later versions may
// add types, so a type switch should ignore unknown ones.
type Event interface {
	// Kind is the event's name in logs and in JSON, see [MarshalEvent].
	Kind() Kind

	event()
}

// Meta is common to most events. A member that the service omits is zero.
type Meta struct {
	// ID identifies the item, also in the transcript and in the result of Send. An Updated has
	// the ID of its message, and a Receipt may have none.
	ID string
	// Time is the parsed AbsoluteTime, in UTC; zero if it can't be parsed.
	Time time.Time
	// AbsoluteTime is when the service accepted the item, ISO 8601 in UTC, usually with
	// milliseconds: 2019-11-08T02:41:28.172Z.
	AbsoluteTime string
	// From is the participant that caused the item.
	From From
	// ContactID is the contact of the item. InitialContactID is the first contact of its chain, set
	// only for items that came from a socket.
	ContactID, InitialContactID string
	// Late reports that an item with a later Time was delivered before this one.
	Late bool
	// History reports that the item is older than the first connection of the session, by the
	// service's clock. An item of the same millisecond is not History.
	History bool
	// Own reports that the item is from this participant, sent by this session or by another
	// device. For History items it is set only with Options.ParticipantID, or after Resume.
	Own bool
	// Raw is the item as JSON. For an item from a socket it is the received text, with all members;
	// an item from the transcript is encoded again. json.Unmarshal decodes it into a types.Item,
	// unless the event is an Other because the item is malformed.
	Raw json.RawMessage
}

func (m Meta) meta() Meta { return m }

// MetaOf returns the Meta of an event. It returns false for ConnectionChanged and RenewalDue, which
// have none.
func MetaOf(event Event) (Meta, bool) {
	if of, ok := event.(interface{ meta() Meta }); ok {
		return of.meta(), true
	}
	return Meta{}, false
}

// From identifies the participant that caused an item.
type From struct {
	// ParticipantID is the same in all items of a participant.
	ParticipantID string
	// Role is AGENT, CUSTOMER, SYSTEM …
	Role types.ParticipantRole
	// DisplayName is the name shown to other participants.
	DisplayName string
}

// LogValue shows the participant to log/slog without the name.
func (v From) LogValue() slog.Value { return redact.LogValue(v) }

// Format shows the participant to fmt without the name, whatever the verb.
func (v From) Format(f fmt.State, _ rune) { redact.Format(f, v) }

// Message is a message or an attachment. Each is delivered once.
type Message struct {
	Meta

	// ContentType is text/plain, text/markdown, application/json,
	// application/vnd.amazonaws.connect.message.interactive … Empty for attachments.
	ContentType string
	// Text is the content, JSON for some content types. It is empty for attachments and for a
	// message that is still being processed.
	Text string
	// Attachments are the files.
	Attachments []Attachment
	// Status is the status of message processing, or empty if the message isn't processed. Message
	// processing is a feature of Amazon Connect that can change messages before they are delivered.
	Status types.MessageProcessingStatus
}

// Attachment is a file in the chat.
type Attachment struct {
	// ID is the attachment ID for OpenAttachment.
	ID string
	// Name is the file name chosen by the sender: don't use it as a path without checking it.
	Name string
	// ContentType is the MIME type as the sender declared it.
	ContentType string
	// Status is the status of the virus scan: APPROVED, REJECTED or IN_PROGRESS.
	Status types.ArtifactStatus
}

// LogValue shows the file to log/slog without its name.
func (v Attachment) LogValue() slog.Value { return redact.LogValue(v) }

// Format shows the file to fmt without its name, whatever the verb.
func (v Attachment) Format(f fmt.State, _ rune) { redact.Format(f, v) }

// Updated is the new state of a message that was delivered before: its attachment was scanned, or
// message processing has completed. It replaces the message with the same ID.
type Updated struct{ Message }

// Progress is the part received so far of a message that arrives in chunks, such as those of AI
// agents. It replaces the previous Progress with the same ID. The Message follows when it is
// complete. Progress events require Options.Progress.
type Progress struct {
	Meta

	// Text is the message so far.
	Text string
	// Chunk is the number of the newest chunk, counted from 1.
	Chunk int
}

// Receipt reports that the participant From has received or read a message. For each message and
// participant, a later receipt replaces the earlier one, and a read receipt includes the delivered
// one. A receipt may arrive before its message.
type Receipt struct {
	Meta

	// MessageID is the Meta.ID of the message.
	MessageID string
	// Read is false for a message that was only delivered.
	Read bool
}

// Typing reports that the participant From is typing. Show it for 12 seconds, or until a message of
// that participant arrives.
type Typing struct{ Meta }

// Participant reports a change of the participant From.
type Participant struct {
	Meta

	// Change is one of the constants, or a change that a newer version of the service sends.
	Change ParticipantChange
}

// ParticipantChange is a change of a participant.
type ParticipantChange string

// The changes of participants. Idle, returned and autodisconnection don't appear in the transcript:
// they are lost while no socket is open.
const (
	ParticipantJoined           ParticipantChange = "joined"
	ParticipantLeft             ParticipantChange = "left"
	ParticipantInvited          ParticipantChange = "invited"
	ParticipantIdle             ParticipantChange = "idle"
	ParticipantReturned         ParticipantChange = "returned"
	ParticipantAutoDisconnected ParticipantChange = "autodisconnection"
	ParticipantRenamed          ParticipantChange = "displayname.updated"
)

// Transfer reports that a transfer of the chat to another agent or queue has succeeded or failed.
type Transfer struct {
	Meta

	// Succeeded is false for a transfer that failed.
	Succeeded bool
}

// Authentication is a step of the customer's authentication: initiated, succeeded,
// failed, timeout, expired or cancelled.
type Authentication struct {
	Meta

	// Step is the name of the step.
	Step string
	// SessionID is the argument of GetAuthenticationURL and CancelAuthentication. The URL must be
	// requested within a minute after the step "initiated"
	// (API_connect-participant_GetAuthenticationUrl).
	SessionID string
}

// Other is an item that this version has no event type for, or a malformed item, whose members may
// be in Raw only.
type Other struct {
	Meta

	// Type and ContentType are those of the item.
	Type        types.ChatItemType
	ContentType string
	// Content is that of the item, usually JSON.
	Content string
}

// ConnectionChanged reports that the connection was lost or restored. No action is needed: missed
// items are delivered. Planned renewals are not reported.
type ConnectionChanged struct {
	// Connected is false when the connection was lost.
	Connected bool
	// Cause is why it was lost, or nil if it was restored.
	Cause error
}

// RenewalDue reports that a planned renewal of the connection is due, about once an hour. The session
// renews the connection at the next call of Next, from any goroutine, or after Within. To hand the
// chat over to another process instead, save the State, close the session and make the other process
// call Resume, whose new connection replaces the renewal. RenewalDue events require
// Options.RenewalEvents.
type RenewalDue struct {
	// Within is how long the session waits, from when the event was queued: at least 5 minutes
	// for a connection of 66 minutes, as the service makes them, and less for a shorter one: at
	// least a minute for one of an hour, some seconds for one of a few minutes.
	Within time.Duration

	generation int32 // of the connection that is to be renewed
}

// ChatEnded is the last event of a chat. It is delivered up to a few seconds after the end, because
// the session first searches the transcript for missed items.
type ChatEnded struct { //nolint:revive // chat.Ended could be the session's end
	Meta

	// Gap reports that items may be missing, see CloseError.
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

// LogValue shows the event to log/slog, without content or names.
func (m Meta) LogValue() slog.Value {
	return slog.GroupValue(slog.String("id", m.ID), slog.String("time", m.AbsoluteTime),
		slog.String("participant", m.From.ParticipantID), slog.String("role", string(m.From.Role)),
		slog.Bool("late", m.Late), slog.Bool("history", m.History), slog.Bool("own", m.Own))
}

// String returns the item's ID, without content or names.
func (m Meta) String() string { return "item " + m.ID }

// Format formats the event as String does, whatever the verb.
func (m Meta) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, m.String()) }
