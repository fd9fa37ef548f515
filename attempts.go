package connectparticipant

import (
	"context"
	"reflect"
	"strconv"
	"sync"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/smithy-go/middleware"
	smithyhttp "github.com/aws/smithy-go/transport/http"
)

// attempts makes the attempts of a call. It is the loop of aws/retry, but the first attempt
// is made without it where nobody can tell: with a retryer whose tokens are known, and
// without middlewares, interceptors, spans, metrics or log of the user's. The loop is entered
// when that attempt has failed and another one is due, and takes its result for its own first.
type attempts struct {
	*retry.Attempt // has the id

	alone *firstAttempt // nil if each attempt is made by the loop
}

// firstAttempt is what the first attempt needs of the loop.
type firstAttempt struct {
	retryer aws.Retryer
	credit  func(error) error // adds to the retry quota after a success
	header  []string          // the value of Amz-Sdk-Request
}

func newAttempts(options *Options, telemetry *telemetry) *attempts {
	inPrivate := len(options.APIOptions) == 0 && !hasInterceptors(&options.Interceptors)
	clone := smithyhttp.RequestCloner
	if inPrivate {
		clone = cloneRequest // nobody but this package sees the attempts' requests
	}
	m := &attempts{Attempt: retry.NewAttemptMiddleware(options.Retryer, clone, func(a *retry.Attempt) {
		a.LogAttempts = options.ClientLogMode.IsRetries()
		a.OperationMeter = telemetry.meter
		// Nothing is signed; else aws/retry would retry a 403 when the Date of the response is
		// minutes off.
		a.DisableClockSkewCorrection = true
	})}
	if inPrivate && telemetry.off() && !m.LogAttempts && resultsKey() != nil && isPlain(options.Retryer) {
		m.alone = &firstAttempt{
			retryer: options.Retryer,
			credit:  options.Retryer.GetInitialToken(),
			header:  []string{"attempt=1"},
		}
		if most := options.Retryer.MaxAttempts(); most != 0 {
			m.alone.header[0] += "; max=" + strconv.Itoa(most)
		}
	}
	return m
}

// isPlain reports whether a token for an attempt that fails is without effect, so that
// asking for two changes nothing.
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
	if m.alone == nil || !ok || ctx.Err() != nil {
		return m.Attempt.HandleFinalize(ctx, in, next)
	}
	url := *request.URL // resolving the endpoint changes it
	request.Header["Amz-Sdk-Request"] = m.alone.header
	out, metadata, err := next.HandleFinalize(ctx, in)
	result := retry.AttemptResult{Err: err, ResponseMetadata: metadata}
	if err == nil {
		_ = m.alone.credit(nil)
		return out, withResult(result), nil
	}
	result.Retryable = m.alone.retryer.IsErrorRetryable(err)
	if !result.Retryable {
		return out, withResult(result), err
	}
	if m.alone.retryer.MaxAttempts() == 1 {
		result.Err = &retry.MaxAttemptsError{Attempt: 1, Err: err}
		return out, withResult(result), result.Err
	}
	*request.URL = url
	delete(request.Header, "Amz-Sdk-Request") // the loop writes into what is there
	first := &madeAttempt{Context: ctx, out: out, metadata: metadata, err: err, next: next}
	return m.Attempt.HandleFinalize(first, in, first)
}

// madeAttempt is a first attempt that was made before the loop began, for the loop to find.
type madeAttempt struct {
	context.Context // of the call

	out      middleware.FinalizeOutput
	metadata middleware.Metadata
	err      error
	found    bool
	next     middleware.FinalizeHandler // makes the other attempts
}

// Done is nil for the loop's question whether its first attempt is worth making.
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

// resultsKey returns the key under which retry.GetAttemptResults finds the results of a
// call's attempts. aws/retry doesn't export it: it is taken from what the loop leaves, and nil
// should another version keep the results elsewhere.
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
