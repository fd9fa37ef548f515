// SPDX-License-Identifier: Apache-2.0

package memnet

import (
	"errors"
	"io"
	"net"
	"sync/atomic"
	"time"
)

// Conn is one end of a connection. It is safe for concurrent use.
type Conn struct {
	in, out       *stream
	local, remote Addr
	abrupt        atomic.Bool
}

// Pair returns the two ends of a new connection.
func Pair() (*Conn, *Conn) { return pair("a", "b") }

func pair(a, b Addr) (*Conn, *Conn) {
	there, back := newStream(), newStream()
	return &Conn{in: back, out: there, local: a, remote: b}, &Conn{in: there, out: back, local: b, remote: a}
}

// Read waits for data. After the peer's Close it first returns the data that the peer wrote.
func (c *Conn) Read(p []byte) (int, error) {
	n, err := c.in.read(p)
	return n, c.wrap("read", err)
}

// Write waits while the peer has more than 64 KiB to read.
func (c *Conn) Write(p []byte) (int, error) {
	n, err := c.out.write(p)
	return n, c.wrap("write", err)
}

// Close closes both directions: the peer reads the remaining data and then io.EOF. As with TCP, the
// peer's first write succeeds and is lost, and the next one fails with EPIPE. Unlike with TCP, unread data at this end does not reset the connection.
func (c *Conn) Close() error {
	if c.abrupt.Load() {
		c.Reset()
		return nil
	}
	if !c.in.closeReader() {
		return c.wrap("close", net.ErrClosed)
	}
	c.out.closeWriter()
	return nil
}

// Reset closes both directions immediately; data that the peer hasn't read is lost, and its calls
// fail with ECONNRESET.
func (c *Conn) Reset() {
	c.out.reset()
	c.in.reset()
	c.in.closeReader()
	c.out.closeWriter()
}

// SetLinger with 0 makes Close a Reset, as on a net.TCPConn; other values have no effect.
func (c *Conn) SetLinger(seconds int) error {
	c.abrupt.Store(seconds == 0)
	return nil
}

// LocalAddr returns the address of this end.
func (c *Conn) LocalAddr() net.Addr { return c.local }

// RemoteAddr returns the address of the peer.
func (c *Conn) RemoteAddr() net.Addr { return c.remote }

// SetDeadline sets both deadlines.
func (c *Conn) SetDeadline(t time.Time) error {
	_ = c.SetReadDeadline(t)
	return c.SetWriteDeadline(t)
}

// SetReadDeadline limits reads, including those already waiting. The zero time means no limit.
func (c *Conn) SetReadDeadline(t time.Time) error {
	c.in.setDeadline(&c.in.reading, t)
	return nil
}

// SetWriteDeadline limits writes, including those already waiting. The zero time means no limit.
func (c *Conn) SetWriteDeadline(t time.Time) error {
	c.out.setDeadline(&c.out.writing, t)
	return nil
}

func (c *Conn) wrap(op string, err error) error {
	if err == nil || errors.Is(err, io.EOF) {
		return err
	}
	return &net.OpError{Op: op, Net: c.local.Network(), Source: c.local, Addr: c.remote, Err: err}
}
