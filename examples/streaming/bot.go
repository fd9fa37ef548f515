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

// errNoToken is returned by a tokenStore without a token for a contact.
var errNoToken = errors.New("no participant token")

// tokenStore stores the bot's participant tokens by contact, where all instances of the function
// can read them, for example in a table with encryption and a time to live. Anyone who has a token
// can join its chat as the bot.
type tokenStore interface {
	Save(ctx context.Context, contactID, participantToken string) error
	// Token returns errNoToken if the store has no token.
	Token(ctx context.Context, contactID string) (string, error)
	Delete(ctx context.Context, contactID string) error
}

// bot replies to customers. One bot serves all chats and may be called concurrently.
type bot struct {
	client connectparticipant.API
	tokens tokenStore
	reply  func(text string) string // always the same for the same text, see respond
	log    *slog.Logger

	mu          sync.Mutex
	connections map[string]string // connection tokens by contact, for as long as the instance is warm
}

func newBot(client connectparticipant.API, tokens tokenStore, reply func(string) string, log *slog.Logger) *bot {
	return &bot{client: client, tokens: tokens, reply: reply, log: log, connections: map[string]string{}}
}

// join joins a chat. Call it after CreateParticipant of the Amazon Connect API with the role
// CUSTOM_BOT, which is the only source of a bot's token. The service requires the connection within
// 15 seconds (Administrator Guide, "Customize chat flow experiences").
func (b *bot) join(ctx context.Context, contactID, participantToken string) error {
	if _, err := b.connect(ctx, contactID, participantToken); err != nil {
		return fmt.Errorf("join contact %s: %w", contactID, err)
	}
	if err := b.tokens.Save(ctx, contactID, participantToken); err != nil {
		return fmt.Errorf("join contact %s: %w", contactID, err)
	}
	return nil
}

// handle is the handler of the function, for the topic or for an SQS queue subscribed to it. Lambda
// delivers failed events again; no message gets a second reply.
func (b *bot) handle(ctx context.Context, payload json.RawMessage) (streaming.BatchResponse, error) {
	err := streaming.Handle(ctx, payload, nil, b.handleEvent)
	if err != nil {
		b.log.Error("could not handle events", "error", err)
	}
	return streaming.BatchResponseOf(err)
}

// handleEvent ignores all events, including the bot's own messages, except the customer's messages and the end.
func (b *bot) handleEvent(ctx context.Context, n streaming.Notification) error {
	switch e := n.Event.(type) {
	case chat.ChatEnded:
		return b.leave(ctx, n.ContactID)
	case chat.Message:
		if e.From.Role == types.ParticipantRoleCustomer && e.ContentType == types.ContentTypeTextPlain {
			return b.respond(ctx, n, e.Text)
		}
	}
	return nil
}

// respond sends the reply once, however often it is called for an event: the service recognizes a
// duplicate by the ClientToken, provided that the reply is the same, for an undocumented time.
// Without a token there is nothing to do: the chat is over, or belongs to another bot.
func (b *bot) respond(ctx context.Context, n streaming.Notification, text string) error {
	participantToken, err := b.tokens.Token(ctx, n.ContactID)
	if errors.Is(err, errNoToken) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("look up token: %w", err)
	}
	err = b.send(ctx, n, text, participantToken)
	if connectparticipant.IsAccessDenied(err) {
		b.forget(n.ContactID) // a connection token is only valid for a day
		err = b.send(ctx, n, text, participantToken)
	}
	if connectparticipant.IsAccessDenied(err) {
		b.log.Warn("access denied: the chat is over, or the bot has left it", "event", n, "error", err)
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
		ClientToken:     aws.String("reply-" + n.Key()),
		ContentType:     aws.String(types.ContentTypeTextPlain),
		Content:         aws.String(b.reply(text)),
	})
	return err
}

// connection returns the cached connection token of a contact, or a new one.
func (b *bot) connection(ctx context.Context, contactID, participantToken string) (string, error) {
	if token, ok := b.known(contactID); ok {
		return token, nil
	}
	return b.connect(ctx, contactID, participantToken)
}

// connect joins without a socket, which is the purpose of ConnectParticipant.
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
		return "", errors.New("the response has no connection token")
	}
	token := *out.ConnectionCredentials.ConnectionToken
	b.remember(contactID, token)
	return token, nil
}

// leave deletes the tokens of a contact. When a chat has ended, disconnecting is unnecessary.
// Messages that SNS delivers later find no token.
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
