// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"log/slog"
	"sync"

	"github.com/participant-go/connectparticipant"
	"github.com/participant-go/connectparticipant/streaming"
)

const (
	// maxInbox is the maximum number of messages of a customer that may wait for the chat.
	maxInbox = 100
	// remembered is the number of message IDs that are kept to recognize duplicates.
	remembered = 10_000
)

// starter starts chats. A real one calls StartChatContact of the Amazon Connect API.
type starter interface {
	// start returns the participant token of a new chat, and the customer's participant ID.
	start(ctx context.Context, name, number string) (participantToken, participantID string, err error)
}

// message is a message of a customer.
type message struct {
	id, number, name string

	text   string // the typed text, the title of the picked option, or the caption of a file
	pickID string // the ID of the picked button or row
	file   *file
}

// gateway connects each WhatsApp number with its own chat.
type gateway struct {
	client  connectparticipant.API
	starter starter
	graph   *graph
	log     *slog.Logger
	seen    streaming.Seen
	life    context.Context // of the chats, which outlive requests
	cancel  context.CancelFunc
	wg      sync.WaitGroup

	mu        sync.Mutex
	closed    bool
	customers map[string]*customer // by number; each has a goroutine
}

func newGateway(client connectparticipant.API, s starter, g *graph, log *slog.Logger) *gateway {
	gw := &gateway{
		client: client, starter: s, graph: g, log: log,
		seen: streaming.Memory(remembered), customers: map[string]*customer{},
	}
	gw.life, gw.cancel = context.WithCancel(context.Background())
	return gw
}

// close closes the sessions and waits. The chats continue without their customers.
func (g *gateway) close() {
	g.mu.Lock()
	g.closed = true
	g.mu.Unlock()
	g.cancel()
	g.wg.Wait()
}

// receive queues a message and reports whether it could. A message with a known ID is accepted and
// ignored.
func (g *gateway) receive(m message) (accepted bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.closed {
		return false
	}
	c := g.customers[m.number]
	if c != nil && len(c.inbox) >= maxInbox {
		return false
	}
	if known, _ := g.seen.Seen(g.life, m.id); known {
		return true
	}
	if c == nil {
		c = &customer{gateway: g, name: m.name, number: m.number, wake: make(chan struct{}, 1)}
		g.customers[m.number] = c
		g.wg.Go(func() { c.run(g.life) })
	}
	c.inbox = append(c.inbox, m)
	select {
	case c.wake <- struct{}{}:
	default: // it is awake and takes this message too
	}
	return true
}

// take returns the queued messages.
func (g *gateway) take(c *customer) []message {
	g.mu.Lock()
	defer g.mu.Unlock()
	messages := c.inbox
	c.inbox = nil
	return messages
}

// forget removes a customer unless messages are queued.
func (g *gateway) forget(c *customer) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	if len(c.inbox) > 0 {
		return false
	}
	delete(g.customers, c.number)
	return true
}
