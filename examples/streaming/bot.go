// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"sync"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/participant-go/connectparticipant"
	"github.com/participant-go/connectparticipant/chat"
	"github.com/participant-go/connectparticipant/streaming"
	"github.com/participant-go/connectparticipant/types"
)

// errNoToken says that a store has no token of a contact.
var errNoToken = errors.New("no participant token")

// tokenStore keeps the bot's participant tokens by contact, where all instances of the
// function find them: a table with encryption and a time to live, for example. A token
// opens its chat to whoever has it.
type tokenStore interface {
	Save(ctx context.Context, contactID, participantToken string) error
	// Token returns errNoToken if there is none.
	Token(ctx context.Context, contactID string) (string, error)
	Delete(ctx context.Context, contactID string) error
}

// bot answers customers. One serves all chats, and may be called concurrently.
type bot struct {
	client connectparticipant.API
	tokens tokenStore
	reply  func(text string) string // the same for the same text, see answer
	log    *slog.Logger

	mu          sync.Mutex
	connections map[string]string // connection tokens by contact, for as long as the instance is warm
}

func newBot(client connectparticipant.API, tokens tokenStore, reply func(string) string, log *slog.Logger) *bot {
	return &bot{client: client, tokens: tokens, reply: reply, log: log, connections: map[string]string{}}
}

// join makes the bot take part in a chat, for whoever has called CreateParticipant of the
// Amazon Connect API with the role CUSTOM_BOT: nothing else gives a bot its token. The
// service wants the connection within 15 seconds (Administrator Guide, "Customize chat
// flow experiences").
func (b *bot) join(ctx context.Context, contactID, participantToken string) error {
	if _, err := b.connect(ctx, contactID, participantToken); err != nil {
		return fmt.Errorf("join contact %s: %w", contactID, err)
	}
	if err := b.tokens.Save(ctx, contactID, participantToken); err != nil {
		return fmt.Errorf("join contact %s: %w", contactID, err)
	}
	return nil
}

// handle is the function's handler, for the topic or for an SQS queue behind it. Lambda delivers
// what failed again; what was answered before is not answered again.
func (b *bot) handle(ctx context.Context, payload json.RawMessage) (streaming.BatchResponse, error) {
	err := streaming.Handle(ctx, payload, nil, b.handleEvent)
	if err != nil {
		b.log.Error("handle event", "error", err)
	}
	return streaming.BatchResponseOf(err)
}

// handleEvent ignores all but the customer's words and the end, the bot's own words among the rest.
func (b *bot) handleEvent(ctx context.Context, n streaming.Notification) error {
	switch e := n.Event.(type) {
	case chat.ChatEnded:
		return b.leave(ctx, n.ContactID)
	case chat.Message:
		if e.From.Role == types.ParticipantRoleCustomer && e.ContentType == types.ContentTypeTextPlain {
			return b.answer(ctx, n, e.Text)
		}
	}
	return nil
}

// answer sends the reply once, however often it is called for an event: the service recognises
// a repeat by the ClientToken. It has to be the same reply then, and soon: how long the
// service remembers isn't documented. Without a token there is nothing to do: the chat
// is over, or another bot's.
func (b *bot) answer(ctx context.Context, n streaming.Notification, text string) error {
	participantToken, err := b.tokens.Token(ctx, n.ContactID)
	if errors.Is(err, errNoToken) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("look up token: %w", err)
	}
	err = b.send(ctx, n, text, participantToken)
	if connectparticipant.IsAccessDenied(err) {
		b.forget(n.ContactID) // a connection token is valid for a day only
		err = b.send(ctx, n, text, participantToken)
	}
	if connectparticipant.IsAccessDenied(err) {
		b.log.Warn("denied: the chat is over, or the bot is no longer in it", "event", n, "error", err)
		return b.leave(ctx, n.ContactID)
	}
	return err
}

func (b *bot) send(ctx context.Context, n streaming.Notification, text, participantToken string) error {
	connectionToken, err := b.connection(ctx, n.ContactID, participantToken)
	if err != nil {
		return err
	}
	_, err = b.client.SendMessage(ctx, &connectparticipant.SendMessageInput{
		ConnectionToken: &connectionToken,
		ClientToken:     aws.String("answer-" + n.Key()),
		ContentType:     aws.String(types.ContentTypeTextPlain),
		Content:         aws.String(b.reply(text)),
	})
	return err
}

// connection returns the connection token of a contact, a new one if there is none.
func (b *bot) connection(ctx context.Context, contactID, participantToken string) (string, error) {
	if token, ok := b.known(contactID); ok {
		return token, nil
	}
	return b.connect(ctx, contactID, participantToken)
}

// connect takes part without a socket, which is what ConnectParticipant is for.
func (b *bot) connect(ctx context.Context, contactID, participantToken string) (string, error) {
	out, err := b.client.CreateParticipantConnection(ctx, &connectparticipant.CreateParticipantConnectionInput{
		ParticipantToken:   &participantToken,
		ConnectParticipant: aws.Bool(true),
		Type:               []types.ConnectionType{types.ConnectionTypeConnectionCredentials},
	})
	if err != nil {
		return "", err
	}
	if out.ConnectionCredentials == nil || out.ConnectionCredentials.ConnectionToken == nil {
		return "", errors.New("the service gave no connection token")
	}
	token := *out.ConnectionCredentials.ConnectionToken
	b.remember(contactID, token)
	return token, nil
}

// leave drops what is known of a contact. At the end of a chat there is nobody to
// disconnect, and SNS may bring messages after it: they find no token.
func (b *bot) leave(ctx context.Context, contactID string) error {
	b.forget(contactID)
	if err := b.tokens.Delete(ctx, contactID); err != nil {
		return fmt.Errorf("delete token: %w", err)
	}
	return nil
}

func (b *bot) known(contactID string) (token string, ok bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	token, ok = b.connections[contactID]
	return token, ok
}

func (b *bot) remember(contactID, token string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.connections[contactID] = token
}

func (b *bot) forget(contactID string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	delete(b.connections, contactID)
}
