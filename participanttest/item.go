// SPDX-License-Identifier: Apache-2.0

package participanttest

import (
	"time"

	"github.com/participant-go/connectparticipant/types"
)

const (
	eventPrefix   = "application/vnd.amazonaws.connect.event."
	messagePrefix = "application/vnd.amazonaws.connect.message."

	eventTyping       = eventPrefix + "typing"
	eventJoined       = eventPrefix + "participant.joined"
	eventLeft         = eventPrefix + "participant.left"
	eventInvited      = eventPrefix + "participant.invited"
	eventIdle         = eventPrefix + "participant.idle"
	eventReturned     = eventPrefix + "participant.returned"
	eventAutoDisconn  = eventPrefix + "participant.autodisconnection"
	eventRenamed      = eventPrefix + "participant.displayname.updated"
	eventEnded        = eventPrefix + "chat.ended"
	eventRehydrated   = eventPrefix + "chat.rehydrated"
	eventTransferred  = eventPrefix + "transfer.succeeded"
	eventNoTransfer   = eventPrefix + "transfer.failed"
	eventDelivered    = eventPrefix + "message.delivered"
	eventRead         = eventPrefix + "message.read"
	eventAcknowledged = eventPrefix + "connection.acknowledged"
	eventMetadata     = eventPrefix + "message.metadata"
	eventAuthPrefix   = eventPrefix + "authentication."

	typeMessage    = "MESSAGE"
	typeEvent      = "EVENT"
	typeAttachment = "ATTACHMENT"
	typeMetadata   = "MESSAGEMETADATA"
)

// keptEvents are the events in a transcript; the others are only sent live
// (API_connect-participant_Item).
var keptEvents = map[string]bool{
	eventJoined: true, eventLeft: true, eventInvited: true, eventEnded: true, eventTransferred: true, eventNoTransfer: true,
}

// Item is an item of a transcript or of a push, with the names and the format that it has on the wire.
// An empty field is absent on the wire.
type Item struct {
	AbsoluteTime     string           `json:",omitempty"`
	Attachments      []AttachmentItem `json:",omitempty"`
	ContactId        string           `json:",omitempty"`
	Content          string           `json:",omitempty"`
	ContentType      string           `json:",omitempty"`
	DisplayName      string           `json:",omitempty"`
	Id               string
	MessageMetadata  *MessageMetadata      `json:",omitempty"`
	ParticipantId    string                `json:",omitempty"`
	ParticipantRole  types.ParticipantRole `json:",omitempty"`
	RelatedContactId string                `json:",omitempty"`
	Type             string

	// An item never changes once it is published, so that it may be used without the mutex. A new state
	// is a new Item with the same Id.
	at    time.Time
	shown time.Time // when GetTranscript starts to show it
}

func (it *Item) isShown(now time.Time) bool { return !it.shown.After(now) }

// forever is when an item is shown that a fault keeps out of the transcript.
var forever = time.Date(9999, 12, 31, 0, 0, 0, 0, time.UTC)

// AttachmentItem describes a file in an Item.
type AttachmentItem struct {
	AttachmentId   string
	AttachmentName string
	ContentType    string
	Status         types.ArtifactStatus
}

// MessageMetadata are the receipts, the processing status or the streaming state of a message.
type MessageMetadata struct {
	MessageId               string
	Receipts                []Receipt                     `json:",omitempty"`
	MessageProcessingStatus types.MessageProcessingStatus `json:",omitempty"`
	// MessageCompleted and ChunkNumber appear in the chunks of a streamed message only.
	MessageCompleted *bool `json:",omitempty"`
	ChunkNumber      int   `json:",omitempty"`
}

// Receipt records when one participant has received and read a message.
type Receipt struct {
	DeliveredTimestamp     string `json:",omitempty"`
	ReadTimestamp          string `json:",omitempty"`
	RecipientParticipantId string
}

func (it *Item) kept() bool {
	switch it.Type {
	case typeMessage, typeAttachment:
		return true
	default:
		return keptEvents[it.ContentType]
	}
}

// Transcript returns the items of the chat's transcript in order of time, each in its latest state. It
// is what a client must have in the end, whether or not a client has received it yet. Items of a past
// contact and those that LagForever hides are left out.
func (c *Contact) Transcript() []Item {
	c.srv.mu.Lock()
	defer c.srv.mu.Unlock()
	items := make([]Item, 0, len(c.items)-c.past)
	for _, it := range c.items[c.past:] {
		if it.shown != forever {
			items = append(items, *it)
		}
	}
	return items
}
