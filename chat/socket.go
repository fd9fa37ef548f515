package chat

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/coder/websocket"
)

const (
	// readLimit is above the largest legal frame: a message of 16,384 characters, each
	// escaped twice. The websocket package's own 32 KiB would cut the connection.
	readLimit = 256 << 10

	heartbeatEvery = 10 * time.Second
	// judgeAfter is how old an unanswered heartbeat must be to tell a dead socket.
	judgeAfter = heartbeatEvery - time.Second
	// maxTickDelay is how late a tick may be to judge anybody: the process was asleep.
	maxTickDelay   = 2 * time.Second
	writeTimeout   = 5 * time.Second
	closeTimeout   = 800 * time.Millisecond
	maxPingsMissed = 2
)

var (
	errSilent     = errors.New("the socket has fallen silent")
	errGateway    = errors.New("the gateway sent an error")
	errRefused    = errors.New("the subscription was refused")
	errUnanswered = errors.New("the subscription was not answered")
)

// socket is one WebSocket. One goroutine reads it; looks send its heartbeats.
type socket struct {
	conn   *websocket.Conn
	cancel context.CancelFunc // cuts the connection
	acked  chan error         // has room for the one answer

	// Guarded by the session's mutex.
	begun      bool
	tick       time.Time // when the next heartbeat is due
	unanswered time.Time // when the oldest heartbeat without a sign of life was sent
	pinged     bool      // a ping waits for its answer
	missed     int       // pings in a row that were answered badly or not at all
	dead       bool
}

func newSocket(conn *websocket.Conn, cancel context.CancelFunc) *socket {
	conn.SetReadLimit(readLimit)
	return &socket{conn: conn, cancel: cancel, acked: make(chan error, 1)}
}

var frames = sync.Pool{New: func() any { return new(bytes.Buffer) }}

// read reads the socket to its end.
func (s *Session) read(ctx context.Context, k *socket) {
	err := s.readFrames(ctx, k)
	k.cancel()
	_ = k.conn.CloseNow()
	k.answer(err)
	s.lost(k, err)
}

func (s *Session) readFrames(ctx context.Context, k *socket) error {
	for {
		_, r, err := k.conn.Reader(ctx)
		if err != nil {
			return fmt.Errorf("read chat socket: %w", err)
		}
		if err := s.readFrame(k, r); err != nil {
			return err
		}
	}
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

// receive takes a frame: every frame of every socket enters here. What can't be read is
// passed over, as a newer service's may be.
func (s *Session) receive(k *socket, data []byte) error {
	f, err := parseFrame(data)
	if err != nil {
		s.opts.Logger.Warn("chat frame passed over", "bytes", len(data), "error", err)
		return nil
	}
	var it *item
	if f.topic == topicChat {
		if it, err = liveItem(f.content); err != nil {
			s.opts.Logger.Warn("chat item passed over", "bytes", len(f.content), "error", err)
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	k.unanswered = time.Time{}
	switch f.topic {
	case topicChat:
		s.arrive(it)
	case topicSubscribe:
		k.answer(f.refusal())
	case topicPing:
		s.pong(k, f.statusCode)
	case "":
		return errGateway
	}
	return nil
}

func (f frame) refusal() error {
	if f.status != "success" {
		return errRefused
	}
	return nil
}

func (s *Session) arrive(it *item) {
	if it == nil || s.over != nil {
		return
	}
	wasEnded, wasBehind := s.d.ended != nil, s.d.behind
	s.d.arrive(it, time.Now())
	s.arrived()
	if len(s.d.pending) > 0 || it.chunk != nil || s.d.behind != wasBehind || (s.d.ended != nil) != wasEnded || s.d.fresh >= passAfter {
		s.rouse()
	}
}

// arrived wakes the caller if there is something to take.
func (s *Session) arrived() {
	if s.d.queue.len() > 0 {
		s.arrivals.broadcast()
	}
}

// answer passes on the answer to the subscription, or the end of the socket.
func (k *socket) answer(err error) {
	select {
	case k.acked <- err:
	default: // there was one
	}
}

// pong counts what is wrong with the way through to the service.
func (s *Session) pong(k *socket, status int32) {
	k.pinged = false
	const ok = 200
	if status == ok {
		k.missed = 0
		return
	}
	k.missed++
	s.rouse()
}

// write sends a frame. A write that hangs cuts the connection.
func (k *socket) write(ctx context.Context, text string) error {
	timer := time.AfterFunc(writeTimeout, k.cancel)
	defer timer.Stop()
	defer context.AfterFunc(ctx, k.cancel)()
	return k.conn.Write(context.Background(), websocket.MessageText, []byte(text)) // it holds on to its context
}

// beat judges the last heartbeats and tells whether to send the next ones.
func (k *socket) beat(now time.Time) (send bool, err error) {
	if now.Before(k.tick) {
		return false, nil
	}
	delay := now.Sub(k.tick)
	k.tick = now.Add(k.interval())
	if delay > maxTickDelay {
		k.unanswered, k.pinged = now, false
		return true, nil
	}
	if !k.unanswered.IsZero() && now.Sub(k.unanswered) >= judgeAfter {
		return false, errSilent
	}
	if k.pinged {
		k.missed++
	}
	if k.unanswered.IsZero() {
		k.unanswered = now
	}
	k.pinged = true
	return true, nil
}

// interval until the next tick: the first is of any length, so that sockets opened
// together don't beat together.
func (k *socket) interval() time.Duration {
	if !k.begun {
		k.begun = true
		return upTo(heartbeatEvery)
	}
	return heartbeatEvery
}

// close says goodbye and waits for the answer, but not long: on a connection that is half
// open none comes.
func (k *socket) close() {
	stop := time.AfterFunc(closeTimeout, k.cancel)
	defer stop.Stop()
	_ = k.conn.Close(websocket.StatusNormalClosure, "")
}
