// SPDX-License-Identifier: Apache-2.0

package types

import (
	"fmt"
	"log/slog"

	"github.com/participant-go/connectparticipant/internal/redact"
)

// Item is an entry of a chat's transcript: a message, an event or an attachment.
//
// Every member may be absent; which members are set depends on Type and ContentType.
type Item struct {
	// AbsoluteTime is the time at which the service accepted the item, ISO 8601 in UTC, usually
	// with milliseconds: 2019-11-08T02:41:28.172Z.
	AbsoluteTime *string

	// Attachments describes the file of an ATTACHMENT item.
	Attachments []AttachmentItem

	// ContactId is the contact of the item. Items from past chats of a persistent chat have
	// RelatedContactId instead.
	ContactId *string

	// Content is the text of a message. For interactive messages and some events it is a string of
	// JSON.
	Content *string

	// ContentType identifies the kind of message or event: text/plain, text/markdown,
	// application/json, application/vnd.amazonaws.connect.event.participant.joined and so on.
	// Compare it with IsContentType, which ignores case and parameters.
	ContentType *string

	// DisplayName is the sender's name as shown to the other participants.
	DisplayName *string

	// Id is the ID of the item, the same in pushes, responses and the transcript.
	Id *string

	// MessageMetadata holds the receipts of a message and its processing status.
	MessageMetadata *MessageMetadata

	// ParticipantId is the ID of the sender.
	ParticipantId *string

	// ParticipantRole is the sender's role.
	ParticipantRole ParticipantRole

	// RelatedContactId is the past contact of an item of a persistent chat.
	RelatedContactId *string

	// Type is the kind of the item. The service also sends values that are not listed.
	Type ChatItemType
}

// LogValue shows the value to log/slog without its contents and names. For a slice of items use
// connectparticipant.Redacted, because slog's JSONHandler shows the contents of its elements.
func (v Item) LogValue() slog.Value { return redact.LogValue(v) }

// Format shows the value to fmt without its contents and names, whatever the verb.
func (v Item) Format(f fmt.State, _ rune) { redact.Format(f, v) }

// AttachmentItem describes a file in the chat.
type AttachmentItem struct {
	// AttachmentId is the ID for GetAttachment.
	AttachmentId *string

	// AttachmentName is the file's name as set by its sender. Don't use it as a path without
	// validation.
	AttachmentName *string

	// ContentType is the file's MIME type as set by its sender.
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
	// ChunkNumber is the number, from 1, of a chunk of a message that arrives in parts, as messages
	// of AI agents may. It is nil in a complete message. It is not in the service's model; see
	// "message streaming for AI-powered chat" in the Amazon Connect administrator guide.
	ChunkNumber *int32

	// MessageCompleted is false if more chunks follow. It is not in the service's model either.
	MessageCompleted *bool

	// MessageId is the Id of the message to which the receipts belong.
	MessageId *string

	// MessageProcessingStatus is set if message processing is enabled.
	MessageProcessingStatus MessageProcessingStatus

	// Receipts has one entry for each participant that has received or read the message.
	Receipts []Receipt
}

// Receipt holds the times at which a participant received and read a message.
type Receipt struct {
	// DeliveredTimestamp is when the participant received the message, ISO 8601 in UTC.
	DeliveredTimestamp *string

	// ReadTimestamp is when the participant read the message, ISO 8601 in UTC; nil until then.
	ReadTimestamp *string

	// RecipientParticipantId is the ID of the participant that received the message.
	RecipientParticipantId *string
}

// MessageProcessingMetadata is the state of message processing in the response to SendMessage.
type MessageProcessingMetadata struct {
	// MessageProcessingStatus is PROCESSING until the message is delivered.
	MessageProcessingStatus MessageProcessingStatus
}

// StartPosition is the position at which GetTranscript starts. Set one member.
type StartPosition struct {
	// AbsoluteTime starts at a time, ISO 8601 in UTC with milliseconds.
	AbsoluteTime *string

	// Id starts at an item.
	Id *string

	// MostRecent starts this number of items before the end of the transcript, 1 to 100; 0 omits
	// the member.
	MostRecent int32
}

// ConnectionCredentials holds the token that all operations except CreateParticipantConnection
// require.
type ConnectionCredentials struct {
	// ConnectionToken is the secret for the X-Amz-Bearer header.
	ConnectionToken *string

	// Expiry is when the token expires, ISO 8601 in UTC: a day after the call.
	Expiry *string
}

// LogValue shows the value to log/slog without its token.
func (v ConnectionCredentials) LogValue() slog.Value { return redact.LogValue(v) }

// Format shows the value to fmt without its token, whatever the verb.
func (v ConnectionCredentials) Format(f fmt.State, _ rune) { redact.Format(f, v) }

// Websocket holds the URL of the chat's socket.
type Websocket struct {
	// ConnectionExpiry is when to call CreateParticipantConnection again, ISO 8601 in UTC.
	ConnectionExpiry *string

	// Url is a secret: it contains the credential. Connect within 100 seconds.
	Url *string
}

// LogValue shows the value to log/slog without its URL.
func (v Websocket) LogValue() slog.Value { return redact.LogValue(v) }

// Format shows the value to fmt without its URL, whatever the verb.
func (v Websocket) Format(f fmt.State, _ rune) { redact.Format(f, v) }

// WebRTCConnection holds the data with which a client of the Amazon Chime SDK joins the call of an
// in-app, web or video contact.
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
	// AttendeeId is the ID of the attendee.
	AttendeeId *string

	// JoinToken is the secret with which the attendee joins.
	JoinToken *string
}

// LogValue shows the value to log/slog without its token.
func (v Attendee) LogValue() slog.Value { return redact.LogValue(v) }

// Format shows the value to fmt without its token, whatever the verb.
func (v Attendee) Format(f fmt.State, _ rune) { redact.Format(f, v) }

// WebRTCMeeting describes a WebRTC meeting.
type WebRTCMeeting struct {
	// MediaPlacement holds the URLs of the meeting.
	MediaPlacement *WebRTCMediaPlacement

	// MeetingFeatures holds the features of the meeting.
	MeetingFeatures *MeetingFeaturesConfiguration

	// MeetingId is the ID of the meeting.
	MeetingId *string
}

// LogValue shows the value to log/slog without its URLs.
func (v WebRTCMeeting) LogValue() slog.Value { return redact.LogValue(v) }

// Format shows the value to fmt without its URLs, whatever the verb.
func (v WebRTCMeeting) Format(f fmt.State, _ rune) { redact.Format(f, v) }

// WebRTCMediaPlacement holds the URLs to which a WebRTC client connects.
type WebRTCMediaPlacement struct {
	// AudioFallbackUrl is the URL for audio if UDP is blocked.
	AudioFallbackUrl *string

	// AudioHostUrl is the URL for audio.
	AudioHostUrl *string

	// EventIngestionUrl is the URL to which the client sends its meeting events.
	EventIngestionUrl *string

	// SignalingUrl is the URL of the signaling socket.
	SignalingUrl *string
}

// LogValue shows the value to log/slog without its URLs.
func (v WebRTCMediaPlacement) LogValue() slog.Value { return redact.LogValue(v) }

// Format shows the value to fmt without its URLs, whatever the verb.
func (v WebRTCMediaPlacement) Format(f fmt.State, _ rune) { redact.Format(f, v) }

// MeetingFeaturesConfiguration holds the features of a WebRTC meeting.
type MeetingFeaturesConfiguration struct {
	// Audio holds the audio features.
	Audio *AudioFeatures
}

// AudioFeatures holds the audio features of a WebRTC meeting.
type AudioFeatures struct {
	// EchoReduction is the availability of echo reduction.
	EchoReduction MeetingFeatureStatus
}

// UploadMetadata describes the upload of an attachment's bytes: an HTTP PUT to Url with exactly
// HeadersToInclude, and without X-Amz-Bearer.
type UploadMetadata struct {
	// HeadersToInclude are signed with the URL: the upload fails if one is missing or altered. In
	// Go, an entry Content-Length must also be set as http.Request.ContentLength.
	HeadersToInclude map[string]string

	// Url is a secret: it is signed.
	Url *string

	// UrlExpiry is when Url stops working, ISO 8601 in UTC, with or without milliseconds.
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

	// Content is the content to render.
	Content *ViewContent

	// Id is the ID of the view.
	Id *string

	// Name is the name of the view.
	Name *string

	// Version is the version number of the view.
	Version *int32
}

// LogValue shows the value to log/slog without its content.
func (v View) LogValue() slog.Value { return redact.LogValue(v) }

// Format shows the value to fmt without its content, whatever the verb.
func (v View) Format(f fmt.State, _ rune) { redact.Format(f, v) }

// ViewContent is the content from which a client renders a view.
type ViewContent struct {
	// Actions are the actions that the user can choose.
	Actions []string

	// InputSchema is a string of JSON: the schema of the view's input data.
	InputSchema *string

	// Template is a string of JSON: the view's layout.
	Template *string
}

// LogValue shows the value to log/slog without its content.
func (v ViewContent) LogValue() slog.Value { return redact.LogValue(v) }

// Format shows the value to fmt without its content, whatever the verb.
func (v ViewContent) Format(f fmt.State, _ rune) { redact.Format(f, v) }
