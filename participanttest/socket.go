// SPDX-License-Identifier: Apache-2.0

package participanttest

import (
	"context"
	"errors"
	"net"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/coder/websocket"
)

const (
	// maxFrame is API Gateway's limit for a message; a larger one closes with 1009.
	maxFrame = 128 << 10
	// maxQueued and maxQueuedBytes bound what waits for a client that doesn't read. Beyond them the
	// connection is reset, as a gateway does with a slow consumer: neither the server nor other
	// participants may wait for it.
	maxQueued      = 16384
	maxQueuedBytes = 8 << 20
	// maxSockets is the limit of one participant (Administrator Guide, "Feature specifications").
	maxSockets = 5
)

// socket is one WebSocket of a participant. It has two goroutines, one that reads and
// one that writes; the server waits for both.
type socket struct {
	srv         *Server
	participant *Participant
	id          string // the connectionId of gateway errors
	number      int    // counts the participant's sockets from 1
	cut         context.CancelFunc
	reset       atomic.Bool // cut with a TCP reset
	transport   *faultyConn

	// Guarded by srv.mu.
	subscribed bool
	held       []*frame  // by a fault, until the next push
	expiry     time.Time // ConnectionExpiry of its URL
	used       time.Time // the time of the last frame in either direction
	idle       *timer
	limits     []*timer

	mu     sync.Mutex
	queue  []frame
	bytes  int
	sealed bool          // takes no more frames
	wake   chan struct{} // full: the writer is about to check anyway
}

// frame is an outgoing frame: a text, or a close frame if it has a code.
type frame struct {
	text    []byte
	code    websocket.StatusCode
	written chan struct{} // a marker instead: closed when it is reached
	reason  string
	event   *WireEvent // nil while nothing is recorded
}

// run starts the two goroutines. When one ends it cuts the connection, which ends the
// other.
func (k *socket) run(ctx context.Context, conn *websocket.Conn) {
	conn.SetReadLimit(maxFrame)
	context.AfterFunc(ctx, func() { _ = k.transport.Close() }) // ends every call on it
	k.srv.sockets.Go(func() { k.read(conn) })
	k.srv.sockets.Go(func() { k.write(ctx, conn) })
}

func (k *socket) read(conn *websocket.Conn) {
	defer k.cut()
	defer k.srv.forget(k)
	for {
		// The background context costs nothing; cut ends a read as well.
		kind, text, err := conn.Read(context.Background())
		if errors.Is(err, websocket.ErrMessageTooBig) {
			// Close again to read what still comes: closing with unread data would be
			// a reset, and the client might never see the code.
			_ = conn.Close(websocket.StatusMessageTooBig, "")
		}
		if err != nil {
			k.recordEnd(err)
			return
		}
		k.srv.receive(k, kind, text)
	}
}

func (k *socket) write(ctx context.Context, conn *websocket.Conn) {
	defer func() { _ = conn.CloseNow() }()
	defer k.cut()
	for {
		select {
		case <-ctx.Done():
			return
		case <-k.wake:
		}
		for _, f := range k.take() {
			k.recordSent(f)
			if f.send(conn) != nil {
				return
			}
		}
	}
}

func (f frame) send(conn *websocket.Conn) error {
	if f.written != nil {
		close(f.written)
		return nil
	}
	if f.code != 0 {
		return errors.Join(conn.Close(f.code, f.reason), net.ErrClosed)
	}
	return conn.Write(context.Background(), websocket.MessageText, f.text)
}

func (k *socket) take() []frame {
	k.mu.Lock()
	defer k.mu.Unlock()
	frames := k.queue
	k.queue, k.bytes = nil, 0
	return frames
}

// enqueue never blocks.
func (k *socket) enqueue(f frame) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.sealed {
		return
	}
	if len(k.queue) >= maxQueued || k.bytes+len(f.text) > maxQueuedBytes {
		k.drop()
		return
	}
	k.queue = append(k.queue, f)
	k.bytes += len(f.text)
	k.sealed = f.code != 0
	select {
	case k.wake <- struct{}{}:
	default:
	}
}

// abort cuts the connection as a host that fails does: what is queued is lost.
func (k *socket) abort() {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.drop()
}

func (k *socket) drop() {
	k.sealed, k.queue = true, nil
	k.reset.Store(true)
	k.cut()
}

// close sends the close frame after what is queued. The participant has one socket less immediately.
func (k *socket) close(code websocket.StatusCode, reason string) {
	k.detach()
	k.enqueue(frame{code: code, reason: reason, event: k.newFrame(OperationClose, "", Effect{})})
}

// end closes with a close frame, or cuts the connection if the code is 0.
func (k *socket) end(code websocket.StatusCode, reason string) {
	if code != 0 {
		k.close(code, reason)
		return
	}
	k.detach()
	k.abort()
}

// detach removes the socket from the participant: it gets no pushes and isn't counted any more.
func (k *socket) detach() {
	p := k.participant
	p.sockets = slices.DeleteFunc(p.sockets, func(other *socket) bool { return other == k })
	k.stopLimits()
	k.srv.changed()
}

// forget removes a socket that has ended.
func (s *Server) forget(k *socket) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.open, k)
	k.detach()
}
