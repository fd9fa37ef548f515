// SPDX-License-Identifier: Apache-2.0

package connectparticipant

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	smithy "github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"github.com/participant-go/connectparticipant/internal/redact"
	"github.com/participant-go/connectparticipant/internal/restjson"
	"github.com/participant-go/connectparticipant/types"
)

// modeled maps an error code to the constructor of its type.
var modeled = map[string]func(restjson.ErrorInfo) error{
	"AccessDeniedException": func(e restjson.ErrorInfo) error {
		return &types.AccessDeniedException{Message: e.Message}
	},
	"ConflictException": func(e restjson.ErrorInfo) error {
		return &types.ConflictException{Message: e.Message}
	},
	"InternalServerException": func(e restjson.ErrorInfo) error {
		return &types.InternalServerException{Message: e.Message}
	},
	"ResourceNotFoundException": func(e restjson.ErrorInfo) error {
		return &types.ResourceNotFoundException{
			Message: e.Message, ResourceId: e.ResourceID, ResourceType: types.ResourceType(e.ResourceType),
		}
	},
	"ServiceQuotaExceededException": func(e restjson.ErrorInfo) error {
		return &types.ServiceQuotaExceededException{Message: e.Message}
	},
	"ThrottlingException": func(e restjson.ErrorInfo) error {
		return &types.ThrottlingException{Message: e.Message}
	},
	"ValidationException": func(e restjson.ErrorInfo) error {
		return &types.ValidationException{Message: e.Message}
	},
}

// readAPIError reads a response whose status isn't 2xx.
func readAPIError(ctx context.Context, response *http.Response, request *smithyhttp.Request) error {
	info, err := restjson.ReadError(response)
	secrets := secretsOf(request)
	hideEchoes(response, secrets, info.Message, info.ResourceID, &info.ResourceType)
	if err != nil && ctx.Err() != nil {
		return &smithy.CanceledError{Err: ctx.Err()}
	}
	for _, text := range []*string{info.Message, info.ResourceID, &info.ResourceType} {
		if text != nil {
			*text = redact.Shorten(*text)
		}
	}
	if newError, ok := modeled[info.Code]; ok {
		return newError(info)
	}
	info.Code = redact.Shorten(secrets.Hide(info.Code))
	message := aws.ToString(info.Message)
	if message == "" {
		message = fmt.Sprintf("response with status %d %s", response.StatusCode, http.StatusText(response.StatusCode))
	}
	if info.Code != "" {
		return &smithy.GenericAPIError{Code: info.Code, Message: message}
	}
	unknown := &smithy.GenericAPIError{Code: "UnknownError", Message: message}
	if broken := (*restjson.BodyError)(nil); errors.As(err, &broken) {
		return fmt.Errorf("%w: %w", unknown, broken) // retryable: the missing code might be ThrottlingException
	}
	return unknown
}

// RequestID returns the request ID of the call that failed with err, as set by the service or a
// proxy in front of it; AWS Support asks for it. It returns "" if there was no response.
func RequestID(err error) string {
	var response *awshttp.ResponseError
	if errors.As(err, &response) {
		return response.ServiceRequestID()
	}
	return ""
}

// IsThrottled reports whether the call failed because the account exceeded its request quota: code
// ThrottlingException or TooManyRequestsException, or status 429 without a code. The client has
// already retried the call; wait longer before the next one.
func IsThrottled(err error) bool {
	return hasCodeOrStatus(err, http.StatusTooManyRequests, "ThrottlingException", "TooManyRequestsException")
}

// IsAccessDenied reports whether the token does not permit the call: code AccessDeniedException, or
// status 403 without a code. The service returns the same error for a token that is wrong, of the
// wrong kind, expired or from another region, and for every call after the end of the chat.
func IsAccessDenied(err error) bool {
	return hasCodeOrStatus(err, http.StatusForbidden, "AccessDeniedException")
}

// IsRetryable reports whether the same call, with the same ClientToken, may succeed later: the call
// was throttled, the service failed with a 5xx status, the network failed, an attempt timed out, or
// the response was incomplete. The client has already retried such a call, so wait before the next
// one.
//
// It returns false for nil, for a call that was not sent because of its input, for the service's
// other 4xx errors (unless the response ended before its error code), for a complete response that
// could not be read, and for an error whose RetryableError method returns false. It also returns
// false when the call's own context was canceled or reached its deadline: the caller decides
// whether to continue. For a context.DeadlineExceeded that no *smithy.OperationError wraps, it
// returns false too.
func IsRetryable(err error) bool {
	if err == nil || errors.Is(err, context.Canceled) {
		return false
	}
	var operation *smithy.OperationError
	if errors.Is(err, context.DeadlineExceeded) && !errors.As(err, &operation) {
		return false
	}
	return retryables.IsErrorRetryable(err) == aws.TrueTernary
}

func hasCodeOrStatus(err error, status int, codes ...string) bool {
	var api smithy.APIError
	if !errors.As(err, &api) {
		return false // for example, the context ended while the response was read
	}
	if api.ErrorCode() != "UnknownError" {
		return slices.Contains(codes, api.ErrorCode())
	}
	var response *smithyhttp.ResponseError
	return errors.As(err, &response) && response.HTTPStatusCode() == status
}
