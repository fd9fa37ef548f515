// SPDX-License-Identifier: Apache-2.0

package participanttest

import (
	"slices"
	"time"

	"github.com/participant-go/connectparticipant/types"
)

// ruling is what the message processor says to a message; nil for one that it isn't
// asked about.
type outcome struct {
	content string
	status  types.MessageProcessingStatus // empty: approved
}

func (r *outcome) output() *processingOutput {
	if r == nil {
		return nil
	}
	return &processingOutput{MessageProcessingStatus: types.MessageProcessingStatusProcessing}
}

// rule asks the processor, which is the user's code: the mutex must not be held.
func (c *Contact) process(contentType, content string) *outcome {
	if !c.opts.MessageProcessing && c.opts.Processor == nil {
		return nil
	}
	switch contentType {
	case contentTypeText, contentTypeMarkdown, contentTypeJSON:
	default:
		return nil
	}
	if c.opts.Processor == nil {
		return &outcome{content: content}
	}
	content, status := c.opts.Processor(content)
	return &outcome{content, status}
}

// rule asks the processor before the operation runs.
func (s *Server) process(c *call, bearer string) {
	if contact := s.contactOf(bearer); contact != nil && c.op.name == "SendMessage" {
		in := &members{raw: c.in.raw} // its errors are the operation's to find
		c.outcome = contact.process(in.text("ContentType", 0, 100), in.text("Content", 0, maxContent))
	}
}

func (s *Server) contactOf(bearer string) *Contact {
	s.mu.Lock()
	defer s.mu.Unlock()
	if p := s.authenticate(connectionBearer, bearer); p != nil {
		return p.contact
	}
	return nil
}

// say brings a message to the chat, through the processor if there is one.
func (p *Participant) say(contentType, content string, r *outcome) *Item {
	p.speaks()
	c := p.contact
	it := Item{Type: typeMessage, ContentType: contentType, Content: content}
	if r == nil {
		return p.send(it)
	}
	p.sign(&it)
	c.stamp(&it)
	if c.opts.ProcessingDelay <= 0 {
		p.decide(it, r)
		return &it
	}
	// Nobody may see yet what the processor may want to hide.
	c.keep(it.withStatus("", types.MessageProcessingStatusProcessing))
	c.awaitProcessor(&pendingMessage{item: it, outcome: *r, sender: p, due: c.srv.now().Add(c.opts.ProcessingDelay)})
	return &it
}

// pendingMessage is a message that the processor hasn't released yet.
type pendingMessage struct {
	item    Item
	outcome outcome
	sender  *Participant
	due     time.Time
}

func (c *Contact) awaitProcessor(m *pendingMessage) {
	c.pending = append(c.pending, m)
	c.srv.at(m.due, func() {
		c.pending = slices.DeleteFunc(c.pending, func(other *pendingMessage) bool { return other == m })
		if !c.ended {
			m.sender.decide(m.item, &m.outcome)
		}
	})
}

// decide publishes the processor's outcome. Only the sender learns of a message that
// was held back.
func (p *Participant) decide(it Item, r *outcome) {
	if r.status != "" {
		held := it.withStatus("", r.status)
		p.contact.keep(held)
		p.contact.push(held, []*Participant{p})
		return
	}
	it.Content = r.content
	p.contact.publish(&it)
}

// withStatus is the item with other content and a processing status.
func (it Item) withStatus(content string, status types.MessageProcessingStatus) *Item {
	it.Content = content
	it.MessageMetadata = &MessageMetadata{MessageId: it.Id, MessageProcessingStatus: status}
	return &it
}
