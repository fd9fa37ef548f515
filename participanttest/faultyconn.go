// SPDX-License-Identifier: Apache-2.0

package participanttest

import (
	"crypto/tls"
	"net"
	"sync"
	"sync/atomic"
)

// faultyConn is the connection of a WebSocket. A fault can make it mute (it discards writes) or blind
// (it doesn't read) at any time. This happens below the protocol, so that no pong is sent either.
type faultyConn struct {
	net.Conn
	mute      atomic.Bool
	blind     atomic.Bool
	reset     *atomic.Bool // end with a TCP reset
	closed    chan struct{}
	closeOnce sync.Once
}

func newFaultyConn(conn net.Conn, reset *atomic.Bool) *faultyConn {
	return &faultyConn{Conn: conn, reset: reset, closed: make(chan struct{})}
}

// Write discards the data when mute.
func (c *faultyConn) Write(p []byte) (int, error) {
	if c.mute.Load() {
		return len(p), nil
	}
	return c.Conn.Write(p)
}

// Read blocks until Close when blind, even if it became blind during the read.
func (c *faultyConn) Read(p []byte) (n int, err error) {
	if !c.blind.Load() {
		n, err = c.Conn.Read(p)
	}
	if c.blind.Load() {
		<-c.closed
		return 0, net.ErrClosed
	}
	return n, err
}

func (c *faultyConn) Close() error {
	c.closeOnce.Do(func() { close(c.closed) })
	if !c.reset.Load() {
		return c.Conn.Close()
	}
	conn := c.Conn
	if secured, ok := conn.(*tls.Conn); ok {
		conn = secured.NetConn() // without the close_notify of TLS
	}
	if tcp, ok := conn.(interface{ SetLinger(int) error }); ok {
		_ = tcp.SetLinger(0)
	}
	return conn.Close()
}

// apply applies the effects that last.
func (c *faultyConn) apply(e Effect) {
	switch e.kind {
	case effectSilent:
		c.mute.Store(true)
	case effectUnread:
		c.blind.Store(true)
	case effectBlackhole:
		c.mute.Store(true)
		c.blind.Store(true)
	default:
	}
}
