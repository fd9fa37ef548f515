// SPDX-License-Identifier: Apache-2.0

package types

import "strings"

// The content types of messages. Which of them a chat takes is fixed when it starts
// (SupportedMessagingContentTypes of StartChatContact). Compare what the service sends with
// [IsContentType].
const (
	ContentTypeTextPlain       = "text/plain"
	ContentTypeTextMarkdown    = "text/markdown"
	ContentTypeApplicationJSON = "application/json"

	// ContentTypeInteractive is a list picker, a view or another interactive message. Flows and
	// bots send it; SendMessage does not accept it.
	ContentTypeInteractive = "application/vnd.amazonaws.connect.message.interactive"
	// ContentTypeInteractiveResponse is the response of a participant to a view or an action
	// button.
	ContentTypeInteractiveResponse = "application/vnd.amazonaws.connect.message.interactive.response"
	// ContentTypeAttachment is documented for items of Type ATTACHMENT, which have been seen
	// without a content type only.
	ContentTypeAttachment = "application/vnd.amazonaws.connect.message.attachment"
)

// The content types that SendEvent accepts.
const (
	ContentTypeTyping           = "application/vnd.amazonaws.connect.event.typing"
	ContentTypeMessageDelivered = "application/vnd.amazonaws.connect.event.message.delivered"
	ContentTypeMessageRead      = "application/vnd.amazonaws.connect.event.message.read"
	// ContentTypeConnectionAcknowledged is not maintained since the end of 2024:
	// CreateParticipantConnection with ConnectParticipant replaces it.
	ContentTypeConnectionAcknowledged = "application/vnd.amazonaws.connect.event.connection.acknowledged"
)

// The content types of the events that the service sends.
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
	// ContentTypeMessageMetadata is a receipt of somebody else's, in items of Type
	// MESSAGEMETADATA.
	ContentTypeMessageMetadata = "application/vnd.amazonaws.connect.event.message.metadata"

	ContentTypeAuthenticationInitiated = "application/vnd.amazonaws.connect.event.authentication.initiated"
	ContentTypeAuthenticationSucceeded = "application/vnd.amazonaws.connect.event.authentication.succeeded"
	ContentTypeAuthenticationFailed    = "application/vnd.amazonaws.connect.event.authentication.failed"
	ContentTypeAuthenticationTimeout   = "application/vnd.amazonaws.connect.event.authentication.timeout"
	ContentTypeAuthenticationExpired   = "application/vnd.amazonaws.connect.event.authentication.expired"
	ContentTypeAuthenticationCancelled = "application/vnd.amazonaws.connect.event.authentication.cancelled"
)

// IsContentType reports whether two content types are the same, without regard to case, to
// parameters such as "; charset=utf-8", and to the space around them.
func IsContentType(got, want string) bool {
	return strings.EqualFold(mediaType(got), mediaType(want))
}

func mediaType(contentType string) string {
	essence, _, _ := strings.Cut(contentType, ";")
	return strings.TrimSpace(essence)
}
