// SPDX-License-Identifier: Apache-2.0

package connectparticipant_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsmiddleware "github.com/aws/aws-sdk-go-v2/aws/middleware"
	"github.com/aws/smithy-go/middleware"
	smithyhttp "github.com/aws/smithy-go/transport/http"
	"github.com/stretchr/testify/require"

	"github.com/participant-go/connectparticipant"
)

// stackOf returns the middlewares of a call, one per line, in the order in which a request passes
// them.
func stackOf(t *testing.T, optFns ...func(*connectparticipant.Options)) string {
	t.Helper()
	var list string
	client := newClient(func(*http.Request) (*http.Response, error) { return newResponse(200, `{}`), nil }, optFns...)
	_, err := sendHello(t.Context(), client, connectparticipant.WithAPIOptions(func(s *middleware.Stack) error {
		list = strings.Join(s.List(), "\n")
		return nil
	}))
	require.NoError(t, err)
	return list + "\n"
}

func TestStack(t *testing.T) {
	t.Parallel()
	everything := func(o *connectparticipant.Options) {
		o.ClientLogMode = aws.LogRequest
		o.Interceptors.AddBeforeExecution(&recorder{})
	}
	golden(t, "stack.txt", "# plain\n"+stackOf(t)+"\n# with a log mode and an interceptor\n"+stackOf(t, everything))
}

func TestContextAndInputOfMiddlewares(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		add func(*middleware.Stack, middleware.FinalizeMiddleware) error
		url string
	}{
		"before the retry loop": {func(s *middleware.Stack, m middleware.FinalizeMiddleware) error {
			return s.Finalize.Insert(m, "Retry", middleware.Before)
		}, "/participant/message"},
		"after the endpoint": {func(s *middleware.Stack, m middleware.FinalizeMiddleware) error {
			return s.Finalize.Insert(m, "ResolveEndpointV2", middleware.After)
		}, "https://participant.connect.us-west-2.amazonaws.com/participant/message"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			seen := false
			inspect := middleware.FinalizeMiddlewareFunc("Inspect", func(ctx context.Context, in middleware.FinalizeInput, next middleware.FinalizeHandler) (middleware.FinalizeOutput, middleware.Metadata, error) {
				seen = true
				r := in.Request.(*smithyhttp.Request)
				require.Equal(t, "POST", r.Method)
				require.Equal(t, test.url, r.URL.String())
				require.Equal(t, connectionToken, r.Header.Get("X-Amz-Bearer"))
				require.Equal(t, "application/json", r.Header.Get("Content-Type"))
				length, ok, err := r.StreamLength()
				require.NoError(t, err)
				require.True(t, ok)
				require.Positive(t, length)
				require.Equal(t, "ConnectParticipant", awsmiddleware.GetServiceID(ctx))
				require.Equal(t, "SendMessage", awsmiddleware.GetOperationName(ctx))
				require.Equal(t, "us-west-2", awsmiddleware.GetRegion(ctx))
				require.Equal(t, "ConnectParticipant", middleware.GetServiceID(ctx))
				require.Equal(t, "SendMessage", middleware.GetOperationName(ctx))
				return next.HandleFinalize(ctx, in)
			})
			client := newClient(func(*http.Request) (*http.Response, error) { return newResponse(200, `{}`), nil },
				connectparticipant.WithAPIOptions(func(s *middleware.Stack) error { return test.add(s, inspect) }))
			_, err := sendHello(t.Context(), client)
			require.NoError(t, err)
			require.True(t, seen)
		})
	}
}

// Changes that an Initialize middleware makes to the input are sent, and never appear in the
// caller's own input.
func TestMiddlewareChangesTheInput(t *testing.T) {
	t.Parallel()
	var sent string
	client := newClient(func(r *http.Request) (*http.Response, error) {
		sent = describeRequest(t, r)
		return newResponse(200, `{}`), nil
	}, connectparticipant.WithAPIOptions(func(s *middleware.Stack) error {
		return s.Initialize.Add(middleware.InitializeMiddlewareFunc("Shout", func(ctx context.Context, in middleware.InitializeInput, next middleware.InitializeHandler) (middleware.InitializeOutput, middleware.Metadata, error) {
			params := in.Parameters.(*connectparticipant.SendMessageInput)
			params.Content = aws.String(strings.ToUpper(*params.Content))
			return next.HandleInitialize(ctx, in)
		}), middleware.After)
	}))
	input := &connectparticipant.SendMessageInput{ConnectionToken: aws.String(connectionToken), Content: aws.String("hello"), ContentType: aws.String("text/plain")}
	_, err := client.SendMessage(t.Context(), input)
	require.NoError(t, err)
	require.Contains(t, sent, `"Content":"HELLO"`)
	require.Equal(t, "hello", *input.Content)
	require.Nil(t, input.ClientToken, "the client token was written into the caller's input")
}

func TestMiddlewareReplacesTheBody(t *testing.T) {
	t.Parallel()
	var sent string
	client := newClient(func(r *http.Request) (*http.Response, error) {
		require.EqualValues(t, len(`{"replaced":true}`), r.ContentLength)
		sent = describeRequest(t, r)
		return newResponse(200, `{}`), nil
	}, connectparticipant.WithAPIOptions(func(s *middleware.Stack) error {
		return s.Build.Add(middleware.BuildMiddlewareFunc("Replace", func(ctx context.Context, in middleware.BuildInput, next middleware.BuildHandler) (middleware.BuildOutput, middleware.Metadata, error) {
			request, err := in.Request.(*smithyhttp.Request).SetStream(strings.NewReader(`{"replaced":true}`))
			if err != nil {
				return middleware.BuildOutput{}, middleware.Metadata{}, err
			}
			in.Request = request
			return next.HandleBuild(ctx, in)
		}), middleware.After)
	}))
	_, err := sendHello(t.Context(), client)
	require.NoError(t, err)
	require.Contains(t, sent, "\n"+`{"replaced":true}`+"\n")
}

func TestMiddlewareThatReturnsItsOwnResult(t *testing.T) {
	t.Parallel()
	short := func(result any) func(*connectparticipant.Options) {
		return connectparticipant.WithAPIOptions(func(s *middleware.Stack) error {
			return s.Initialize.Add(middleware.InitializeMiddlewareFunc("Short", func(context.Context, middleware.InitializeInput, middleware.InitializeHandler) (middleware.InitializeOutput, middleware.Metadata, error) {
				return middleware.InitializeOutput{Result: result}, middleware.Metadata{}, nil
			}), middleware.Before)
		})
	}
	client := newClient(nil)
	out, err := sendHello(t.Context(), client, short(&connectparticipant.SendMessageOutput{Id: aws.String("short")}))
	require.NoError(t, err)
	require.Equal(t, "short", *out.Id)
	_, err = sendHello(t.Context(), client, short("nonsense"))
	require.ErrorContains(t, err, "middleware returned string for *connectparticipant.SendMessageOutput")
	for _, nothing := range []any{nil, (*connectparticipant.SendMessageOutput)(nil)} {
		_, err = sendHello(t.Context(), client, short(nothing))
		require.Error(t, err)
	}
}

// A call returns the error of an API option unwrapped.
func TestAPIOptionsThatFail(t *testing.T) {
	t.Parallel()
	broken := errors.New("broken")
	fail := connectparticipant.WithAPIOptions(func(*middleware.Stack) error { return broken })
	_, err := sendHello(t.Context(), newClient(nil), fail)
	require.Same(t, broken, err, "of the call")
	_, err = sendHello(t.Context(), newClient(nil, fail))
	require.Same(t, broken, err, "of the client")
}

// recorder is an interceptor of every kind that records its calls.
type recorder struct{ calls []string }

func (r *recorder) note(name string, in *smithyhttp.InterceptorContext) error {
	if in.Input == nil {
		return errors.New(name + " has no input")
	}
	r.calls = append(r.calls, name)
	return nil
}

func (r *recorder) BeforeExecution(_ context.Context, in *smithyhttp.InterceptorContext) error {
	return r.note("BeforeExecution", in)
}

func (r *recorder) AfterExecution(_ context.Context, in *smithyhttp.InterceptorContext) error {
	return r.note("AfterExecution", in)
}

func (r *recorder) BeforeSerialization(_ context.Context, in *smithyhttp.InterceptorContext) error {
	return r.note("BeforeSerialization", in)
}

func (r *recorder) AfterSerialization(_ context.Context, in *smithyhttp.InterceptorContext) error {
	in.Request.Header.Set("X-Intercepted", in.Request.Header.Get("X-Amz-Bearer"))
	return r.note("AfterSerialization", in)
}

func (r *recorder) BeforeRetryLoop(_ context.Context, in *smithyhttp.InterceptorContext) error {
	return r.note("BeforeRetryLoop", in)
}

func (r *recorder) BeforeAttempt(_ context.Context, in *smithyhttp.InterceptorContext) error {
	return r.note("BeforeAttempt", in)
}

func (r *recorder) AfterAttempt(_ context.Context, in *smithyhttp.InterceptorContext) error {
	return r.note("AfterAttempt", in)
}

func (r *recorder) BeforeSigning(_ context.Context, in *smithyhttp.InterceptorContext) error {
	return r.note("BeforeSigning", in)
}

func (r *recorder) AfterSigning(_ context.Context, in *smithyhttp.InterceptorContext) error {
	return r.note("AfterSigning", in)
}

func (r *recorder) BeforeTransmit(_ context.Context, in *smithyhttp.InterceptorContext) error {
	return r.note("BeforeTransmit", in)
}

func (r *recorder) AfterTransmit(_ context.Context, in *smithyhttp.InterceptorContext) error {
	return r.note("AfterTransmit", in)
}

func (r *recorder) BeforeDeserialization(_ context.Context, in *smithyhttp.InterceptorContext) error {
	return r.note("BeforeDeserialization", in)
}

func (r *recorder) AfterDeserialization(_ context.Context, in *smithyhttp.InterceptorContext) error {
	return r.note("AfterDeserialization", in)
}

func TestInterceptors(t *testing.T) {
	t.Parallel()
	var r recorder
	var sent http.Header
	client := newClient(func(request *http.Request) (*http.Response, error) {
		sent = request.Header
		return newResponse(200, `{"Id":"item-1"}`), nil
	}, func(o *connectparticipant.Options) {
		o.Interceptors = everywhere(&r)
	})
	out, err := sendHello(t.Context(), client)
	require.NoError(t, err)
	require.Equal(t, "item-1", *out.Id)
	require.Equal(t, connectionToken, sent.Get("X-Intercepted"), "the header that the interceptor copied from the bearer was not sent")
	require.Equal(t, []string{
		"BeforeExecution", "BeforeSerialization", "AfterSerialization", "BeforeRetryLoop", "BeforeAttempt", "BeforeSigning",
		"AfterSigning", "BeforeTransmit", "AfterTransmit", "BeforeDeserialization", "AfterDeserialization", "AfterAttempt",
		"AfterExecution",
	}, r.calls)
}

func TestRecursionDetection(t *testing.T) {
	t.Setenv("AWS_LAMBDA_FUNCTION_NAME", "echo")
	t.Setenv("_X_AMZN_TRACE_ID", "Root=1-2-3;Parent=4")
	var sent http.Header
	client := newClient(func(r *http.Request) (*http.Response, error) {
		sent = r.Header
		return newResponse(200, `{}`), nil
	})
	_, err := sendHello(t.Context(), client)
	require.NoError(t, err)
	require.Equal(t, "Root=1-2-3;Parent=4", sent.Get("X-Amzn-Trace-Id"))
}

func TestUserAgent(t *testing.T) {
	t.Parallel()
	var sent string
	client := newClient(func(r *http.Request) (*http.Response, error) {
		sent = r.Header.Get("User-Agent")
		require.Empty(t, r.Header.Get("Authorization"))
		return newResponse(200, `{}`), nil
	}, func(o *connectparticipant.Options) { o.AppID = "my app/1" },
		connectparticipant.WithAPIOptions(awsmiddleware.AddUserAgentKeyValue("bridge", "2.0")))
	_, err := sendHello(t.Context(), client)
	require.NoError(t, err)
	require.Regexp(t, `^aws-sdk-go-v2/\S+ .* bridge/2\.0 connectparticipant-go/\d+\.\d+\.\d+ lang/go#1\.\S+ app/my-app-1$`, sent)
}

// captureInput is an API option that stores the input of the call.
func captureInput(input *any) func(*middleware.Stack) error {
	return func(s *middleware.Stack) error {
		return s.Initialize.Add(middleware.InitializeMiddlewareFunc("Capture", func(ctx context.Context, in middleware.InitializeInput, next middleware.InitializeHandler) (middleware.InitializeOutput, middleware.Metadata, error) {
			*input = in.Parameters
			return next.HandleInitialize(ctx, in)
		}), middleware.After)
	}
}

// returnInput is an API option that returns the input of each call as its result.
func returnInput(s *middleware.Stack) error {
	return s.Initialize.Add(middleware.InitializeMiddlewareFunc("Return", func(_ context.Context, in middleware.InitializeInput, _ middleware.InitializeHandler) (middleware.InitializeOutput, middleware.Metadata, error) {
		return middleware.InitializeOutput{Result: in.Parameters}, middleware.Metadata{}, nil
	}), middleware.Before)
}
