// SPDX-License-Identifier: Apache-2.0

package streaming

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"log/slog"
	"strconv"
	"strings"

	"github.com/participant-go/connectparticipant/chat"
	"github.com/participant-go/connectparticipant/types"
)

// Visibility is the audience of an event.
type Visibility string

// The visibilities that the Administrator Guide lists.
const (
	VisibilityCustomer Visibility = "CUSTOMER"
	VisibilityAgent    Visibility = "AGENT"
	VisibilityAll      Visibility = "ALL"
)

// Notification is a published event of a chat. Fields that come from attributes are empty if the
// delivery drops attributes, as raw delivery to HTTPS and Firehose does.
type Notification struct {
	// Event is the event. Its Own, History and Late are never set. A chunk of an AI message is a
	// chat.Progress with the text of this chunk only: see Assembler.
	Event chat.Event
	// Visibility is the audience of the event. It comes from an attribute, which the signature of a
	// notification doesn't cover.
	Visibility Visibility
	// ParticipantRole is the role of the participant that caused the event. It is empty for chat.ended.
	ParticipantRole types.ParticipantRole
	// InstanceID and AccountID are the Amazon Connect instance and the AWS account, from attributes.
	InstanceID, AccountID string
	// ContactID is the contact of the event, and InitialContactID is the first contact of its
	// chain. They differ after a transfer.
	ContactID, InitialContactID string
	// TopicARN is the topic, and MessageID is the ID of the notification in SNS: it is the same for
	// a redelivery, and different on another topic. Both are empty with raw delivery.
	TopicARN, MessageID string
	// RecordID is the ID of the SQS message, if there is one.
	RecordID string
	// Index is the position of the record in its payload, counted from 0. A record with several
	// events becomes several Notifications.
	Index int
}

// ForCustomer reports whether to show the event to the customer: it is visible to customers and not
// the customer's own. Without a Visibility, it returns false.
func (n Notification) ForCustomer() bool {
	return n.visibleTo(VisibilityCustomer) && n.ParticipantRole != types.ParticipantRoleCustomer
}

// ForAgent reports whether to show the event to the agent: it is visible to agents and not an
// agent's own. Without a Visibility, it returns false.
func (n Notification) ForAgent() bool {
	return n.visibleTo(VisibilityAgent) && n.ParticipantRole != types.ParticipantRoleAgent
}

func (n Notification) visibleTo(v Visibility) bool {
	return n.Visibility == v || n.Visibility == VisibilityAll
}

// Key identifies the event. It is the same for all deliveries on all topics, and different for each
// chunk and each new state of a message. The key of a message is its ID, which it also has in the
// transcript.
func (n Notification) Key() string {
	meta, _ := chat.MetaOf(n.Event)
	switch e := n.Event.(type) {
	case chat.Receipt:
		return receiptKey(e)
	case chat.Progress:
		return idOf(meta) + "#" + strconv.Itoa(e.Chunk)
	case chat.Message:
		return idOf(meta) + stateOf(e)
	default:
		return idOf(meta)
	}
}

// idOf returns the ID of an item, or a hash of it if it has no ID.
func idOf(meta chat.Meta) string {
	if meta.ID != "" {
		return meta.ID
	}
	sum := sha256.Sum256(meta.Raw)
	return "sha256-" + hex.EncodeToString(sum[:])
}

// stateOf returns the state of a message that can change its state, or "".
func stateOf(m chat.Message) string {
	var state strings.Builder
	for _, file := range m.Attachments {
		state.WriteString("#" + string(file.Status))
	}
	if m.Status != "" {
		state.WriteString("#" + string(m.Status))
	}
	return state.String()
}

func receiptKey(r chat.Receipt) string {
	level := "delivered"
	if r.Read {
		level = "read"
	}
	return r.MessageID + "#" + r.From.ParticipantID + "#" + level
}

// Failed wraps the error of a notification that could not be handled in a *RecordError, for
// BatchResponseOf. It returns nil for a nil error.
func (n Notification) Failed(err error) error {
	if err == nil {
		return nil
	}
	return &RecordError{Index: n.Index, ID: n.RecordID, Err: err}
}

// String returns the key, because fmt must not show the content.
func (n Notification) String() string { return "notification " + n.Key() }

// Format writes String for all verbs of fmt.
func (n Notification) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, n.String()) }

// LogValue returns the notification for log/slog, without content and names.
func (n Notification) LogValue() slog.Value {
	return slog.GroupValue(slog.String("key", n.Key()), slog.String("type", fmt.Sprintf("%T", n.Event)),
		slog.String("contact", n.ContactID), slog.String("visibility", string(n.Visibility)),
		slog.String("role", string(n.ParticipantRole)), slog.String("message", n.MessageID), slog.String("record", n.RecordID))
}
