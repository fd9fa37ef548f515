// SPDX-License-Identifier: Apache-2.0

package streaming

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"

	"github.com/participant-go/connectparticipant/types"
)

// ProcessingEvent is what Amazon Connect sends to the Lambda function that processes the messages
// of a chat before they are delivered (Administrator Guide, "Message processing").
type ProcessingEvent struct {
	// Version is "1.0".
	Version string `json:"version"`
	// InstanceID is the Amazon Connect instance.
	InstanceID string `json:"instanceId"`
	// AssociatedResourceARN is probably the ARN of the contact; the service doesn't document it.
	AssociatedResourceARN string `json:"associatedResourceArn"`
	// ChatContent is the message, after Amazon Connect's own redaction.
	ChatContent ChatContent `json:"chatContent"`
}

// ChatContent is a message to process.
type ChatContent struct {
	// AbsoluteTime is when the service accepted the message, ISO 8601 in UTC.
	AbsoluteTime string `json:"absoluteTime"`
	// Content is the text, and ContentType text/plain, text/markdown or application/json.
	Content     string `json:"content"`
	ContentType string `json:"contentType"`
	// ID is the message's ID, also in the transcript.
	ID string `json:"id"`
	// ParticipantID, DisplayName and ParticipantRole describe the sender.
	ParticipantID   string `json:"participantId"`
	DisplayName     string `json:"displayName"`
	ParticipantRole string `json:"participantRole"`
	// InitialContactID and ContactID are the first and the current contact.
	InitialContactID string `json:"initialContactId"`
	ContactID        string `json:"contactId"`
}

// String returns the message's ID, because fmt must not show its content.
func (c ChatContent) String() string { return "message " + c.ID }

// Format writes String for all verbs of fmt.
func (c ChatContent) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, c.String()) }

// LogValue returns the message for log/slog, without content and names.
func (c ChatContent) LogValue() slog.Value {
	return slog.GroupValue(slog.String("id", c.ID), slog.String("time", c.AbsoluteTime), slog.String("contact", c.ContactID))
}

// String returns the message's ID, because fmt must not show its content.
func (e ProcessingEvent) String() string { return "processing of " + e.ChatContent.String() }

// Format writes String for all verbs of fmt.
func (e ProcessingEvent) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, e.String()) }

// LogValue returns the event for log/slog, without content and names.
func (e ProcessingEvent) LogValue() slog.Value {
	return slog.GroupValue(slog.String("instance", e.InstanceID), slog.Any("message", e.ChatContent))
}

// ProcessingStatus determines what the service does with a message.
type ProcessingStatus string

// The statuses of message processing. Older documentation lists only StatusProcessed and
// StatusFailed.
const (
	// StatusProcessed delivers the content that the function returns.
	StatusProcessed ProcessingStatus = "PROCESSED"
	// StatusApproved delivers the message unchanged.
	StatusApproved ProcessingStatus = "APPROVED"
	// StatusRejected delivers nothing.
	StatusRejected ProcessingStatus = "REJECTED"
	// StatusFailed has the same effect as an error of the function: see ProcessMessages.
	StatusFailed ProcessingStatus = "FAILED"
)

// ProcessingResult is what the Lambda function returns.
type ProcessingResult struct {
	// Status determines what the service does with the message.
	Status ProcessingStatus `json:"status"`
	// Result has the new content, for StatusProcessed only.
	Result ProcessedResult `json:"result,omitzero"`
}

// ProcessedResult holds the new content of a message.
type ProcessedResult struct {
	ProcessedChatContent ProcessedChatContent `json:"processedChatContent"`
}

// ProcessedChatContent is the new content of a message.
type ProcessedChatContent struct {
	// Content is the text.
	Content string `json:"content"`
	// ContentType is text/plain, text/markdown or application/json.
	ContentType string `json:"contentType"`
}

// String hides the content from fmt.
func (c ProcessedChatContent) String() string { return "processed content" }

// Format writes String for all verbs of fmt.
func (c ProcessedChatContent) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, c.String()) }

// LogValue returns the length of the content for log/slog.
func (c ProcessedChatContent) LogValue() slog.Value {
	return slog.GroupValue(slog.String("contentType", c.ContentType), slog.Int("bytes", len(c.Content)))
}

// String hides the content from fmt.
func (r ProcessedResult) String() string { return r.ProcessedChatContent.String() }

// Format writes String for all verbs of fmt.
func (r ProcessedResult) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, r.String()) }

// LogValue returns the length of the content for log/slog.
func (r ProcessedResult) LogValue() slog.Value { return r.ProcessedChatContent.LogValue() }

// String returns the status, because fmt must not show the content.
func (r ProcessingResult) String() string { return string(r.Status) }

// Format writes String for all verbs of fmt.
func (r ProcessingResult) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, r.String()) }

// LogValue returns the result for log/slog, without content.
func (r ProcessingResult) LogValue() slog.Value { return slog.StringValue(string(r.Status)) }

// ProcessMessages returns the handler of a Lambda function that processes messages, for
// lambda.Start. process returns the message with its new Content and ContentType (other fields are
// ignored) and a status. The handler returns an error if process does, or if the status or the
// ContentType isn't documented by the service. Whether the message is then delivered depends on the
// FailureMode with which message processing was started.
//
// The service waits at most for the function's configured time-out, which must be between 3 seconds
// and 3 minutes.
func ProcessMessages(process func(context.Context, ChatContent) (ChatContent, ProcessingStatus, error)) func(context.Context, ProcessingEvent) (ProcessingResult, error) {
	return func(ctx context.Context, event ProcessingEvent) (ProcessingResult, error) {
		content, status, err := process(ctx, event.ChatContent)
		if err != nil {
			return ProcessingResult{}, err
		}
		switch status {
		case StatusProcessed:
			return processed(content)
		case StatusApproved, StatusRejected, StatusFailed:
			return ProcessingResult{Status: status}, nil
		default:
			return ProcessingResult{}, fmt.Errorf("process message: unknown status %q", status)
		}
	}
}

func processed(content ChatContent) (ProcessingResult, error) {
	switch content.ContentType {
	case types.ContentTypeTextPlain, types.ContentTypeTextMarkdown, types.ContentTypeApplicationJSON:
		result := ProcessedResult{ProcessedChatContent{Content: content.Content, ContentType: content.ContentType}}
		return ProcessingResult{Status: StatusProcessed, Result: result}, nil
	default:
		return ProcessingResult{}, errors.New("process message: the ContentType must be text/plain, text/markdown or application/json")
	}
}
