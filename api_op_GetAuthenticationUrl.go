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

// GetAuthenticationUrl returns the URL at which the customer signs in. Call it within a minute of
// an event of content type application/vnd.amazonaws.connect.event.authentication.initiated.
//
// A SessionId works once. Apple Messages for Business, WhatsApp and SMS don't support it.
//
// API reference: https://docs.aws.amazon.com/connect/latest/APIReference/API_connect-participant_GetAuthenticationUrl.html
func (c *Client) GetAuthenticationUrl(ctx context.Context, params *GetAuthenticationUrlInput, optFns ...func(*Options)) (*GetAuthenticationUrlOutput, error) {
	out, metadata, err := invoke[GetAuthenticationUrlInput, GetAuthenticationUrlOutput](ctx, c, "GetAuthenticationUrl", params, optFns)
	if err != nil {
		return nil, err
	}
	out.ResultMetadata = metadata
	return out, nil
}

// GetAuthenticationUrlInput is the input of GetAuthenticationUrl.
type GetAuthenticationUrlInput struct {
	// ConnectionToken is the secret from CreateParticipantConnection, not the
	// ParticipantToken. Required.
	ConnectionToken *string

	// RedirectUri is the URL to which the customer is sent after signing in, up to 1024 characters.
	// It must be one of the redirect URLs of the Amazon Cognito app client. Required.
	RedirectUri *string

	// SessionId is the SessionId of the event, 36 characters. Required.
	SessionId *string
}

// GetAuthenticationUrlOutput is the output of GetAuthenticationUrl.
type GetAuthenticationUrlOutput struct {
	// AuthenticationUrl is the page to show to the customer.
	AuthenticationUrl *string

	// ResultMetadata holds the request ID and the raw response; see aws/middleware.
	ResultMetadata middleware.Metadata
}

func (in *GetAuthenticationUrlInput) bearer() *string { return in.ConnectionToken }

func (in *GetAuthenticationUrlInput) validate() error {
	return check("GetAuthenticationUrlInput",
		token("ConnectionToken", in.ConnectionToken),
		present("RedirectUri", in.RedirectUri != nil),
		present("SessionId", in.SessionId != nil),
	)
}

func (in *GetAuthenticationUrlInput) request(w *restjson.RequestWriter) {
	w.Post("/participant/authentication-url")
	w.String("RedirectUri", in.RedirectUri)
	w.String("SessionId", in.SessionId)
}

func (out *GetAuthenticationUrlOutput) read(r *restjson.Reader) {
	for name := range r.Members() {
		switch string(name) {
		case "AuthenticationUrl":
			r.String(&out.AuthenticationUrl)
		}
	}
}

// LogValue shows the input to log/slog without its secrets.
func (in GetAuthenticationUrlInput) LogValue() slog.Value { return redact.LogValue(in) }

// Format shows the input to fmt without its secrets, whatever the verb.
func (in GetAuthenticationUrlInput) Format(f fmt.State, _ rune) { redact.Format(f, in) }

// LogValue shows the output to log/slog without its secrets.
func (out GetAuthenticationUrlOutput) LogValue() slog.Value { return redact.LogValue(out) }

// Format shows the output to fmt without its secrets, whatever the verb.
func (out GetAuthenticationUrlOutput) Format(f fmt.State, _ rune) { redact.Format(f, out) }
