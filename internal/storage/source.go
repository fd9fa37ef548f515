// SPDX-License-Identifier: Apache-2.0

package storage

import (
	"errors"
	"fmt"
	"io"
)

var errStopped = errors.New("the upload has ended")

// source provides the body for one attempt. It ends after size bytes, and doesn't use the caller's
// reader after stop.
type source struct {
	body     io.Reader
	size     int64
	progress func(sent int64)

	// turn holds one token: its holder may use the fields below. stop keeps it and therefore waits
	// for a Read in progress. It isn't a mutex because a Read of body may take long.
	turn    chan struct{}
	left    int64
	err     error  // of body
	last    []byte // see bufferFor
	stopped chan struct{}
	end     error // returned by Read after stop
}

func newSource(body io.Reader, size int64, progress func(sent int64)) *source {
	s := &source{
		body: body, size: size, progress: progress, left: size,
		turn: make(chan struct{}, 1), stopped: make(chan struct{}),
	}
	s.turn <- struct{}{}
	return s
}

// Read is called by net/http, even after stop.
func (s *source) Read(p []byte) (int, error) {
	select {
	case <-s.stopped:
		return 0, s.end
	case <-s.turn:
	}
	defer func() { s.turn <- struct{}{} }()
	if s.err != nil || s.left == 0 {
		return 0, s.state()
	}
	room := s.bufferFor(p)
	n, err := s.body.Read(room)
	if s.err = s.check(n, err); s.err != nil {
		return 0, s.err
	}
	s.left -= int64(copy(p, room[:n]))
	if n > 0 {
		s.progress(s.size - s.left)
	}
	return n, s.state()
}

func (s *source) state() error {
	if s.err == nil && s.left == 0 {
		return io.EOF
	}
	return s.err
}

// bufferFor returns p, or near the end a buffer for one byte more than is left. A further Read at the
// end would also detect a body that is too long, but can wait forever on a reader without an end.
func (s *source) bufferFor(p []byte) []byte {
	if int64(len(p)) < s.left {
		return p
	}
	if s.last == nil {
		s.last = make([]byte, s.left+1)
	}
	return s.last[:s.left+1]
}

// judge checks the result of a Read when left bytes were missing.
func (s *source) check(n int, err error) error {
	switch {
	case int64(n) > s.left:
		return fmt.Errorf("the body has more than %d bytes", s.size)
	case err == nil, err == io.EOF && int64(n) == s.left: //nolint:errorlint // io.Reader returns it unwrapped
		return nil
	case err == io.EOF: //nolint:errorlint // io.Reader returns it unwrapped
		return sizeError(s.size-s.left+int64(n), s.size)
	default:
		return fmt.Errorf("read the body: %w", err)
	}
}

// stop waits for a Read in progress and prevents further reads of the caller's reader. left and err
// may be read afterwards. It is called once.
func (s *source) stop() {
	<-s.turn
	// An error would prevent net/http from reusing the connection.
	s.end = io.EOF
	if s.left > 0 {
		s.end = errStopped
	}
	close(s.stopped)
}

func sizeError(got, want int64) error {
	err := fmt.Errorf("the body has %d bytes, not %d", got, want)
	if got < want {
		err = fmt.Errorf("%w: %w", err, io.ErrUnexpectedEOF)
	}
	return err
}
