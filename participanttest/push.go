// SPDX-License-Identifier: Apache-2.0

package participanttest

import (
	"slices"
	"time"

	"github.com/coder/websocket"
)

// push is an item on its way to the sockets of some participants. It is queued with the item, and held
// until the response is sent if a request caused it.
type push struct {
	item *Item
	text []byte // sent in place of the item's envelope, unless nil
	to   []*Participant
	held bool // until the response to the request that caused it is sent

	visibility string // on the topic; empty if it isn't published
}

// envelope is a frame with an item in it, as JSON in a string.
type envelope struct {
	Topic       string `json:"topic"`
	ContentType string `json:"contentType"`
	Content     string `json:"content"`
}

// pushedItem has a member that the transcript's items lack. ChatJS drops items without the chat's ids.
type pushedItem struct {
	*Item
	InitialContactID string `json:"InitialContactId"`
}

// push sends an item to participants, after the items before it: the items of a chat arrive in the
// order of their creation.
func (c *Contact) push(it *Item, to []*Participant) { c.enqueue(&push{item: it, to: to}) }

// pushAll sends an item to all listeners and to the topic.
func (c *Contact) pushAll(it *Item) {
	c.enqueue(&push{item: it, to: c.listeners(), visibility: VisibilityAll})
}

func (c *Contact) enqueue(p *push) {
	if request := c.srv.running; request != nil {
		p.held = true
		request.pushes = append(request.pushes, p)
	}
	c.outbox = append(c.outbox, p)
	c.flush()
}

// pushFirst sends the pushes of a request and waits until its sender has them, for Switches.EchoFirst.
func (s *Server) pushFirst(c *call) {
	if len(c.pushes) == 0 {
		return
	}
	s.release(c)
	for _, written := range s.markers(c.participant) {
		alarm := time.NewTimer(time.Second) // bounds the wait for a client that doesn't read
		select {
		case <-written:
		case <-alarm.C:
		case <-s.closing:
		}
		alarm.Stop()
	}
}

// markers queues a marker on each socket of the participant. Each channel closes when its marker has
// been reached.
func (s *Server) markers(p *Participant) []chan struct{} {
	s.mu.Lock()
	defer s.mu.Unlock()
	var markers []chan struct{}
	for _, k := range p.sockets {
		written := make(chan struct{})
		k.enqueue(frame{written: written})
		markers = append(markers, written)
	}
	return markers
}

// release sends the pushes of a request.
func (s *Server) release(c *call) {
	if len(c.pushes) == 0 {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, p := range c.pushes {
		p.held = false
	}
	c.contact.flush()
}

func (c *Contact) flush() {
	ready := slices.IndexFunc(c.outbox, func(p *push) bool { return p.held })
	if ready < 0 {
		ready = len(c.outbox)
	}
	for _, p := range c.outbox[:ready] {
		c.deliver(p)
	}
	c.outbox = slices.Delete(c.outbox, 0, ready)
}

// deliver encodes the item once for all sockets, and only if there is a socket.
func (c *Contact) deliver(p *push) {
	f := frame{text: p.text}
	for _, participant := range p.to {
		for _, k := range slices.Clone(participant.sockets) { // an effect may close one
			if !k.subscribed || !participant.isConnected() {
				continue
			}
			if f.text == nil {
				f.text = c.envelope(p.item)
			}
			h := k.target(OnPush)
			h.contentType = p.item.ContentType
			e := c.srv.faultOn(h)
			f.event = k.newFrame(OnPush, h.contentType, e)
			k.push(f, e)
		}
	}
	if p.visibility != "" {
		c.notify(p.item, p.visibility)
	}
	if c.srv.opts.CloseSocketsAtEnd && p.item.ContentType == eventEnded {
		c.closeSockets(websocket.StatusNormalClosure)
	}
}

func (c *Contact) closeSockets(code websocket.StatusCode) {
	for _, p := range c.participants {
		for _, k := range slices.Clone(p.sockets) {
			k.close(code, "")
		}
	}
}

func (c *Contact) envelope(it *Item) []byte {
	content := encode(pushedItem{it, c.ID})
	return encode(envelope{topicChat, "application/json", string(content)})
}

// listeners returns the participants who haven't left, the sender included.
func (c *Contact) listeners() []*Participant {
	return slices.DeleteFunc(slices.Clone(c.participants), func(p *Participant) bool { return p.noPushes })
}

// others returns the listeners except one.
func (c *Contact) others(but *Participant) []*Participant {
	return slices.DeleteFunc(c.listeners(), func(p *Participant) bool { return p == but })
}

// push sends a frame, or applies the effect of a fault.
func (k *socket) push(f frame, e Effect) {
	k.used = k.srv.now()
	switch e.kind {
	case effectLose:
		k.recordLost(f)
		return
	case effectDelay:
		k.srv.after(e.delay, func() { k.enqueue(f) })
		return
	case effectReorder:
		held := &f
		k.held = append(k.held, held)
		k.srv.after(time.Second, func() {
			if slices.Contains(k.held, held) {
				k.releaseHeld()
			}
		})
		return
	case effectClose:
		k.recordLost(f)
		k.end(e.closeCode, "")
		return
	case effectDuplicate:
		k.enqueue(f)
	case effectGatewayError:
		k.sendResponse("", k.gatewayError())
	default:
		k.transport.apply(e)
	}
	k.enqueue(f)
	k.releaseHeld()
}

func (k *socket) releaseHeld() {
	for _, f := range k.held {
		k.enqueue(*f)
	}
	k.held = nil
}
