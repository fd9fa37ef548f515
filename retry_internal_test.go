// SPDX-License-Identifier: Apache-2.0

package connectparticipant

import (
	"net/http"
	"slices"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	smithy "github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"
	"github.com/stretchr/testify/require"

	"github.com/participant-go/connectparticipant/internal/restjson"
	"github.com/participant-go/connectparticipant/types"
)

// The shortcut for error responses has the same result as the checks that it replaces.
func TestIsResponseRetryable(t *testing.T) {
	t.Parallel()
	checks := retry.IsErrorRetryables(slices.Concat(retry.DefaultRetryables, moreRetryables))
	responseError := func(status int, err error) error {
		return &awshttp.ResponseError{ResponseError: &smithyhttp.ResponseError{
			Response: &smithyhttp.Response{Response: &http.Response{StatusCode: status}}, Err: err,
		}}
	}
	codes := []string{"", "UnknownError", "Made-up", "RequestTimeout", "SlowDown", "ThrottledException", "LimitExceededException"}
	for code := range modeled {
		codes = append(codes, code)
	}
	for status := 300; status < 600; status++ {
		for _, code := range codes {
			errs := []error{&smithy.GenericAPIError{Code: code}, &types.ThrottlingException{ErrorCodeOverride: &code}}
			if newError := modeled[code]; newError != nil {
				errs = append(errs, newError(restjson.ErrorInfo{}))
			}
			for _, api := range errs {
				err := responseError(status, api)
				short := isResponseRetryable(err)
				require.NotEqual(t, aws.UnknownTernary, short)
				require.Equal(t, checks.IsErrorRetryable(err).Bool(), short.Bool(), "%d %T %s", status, api, code)
			}
		}
	}
	for _, err := range []error{
		&smithy.GenericAPIError{Code: "Throttling"},
		responseError(500, &smithy.CanceledError{}),
		&smithy.OperationError{Err: responseError(429, &types.ThrottlingException{})},
	} {
		require.Equal(t, aws.UnknownTernary, isResponseRetryable(err), "left to the other checks")
	}
}
