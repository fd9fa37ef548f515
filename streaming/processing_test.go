// SPDX-License-Identifier: Apache-2.0

package streaming_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/participant-go/connectparticipant/streaming"
)

const processingEvent = `{"version":"1.0","instanceId":"in-1","associatedResourceArn":"arn:1","chatContent":{` +
	`"absoluteTime":"2026-11-02T08:15:30.120Z","content":"my number is 4111","contentType":"text/plain","id":"i-1","participantId":"p-1",` +
	`"displayName":"Ann","participantRole":"CUSTOMER","initialContactId":"c-1","contactId":"c-2"}}`

func TestProcessMessages(t *testing.T) {
	t.Parallel()
	boom := errors.New("boom")
	for name, test := range map[string]struct {
		content, contentType string
		status               streaming.ProcessingStatus
		err                  error
		want                 string // the result, or the error
	}{
		"processed":    {"my number is hidden", "text/markdown", streaming.StatusProcessed, nil, `{"status":"PROCESSED","result":{"processedChatContent":{"content":"my number is hidden","contentType":"text/markdown"}}}`},
		"empty":        {"", "text/plain", streaming.StatusProcessed, nil, `{"status":"PROCESSED","result":{"processedChatContent":{"content":"","contentType":"text/plain"}}}`},
		"approved":     {"ignored", "text/plain", streaming.StatusApproved, nil, `{"status":"APPROVED"}`},
		"rejected":     {"ignored", "text/plain", streaming.StatusRejected, nil, `{"status":"REJECTED"}`},
		"failed":       {"ignored", "text/plain", streaming.StatusFailed, nil, `{"status":"FAILED"}`},
		"error":        {"ignored", "text/plain", streaming.StatusProcessed, boom, "boom"},
		"no status":    {"secret", "text/plain", "", nil, `process message: unknown status ""`},
		"unknown type": {"secret", "text/html", streaming.StatusProcessed, nil, "process message: the ContentType must be text/plain, text/markdown or application/json"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var event streaming.ProcessingEvent
			require.NoError(t, json.Unmarshal([]byte(processingEvent), &event))
			handle := streaming.ProcessMessages(func(_ context.Context, c streaming.ChatContent) (streaming.ChatContent, streaming.ProcessingStatus, error) {
				require.Equal(t, event.ChatContent, c)
				require.Equal(t, "my number is 4111", c.Content)
				require.Equal(t, [...]string{"i-1", "p-1", "CUSTOMER", "c-1", "c-2"}, [...]string{c.ID, c.ParticipantID, c.ParticipantRole, c.InitialContactID, c.ContactID})
				c.Content, c.ContentType = test.content, test.contentType
				return c, test.status, test.err
			})
			result, err := handle(t.Context(), event)
			if err != nil {
				require.EqualError(t, err, test.want)
				return
			}
			require.JSONEq(t, test.want, text(result))
		})
	}
}

func TestProcessingHidesContent(t *testing.T) {
	t.Parallel()
	var event streaming.ProcessingEvent
	require.NoError(t, json.Unmarshal([]byte(strings.ReplaceAll(processingEvent, "Ann", "4111")), &event))
	require.JSONEq(t, strings.ReplaceAll(processingEvent, "Ann", "4111"), text(event))
	processed := streaming.ProcessedChatContent{Content: "4111", ContentType: "text/plain"}
	result := streaming.ProcessingResult{Status: streaming.StatusProcessed, Result: streaming.ProcessedResult{ProcessedChatContent: processed}}
	var log strings.Builder
	for _, v := range []any{event, event.ChatContent, result, result.Result, processed} {
		slog.New(slog.NewTextHandler(&log, nil)).Info("event", "v", v)
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x"} {
			fmt.Fprintf(&log, verb, v)
		}
	}
	// For a pointer and a wrong verb, fmt doesn't call the methods of the value.
	fmt.Fprintf(&log, "%s %q %s %s", []any{&event}, []any{&event}, []any{&result}, []any{&result.Result})
	for _, v := range []any{event, event.ChatContent, result, result.Result, processed} {
		slog.New(slog.NewJSONHandler(&log, nil)).Info("event", "v", v)
	}
	require.NotContains(t, log.String(), "4111")
	require.Contains(t, log.String(), "message i-1")
}
