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

// keptEvents are the events a transcript shows; the others are live only
// (API_connect-participant_Item).
var keptEvents = map[string]bool{
	eventJoined: true, eventLeft: true, eventInvited: true, eventEnded: true, eventTransferred: true, eventNoTransfer: true,
}

// Item is what a transcript shows and a socket gets, with the names and in the form of
// the wire. An empty field is absent there.
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

	// Once published an item never changes, so that it may leave the mutex: a new state
	// is a new Item under the same Id.
	at    time.Time
	shown time.Time // from when on GetTranscript shows it
}

func (it *Item) isShown(now time.Time) bool { return !it.shown.After(now) }

// forever is when an item is shown that a fault keeps out of the transcript.
var forever = time.Date(9999, 12, 31, 0, 0, 0, 0, time.UTC)

// AttachmentItem is the file of an item.
type AttachmentItem struct {
	AttachmentId   string
	AttachmentName string
	ContentType    string
	Status         types.ArtifactStatus
}

// MessageMetadata is what is known about a message.
type MessageMetadata struct {
	MessageId               string
	Receipts                []Receipt                     `json:",omitempty"`
	MessageProcessingStatus types.MessageProcessingStatus `json:",omitempty"`
	// MessageCompleted and ChunkNumber stand in the pieces of a streamed message only.
	MessageCompleted *bool `json:",omitempty"`
	ChunkNumber      int   `json:",omitempty"`
}

// Receipt says what one participant has seen of a message.
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

// Transcript returns every item that the transcript of the chat has, whether or not anybody
// was shown it: the oracle of what a client must end up with. They come in the order of
// time, each in its latest state, those of a past contact and those that LagForever
// keeps out of the transcript left out.
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
