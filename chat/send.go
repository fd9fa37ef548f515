// SPDX-License-Identifier: Apache-2.0

package chat

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/google/uuid"

	"github.com/participant-go/connectparticipant"
	"github.com/participant-go/connectparticipant/types"
)

const (
	typingEvery  = 10 * time.Second
	leaveWait    = 2 * time.Second
	receiptsWait = time.Second // how long Leave tries to send waiting receipts
)

// Sent is the service's acknowledgement of a message or event.
type Sent struct {
	// ID is the ID of the item, also in its event and in the transcript.
	ID string
	// Time is when the service accepted it, in UTC; zero if unknown.
	Time time.Time
	// Status is PROCESSING during message processing, and empty otherwise.
	Status types.MessageProcessingStatus
}

// Send sends a plain text message. It works without a socket too, as long as the service can be
// reached. Temporary failures are retried up to four times, over at least 3.75 seconds, within the
// Limiter and with the same ClientToken, so that the message is sent once. The client's Retryer is
// not used. ctx bounds the whole call. The error is that of SendMessage or the session's
// CloseError. Just after the chat has ended, before the session notices it, Send may return
// AccessDeniedException; Next and Events then return the reason.
func (s *Session) Send(ctx context.Context, text string) (Sent, error) {
	return s.SendContent(ctx, types.ContentTypeTextPlain, text)
}

// SendMarkdown is Send for text/markdown, which StartChatContact must have enabled for the chat.
func (s *Session) SendMarkdown(ctx context.Context, text string) (Sent, error) {
	return s.SendContent(ctx, types.ContentTypeTextMarkdown, text)
}

// SendJSON is Send for application/json, which StartChatContact must have enabled for the chat. The
// content is v encoded by encoding/json; a json.RawMessage is sent as it is.
func (s *Session) SendJSON(ctx context.Context, v any) (Sent, error) {
	text, err := json.Marshal(v)
	if err != nil {
		return Sent{}, fmt.Errorf("send JSON: %w", err)
	}
	return s.SendContent(ctx, types.ContentTypeApplicationJSON, string(text))
}

// SendContent is Send for any content type, such as
// application/vnd.amazonaws.connect.message.interactive.response.
func (s *Session) SendContent(ctx context.Context, contentType, content string) (Sent, error) {
	return s.SendOnce(ctx, uuid.NewString(), contentType, content)
}

// SendOnce is SendContent with the caller's own ClientToken, of 1 to 500 characters. The service
// treats messages with the same token and content as one, even when another process retries them. A
// gateway should use the message ID of the system from which the message comes. How long the
// service remembers a token is not documented, so don't rely on it for retries hours later.
func (s *Session) SendOnce(ctx context.Context, clientToken, contentType, content string) (sent Sent, err error) {
	if clientToken == "" {
		return Sent{}, errors.New("send once: the client token is empty")
	}
	s.update(func(c *core, now instant) { c.inbox.beginSend(now) })
	defer func() {
		s.update(func(c *core, now instant) {
			expected := sent.Status == "" && c.isOpen()
			c.inbox.endSend(sent.ID, expected, now)
		})
	}()
	out, err := call(ctx, s, "SendMessage", PriorityHigh, func(ctx context.Context, token *string) (*connectparticipant.SendMessageOutput, error) {
		return s.client.SendMessage(ctx, &connectparticipant.SendMessageInput{
			ConnectionToken: token, ContentType: &contentType, Content: &content, ClientToken: &clientToken,
		}, once)
	})
	if err != nil {
		return Sent{}, err
	}
	sent = newSent(out.Id, out.AbsoluteTime)
	if out.MessageMetadata != nil {
		sent.Status = out.MessageMetadata.MessageProcessingStatus
	}
	return sent, nil
}

func newSent(id, at *string) Sent {
	t, _ := connectparticipant.ParseTime(aws.ToString(at))
	return Sent{ID: aws.ToString(id), Time: t}
}

// SendEvent sends an event, such as application/vnd.amazonaws.connect.event.typing. content may
// be empty. For typing and receipts use Typing, MarkDelivered and MarkRead. The error is that of
// the operation SendEvent or the session's CloseError.
func (s *Session) SendEvent(ctx context.Context, contentType, content string) (Sent, error) {
	clientToken := uuid.NewString()
	in := &connectparticipant.SendEventInput{ContentType: &contentType, ClientToken: &clientToken}
	if content != "" {
		in.Content = &content
	}
	out, err := call(ctx, s, "SendEvent", PriorityNormal, func(ctx context.Context, token *string) (*connectparticipant.SendEventOutput, error) {
		in.ConnectionToken = token
		return s.client.SendEvent(ctx, in, once)
	})
	if err != nil {
		return Sent{}, err
	}
	return newSent(out.Id, out.AbsoluteTime), nil
}

// Typing shows the other participants that this one is typing. Call it on each keystroke: it sends
// an event at most every 10 seconds. In between, and after the end of the session, it does nothing
// and returns nil.
func (s *Session) Typing(ctx context.Context) error {
	send := false
	s.change(func(c *core, now instant) { send = c.startTyping(now) })
	if !send {
		return nil
	}
	_, err := s.SendEvent(ctx, contentPrefix+kindTyping, "")
	if s.Err() != nil {
		return nil //nolint:nilerr // irrelevant after the end
	}
	if err != nil {
		s.change(func(c *core, _ instant) { c.typed = 0 }) // the next call sends again
	}
	return err
}

// startTyping reports whether a typing event is to be sent now, and records it.
func (c *core) startTyping(now instant) (send bool) {
	if c.phase >= phaseEnding || !c.typed.IsZero() && now.Sub(c.typed) < typingEvery {
		return false
	}
	c.typed = now
	return true
}

// Leave removes the participant from the chat, waits up to 2 seconds for chat.ended, and closes the
// session. When a customer or an agent leaves, the chat ends. The participant can't return. Waiting
// receipts are sent first, for at most a second.
//
// If DisconnectParticipant fails, Leave returns its error and the session continues. It is not an
// error if the chat has ended already, or if the service stops accepting the participant token
// during the call. If the session is already over for a reason other than ErrLeft and ErrChatEnded,
// Leave does nothing and returns its CloseError.
func (s *Session) Leave(ctx context.Context) error {
	s.flushReceipts(ctx)
	var over error
	s.update(func(c *core, _ instant) { over = c.beginLeave() })
	if over != nil {
		return s.afterLeave()
	}
	if err := s.disconnect(ctx); err != nil {
		stays := false
		s.update(func(c *core, now instant) { stays = c.leaveFailed(now) })
		if stays {
			return fmt.Errorf("leave chat: %w", err)
		}
	}
	waiting, cancel := context.WithTimeout(ctx, leaveWait)
	defer cancel()
	_ = s.wait(waiting, func(c *core, _ instant) (bool, error) { return c.end.left && !c.end.chat, c.err() })
	s.update(func(c *core, now instant) { c.left(now) })
	return s.afterLeave()
}

// afterLeave waits for the end. It returns an error if the participant may still be in the chat.
func (s *Session) afterLeave() error {
	s.wg.Wait()
	if over := s.Err(); !errors.Is(over, ErrLeft) && !errors.Is(over, ErrChatEnded) {
		return fmt.Errorf("leave chat: %w", over)
	}
	return nil
}

// flushReceipts sends the waiting receipts before leaving, and waits for those that are being sent.
func (s *Session) flushReceipts(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, receiptsWait)
	defer cancel()
	var due sendReceipts
	s.change(func(c *core, _ instant) { due = c.receipts.take() })
	due.send(ctx, s, receiptsWait)
	_ = s.wait(ctx, func(c *core, _ instant) (bool, error) { return !c.receipts.sending, c.err() })
}

func (s *Session) disconnect(ctx context.Context) error {
	clientToken := uuid.NewString()
	_, err := call(ctx, s, "DisconnectParticipant", PriorityHigh, func(ctx context.Context, token *string) (*connectparticipant.DisconnectParticipantOutput, error) {
		return s.client.DisconnectParticipant(ctx, &connectparticipant.DisconnectParticipantInput{ConnectionToken: token, ClientToken: &clientToken}, once)
	})
	return err
}
