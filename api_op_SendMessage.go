// SPDX-License-Identifier: Apache-2.0

package connectparticipant

import (
	"context"
	"fmt"
	"log/slog"

	"github.com/aws/smithy-go/middleware"

	"github.com/participant-go/connectparticipant/internal/redact"
	"github.com/participant-go/connectparticipant/internal/restjson"
	"github.com/participant-go/connectparticipant/types"
)

// SendMessage sends a message to the other participants of the chat. The sender also receives it on
// its own sockets, with the same Id, sometimes before this call returns.
//
// The maximum length of Content depends on the content type and on the chat's channel; the API
// reference documents at most 16,384 bytes. The content types that a chat accepts are fixed when it
// is started. Calls with the same ClientToken send one message.
//
// API reference: https://docs.aws.amazon.com/connect/latest/APIReference/API_connect-participant_SendMessage.html
func (c *Client) SendMessage(ctx context.Context, params *SendMessageInput, optFns ...func(*Options)) (*SendMessageOutput, error) {
	out, metadata, err := invoke[SendMessageInput, SendMessageOutput](ctx, c, "SendMessage", params, optFns)
	if err != nil {
		return nil, err
	}
	out.ResultMetadata = metadata
	return out, nil
}

// SendMessageInput is the input of SendMessage.
type SendMessageInput struct {
	// ConnectionToken is the secret from CreateParticipantConnection, not the
	// ParticipantToken. Required.
	ConnectionToken *string

	// Content is the text, or a string of JSON. Required.
	Content *string

	// ContentType is text/plain, text/markdown, application/json or
	// application/vnd.amazonaws.connect.message.interactive.response. Required.
	ContentType *string

	// ClientToken makes the call idempotent: the service treats calls with the same token as one.
	// Up to 500 characters. Defaults to a random UUID.
	ClientToken *string
}

// SendMessageOutput is the output of SendMessage.
type SendMessageOutput struct {
	// AbsoluteTime is the time at which the service accepted the message, ISO 8601 in UTC with
	// milliseconds.
	AbsoluteTime *string

	// Id is the ID of the message, the same as in pushes and in the transcript.
	Id *string

	// MessageMetadata reports that message processing has not delivered the message yet; nil in
	// chats without message processing.
	MessageMetadata *types.MessageProcessingMetadata

	// ResultMetadata holds the request ID and the raw response; see aws/middleware.
	ResultMetadata middleware.Metadata
}

func (in *SendMessageInput) bearer() *string { return in.ConnectionToken }

func (in *SendMessageInput) clientToken() **string { return &in.ClientToken }

func (in *SendMessageInput) validate() error {
	return check("SendMessageInput",
		token("ConnectionToken", in.ConnectionToken),
		present("Content", in.Content != nil),
		present("ContentType", in.ContentType != nil),
	)
}

func (in *SendMessageInput) request(w *restjson.RequestWriter) {
	w.Post("/participant/message")
	w.String("ClientToken", in.ClientToken)
	w.String("Content", in.Content)
	w.String("ContentType", in.ContentType)
}

func (out *SendMessageOutput) read(r *restjson.Reader) {
	for name := range r.Members() {
		switch string(name) {
		case "AbsoluteTime":
			r.String(&out.AbsoluteTime)
		case "Id":
			r.String(&out.Id)
		case "MessageMetadata":
			restjson.Struct(r, &out.MessageMetadata, messageProcessing)
		}
	}
}

func messageProcessing(r *restjson.Reader, v *types.MessageProcessingMetadata) {
	for name := range r.Members() {
		if string(name) == "MessageProcessingStatus" {
			restjson.Enum(r, &v.MessageProcessingStatus)
		}
	}
}

// LogValue shows the input to log/slog without its secrets.
func (in SendMessageInput) LogValue() slog.Value { return redact.LogValue(in) }

// Format shows the input to fmt without its secrets, whatever the verb.
func (in SendMessageInput) Format(f fmt.State, _ rune) { redact.Format(f, in) }
