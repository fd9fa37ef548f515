// SPDX-License-Identifier: Apache-2.0

package connectparticipant_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	smithy "github.com/aws/smithy-go"
	"github.com/stretchr/testify/require"

	"github.com/participant-go/connectparticipant"
	_ "github.com/participant-go/connectparticipant/internal/fipstest" // random numbers in bubbles
)

// attempts records requests and responds from a list; the last entry is repeated forever.
type attempts struct {
	bodies    []string
	headers   []http.Header
	at        []time.Time
	responses []func() (*http.Response, error)
}

func (a *attempts) RoundTrip(r *http.Request) (*http.Response, error) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	a.bodies, a.headers, a.at = append(a.bodies, string(body)), append(a.headers, r.Header), append(a.at, time.Now())
	return a.responses[min(len(a.bodies), len(a.responses))-1]()
}

func status(code int, headers ...string) func() (*http.Response, error) {
	return func() (*http.Response, error) { return newResponse(code, `{}`, headers...), nil }
}

func failure(err error) func() (*http.Response, error) {
	return func() (*http.Response, error) { return nil, err }
}

func TestRetries(t *testing.T) {
	t.Parallel()
	reset := &net.OpError{Op: "read", Net: "tcp", Err: syscall.ECONNRESET}
	for name, test := range map[string]struct {
		responses []func() (*http.Response, error)
		optFns    []func(*connectparticipant.Options)
		sent      int
		fails     bool
	}{
		"a bare 429 is retried":              {responses: []func() (*http.Response, error){status(429), status(200)}, sent: 2},
		"a 429 of any error is retried":      {responses: []func() (*http.Response, error){status(429, "x-amzn-ErrorType", "ConflictException"), status(200)}, sent: 2},
		"a ThrottlingException is retried":   {responses: []func() (*http.Response, error){status(400, "x-amzn-ErrorType", "ThrottlingException"), status(200)}, sent: 2},
		"500, then 503, then 200 succeeds":   {responses: []func() (*http.Response, error){status(500), status(503), status(200)}, sent: 3},
		"502 and 504 are retried":            {responses: []func() (*http.Response, error){status(502), status(504), status(200)}, sent: 3},
		"a reset connection is retried":      {responses: []func() (*http.Response, error){failure(reset), status(200)}, sent: 2},
		"a fourth attempt is not made":       {responses: []func() (*http.Response, error){status(500)}, sent: 3, fails: true},
		"400 is final":                       {responses: []func() (*http.Response, error){status(400)}, sent: 1, fails: true},
		"403 is final":                       {responses: []func() (*http.Response, error){status(403)}, sent: 1, fails: true},
		"403 from another date is final":     {responses: []func() (*http.Response, error){status(403, "x-amzn-ErrorType", "AccessDeniedException", "Date", "Mon, 02 Jan 2006 15:04:05 GMT")}, sent: 1, fails: true},
		"404 is final":                       {responses: []func() (*http.Response, error){status(404)}, sent: 1, fails: true},
		"409 is final":                       {responses: []func() (*http.Response, error){status(409)}, sent: 1, fails: true},
		"402 is final":                       {responses: []func() (*http.Response, error){status(402)}, sent: 1, fails: true},
		"RetryMaxAttempts of the client":     {responses: []func() (*http.Response, error){status(500)}, optFns: []func(*connectparticipant.Options){maxAttempts(5)}, sent: 5, fails: true},
		"a custom Retryer is not changed":    {responses: []func() (*http.Response, error){status(429, "x-amzn-ErrorType", "ConflictException")}, optFns: []func(*connectparticipant.Options){func(o *connectparticipant.Options) { o.Retryer = retry.NewStandard() }}, sent: 1, fails: true},
		"aws.NopRetryer never retries":       {responses: []func() (*http.Response, error){status(500)}, optFns: []func(*connectparticipant.Options){func(o *connectparticipant.Options) { o.Retryer = aws.NopRetryer{} }}, sent: 1, fails: true},
		"the default Retryer can be wrapped": {responses: []func() (*http.Response, error){status(409), status(200)}, optFns: []func(*connectparticipant.Options){retryConflicts}, sent: 2},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				a := &attempts{responses: test.responses}
				client := connectparticipant.New(connectparticipant.Options{Region: "us-west-2", HTTPClient: &http.Client{Transport: a}}, test.optFns...)
				_, err := sendHello(t.Context(), client)
				require.Equal(t, test.fails, err != nil, "%v", err)
				require.Len(t, a.bodies, test.sent)
				for i := range a.bodies {
					require.Equal(t, a.bodies[0], a.bodies[i], "each attempt has the same body and client token")
					require.Equal(t, a.headers[0].Get("Amz-Sdk-Invocation-Id"), a.headers[i].Get("Amz-Sdk-Invocation-Id"))
					require.Contains(t, a.headers[i].Get("Amz-Sdk-Request"), "attempt="+string(rune('1'+i)))
				}
				require.Regexp(t, `"ClientToken":"[0-9a-f-]{36}"`, a.bodies[0])
			})
		})
	}
}

func maxAttempts(n int) func(*connectparticipant.Options) {
	return func(o *connectparticipant.Options) { o.RetryMaxAttempts = n }
}

func retryConflicts(o *connectparticipant.Options) {
	o.Retryer = retry.AddWithErrorCodes(o.Retryer, "UnknownError")
}

// Virtual time can stall the loop in which the adaptive retryer waits, so the test only checks its
// decisions.
func TestAdaptiveModeRetriesABare429(t *testing.T) {
	t.Parallel()
	a := &attempts{responses: []func() (*http.Response, error){status(429)}}
	client := connectparticipant.New(connectparticipant.Options{
		Region: "us-west-2", HTTPClient: &http.Client{Transport: a}, RetryMode: aws.RetryModeAdaptive,
	})
	_, err := sendHello(t.Context(), client, noRetries)
	require.True(t, connectparticipant.IsThrottled(err))
	require.True(t, client.Options().Retryer.IsErrorRetryable(err))
	require.Contains(t, fmt.Sprintf("%T", client.Options().Retryer), "adaptiveRetryer")
}

// Successful calls refill the retry quota after an outage, at the same rate in each mode.
func TestRetryQuotaRecoversAfterAnOutage(t *testing.T) {
	t.Parallel()
	retries := map[aws.RetryMode]int{}
	for _, mode := range []aws.RetryMode{aws.RetryModeStandard, aws.RetryModeAdaptive} {
		synctest.Test(t, func(t *testing.T) {
			a := &attempts{responses: []func() (*http.Response, error){status(503)}}
			client := connectparticipant.New(connectparticipant.Options{
				Region: "us-west-2", HTTPClient: &http.Client{Transport: a}, RetryMode: mode,
			})
			retriesOf := func(calls int) int {
				a.bodies = nil
				for range calls {
					_, _ = sendHello(t.Context(), client)
				}
				return len(a.bodies) - calls
			}
			retriesOf(300)
			require.Zero(t, retriesOf(1), "the quota is not used up")
			a.responses[0] = status(200)
			retriesOf(100)
			a.responses[0] = status(503)
			retries[mode] = retriesOf(300)
			require.Positive(t, retries[mode], mode)
		})
	}
	require.Equal(t, retries[aws.RetryModeStandard], retries[aws.RetryModeAdaptive])
}

func TestRetryMaxAttemptsOfACall(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		a := &attempts{responses: []func() (*http.Response, error){status(500)}}
		client := connectparticipant.New(connectparticipant.Options{Region: "us-west-2", HTTPClient: &http.Client{Transport: a}, RetryMaxAttempts: 4})
		for _, test := range []struct {
			optFns []func(*connectparticipant.Options)
			sent   int
		}{
			{nil, 4},
			{[]func(*connectparticipant.Options){maxAttempts(2)}, 2},
			{[]func(*connectparticipant.Options){maxAttempts(1)}, 1},
			{[]func(*connectparticipant.Options){maxAttempts(0)}, 4},
			{[]func(*connectparticipant.Options){maxAttempts(6)}, 6},
		} {
			a.bodies = nil
			_, err := sendHello(t.Context(), client, test.optFns...)
			require.Error(t, err)
			require.Len(t, a.bodies, test.sent)
		}
	})
}

func TestCanceledContextStopsImmediately(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		a := &attempts{}
		a.responses = []func() (*http.Response, error){func() (*http.Response, error) {
			cancel()
			return newResponse(500, `{}`), nil
		}}
		client := connectparticipant.New(connectparticipant.Options{Region: "us-west-2", HTTPClient: &http.Client{Transport: a}})
		begin := time.Now()
		_, err := sendHello(ctx, client)
		require.ErrorIs(t, err, context.Canceled)
		require.Len(t, a.bodies, 1)
		require.Zero(t, time.Since(begin), "the wait between attempts was not cut short")

		_, err = sendHello(ctx, client)
		require.ErrorIs(t, err, context.Canceled)
		require.Len(t, a.bodies, 1, "a request was sent with a context that is done")
	})
}

func TestCanceledContextEndsASlowResponse(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		client := newClient(func(r *http.Request) (*http.Response, error) {
			response := newResponse(200, ``)
			response.Body = io.NopCloser(readerUntil{r.Context()})
			return response, nil
		})
		_, err := sendHello(ctx, client)
		require.ErrorIs(t, err, context.DeadlineExceeded)
		var canceled *smithy.CanceledError
		require.ErrorAs(t, err, &canceled)
	})
}

// readerUntil blocks until its context ends, like the body of a silent server.
type readerUntil struct{ ctx context.Context }

func (r readerUntil) Read([]byte) (int, error) {
	<-r.ctx.Done()
	return 0, r.ctx.Err()
}

func TestRetriesAreDelayed(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		a := &attempts{responses: []func() (*http.Response, error){status(429)}}
		client := connectparticipant.New(connectparticipant.Options{Region: "us-west-2", HTTPClient: &http.Client{Transport: a}})
		_, err := sendHello(t.Context(), client)
		require.True(t, connectparticipant.IsThrottled(err))
		require.Positive(t, a.at[1].Sub(a.at[0]))
		require.LessOrEqual(t, a.at[2].Sub(a.at[0]), 40*time.Second)
	})
}

func TestFailingIdempotencyTokenProvider(t *testing.T) {
	t.Parallel()
	broken := errors.New("no entropy")
	client := newClient(nil, func(o *connectparticipant.Options) { o.IdempotencyTokenProvider = brokenTokens{broken} })
	_, err := sendHello(t.Context(), client)
	require.ErrorIs(t, err, broken)
}

type brokenTokens struct{ err error }

func (b brokenTokens) GetIdempotencyToken() (string, error) { return "", b.err }
