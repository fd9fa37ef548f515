// SPDX-License-Identifier: Apache-2.0

package connectparticipant

import (
	"context"
	"reflect"
	"strconv"
	"sync"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/smithy-go/metrics"
	"github.com/aws/smithy-go/middleware"
	smithyhttp "github.com/aws/smithy-go/transport/http"
)

// attempts makes the attempts of a call, with the loop of aws/retry. Where nothing can observe the
// difference (a retryer with known tokens; no middlewares, interceptors, spans, metrics or log of
// the user), the first attempt is made without the loop, which is faster. If it fails and a retry
// is due, the loop starts with the result of that attempt as its first.
type attempts struct {
	options *Options
	meter   metrics.Meter
	clone   retry.RequestCloner

	alone  bool              // the first attempt is made without the loop
	header []string          // the Amz-Sdk-Request of such an attempt
	credit func(error) error // adds to the retry quota after success; nil: ask the retryer
}

func newAttempts(options *Options, telemetry *telemetry) *attempts {
	m := &attempts{options: options, meter: telemetry.meter, clone: smithyhttp.RequestCloner}
	if !options.private() {
		return m
	}
	m.clone = cloneRequest
	m.alone = telemetry.off() && !options.ClientLogMode.IsRetries() && isPlain(options.Retryer) && resultsKey() != nil
	if m.alone {
		m.header = []string{"attempt=1"}
		if most := options.Retryer.MaxAttempts(); most != 0 {
			m.header[0] += "; max=" + strconv.Itoa(most)
		}
	}
	return m
}

func (*attempts) ID() string { return "Retry" }

func (m *attempts) loop() *retry.Attempt {
	return retry.NewAttemptMiddleware(m.options.Retryer, m.clone, func(a *retry.Attempt) {
		a.LogAttempts = m.options.ClientLogMode.IsRetries()
		a.OperationMeter = m.meter
		// Nothing is signed. Without this, aws/retry would retry a 403 whose Date is minutes off.
		a.DisableClockSkewCorrection = true
	})
}

// isPlain reports whether a token for an attempt that fails has no effect, so that requesting two
// changes nothing.
func isPlain(retryer aws.Retryer) bool {
	switch retryer := retryer.(type) {
	case *retry.Standard, aws.NopRetryer:
		return true
	case *boundRetryer:
		return isPlain(retryer.RetryerV2)
	}
	return false
}

func (m *attempts) HandleFinalize(ctx context.Context, in middleware.FinalizeInput, next middleware.FinalizeHandler) (
	middleware.FinalizeOutput, middleware.Metadata, error,
) {
	if own, _ := ctx.Value(attemptsKey{}).(*attempts); own != nil {
		m = own
	}
	request, ok := in.Request.(*smithyhttp.Request)
	if !m.alone || !ok || ctx.Err() != nil {
		return m.loop().HandleFinalize(ctx, in, next)
	}
	url := *request.URL // resolving the endpoint changes it
	request.Header["Amz-Sdk-Request"] = m.header
	out, metadata, err := next.HandleFinalize(ctx, in)
	result := retry.AttemptResult{Err: err, ResponseMetadata: metadata}
	if err == nil {
		credit := m.credit
		if credit == nil {
			credit = m.options.Retryer.GetInitialToken()
		}
		_ = credit(nil)
		return out, withResult(result), nil
	}
	result.Retryable = m.options.Retryer.IsErrorRetryable(err)
	if !result.Retryable {
		return out, withResult(result), err
	}
	if m.options.Retryer.MaxAttempts() == 1 {
		result.Err = &retry.MaxAttemptsError{Attempt: 1, Err: err}
		return out, withResult(result), result.Err
	}
	*request.URL = url
	delete(request.Header, "Amz-Sdk-Request") // the loop would modify the shared value
	first := &madeAttempt{Context: ctx, out: out, metadata: metadata, err: err, next: next}
	return m.loop().HandleFinalize(first, in, first)
}

// madeAttempt is a first attempt that was made before the loop started; the loop gets it as its
// first.
type madeAttempt struct {
	context.Context // of the call

	out      middleware.FinalizeOutput
	metadata middleware.Metadata
	err      error
	found    bool
	next     middleware.FinalizeHandler // makes the other attempts
}

// Done returns nil while the loop checks whether to make its first attempt.
func (a *madeAttempt) Done() <-chan struct{} {
	if !a.found {
		return nil
	}
	return a.Context.Done()
}

func (a *madeAttempt) HandleFinalize(ctx context.Context, in middleware.FinalizeInput) (middleware.FinalizeOutput, middleware.Metadata, error) {
	if !a.found {
		a.found = true
		return a.out, a.metadata, a.err
	}
	return a.next.HandleFinalize(ctx, in)
}

// withResult returns the metadata of a call that ended with its first attempt.
func withResult(result retry.AttemptResult) middleware.Metadata {
	metadata := result.ResponseMetadata.Clone()
	metadata.Set(resultsKey(), retry.AttemptResults{Results: []retry.AttemptResult{result}})
	return metadata
}

// resultsKey returns the key under which retry.GetAttemptResults finds the results of a call's
// attempts. aws/retry doesn't export it, so it is taken from the metadata that the loop returns; it
// is nil if another version keeps the results elsewhere.
var resultsKey = sync.OnceValue(func() any {
	loop := retry.NewAttemptMiddleware(aws.NopRetryer{}, func(request any) any { return request })
	_, metadata, _ := loop.HandleFinalize(context.Background(), middleware.FinalizeInput{}, nothing{})
	values := reflect.ValueOf(metadata)
	if values.NumField() != 1 || values.Field(0).Kind() != reflect.Map || values.Field(0).Len() != 1 {
		return nil
	}
	key := reflect.Zero(values.Field(0).MapKeys()[0].Elem().Type()).Interface()
	var probe middleware.Metadata
	probe.Set(key, retry.AttemptResults{})
	if _, found := retry.GetAttemptResults(probe); !found {
		return nil
	}
	return key
})

// nothing is a handler that does nothing.
type nothing struct{}

func (nothing) HandleFinalize(context.Context, middleware.FinalizeInput) (middleware.FinalizeOutput, middleware.Metadata, error) {
	return middleware.FinalizeOutput{}, middleware.Metadata{}, nil
}
