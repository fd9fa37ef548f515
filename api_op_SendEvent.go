// SPDX-License-Identifier: Apache-2.0

package connectparticipant

import (
	"context"
	"fmt"
	"log/slog"

	"github.com/aws/smithy-go/middleware"

	"github.com/participant-go/connectparticipant/internal/redact"
	"github.com/participant-go/connectparticipant/internal/restjson"
)

// SendEvent notifies the other participants that this one is typing, or that it received or read a
// message.
//
// Receipts work in chats of two participants only; in a larger chat the call fails with
// *types.ConflictException. A receipt for a message also covers all earlier messages.
//
// API reference: https://docs.aws.amazon.com/connect/latest/APIReference/API_connect-participant_SendEvent.html
func (c *Client) SendEvent(ctx context.Context, params *SendEventInput, optFns ...func(*Options)) (*SendEventOutput, error) {
	out, metadata, err := invoke[SendEventInput, SendEventOutput](ctx, c, "SendEvent", params, optFns)
	if err != nil {
		return nil, err
	}
	out.ResultMetadata = metadata
	return out, nil
}

// SendEventInput is the input of SendEvent.
type SendEventInput struct {
	// ConnectionToken is the secret from CreateParticipantConnection, not the
	// ParticipantToken. Required.
	ConnectionToken *string

	// ContentType is application/vnd.amazonaws.connect.event.typing,
	// ….event.message.delivered or ….event.message.read; the older
	// ….event.connection.acknowledged is not maintained. Required.
	ContentType *string

	// ClientToken makes the call idempotent: the service treats calls with the same token as one.
	// Up to 500 characters. Defaults to a random UUID.
	ClientToken *string

	// Content is {"messageId":"…"} for a receipt. Omit it for typing.
	Content *string
}

// SendEventOutput is the output of SendEvent.
type SendEventOutput struct {
	// AbsoluteTime is the time at which the service accepted the event, ISO 8601 in UTC with
	// milliseconds.
	AbsoluteTime *string

	// Id is the ID of the event.
	Id *string

	// ResultMetadata holds the request ID and the raw response; see aws/middleware.
	ResultMetadata middleware.Metadata
}

func (in *SendEventInput) bearer() *string { return in.ConnectionToken }

func (in *SendEventInput) clientToken() **string { return &in.ClientToken }

func (in *SendEventInput) validate() error {
	return check("SendEventInput",
		token("ConnectionToken", in.ConnectionToken),
		present("ContentType", in.ContentType != nil),
	)
}

func (in *SendEventInput) request(w *restjson.RequestWriter) {
	w.Post("/participant/event")
	w.String("ClientToken", in.ClientToken)
	w.String("Content", in.Content)
	w.String("ContentType", in.ContentType)
}

func (out *SendEventOutput) read(r *restjson.Reader) {
	for name := range r.Members() {
		switch string(name) {
		case "AbsoluteTime":
			r.String(&out.AbsoluteTime)
		case "Id":
			r.String(&out.Id)
		}
	}
}

// LogValue shows the input to log/slog without its secrets.
func (in SendEventInput) LogValue() slog.Value { return redact.LogValue(in) }

// Format shows the input to fmt without its secrets, whatever the verb.
func (in SendEventInput) Format(f fmt.State, _ rune) { redact.Format(f, in) }
