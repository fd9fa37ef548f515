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

// GetAttachment returns a signed URL from which a file of the chat can be downloaded with an HTTP
// GET, without a token. Only a file that the virus scan has approved can be downloaded.
//
// API reference: https://docs.aws.amazon.com/connect/latest/APIReference/API_connect-participant_GetAttachment.html
func (c *Client) GetAttachment(ctx context.Context, params *GetAttachmentInput, optFns ...func(*Options)) (*GetAttachmentOutput, error) {
	out, metadata, err := invoke[GetAttachmentInput, GetAttachmentOutput](ctx, c, "GetAttachment", params, optFns)
	if err != nil {
		return nil, err
	}
	out.ResultMetadata = metadata
	return out, nil
}

// GetAttachmentInput is the input of GetAttachment.
type GetAttachmentInput struct {
	// AttachmentId is the ID of the file, from its item. Required.
	AttachmentId *string

	// ConnectionToken is the secret from CreateParticipantConnection, not the
	// ParticipantToken. Required.
	ConnectionToken *string

	// UrlContentDisposition selects whether a browser shows the file or downloads it. Defaults to
	// the service's choice, which is to download it.
	//
	// According to the changelog of aws-sdk-go-v2 (connectparticipant v1.46.0), the service has
	// accepted this member since 28 October 2026. The name and the values of its type could not be
	// checked against that release. If the service refuses a value, convert another string to the
	// type, or use WithMember.
	UrlContentDisposition types.UrlContentDisposition

	// UrlExpiryInSeconds is the time for which the URL is valid, 5 to 300 seconds. Defaults to the
	// service's choice.
	UrlExpiryInSeconds *int32
}

// GetAttachmentOutput is the output of GetAttachment.
type GetAttachmentOutput struct {
	// AttachmentSizeInBytes is the size of the file in bytes.
	AttachmentSizeInBytes *int64

	// Url is a secret: it is signed.
	Url *string

	// UrlExpiry is when Url stops working, ISO 8601 in UTC.
	UrlExpiry *string

	// ResultMetadata holds the request ID and the raw response; see aws/middleware.
	ResultMetadata middleware.Metadata
}

func (in *GetAttachmentInput) bearer() *string { return in.ConnectionToken }

func (in *GetAttachmentInput) validate() error {
	return check("GetAttachmentInput",
		token("ConnectionToken", in.ConnectionToken),
		present("AttachmentId", in.AttachmentId != nil),
	)
}

func (in *GetAttachmentInput) request(w *restjson.RequestWriter) {
	w.Post("/participant/attachment")
	w.String("AttachmentId", in.AttachmentId)
	w.Enum("UrlContentDisposition", string(in.UrlContentDisposition))
	w.Int32("UrlExpiryInSeconds", in.UrlExpiryInSeconds)
}

func (out *GetAttachmentOutput) read(r *restjson.Reader) {
	for name := range r.Members() {
		switch string(name) {
		case "AttachmentSizeInBytes":
			r.Int64(&out.AttachmentSizeInBytes)
		case "Url":
			r.String(&out.Url)
		case "UrlExpiry":
			r.String(&out.UrlExpiry)
		}
	}
}

// LogValue shows the input to log/slog without its secrets.
func (in GetAttachmentInput) LogValue() slog.Value { return redact.LogValue(in) }

// Format shows the input to fmt without its secrets, whatever the verb.
func (in GetAttachmentInput) Format(f fmt.State, _ rune) { redact.Format(f, in) }

// LogValue shows the output to log/slog without its secrets.
func (out GetAttachmentOutput) LogValue() slog.Value { return redact.LogValue(out) }

// Format shows the output to fmt without its secrets, whatever the verb.
func (out GetAttachmentOutput) Format(f fmt.State, _ rune) { redact.Format(f, out) }
