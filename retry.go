// SPDX-License-Identifier: Apache-2.0

package connectparticipant

import (
	"context"
	"errors"
	"net/http"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/defaults"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	smithy "github.com/aws/smithy-go"

	"github.com/participant-go/connectparticipant/internal/restjson"
	"github.com/participant-go/connectparticipant/types"
)

// defaultRetryer returns the retryer for o's mode. aws/retry recognizes throttling by error codes
// only, but gateways respond with a bare 429, which is throttling too. It retries an incomplete
// response only if the TCP connection was reset.
func defaultRetryer(o *Options) aws.Retryer {
	standard := func(so *retry.StandardOptions) {
		so.MaxAttempts = o.RetryMaxAttempts // 0 is aws/retry's default
		so.Retryables = slices.Concat([]retry.IsErrorRetryable{retry.IsErrorRetryableFunc(isResponseRetryable)}, so.Retryables, moreRetryables)
		so.Throttles = append(so.Throttles, retry.IsErrorThrottleFunc(isStatusThrottled))
	}
	if retryMode(o) == aws.RetryModeAdaptive {
		return &adaptiveRetryer{retry.NewStandard(standard), retry.NewAdaptiveMode(func(ao *retry.AdaptiveModeOptions) {
			ao.Throttles = append(ao.Throttles, retry.IsErrorThrottleFunc(isStatusThrottled))
		})}
	}
	return retry.NewStandard(standard)
}

// adaptiveRetryer is the standard retryer with the rate limit of the adaptive one. The retry quota
// of the adaptive one is not used: before v1.48.0 of aws-sdk-go-v2 nothing refills it, so after one
// outage no call is ever retried again.
type adaptiveRetryer struct {
	*retry.Standard

	rate *retry.AdaptiveMode
}

// GetAttemptToken waits until the rate limit permits an attempt.
func (a *adaptiveRetryer) GetAttemptToken(ctx context.Context) (func(error) error, error) {
	update, err := a.rate.GetAttemptToken(ctx)
	if err != nil {
		return nil, err
	}
	credit, err := a.Standard.GetAttemptToken(ctx)
	if err != nil {
		return nil, err
	}
	return func(err error) error { return errors.Join(update(err), credit(err)) }, nil
}

// moreRetryables are the checks that defaultRetryer adds to those of aws/retry.
var moreRetryables = []retry.IsErrorRetryable{
	retry.RetryableHTTPStatusCode{Codes: map[int]struct{}{http.StatusTooManyRequests: {}}},
	retry.IsErrorRetryableFunc(isBrokenBody),
}

// retryables are the checks of IsRetryable. They include every 5xx status; the client itself
// retries only 500, 502, 503 and 504, as the official clients do.
var retryables = retry.IsErrorRetryables(slices.Concat(retry.DefaultRetryables, moreRetryables,
	[]retry.IsErrorRetryable{retry.IsErrorRetryableFunc(isServerFault)}))

func isServerFault(err error) aws.Ternary {
	var (
		api      smithy.APIError
		response interface{ HTTPStatusCode() int }
	)
	fault := errors.As(err, &api) && api.ErrorFault() == smithy.FaultServer
	if fault || errors.As(err, &response) && response.HTTPStatusCode() >= http.StatusInternalServerError {
		return aws.TrueTernary
	}
	return aws.UnknownTernary
}

// isBrokenBody reports whether the body of a response ended early.
func isBrokenBody(err error) aws.Ternary {
	var broken *restjson.BodyError
	if errors.As(err, &broken) {
		return aws.TrueTernary
	}
	return aws.UnknownTernary
}

func retryMode(o *Options) aws.RetryMode {
	if o.RetryMode != "" {
		return o.RetryMode
	}
	if mode, err := defaults.GetModeConfiguration(defaultsMode(o)); err == nil {
		return mode.RetryMode
	}
	return aws.RetryModeStandard
}

func defaultsMode(o *Options) aws.DefaultsMode {
	var mode aws.DefaultsMode
	mode.SetFromString(string(o.DefaultsMode))
	if mode == aws.DefaultsModeAuto {
		return defaults.ResolveDefaultsModeAuto(o.Region, o.RuntimeEnvironment)
	}
	return mode
}

func isStatusThrottled(err error) aws.Ternary {
	var response *awshttp.ResponseError
	if errors.As(err, &response) && response.HTTPStatusCode() == http.StatusTooManyRequests {
		return aws.TrueTernary
	}
	return aws.UnknownTernary
}

// withMaxAttempts returns retryer limited to attempts; 0 leaves it unchanged.
func withMaxAttempts(retryer aws.Retryer, attempts int) aws.Retryer {
	if attempts == 0 {
		return retryer
	}
	if inner, ok := retryer.(*boundRetryer); ok {
		retryer = inner.RetryerV2
	}
	if v2, ok := retryer.(aws.RetryerV2); ok {
		return &boundRetryer{v2, attempts}
	}
	return retry.AddWithMaxAttempts(retryer, attempts)
}

// boundRetryer replaces the retryer of retry.AddWithMaxAttempts, which hides the one it wraps.
type boundRetryer struct {
	aws.RetryerV2

	attempts int
}

func (r *boundRetryer) MaxAttempts() int { return r.attempts }

// isResponseRetryable returns, for the usual response errors, the result of all other checks
// together. Those search the error for a dozen interfaces, which takes as long as a call.
func isResponseRetryable(err error) aws.Ternary {
	response, ok := err.(*awshttp.ResponseError) //nolint:errorlint // any other error is left to the other checks
	if !ok {
		return aws.UnknownTernary
	}
	var code string
	switch api := response.Err.(type) { //nolint:errorlint // likewise
	case *smithy.GenericAPIError:
		code = api.Code
	case *types.ThrottlingException:
		code = api.ErrorCode()
	case *types.AccessDeniedException, *types.ConflictException, *types.InternalServerException,
		*types.ResourceNotFoundException, *types.ServiceQuotaExceededException, *types.ValidationException:
	default:
		return aws.UnknownTernary
	}
	_, retryable := retry.DefaultRetryableErrorCodes[code]
	_, throttle := retry.DefaultThrottleErrorCodes[code]
	_, status := retry.DefaultRetryableHTTPStatusCodes[response.HTTPStatusCode()]
	return aws.BoolTernary(retryable || throttle || status || response.HTTPStatusCode() == http.StatusTooManyRequests)
}
