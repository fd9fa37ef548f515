// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/participant-go/connectparticipant"
	"github.com/participant-go/connectparticipant/chat"
	"github.com/participant-go/connectparticipant/types"
)

const (
	startTimeout = time.Minute
	modelTimeout = time.Minute
	callTimeout  = 20 * time.Second
	typingEvery  = 5 * time.Second
	maxTurns     = 40 // passed to the model
	apology      = "Something went wrong on my side. I'll get someone for you."
)

// bot takes part in one chat.
type bot struct {
	session *chat.Session
	model   model
	log     *slog.Logger

	turns    []turn // used by the loop over the events only
	thinking sync.WaitGroup
	stop     context.CancelFunc // cancels the current reply
}

// join takes part in the chat until a person takes over, the chat ends or ctx does, and then
// leaves. CreateParticipant returns participantID with the token.
func join(ctx context.Context, client connectparticipant.API, participantToken, participantID string, m model, log *slog.Logger) error {
	starting, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	session, err := chat.Start(starting, client, participantToken, func(o *chat.Options) {
		o.ConnectParticipant = true // without it, a CUSTOM_BOT receives nothing
		o.ParticipantID = participantID
		o.Logger = log
	})
	if err != nil {
		return fmt.Errorf("join chat: %w", err)
	}
	defer func() { _ = session.Close() }()
	b := &bot{session: session, model: m, log: log, stop: func() {}}
	if err := b.converse(ctx); err != nil && ctx.Err() == nil {
		return err
	}
	leaving, cancel := context.WithTimeout(context.WithoutCancel(ctx), callTimeout)
	defer cancel()
	if err := session.Leave(leaving); err != nil && session.Err() == nil {
		return fmt.Errorf("leave chat: %w", err)
	}
	return nil
}

// converse returns when the bot should leave.
func (b *bot) converse(ctx context.Context) error {
	defer b.thinking.Wait()
	defer func() { b.stop() }()
	for event, err := range b.session.Events(ctx) {
		switch {
		case errors.Is(err, chat.ErrLeft): // the bot has handed over
			return nil
		case err != nil:
			return fmt.Errorf("receive events: %w", err)
		}
		switch e := event.(type) {
		case chat.Message:
			b.receive(ctx, e)
		case chat.Transfer:
			if e.Succeeded && !e.History {
				return nil
			}
		case chat.Participant:
			if e.Change == chat.ParticipantJoined && e.From.Role == types.ParticipantRoleAgent && !e.History {
				return nil
			}
		}
	}
	return nil
}

// receive records a message, and replies to the customer's. It cancels the current reply, because the
// new one takes both messages into account. A message in the history gets its reply with the next one.
func (b *bot) receive(ctx context.Context, m chat.Message) {
	fromCustomer := m.From.Role == types.ParticipantRoleCustomer
	if m.Text == "" || !fromCustomer && !m.Own {
		return
	}
	b.turns = append(b.turns, turn{fromBot: m.Own, text: m.Text})
	if !fromCustomer || m.History {
		return
	}
	b.stop()
	b.thinking.Wait()
	ctx, b.stop = context.WithCancel(ctx)
	conversation := slices.Clone(b.turns[max(0, len(b.turns)-maxTurns):])
	b.thinking.Go(func() { b.respond(ctx, m.ID, conversation) })
}

// respond sends the model's reply to the conversation. If a reply is sent again, for example after a
// restart, the service recognizes it by its client token.
func (b *bot) respond(ctx context.Context, id string, conversation []turn) {
	r, err := b.think(ctx, conversation)
	switch {
	case ctx.Err() != nil:
		return
	case err != nil:
		b.log.Warn("the model failed", "to", id, "error", err)
		r = reply{text: apology, handOver: true}
	}
	sending, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	if _, err := b.session.SendOnce(sending, "reply-"+id, types.ContentTypeTextPlain, r.text); err != nil {
		b.log.Warn("could not send a reply", "to", id, "error", err)
		return
	}
	if r.handOver {
		if err := b.session.Leave(sending); err != nil {
			b.log.Warn("could not leave the chat", "error", err)
		}
	}
}

// think calls the model, and shows the customer that the bot is typing.
func (b *bot) think(ctx context.Context, conversation []turn) (reply, error) {
	ctx, cancel := context.WithTimeout(ctx, modelTimeout)
	defer cancel()
	var typing sync.WaitGroup
	defer typing.Wait()
	thinking, done := context.WithCancel(ctx)
	defer done()
	typing.Go(func() {
		for thinking.Err() == nil {
			_ = b.session.Typing(thinking) // may fail
			select {
			case <-thinking.Done():
			case <-time.After(typingEvery):
			}
		}
	})
	return b.model.reply(ctx, conversation)
}
