package participanttest

import (
	"time"

	"github.com/participant-go/connectparticipant/types"
)

const (
	eventPrefix   = "application/vnd.amazonaws.connect.event."
	messagePrefix = "application/vnd.amazonaws.connect.message."

	eventTyping        = eventPrefix + "typing"
	eventJoined        = eventPrefix + "participant.joined"
	eventLeft          = eventPrefix + "participant.left"
	eventEnded         = eventPrefix + "chat.ended"
	eventDelivered     = eventPrefix + "message.delivered"
	eventRead          = eventPrefix + "message.read"
	eventAcknowledged  = eventPrefix + "connection.acknowledged"
	eventMetadata      = eventPrefix + "message.metadata"
	eventAuthInitiated = eventPrefix + "authentication.initiated"
	eventAuthCancelled = eventPrefix + "authentication.cancelled"

	typeMessage    = "MESSAGE"
	typeEvent      = "EVENT"
	typeAttachment = "ATTACHMENT"
	typeMetadata   = "MESSAGEMETADATA"
)

// keptEvents are the events a transcript shows; the others are live only
// (API_connect-participant_Item).
var keptEvents = map[string]bool{eventJoined: true, eventLeft: true, eventEnded: true}

// item is what the transcript shows. Once published it never changes, so that it may
// leave the mutex: a new state is a new item under the same Id.
type item struct {
	AbsoluteTime     string                `json:",omitempty"`
	Attachments      []attachmentItem      `json:",omitempty"`
	ContactID        string                `json:"ContactId,omitempty"`
	Content          string                `json:",omitempty"`
	ContentType      string                `json:",omitempty"`
	DisplayName      string                `json:",omitempty"`
	ID               string                `json:"Id"`
	MessageMetadata  *messageMetadata      `json:",omitempty"`
	ParticipantID    string                `json:"ParticipantId,omitempty"`
	ParticipantRole  types.ParticipantRole `json:",omitempty"`
	RelatedContactID string                `json:"RelatedContactId,omitempty"`
	Type             string

	at time.Time
}

type attachmentItem struct {
	AttachmentID   string `json:"AttachmentId"`
	AttachmentName string
	ContentType    string
	Status         types.ArtifactStatus
}

type messageMetadata struct {
	MessageID string    `json:"MessageId"`
	Receipts  []receipt `json:",omitempty"`
}

type receipt struct {
	DeliveredTimestamp     string `json:",omitempty"`
	ReadTimestamp          string `json:",omitempty"`
	RecipientParticipantID string `json:"RecipientParticipantId"`
}

func (it *item) kept() bool {
	switch it.Type {
	case typeMessage, typeAttachment:
		return true
	default:
		return keptEvents[it.ContentType]
	}
}
