// SPDX-License-Identifier: Apache-2.0

package connectparticipant

import (
	"context"
	"fmt"
	"log/slog"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/smithy-go/middleware"

	"github.com/participant-go/connectparticipant/internal/redact"
	"github.com/participant-go/connectparticipant/internal/restjson"
	"github.com/participant-go/connectparticipant/types"
)

// DescribeView returns the view (a form, a card, a guide) that an interactive message identifies by
// its view token. It fails with *types.ResourceNotFoundException if the view doesn't exist.
//
// API reference: https://docs.aws.amazon.com/connect/latest/APIReference/API_connect-participant_DescribeView.html
func (c *Client) DescribeView(ctx context.Context, params *DescribeViewInput, optFns ...func(*Options)) (*DescribeViewOutput, error) {
	out, metadata, err := invoke[DescribeViewInput, DescribeViewOutput](ctx, c, "DescribeView", params, optFns)
	if err != nil {
		return nil, err
	}
	out.ResultMetadata = metadata
	return out, nil
}

// DescribeViewInput is the input of DescribeView.
type DescribeViewInput struct {
	// ConnectionToken is the secret from CreateParticipantConnection, not the
	// ParticipantToken. Required.
	ConnectionToken *string

	// ViewToken is the secret from the content of the interactive message. Required,
	// and neither empty nor "." or "..".
	ViewToken *string
}

// DescribeViewOutput is the output of DescribeView.
type DescribeViewOutput struct {
	// View is the view to render. Its InputSchema and Template are strings of JSON.
	View *types.View

	// ResultMetadata holds the request ID and the raw response; see aws/middleware.
	ResultMetadata middleware.Metadata
}

func (in *DescribeViewInput) bearer() *string { return in.ConnectionToken }

func (in *DescribeViewInput) validate() error {
	return check("DescribeViewInput",
		token("ConnectionToken", in.ConnectionToken),
		segment("ViewToken", in.ViewToken),
	)
}

// viewPath precedes the view token, the only secret in the path of a request.
const viewPath = "/participant/views/"

func (in *DescribeViewInput) request(w *restjson.RequestWriter) {
	w.Get(viewPath, aws.ToString(in.ViewToken))
}

func (out *DescribeViewOutput) read(r *restjson.Reader) {
	for name := range r.Members() {
		switch string(name) {
		case "View":
			restjson.Struct(r, &out.View, view)
		}
	}
}

func view(r *restjson.Reader, v *types.View) {
	for name := range r.Members() {
		switch string(name) {
		case "Arn":
			r.String(&v.Arn)
		case "Content":
			restjson.Struct(r, &v.Content, viewContent)
		case "Id":
			r.String(&v.Id)
		case "Name":
			r.String(&v.Name)
		case "Version":
			r.Int32(&v.Version)
		}
	}
}

func viewContent(r *restjson.Reader, v *types.ViewContent) {
	for name := range r.Members() {
		switch string(name) {
		case "Actions":
			restjson.Strings(r, &v.Actions)
		case "InputSchema":
			r.String(&v.InputSchema)
		case "Template":
			r.String(&v.Template)
		}
	}
}

// LogValue shows the input to log/slog without its secrets.
func (in DescribeViewInput) LogValue() slog.Value { return redact.LogValue(in) }

// Format shows the input to fmt without its secrets, whatever the verb.
func (in DescribeViewInput) Format(f fmt.State, _ rune) { redact.Format(f, in) }

// LogValue shows the output to log/slog without its secrets.
func (out DescribeViewOutput) LogValue() slog.Value { return redact.LogValue(out) }

// Format shows the output to fmt without its secrets, whatever the verb.
func (out DescribeViewOutput) Format(f fmt.State, _ rune) { redact.Format(f, out) }
