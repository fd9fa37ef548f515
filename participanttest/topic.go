// SPDX-License-Identifier: Apache-2.0

package participanttest

import (
	"cmp"
	"net/url"
	"slices"
	"time"
)

// TopicARN is the SNS topic of chats with ChatOptions.Streaming.
const TopicARN = "arn:aws:sns:us-west-2:" + accountID + ":chat-messages"

const (
	instanceID = "9a8b7c6d-4444-4b66-8d88-d4e5f6a7b8c9"
	snsTime    = "2006-01-02T15:04:05.000Z"
	reorderFor = time.Second
)

// The values of the attribute MessageVisibility.
const (
	VisibilityAll      = "ALL"
	VisibilityCustomer = "CUSTOMER"
	VisibilityAgent    = "AGENT"
)

// notice is an item on its way to a topic: to Options.Stream and the endpoint of Options.Topics.
type notice struct {
	arn        string
	item       *Item
	contactID  string
	instanceID string
	visibility string
	messageID  string
	published  time.Time
	effect     effectKind // effectForge, effectTruncate or none
}

// Publish publishes an item unchanged with a visibility, such as VisibilityAgent, which the fake itself
// doesn't use. It isn't pushed to sockets or added to the transcript. An empty Id, AbsoluteTime or
// ContactId is filled in. In a chat without a stream Publish has no effect.
func (c *Contact) Publish(it Item, visibility string) {
	c.srv.mu.Lock()
	defer c.srv.mu.Unlock()
	c.complete(&it)
	c.enqueue(&push{item: &it, visibility: visibility})
}

// notify publishes an item, or applies the effect of a fault.
func (c *Contact) notify(it *Item, visibility string) {
	for _, s := range c.streams {
		if c.srv.opts.Stream != nil || c.srv.endpoints[s.arn] != nil {
			c.notifyTopic(s.arn, it, visibility)
		}
	}
}

func (c *Contact) notifyTopic(arn string, it *Item, visibility string) {
	h := c.participant(it.ParticipantId).target(OnPublish)
	h.contact, h.contentType = c, it.ContentType
	e := c.srv.faultOn(h)
	n := notice{arn, it, c.ID, c.InstanceID, visibility, newUUID(), time.Now(), e.kind}
	switch e.kind {
	case effectLose:
		return
	case effectDelay:
		c.srv.after(e.delay, func() { c.srv.queueNotices(n) })
		return
	case effectReorder:
		c.reordered = append(c.reordered, n)
		c.srv.after(reorderFor, func() {
			if slices.ContainsFunc(c.reordered, func(held notice) bool { return held.messageID == n.messageID }) {
				c.releaseNotices()
			}
		})
		return
	case effectDuplicate:
		c.srv.queueNotices(n)
	default:
	}
	c.srv.queueNotices(n)
	c.releaseNotices()
}

func (c *Contact) releaseNotices() {
	c.srv.queueNotices(c.reordered...)
	c.reordered = nil
}

func (s *Server) queueNotices(notices ...notice) {
	for _, n := range notices {
		if e := s.endpoints[n.arn]; e != nil {
			e.enqueue(delivery{notice: n})
		}
	}
	if s.opts.Stream == nil {
		return
	}
	s.notices = append(s.notices, notices...)
	select {
	case s.published <- struct{}{}:
	default:
	}
}

// publish passes the notifications to Options.Stream until the server closes.
func (s *Server) publish() {
	for {
		select {
		case <-s.closing:
			return
		case <-s.published:
		}
		for _, n := range s.takeNotices() {
			select {
			case <-s.closing:
				return
			default:
			}
			s.opts.Stream(n.payload())
		}
	}
}

func (s *Server) takeNotices() []notice {
	s.mu.Lock()
	defer s.mu.Unlock()
	notices := s.notices
	s.notices = nil
	return notices
}

// snsEnvelope has the members of a notification of SNS in HTTPS form.
type snsEnvelope struct {
	Type              string
	MessageID         string `json:"MessageId"`
	Token             string `json:",omitempty"`
	TopicARN          string `json:"TopicArn"`
	Message           string
	SubscribeURL      string `json:",omitempty"`
	Timestamp         string
	SignatureVersion  string
	Signature         string
	SigningCertURL    string
	UnsubscribeURL    string                  `json:",omitempty"`
	MessageAttributes map[string]snsAttribute `json:",omitempty"`
}

type snsAttribute struct {
	Type  string
	Value string
}

func (n notice) payload() []byte {
	e := snsEnvelope{
		Type: "Notification", MessageID: n.messageID, TopicARN: n.arn, Timestamp: n.published.UTC().Format(snsTime),
		Message: string(encode(pushedItem{n.item, n.contactID})), UnsubscribeURL: snsURL(n.arn, "Unsubscribe"), MessageAttributes: n.attributes(),
	}
	e.sign()
	if n.effect == effectForge {
		other := e
		other.Message += "."
		other.sign()
		e.Signature = other.Signature
	}
	payload := encode(e)
	if n.effect == effectTruncate {
		payload = payload[:len(payload)/2]
	}
	return payload
}

// attributes returns those of the Administrator Guide for which the item has a value.
func (n notice) attributes() map[string]snsAttribute {
	attributes := map[string]snsAttribute{}
	for name, value := range map[string]string{
		"InitialContactId": n.contactID, "ContactId": n.item.ContactId, "MessageVisibility": n.visibility, "Type": n.item.Type,
		"AccountId": accountID, "ContentType": n.item.ContentType, "InstanceId": cmp.Or(n.instanceID, instanceID), "ParticipantRole": string(n.item.ParticipantRole),
	} {
		if value != "" {
			attributes[name] = snsAttribute{"String", value}
		}
	}
	return attributes
}

// snsURL returns the URL of an action of SNS on a topic.
func snsURL(arn, action string) string {
	return "https://" + snsHost(arn) + "/?" + url.Values{"Action": {action}, "TopicArn": {arn}}.Encode()
}

// snsHost returns the host of SNS in the topic's Region.
func snsHost(arn string) string {
	parts := topicARN.FindStringSubmatch(arn)
	host := "sns." + parts[2] + ".amazonaws.com"
	if parts[1] == "aws-cn" {
		host += ".cn"
	}
	return host
}
