// SPDX-License-Identifier: Apache-2.0

package types_test

import (
	"fmt"
	"testing"

	smithy "github.com/aws/smithy-go"
	"github.com/stretchr/testify/require"

	"github.com/participant-go/connectparticipant/types"
)

func TestExceptions(t *testing.T) {
	t.Parallel()
	tests := []struct {
		code  string
		fault smithy.ErrorFault
		build func(message, override *string) smithy.APIError
	}{
		{"AccessDeniedException", smithy.FaultClient, func(message, override *string) smithy.APIError {
			return &types.AccessDeniedException{Message: message, ErrorCodeOverride: override}
		}},
		{"ConflictException", smithy.FaultClient, func(message, override *string) smithy.APIError {
			return &types.ConflictException{Message: message, ErrorCodeOverride: override}
		}},
		{"InternalServerException", smithy.FaultServer, func(message, override *string) smithy.APIError {
			return &types.InternalServerException{Message: message, ErrorCodeOverride: override}
		}},
		{"ResourceNotFoundException", smithy.FaultClient, func(message, override *string) smithy.APIError {
			return &types.ResourceNotFoundException{
				Message: message, ErrorCodeOverride: override, ResourceId: message, ResourceType: types.ResourceTypeContact,
			}
		}},
		{"ServiceQuotaExceededException", smithy.FaultClient, func(message, override *string) smithy.APIError {
			return &types.ServiceQuotaExceededException{Message: message, ErrorCodeOverride: override}
		}},
		{"ThrottlingException", smithy.FaultClient, func(message, override *string) smithy.APIError {
			return &types.ThrottlingException{Message: message, ErrorCodeOverride: override}
		}},
		{"ValidationException", smithy.FaultClient, func(message, override *string) smithy.APIError {
			return &types.ValidationException{Message: message, ErrorCodeOverride: override}
		}},
	}
	for _, test := range tests {
		t.Run(test.code, func(t *testing.T) {
			t.Parallel()
			message, override := "the service's text", "OtherException"

			full := test.build(&message, nil)
			require.Equal(t, test.code, full.ErrorCode())
			require.Equal(t, message, full.ErrorMessage())
			require.Equal(t, test.fault, full.ErrorFault())
			require.EqualError(t, full, test.code+": "+message)

			silent := test.build(nil, nil)
			require.Equal(t, test.code, silent.ErrorCode())
			require.Empty(t, silent.ErrorMessage())
			require.EqualError(t, silent, test.code+": ")

			overridden := test.build(&message, &override)
			require.Equal(t, override, overridden.ErrorCode())
			require.Equal(t, test.fault, overridden.ErrorFault())
			require.EqualError(t, overridden, override+": "+message)

			var found smithy.APIError
			require.ErrorAs(t, fmt.Errorf("wrapped: %w", full), &found)
			require.Same(t, full, found)
		})
	}
}
