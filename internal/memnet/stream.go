// SPDX-License-Identifier: Apache-2.0

package memnet

import (
	"errors"
	"io"
	"net"
	"os"
	"sync"
	"syscall"
	"time"
)

const (
	// maxBuffered is the number of bytes that a stream holds before a write waits.
	maxBuffered = 64 << 10
	// maxKept is the maximum size of a drained buffer that is reused: thousands of idle connections
	// must stay small.
	maxKept = 4 << 10
)

// stream is one direction of a connection.
type stream struct {
	mu           sync.Mutex
	changed      sync.Cond // data, space, an end or a deadline
	buffer       []byte
	head         int // buffer[:head] has been read
	readerClosed bool
	writerClosed bool
	broken       bool
	late         bool // a write has come after closeReader
	reading      deadline
	writing      deadline
}

// deadline is guarded by its stream's mutex.
type deadline struct {
	passed bool
	timer  *time.Timer
	set    int // counts calls of setDeadline
}

func newStream() *stream {
	s := &stream{}
	s.changed.L = &s.mu
	return s
}

func (s *stream) read(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for {
		if done, err := s.readable(); err != nil {
			return 0, err
		} else if done || len(p) == 0 {
			return s.take(p), nil
		}
		s.changed.Wait()
	}
}

// readable reports whether there is data. A passed deadline takes precedence over data, as with
// TCP.
func (s *stream) readable() (bool, error) {
	switch {
	case s.readerClosed:
		return false, net.ErrClosed
	case s.broken:
		return false, syscall.ECONNRESET
	case s.reading.passed:
		return false, os.ErrDeadlineExceeded
	case s.unread() > 0:
		return true, nil
	case s.writerClosed:
		return false, io.EOF
	default:
		return false, nil
	}
}

func (s *stream) unread() int { return len(s.buffer) - s.head }

func (s *stream) take(p []byte) int {
	n := copy(p, s.buffer[s.head:])
	s.head += n
	if s.unread() == 0 {
		s.empty()
	}
	s.changed.Broadcast()
	return n
}

func (s *stream) empty() {
	s.head = 0
	s.buffer = s.buffer[:0]
	if cap(s.buffer) > maxKept {
		s.buffer = nil
	}
}

func (s *stream) write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	written := 0
	if s.isFirstLate() {
		return len(p), nil
	}
	for {
		if err := s.writable(); err != nil {
			return written, err
		}
		written += s.put(p[written:])
		if written == len(p) {
			return written, nil
		}
		s.changed.Wait()
	}
}

// isFirstLate reports whether this is the first write after closeReader. It succeeds as with TCP,
// where it makes the peer send a reset; TLS writes a close_notify then.
func (s *stream) isFirstLate() bool {
	if s.late || !errors.Is(s.writable(), syscall.EPIPE) {
		return false
	}
	s.late = true
	return true
}

func (s *stream) writable() error {
	switch {
	case s.writerClosed:
		return net.ErrClosed
	case s.broken:
		return syscall.ECONNRESET
	case s.writing.passed:
		return os.ErrDeadlineExceeded
	case s.readerClosed:
		return syscall.EPIPE
	default:
		return nil
	}
}

// put copies as much of p as the buffer has space for.
func (s *stream) put(p []byte) int {
	n := min(len(p), maxBuffered-s.unread())
	if n == 0 {
		return 0
	}
	if s.head > 0 && len(s.buffer)+n > cap(s.buffer) {
		s.buffer = s.buffer[:copy(s.buffer, s.buffer[s.head:])]
		s.head = 0
	}
	s.buffer = append(s.buffer, p[:n]...)
	s.changed.Broadcast()
	return n
}

// closeReader reports whether the reader was open.
func (s *stream) closeReader() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	open := !s.readerClosed
	s.readerClosed = true
	s.buffer, s.head = nil, 0
	s.reading.stop()
	s.changed.Broadcast()
	return open
}

func (s *stream) closeWriter() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.writerClosed = true
	s.writing.stop()
	s.changed.Broadcast()
}

func (s *stream) reset() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.broken = true
	s.buffer, s.head = nil, 0
	s.changed.Broadcast()
}

// setDeadline wakes waiting calls, so that an old deadline no longer applies to them.
func (s *stream) setDeadline(d *deadline, t time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	d.stop()
	d.set++
	d.passed = !t.IsZero() && !t.After(time.Now())
	if !t.IsZero() && !d.passed {
		set := d.set
		d.timer = time.AfterFunc(time.Until(t), func() { s.expire(d, set) })
	}
	s.changed.Broadcast()
}

// expire does nothing if the deadline was set again, because Stop can come too late.
func (s *stream) expire(d *deadline, set int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if d.set == set {
		d.passed = true
		s.changed.Broadcast()
	}
}

func (d *deadline) stop() {
	if d.timer != nil {
		d.timer.Stop()
		d.timer = nil
	}
}
