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

// DisconnectParticipant removes the participant from the chat. Its tokens stop working.
//
// The chat itself ends when its flow ends it; until then, the removed participant may still receive
// events on an open socket.
//
// API reference: https://docs.aws.amazon.com/connect/latest/APIReference/API_connect-participant_DisconnectParticipant.html
func (c *Client) DisconnectParticipant(ctx context.Context, params *DisconnectParticipantInput, optFns ...func(*Options)) (*DisconnectParticipantOutput, error) {
	out, metadata, err := invoke[DisconnectParticipantInput, DisconnectParticipantOutput](ctx, c, "DisconnectParticipant", params, optFns)
	if err != nil {
		return nil, err
	}
	out.ResultMetadata = metadata
	return out, nil
}

// DisconnectParticipantInput is the input of DisconnectParticipant.
type DisconnectParticipantInput struct {
	// ConnectionToken is the secret from CreateParticipantConnection, not the
	// ParticipantToken. Required.
	ConnectionToken *string

	// ClientToken makes the call idempotent: the service treats calls with the same token as one.
	// Up to 500 characters. Defaults to a random UUID.
	ClientToken *string
}

// DisconnectParticipantOutput is the output of DisconnectParticipant.
type DisconnectParticipantOutput struct {
	// ResultMetadata holds the request ID and the raw response; see aws/middleware.
	ResultMetadata middleware.Metadata
}

func (in *DisconnectParticipantInput) bearer() *string { return in.ConnectionToken }

func (in *DisconnectParticipantInput) clientToken() **string { return &in.ClientToken }

func (in *DisconnectParticipantInput) validate() error {
	return check("DisconnectParticipantInput",
		token("ConnectionToken", in.ConnectionToken),
	)
}

func (in *DisconnectParticipantInput) request(w *restjson.RequestWriter) {
	w.Post("/participant/disconnect")
	w.String("ClientToken", in.ClientToken)
}

func (*DisconnectParticipantOutput) read(r *restjson.Reader) { r.Skip() }

// LogValue shows the input to log/slog without its secrets.
func (in DisconnectParticipantInput) LogValue() slog.Value { return redact.LogValue(in) }

// Format shows the input to fmt without its secrets, whatever the verb.
func (in DisconnectParticipantInput) Format(f fmt.State, _ rune) { redact.Format(f, in) }
