// SPDX-License-Identifier: Apache-2.0

package connectparticipant

import (
	"net/http"
	"reflect"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/smithy-go/logging"
	"github.com/aws/smithy-go/metrics"
	"github.com/aws/smithy-go/middleware"
	"github.com/aws/smithy-go/tracing"
	smithyhttp "github.com/aws/smithy-go/transport/http"
	"github.com/stretchr/testify/require"
)

// uncomparable is a logger for which == panics.
type uncomparable []string

func (uncomparable) Logf(logging.Classification, string, ...any) {}

// Every per-call option makes a new chain, except those that only affect attempts. A new option
// must be added here.
func TestOptionsThatNeedANewChain(t *testing.T) {
	t.Parallel()
	base := New(Options{Region: "us-west-2"}).options
	same := map[string]bool{
		"DefaultsMode": true, "DisableClockSkewCorrection": true, "RuntimeEnvironment": true, // without effect here
		"RetryMaxAttempts": true, "RetryMode": true, "Retryer": true,
	}
	other := map[string]any{
		"APIOptions":                 []func(*middleware.Stack) error{nil},
		"AppID":                      "other",
		"BaseEndpoint":               aws.String("https://example.com"),
		"ClientLogMode":              aws.LogRequest,
		"DefaultsMode":               aws.DefaultsModeMobile,
		"DisableClockSkewCorrection": true,
		"EndpointOptions":            EndpointResolverOptions{DisableHTTPS: true},
		"EndpointResolver":           NewDefaultEndpointResolver(),
		"EndpointResolverV2":         struct{ EndpointResolverV2 }{},
		"HTTPClient":                 &http.Client{},
		"IdempotencyTokenProvider":   struct{ IdempotencyTokenProvider }{},
		"Interceptors":               smithyhttp.InterceptorRegistry{BeforeExecution: []smithyhttp.BeforeExecutionInterceptor{nil}},
		"Logger":                     uncomparable{},
		"MeterProvider":              struct{ metrics.MeterProvider }{},
		"Region":                     "eu-west-2",
		"RetryMaxAttempts":           7,
		"RetryMode":                  aws.RetryModeAdaptive,
		"Retryer":                    aws.NopRetryer{},
		"RuntimeEnvironment":         aws.RuntimeEnvironment{Region: "eu-west-2"},
		"TracerProvider":             struct{ tracing.TracerProvider }{},
	}
	require.True(t, sameChain(&base, &base))
	for _, field := range reflect.VisibleFields(reflect.TypeFor[Options]()) {
		if !field.IsExported() {
			continue
		}
		require.Contains(t, other, field.Name)
		changed := base
		reflect.ValueOf(&changed).Elem().FieldByIndex(field.Index).Set(reflect.ValueOf(other[field.Name]))
		require.Equal(t, same[field.Name], sameChain(&changed, &base), field.Name)
		require.Equal(t, same[field.Name], sameChain(&base, &changed), field.Name)
	}
	loud := base
	loud.Logger = uncomparable{}
	require.False(t, sameChain(&loud, &loud), "it can't be compared")
}
