// SPDX-License-Identifier: Apache-2.0

package connectparticipant_test

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/stretchr/testify/require"

	"github.com/participant-go/connectparticipant"
	"github.com/participant-go/connectparticipant/types"
)

var update = flag.Bool("update", false, "rewrite the golden files in testdata")

// golden compares got with testdata/name, or rewrites the file.
func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o755))
		require.NoError(t, os.WriteFile(path, []byte(got), 0o644))
	}
	want, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, string(want), got, "run the tests with -update if the change is intended")
}

// roundTripFunc responds to requests from memory.
type roundTripFunc func(*http.Request) (*http.Response, error)

func (f roundTripFunc) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// newResponse returns a response as the service would send it.
func newResponse(status int, body string, headers ...string) *http.Response {
	response := &http.Response{
		StatusCode: status, Status: fmt.Sprintf("%d %s", status, http.StatusText(status)),
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: http.Header{}, Body: io.NopCloser(strings.NewReader(body)), ContentLength: int64(len(body)),
	}
	response.Header.Set("Content-Type", "application/json")
	response.Header.Set("x-amzn-RequestId", "11111111-2222-3333-4444-555555555555")
	for i := 0; i < len(headers); i += 2 {
		response.Header.Set(headers[i], headers[i+1])
	}
	return response
}

// newClient returns a client whose requests f handles.
func newClient(f roundTripFunc, optFns ...func(*connectparticipant.Options)) *connectparticipant.Client {
	return connectparticipant.New(connectparticipant.Options{
		Region:                   "us-west-2",
		HTTPClient:               &http.Client{Transport: f},
		IdempotencyTokenProvider: fixedToken("client-token"),
	}, optFns...)
}

type fixedToken string

func (f fixedToken) GetIdempotencyToken() (string, error) { return string(f), nil }

// operationCall is a named call of an operation.
type operationCall struct {
	name     string
	do       func(context.Context, *connectparticipant.Client, ...func(*connectparticipant.Options)) (any, error)
	response string
}

var volatileHeaders = regexp.MustCompile(`(?m)^(Amz-Sdk-Invocation-Id: ).*$|(lang/go#)\S+`)

// describeRequest formats a request for the golden files.
func describeRequest(t *testing.T, r *http.Request) string {
	t.Helper()
	var lines []string
	for name, values := range r.Header {
		for _, value := range values {
			lines = append(lines, name+": "+value)
		}
	}
	slices.Sort(lines)
	text := fmt.Sprintf("%s %s\n%s\n", r.Method, r.URL, strings.Join(lines, "\n"))
	if r.Body != nil {
		body, err := io.ReadAll(r.Body)
		require.NoError(t, err)
		text += "\n" + string(body) + "\n"
	}
	return volatileHeaders.ReplaceAllString(text, "${1}${2}*")
}

func TestOperations(t *testing.T) {
	t.Parallel()
	for _, call := range slices.Concat(fullCalls, emptyCalls) {
		t.Run(call.name, func(t *testing.T) {
			t.Parallel()
			var request string
			newClientOf := func(optFns ...func(*connectparticipant.Options)) *connectparticipant.Client {
				return newClient(func(r *http.Request) (*http.Response, error) {
					request = describeRequest(t, r)
					return newResponse(http.StatusOK, call.response), nil
				}, optFns...)
			}
			golden(t, "operations/"+call.name+".txt", inEveryForm(t, newClientOf, func(client *connectparticipant.Client, optFns ...func(*connectparticipant.Options)) string {
				out, err := call.do(t.Context(), client, optFns...)
				require.NoError(t, err)
				result, err := json.MarshalIndent(out, "", "  ")
				require.NoError(t, err)
				return "# request\n" + request + "\n# response\n" + call.response + "\n\n# output\n" + string(result) + "\n"
			}))
		})
	}
}

// do turns a method and its input into an operationCall's function.
func do[I, O any](method func(*connectparticipant.Client, context.Context, *I, ...func(*connectparticipant.Options)) (*O, error), input *I) func(context.Context, *connectparticipant.Client, ...func(*connectparticipant.Options)) (any, error) {
	return func(ctx context.Context, client *connectparticipant.Client, optFns ...func(*connectparticipant.Options)) (any, error) {
		out, err := method(client, ctx, input, optFns...)
		if err != nil {
			return nil, err // not a nil *O in an any
		}
		return out, nil
	}
}

const (
	participantToken = "made-up-participant-token"
	connectionToken  = "made-up-connection-token"
	clientToken      = "made-up-client-token"
	sessionID        = "00000000-1111-2222-3333-444444444444"
)

// fullCalls has every operation with all members set, in the request and in the response.
var fullCalls = []operationCall{
	{"CancelParticipantAuthentication-all", do((*connectparticipant.Client).CancelParticipantAuthentication, &connectparticipant.CancelParticipantAuthenticationInput{
		ConnectionToken: aws.String(connectionToken), SessionId: aws.String(sessionID),
	}), `{}`},
	{"CompleteAttachmentUpload-all", do((*connectparticipant.Client).CompleteAttachmentUpload, &connectparticipant.CompleteAttachmentUploadInput{
		ConnectionToken: aws.String(connectionToken), AttachmentIds: []string{"attachment-1"}, ClientToken: aws.String(clientToken),
	}), `{}`},
	{"CreateParticipantConnection-all", do((*connectparticipant.Client).CreateParticipantConnection, &connectparticipant.CreateParticipantConnectionInput{
		ParticipantToken: aws.String(participantToken), ConnectParticipant: aws.Bool(true), Type: types.ConnectionType("").Values(),
	}), `{"ConnectionCredentials":{"ConnectionToken":"secret-1","Expiry":"2026-01-02T03:04:05.678Z"},` +
		`"WebRTCConnection":{"Attendee":{"AttendeeId":"attendee","JoinToken":"secret-2"},"Meeting":{"MediaPlacement":{"AudioFallbackUrl":"wss://a","AudioHostUrl":"b","EventIngestionUrl":"https://c","SignalingUrl":"wss://d"},"MeetingFeatures":{"Audio":{"EchoReduction":"AVAILABLE"}},"MeetingId":"meeting"}},` +
		`"Websocket":{"ConnectionExpiry":"2026-01-01T04:04:05.678Z","Url":"wss://host/path?AuthToken=secret-3"}}`},
	{"DescribeView-all", do((*connectparticipant.Client).DescribeView, &connectparticipant.DescribeViewInput{
		ConnectionToken: aws.String(connectionToken), ViewToken: aws.String("view/token 100%"),
	}), `{"View":{"Arn":"arn:aws:connect:us-west-2:aws:view/form:1","Content":{"Actions":["Submit","Back"],"InputSchema":"{\"type\":\"object\"}","Template":"{\"Head\":{}}"},"Id":"form","Name":"Form","Version":3}}`},
	{"DisconnectParticipant-all", do((*connectparticipant.Client).DisconnectParticipant, &connectparticipant.DisconnectParticipantInput{
		ConnectionToken: aws.String(connectionToken), ClientToken: aws.String(clientToken),
	}), `{}`},
	{"GetAttachment-all", do((*connectparticipant.Client).GetAttachment, &connectparticipant.GetAttachmentInput{
		ConnectionToken: aws.String(connectionToken), AttachmentId: aws.String("attachment-1"), UrlExpiryInSeconds: aws.Int32(300),
		UrlContentDisposition: types.UrlContentDispositionInline,
	}), `{"AttachmentSizeInBytes":20971520,"Url":"https://bucket/key?signature=secret","UrlExpiry":"2026-01-02T03:04:05.678Z"}`},
	{"GetAuthenticationUrl-all", do((*connectparticipant.Client).GetAuthenticationUrl, &connectparticipant.GetAuthenticationUrlInput{
		ConnectionToken: aws.String(connectionToken), RedirectUri: aws.String("https://example.com/?a=b&c=<d>"), SessionId: aws.String(sessionID),
	}), `{"AuthenticationUrl":"https://pool.auth.us-west-2.amazoncognito.com/authorize?state=secret"}`},
	{"GetTranscript-all", do((*connectparticipant.Client).GetTranscript, &connectparticipant.GetTranscriptInput{
		ConnectionToken: aws.String(connectionToken), ContactId: aws.String("contact"), MaxResults: aws.Int32(100), NextToken: aws.String("next-1"),
		ScanDirection: types.ScanDirectionForward, SortOrder: types.SortKeyAscending,
		StartPosition: &types.StartPosition{AbsoluteTime: aws.String("2026-01-02T03:04:05.678Z"), Id: aws.String("item"), MostRecent: 7},
	}), `{"InitialContactId":"initial","NextToken":"next-2","Transcript":[` +
		`{"AbsoluteTime":"2026-01-02T03:04:05.678Z","Attachments":[{"AttachmentId":"attachment-1","AttachmentName":"a.png","ContentType":"image/png","Status":"APPROVED"},{"AttachmentId":"attachment-2","Status":"IN_PROGRESS"}],"ContactId":"contact","Content":"Grüße, \"Welt\"\n\ud83d\ude00","ContentType":"text/plain","DisplayName":"Änne","Id":"item-1","MessageMetadata":{"ChunkNumber":2,"MessageCompleted":true,"MessageId":"item-1","MessageProcessingStatus":"PROCESSING","Receipts":[{"DeliveredTimestamp":"2026-01-02T03:04:06.000Z","ReadTimestamp":"2026-01-02T03:04:07.000Z","RecipientParticipantId":"agent"}]},"ParticipantId":"customer","ParticipantRole":"CUSTOMER","RelatedContactId":"past","Type":"MESSAGE"},` +
		`{"Id":"item-2","Type":"SOMETHING_NEW","Unknown":{"Deep":[1,2.5e3,true,null]}}]}`},
	{"SendEvent-all", do((*connectparticipant.Client).SendEvent, &connectparticipant.SendEventInput{
		ConnectionToken: aws.String(connectionToken), ClientToken: aws.String(clientToken),
		ContentType: aws.String("application/vnd.amazonaws.connect.event.message.read"), Content: aws.String(`{"messageId":"item-1"}`),
	}), `{"AbsoluteTime":"2026-01-02T03:04:05.678Z","Id":"item-3"}`},
	{"SendMessage-all", do((*connectparticipant.Client).SendMessage, &connectparticipant.SendMessageInput{
		ConnectionToken: aws.String(connectionToken), ClientToken: aws.String(clientToken),
		ContentType: aws.String("text/markdown"), Content: aws.String("**Grüße** <b>&\u2028\x00\t\"\\ \U0001f600"),
	}), `{"AbsoluteTime":"2026-01-02T03:04:05.678Z","Id":"item-4","MessageMetadata":{"MessageProcessingStatus":"PROCESSING"}}`},
	{"StartAttachmentUpload-all", do((*connectparticipant.Client).StartAttachmentUpload, &connectparticipant.StartAttachmentUploadInput{
		ConnectionToken: aws.String(connectionToken), ClientToken: aws.String(clientToken),
		AttachmentName: aws.String("a.png"), AttachmentSizeInBytes: 104857600, ContentType: aws.String("image/png"),
	}), `{"AttachmentId":"attachment-1","UploadMetadata":{"HeadersToInclude":{"Content-Length":"104857600","x-amz-acl":"bucket-owner-full-control"},"Url":"https://bucket/key?signature=secret","UrlExpiry":"2026-01-02T03:04:05Z"}}`},
}

// emptyCalls has every operation with the minimal input, and a response whose members are all
// absent, in various ways.
var emptyCalls = []operationCall{
	{"CancelParticipantAuthentication-none", do((*connectparticipant.Client).CancelParticipantAuthentication, &connectparticipant.CancelParticipantAuthenticationInput{
		ConnectionToken: aws.String(connectionToken), SessionId: aws.String(""),
	}), ``},
	{"CompleteAttachmentUpload-none", do((*connectparticipant.Client).CompleteAttachmentUpload, &connectparticipant.CompleteAttachmentUploadInput{
		ConnectionToken: aws.String(connectionToken), AttachmentIds: []string{},
	}), `null`},
	{"CreateParticipantConnection-none", do((*connectparticipant.Client).CreateParticipantConnection, &connectparticipant.CreateParticipantConnectionInput{
		ParticipantToken: aws.String(participantToken),
	}), `{}`},
	{"CreateParticipantConnection-empty-type", do((*connectparticipant.Client).CreateParticipantConnection, &connectparticipant.CreateParticipantConnectionInput{
		ParticipantToken: aws.String(participantToken), ConnectParticipant: aws.Bool(false), Type: []types.ConnectionType{},
	}), `{"ConnectionCredentials":{},"WebRTCConnection":{"Attendee":{},"Meeting":{"MediaPlacement":{},"MeetingFeatures":{"Audio":{}}}},"Websocket":{}}`},
	{"DescribeView-none", do((*connectparticipant.Client).DescribeView, &connectparticipant.DescribeViewInput{
		ConnectionToken: aws.String(connectionToken), ViewToken: aws.String("v"),
	}), `{"View":{"Content":{}}}`},
	{"DisconnectParticipant-none", do((*connectparticipant.Client).DisconnectParticipant, &connectparticipant.DisconnectParticipantInput{
		ConnectionToken: aws.String(connectionToken),
	}), ``},
	{"GetAttachment-none", do((*connectparticipant.Client).GetAttachment, &connectparticipant.GetAttachmentInput{
		ConnectionToken: aws.String(connectionToken), AttachmentId: aws.String(""), UrlExpiryInSeconds: aws.Int32(0),
	}), `{"AttachmentSizeInBytes":null,"Url":null}`},
	{"GetAuthenticationUrl-none", do((*connectparticipant.Client).GetAuthenticationUrl, &connectparticipant.GetAuthenticationUrlInput{
		ConnectionToken: aws.String(connectionToken), RedirectUri: aws.String(""), SessionId: aws.String(""),
	}), `{}`},
	{"GetTranscript-none", do((*connectparticipant.Client).GetTranscript, &connectparticipant.GetTranscriptInput{
		ConnectionToken: aws.String(connectionToken),
	}), `{"InitialContactId":null,"NextToken":"","Transcript":null}`},
	{"GetTranscript-zeros", do((*connectparticipant.Client).GetTranscript, &connectparticipant.GetTranscriptInput{
		ConnectionToken: aws.String(connectionToken), ContactId: aws.String(""), MaxResults: aws.Int32(0), NextToken: aws.String(""), StartPosition: &types.StartPosition{},
	}), `{"Transcript":[{},{"Attachments":[],"MessageMetadata":{"Receipts":[]}},null,{"Attachments":null,"MessageMetadata":null,"id":"wrong case"}]}`},
	{"SendEvent-none", do((*connectparticipant.Client).SendEvent, &connectparticipant.SendEventInput{
		ConnectionToken: aws.String(connectionToken), ContentType: aws.String(""),
	}), `{}`},
	{"SendMessage-none", do((*connectparticipant.Client).SendMessage, &connectparticipant.SendMessageInput{
		ConnectionToken: aws.String(connectionToken), Content: aws.String(""), ContentType: aws.String(""), ClientToken: aws.String(""),
	}), `{"MessageMetadata":{}}`},
	{"StartAttachmentUpload-none", do((*connectparticipant.Client).StartAttachmentUpload, &connectparticipant.StartAttachmentUploadInput{
		ConnectionToken: aws.String(connectionToken), AttachmentName: aws.String(""), ContentType: aws.String(""),
	}), `{"UploadMetadata":{"HeadersToInclude":{}}}`},
}
