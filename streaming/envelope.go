// SPDX-License-Identifier: Apache-2.0

package streaming

import (
	"errors"
	"strings"
)

// envelope is the form in which SNS delivers a published item. The members are those of the HTTPS
// form; a Lambda event has SigningCertUrl and UnsubscribeUrl.
type envelope struct {
	Type              string
	MessageID         string `json:"MessageId"`
	TopicARN          string `json:"TopicArn"`
	Subject           *string
	Message           *string
	Timestamp         string
	SignatureVersion  string
	Signature         string
	SigningCertURL    string
	MessageAttributes map[string]attribute
	// Token and SubscribeURL belong to a confirmation.
	Token        string
	SubscribeURL string
}

// isSNS reports whether SNS has written the document. An item has other types.
func (e *envelope) isSNS() bool {
	return e.Type == typeNotification || e.Type == typeConfirmation || e.Type == typeUnsubscribed
}

func (e *envelope) read() ([]Notification, error) {
	switch {
	case e.Type == typeConfirmation:
		return nil, errors.New("unexpected SubscriptionConfirmation: call Verifier.Confirm")
	case e.Type == typeUnsubscribed:
		return nil, errors.New("unexpected UnsubscribeConfirmation")
	case e.Message == nil:
		return nil, errEmpty
	}
	notifications, err := readItem([]byte(*e.Message), e.MessageAttributes)
	for i := range notifications {
		notifications[i].TopicARN, notifications[i].MessageID = e.TopicARN, e.MessageID
	}
	return notifications, err
}

// signed returns the text that SNS signs: the members in byte order, with each name and value on a
// line (Amazon SNS developer guide, "Verifying the signatures of Amazon SNS messages").
func (e *envelope) signed() string {
	var text strings.Builder
	add := func(name, value string) { text.WriteString(name + "\n" + value + "\n") }
	if e.Message != nil {
		add("Message", *e.Message)
	}
	add("MessageId", e.MessageID)
	if e.Type != typeNotification {
		add("SubscribeURL", e.SubscribeURL)
	} else if e.Subject != nil {
		add("Subject", *e.Subject)
	}
	add("Timestamp", e.Timestamp)
	if e.Type != typeNotification {
		add("Token", e.Token)
	}
	add("TopicArn", e.TopicARN)
	add("Type", e.Type)
	return text.String()
}
