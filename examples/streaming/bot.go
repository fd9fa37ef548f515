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
	"github.com/participant-go/connectparticipant/types"
)

const (
	typeMessage  = string(types.ChatItemTypeMessage)
	fromCustomer = string(types.ParticipantRoleCustomer)
	textPlain    = "text/plain"
	chatEnded    = "application/vnd.amazonaws.connect.event.chat.ended"
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

// bot answers customers. One of it serves all chats, and any number of calls at a time.
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

// handle is the function's handler. An error makes Lambda call it again with the whole
// event; what was answered before is not answered again.
func (b *bot) handle(ctx context.Context, event snsEvent) error {
	var failed []error
	for _, record := range event.Records {
		if err := b.handleMessage(ctx, record.SNS.Message); err != nil {
			failed = append(failed, fmt.Errorf("handle notification %s: %w", record.SNS.MessageID, err))
		}
	}
	return errors.Join(failed...)
}

// handleMessage passes over all but the customer's words and the end. With them it passes
// over the bot's own, which the topic brings too.
func (b *bot) handleMessage(ctx context.Context, message string) error {
	var it item
	if err := json.Unmarshal([]byte(message), &it); err != nil {
		return fmt.Errorf("read item: %w", err)
	}
	switch {
	case it.ContentType == chatEnded:
		return b.leave(ctx, it.ContactID)
	case it.Type == typeMessage && it.ParticipantRole == fromCustomer && it.ContentType == textPlain:
		return b.answer(ctx, it)
	default:
		return nil
	}
}

// answer sends the reply once, however often it is called for an item: the service knows
// a repeat by the ClientToken. It has to be the same reply then, and soon: how long the
// service remembers isn't documented. Without a token there is nothing to do, the chat
// is over or another bot's.
func (b *bot) answer(ctx context.Context, it item) error {
	participantToken, err := b.tokens.Token(ctx, it.ContactID)
	if errors.Is(err, errNoToken) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("look up token: %w", err)
	}
	err = b.send(ctx, it, participantToken)
	if connectparticipant.IsAccessDenied(err) {
		b.forget(it.ContactID) // a connection token is good for a day only
		err = b.send(ctx, it, participantToken)
	}
	if connectparticipant.IsAccessDenied(err) {
		b.log.Warn("denied: the chat is over, or the bot is no longer in it", "contact", it.ContactID, "item", it.ID, "error", err)
		return b.leave(ctx, it.ContactID)
	}
	return err
}

func (b *bot) send(ctx context.Context, it item, participantToken string) error {
	connectionToken, err := b.connection(ctx, it.ContactID, participantToken)
	if err != nil {
		return err
	}
	_, err = b.client.SendMessage(ctx, &connectparticipant.SendMessageInput{
		ConnectionToken: &connectionToken,
		ClientToken:     aws.String("answer-" + it.ID),
		ContentType:     aws.String(textPlain),
		Content:         aws.String(b.reply(it.Content)),
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
