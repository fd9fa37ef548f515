// SPDX-License-Identifier: Apache-2.0

// Package memnet is a network in memory: a listener and connections that are buffered like those of
// TCP, without a port and without real time, so that a client and a server can run inside a
// testing/synctest bubble.
package memnet

import (
	"context"
	"net"
	"sync"
	"syscall"
)

// Addr is an address of this network, such as 127.0.0.1:80.
type Addr string

// Network returns "memory".
func (Addr) Network() string { return "memory" }

// String returns the address.
func (a Addr) String() string { return string(a) }

// Listener accepts the connections of its DialContext.
type Listener struct {
	addr Addr

	mu      sync.Mutex
	changed sync.Cond // a new connection, or Close
	pending []*Conn   // dialed and not yet accepted
	closed  bool
}

// Listen returns a listener with an address of any form.
func Listen(addr string) *Listener {
	l := &Listener{addr: Addr(addr)}
	l.changed.L = &l.mu
	return l
}

// Addr returns the address given to Listen.
func (l *Listener) Addr() net.Addr { return l.addr }

// Accept waits for the next connection.
func (l *Listener) Accept() (net.Conn, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for len(l.pending) == 0 && !l.closed {
		l.changed.Wait()
	}
	if l.closed {
		return nil, &net.OpError{Op: "accept", Net: l.addr.Network(), Addr: l.addr, Err: net.ErrClosed}
	}
	c := l.pending[0]
	l.pending = l.pending[1:]
	return c, nil
}

// DialContext connects to the listener. It has the signature of http.Transport.DialContext. It
// never blocks, because connections are queued for Accept. It refuses every address except the
// listener's own.
func (l *Listener) DialContext(ctx context.Context, _, address string) (net.Conn, error) {
	if err := ctx.Err(); err != nil {
		return nil, l.dialError(address, err)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed || address != string(l.addr) {
		return nil, l.dialError(address, syscall.ECONNREFUSED)
	}
	client, server := pair("client", l.addr)
	l.pending = append(l.pending, server)
	l.changed.Signal()
	return client, nil
}

func (l *Listener) dialError(address string, err error) error {
	return &net.OpError{Op: "dial", Net: l.addr.Network(), Addr: Addr(address), Err: err}
}

// Close refuses further connections and resets those in the queue. Accepted connections stay open.
func (l *Listener) Close() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.closed = true
	for _, c := range l.pending {
		c.Reset()
	}
	l.pending = nil
	l.changed.Broadcast()
	return nil
}
