// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"

	"github.com/participant-go/connectparticipant"
	"github.com/participant-go/connectparticipant/chat"
	"github.com/participant-go/connectparticipant/types"
)

var (
	errExists  = errors.New("a chat with this name exists")
	errUnknown = errors.New("no chat has this name")
)

// bridge relays any number of chats, with a goroutine for each.
type bridge struct {
	client connectparticipant.API
	store  store
	hook   *webhook
	log    *slog.Logger
	life   context.Context // of the chats, which outlive requests
	cancel context.CancelFunc
	wg     sync.WaitGroup

	mu     sync.Mutex
	closed bool // no goroutine may be started
	chats  map[string]*bridged
}

// bridged is a chat. session may be read when ready is closed.
type bridged struct {
	name    string
	ready   chan struct{} // closed when session is set
	over    chan struct{} // closed when the chat is over
	session *chat.Session
}

func newBridge(client connectparticipant.API, s store, hook *webhook, log *slog.Logger) *bridge {
	b := &bridge{client: client, store: s, hook: hook, log: log, chats: map[string]*bridged{}}
	b.life, b.cancel = context.WithCancel(context.Background())
	return b
}

// close closes the sessions; the chats continue.
func (b *bridge) close() {
	b.startNoMore()
	b.cancel()
	b.wg.Wait()
}

func (b *bridge) startNoMore() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.closed = true
}

// restore resumes the chats in the store.
func (b *bridge) restore() error {
	records, err := b.store.load()
	if err != nil {
		return err
	}
	for name, r := range records {
		c, err := b.reserve(name)
		if err != nil {
			return err
		}
		b.follow(c, r)
	}
	return nil
}

// add adds a chat. It is saved when add returns.
func (b *bridge) add(name, token string) error {
	c, err := b.reserve(name)
	if err != nil {
		return err
	}
	r := record{Token: token}
	if err := b.store.save(name, r); err != nil {
		b.forget(c)
		return err
	}
	b.follow(c, r)
	return nil
}

func (b *bridge) reserve(name string) (*bridged, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if _, taken := b.chats[name]; taken {
		return nil, errExists
	}
	c := &bridged{name: name, ready: make(chan struct{}), over: make(chan struct{})}
	b.chats[name] = c
	return c, nil
}

func (b *bridge) forget(c *bridged) {
	b.mu.Lock()
	defer b.mu.Unlock()
	delete(b.chats, c.name)
	close(c.over)
}

// follow starts the goroutine of a chat. A chat that is added while the bridge closes is started by
// the next bridge.
func (b *bridge) follow(c *bridged, r record) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.closed {
		return
	}
	b.wg.Go(func() {
		defer b.forget(c)
		b.logEnd(c.name, b.relay(c, r))
	})
}

// logEnd logs why a chat is not relayed any more. Only the end of the chat or of the bridge is
// expected.
func (b *bridge) logEnd(name string, why error) {
	var closed *chat.CloseError
	level := slog.LevelInfo
	if !errors.As(why, &closed) && b.life.Err() == nil {
		level = slog.LevelError
	}
	b.log.Log(b.life, level, "stopped relaying a chat", "chat", name, "reason", why)
}

// relay delivers events until the chat is over or the bridge closes. It takes the next event only
// when the receiver has accepted the last one and the state is saved.
func (b *bridge) relay(c *bridged, r record) error {
	session, err := chat.Resume(b.life, b.client, r.Token, r.State, func(o *chat.Options) {
		o.Logger = b.log.With("chat", c.name)
	})
	if err != nil {
		return b.end(c.name, err)
	}
	defer func() { _ = session.Close() }()
	c.session = session
	close(c.ready)
	for {
		event, err := session.Next(b.life)
		if err != nil {
			return b.end(c.name, err)
		}
		n, ok := describe(c.name, event)
		if !ok {
			continue
		}
		if err := b.hook.deliver(b.life, n); err != nil {
			return err
		}
		if err := b.store.save(c.name, record{r.Token, session.State()}); err != nil {
			return err
		}
	}
}

// end notifies the receiver that no more events follow. The file of a chat that was refused is
// kept: the reason may be a wrong region, and the next start retries.
func (b *bridge) end(name string, why error) error {
	var closed *chat.CloseError
	if !errors.As(why, &closed) {
		return why // the bridge is closing; the chat continues
	}
	n := notification{Chat: name, Type: "closed", Reason: closed.Reason.Error(), Gap: closed.Gap}
	if err := b.hook.deliver(b.life, n); err != nil {
		return err
	}
	if errors.Is(why, chat.ErrChatEnded) || errors.Is(why, chat.ErrRemoved) {
		return errors.Join(why, b.store.remove(name))
	}
	return why
}

// send sends a message to a chat. It waits until the chat is connected. Calls with the same key,
// unless it is "", send one message.
func (b *bridge) send(ctx context.Context, name, key, text string) (chat.Sent, error) {
	c := b.find(name)
	if c == nil {
		return chat.Sent{}, errUnknown
	}
	select {
	case <-c.ready:
		if key == "" {
			return c.session.Send(ctx, text)
		}
		return c.session.SendOnce(ctx, key, types.ContentTypeTextPlain, text)
	case <-c.over:
		return chat.Sent{}, errUnknown
	case <-ctx.Done():
		return chat.Sent{}, fmt.Errorf("wait for the chat: %w", ctx.Err())
	}
}

func (b *bridge) find(name string) *bridged {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.chats[name]
}
