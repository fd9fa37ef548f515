// SPDX-License-Identifier: Apache-2.0

package streaming

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/participant-go/connectparticipant/chat"
	"github.com/participant-go/connectparticipant/types"
)

const (
	typeNotification = "Notification"
	typeConfirmation = "SubscriptionConfirmation"
	typeUnsubscribed = "UnsubscribeConfirmation"
)

var (
	errNoJSON = errors.New("not JSON of a known form")
	errEmpty  = errors.New("no notification")
)

// Read returns the events of a payload, in the order of its records. The payload may be
//
//   - the event of a Lambda function that is subscribed to the topic,
//   - the event of a Lambda function for an SQS queue, with or without raw message delivery,
//   - an SQS message as ReceiveMessage returns it, encoded as JSON, or the body of one,
//   - the body of an HTTPS request of SNS, which a [Verifier] has verified, or
//   - a line that Firehose wrote, without raw message delivery.
//
// The forms are distinguished by their members. Raw delivery without the attributes, such as the
// body of an SQS message alone, leaves Visibility empty.
//
// A record that can't be read doesn't affect the others: Read returns the events of the others and
// a *[ReadError] that lists the failed records. Errors never contain message content.
func Read(payload []byte) ([]Notification, error) {
	records, err := split(payload)
	if err != nil {
		return nil, fmt.Errorf("read notifications: %w", err)
	}
	var (
		all    []Notification
		failed ReadError
	)
	for i, record := range records {
		notifications, err := record.read()
		if err != nil {
			failed.Records = append(failed.Records, &RecordError{Index: i, ID: record.MessageID, Err: err})
		}
		for _, n := range notifications {
			n.Index, n.RecordID = i, record.MessageID
			all = append(all, n)
		}
	}
	if len(failed.Records) > 0 {
		return all, &failed
	}
	return all, nil
}

// document has the members of all forms of payloads. encoding/json ignores the case of names, so
// SigningCertUrl and ReceiveMessage's Body match too.
type document struct {
	envelope

	// Records are the records of a Lambda event.
	Records *[]json.RawMessage
}

// attribute is an attribute of SNS, with a Value, or of SQS, with a StringValue.
type attribute struct {
	Value       string
	StringValue string
}

// record is a record of a payload. Exactly one of SNS, Body, envelope and item is set.
type record struct {
	// MessageID is the ID of the SQS message.
	MessageID string
	Body      *string
	SNS       *envelope `json:"Sns"`
	// MessageAttributes are the attributes of an SQS message with raw delivery.
	MessageAttributes map[string]attribute

	envelope *envelope
	item     []byte
	err      error
}

// split returns the records of a payload.
func split(payload []byte) ([]record, error) {
	var doc document
	if err := decode(payload, &doc); err != nil {
		return nil, err
	}
	if doc.Records == nil {
		return []record{single(payload, doc)}, nil
	}
	records := make([]record, 0, len(*doc.Records))
	for _, raw := range *doc.Records {
		var r record
		if err := decode(raw, &r); err != nil {
			r.err = err
		}
		records = append(records, r)
	}
	return records, nil
}

// single returns the record of a payload that is a single record.
func single(payload []byte, doc document) record {
	if doc.isSNS() {
		return record{envelope: &doc.envelope}
	}
	var r record
	if r.err = decode(payload, &r); r.err == nil && r.Body == nil {
		return record{item: payload}
	}
	return r
}

// read returns the events of a record.
func (r *record) read() ([]Notification, error) {
	switch {
	case r.err != nil:
		return nil, r.err
	case r.SNS != nil:
		return r.SNS.read()
	case r.envelope != nil:
		return r.envelope.read()
	case r.item != nil:
		return readItem(r.item, nil)
	case r.Body != nil:
		return r.readBody([]byte(*r.Body))
	default:
		return nil, errEmpty
	}
}

// readBody reads the body of an SQS message: a notification or, with raw delivery, an item.
func (r *record) readBody(body []byte) ([]Notification, error) {
	var doc document
	if err := decode(body, &doc); err != nil {
		return nil, err
	}
	if doc.isSNS() {
		return doc.read()
	}
	return readItem(body, r.MessageAttributes)
}

// decode hides the errors of encoding/json, because they quote values.
func decode(data []byte, target any) error {
	if data = bytes.TrimSpace(data); len(data) == 0 || data[0] != '{' || json.Unmarshal(data, target) != nil {
		return errNoJSON
	}
	return nil
}

// readItem returns a notification for each event of an item.
func readItem(item []byte, attributes map[string]attribute) ([]Notification, error) {
	events, err := chat.ParseItem(item)
	if err != nil {
		return nil, err
	}
	text := func(name string) string {
		if a := attributes[name]; a.Value != "" {
			return a.Value
		}
		return attributes[name].StringValue
	}
	notifications := make([]Notification, 0, len(events))
	for _, event := range events {
		n := Notification{
			Event: event, Visibility: Visibility(text("MessageVisibility")), InstanceID: text("InstanceId"),
			AccountID: text("AccountId"), ContactID: text("ContactId"), InitialContactID: text("InitialContactId"),
			ParticipantRole: types.ParticipantRole(text("ParticipantRole")),
		}
		n.prefer(event)
		notifications = append(notifications, n)
	}
	return notifications, nil
}

// prefer prefers the members of the item, which the signature covers, to the attributes.
func (n *Notification) prefer(event chat.Event) {
	meta, _ := chat.MetaOf(event)
	if meta.From.Role != "" {
		n.ParticipantRole = meta.From.Role
	}
	if meta.ContactID != "" {
		n.ContactID = meta.ContactID
	}
	if meta.InitialContactID != "" {
		n.InitialContactID = meta.InitialContactID
	}
}
