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
	// readLimit is above the largest legal frame: a message of 16,384 characters, each
	// escaped twice. The default of the package websocket, 32 KiB, would cut the connection.
	readLimit    = 256 << 10
	writeTimeout = 5 * time.Second
	closeTimeout = 800 * time.Millisecond
)

var (
	errSilent     = errors.New("the socket has fallen silent")
	errGateway    = errors.New("the gateway sent an error")
	errRefused    = errors.New("the subscription was refused")
	errUnanswered = errors.New("the subscription was not acknowledged")
)

// socket is one WebSocket. One goroutine reads it. It holds no state of the session, and its
// methods need no lock.
type socket struct {
	conn   *websocket.Conn
	tunnel io.Closer   // the connection below
	acked  chan error  // has room for the one acknowledgement
	over   atomic.Bool // its reader has ended

	// Makes it a size that the heap has few others of. Of 32 bytes there are so many for so
	// short a time that the gaps they leave cost each idle session 500 bytes.
	_ [88]byte
}

func newSocket(conn *websocket.Conn, tunnel io.Closer) *socket {
	conn.SetReadLimit(readLimit)
	return &socket{conn: conn, tunnel: tunnel, acked: make(chan error, 1)}
}

// cut ends whatever the socket is doing. Contexts can't: the reader's is not the one that a close
// handshake under way waits for.
func (k *socket) cut() { _ = k.tunnel.Close() }

// acknowledge passes on the response to the subscription, or the end of the socket.
func (k *socket) acknowledge(err error) {
	select {
	case k.acked <- err:
	default: // there was one
	}
}

// subscribe subscribes to the chat, and waits for the acknowledgement.
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
		return errUnanswered
	case <-ctx.Done():
		return ctx.Err()
	}
}

// write sends a frame. A write that hangs cuts the connection.
func (k *socket) write(ctx context.Context, text string) error {
	timer := time.AfterFunc(writeTimeout, k.cut)
	defer timer.Stop()
	defer context.AfterFunc(ctx, k.cut)()
	return k.conn.Write(context.Background(), websocket.MessageText, []byte(text)) // it holds on to its context
}

// close sends a close frame and waits for the response, but not for long: on a half-open
// connection none comes.
func (k *socket) close() {
	stop := time.AfterFunc(closeTimeout, k.cut)
	defer stop.Stop()
	_ = k.conn.Close(websocket.StatusNormalClosure, "")
}

// closeSocket is the task of closing a socket.
type closeSocket struct{ *socket }

func (t closeSocket) do(s *Session) { s.wg.Go(t.close) }

// beat is the task of sending both kinds of heartbeats. The reader notices a broken socket; errors
// are ignored here.
type beat struct{ *socket }

func (t beat) do(s *Session) {
	s.wg.Go(func() {
		if t.write(s.life, heartbeatFrame) == nil {
			_ = t.write(s.life, pingFrame)
		}
	})
}

var frames = sync.Pool{New: func() any { return new(bytes.Buffer) }}

// read reads the socket to its end.
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

// readError returns an error of a socket in a form that can be shown: without the reason of a
// close frame, which is the other side's text, and without the signed URL, which transports put
// into their errors and which isn't kept so long.
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

// receive takes a frame: every frame of every socket enters here.
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

// received is update for a frame: it needs no closure, and wakes the loop only if something is
// due.
func (s *Session) received(k *socket, f *frame, it *item) (wake bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	wake = s.core.receive(k, f, it, now())
	s.waiters.notify(&s.core)
	return wake
}
