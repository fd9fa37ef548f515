// SPDX-License-Identifier: Apache-2.0

package connectparticipant_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsmiddleware "github.com/aws/aws-sdk-go-v2/aws/middleware"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	smithy "github.com/aws/smithy-go"
	"github.com/stretchr/testify/require"

	"github.com/participant-go/connectparticipant"
	"github.com/participant-go/connectparticipant/types"
)

func noRetries(o *connectparticipant.Options) { o.RetryMaxAttempts = 1 }

func sendHello(ctx context.Context, client *connectparticipant.Client, optFns ...func(*connectparticipant.Options)) (*connectparticipant.SendMessageOutput, error) {
	return client.SendMessage(ctx, &connectparticipant.SendMessageInput{
		ConnectionToken: aws.String(connectionToken), Content: aws.String("hello"), ContentType: aws.String("text/plain"),
	}, optFns...)
}

// errorForms are the error responses of the service and of proxies in front of it.
var errorForms = []struct {
	name     string
	response func() *http.Response
}{
	{"header", func() *http.Response {
		return newResponse(403, `{"message":"Access denied"}`, "x-amzn-ErrorType", "AccessDeniedException")
	}},
	{"header-with-url", func() *http.Response {
		return newResponse(429, `{"Message":"Rate exceeded"}`, "x-amzn-ErrorType", "ThrottlingException:http://internal.amazon.com/coral/com.amazon.coral.availability/")
	}},
	{"header-with-namespace", func() *http.Response {
		return newResponse(400, `{"message":"no"}`, "x-amzn-ErrorType", "com.amazonaws.connectparticipant#ValidationException:http://internal.amazon.com/")
	}},
	{"header-with-comma", func() *http.Response {
		return newResponse(409, `{"message":"no"}`, "x-amzn-ErrorType", "ConflictException,SomethingElse")
	}},
	{"header-before-body", func() *http.Response {
		return newResponse(402, `{"code":"ValidationException","__type":"ThrottlingException","message":"too many"}`, "x-amzn-ErrorType", "ServiceQuotaExceededException")
	}},
	{"code", func() *http.Response {
		return newResponse(500, `{"__type":"ValidationException","code":"InternalServerException","message":"oops"}`)
	}},
	{"type", func() *http.Response {
		return newResponse(400, `{"__type":"com.amazonaws.connectparticipant#ValidationException","Message":"upper"}`)
	}},
	{"names-in-other-case", func() *http.Response {
		return newResponse(400, `{"Code":"ValidationException","MESSAGE":"shouted"}`)
	}},
	{"both-messages", func() *http.Response {
		return newResponse(400, `{"__type":"ValidationException","Message":"upper","message":"lower"}`)
	}},
	{"resource-not-found", func() *http.Response {
		return newResponse(404, `{"message":"no view","ResourceId":"view-1","ResourceType":"CONTACT_FLOW"}`, "x-amzn-ErrorType", "ResourceNotFoundException")
	}},
	{"unknown-code", func() *http.Response {
		return newResponse(418, `{"message":"short and stout"}`, "x-amzn-ErrorType", "TeapotException")
	}},
	{"gateway-403", func() *http.Response { return newResponse(403, `{"message":"Forbidden"}`) }},
	{"gateway-429", func() *http.Response { return newResponse(429, `{"message":"Too Many Requests"}`) }},
	{"empty-body", func() *http.Response { return newResponse(503, ``) }},
	{"html-body", func() *http.Response {
		return newResponse(502, `<html><body>bad gateway</body></html>`, "Content-Type", "text/html")
	}},
	{"truncated-body", func() *http.Response {
		return newResponse(400, `{"__type":"ValidationException","message":"cut o`)
	}},
	{"list-body", func() *http.Response { return newResponse(400, `["ValidationException"]`) }},
	{"members-of-other-types", func() *http.Response {
		return newResponse(400, `{"code":400,"__type":["x"],"message":{"text":"x"},"Message":"upper case"}`)
	}},
	{"empty-code", func() *http.Response {
		return newResponse(400, `{"__type":"#:","message":"x"}`, "x-amzn-ErrorType", ":")
	}},
	{"redirect", func() *http.Response { return newResponse(307, ``, "Location", "https://elsewhere.example/") }},
	{"message-that-quotes-the-token", func() *http.Response {
		return newResponse(403, `{"message":"bad header X-Amz-Bearer=`+connectionToken+`"}`, "x-amzn-ErrorType", "AccessDeniedException")
	}},
	{"other-request-id", func() *http.Response {
		r := newResponse(403, ``)
		r.Header = http.Header{"X-Amz-Cf-Id": {"edge"}}
		return r
	}},
}

func TestErrorResponses(t *testing.T) {
	t.Parallel()
	for _, form := range errorForms {
		t.Run(form.name, func(t *testing.T) {
			t.Parallel()
			newClientOf := func(optFns ...func(*connectparticipant.Options)) *connectparticipant.Client {
				return newClient(func(*http.Request) (*http.Response, error) { return form.response(), nil }, append(optFns, noRetries)...)
			}
			golden(t, "errors/"+form.name+".txt", inEveryForm(t, newClientOf, func(client *connectparticipant.Client, optFns ...func(*connectparticipant.Options)) string {
				out, err := sendHello(t.Context(), client, optFns...)
				require.Nil(t, out)
				return describeError(t, err)
			}))
		})
	}
}

func describeError(t *testing.T, err error) string {
	t.Helper()
	var operation *smithy.OperationError
	require.ErrorAs(t, err, &operation)
	var response *awshttp.ResponseError
	require.ErrorAs(t, err, &response)
	var api smithy.APIError
	require.ErrorAs(t, err, &api)
	text := fmt.Sprintf("%s\n\ntype: %T\ncode: %s\nmessage: %s\nfault: %s\nstatus: %d\nrequest id: %s\nIsAccessDenied: %t\nIsThrottled: %t\n",
		err, api, api.ErrorCode(), api.ErrorMessage(), api.ErrorFault(), response.HTTPStatusCode(),
		connectparticipant.RequestID(err), connectparticipant.IsAccessDenied(err), connectparticipant.IsThrottled(err))
	var missing *types.ResourceNotFoundException
	if errors.As(err, &missing) {
		text += fmt.Sprintf("resource: %s %s\n", aws.ToString(missing.ResourceId), missing.ResourceType)
	}
	return text
}

func TestEmptyMemberOfAnErrorIsNotNil(t *testing.T) {
	t.Parallel()
	for body, want := range map[string]*string{`{}`: nil, `{"Message":null,"ResourceId":null}`: nil, `{"Message":"","ResourceId":""}`: aws.String("")} {
		client := newClient(func(*http.Request) (*http.Response, error) {
			return newResponse(404, body, "x-amzn-ErrorType", "ResourceNotFoundException"), nil
		})
		_, err := sendHello(t.Context(), client)
		var missing *types.ResourceNotFoundException
		require.ErrorAs(t, err, &missing)
		require.Equal(t, want, missing.Message, body)
		require.Equal(t, want, missing.ResourceId, body)
	}
}

// A message may contain the name of an error code; the code is not hidden.
func TestContentThatLooksLikeAnErrorCode(t *testing.T) {
	t.Parallel()
	client := newClient(func(*http.Request) (*http.Response, error) {
		return newResponse(400, `{"message":"no"}`, "x-amzn-ErrorType", "ValidationException"), nil
	})
	_, err := client.SendMessage(t.Context(), &connectparticipant.SendMessageInput{
		ConnectionToken: aws.String(connectionToken), Content: aws.String("ValidationException"), ContentType: aws.String("text/plain"),
	})
	var invalid *types.ValidationException
	require.ErrorAs(t, err, &invalid)
}

func TestUnreadableResponses(t *testing.T) {
	t.Parallel()
	reset := errors.New("read: wire cut")
	for name, response := range map[string]func() *http.Response{
		"truncated JSON":        func() *http.Response { return newResponse(200, `{"Id":"item-1","Abs`) },
		"a wrong type":          func() *http.Response { return newResponse(200, `{"Id":7}`) },
		"a list":                func() *http.Response { return newResponse(200, `[]`) },
		"HTML":                  func() *http.Response { return newResponse(200, `<html></html>`, "Content-Type", "text/html") },
		"two documents":         func() *http.Response { return newResponse(200, `{"Id":"a"}{"Id":"b"}`) },
		"a body over the bound": func() *http.Response { return hugeResponse(200) },
		"a body that breaks": func() *http.Response {
			r := newResponse(200, ``)
			r.Body = io.NopCloser(io.MultiReader(strings.NewReader(`{"Id":"a`), failingReader{reset}))
			return r
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			client := newClient(func(*http.Request) (*http.Response, error) { return response(), nil }, noRetries)
			_, err := sendHello(t.Context(), client)
			var operation *smithy.OperationError
			require.ErrorAs(t, err, &operation)
			var bad *smithy.DeserializationError
			require.ErrorAs(t, err, &bad)
			require.Empty(t, bad.Snapshot, "a snapshot would show secrets")
			var http *awshttp.ResponseError
			require.ErrorAs(t, err, &http)
			require.Equal(t, 200, http.HTTPStatusCode())
			require.NotContains(t, err.Error(), "item-1")
			if name == "a body that breaks" {
				require.ErrorIs(t, err, reset)
			}
		})
	}
}

// hugeResponse is valid JSON that never ends.
func hugeResponse(status int) *http.Response {
	r := newResponse(status, ``)
	r.ContentLength = -1
	r.Body = io.NopCloser(io.MultiReader(strings.NewReader(`{"Id":"`), endless{}))
	return r
}

type endless struct{}

func (endless) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = 'a'
	}
	return len(p), nil
}

type failingReader struct{ err error }

func (r failingReader) Read([]byte) (int, error) { return 0, r.err }

func TestHugeErrorResponseKeepsItsStatus(t *testing.T) {
	t.Parallel()
	client := newClient(func(*http.Request) (*http.Response, error) { return hugeResponse(403), nil }, noRetries)
	_, err := sendHello(t.Context(), client)
	require.True(t, connectparticipant.IsAccessDenied(err))
}

// An error text doesn't flood a log, wherever a hostile service places long text.
func TestErrorTextsAreShort(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("ü", 100_000)
	name := strings.Repeat("x", 200_000)
	for where, respond := range map[string]func() (*http.Response, error){
		"the message": func() (*http.Response, error) {
			return newResponse(400, `{"__type":"ValidationException","message":"`+long+`"}`), nil
		},
		"an unknown message": func() (*http.Response, error) {
			return newResponse(400, `{"__type":"Teapot","Message":"`+long+`"}`), nil
		},
		"the code":            func() (*http.Response, error) { return newResponse(400, `{"code":"`+name+`"}`), nil },
		"the header":          func() (*http.Response, error) { return newResponse(400, `{}`, "X-Amzn-Errortype", name), nil },
		"the request id":      func() (*http.Response, error) { return newResponse(400, `{}`, "X-Amzn-Requestid", name), nil },
		"the Content-Type":    func() (*http.Response, error) { return newResponse(200, `<html>`, "Content-Type", name), nil },
		"a text of net/http":  func() (*http.Response, error) { return nil, errors.New(long) },
		"a chain of net/http": func() (*http.Response, error) { return nil, fmt.Errorf("dial: %w", errors.New(long)) },
		"the resource": func() (*http.Response, error) {
			return newResponse(404, `{"__type":"ResourceNotFoundException","message":"m","ResourceId":"`+long+`","ResourceType":"`+long+`"}`), nil
		},
	} {
		client := newClient(func(*http.Request) (*http.Response, error) { return respond() }, noRetries)
		_, err := sendHello(t.Context(), client)
		require.Error(t, err, where)
		require.LessOrEqual(t, len(err.Error()), 5<<10, where)
		require.True(t, utf8.ValidString(err.Error()), where)
		require.LessOrEqual(t, len(connectparticipant.RequestID(err)), 5<<10, where)
		if missing := (*types.ResourceNotFoundException)(nil); errors.As(err, &missing) {
			require.LessOrEqual(t, len(*missing.ResourceId)+len(missing.ResourceType), 9<<10)
		}
	}
}

func TestSizeLimitAppliesAfterDecompression(t *testing.T) {
	t.Parallel()
	var bomb bytes.Buffer
	zip := gzip.NewWriter(&bomb)
	_, err := zip.Write([]byte(`{"Id":"`))
	require.NoError(t, err)
	_, err = io.CopyN(zip, endless{}, 64<<20)
	require.NoError(t, err)
	require.NoError(t, zip.Close())
	require.Less(t, bomb.Len(), 1<<20)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Encoding", "gzip")
		_, _ = w.Write(bomb.Bytes())
	}))
	t.Cleanup(server.Close)
	client := connectparticipant.New(connectparticipant.Options{BaseEndpoint: &server.URL, HTTPClient: server.Client()})
	_, err = sendHello(t.Context(), client, noRetries)
	var bad *smithy.DeserializationError
	require.ErrorAs(t, err, &bad)
	require.ErrorContains(t, err, "32 MiB")
}

func TestErrorHelpersWithOtherErrors(t *testing.T) {
	t.Parallel()
	for _, err := range []error{nil, errors.New("x"), context.Canceled, &smithy.GenericAPIError{Code: "UnknownError"}} {
		require.False(t, connectparticipant.IsAccessDenied(err))
		require.False(t, connectparticipant.IsThrottled(err))
		require.Empty(t, connectparticipant.RequestID(err))
	}
	require.True(t, connectparticipant.IsThrottled(fmt.Errorf("wrapped: %w", &types.ThrottlingException{})))
	require.True(t, connectparticipant.IsThrottled(&smithy.GenericAPIError{Code: "TooManyRequestsException"}))
	require.True(t, connectparticipant.IsAccessDenied(&types.AccessDeniedException{}))
}

func TestMissingMembersAreReportedTogether(t *testing.T) {
	t.Parallel()
	sent := 0
	client := newClient(func(*http.Request) (*http.Response, error) { sent++; return newResponse(200, `{}`), nil })
	calls := map[string]struct {
		do      func(context.Context, *connectparticipant.Client, ...func(*connectparticipant.Options)) (any, error)
		missing []string
	}{
		"CancelParticipantAuthentication": {do((*connectparticipant.Client).CancelParticipantAuthentication, nil), []string{"ConnectionToken", "SessionId"}},
		"CompleteAttachmentUpload":        {do((*connectparticipant.Client).CompleteAttachmentUpload, nil), []string{"ConnectionToken", "AttachmentIds"}},
		"CreateParticipantConnection":     {do((*connectparticipant.Client).CreateParticipantConnection, nil), []string{"ParticipantToken"}},
		"DescribeView":                    {do((*connectparticipant.Client).DescribeView, nil), []string{"ConnectionToken", "ViewToken"}},
		"DisconnectParticipant":           {do((*connectparticipant.Client).DisconnectParticipant, nil), []string{"ConnectionToken"}},
		"GetAttachment":                   {do((*connectparticipant.Client).GetAttachment, nil), []string{"ConnectionToken", "AttachmentId"}},
		"GetAuthenticationUrl":            {do((*connectparticipant.Client).GetAuthenticationUrl, nil), []string{"ConnectionToken", "RedirectUri", "SessionId"}},
		"GetTranscript":                   {do((*connectparticipant.Client).GetTranscript, nil), []string{"ConnectionToken"}},
		"SendEvent":                       {do((*connectparticipant.Client).SendEvent, nil), []string{"ConnectionToken", "ContentType"}},
		"SendMessage":                     {do((*connectparticipant.Client).SendMessage, nil), []string{"ConnectionToken", "Content", "ContentType"}},
		"StartAttachmentUpload":           {do((*connectparticipant.Client).StartAttachmentUpload, nil), []string{"ConnectionToken", "AttachmentName", "ContentType"}},
	}
	for name, call := range calls {
		_, err := call.do(t.Context(), client)
		var operation *smithy.OperationError
		require.ErrorAs(t, err, &operation)
		require.Equal(t, name, operation.Operation())
		var invalid smithy.InvalidParamsError
		require.ErrorAs(t, err, &invalid)
		var missing []string
		for _, e := range invalid.Errs() {
			var param smithy.InvalidParamError
			require.ErrorAs(t, e, &param)
			missing = append(missing, strings.TrimPrefix(param.Field(), name+"Input."))
		}
		require.Equal(t, call.missing, missing, name)
	}
	require.Zero(t, sent)
}

func TestTokensThatAreInvalidInAHeader(t *testing.T) {
	t.Parallel()
	client := newClient(func(*http.Request) (*http.Response, error) { return nil, errors.New("sent") }, noRetries)
	for token, want := range map[string]string{
		"":                  "must not be empty",
		" \n":               "must not be blank",
		"made-up-token\n":   "line break",
		" made-up-token":    "white space",
		"made-up\r\nHost: ": "control character",
		"made-up\x00token":  "control character",
		"made-up\x7ftoken":  "control character",
		"made-up-token\t":   "white space",
	} {
		_, err := client.GetTranscript(t.Context(), &connectparticipant.GetTranscriptInput{ConnectionToken: &token})
		require.ErrorContains(t, err, want)
		require.ErrorContains(t, err, "GetTranscriptInput.ConnectionToken")
		require.NotContains(t, err.Error(), "made-up")
		_, err = client.CreateParticipantConnection(t.Context(), &connectparticipant.CreateParticipantConnectionInput{ParticipantToken: &token})
		require.ErrorContains(t, err, want)
	}
	_, err := client.DescribeView(t.Context(), &connectparticipant.DescribeViewInput{ConnectionToken: aws.String("t"), ViewToken: aws.String("")})
	require.ErrorContains(t, err, "must not be empty, DescribeViewInput.ViewToken")
}

func TestTokenWithATabIsSent(t *testing.T) {
	t.Parallel()
	const token = "made-up\ttoken"
	var got string
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		got = r.Header.Get("X-Amz-Bearer")
		_, _ = io.WriteString(w, `{}`)
	}))
	t.Cleanup(server.Close)
	client := connectparticipant.New(connectparticipant.Options{BaseEndpoint: &server.URL, HTTPClient: server.Client()})
	_, err := client.GetTranscript(t.Context(), &connectparticipant.GetTranscriptInput{ConnectionToken: aws.String(token)})
	require.NoError(t, err)
	require.Equal(t, token, got)
}

func TestRequestIDOnSuccess(t *testing.T) {
	t.Parallel()
	for _, header := range []string{"x-amzn-RequestId", "X-Amzn-Request-Id", "x-amz-request-id", "X-Amz-RequestId", "x-amz-id-2", "x-amz-cf-id"} {
		client := newClient(func(*http.Request) (*http.Response, error) {
			r := newResponse(200, `{}`)
			r.Header = http.Header{}
			r.Header.Set(header, "id-from-"+header)
			return r, nil
		})
		out, err := sendHello(t.Context(), client)
		require.NoError(t, err)
		id, ok := awsmiddleware.GetRequestIDMetadata(out.ResultMetadata)
		require.True(t, ok)
		require.Equal(t, "id-from-"+header, id)
	}
}
