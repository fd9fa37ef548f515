// SPDX-License-Identifier: Apache-2.0

package connectparticipant_test

import (
	"context"
	"errors"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/smithy-go/middleware"
	smithyhttp "github.com/aws/smithy-go/transport/http"
	"github.com/stretchr/testify/require"

	"github.com/participant-go/connectparticipant"
)

// The HTTP client, the attempts of a call and the middlewares around them each have their own
// request: changes that one makes are not seen by the others.

// newDoClient returns a client that calls do, which isn't net/http's.
func newDoClient(do doFunc, optFns ...func(*connectparticipant.Options)) *connectparticipant.Client {
	return connectparticipant.New(connectparticipant.Options{Region: "us-west-2", HTTPClient: do, Retryer: immediately()}, optFns...)
}

func TestHTTPClientThatRemovesTheToken(t *testing.T) {
	t.Parallel()
	for name, do := range map[string]func(token string) (*http.Response, error){
		"and shows it": func(token string) (*http.Response, error) { return nil, errors.New("proxy refused " + token) },
		"and the service shows it": func(token string) (*http.Response, error) {
			return newResponse(403, `{"message":"bad `+token+`"}`), nil
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			client := newDoClient(func(r *http.Request) (*http.Response, error) {
				token := r.Header.Get("X-Amz-Bearer")
				r.Header.Del("X-Amz-Bearer")
				return do(token)
			}, noRetries)
			_, err := sendHello(t.Context(), client)
			require.NotContains(t, err.Error(), connectionToken)
		})
	}
}

// aroundAttempt adds a middleware directly before the HTTP client.
func aroundAttempt(handle func(r *smithyhttp.Request, next func())) func(*connectparticipant.Options) {
	return connectparticipant.WithAPIOptions(func(s *middleware.Stack) error {
		return s.Deserialize.Add(middleware.DeserializeMiddlewareFunc("Around", func(ctx context.Context, in middleware.DeserializeInput, next middleware.DeserializeHandler) (out middleware.DeserializeOutput, metadata middleware.Metadata, err error) {
			handle(in.Request.(*smithyhttp.Request), func() { out, metadata, err = next.HandleDeserialize(ctx, in) })
			return out, metadata, err
		}), middleware.After)
	})
}

func TestMiddlewareAndHTTPClientUseHeadersConcurrently(t *testing.T) {
	t.Parallel()
	var wg sync.WaitGroup
	client := newDoClient(func(r *http.Request) (*http.Response, error) {
		wg.Go(func() { _ = r.Header.Clone() }) // as a write loop does after an early response
		return newResponse(200, `{}`), nil
	}, aroundAttempt(func(r *smithyhttp.Request, next func()) {
		next()
		r.Header.Set("X-Done", "1")
	}), aroundAttempt(func(r *smithyhttp.Request, next func()) {
		var watchdog sync.WaitGroup
		watchdog.Go(func() { _ = r.Header.Clone() })
		next()
		watchdog.Wait()
	}))
	for range 20 {
		_, err := sendHello(t.Context(), client)
		require.NoError(t, err)
	}
	wg.Wait()
}

func TestMiddlewareHeaderIsNotChangedByTheHTTPClient(t *testing.T) {
	t.Parallel()
	client := newClient(func(r *http.Request) (*http.Response, error) {
		r.Header.Set("X-Client", "1")
		return newResponse(200, `{}`), nil
	}, aroundAttempt(func(r *smithyhttp.Request, next func()) {
		before := r.Header.Clone()
		next()
		require.Equal(t, before, r.Header)
	}))
	_, err := sendHello(t.Context(), client)
	require.NoError(t, err)
}

func TestHeaderValueChangedInPlaceIsNotSentAgain(t *testing.T) {
	t.Parallel()
	change := func(r *http.Request) { r.Header["User-Agent"][0] += " via" }
	for name, client := range map[string]func(sent *[]string) *connectparticipant.Client{
		"by the HTTP client": func(sent *[]string) *connectparticipant.Client {
			return newDoClient(func(r *http.Request) (*http.Response, error) {
				change(r)
				*sent = append(*sent, r.Header.Get("User-Agent"))
				return newResponse(500, `{}`), nil
			})
		},
		"by a middleware": func(sent *[]string) *connectparticipant.Client {
			return newDoClient(func(r *http.Request) (*http.Response, error) {
				*sent = append(*sent, r.Header.Get("User-Agent"))
				return newResponse(500, `{}`), nil
			}, aroundAttempt(func(r *smithyhttp.Request, next func()) {
				change(r.Request)
				next()
			}))
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var sent []string
			_, err := sendHello(t.Context(), client(&sent))
			require.Error(t, err)
			require.Len(t, sent, 3)
			require.Equal(t, sent[0], sent[1])
			require.Equal(t, sent[0], sent[2])
		})
	}
}

func TestSerializeMiddlewareCallsNextTwice(t *testing.T) {
	t.Parallel()
	calls := 0
	client := newDoClient(func(*http.Request) (*http.Response, error) {
		if calls++; calls == 1 {
			return newResponse(403, `{}`), nil
		}
		return newResponse(200, `{}`), nil
	}, noRetries, connectparticipant.WithAPIOptions(func(s *middleware.Stack) error {
		return s.Serialize.Add(middleware.SerializeMiddlewareFunc("Again", func(ctx context.Context, in middleware.SerializeInput, next middleware.SerializeHandler) (middleware.SerializeOutput, middleware.Metadata, error) {
			out, metadata, err := next.HandleSerialize(ctx, in)
			require.NotNil(t, in.Request.(*smithyhttp.Request).Header)
			require.NotNil(t, in.Request.(*smithyhttp.Request).URL)
			if err != nil {
				return next.HandleSerialize(ctx, in)
			}
			return out, metadata, err
		}), middleware.Before)
	}))
	_, err := sendHello(t.Context(), client)
	require.NoError(t, err)
	require.Equal(t, 2, calls)
}

func TestContentThatLooksLikeTheEndOfAQuote(t *testing.T) {
	t.Parallel()
	content := "mail me' at 'my-secret-address@example.com"
	client := newClient(func(*http.Request) (*http.Response, error) {
		return newResponse(400, `{"message":"1 validation error detected: Value '`+content+`' at 'content' failed"}`, "X-Amzn-Errortype", "ValidationException"), nil
	}, noRetries)
	_, err := client.SendMessage(t.Context(), &connectparticipant.SendMessageInput{ConnectionToken: aws.String(connectionToken), Content: &content, ContentType: aws.String("text/plain")})
	require.Error(t, err)
	require.NotContains(t, err.Error(), "my-secret-address")
}

// Clients that share options and calls that share a client don't interfere with each other.
func TestConcurrentFirstCalls(t *testing.T) {
	t.Parallel()
	for range 10 {
		client := newDoClient(func(*http.Request) (*http.Response, error) { return newResponse(200, `{}`), nil })
		var calls sync.WaitGroup
		for range 8 {
			calls.Go(func() {
				ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
				defer cancel()
				if _, err := sendHello(ctx, client); err != nil {
					t.Error(err)
				}
			})
		}
		calls.Wait()
	}
}
