// SPDX-License-Identifier: Apache-2.0

package connectparticipant

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/smithy-go/logging"
	"github.com/aws/smithy-go/middleware"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"github.com/participant-go/connectparticipant/internal/redact"
	"github.com/participant-go/connectparticipant/internal/restjson"
)

// maxLogged limits the part of a response's body that is logged.
const maxLogged = 1 << 20

// logExchange logs requests and responses without their secrets. It replaces smithy's, which logs
// everything.
type logExchange struct {
	request, requestBody, response, responseBody bool
}

func addLogger(stack *middleware.Stack, mode aws.ClientLogMode) {
	m := &logExchange{
		request:      mode.IsRequest() || mode.IsRequestWithBody(),
		requestBody:  mode.IsRequestWithBody(),
		response:     mode.IsResponse() || mode.IsResponseWithBody(),
		responseBody: mode.IsResponseWithBody(),
	}
	if m.request || m.response {
		_ = stack.Deserialize.Add(m, middleware.After)
	}
}

func (*logExchange) ID() string { return "RequestResponseLogger" }

func (m *logExchange) HandleDeserialize(ctx context.Context, in middleware.DeserializeInput, next middleware.DeserializeHandler) (
	middleware.DeserializeOutput, middleware.Metadata, error,
) {
	request, ok := in.Request.(*smithyhttp.Request)
	if !ok {
		return next.HandleDeserialize(ctx, in)
	}
	logger := middleware.GetLogger(ctx)
	if m.request {
		logger.Logf(logging.Debug, "Request\n%s", m.describeRequest(request))
	}
	out, metadata, err := next.HandleDeserialize(ctx, in)
	if response, ok := out.RawResponse.(*smithyhttp.Response); ok && err == nil && m.response {
		text := secretsOf(request).Hide(m.describeResponse(response.Response))
		logger.Logf(logging.Debug, "Response\n%s", text)
	}
	return out, metadata, err
}

func (m *logExchange) describeRequest(request *smithyhttp.Request) string {
	text := fmt.Sprintf("%s %s HTTP/1.1\r\nHost: %s\r\n%s\r\n",
		request.Method, publicPath(request.URL.Path), request.URL.Host, redact.Headers(request.Header))
	if body, ok := request.GetStream().(*restjson.Body); ok && m.requestBody {
		text += string(redact.JSON(body.Bytes()))
	}
	return text
}

func (m *logExchange) describeResponse(response *http.Response) string {
	text := fmt.Sprintf("%s %s\r\n%s\r\n", response.Proto, response.Status, redact.Headers(response.Header))
	if m.responseBody {
		text += string(redact.JSON(peekBody(response)))
	}
	return text
}

// peekBody reads up to maxLogged bytes of the body and puts them back, including an error.
func peekBody(response *http.Response) []byte {
	data, err := io.ReadAll(io.LimitReader(response.Body, maxLogged))
	rest := io.Reader(response.Body)
	if err != nil {
		rest = failingReader{err}
	}
	response.Body = struct {
		io.Reader
		io.Closer
	}{io.MultiReader(bytes.NewReader(data), rest), response.Body}
	return data
}

type failingReader struct{ err error }

func (r failingReader) Read([]byte) (int, error) { return 0, r.err }
