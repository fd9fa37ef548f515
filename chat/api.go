// SPDX-License-Identifier: Apache-2.0

package chat

import (
	"context"
	"io"
	"iter"
	"time"

	"github.com/participant-go/connectparticipant/types"
)

// API lists the methods of *Session, so that code can be tested with a stub: embed API in the stub
// and implement only the methods that are called. New methods of Session are added to API too; where
// that matters, declare your own interface with the methods that you use. To test with a real
// session, use package participanttest.
type API interface {
	Next(ctx context.Context) (Event, error)
	Events(ctx context.Context) iter.Seq2[Event, error]
	CatchUp(ctx context.Context) error
	Transcript(ctx context.Context) iter.Seq2[types.Item, error]

	Send(ctx context.Context, text string) (Sent, error)
	SendMarkdown(ctx context.Context, text string) (Sent, error)
	SendJSON(ctx context.Context, v any) (Sent, error)
	SendContent(ctx context.Context, contentType, content string) (Sent, error)
	SendOnce(ctx context.Context, clientToken, contentType, content string) (Sent, error)
	SendEvent(ctx context.Context, contentType, content string) (Sent, error)
	SendFile(ctx context.Context, file File) (attachmentID string, err error)
	DescribeView(ctx context.Context, viewToken string) (*types.View, error)
	GetAuthenticationURL(ctx context.Context, sessionID, redirectURI string) (string, error)
	CancelAuthentication(ctx context.Context, sessionID string) error
	OpenAttachment(ctx context.Context, attachmentID string, maxBytes int64) (io.ReadCloser, error)
	Typing(ctx context.Context) error
	MarkDelivered(messageID string)
	MarkRead(messageID string)

	ParticipantID() string
	ConnectionToken(ctx context.Context, used string) (token string, expiry time.Time, err error)
	State() State
	Stats() Stats
	Err() error
	Leave(ctx context.Context) error
	Close() error
}

var _ API = (*Session)(nil)
