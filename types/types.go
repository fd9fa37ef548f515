// SPDX-License-Identifier: Apache-2.0

package types

import (
	"fmt"
	"log/slog"

	"github.com/participant-go/connectparticipant/internal/redact"
)

// Item is one entry of a chat's transcript: a message, an event or an attachment.
//
// Every member may be absent; which ones are there depends on Type and ContentType.
type Item struct {
	// AbsoluteTime is when the service took the item in, ISO 8601 in UTC, mostly
	// with milliseconds: 2019-11-08T02:41:28.172Z.
	AbsoluteTime *string

	// Attachments describes the file of an ATTACHMENT item.
	Attachments []AttachmentItem

	// ContactId is the contact that the item belongs to. Items of the past chats
	// of a persistent chat carry RelatedContactId instead.
	ContactId *string

	// Content is a message's text, or JSON in a string for interactive messages
	// and for some events.
	Content *string

	// ContentType tells the kinds of messages and events apart:
	// text/plain, text/markdown, application/json,
	// application/vnd.amazonaws.connect.event.participant.joined and so on.
	// Compare it by IsContentType, which ignores case and parameters.
	ContentType *string

	// DisplayName is the sender's name as the other participants see it.
	DisplayName *string

	// Id names the item; pushes, answers and the transcript use the same one.
	Id *string

	// MessageMetadata holds the receipts of a message and its processing status.
	MessageMetadata *MessageMetadata

	// ParticipantId names the sender.
	ParticipantId *string

	// ParticipantRole is the sender's role.
	ParticipantRole ParticipantRole

	// RelatedContactId is the past contact that an item of a persistent chat
	// belongs to.
	RelatedContactId *string

	// Type is the kind of item. Unlisted values occur.
	Type ChatItemType
}

// LogValue shows the value to log/slog without its contents and names. A slice of items is
// something else: slog's JSONHandler shows all of it, so log connectparticipant.Redacted(items).
func (v Item) LogValue() slog.Value { return redact.LogValue(v) }

// Format shows the value to fmt without its contents and names, whatever the verb.
func (v Item) Format(f fmt.State, _ rune) { redact.Format(f, v) }

// AttachmentItem describes a file in the chat.
type AttachmentItem struct {
	// AttachmentId is what GetAttachment takes.
	AttachmentId *string

	// AttachmentName is the file's name as its sender gave it. Treat it as
	// untrusted input before using it as a path.
	AttachmentName *string

	// ContentType is the file's MIME type as its sender gave it.
	ContentType *string

	// Status is the state of the scan.
	Status ArtifactStatus
}

// LogValue shows the value to log/slog without its name.
func (v AttachmentItem) LogValue() slog.Value { return redact.LogValue(v) }

// Format shows the value to fmt without its name, whatever the verb.
func (v AttachmentItem) Format(f fmt.State, _ rune) { redact.Format(f, v) }

// MessageMetadata holds the receipts of a message and its processing status.
type MessageMetadata struct {
	// ChunkNumber counts the chunks of a message that arrives in pieces, as that of an AI
	// agent may, from 1. Absent in a complete message. No model of the service has it; see
	// "message streaming for AI-powered chat" in the Amazon Connect administrator guide.
	ChunkNumber *int32

	// MessageCompleted is false in a chunk after which others follow. It is in no model either.
	MessageCompleted *bool

	// MessageId is the Id of the message that the receipts are about.
	MessageId *string

	// MessageProcessingStatus is there when message processing is on.
	MessageProcessingStatus MessageProcessingStatus

	// Receipts has one entry for each participant that has got or read the message.
	Receipts []Receipt
}

// Receipt says when a participant got and read a message.
type Receipt struct {
	// DeliveredTimestamp is ISO 8601 in UTC.
	DeliveredTimestamp *string

	// ReadTimestamp is ISO 8601 in UTC, absent until the message was read.
	ReadTimestamp *string

	// RecipientParticipantId names who got the message.
	RecipientParticipantId *string
}

// MessageProcessingMetadata says, in the answer to SendMessage, what message
// processing is doing with the message.
type MessageProcessingMetadata struct {
	// MessageProcessingStatus is PROCESSING while the message has not been
	// delivered yet.
	MessageProcessingStatus MessageProcessingStatus
}

// StartPosition says where GetTranscript begins. Set one member.
type StartPosition struct {
	// AbsoluteTime begins at a time, ISO 8601 in UTC with milliseconds.
	AbsoluteTime *string

	// Id begins at an item.
	Id *string

	// MostRecent begins that many items before the end, 1 to 100; 0 leaves the
	// member out.
	MostRecent int32
}

// ConnectionCredentials holds the token that all operations but
// CreateParticipantConnection want.
type ConnectionCredentials struct {
	// ConnectionToken is the secret for the X-Amz-Bearer header.
	ConnectionToken *string

	// Expiry is when the token ends, ISO 8601 in UTC: a day after the call.
	Expiry *string
}

// LogValue shows the value to log/slog without its token.
func (v ConnectionCredentials) LogValue() slog.Value { return redact.LogValue(v) }

// Format shows the value to fmt without its token, whatever the verb.
func (v ConnectionCredentials) Format(f fmt.State, _ rune) { redact.Format(f, v) }

// Websocket holds the address of the chat's socket.
type Websocket struct {
	// ConnectionExpiry is when to call CreateParticipantConnection again,
	// ISO 8601 in UTC.
	ConnectionExpiry *string

	// Url is a secret: it holds the credential. Connect within 100 seconds.
	Url *string
}

// LogValue shows the value to log/slog without its URL.
func (v Websocket) LogValue() slog.Value { return redact.LogValue(v) }

// Format shows the value to fmt without its URL, whatever the verb.
func (v Websocket) Format(f fmt.State, _ rune) { redact.Format(f, v) }

// WebRTCConnection holds what a client of the Amazon Chime SDK needs to join the
// call of an in-app, web or video contact.
type WebRTCConnection struct {
	// Attendee is this participant in the meeting.
	Attendee *Attendee

	// Meeting is the meeting to join.
	Meeting *WebRTCMeeting
}

// LogValue shows the value to log/slog without its token and URLs.
func (v WebRTCConnection) LogValue() slog.Value { return redact.LogValue(v) }

// Format shows the value to fmt without its token and URLs, whatever the verb.
func (v WebRTCConnection) Format(f fmt.State, _ rune) { redact.Format(f, v) }

// Attendee is a participant of a WebRTC meeting.
type Attendee struct {
	// AttendeeId names the attendee.
	AttendeeId *string

	// JoinToken is the secret that lets the attendee in.
	JoinToken *string
}

// LogValue shows the value to log/slog without its token.
func (v Attendee) LogValue() slog.Value { return redact.LogValue(v) }

// Format shows the value to fmt without its token, whatever the verb.
func (v Attendee) Format(f fmt.State, _ rune) { redact.Format(f, v) }

// WebRTCMeeting describes a WebRTC meeting.
type WebRTCMeeting struct {
	// MediaPlacement holds the addresses of the meeting.
	MediaPlacement *WebRTCMediaPlacement

	// MeetingFeatures says what the meeting offers.
	MeetingFeatures *MeetingFeaturesConfiguration

	// MeetingId names the meeting.
	MeetingId *string
}

// LogValue shows the value to log/slog without its URLs.
func (v WebRTCMeeting) LogValue() slog.Value { return redact.LogValue(v) }

// Format shows the value to fmt without its URLs, whatever the verb.
func (v WebRTCMeeting) Format(f fmt.State, _ rune) { redact.Format(f, v) }

// WebRTCMediaPlacement holds the addresses that a WebRTC client connects to.
type WebRTCMediaPlacement struct {
	// AudioFallbackUrl is the address of audio when UDP is blocked.
	AudioFallbackUrl *string

	// AudioHostUrl is the address of audio.
	AudioHostUrl *string

	// EventIngestionUrl is where the client sends its meeting events.
	EventIngestionUrl *string

	// SignalingUrl is the address of the signaling socket.
	SignalingUrl *string
}

// LogValue shows the value to log/slog without its URLs.
func (v WebRTCMediaPlacement) LogValue() slog.Value { return redact.LogValue(v) }

// Format shows the value to fmt without its URLs, whatever the verb.
func (v WebRTCMediaPlacement) Format(f fmt.State, _ rune) { redact.Format(f, v) }

// MeetingFeaturesConfiguration says what a WebRTC meeting offers.
type MeetingFeaturesConfiguration struct {
	// Audio holds the audio features.
	Audio *AudioFeatures
}

// AudioFeatures holds the audio features of a WebRTC meeting.
type AudioFeatures struct {
	// EchoReduction says whether echo reduction can be used.
	EchoReduction MeetingFeatureStatus
}

// UploadMetadata says how to upload the bytes of an attachment: by an HTTP PUT
// to Url with exactly HeadersToInclude, and without X-Amz-Bearer.
type UploadMetadata struct {
	// HeadersToInclude are signed with the URL: leaving one out, or altering it,
	// makes the upload fail. In Go a Content-Length entry must also be set as
	// http.Request.ContentLength.
	HeadersToInclude map[string]string

	// Url is a secret: it is signed.
	Url *string

	// UrlExpiry is when Url stops working, ISO 8601 in UTC, seen with and without
	// milliseconds.
	UrlExpiry *string
}

// LogValue shows the value to log/slog without its URL and headers.
func (v UploadMetadata) LogValue() slog.Value { return redact.LogValue(v) }

// Format shows the value to fmt without its URL and headers, whatever the verb.
func (v UploadMetadata) Format(f fmt.State, _ rune) { redact.Format(f, v) }

// View is a view resource: a form, a card or another guide that a client renders.
type View struct {
	// Arn is the Amazon Resource Name of the view.
	Arn *string

	// Content is what to render.
	Content *ViewContent

	// Id names the view.
	Id *string

	// Name is the view's name.
	Name *string

	// Version counts the view's versions.
	Version *int32
}

// LogValue shows the value to log/slog without its content.
func (v View) LogValue() slog.Value { return redact.LogValue(v) }

// Format shows the value to fmt without its content, whatever the verb.
func (v View) Format(f fmt.State, _ rune) { redact.Format(f, v) }

// ViewContent is what a client renders a view from.
type ViewContent struct {
	// Actions are the actions that the user of the view can take.
	Actions []string

	// InputSchema is JSON in a string: the schema of the data that the view takes.
	InputSchema *string

	// Template is JSON in a string: the view's layout.
	Template *string
}

// LogValue shows the value to log/slog without its content.
func (v ViewContent) LogValue() slog.Value { return redact.LogValue(v) }

// Format shows the value to fmt without its content, whatever the verb.
func (v ViewContent) Format(f fmt.State, _ rune) { redact.Format(f, v) }
