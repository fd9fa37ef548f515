package participanttest

import "slices"

// push is an item on its way to the sockets of some participants. It is made when the
// item is, and sent later if it belongs to the answer of a request.
type push struct {
	item *Item
	to   []*Participant
	held bool // until the request that caused it is answered
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
func (c *Contact) push(it *Item, to []*Participant) {
	p := &push{item: it, to: to}
	if request := c.srv.running; request != nil {
		p.held = true
		request.pushes = append(request.pushes, p)
	}
	c.outbox = append(c.outbox, p)
	c.flush()
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
	var f frame
	for _, participant := range p.to {
		for _, k := range participant.sockets {
			if !k.subscribed {
				continue
			}
			if f.text == nil {
				f.text = c.envelope(p.item)
			}
			k.enqueue(f)
		}
	}
}

func (c *Contact) envelope(it *Item) []byte {
	content := encode(pushedItem{it, c.ID})
	return encode(envelope{topicChat, "application/json", string(content)})
}

// listeners are all who haven't left, the sender among them.
func (c *Contact) listeners() []*Participant {
	return slices.DeleteFunc(slices.Clone(c.participants), func(p *Participant) bool { return p.deaf })
}

// others are the listeners but one.
func (c *Contact) others(but *Participant) []*Participant {
	return slices.DeleteFunc(c.listeners(), func(p *Participant) bool { return p == but })
}
