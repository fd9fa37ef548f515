// SPDX-License-Identifier: Apache-2.0

package types

// ArtifactStatus is the state of the scan of an attachment.
type ArtifactStatus string

// Statuses of an attachment. Only an approved attachment can be downloaded.
const (
	ArtifactStatusApproved   ArtifactStatus = "APPROVED"
	ArtifactStatusRejected   ArtifactStatus = "REJECTED"
	ArtifactStatusInProgress ArtifactStatus = "IN_PROGRESS"
)

// Values returns the known statuses. The service may send others.
func (ArtifactStatus) Values() []ArtifactStatus {
	return []ArtifactStatus{ArtifactStatusApproved, ArtifactStatusRejected, ArtifactStatusInProgress}
}

// ChatItemType is the kind of a transcript item.
//
// The service also sends types that are not in its model, such as MESSAGEMETADATA, and
// distinguishes events by ContentType rather than by type. Ignore items of unknown types.
type ChatItemType string

// Item types in the service's model. Of these, the service currently sends only MESSAGE, EVENT and
// ATTACHMENT.
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

// ConnectionType selects a part of the response of CreateParticipantConnection.
type ConnectionType string

// Connection types. WEBRTC_CONNECTION is for in-app, web and video calls.
const (
	ConnectionTypeWebsocket             ConnectionType = "WEBSOCKET"
	ConnectionTypeConnectionCredentials ConnectionType = "CONNECTION_CREDENTIALS"
	ConnectionTypeWebrtcConnection      ConnectionType = "WEBRTC_CONNECTION"
)

// Values returns the known connection types.
func (ConnectionType) Values() []ConnectionType {
	return []ConnectionType{ConnectionTypeWebsocket, ConnectionTypeConnectionCredentials, ConnectionTypeWebrtcConnection}
}

// MeetingFeatureStatus is the availability of a feature of a WebRTC meeting.
type MeetingFeatureStatus string

// Statuses of a meeting feature.
const (
	MeetingFeatureStatusAvailable   MeetingFeatureStatus = "AVAILABLE"
	MeetingFeatureStatusUnavailable MeetingFeatureStatus = "UNAVAILABLE"
)

// Values returns the known statuses. The service may send others.
func (MeetingFeatureStatus) Values() []MeetingFeatureStatus {
	return []MeetingFeatureStatus{MeetingFeatureStatusAvailable, MeetingFeatureStatusUnavailable}
}

// MessageProcessingStatus is the state of message processing: built-in redaction or a Lambda
// function of the contact center.
type MessageProcessingStatus string

// Statuses of a processed message. The content of the delivered item may differ from what was sent.
// Source: API_connect-participant_MessageProcessingMetadata.
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

// ParticipantRole is the role of a participant in the chat.
type ParticipantRole string

// Participant roles. Messages of bots and flows have the role SYSTEM; CUSTOM_BOT is a bot that was
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

// ResourceType is the kind of the resource in a ResourceNotFoundException.
type ResourceType string

// Resource types.
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

// ScanDirection is the direction from StartPosition in which GetTranscript selects items.
type ScanDirection string

// Scan directions. The service defaults to BACKWARD without a StartPosition and to FORWARD with
// one, and refuses FORWARD without one.
const (
	ScanDirectionForward  ScanDirection = "FORWARD"
	ScanDirectionBackward ScanDirection = "BACKWARD"
)

// Values returns the scan directions.
func (ScanDirection) Values() []ScanDirection {
	return []ScanDirection{ScanDirectionForward, ScanDirectionBackward}
}

// SortKey is the order, by time, of the items within a page of GetTranscript.
type SortKey string

// Orders of a page. The service defaults to DESCENDING.
const (
	SortKeyDescending SortKey = "DESCENDING"
	SortKeyAscending  SortKey = "ASCENDING"
)

// Values returns the orders.
func (SortKey) Values() []SortKey {
	return []SortKey{SortKeyDescending, SortKeyAscending}
}

// UrlContentDisposition selects what a browser does with the URL of an attachment.
//
// The service has supported it since October 2026. The name and the values of the type could not be
// checked against a release of the AWS SDKs.
type UrlContentDisposition string

// Content dispositions.
const (
	// UrlContentDispositionInline shows the file in the browser.
	UrlContentDispositionInline UrlContentDisposition = "INLINE"
	// UrlContentDispositionAttachment downloads the file.
	UrlContentDispositionAttachment UrlContentDisposition = "ATTACHMENT"
)

// Values returns the known content dispositions. The service may support others.
func (UrlContentDisposition) Values() []UrlContentDisposition {
	return []UrlContentDisposition{UrlContentDispositionInline, UrlContentDispositionAttachment}
}
