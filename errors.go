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

// modeled holds the service's errors by their code.
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

// readAPIError reads an answer whose status isn't 2xx.
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
		message = fmt.Sprintf("answer with status %d %s", response.StatusCode, http.StatusText(response.StatusCode))
	}
	if info.Code != "" {
		return &smithy.GenericAPIError{Code: info.Code, Message: message}
	}
	unknown := &smithy.GenericAPIError{Code: "UnknownError", Message: message}
	if broken := (*restjson.BodyError)(nil); errors.As(err, &broken) {
		return fmt.Errorf("%w: %w", unknown, broken) // retryable: the code that was lost might be ThrottlingException
	}
	return unknown
}

// RequestID returns the id that the service, or what stood in front of it, gave
// the call that failed with err; AWS Support asks for it. It is "" when there was
// no answer.
func RequestID(err error) string {
	var response *awshttp.ResponseError
	if errors.As(err, &response) {
		return response.ServiceRequestID()
	}
	return ""
}

// IsThrottled reports whether err says that the account makes more calls than its
// quota allows: code ThrottlingException or TooManyRequestsException, or else
// status 429 without a code. The call had been repeated before; wait longer before
// the next one.
func IsThrottled(err error) bool {
	return hasCodeOrStatus(err, http.StatusTooManyRequests, "ThrottlingException", "TooManyRequestsException")
}

// IsAccessDenied reports whether err says that the token does not allow the call:
// code AccessDeniedException, or else status 403 without a code. The service says
// the same of a token that is wrong, of the other kind, expired or of another
// region, and of every call after the chat's end.
func IsAccessDenied(err error) bool {
	return hasCodeOrStatus(err, http.StatusForbidden, "AccessDeniedException")
}

// IsRetryable reports whether the same call may succeed later, if it is made with the same
// ClientToken: the call was throttled, the service failed with a 5xx status, the network
// failed, an attempt timed out, or the response broke off. The client has retried such a
// call already, so wait before the next one.
//
// It is false for nil, for a call that was not sent because of its input, for the service's
// other 4xx errors unless the code broke off, for a complete response that could not be read,
// and for an error whose RetryableError method returns false. It is also false when the
// call's own context was canceled or reached its deadline: whether to continue is then the
// caller's decision. A context.DeadlineExceeded that is not inside the error of a call
// counts as such an end.
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
		return false // such as a context that ended while the answer came in
	}
	if api.ErrorCode() != "UnknownError" {
		return slices.Contains(codes, api.ErrorCode())
	}
	var response *smithyhttp.ResponseError
	return errors.As(err, &response) && response.HTTPStatusCode() == status
}
