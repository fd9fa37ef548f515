// SPDX-License-Identifier: Apache-2.0

package participanttest

import (
	"slices"
	"time"

	"github.com/participant-go/connectparticipant/types"
)

// outcome is what the message processor decides about a message; nil for a message that isn't
// processed.
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

// process calls the processor, which is the user's code: the mutex must not be held.
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

// process calls the processor before the operation runs.
func (s *Server) process(c *call, bearer string) {
	if contact := s.contactOf(bearer); contact != nil && c.op.name == "SendMessage" {
		in := &members{raw: c.in.raw} // the operation reports its errors
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

// say adds a message to the chat, with the outcome of the processor if there is one.
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
	// Other participants must not see yet what the processor may withhold.
	c.keep(it.withStatus("", types.MessageProcessingStatusProcessing))
	c.awaitProcessor(&pendingMessage{item: it, outcome: *r, sender: p, due: c.srv.now().Add(c.opts.ProcessingDelay)})
	return &it
}

// pendingMessage is a message that is still being processed.
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

// decide publishes the processor's outcome. A message that is withheld is pushed to its sender only.
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

// withStatus returns the item with other content and a processing status.
func (it Item) withStatus(content string, status types.MessageProcessingStatus) *Item {
	it.Content = content
	it.MessageMetadata = &MessageMetadata{MessageId: it.Id, MessageProcessingStatus: status}
	return &it
}
