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

// CancelParticipantAuthentication cancels the authentication of a customer who declines to sign in;
// the flow then takes its opted-out branch. Apple Messages for Business, WhatsApp and SMS don't
// support it.
//
// API reference: https://docs.aws.amazon.com/connect/latest/APIReference/API_connect-participant_CancelParticipantAuthentication.html
func (c *Client) CancelParticipantAuthentication(ctx context.Context, params *CancelParticipantAuthenticationInput, optFns ...func(*Options)) (*CancelParticipantAuthenticationOutput, error) {
	out, metadata, err := invoke[CancelParticipantAuthenticationInput, CancelParticipantAuthenticationOutput](ctx, c, "CancelParticipantAuthentication", params, optFns)
	if err != nil {
		return nil, err
	}
	out.ResultMetadata = metadata
	return out, nil
}

// CancelParticipantAuthenticationInput is the input of CancelParticipantAuthentication.
type CancelParticipantAuthenticationInput struct {
	// ConnectionToken is the secret from CreateParticipantConnection, not the
	// ParticipantToken. Required.
	ConnectionToken *string

	// SessionId is the SessionId of the authentication.initiated event, 36 characters. Required.
	SessionId *string
}

// CancelParticipantAuthenticationOutput is the output of CancelParticipantAuthentication.
type CancelParticipantAuthenticationOutput struct {
	// ResultMetadata holds the request ID and the raw response; see aws/middleware.
	ResultMetadata middleware.Metadata
}

func (in *CancelParticipantAuthenticationInput) bearer() *string { return in.ConnectionToken }

func (in *CancelParticipantAuthenticationInput) validate() error {
	return check("CancelParticipantAuthenticationInput",
		token("ConnectionToken", in.ConnectionToken),
		present("SessionId", in.SessionId != nil),
	)
}

func (in *CancelParticipantAuthenticationInput) request(w *restjson.RequestWriter) {
	w.Post("/participant/cancel-authentication")
	w.String("SessionId", in.SessionId)
}

func (*CancelParticipantAuthenticationOutput) read(r *restjson.Reader) { r.Skip() }

// LogValue shows the input to log/slog without its secrets.
func (in CancelParticipantAuthenticationInput) LogValue() slog.Value { return redact.LogValue(in) }

// Format shows the input to fmt without its secrets, whatever the verb.
func (in CancelParticipantAuthenticationInput) Format(f fmt.State, _ rune) { redact.Format(f, in) }
