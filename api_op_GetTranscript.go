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

// GetTranscript returns a page of the chat's transcript: messages, attachments, and the events of
// joining, leaving, transfer and end. Typing events are not kept.
//
// Without StartPosition and ScanDirection it starts with the newest items and goes backward.
// [Transcript] and [NewGetTranscriptPaginator] follow the pages. After the end of the chat the
// token is invalid and the transcript can't be read any more.
//
// API reference: https://docs.aws.amazon.com/connect/latest/APIReference/API_connect-participant_GetTranscript.html
func (c *Client) GetTranscript(ctx context.Context, params *GetTranscriptInput, optFns ...func(*Options)) (*GetTranscriptOutput, error) {
	out, metadata, err := invoke[GetTranscriptInput, GetTranscriptOutput](ctx, c, "GetTranscript", params, optFns)
	if err != nil {
		return nil, err
	}
	out.ResultMetadata = metadata
	return out, nil
}

// GetTranscriptInput is the input of GetTranscript.
type GetTranscriptInput struct {
	// ConnectionToken is the secret from CreateParticipantConnection, not the
	// ParticipantToken. Required.
	ConnectionToken *string

	// ContactId is the contact of the current chat; for any other contact the transcript is empty.
	// Defaults to the current chat.
	ContactId *string

	// MaxResults is the number of items per page, at most 100. Defaults to 10; 0 means the default.
	MaxResults *int32

	// NextToken is the NextToken of the previous page. Defaults to the first page.
	NextToken *string

	// ScanDirection selects the items before or after StartPosition; the service refuses FORWARD
	// without a StartPosition. Defaults to BACKWARD without StartPosition, to FORWARD with one.
	ScanDirection types.ScanDirection

	// SortOrder is the order of the items within the page. Defaults to DESCENDING.
	SortOrder types.SortKey

	// StartPosition is the position to start from, in the current chat only. Defaults to the newest
	// item.
	StartPosition *types.StartPosition
}

// GetTranscriptOutput is the output of GetTranscript.
type GetTranscriptOutput struct {
	// InitialContactId is the first contact of the current chat.
	InitialContactId *string

	// NextToken is the token for the next page. On the last page it is nil or empty.
	NextToken *string

	// Transcript is the page. It holds contents and names: to log it, use Redacted.
	Transcript []types.Item

	// ResultMetadata holds the request ID and the raw response; see aws/middleware.
	ResultMetadata middleware.Metadata
}

func (in *GetTranscriptInput) bearer() *string { return in.ConnectionToken }

func (in *GetTranscriptInput) validate() error {
	return check("GetTranscriptInput",
		token("ConnectionToken", in.ConnectionToken),
	)
}

func (in *GetTranscriptInput) request(w *restjson.RequestWriter) {
	w.Post("/participant/transcript")
	w.String("ContactId", in.ContactId)
	w.Int32("MaxResults", in.MaxResults)
	w.String("NextToken", in.NextToken)
	w.Enum("ScanDirection", string(in.ScanDirection))
	w.Enum("SortOrder", string(in.SortOrder))
	if start := in.StartPosition; start != nil {
		w.Object("StartPosition")
		w.String("AbsoluteTime", start.AbsoluteTime)
		w.String("Id", start.Id)
		if start.MostRecent != 0 {
			w.Int32("MostRecent", &start.MostRecent)
		}
		w.End()
	}
}

func (out *GetTranscriptOutput) read(r *restjson.Reader) {
	for name := range r.Members() {
		switch string(name) {
		case "InitialContactId":
			r.String(&out.InitialContactId)
		case "NextToken":
			r.String(&out.NextToken)
		case "Transcript":
			restjson.Items(r, &out.Transcript)
		}
	}
}

// LogValue shows the input to log/slog without its secrets.
func (in GetTranscriptInput) LogValue() slog.Value { return redact.LogValue(in) }

// Format shows the input to fmt without its secrets, whatever the verb.
func (in GetTranscriptInput) Format(f fmt.State, _ rune) { redact.Format(f, in) }

// LogValue shows the output to log/slog without its secrets.
func (out GetTranscriptOutput) LogValue() slog.Value { return redact.LogValue(out) }

// Format shows the output to fmt without its secrets, whatever the verb.
func (out GetTranscriptOutput) Format(f fmt.State, _ rune) { redact.Format(f, out) }
