package connectparticipant

import (
	"errors"
	"fmt"
	"net/http"
	"strings"

	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	smithy "github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"github.com/participant-go/connectparticipant/internal/restjson"
	"github.com/participant-go/connectparticipant/types"
)

// modeled holds the service's errors by their code.
var modeled = map[string]func(restjson.ErrorInfo) error{
	"AccessDeniedException": func(e restjson.ErrorInfo) error {
		return &types.AccessDeniedException{Message: optional(e.Message)}
	},
	"ConflictException": func(e restjson.ErrorInfo) error {
		return &types.ConflictException{Message: optional(e.Message)}
	},
	"InternalServerException": func(e restjson.ErrorInfo) error {
		return &types.InternalServerException{Message: optional(e.Message)}
	},
	"ResourceNotFoundException": func(e restjson.ErrorInfo) error {
		return &types.ResourceNotFoundException{
			Message: optional(e.Message), ResourceId: optional(e.ResourceID), ResourceType: types.ResourceType(e.ResourceType),
		}
	},
	"ServiceQuotaExceededException": func(e restjson.ErrorInfo) error {
		return &types.ServiceQuotaExceededException{Message: optional(e.Message)}
	},
	"ThrottlingException": func(e restjson.ErrorInfo) error {
		return &types.ThrottlingException{Message: optional(e.Message)}
	},
	"ValidationException": func(e restjson.ErrorInfo) error {
		return &types.ValidationException{Message: optional(e.Message)}
	},
}

// readAPIError reads an answer whose status isn't 2xx.
func readAPIError(response *http.Response, request any) error {
	info := restjson.ReadError(response)
	if sent, ok := request.(*smithyhttp.Request); ok {
		info.Message = withoutSecrets(info.Message, sent.Request)
	}
	if newError, ok := modeled[info.Code]; ok {
		return newError(info)
	}
	if info.Code == "" {
		info.Code = "UnknownError"
	}
	if info.Message == "" {
		info.Message = fmt.Sprintf("answer with status %d %s", response.StatusCode, http.StatusText(response.StatusCode))
	}
	return &smithy.GenericAPIError{Code: info.Code, Message: info.Message}
}

// shortestSecret keeps a made-up token such as "t" from tearing holes into a message.
const shortestSecret = 8

// withoutSecrets takes out of an error message what a gateway may quote from the
// request: the token, and the view token in the path.
func withoutSecrets(message string, request *http.Request) string {
	secrets := request.Header["X-Amz-Bearer"]
	if _, label, ok := strings.Cut(request.URL.Path, "/participant/views/"); ok {
		secrets = append([]string{label}, secrets...)
	}
	for _, secret := range secrets {
		if len(secret) >= shortestSecret {
			message = strings.ReplaceAll(message, secret, "[redacted]")
		}
	}
	return message
}

func optional(s string) *string {
	if s == "" {
		return nil
	}
	return &s
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

func hasCodeOrStatus(err error, status int, codes ...string) bool {
	var api smithy.APIError
	if errors.As(err, &api) && api.ErrorCode() != "UnknownError" {
		for _, code := range codes {
			if api.ErrorCode() == code {
				return true
			}
		}
		return false
	}
	var response *smithyhttp.ResponseError
	return errors.As(err, &response) && response.HTTPStatusCode() == status
}
