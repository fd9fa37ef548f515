// SPDX-License-Identifier: Apache-2.0

package connectparticipant

import (
	"context"
	"encoding/binary"
	"errors"
	"math/rand/v2"
	"net/http"

	awsmiddleware "github.com/aws/aws-sdk-go-v2/aws/middleware"
	"github.com/aws/smithy-go/middleware"
	"github.com/aws/smithy-go/tracing"
	smithyhttp "github.com/aws/smithy-go/transport/http"
	"github.com/google/uuid"

	"github.com/participant-go/connectparticipant/internal/redact"
)

// fillClientToken sets the ClientToken of an input that has none, so that the service recognizes
// retries as the same call.
type fillClientToken struct{ provider IdempotencyTokenProvider }

func (*fillClientToken) ID() string { return "OperationIdempotencyTokenAutoFill" }

func (m *fillClientToken) HandleInitialize(ctx context.Context, in middleware.InitializeInput, next middleware.InitializeHandler) (
	middleware.InitializeOutput, middleware.Metadata, error,
) {
	if params, ok := in.Parameters.(interface{ clientToken() **string }); ok && *params.clientToken() == nil {
		token, err := m.provider.GetIdempotencyToken()
		if err != nil {
			return middleware.InitializeOutput{}, middleware.Metadata{}, err
		}
		*params.clientToken() = &token
	}
	return next.HandleInitialize(ctx, in)
}

// validateInput refuses an invalid input.
type validateInput struct{}

func (*validateInput) ID() string { return "OperationInputValidation" }

func (*validateInput) HandleInitialize(ctx context.Context, in middleware.InitializeInput, next middleware.InitializeHandler) (
	middleware.InitializeOutput, middleware.Metadata, error,
) {
	if params, ok := in.Parameters.(input); ok {
		if err := params.validate(); err != nil {
			return middleware.InitializeOutput{}, middleware.Metadata{}, err
		}
	}
	return next.HandleInitialize(ctx, in)
}

// invocationID sets an ID that all attempts of a call share. It replaces aws/middleware's, which
// uses crypto/rand; the ID needs no secrecy, and math/rand is cheaper.
type invocationID struct{}

func (*invocationID) ID() string { return "ClientRequestID" }

func (*invocationID) HandleBuild(ctx context.Context, in middleware.BuildInput, next middleware.BuildHandler) (
	middleware.BuildOutput, middleware.Metadata, error,
) {
	request, err := requestOf(in.Request)
	if err != nil {
		return middleware.BuildOutput{}, middleware.Metadata{}, err
	}
	var id uuid.UUID
	binary.NativeEndian.PutUint64(id[:8], rand.Uint64())
	binary.NativeEndian.PutUint64(id[8:], rand.Uint64())
	id[6] = id[6]&0x0f | 0x40 // version 4
	id[8] = id[8]&0x3f | 0x80 // variant of RFC 9562
	request.Header["Amz-Sdk-Invocation-Id"] = []string{id.String()}
	return next.HandleBuild(ctx, in)
}

// requestIDHeaders are the headers in which request IDs have been seen; an edge location or a
// firewall in front of the service sends only the last two.
var requestIDHeaders = []string{
	"X-Amzn-Requestid", "X-Amzn-Request-Id", "X-Amz-Request-Id", "X-Amz-Requestid", "X-Amz-Id-2", "X-Amz-Cf-Id",
}

// retrieveRequestID adds the request ID of a response to the call's metadata and span. It replaces
// aws/middleware's, which reads only two of the headers.
type retrieveRequestID struct{}

func (*retrieveRequestID) ID() string { return "RequestIDRetriever" }

func (*retrieveRequestID) HandleDeserialize(ctx context.Context, in middleware.DeserializeInput, next middleware.DeserializeHandler) (
	middleware.DeserializeOutput, middleware.Metadata, error,
) {
	out, metadata, err := next.HandleDeserialize(ctx, in)
	response, ok := out.RawResponse.(*smithyhttp.Response)
	if !ok || response.Response == nil {
		return out, metadata, err
	}
	if id := requestID(response.Header); id != "" {
		awsmiddleware.SetRequestIDMetadata(&metadata, id)
		if span, ok := tracing.GetSpan(ctx); ok {
			span.SetProperty("aws.request_id", id)
		}
	}
	return out, metadata, err
}

func requestID(header http.Header) string {
	for _, name := range requestIDHeaders {
		if values := header[name]; len(values) > 0 && values[0] != "" {
			return redact.Shorten(values[0])
		}
	}
	return ""
}

// addInterceptors adds the middlewares that call interceptors: all or none, because they depend on
// each other.
func addInterceptors(stack *middleware.Stack, in *smithyhttp.InterceptorRegistry) error {
	if !hasInterceptors(in) {
		return nil
	}
	return errors.Join(
		stack.Initialize.Add(&smithyhttp.InterceptExecution{
			BeforeExecution: in.BeforeExecution, AfterExecution: in.AfterExecution,
		}, middleware.Before),
		stack.Serialize.Insert(&smithyhttp.InterceptBeforeSerialization{Interceptors: in.BeforeSerialization},
			"OperationSerializer", middleware.Before),
		stack.Serialize.Insert(&smithyhttp.InterceptAfterSerialization{Interceptors: in.AfterSerialization},
			"BearerToken", middleware.After),
		stack.Finalize.Insert(&smithyhttp.InterceptBeforeRetryLoop{Interceptors: in.BeforeRetryLoop},
			"Retry", middleware.Before),
		stack.Finalize.Insert(&smithyhttp.InterceptAttempt{
			BeforeAttempt: in.BeforeAttempt, AfterAttempt: in.AfterAttempt,
		}, "Retry", middleware.After),
		stack.Finalize.Insert(&smithyhttp.InterceptBeforeSigning{Interceptors: in.BeforeSigning},
			"ResolveEndpointV2", middleware.After),
		stack.Finalize.Insert(&smithyhttp.InterceptAfterSigning{Interceptors: in.AfterSigning},
			"InterceptBeforeSigning", middleware.After),
		stack.Deserialize.Insert(&smithyhttp.InterceptAfterDeserialization{Interceptors: in.AfterDeserialization},
			"OperationDeserializer", middleware.Before),
		stack.Deserialize.Insert(&smithyhttp.InterceptBeforeDeserialization{Interceptors: in.BeforeDeserialization},
			"OperationDeserializer", middleware.After),
		stack.Deserialize.Add(&smithyhttp.InterceptTransmit{
			BeforeTransmit: in.BeforeTransmit, AfterTransmit: in.AfterTransmit,
		}, middleware.After),
	)
}

func hasInterceptors(in *smithyhttp.InterceptorRegistry) bool {
	return len(in.BeforeExecution)+len(in.BeforeSerialization)+len(in.AfterSerialization)+len(in.BeforeRetryLoop)+
		len(in.BeforeAttempt)+len(in.BeforeSigning)+len(in.AfterSigning)+len(in.BeforeTransmit)+len(in.AfterTransmit)+
		len(in.BeforeDeserialization)+len(in.AfterDeserialization)+len(in.AfterAttempt)+len(in.AfterExecution) > 0
}
