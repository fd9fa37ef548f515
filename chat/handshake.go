// SPDX-License-Identifier: Apache-2.0

package chat

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"

	"github.com/coder/websocket"

	"github.com/participant-go/connectparticipant/internal/egress"
	"github.com/participant-go/connectparticipant/internal/endpoint"
	"github.com/participant-go/connectparticipant/internal/fips"
	"github.com/participant-go/connectparticipant/internal/redact"
)

// upgrade opens the WebSocket of a signed URL; its errors don't show the URL. tunnel is the
// connection below the WebSocket: closing it ends any method of conn that is running.
func upgrade(ctx context.Context, address string, httpClient *http.Client, plain bool) (conn *websocket.Conn, tunnel io.Closer, err error) {
	u, err := url.Parse(address)
	if err != nil {
		return nil, nil, errors.New("the socket's URL is malformed") // err would show it
	}
	if err := endpoint.RequireSecure(u, plain); err != nil {
		return nil, nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, upgradeTimeout)
	defer cancel()
	h := handshake{ctx: ctx, base: transportOf(httpClient)}
	client := *httpClient
	client.Transport = &h
	conn, response, err := fips.Dial(ctx, address, &websocket.DialOptions{ //nolint:bodyclose // the package closes it
		HTTPClient: &client, CompressionMode: websocket.CompressionDisabled,
	})
	switch h.done(); {
	case err == nil:
		return conn, h.tunnel, nil
	case errors.Is(err, errWrapped):
		return nil, nil, errWrapped
	case response != nil && response.StatusCode != http.StatusSwitchingProtocols:
		return nil, nil, fmt.Errorf("status %d", response.StatusCode)
	default:
		return nil, nil, redact.URLError(err, u, nil)
	}
}

var errWrapped = errors.New("the transport of Options.HTTPClient wraps response bodies: a WebSocket needs that of the upgrade as net/http returns it")

// handshake is the transport of one upgrade. After a failed upgrade, package websocket reads the
// body for up to three seconds and ignores the context; handshake closes the body when the context
// ends. It also removes Location headers, because net/http quotes one that it can't parse.
type handshake struct {
	ctx    context.Context // the request's own ends when package websocket is done
	base   http.RoundTripper
	tunnel io.Closer // the connection after a successful upgrade
	stop   func() bool
	closed chan struct{}
}

func transportOf(client *http.Client) http.RoundTripper {
	if client.Transport == nil {
		return http.DefaultTransport
	}
	return client.Transport
}

// RoundTrip sends the request.
func (h *handshake) RoundTrip(request *http.Request) (*http.Response, error) {
	response, err := h.base.RoundTrip(request)
	if err != nil {
		return nil, err
	}
	if err := egress.RequireDirect(response); err != nil {
		_ = response.Body.Close()
		return nil, err
	}
	response.Header.Del("Location")
	body := response.Body
	if response.StatusCode != http.StatusSwitchingProtocols {
		_ = body.Close() // unused
		response.Body = http.NoBody
		return response, nil
	}
	if _, isConnection := body.(io.ReadWriteCloser); !isConnection {
		_ = body.Close()
		return nil, errWrapped
	}
	h.tunnel, h.closed = body, make(chan struct{})
	h.stop = context.AfterFunc(h.ctx, func() {
		defer close(h.closed)
		_ = body.Close()
	})
	return response, nil
}

// done stops watching the context. If that has ended, done waits until the body is closed.
func (h *handshake) done() {
	if h.stop != nil && !h.stop() {
		<-h.closed
	}
}
