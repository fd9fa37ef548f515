// SPDX-License-Identifier: Apache-2.0

package load

import (
	"context"
	"net"
	"net/http"
	"sync"

	"github.com/aws/smithy-go/middleware"
	smithyhttp "github.com/aws/smithy-go/transport/http"
)

// countAttempts makes a client's stack count each attempt of a call, with what its response
// became.
func (m *meter) countAttempts(stack *middleware.Stack) error {
	count := func(ctx context.Context, in middleware.DeserializeInput, next middleware.DeserializeHandler) (middleware.DeserializeOutput, middleware.Metadata, error) {
		out, metadata, err := next.HandleDeserialize(ctx, in)
		status := 0
		if resp, ok := out.RawResponse.(*smithyhttp.Response); ok && resp.Response != nil && (err == nil || resp.StatusCode >= 400) {
			status = resp.StatusCode
		}
		if status != 0 || ctx.Err() == nil { // else the caller has given up
			m.response(middleware.GetOperationName(ctx), status)
		}
		return out, metadata, err
	}
	return stack.Deserialize.Add(middleware.DeserializeMiddlewareFunc("LoadMeter", count), middleware.Before)
}

// cutter opens the connections of one chat's sockets, so that it can cut them.
type cutter struct {
	dial func(ctx context.Context, network, address string) (net.Conn, error)

	mu   sync.Mutex
	open map[*socket]struct{}
}

// client returns a client for the chat's sockets.
func (c *cutter) client(transport *http.Transport) *http.Client {
	transport = transport.Clone()
	if c.dial = transport.DialContext; c.dial == nil {
		c.dial = new(net.Dialer).DialContext
	}
	transport.DialContext = c.dialSocket
	transport.DisableKeepAlives = true // a socket uses its connection up
	return &http.Client{Transport: transport}
}

func (c *cutter) dialSocket(ctx context.Context, network, address string) (net.Conn, error) {
	conn, err := c.dial(ctx, network, address)
	if err != nil {
		return nil, err
	}
	s := &socket{Conn: conn, cutter: c}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.open == nil {
		c.open = map[*socket]struct{}{}
	}
	c.open[s] = struct{}{}
	return s, nil
}

// cut resets the connections, as a network that fails does. It returns how many there were.
func (c *cutter) cut() int {
	c.mu.Lock()
	var sockets []*socket
	for s := range c.open {
		sockets = append(sockets, s)
	}
	c.mu.Unlock()
	for _, s := range sockets {
		if tcp, ok := s.Conn.(*net.TCPConn); ok {
			_ = tcp.SetLinger(0) // a reset, without a closing handshake
		}
		_ = s.Close()
	}
	return len(sockets)
}

// socket is a connection that a cutter knows while it is open.
type socket struct {
	net.Conn
	cutter *cutter
}

func (s *socket) Close() error {
	s.cutter.mu.Lock()
	delete(s.cutter.open, s)
	s.cutter.mu.Unlock()
	return s.Conn.Close()
}
