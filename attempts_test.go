// SPDX-License-Identifier: Apache-2.0

package connectparticipant_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsmiddleware "github.com/aws/aws-sdk-go-v2/aws/middleware"
	"github.com/aws/aws-sdk-go-v2/aws/ratelimit"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	smithyhttp "github.com/aws/smithy-go/transport/http"
	"github.com/stretchr/testify/require"

	"github.com/participant-go/connectparticipant"
)

// resultsOf describes what retry.GetAttemptResults finds.
func resultsOf(out *connectparticipant.SendMessageOutput, err error) string {
	text := fmt.Sprintf("%v", err)
	if out == nil {
		return text
	}
	results, found := retry.GetAttemptResults(out.ResultMetadata)
	text += fmt.Sprintf(" results:%t", found)
	id, _ := awsmiddleware.GetRequestIDMetadata(out.ResultMetadata)
	raw, _ := awsmiddleware.GetRawResponse(out.ResultMetadata).(*smithyhttp.Response)
	text += fmt.Sprintf(" id:%s raw:%t", id, raw != nil)
	for _, result := range results.Results {
		id, _ := awsmiddleware.GetRequestIDMetadata(result.ResponseMetadata)
		raw, _ := result.GetRawResponse().(*smithyhttp.Response)
		text += fmt.Sprintf("\n%v retryable:%t retried:%t id:%s raw:%t", result.Err, result.Retryable, result.Retried, id, raw != nil)
	}
	return text
}

// The request, the metadata and the error of a call are the same with and without the retry loop
// for the first attempt.
func TestAttemptsAreTheSameWithAndWithoutTheLoop(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		responses []func() (*http.Response, error)
		optFns    []func(*connectparticipant.Options)
		want      []string
	}{
		"success":                 {[]func() (*http.Response, error){status(200)}, nil, []string{"attempt=1; max=3"}},
		"success after 503":       {[]func() (*http.Response, error){status(503), status(200)}, nil, []string{"attempt=1; max=3", "attempt=2; max=3"}},
		"three failures":          {[]func() (*http.Response, error){status(503)}, nil, []string{"attempt=1; max=3", "attempt=2; max=3", "attempt=3; max=3"}},
		"final failure":           {[]func() (*http.Response, error){status(400)}, nil, []string{"attempt=1; max=3"}},
		"final failure after 503": {[]func() (*http.Response, error){status(503), status(400)}, nil, []string{"attempt=1; max=3", "attempt=2; max=3"}},
		"one attempt":             {[]func() (*http.Response, error){status(503)}, []func(*connectparticipant.Options){maxAttempts(1)}, []string{"attempt=1; max=1"}},
		"no retryer":              {[]func() (*http.Response, error){status(503)}, []func(*connectparticipant.Options){noRetries}, []string{"attempt=1; max=1"}},
		"any number of attempts": {[]func() (*http.Response, error){status(503), status(503), status(503), status(200)}, []func(*connectparticipant.Options){func(o *connectparticipant.Options) {
			o.Retryer = retry.AddWithMaxAttempts(retry.NewStandard(), 0)
		}}, []string{"attempt=1", "attempt=2", "attempt=3", "attempt=4"}},
		"not sent":             {[]func() (*http.Response, error){failure(errors.New("made-up failure"))}, []func(*connectparticipant.Options){maxAttempts(2)}, []string{"attempt=1; max=2", "attempt=2; max=2"}},
		"standard of the user": {[]func() (*http.Response, error){status(500), status(200)}, []func(*connectparticipant.Options){func(o *connectparticipant.Options) { o.Retryer = retry.NewStandard() }}, []string{"attempt=1; max=3", "attempt=2; max=3"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				var a *attempts
				newClient := func(optFns ...func(*connectparticipant.Options)) *connectparticipant.Client {
					a = &attempts{responses: test.responses}
					return connectparticipant.New(connectparticipant.Options{Region: "us-west-2", HTTPClient: &http.Client{Transport: a}}, append(test.optFns, optFns...)...)
				}
				inEveryForm(t, newClient, func(client *connectparticipant.Client, optFns ...func(*connectparticipant.Options)) string {
					*a = attempts{responses: test.responses}
					out, err := sendHello(t.Context(), client, optFns...)
					require.Len(t, a.headers, len(test.want))
					for i, header := range a.headers {
						require.Equal(t, []string{test.want[i]}, header["Amz-Sdk-Request"])
						require.Equal(t, a.headers[0]["Amz-Sdk-Invocation-Id"], header["Amz-Sdk-Invocation-Id"])
						require.Equal(t, a.bodies[0], a.bodies[i])
					}
					return resultsOf(out, err)
				})
			})
		})
	}
}

// Per-call options apply to that call only.
func TestRetryOptionsOfACallApplyToThatCallOnly(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		a := &attempts{responses: []func() (*http.Response, error){status(503)}}
		client := connectparticipant.New(connectparticipant.Options{Region: "us-west-2", HTTPClient: &http.Client{Transport: a}})
		for _, test := range []struct {
			option func(*connectparticipant.Options)
			sent   int
		}{
			{maxAttempts(0), 3},
			{maxAttempts(1), 1},
			{maxAttempts(5), 5},
			{noRetries, 1},
			{func(o *connectparticipant.Options) {
				o.Retryer = retry.NewStandard(func(o *retry.StandardOptions) { o.MaxAttempts = 2 })
			}, 2},
			{func(o *connectparticipant.Options) { o.ClientLogMode = aws.LogRetries }, 3},
		} {
			for range 2 {
				a.bodies = nil
				_, err := sendHello(t.Context(), client, test.option)
				require.Error(t, err)
				require.Len(t, a.bodies, test.sent)
			}
		}
	})
}

// Successful calls refill the retry quota and failed calls use it up, as in the retry loop.
func TestSuccessesRefillTheRetryQuota(t *testing.T) {
	t.Parallel()
	for name, form := range map[string]func(*connectparticipant.Options){
		"without the loop": func(*connectparticipant.Options) {},
		"in the loop":      addNothing,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				quota := ratelimit.NewTokenRateLimit(10)
				a := &attempts{responses: []func() (*http.Response, error){status(503), status(503), status(503), status(200)}}
				client := connectparticipant.New(connectparticipant.Options{
					Region: "us-west-2", HTTPClient: &http.Client{Transport: a},
					Retryer: retry.NewStandard(func(o *retry.StandardOptions) { o.RateLimiter, o.RetryCost = quota, 5 }),
				}, form)
				_, err := sendHello(t.Context(), client)
				require.Error(t, err)
				require.Zero(t, quota.Remaining())
				for i := range 4 {
					require.EqualValues(t, i, quota.Remaining())
					_, err := sendHello(t.Context(), client)
					require.NoError(t, err)
				}
				_, err = sendHello(t.Context(), client, form)
				require.NoError(t, err)
				require.EqualValues(t, 5, quota.Remaining())
			})
		})
	}
}

// A context that ends during the first attempt ends the call as it does in the loop.
func TestContextThatEndsDuringTheFirstAttempt(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		for _, first := range []func() (*http.Response, error){status(503), status(400), failure(errors.New("made-up failure"))} {
			describe := func(form func(*connectparticipant.Options)) string {
				ctx, cancel := context.WithCancel(t.Context())
				a := &attempts{responses: []func() (*http.Response, error){func() (*http.Response, error) {
					cancel()
					return first()
				}}}
				client := connectparticipant.New(connectparticipant.Options{Region: "us-west-2", HTTPClient: &http.Client{Transport: a}}, form)
				begun := time.Now()
				_, err := sendHello(ctx, client)
				require.Zero(t, time.Since(begun))
				require.Len(t, a.bodies, 1)
				return err.Error()
			}
			require.Equal(t, describe(addNothing), describe(func(*connectparticipant.Options) {}))
		}
	})
}
