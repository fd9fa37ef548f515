package chat

import (
	"encoding/json"
	"log/slog"
	"time"

	"github.com/participant-go/connectparticipant/types"
)

// Event is something that happened in the chat, or to the session: one of [Message],
// [Updated], [Progress], [Receipt], [Typing], [Participant], [Transfer],
// [Authentication], [Other], [ConnectionChanged] and [ChatEnded], as values. The list
// grows with the service, so that a switch over it should pass over what it doesn't know.
type Event interface{ event() }

// Meta is what most events have in common. A member that the service left out is zero.
type Meta struct {
	// ID names the item; the transcript and the answer to Send have the same. An Updated
	// has that of its message, and a Receipt may have none.
	ID string
	// Time is AbsoluteTime parsed, in UTC; zero if it can't be.
	Time time.Time
	// AbsoluteTime is when the service took the item in, ISO 8601 in UTC, mostly with
	// milliseconds: 2019-11-08T02:41:28.172Z.
	AbsoluteTime string
	// From is who did it.
	From From
	// ContactID is the contact that the item belongs to; InitialContactID the first of
	// its chain, known of live items only.
	ContactID, InitialContactID string
	// Late says that an item with a later Time has been delivered before.
	Late bool
	// History says that the item is older than the first connection of the session, by
	// the service's clock; one of the same millisecond isn't.
	History bool
	// Own says that it is this participant's own item, sent from here or another device. In
	// the History that is known only with Options.ParticipantID, or after Resume.
	Own bool
	// Raw is the item as JSON: as it came over the socket, with members that this
	// version doesn't know; made anew for an item from the transcript. json.Unmarshal
	// makes a types.Item of it.
	Raw json.RawMessage
}

func (m Meta) meta() Meta { return m }

// MetaOf returns what an event has in common with others, and false for ConnectionChanged,
// which is of no item.
func MetaOf(event Event) (Meta, bool) {
	if of, ok := event.(interface{ meta() Meta }); ok {
		return of.meta(), true
	}
	return Meta{}, false
}

// From is who did something.
type From struct {
	// ParticipantID is the same in all items of a participant.
	ParticipantID string
	// Role is that of the participant: AGENT, CUSTOMER, SYSTEM …
	Role types.ParticipantRole
	// DisplayName is the name as the others see it.
	DisplayName string
}

// Message is a message or an attachment, delivered once.
type Message struct {
	Meta

	// ContentType is text/plain, text/markdown, application/json,
	// application/vnd.amazonaws.connect.message.interactive … Empty for attachments.
	ContentType string
	// Text is the content: JSON for the types that say so, empty for attachments and
	// for a message that is still being processed.
	Text string
	// Attachments are the files.
	Attachments []Attachment
	// Status is that of message processing, empty where there is none.
	Status types.MessageProcessingStatus
}

// Attachment is a file in the chat.
type Attachment struct {
	// ID is what OpenAttachment takes.
	ID string
	// Name is the sender's: don't use it as a path unchecked.
	Name string
	// ContentType is the MIME type as the sender gave it.
	ContentType string
	// Status is that of the scan: APPROVED, REJECTED or IN_PROGRESS.
	Status types.ArtifactStatus
}

// Updated is a message that was delivered before, in a new state: its attachment was
// scanned, or it was processed. The newest replaces what was there under the same ID.
type Updated struct{ Message }

// Progress is a message that is still being written, as AI agents do: Text is all of it
// so far, and replaces the Progress before with the same ID. The Message follows when it
// is complete. There are Progress events only with Options.Progress.
type Progress struct {
	Meta

	Text string
}

// Receipt says how far a participant, From, has got with a message. For each message and
// participant the later one replaces the earlier, and read includes delivered. It may
// come before its message.
type Receipt struct {
	Meta

	// MessageID names the message.
	MessageID string
	// Read is false for a message that was delivered only.
	Read bool
}

// Typing says that somebody is typing now. Show it for 12 seconds, or until the same
// participant's message arrives.
type Typing struct{ Meta }

// Participant says what happened to a participant, From.
type Participant struct {
	Meta

	// Change is one of the constants, or what a newer service sends.
	Change ParticipantChange
}

// ParticipantChange is what happened to a participant.
type ParticipantChange string

// The changes of participants. Idle, returned and autodisconnection are never repeated
// by the transcript: one that comes while no socket is open is lost.
const (
	ParticipantJoined           ParticipantChange = "joined"
	ParticipantLeft             ParticipantChange = "left"
	ParticipantInvited          ParticipantChange = "invited"
	ParticipantIdle             ParticipantChange = "idle"
	ParticipantReturned         ParticipantChange = "returned"
	ParticipantAutoDisconnected ParticipantChange = "autodisconnection"
	ParticipantRenamed          ParticipantChange = "displayname.updated"
)

// Transfer says that the chat was transferred to another agent or queue, or was not.
type Transfer struct {
	Meta

	// Succeeded is false for a transfer that failed.
	Succeeded bool
}

// Authentication is a step of the customer's authentication: initiated, succeeded,
// failed, timeout, expired or cancelled.
type Authentication struct {
	Meta

	// Step is the step's name.
	Step string
	// SessionID is what GetAuthenticationUrl and CancelParticipantAuthentication take.
	// A URL must be asked for within a minute of the step initiated.
	SessionID string
}

// Other is an item that this version has no event for.
type Other struct {
	Meta

	// Type and ContentType are the item's own.
	Type        types.ChatItemType
	ContentType string
	// Content is the item's own, mostly JSON.
	Content string
}

// ConnectionChanged says that the connection was lost or is there again. Nothing need
// be done: what was missed follows. Planned renewals cause none.
type ConnectionChanged struct {
	// Connected is false for a loss.
	Connected bool
	// Cause is why it was lost.
	Cause error
}

// ChatEnded is the last event of a chat. It comes up to some seconds after the end: what
// was missed is looked for first.
type ChatEnded struct { //nolint:revive // chat.Ended could be the session's end
	Meta

	// Gap says that something may be missing, see CloseError.
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
func (ChatEnded) event()         {}

// LogValue tells log/slog what may be known: neither content nor names.
func (m Meta) LogValue() slog.Value {
	return slog.GroupValue(slog.String("id", m.ID), slog.String("time", m.AbsoluteTime),
		slog.String("participant", m.From.ParticipantID), slog.String("role", string(m.From.Role)),
		slog.Bool("late", m.Late), slog.Bool("history", m.History), slog.Bool("own", m.Own))
}

// String is the item's id: fmt must not show its content.
func (m Meta) String() string { return "item " + m.ID }
