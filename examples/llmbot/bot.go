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
	maxTurns     = 40 // that the model sees
	apology      = "Something went wrong on my side. I'll get somebody for you."
)

// bot holds one chat.
type bot struct {
	session *chat.Session
	model   model
	log     *slog.Logger

	turns    []turn // of the loop over the events
	thinking sync.WaitGroup
	stop     context.CancelFunc // of the reply under way
}

// join holds the chat until a person takes over, the chat ends or ctx does. Then it has left.
// participantID comes from CreateParticipant, beside the token.
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

// converse returns when the bot has no more to say.
func (b *bot) converse(ctx context.Context) error {
	defer b.thinking.Wait()
	defer func() { b.stop() }()
	for event, err := range b.session.Events(ctx) {
		switch {
		case errors.Is(err, chat.ErrLeft): // it has handed over
			return nil
		case err != nil:
			return fmt.Errorf("listen: %w", err)
		}
		switch e := event.(type) {
		case chat.Message:
			b.hear(ctx, e)
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

// hear remembers a message, and replies to the customer's. A reply under way is given up: the new
// one sees both messages. An unanswered message in the history is answered with the next one.
func (b *bot) hear(ctx context.Context, m chat.Message) {
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
	b.thinking.Go(func() { b.answer(ctx, m.ID, conversation) })
}

// answer says what the model makes of the conversation. The service knows a reply that is sent
// twice, after a restart for example, by its client token.
func (b *bot) answer(ctx context.Context, id string, conversation []turn) {
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
		b.log.Warn("send reply", "to", id, "error", err)
		return
	}
	if r.handOver {
		if err := b.session.Leave(sending); err != nil {
			b.log.Warn("leave chat", "error", err)
		}
	}
}

// think asks the model, and shows the customer that the bot is typing.
func (b *bot) think(ctx context.Context, conversation []turn) (reply, error) {
	ctx, cancel := context.WithTimeout(ctx, modelTimeout)
	defer cancel()
	var typing sync.WaitGroup
	defer typing.Wait()
	thinking, done := context.WithCancel(ctx)
	defer done()
	typing.Go(func() {
		for thinking.Err() == nil {
			_ = b.session.Typing(thinking) // a courtesy: it may fail
			select {
			case <-thinking.Done():
			case <-time.After(typingEvery):
			}
		}
	})
	return b.model.reply(ctx, conversation)
}
