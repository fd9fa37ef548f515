// SPDX-License-Identifier: Apache-2.0

package types

// ArtifactStatus says how far the scan of an attachment has got.
type ArtifactStatus string

// The statuses of an attachment. Only an approved one can be downloaded.
const (
	ArtifactStatusApproved   ArtifactStatus = "APPROVED"
	ArtifactStatusRejected   ArtifactStatus = "REJECTED"
	ArtifactStatusInProgress ArtifactStatus = "IN_PROGRESS"
)

// Values returns the known statuses. The service may send others.
func (ArtifactStatus) Values() []ArtifactStatus {
	return []ArtifactStatus{ArtifactStatusApproved, ArtifactStatusRejected, ArtifactStatusInProgress}
}

// ChatItemType says what kind of thing a transcript item is.
//
// The service also sends types that no model lists, MESSAGEMETADATA among them,
// and tells events apart by ContentType rather than by type: treat an unknown
// value as one to pass over.
type ChatItemType string

// The listed item types. Of these the service uses MESSAGE, EVENT and ATTACHMENT
// in what it sends today.
const (
	ChatItemTypeTyping            ChatItemType = "TYPING"
	ChatItemTypeParticipantJoined ChatItemType = "PARTICIPANT_JOINED"
	ChatItemTypeParticipantLeft   ChatItemType = "PARTICIPANT_LEFT"
	ChatItemTypeChatEnded         ChatItemType = "CHAT_ENDED"
	ChatItemTypeTransferSucceeded ChatItemType = "TRANSFER_SUCCEEDED"
	ChatItemTypeTransferFailed    ChatItemType = "TRANSFER_FAILED"
	ChatItemTypeMessage           ChatItemType = "MESSAGE"
	ChatItemTypeEvent             ChatItemType = "EVENT"
	ChatItemTypeAttachment        ChatItemType = "ATTACHMENT"
	ChatItemTypeConnectionAck     ChatItemType = "CONNECTION_ACK"
	ChatItemTypeMessageDelivered  ChatItemType = "MESSAGE_DELIVERED"
	ChatItemTypeMessageRead       ChatItemType = "MESSAGE_READ"
)

// Values returns the known item types. The service may send others.
func (ChatItemType) Values() []ChatItemType {
	return []ChatItemType{
		ChatItemTypeTyping, ChatItemTypeParticipantJoined, ChatItemTypeParticipantLeft, ChatItemTypeChatEnded,
		ChatItemTypeTransferSucceeded, ChatItemTypeTransferFailed, ChatItemTypeMessage, ChatItemTypeEvent,
		ChatItemTypeAttachment, ChatItemTypeConnectionAck, ChatItemTypeMessageDelivered, ChatItemTypeMessageRead,
	}
}

// ConnectionType names a thing that CreateParticipantConnection can give.
type ConnectionType string

// The connection types. WEBRTC_CONNECTION is for in-app, web and video calls.
const (
	ConnectionTypeWebsocket             ConnectionType = "WEBSOCKET"
	ConnectionTypeConnectionCredentials ConnectionType = "CONNECTION_CREDENTIALS"
	ConnectionTypeWebrtcConnection      ConnectionType = "WEBRTC_CONNECTION"
)

// Values returns the known connection types.
func (ConnectionType) Values() []ConnectionType {
	return []ConnectionType{ConnectionTypeWebsocket, ConnectionTypeConnectionCredentials, ConnectionTypeWebrtcConnection}
}

// MeetingFeatureStatus says whether a feature of a WebRTC meeting can be used.
type MeetingFeatureStatus string

// The statuses of a meeting feature.
const (
	MeetingFeatureStatusAvailable   MeetingFeatureStatus = "AVAILABLE"
	MeetingFeatureStatusUnavailable MeetingFeatureStatus = "UNAVAILABLE"
)

// Values returns the known statuses. The service may send others.
func (MeetingFeatureStatus) Values() []MeetingFeatureStatus {
	return []MeetingFeatureStatus{MeetingFeatureStatusAvailable, MeetingFeatureStatusUnavailable}
}

// MessageProcessingStatus says what message processing (built-in redaction or a
// Lambda function of the contact centre's) has done with a message.
type MessageProcessingStatus string

// The statuses of a processed message. The delivered item may carry other content
// than was sent. Source: API_connect-participant_MessageProcessingMetadata.
const (
	MessageProcessingStatusProcessing MessageProcessingStatus = "PROCESSING"
	MessageProcessingStatusFailed     MessageProcessingStatus = "FAILED"
	MessageProcessingStatusRejected   MessageProcessingStatus = "REJECTED"
)

// Values returns the known statuses. The service may send others.
func (MessageProcessingStatus) Values() []MessageProcessingStatus {
	return []MessageProcessingStatus{
		MessageProcessingStatusProcessing, MessageProcessingStatusFailed, MessageProcessingStatusRejected,
	}
}

// ParticipantRole says on whose behalf a participant takes part.
type ParticipantRole string

// The roles. Bot and flow messages come as SYSTEM; CUSTOM_BOT is a bot that was
// added with CreateParticipant.
const (
	ParticipantRoleAgent      ParticipantRole = "AGENT"
	ParticipantRoleCustomer   ParticipantRole = "CUSTOMER"
	ParticipantRoleSystem     ParticipantRole = "SYSTEM"
	ParticipantRoleCustomBot  ParticipantRole = "CUSTOM_BOT"
	ParticipantRoleSupervisor ParticipantRole = "SUPERVISOR"
)

// Values returns the known roles. The service may send others.
func (ParticipantRole) Values() []ParticipantRole {
	return []ParticipantRole{
		ParticipantRoleAgent, ParticipantRoleCustomer, ParticipantRoleSystem, ParticipantRoleCustomBot,
		ParticipantRoleSupervisor,
	}
}

// ResourceType names what a ResourceNotFoundException did not find.
type ResourceType string

// The resource types.
const (
	ResourceTypeContact        ResourceType = "CONTACT"
	ResourceTypeContactFlow    ResourceType = "CONTACT_FLOW"
	ResourceTypeInstance       ResourceType = "INSTANCE"
	ResourceTypeParticipant    ResourceType = "PARTICIPANT"
	ResourceTypeHierarchyLevel ResourceType = "HIERARCHY_LEVEL"
	ResourceTypeHierarchyGroup ResourceType = "HIERARCHY_GROUP"
	ResourceTypeUser           ResourceType = "USER"
	ResourceTypePhoneNumber    ResourceType = "PHONE_NUMBER"
)

// Values returns the known resource types. The service may send others.
func (ResourceType) Values() []ResourceType {
	return []ResourceType{
		ResourceTypeContact, ResourceTypeContactFlow, ResourceTypeInstance, ResourceTypeParticipant,
		ResourceTypeHierarchyLevel, ResourceTypeHierarchyGroup, ResourceTypeUser, ResourceTypePhoneNumber,
	}
}

// ScanDirection says which items GetTranscript chooses, seen from StartPosition.
type ScanDirection string

// The scan directions. The service takes BACKWARD when there is no StartPosition
// and FORWARD when there is one, and refuses FORWARD without one.
const (
	ScanDirectionForward  ScanDirection = "FORWARD"
	ScanDirectionBackward ScanDirection = "BACKWARD"
)

// Values returns the scan directions.
func (ScanDirection) Values() []ScanDirection {
	return []ScanDirection{ScanDirectionForward, ScanDirectionBackward}
}

// SortKey says how the items of one GetTranscript page are ordered by time.
type SortKey string

// The orders of a page. The service takes DESCENDING when none is given.
const (
	SortKeyDescending SortKey = "DESCENDING"
	SortKeyAscending  SortKey = "ASCENDING"
)

// Values returns the orders.
func (SortKey) Values() []SortKey {
	return []SortKey{SortKeyDescending, SortKeyAscending}
}

// UrlContentDisposition says what a browser does with the URL of an attachment.
//
// The service has it since October 2026. No model that has it could be seen: name and values are
// those that the AWS SDKs would most likely give it.
type UrlContentDisposition string

// The content dispositions.
const (
	// UrlContentDispositionInline shows the file in the browser.
	UrlContentDispositionInline UrlContentDisposition = "INLINE"
	// UrlContentDispositionAttachment downloads the file.
	UrlContentDispositionAttachment UrlContentDisposition = "ATTACHMENT"
)

// Values returns the known content dispositions. The service may know others.
func (UrlContentDisposition) Values() []UrlContentDisposition {
	return []UrlContentDisposition{UrlContentDispositionInline, UrlContentDispositionAttachment}
}
