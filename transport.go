// SPDX-License-Identifier: Apache-2.0

package connectparticipant

import (
	"bytes"
	"context"
	"io"
	"net"
	"net/http"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws/defaults"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	smithy "github.com/aws/smithy-go"
	"github.com/aws/smithy-go/middleware"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"github.com/participant-go/connectparticipant/internal/egress"
	"github.com/participant-go/connectparticipant/internal/restjson"
)

const (
	// readTimeout is the time that the default client waits for more bytes of a response.
	readTimeout = 60 * time.Second
	// responseTimeout limits the time for the header and the time for the body: a response that
	// arrives byte by byte would otherwise never end. http.Client.Timeout would do too, for 22
	// allocations per call.
	responseTimeout = 5 * time.Minute
)

// noRedirects returns a copy of client that follows no redirects: net/http would send X-Amz-Bearer
// to another host.
func noRedirects(client HTTPClient, options *Options) HTTPClient {
	switch client := client.(type) {
	case *awshttp.BuildableClient:
		return noRedirects(freeze(client, options), options)
	case *http.Client:
		c := *client
		c.CheckRedirect = egress.LastResponse
		return &c
	case *otherClient:
		return client
	}
	return &otherClient{client}
}

// freeze keeps the transport's settings for chats, whose connections the time-outs of calls would
// cut.
func freeze(client *awshttp.BuildableClient, options *Options) HTTPClient {
	bounded := isBounded(client)
	if !bounded {
		client = client.WithReadTimeout(readTimeout).WithTransportOptions(func(t *http.Transport) { t.ResponseHeaderTimeout = responseTimeout })
	}
	client = withModeTimeouts(client, options)
	if !options.EndpointOptions.DisableHTTPS {
		client = client.WithTransportOptions(func(t *http.Transport) { t.DialContext = egress.Local(t.DialContext) })
	}
	frozen := client.Freeze()
	if c, ok := frozen.(*http.Client); ok {
		transport := &egress.Transport{RoundTripper: c.Transport, Chats: client.GetTransport()}
		if !bounded {
			transport.BodyTimeout = responseTimeout
		}
		c.Transport = transport
	}
	return frozen
}

// isBounded reports whether a client has a time-out for responses.
func isBounded(client *awshttp.BuildableClient) bool {
	_, bounded := client.GetReadTimeout()
	return bounded || client.GetTimeout() != 0 || client.GetTransport().ResponseHeaderTimeout != 0
}

func defaultHTTPClient(options *Options) HTTPClient {
	return withModeTimeouts(awshttp.NewBuildableClient(), options)
}

// withModeTimeouts returns client with the time-outs of the defaults mode, except those that the
// user has set.
func withModeTimeouts(client *awshttp.BuildableClient, options *Options) *awshttp.BuildableClient {
	mode, err := defaults.GetModeConfiguration(defaultsMode(options))
	if err != nil {
		return client // the mode has no time-outs
	}
	if timeout, ok := mode.GetConnectTimeout(); ok && client.GetDialer().Timeout == awshttp.DefaultDialConnectTimeout {
		client = withConnectTimeout(client, timeout)
	}
	if timeout, ok := mode.GetTLSNegotiationTimeout(); ok && client.GetTransport().TLSHandshakeTimeout == awshttp.DefaultHTTPTransportTLSHandleshakeTimeout {
		client = client.WithTransportOptions(func(t *http.Transport) { t.TLSHandshakeTimeout = timeout })
	}
	return client
}

// withConnectTimeout keeps a DialContext that the user has set; WithDialerOptions alone would
// replace it.
func withConnectTimeout(client *awshttp.BuildableClient, timeout time.Duration) *awshttp.BuildableClient {
	dial := client.GetTransport().DialContext
	if dial == nil {
		return client
	}
	client = client.WithDialerOptions(func(d *net.Dialer) { d.Timeout = timeout })
	return client.WithTransportOptions(func(t *http.Transport) {
		t.DialContext = func(ctx context.Context, network, address string) (net.Conn, error) {
			ctx, cancel := context.WithTimeout(ctx, timeout)
			defer cancel()
			return dial(ctx, network, address)
		}
	})
}

// callHTTPClient returns the client for a call that sets Options.HTTPClient. A BuildableClient has
// to be frozen, which makes a new connection pool; without keep-alive that pool leaves no open
// connections behind.
func callHTTPClient(client HTTPClient, options *Options) HTTPClient {
	if buildable, ok := client.(*awshttp.BuildableClient); ok {
		client = buildable.WithTransportOptions(func(t *http.Transport) { t.DisableKeepAlives = true })
	}
	return noRedirects(client, options)
}

// otherClient holds a client of another type, behind a pointer so that it can be compared.
type otherClient struct{ HTTPClient }

// sender is the end of the stack.
type sender struct {
	client    HTTPClient
	telemetry *telemetry
}

func (s sender) Handle(ctx context.Context, in any) (any, middleware.Metadata, error) {
	request, err := requestOf(in)
	if err != nil {
		return nil, middleware.Metadata{}, err
	}
	if _, ours := request.GetStream().(*restjson.Body); ours && s.telemetry.off() {
		sending := attempt{client: s.client, request: request}
		response, err := sending.send(ctx)
		return response, middleware.Metadata{}, err
	}
	sending := &attempt{client: s.client, request: request}
	return smithyhttp.NewClientHandlerWithOptions(sending, func(h *smithyhttp.ClientHandler) { h.Meter = s.telemetry.meter }).Handle(ctx, in)
}

// attempt sends one request.
type attempt struct {
	client  HTTPClient
	request *smithyhttp.Request
}

// send does what smithy's handler does around Do when there are no spans and metrics to record. The
// handler would spend a tenth of a call's time on them.
func (a *attempt) send(ctx context.Context) (*smithyhttp.Response, error) {
	response, err := a.Do(a.request.Request.Clone(ctx)) //nolint:bodyclose // the deserialize step closes it
	if response == nil {
		response = &http.Response{Header: http.Header{}, Body: http.NoBody}
	}
	switch {
	case err != nil && ctx.Err() != nil:
		err = &smithy.CanceledError{Err: ctx.Err()}
	case err != nil:
		err = &smithyhttp.RequestSendError{Err: err}
	}
	return &smithyhttp.Response{Response: response}, err
}

func (a *attempt) Do(request *http.Request) (*http.Response, error) {
	a.makeResendable(request)
	response, err := a.client.Do(request)
	followed := egress.RequireDirect(response)
	if response != nil {
		a.clean(response)
	}
	switch {
	case err != nil:
		return response, secretsOf(a.request).Error(err)
	case followed != nil:
		restjson.Discard(response)
		return nil, followed
	}
	return response, nil
}

// clean removes the request's secrets from what errors and ResultMetadata keep of a response.
func (a *attempt) clean(response *http.Response) {
	if response.Request != nil {
		response.Request = publicRequest(response.Request)
	}
	hideToken(response, a.request)
}

// makeResendable sets a body that net/http can read again and that closing doesn't affect.
// smithy's handler closes the body while net/http may still be writing it; net/http then drops the
// connection, several hundred times in 20,000 calls.
//
// An empty list under X-Idempotency-Key isn't sent, but allows net/http to resend a POST when a
// kept connection turns out to be closed. The service recognizes a message that is sent again by
// its ClientToken.
func (a *attempt) makeResendable(request *http.Request) {
	if body, ok := a.request.GetStream().(*restjson.Body); ok { // else a middleware has set another stream
		data := body.Bytes()
		request.GetBody = func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(data)), nil }
		request.Body, _ = request.GetBody() // net/http writes this type together with the header
		request.ContentLength = int64(len(data))
	}
	if _, ok := a.client.(*http.Client); ok && request.Header["X-Idempotency-Key"] == nil {
		request.Header["X-Idempotency-Key"] = nil
	}
}
