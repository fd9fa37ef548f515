// SPDX-License-Identifier: Apache-2.0

package connectparticipant_test

import (
	"context"
	"net/http"
	"slices"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/smithy-go/logging"
	"github.com/aws/smithy-go/middleware"
	smithyhttp "github.com/aws/smithy-go/transport/http"
	"github.com/stretchr/testify/require"

	"github.com/participant-go/connectparticipant"
)

// nothing is an interceptor of every kind that changes nothing.
type nothing struct{}

func (nothing) BeforeExecution(context.Context, *smithyhttp.InterceptorContext) error { return nil }

func (nothing) AfterExecution(context.Context, *smithyhttp.InterceptorContext) error { return nil }

func (nothing) BeforeSerialization(context.Context, *smithyhttp.InterceptorContext) error { return nil }

func (nothing) AfterSerialization(context.Context, *smithyhttp.InterceptorContext) error { return nil }

func (nothing) BeforeRetryLoop(context.Context, *smithyhttp.InterceptorContext) error { return nil }

func (nothing) BeforeAttempt(context.Context, *smithyhttp.InterceptorContext) error { return nil }

func (nothing) AfterAttempt(context.Context, *smithyhttp.InterceptorContext) error { return nil }

func (nothing) BeforeSigning(context.Context, *smithyhttp.InterceptorContext) error { return nil }

func (nothing) AfterSigning(context.Context, *smithyhttp.InterceptorContext) error { return nil }

func (nothing) BeforeTransmit(context.Context, *smithyhttp.InterceptorContext) error { return nil }

func (nothing) AfterTransmit(context.Context, *smithyhttp.InterceptorContext) error { return nil }

func (nothing) BeforeDeserialization(context.Context, *smithyhttp.InterceptorContext) error {
	return nil
}

func (nothing) AfterDeserialization(context.Context, *smithyhttp.InterceptorContext) error {
	return nil
}

// interceptor implements every kind.
type interceptor interface {
	smithyhttp.BeforeExecutionInterceptor
	smithyhttp.AfterExecutionInterceptor
	smithyhttp.BeforeSerializationInterceptor
	smithyhttp.AfterSerializationInterceptor
	smithyhttp.BeforeRetryLoopInterceptor
	smithyhttp.BeforeAttemptInterceptor
	smithyhttp.AfterAttemptInterceptor
	smithyhttp.BeforeSigningInterceptor
	smithyhttp.AfterSigningInterceptor
	smithyhttp.BeforeTransmitInterceptor
	smithyhttp.AfterTransmitInterceptor
	smithyhttp.BeforeDeserializationInterceptor
	smithyhttp.AfterDeserializationInterceptor
}

func everywhere(i interceptor) smithyhttp.InterceptorRegistry {
	return smithyhttp.InterceptorRegistry{
		BeforeExecution:       []smithyhttp.BeforeExecutionInterceptor{i},
		AfterExecution:        []smithyhttp.AfterExecutionInterceptor{i},
		BeforeSerialization:   []smithyhttp.BeforeSerializationInterceptor{i},
		AfterSerialization:    []smithyhttp.AfterSerializationInterceptor{i},
		BeforeRetryLoop:       []smithyhttp.BeforeRetryLoopInterceptor{i},
		BeforeAttempt:         []smithyhttp.BeforeAttemptInterceptor{i},
		AfterAttempt:          []smithyhttp.AfterAttemptInterceptor{i},
		BeforeSigning:         []smithyhttp.BeforeSigningInterceptor{i},
		AfterSigning:          []smithyhttp.AfterSigningInterceptor{i},
		BeforeTransmit:        []smithyhttp.BeforeTransmitInterceptor{i},
		AfterTransmit:         []smithyhttp.AfterTransmitInterceptor{i},
		BeforeDeserialization: []smithyhttp.BeforeDeserializationInterceptor{i},
		AfterDeserialization:  []smithyhttp.AfterDeserializationInterceptor{i},
	}
}

func addNothing(o *connectparticipant.Options) { o.Interceptors = everywhere(nothing{}) }

// pass adds a middleware that does nothing. Its ID may be that of a middleware of this package;
// both run.
func pass(id string) func(*connectparticipant.Options) {
	return connectparticipant.WithAPIOptions(func(s *middleware.Stack) error {
		return s.Build.Add(middleware.BuildMiddlewareFunc(id, func(ctx context.Context, in middleware.BuildInput, next middleware.BuildHandler) (middleware.BuildOutput, middleware.Metadata, error) {
			return next.HandleBuild(ctx, in)
		}), middleware.Before)
	})
}

// forms are the ways to make a call that use a kept chain or a new one, with different middlewares.
// Requests and results must be the same.
var forms = []struct {
	name   string
	option func(*connectparticipant.Options)
}{
	{"no options", func(*connectparticipant.Options) {}},
	{"a middleware", pass("Pass")},
	{"a middleware with the id of another", pass("ClientRequestID")},
	{"interceptors", addNothing},
	{"a tracer", func(o *connectparticipant.Options) { o.TracerProvider = &spans{} }},
	{"a meter", func(o *connectparticipant.Options) { o.MeterProvider = &meter{} }},
	{"a log", func(o *connectparticipant.Options) {
		o.Logger, o.ClientLogMode = logging.NewStandardLogger(&buffer{}), aws.LogRequestWithBody|aws.LogResponseWithBody|aws.LogRetries
	}},
	{"an endpoint resolver", func(o *connectparticipant.Options) {
		o.EndpointResolverV2 = struct {
			connectparticipant.EndpointResolverV2
		}{connectparticipant.NewDefaultEndpointResolverV2()}
	}},
	{"a deprecated endpoint resolver", connectparticipant.WithEndpointResolver(connectparticipant.NewDefaultEndpointResolver())},
}

// inEveryForm makes a call in every form, with options of the client and of the call, twice with
// each client, and returns its description, which must be the same each time.
func inEveryForm(t *testing.T, newClient func(...func(*connectparticipant.Options)) *connectparticipant.Client, describe func(*connectparticipant.Client, ...func(*connectparticipant.Options)) string) string {
	t.Helper()
	plain := describe(newClient())
	for _, form := range forms {
		client := newClient(form.option)
		require.Equal(t, plain, describe(client), "client with %s", form.name)
		require.Equal(t, plain, describe(client), "client with %s, again", form.name)
		require.Equal(t, plain, describe(newClient(), form.option), "call with %s", form.name)
	}
	return plain
}

// A client's APIOptions run on every call, even if the chain could be kept.
func TestAPIOptionsRunOnEveryCall(t *testing.T) {
	t.Parallel()
	runs := 0
	count := connectparticipant.WithAPIOptions(func(*middleware.Stack) error {
		runs++
		return nil
	})
	client := newClient(func(*http.Request) (*http.Response, error) { return newResponse(200, `{}`), nil }, count)
	for range 3 {
		_, err := sendHello(t.Context(), client)
		require.NoError(t, err)
	}
	require.Equal(t, 3, runs)
}

// Two middlewares with the same ID both run, in order, as in a stack.
func TestMiddlewaresWithTheSameID(t *testing.T) {
	t.Parallel()
	var ran []string
	add := func(name string, position middleware.RelativePosition) func(*connectparticipant.Options) {
		return connectparticipant.WithAPIOptions(func(s *middleware.Stack) error {
			return s.Finalize.Add(middleware.FinalizeMiddlewareFunc("Same", func(ctx context.Context, in middleware.FinalizeInput, next middleware.FinalizeHandler) (middleware.FinalizeOutput, middleware.Metadata, error) {
				ran = append(ran, name)
				return next.HandleFinalize(ctx, in)
			}), position)
		})
	}
	client := newClient(func(*http.Request) (*http.Response, error) { return newResponse(200, `{}`), nil })
	_, err := sendHello(t.Context(), client, add("last", middleware.After), add("second", middleware.Before), add("first", middleware.Before))
	require.NoError(t, err)
	require.True(t, slices.Equal([]string{"first", "second", "last"}, ran), "%v", ran)
}
