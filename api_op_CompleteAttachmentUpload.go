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

// CompleteAttachmentUpload informs the service that the bytes of a file have been uploaded. After
// the virus scan, the file appears in the chat as an ATTACHMENT item.
//
// Before the call, check the response to the PUT that uploaded the bytes. If nothing was uploaded,
// or if the upload was already completed, the call fails with *types.ConflictException.
//
// API reference: https://docs.aws.amazon.com/connect/latest/APIReference/API_connect-participant_CompleteAttachmentUpload.html
func (c *Client) CompleteAttachmentUpload(ctx context.Context, params *CompleteAttachmentUploadInput, optFns ...func(*Options)) (*CompleteAttachmentUploadOutput, error) {
	out, metadata, err := invoke[CompleteAttachmentUploadInput, CompleteAttachmentUploadOutput](ctx, c, "CompleteAttachmentUpload", params, optFns)
	if err != nil {
		return nil, err
	}
	out.ResultMetadata = metadata
	return out, nil
}

// CompleteAttachmentUploadInput is the input of CompleteAttachmentUpload.
type CompleteAttachmentUploadInput struct {
	// AttachmentIds holds the one ID that StartAttachmentUpload returned. Required.
	AttachmentIds []string

	// ClientToken makes the call idempotent: the service treats calls with the same token as one.
	// Up to 500 characters. Defaults to a random UUID.
	ClientToken *string

	// ConnectionToken is the secret from CreateParticipantConnection, not the
	// ParticipantToken. Required.
	ConnectionToken *string
}

// CompleteAttachmentUploadOutput is the output of CompleteAttachmentUpload.
type CompleteAttachmentUploadOutput struct {
	// ResultMetadata holds the request ID and the raw response; see aws/middleware.
	ResultMetadata middleware.Metadata
}

func (in *CompleteAttachmentUploadInput) bearer() *string { return in.ConnectionToken }

func (in *CompleteAttachmentUploadInput) clientToken() **string { return &in.ClientToken }

func (in *CompleteAttachmentUploadInput) validate() error {
	return check("CompleteAttachmentUploadInput",
		token("ConnectionToken", in.ConnectionToken),
		present("AttachmentIds", in.AttachmentIds != nil),
	)
}

func (in *CompleteAttachmentUploadInput) request(w *restjson.RequestWriter) {
	w.Post("/participant/complete-attachment-upload")
	restjson.List(w, "AttachmentIds", in.AttachmentIds)
	w.String("ClientToken", in.ClientToken)
}

func (*CompleteAttachmentUploadOutput) read(r *restjson.Reader) { r.Skip() }

// LogValue shows the input to log/slog without its secrets.
func (in CompleteAttachmentUploadInput) LogValue() slog.Value { return redact.LogValue(in) }

// Format shows the input to fmt without its secrets, whatever the verb.
func (in CompleteAttachmentUploadInput) Format(f fmt.State, _ rune) { redact.Format(f, in) }
