// SPDX-License-Identifier: Apache-2.0

package participanttest

import (
	"encoding/json"
	"slices"
)

// sendEvent accepts an empty Content where none is needed: the iOS client sends "".
func sendEvent(c *call) (any, *wireError) {
	contentType := c.in.requiredText("ContentType", 1, 100)
	c.in.oneOf("ContentType", contentType, []string{eventTyping, eventDelivered, eventRead, eventAcknowledged})
	content := c.in.text("Content", 0, maxContent)
	if c.in.err != nil {
		return nil, c.in.err
	}
	switch contentType {
	case eventDelivered, eventRead:
		return c.sendReceipt(contentType, content)
	case eventTyping:
		it := c.participant.event(contentType)
		return sentOutput{AbsoluteTime: it.AbsoluteTime, ID: it.Id}, nil
	default:
		var it Item
		c.contact.stamp(&it)
		return sentOutput{AbsoluteTime: it.AbsoluteTime, ID: it.Id}, nil
	}
}

func (c *call) sendReceipt(contentType, content string) (any, *wireError) {
	var about struct {
		MessageID string `json:"messageId"`
	}
	if json.Unmarshal([]byte(content), &about) != nil || about.MessageID == "" {
		return nil, invalid("Content", "Member must be a JSON object with a messageId")
	}
	if c.contact.activeParticipants() > maxForReceipts {
		return nil, errConflict
	}
	it := c.contact.receipt(c.participant, about.MessageID, contentType)
	return sentOutput{AbsoluteTime: it.AbsoluteTime, ID: it.Id}, nil
}

// receipt records that a participant has received or read a message of another one. A receipt for
// anything else gets the same response and has no effect.
func (c *Contact) receipt(reader *Participant, messageID, contentType string) *Item {
	it := &Item{Type: typeMetadata, ContentType: eventMetadata}
	c.stamp(it)
	i, known := c.index[messageID]
	if !known || !c.items[i].receivable() || c.items[i].ParticipantId == reader.ID {
		return it
	}
	about := *c.items[i]
	about.MessageMetadata = withReceipt(about, reader.ID, contentType, it.AbsoluteTime)
	c.keep(&about)
	it.MessageMetadata = about.MessageMetadata.of(reader.ID)
	c.push(it, c.others(reader))
	return it
}

// receivable reports whether other participants can have received the item as a message.
func (it *Item) receivable() bool {
	return it.Type != typeEvent && (it.MessageMetadata == nil || it.MessageMetadata.MessageProcessingStatus == "")
}

// withReceipt keeps the first delivered and the first read time.
func withReceipt(it Item, reader, contentType, at string) *MessageMetadata {
	metadata := &MessageMetadata{MessageId: it.Id}
	if it.MessageMetadata != nil {
		*metadata = *it.MessageMetadata
		metadata.Receipts = slices.Clone(metadata.Receipts)
	}
	r := metadata.receiptOf(reader)
	if contentType == eventDelivered {
		setDefault(&r.DeliveredTimestamp, at)
	} else {
		setDefault(&r.ReadTimestamp, at)
	}
	return metadata
}

func (m *MessageMetadata) receiptOf(reader string) *Receipt {
	i := slices.IndexFunc(m.Receipts, func(r Receipt) bool { return r.RecipientParticipantId == reader })
	if i < 0 {
		i = len(m.Receipts)
		m.Receipts = append(m.Receipts, Receipt{RecipientParticipantId: reader})
	}
	return &m.Receipts[i]
}

// of returns the metadata as it is pushed: with the reader's receipt only.
func (m *MessageMetadata) of(reader string) *MessageMetadata {
	return &MessageMetadata{MessageId: m.MessageId, Receipts: []Receipt{*m.receiptOf(reader)}}
}
