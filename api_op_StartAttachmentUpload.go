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

// StartAttachmentUpload starts the upload of a file: it returns a signed URL to which the bytes are
// sent with an HTTP PUT. CompleteAttachmentUpload finishes the upload.
//
// Each Amazon Connect instance configures the permitted file types and sizes; the default is 20 MB.
// The PUT carries exactly HeadersToInclude and no token.
//
// API reference: https://docs.aws.amazon.com/connect/latest/APIReference/API_connect-participant_StartAttachmentUpload.html
func (c *Client) StartAttachmentUpload(ctx context.Context, params *StartAttachmentUploadInput, optFns ...func(*Options)) (*StartAttachmentUploadOutput, error) {
	out, metadata, err := invoke[StartAttachmentUploadInput, StartAttachmentUploadOutput](ctx, c, "StartAttachmentUpload", params, optFns)
	if err != nil {
		return nil, err
	}
	out.ResultMetadata = metadata
	return out, nil
}

// StartAttachmentUploadInput is the input of StartAttachmentUpload.
type StartAttachmentUploadInput struct {
	// AttachmentName is the file name with its extension. Required.
	AttachmentName *string

	// AttachmentSizeInBytes is the exact size, in bytes. Required.
	AttachmentSizeInBytes int64

	// ClientToken makes the call idempotent: the service treats calls with the same token as one.
	// Up to 500 characters. Defaults to a random UUID.
	ClientToken *string

	// ConnectionToken is the secret from CreateParticipantConnection, not the
	// ParticipantToken. Required.
	ConnectionToken *string

	// ContentType is the MIME type of the file. Required.
	ContentType *string
}

// StartAttachmentUploadOutput is the output of StartAttachmentUpload.
type StartAttachmentUploadOutput struct {
	// AttachmentId is the ID for CompleteAttachmentUpload and GetAttachment.
	AttachmentId *string

	// UploadMetadata holds the URL and the headers for the upload.
	UploadMetadata *types.UploadMetadata

	// ResultMetadata holds the request ID and the raw response; see aws/middleware.
	ResultMetadata middleware.Metadata
}

func (in *StartAttachmentUploadInput) bearer() *string { return in.ConnectionToken }

func (in *StartAttachmentUploadInput) clientToken() **string { return &in.ClientToken }

func (in *StartAttachmentUploadInput) validate() error {
	return check("StartAttachmentUploadInput",
		token("ConnectionToken", in.ConnectionToken),
		present("AttachmentName", in.AttachmentName != nil),
		present("ContentType", in.ContentType != nil),
	)
}

func (in *StartAttachmentUploadInput) request(w *restjson.RequestWriter) {
	w.Post("/participant/start-attachment-upload")
	w.String("AttachmentName", in.AttachmentName)
	w.Int64("AttachmentSizeInBytes", in.AttachmentSizeInBytes)
	w.String("ClientToken", in.ClientToken)
	w.String("ContentType", in.ContentType)
}

func (out *StartAttachmentUploadOutput) read(r *restjson.Reader) {
	for name := range r.Members() {
		switch string(name) {
		case "AttachmentId":
			r.String(&out.AttachmentId)
		case "UploadMetadata":
			restjson.Struct(r, &out.UploadMetadata, uploadMetadata)
		}
	}
}

func uploadMetadata(r *restjson.Reader, v *types.UploadMetadata) {
	for name := range r.Members() {
		switch string(name) {
		case "HeadersToInclude":
			restjson.StringMap(r, &v.HeadersToInclude)
		case "Url":
			r.String(&v.Url)
		case "UrlExpiry":
			r.String(&v.UrlExpiry)
		}
	}
}

// LogValue shows the input to log/slog without its secrets.
func (in StartAttachmentUploadInput) LogValue() slog.Value { return redact.LogValue(in) }

// Format shows the input to fmt without its secrets, whatever the verb.
func (in StartAttachmentUploadInput) Format(f fmt.State, _ rune) { redact.Format(f, in) }

// LogValue shows the output to log/slog without its secrets.
func (out StartAttachmentUploadOutput) LogValue() slog.Value { return redact.LogValue(out) }

// Format shows the output to fmt without its secrets, whatever the verb.
func (out StartAttachmentUploadOutput) Format(f fmt.State, _ rune) { redact.Format(f, out) }
