// SPDX-License-Identifier: Apache-2.0

package participanttest

import (
	"slices"
	"time"

	"github.com/coder/websocket"
)

// push is an item on its way to the sockets of some participants. It is made when the
// item is, and sent later if it belongs to the answer of a request.
type push struct {
	item *Item
	text []byte // in place of the item's envelope, if it isn't nil
	to   []*Participant
	held bool // until the request that caused it is answered

	visibility string // on the topic; empty for what isn't published
}

// envelope is a frame with an item in it, as JSON in a string.
type envelope struct {
	Topic       string `json:"topic"`
	ContentType string `json:"contentType"`
	Content     string `json:"content"`
}

// pushedItem has a member that the transcript's items lack. ChatJS drops what doesn't
// carry the chat's ids.
type pushedItem struct {
	*Item
	InitialContactID string `json:"InitialContactId"`
}

// push sends an item to participants, after those before it: in one chat items arrive
// in the order in which they were made.
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

// echo lets go what a request has caused and waits until its sender has it, for
// Switches.EchoFirst.
func (s *Server) pushFirst(c *call) {
	if len(c.pushes) == 0 {
		return
	}
	s.release(c)
	for _, written := range s.markers(c.participant) {
		alarm := time.NewTimer(time.Second) // nobody waits longer for one who doesn't read
		select {
		case <-written:
		case <-alarm.C:
		case <-s.closing:
		}
		alarm.Stop()
	}
}

// markers follow what is queued for the participant's sockets; each channel closes when
// its marker has been reached.
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

// release lets go what a request has caused.
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

// deliver encodes the item once for all sockets, and only if there is one.
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

// listeners are all who haven't left, the sender among them.
func (c *Contact) listeners() []*Participant {
	return slices.DeleteFunc(slices.Clone(c.participants), func(p *Participant) bool { return p.noPushes })
}

// others are the listeners but one.
func (c *Contact) others(but *Participant) []*Participant {
	return slices.DeleteFunc(c.listeners(), func(p *Participant) bool { return p == but })
}

// push sends a frame, or does with it what an effect does.
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
