// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/participant-go/connectparticipant"
	"github.com/participant-go/connectparticipant/chat"
)

const (
	// burst is how long messages are collected: those that arrive within it are sent as one.
	burst = time.Second
	// maxJoined is the limit of joined messages in bytes: Amazon Lex accepts 1,024 characters.
	maxJoined = 1024

	startTimeout = time.Minute
	sendTimeout  = time.Minute
	endTimeout   = 10 * time.Second // for the last messages of an ended chat

	notDelivered = "Your message could not be delivered. Please try again later."
)

// customer is a WhatsApp number. Its goroutine starts with the first message, and ends when it has
// neither a chat nor a message.
type customer struct {
	gateway      *gateway
	name, number string
	wake         chan struct{} // buffered: holds one if inbox has messages
	inbox        []message     // guarded by gateway.mu

	chat *conversation // may be nil; used by the goroutine only
}

func (c *customer) run(ctx context.Context) {
	defer c.hangUp(ctx)
	for {
		var over chan struct{} // never ready without a chat
		if c.chat != nil {
			over = c.chat.over
		}
		select {
		case <-ctx.Done():
			return
		case <-over:
			c.hangUp(ctx)
		case <-c.wake:
			if !wait(ctx, burst) {
				return
			}
			for _, m := range join(c.gateway.take(c)) {
				c.deliver(ctx, m)
			}
		}
		if c.chat == nil && c.gateway.forget(c) {
			return
		}
	}
}

// wait returns false if ctx ends first.
func wait(ctx context.Context, d time.Duration) bool {
	select {
	case <-time.After(d):
		return true
	case <-ctx.Done():
		return false
	}
}

// join joins consecutive text messages into one.
func join(messages []message) (joined []message) {
	for _, m := range messages {
		if n := len(joined) - 1; n >= 0 && joined[n].isTyped() && m.isTyped() &&
			len(joined[n].text)+len(m.text) < maxJoined {
			joined[n].text += "\n" + m.text
			continue
		}
		joined = append(joined, m)
	}
	return joined
}

func (m message) isTyped() bool { return m.pickID == "" && m.file == nil }

// deliver sends a message to the chat. It starts a new chat if there is none, or if the service
// refuses the message because the chat is over.
func (c *customer) deliver(ctx context.Context, m message) {
	continued := c.chat != nil
	err := c.send(ctx, m)
	if continued && isOver(err) {
		c.hangUp(ctx)
		err = c.send(ctx, m)
	}
	if err == nil || ctx.Err() != nil {
		return
	}
	c.log().Error("could not deliver a message", "error", err) // without the ID, which contains the number
	if err := c.gateway.graph.text(ctx, c.number, notDelivered); err != nil {
		c.log().Error("send notice", "error", err)
	}
}

// isOver reports whether an error means that the chat is over.
func isOver(err error) bool {
	var closed *chat.CloseError
	return connectparticipant.IsAccessDenied(err) || errors.As(err, &closed)
}

func (c *customer) send(ctx context.Context, m message) error {
	if c.chat == nil {
		if err := c.start(ctx); err != nil {
			return fmt.Errorf("start chat: %w", err)
		}
	}
	ctx, cancel := context.WithTimeout(ctx, sendTimeout)
	defer cancel()
	return c.chat.send(ctx, m)
}

func (c *customer) start(ctx context.Context) error {
	starting, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	token, id, err := c.gateway.starter.start(starting, c.name, c.number)
	if err != nil {
		return err
	}
	session, err := chat.Start(starting, c.gateway.client, token, func(o *chat.Options) {
		o.ParticipantID = id
		o.Logger = c.log()
	})
	if err != nil {
		return err
	}
	started := &conversation{
		session: session, graph: c.gateway.graph, number: c.number, log: c.log(),
		shown: map[string]bool{}, over: make(chan struct{}),
	}
	c.chat = started
	c.gateway.wg.Go(func() { started.relay(ctx) })
	return nil
}

// hangUp closes the session. The customer gets the messages before the end of the chat first.
func (c *customer) hangUp(ctx context.Context) {
	if c.chat == nil {
		return
	}
	ending, cancel := context.WithTimeout(ctx, endTimeout)
	defer cancel()
	select {
	case <-c.chat.over:
	case <-ending.Done():
	}
	_ = c.chat.session.Close()
	<-c.chat.over
	c.chat = nil
}

// log identifies a customer by the last digits of the number.
func (c *customer) log() *slog.Logger {
	return c.gateway.log.With("customer", c.number[max(0, len(c.number)-4):])
}
