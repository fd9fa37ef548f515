// SPDX-License-Identifier: Apache-2.0

package connectparticipant_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/ratelimit"
	smithy "github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"
	"github.com/stretchr/testify/require"

	"github.com/participant-go/connectparticipant"
	"github.com/participant-go/connectparticipant/internal/restjson"
	"github.com/participant-go/connectparticipant/types"
)

// final is an error that is not retryable.
type final struct{ error }

func (final) RetryableError() bool { return false }

func sendError(err error) error {
	return &smithy.OperationError{Err: &smithyhttp.RequestSendError{Err: &url.Error{Op: "Post", URL: "https://example.com", Err: err}}}
}

func TestIsRetryable(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		err  error
		want bool
	}{
		"nil":                               {nil, false},
		"any error":                         {errors.New("x"), false},
		"a wrapped ThrottlingException":     {fmt.Errorf("send: %w", &types.ThrottlingException{}), true},
		"TooManyRequestsException":          {&smithy.GenericAPIError{Code: "TooManyRequestsException"}, true},
		"InternalServerException":           {&types.InternalServerException{}, true},
		"ValidationException":               {&types.ValidationException{}, false},
		"ServiceQuotaExceededException":     {&types.ServiceQuotaExceededException{}, false},
		"invalid parameters":                {smithy.InvalidParamsError{}, false},
		"a refused connection":              {sendError(&net.OpError{Op: "dial", Err: syscall.ECONNREFUSED}), true},
		"a connection closed early":         {sendError(io.EOF), true},
		"a host that does not exist":        {sendError(&net.DNSError{IsNotFound: true}), false},
		"a name server that is away":        {sendError(&net.DNSError{IsTemporary: true}), true},
		"a quota of retries used up":        {errors.Join(&types.InternalServerException{}, ratelimit.QuotaExceededError{}), true},
		"an error that declares itself":     {sendError(final{errors.New("x")}), false},
		"a network time-out":                {fmt.Errorf("read: %w", os.ErrDeadlineExceeded), true},
		"an attempt's time-out":             {sendError(context.DeadlineExceeded), true},
		"a canceled attempt":                {sendError(context.Canceled), false},
		"a context's cancellation":          {context.Canceled, false},
		"a context's deadline":              {context.DeadlineExceeded, false},
		"a wrapped deadline":                {fmt.Errorf("wait: %w", context.DeadlineExceeded), false},
		"the call's deadline":               {&smithy.OperationError{Err: &smithy.CanceledError{Err: context.DeadlineExceeded}}, false},
		"a deadline while waiting to retry": {&smithy.OperationError{Err: &aws.RequestCanceledError{Err: context.DeadlineExceeded}}, false},
		"a deserialization error":           {&smithy.DeserializationError{Err: errors.New("invalid JSON")}, false},
		"a response cut off":                {&smithy.DeserializationError{Err: &restjson.BodyError{Err: io.ErrUnexpectedEOF}}, true},
		"a response reset":                  {&smithy.DeserializationError{Err: &net.OpError{Op: "read", Err: syscall.ECONNRESET}}, true},
	} {
		require.Equal(t, test.want, connectparticipant.IsRetryable(test.err), name)
	}
}

func TestIsRetryableOfACall(t *testing.T) {
	t.Parallel()
	broken := func(err error) func() (*http.Response, error) {
		return func() (*http.Response, error) {
			r := newResponse(200, ``)
			r.Body = io.NopCloser(io.MultiReader(strings.NewReader(`{"Id":"a`), failingReader{err}))
			return r, nil
		}
	}
	for name, test := range map[string]struct {
		response func() (*http.Response, error)
		want     bool
	}{
		"a bare 429":                {status(429), true},
		"a ThrottlingException":     {status(400, "x-amzn-ErrorType", "ThrottlingException"), true},
		"500":                       {status(500), true},
		"501":                       {status(501), true},
		"502 in HTML":               {func() (*http.Response, error) { return newResponse(502, `<html>`, "Content-Type", "text/html"), nil }, true},
		"504":                       {status(504), true},
		"a reset connection":        {failure(&net.OpError{Op: "read", Net: "tcp", Err: syscall.ECONNRESET}), true},
		"any failure of the client": {failure(errors.New("x")), true},
		"a response cut off":        {broken(io.ErrUnexpectedEOF), true},
		"a response reset":          {broken(syscall.ECONNRESET), true},
		"a response that breaks":    {broken(errors.New("any error")), true},
		"malformed JSON":            {func() (*http.Response, error) { return newResponse(200, `{"Id":"a`), nil }, false},
		"a member of another type":  {func() (*http.Response, error) { return newResponse(200, `{"Id":1}`), nil }, false},
		"400":                       {status(400, "x-amzn-ErrorType", "ValidationException"), false},
		"402":                       {status(402, "x-amzn-ErrorType", "ServiceQuotaExceededException"), false},
		"403":                       {status(403), false},
		"404":                       {status(404, "x-amzn-ErrorType", "ResourceNotFoundException"), false},
		"409":                       {status(409, "x-amzn-ErrorType", "ConflictException"), false},
		"a redirect":                {status(307, "Location", "https://elsewhere.example"), false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) { // the client waits before it retries
				client := connectparticipant.New(connectparticipant.Options{
					Region: "us-west-2", HTTPClient: &http.Client{Transport: &attempts{responses: []func() (*http.Response, error){test.response}}},
				})
				_, err := sendHello(t.Context(), client)
				require.Error(t, err)
				require.Equal(t, test.want, connectparticipant.IsRetryable(err), "%v", err)
				_, err = sendHello(t.Context(), client, noRetries)
				require.Equal(t, test.want, connectparticipant.IsRetryable(err), "%v", err)
			})
		})
	}
}

func TestIsRetryableWhenTheCallIsNotSent(t *testing.T) {
	t.Parallel()
	_, err := connectparticipant.New(connectparticipant.Options{Region: "us-west-2"}).SendMessage(t.Context(), nil)
	require.Error(t, err)
	require.False(t, connectparticipant.IsRetryable(err))
	_, err = sendHello(t.Context(), connectparticipant.New(connectparticipant.Options{}))
	require.ErrorContains(t, err, "egion")
	require.False(t, connectparticipant.IsRetryable(err))
}

// Below the client, an attempt's time-out and the end of the call look the same.
func TestIsRetryableAfterATimeOut(t *testing.T) {
	t.Parallel()
	released := make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		select {
		case <-released:
		case <-r.Context().Done():
		}
	}))
	t.Cleanup(server.Close)
	t.Cleanup(func() { close(released) })
	impatient := server.Client()
	impatient.Timeout = 20 * time.Millisecond
	client := connectparticipant.New(connectparticipant.Options{BaseEndpoint: &server.URL, HTTPClient: impatient})
	_, err := sendHello(t.Context(), client, noRetries)
	require.ErrorIs(t, err, context.DeadlineExceeded)
	require.True(t, connectparticipant.IsRetryable(err), "%v", err)

	patient := connectparticipant.New(connectparticipant.Options{BaseEndpoint: &server.URL})
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	_, err = sendHello(ctx, patient)
	require.ErrorIs(t, err, context.DeadlineExceeded)
	require.False(t, connectparticipant.IsRetryable(err), "%v", err)

	ctx, cancel = context.WithCancel(t.Context())
	time.AfterFunc(20*time.Millisecond, cancel)
	_, err = sendHello(ctx, patient)
	require.ErrorIs(t, err, context.Canceled)
	require.False(t, connectparticipant.IsRetryable(err), "%v", err)
}
