// SPDX-License-Identifier: Apache-2.0

package chat

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
	"sync/atomic"
	"time"

	"github.com/coder/websocket"

	"github.com/participant-go/connectparticipant/internal/redact"
)

const (
	// readLimit is above the largest valid frame: a message of 16,384 characters, each escaped
	// twice. Package websocket's default, 32 KiB, would cut the connection.
	readLimit    = 256 << 10
	writeTimeout = 5 * time.Second
	closeTimeout = 800 * time.Millisecond
)

var (
	errSilent   = errors.New("no response to heartbeats")
	errGateway  = errors.New("the gateway sent an error")
	errRefused  = errors.New("the subscription was refused")
	errNotAcked = errors.New("the subscription was not acknowledged")
)

// socket is one WebSocket. One goroutine reads it. It has no state of the session, and its methods
// need no lock.
type socket struct {
	conn   *websocket.Conn
	tunnel io.Closer   // the connection below the WebSocket
	acked  chan error  // has room for the one acknowledgement
	over   atomic.Bool // the reader has ended

	// Moves socket to a size class of its own. The class of 32 bytes has so many short-lived
	// objects that its fragmentation costs each idle session 500 bytes.
	_ [88]byte
}

func newSocket(conn *websocket.Conn, tunnel io.Closer) *socket {
	conn.SetReadLimit(readLimit)
	return &socket{conn: conn, tunnel: tunnel, acked: make(chan error, 1)}
}

// cut ends any running method of the socket. Canceling contexts can't do that: a close handshake
// waits under a context of its own.
func (k *socket) cut() { _ = k.tunnel.Close() }

// acknowledge ends the wait of subscribe, after the acknowledgement or at the end of the socket.
func (k *socket) acknowledge(err error) {
	select {
	case k.acked <- err:
	default: // acknowledged before
	}
}

// subscribe subscribes to the chat and waits for the acknowledgement.
func (k *socket) subscribe(ctx context.Context) error {
	timer := time.NewTimer(subscribeTimeout)
	defer timer.Stop()
	if err := k.write(ctx, subscribeFrame); err != nil {
		return fmt.Errorf("subscribe: %w", err)
	}
	select {
	case err := <-k.acked:
		if err != nil {
			return fmt.Errorf("subscribe: %w", err)
		}
		return nil
	case <-timer.C:
		return errNotAcked
	case <-ctx.Done():
		return ctx.Err()
	}
}

// write sends a frame. It cuts the connection when it takes too long or ctx ends.
func (k *socket) write(ctx context.Context, text string) error {
	timer := time.AfterFunc(writeTimeout, k.cut)
	defer timer.Stop()
	defer context.AfterFunc(ctx, k.cut)()
	return k.conn.Write(context.Background(), websocket.MessageText, []byte(text)) // conn keeps a reference to the context
}

// close sends a close frame and waits for the response, but only closeTimeout: on a half-open
// connection none arrives.
func (k *socket) close() {
	stop := time.AfterFunc(closeTimeout, k.cut)
	defer stop.Stop()
	_ = k.conn.Close(websocket.StatusNormalClosure, "")
}

// closeSocket is the task of closing a socket.
type closeSocket struct{ *socket }

func (t closeSocket) do(s *Session) { s.wg.Go(t.close) }

// sendHeartbeats is the task of sending both kinds of heartbeats. Errors are ignored: the reader
// notices a broken socket.
type sendHeartbeats struct{ *socket }

func (t sendHeartbeats) do(s *Session) {
	s.wg.Go(func() {
		if t.write(s.life, heartbeatFrame) == nil {
			_ = t.write(s.life, pingFrame)
		}
	})
}

var frames = sync.Pool{New: func() any { return new(bytes.Buffer) }}

// read reads frames until the socket ends.
func (s *Session) read(k *socket) {
	err := s.readFrames(k)
	k.cut()
	_ = k.conn.CloseNow()
	k.acknowledge(err)
	k.over.Store(true)
	s.update(func(c *core, now instant) { c.lost(k, err, now) })
}

func (s *Session) readFrames(k *socket) error {
	for {
		_, r, err := k.conn.Reader(context.Background())
		if err == nil {
			err = s.readFrame(k, r)
		}
		if err != nil {
			return readError(err)
		}
	}
}

// readError returns an error of a socket without secrets: without the reason of a close frame, which
// is text from the peer, and without the signed URL, which transports put into their errors. The URL
// is not stored, so redact can't search for it.
func readError(err error) error {
	if status := websocket.CloseStatus(err); status != -1 {
		return fmt.Errorf("read chat socket: %w", websocket.CloseError{Code: status})
	}
	return fmt.Errorf("read chat socket: %w", redact.WordsError(err))
}

func (s *Session) readFrame(k *socket, r io.Reader) error {
	buffer := frames.Get().(*bytes.Buffer)
	defer putFrame(buffer)
	if _, err := buffer.ReadFrom(r); err != nil {
		return err
	}
	return s.receive(k, buffer.Bytes())
}

func putFrame(buffer *bytes.Buffer) {
	const maxKept = 16 << 10
	if buffer.Cap() <= maxKept {
		buffer.Reset()
		frames.Put(buffer)
	}
}

// receive handles every frame of every socket.
func (s *Session) receive(k *socket, data []byte) error {
	f := parseFrame(data)
	var it *item
	if f.topic == topicChat && !f.unreadable {
		it = f.parseItem()
	}
	switch {
	case f.topic == topicSubscribe:
		k.acknowledge(f.refusal())
	case f.topic == "" && f.gateway:
		return errGateway
	}
	if s.received(k, &f, it) {
		s.loop.wake()
	}
	return nil
}

// received is update for a frame. It needs no closure, and reports whether to wake the loop.
func (s *Session) received(k *socket, f *frame, it *item) (wake bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	wake = s.core.receive(k, f, it, now())
	s.waiters.notify(&s.core)
	return wake
}
