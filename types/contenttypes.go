// SPDX-License-Identifier: Apache-2.0

package types

import "strings"

// Content types of messages. A chat accepts those that were selected when it was started
// (SupportedMessagingContentTypes of StartChatContact). Use [IsContentType] to compare a content
// type that the service sends.
const (
	ContentTypeTextPlain       = "text/plain"
	ContentTypeTextMarkdown    = "text/markdown"
	ContentTypeApplicationJSON = "application/json"

	// ContentTypeInteractive is a list picker, a view or another interactive message, sent by flows
	// and bots. SendMessage does not accept it.
	ContentTypeInteractive = "application/vnd.amazonaws.connect.message.interactive"
	// ContentTypeInteractiveResponse is a participant's reply to a view or an action button.
	ContentTypeInteractiveResponse = "application/vnd.amazonaws.connect.message.interactive.response"
	// ContentTypeAttachment is documented for items of Type ATTACHMENT, but these have been seen
	// only without a content type.
	ContentTypeAttachment = "application/vnd.amazonaws.connect.message.attachment"
)

// Content types that SendEvent accepts.
const (
	ContentTypeTyping           = "application/vnd.amazonaws.connect.event.typing"
	ContentTypeMessageDelivered = "application/vnd.amazonaws.connect.event.message.delivered"
	ContentTypeMessageRead      = "application/vnd.amazonaws.connect.event.message.read"
	// ContentTypeConnectionAcknowledged has not been maintained since the end of 2024;
	// CreateParticipantConnection with ConnectParticipant replaces it.
	ContentTypeConnectionAcknowledged = "application/vnd.amazonaws.connect.event.connection.acknowledged"
)

// Content types of the events that the service sends.
const (
	ContentTypeParticipantJoined             = "application/vnd.amazonaws.connect.event.participant.joined"
	ContentTypeParticipantLeft               = "application/vnd.amazonaws.connect.event.participant.left"
	ContentTypeParticipantInvited            = "application/vnd.amazonaws.connect.event.participant.invited"
	ContentTypeParticipantIdle               = "application/vnd.amazonaws.connect.event.participant.idle"
	ContentTypeParticipantReturned           = "application/vnd.amazonaws.connect.event.participant.returned"
	ContentTypeParticipantAutoDisconnection  = "application/vnd.amazonaws.connect.event.participant.autodisconnection"
	ContentTypeParticipantActive             = "application/vnd.amazonaws.connect.event.participant.active"
	ContentTypeParticipantInactive           = "application/vnd.amazonaws.connect.event.participant.inactive"
	ContentTypeParticipantDisplayNameUpdated = "application/vnd.amazonaws.connect.event.participant.displayname.updated"

	ContentTypeChatEnded         = "application/vnd.amazonaws.connect.event.chat.ended"
	ContentTypeChatRehydrated    = "application/vnd.amazonaws.connect.event.chat.rehydrated"
	ContentTypeTransferSucceeded = "application/vnd.amazonaws.connect.event.transfer.succeeded"
	ContentTypeTransferFailed    = "application/vnd.amazonaws.connect.event.transfer.failed"
	ContentTypeWorkflowCancelled = "application/vnd.amazonaws.connect.event.workflow.cancelled"
	// ContentTypeMessageMetadata is a receipt of another participant, in items of Type
	// MESSAGEMETADATA.
	ContentTypeMessageMetadata = "application/vnd.amazonaws.connect.event.message.metadata"

	ContentTypeAuthenticationInitiated = "application/vnd.amazonaws.connect.event.authentication.initiated"
	ContentTypeAuthenticationSucceeded = "application/vnd.amazonaws.connect.event.authentication.succeeded"
	ContentTypeAuthenticationFailed    = "application/vnd.amazonaws.connect.event.authentication.failed"
	ContentTypeAuthenticationTimeout   = "application/vnd.amazonaws.connect.event.authentication.timeout"
	ContentTypeAuthenticationExpired   = "application/vnd.amazonaws.connect.event.authentication.expired"
	ContentTypeAuthenticationCancelled = "application/vnd.amazonaws.connect.event.authentication.cancelled"
)

// IsContentType reports whether two content types are the same, ignoring case, parameters such as
// "; charset=utf-8", and surrounding white space.
func IsContentType(got, want string) bool {
	return strings.EqualFold(mediaType(got), mediaType(want))
}

func mediaType(contentType string) string {
	essence, _, _ := strings.Cut(contentType, ";")
	return strings.TrimSpace(essence)
}
