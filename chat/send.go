package chat

import (
	"context"
	"encoding/json"
	"fmt"
	"iter"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/google/uuid"

	"github.com/participant-go/connectparticipant"
	"github.com/participant-go/connectparticipant/types"
)

const (
	typingEvery = 10 * time.Second
	leaveWait   = 2 * time.Second
)

// Sent is what the service said of something that was sent.
type Sent struct {
	// ID is what the item has in the transcript, and as an event.
	ID string
	// Time is when the service took it in, in UTC; zero if it didn't say.
	Time time.Time
	// Status is PROCESSING while message processing has it, and empty mostly.
	Status types.MessageProcessingStatus
}

// Send sends a plain text message. It works without a socket too, as long as the service
// can be reached: the calls of a session don't need one. Whatever is repeated on the way
// is sent once. ctx bounds it; the error is that of SendMessage, or the session's end. In the
// seconds before the end is known it is AccessDeniedException: go on with Events or Next,
// which tell.
func (s *Session) Send(ctx context.Context, text string) (Sent, error) {
	return s.SendContent(ctx, "text/plain", text)
}

// SendMarkdown is Send for text/markdown, which the chat must have been started for.
func (s *Session) SendMarkdown(ctx context.Context, text string) (Sent, error) {
	return s.SendContent(ctx, "text/markdown", text)
}

// SendJSON is Send for application/json, which the chat must have been started for. v is
// what encoding/json makes it; json.RawMessage goes as it is.
func (s *Session) SendJSON(ctx context.Context, v any) (Sent, error) {
	text, err := json.Marshal(v)
	if err != nil {
		return Sent{}, fmt.Errorf("send JSON: %w", err)
	}
	return s.SendContent(ctx, "application/json", string(text))
}

// SendContent is Send for any content type, such as
// application/vnd.amazonaws.connect.message.interactive.response.
func (s *Session) SendContent(ctx context.Context, contentType, content string) (Sent, error) {
	return s.SendOnce(ctx, uuid.NewString(), contentType, content)
}

// SendOnce is SendContent with a ClientToken of the caller's, of up to 500 characters:
// messages with the same one are one message, whoever repeats them, also after a restart. A
// gateway passes on what names the message at its other end.
func (s *Session) SendOnce(ctx context.Context, clientToken, contentType, content string) (sent Sent, err error) {
	s.beginSend()
	defer func() { s.endSend(sent.ID) }()
	out, err := call(ctx, s, "SendMessage", PriorityHigh, func(ctx context.Context, token *string) (*connectparticipant.SendMessageOutput, error) {
		return s.client.SendMessage(ctx, &connectparticipant.SendMessageInput{
			ConnectionToken: token, ContentType: &contentType, Content: &content, ClientToken: &clientToken,
		})
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

func (s *Session) beginSend() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.d.beginSend(time.Now())
}

func (s *Session) endSend(id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.d.endSend(id, time.Now())
	if len(s.d.pending) > 0 {
		s.rouse() // they may wait for less now
	}
	s.arrived()
	s.changes.broadcast()
}

// SendEvent sends an event, such as application/vnd.amazonaws.connect.event.typing. content
// may be empty. For typing and receipts there are Typing, MarkDelivered and MarkRead. The
// error is that of the operation SendEvent, or the session's end.
func (s *Session) SendEvent(ctx context.Context, contentType, content string) (Sent, error) {
	clientToken := uuid.NewString()
	in := &connectparticipant.SendEventInput{ContentType: &contentType, ClientToken: &clientToken}
	if content != "" {
		in.Content = &content
	}
	out, err := call(ctx, s, "SendEvent", PriorityNormal, func(ctx context.Context, token *string) (*connectparticipant.SendEventOutput, error) {
		in.ConnectionToken = token
		return s.client.SendEvent(ctx, in)
	})
	if err != nil {
		return Sent{}, err
	}
	return newSent(out.Id, out.AbsoluteTime), nil
}

// Typing tells the others that this participant is typing. Call it on each key: it sends
// at once, then at most every 10 seconds, in which it does nothing and returns nil. It
// does nothing after the end either.
func (s *Session) Typing(ctx context.Context) error {
	if !s.mayType(time.Now()) {
		return nil
	}
	_, err := s.SendEvent(ctx, contentPrefix+kindTyping, "")
	if s.Err() != nil {
		return nil //nolint:nilerr // after the end it doesn't matter
	}
	return err
}

func (s *Session) mayType(now time.Time) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.over != nil || s.ending != nil || !s.typed.IsZero() && now.Sub(s.typed) < typingEvery {
		return false
	}
	s.typed = now
	return true
}

// Transcript ranges over the transcript, the newest item first, as
// connectparticipant.Transcript does: past contacts of a persistent chat included, and
// nothing left out that was delivered as an event. An error is the last thing it yields.
func (s *Session) Transcript(ctx context.Context) iter.Seq2[types.Item, error] {
	return connectparticipant.Transcript(ctx, transcriptClient{s}, &connectparticipant.GetTranscriptInput{
		ConnectionToken: aws.String("the session's"), MaxResults: aws.Int32(pageSize),
	})
}

// transcriptClient reads pages with the session's token and within its limits.
type transcriptClient struct{ s *Session }

func (c transcriptClient) GetTranscript(ctx context.Context, in *connectparticipant.GetTranscriptInput, optFns ...func(*connectparticipant.Options)) (*connectparticipant.GetTranscriptOutput, error) {
	return call(ctx, c.s, "GetTranscript", PriorityHigh, func(ctx context.Context, token *string) (*connectparticipant.GetTranscriptOutput, error) {
		page := *in
		page.ConnectionToken = token
		return c.s.client.GetTranscript(ctx, &page, optFns...)
	})
}

// Leave takes the participant out of the chat, which ends it for a customer or an agent,
// waits up to 2 seconds for chat.ended, and closes the session. The participant can't
// come back. The error is that of DisconnectParticipant; that the chat has ended already
// is none.
func (s *Session) Leave(ctx context.Context) error {
	s.flushReceipts(ctx)
	if !s.beginLeave() {
		s.wg.Wait()
		return nil
	}
	clientToken := uuid.NewString()
	_, err := call(ctx, s, "DisconnectParticipant", PriorityHigh, func(ctx context.Context, token *string) (*connectparticipant.DisconnectParticipantOutput, error) {
		return s.client.DisconnectParticipant(ctx, &connectparticipant.DisconnectParticipantInput{ConnectionToken: token, ClientToken: &clientToken})
	})
	if err != nil && s.Err() == nil && !connectparticipant.IsAccessDenied(err) {
		s.stay()
		return fmt.Errorf("leave chat: %w", err)
	}
	waiting, cancel := context.WithTimeout(ctx, leaveWait)
	defer cancel()
	_ = s.wait(waiting, func() bool { return s.over != nil })
	s.end(&CloseError{Reason: ErrLeft})
	s.wg.Wait()
	return nil
}

// beginLeave reports false if the session is over.
func (s *Session) beginLeave() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.link.leaving = s.over == nil
	return s.link.leaving
}

func (s *Session) stay() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.link.leaving = false
}
