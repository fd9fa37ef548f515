package connectparticipant

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws/defaults"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/smithy-go/metrics"
	"github.com/aws/smithy-go/middleware"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"github.com/participant-go/connectparticipant/internal/restjson"
)

// readTimeout is how long the default client waits for an answer's next bytes.
const readTimeout = 60 * time.Second

// noRedirects returns a client that sends as client does but follows no redirect:
// net/http would carry X-Amz-Bearer to another host.
func noRedirects(client HTTPClient) HTTPClient {
	switch client := client.(type) {
	case *awshttp.BuildableClient:
		return noRedirects(client.Freeze())
	case *http.Client:
		c := *client
		c.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
		return &c
	case *sameHost:
		return client
	}
	return &sameHost{client}
}

func defaultHTTPClient(options *Options) HTTPClient {
	client := awshttp.NewBuildableClient().WithReadTimeout(readTimeout)
	mode, err := defaults.GetModeConfiguration(defaultsMode(options))
	if err != nil {
		return client // a mode without time-outs of its own
	}
	if timeout, ok := mode.GetConnectTimeout(); ok {
		client = client.WithDialerOptions(func(d *net.Dialer) { d.Timeout = timeout })
	}
	if timeout, ok := mode.GetTLSNegotiationTimeout(); ok {
		client = client.WithTransportOptions(func(t *http.Transport) { t.TLSHandshakeTimeout = timeout })
	}
	return client
}

// callHTTPClient returns the client of a call whose options name another one.
// Freezing a BuildableClient makes a new connection pool, so that it is done once
// for each.
func (c *Client) callHTTPClient(client HTTPClient) HTTPClient {
	buildable, ok := client.(*awshttp.BuildableClient)
	if !ok {
		return noRedirects(client)
	}
	if frozen, ok := c.frozen.Load(buildable); ok {
		return frozen.(HTTPClient)
	}
	frozen, _ := c.frozen.LoadOrStore(buildable, noRedirects(buildable))
	return frozen.(HTTPClient)
}

// sameHost notices when a client of the user's has followed a redirect.
type sameHost struct{ client HTTPClient }

func (s *sameHost) Do(request *http.Request) (*http.Response, error) {
	host := request.URL.Host
	response, err := s.client.Do(request)
	if err != nil || response == nil || response.Request == nil || response.Request.URL == nil {
		return response, err
	}
	if answered := response.Request.URL.Host; answered != host {
		restjson.Discard(response)
		return nil, fmt.Errorf("the HTTP client followed a redirect from %s to %s and took the token along: it must not follow redirects", host, answered)
	}
	return response, nil
}

// sender is the end of the stack: it sends a request through smithy's handler.
type sender struct {
	client HTTPClient
	meter  metrics.Meter
}

func (s sender) Handle(ctx context.Context, in any) (any, middleware.Metadata, error) {
	sending := &attempt{client: s.client}
	if request, ok := in.(*smithyhttp.Request); ok {
		sending.body, _ = request.GetStream().(*restjson.Body)
	}
	handler := smithyhttp.NewClientHandlerWithOptions(sending, func(h *smithyhttp.ClientHandler) { h.Meter = s.meter })
	return handler.Handle(ctx, in)
}

// attempt sends one request.
type attempt struct {
	client HTTPClient
	body   *restjson.Body // nil if there is none, or a middleware has put another stream
}

// Do gives net/http a body that it can read again and that closing doesn't hurt.
// smithy's handler closes the body while net/http may still be writing it; net/http
// then drops the connection, several hundred times in 20,000 calls.
//
// An empty list under X-Idempotency-Key isn't sent: it lets net/http repeat a POST
// by itself when a kept connection turns out to be closed. The service knows a
// repeated message by its ClientToken.
func (a *attempt) Do(request *http.Request) (*http.Response, error) {
	request.Header["X-Idempotency-Key"] = nil
	if a.body != nil {
		data := a.body.Bytes()
		request.GetBody = func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(data)), nil }
		request.Body, _ = request.GetBody()
		request.ContentLength = int64(len(data))
	}
	response, err := a.client.Do(request)
	if err != nil {
		return response, withoutURL(err)
	}
	return response, nil
}

// withoutURL takes the path and query, which may hold a secret, out of what
// net/http says of a request that failed. The type stays: callers and aws/retry
// look at it.
func withoutURL(err error) error {
	var sending *url.Error
	if !errors.As(err, &sending) {
		return err
	}
	short := "[redacted]"
	if u, parseErr := url.Parse(sending.URL); parseErr == nil {
		short = u.Scheme + "://" + u.Host
	}
	return &url.Error{Op: sending.Op, URL: short, Err: withoutURL(sending.Err)}
}
