// SPDX-License-Identifier: Apache-2.0

package storage

import (
	"errors"
	"fmt"
	"io"
)

var errStopped = errors.New("the upload has ended")

// source gives one try the body. It ends after so many bytes, and after stop doesn't
// touch the caller's reader any more.
type source struct {
	body     io.Reader
	size     int64
	progress func(sent int64)

	// turn holds one token: who has it may use what is below. stop keeps it, so that it
	// waits for a Read under way. It isn't a mutex because body may take its time.
	turn    chan struct{}
	left    int64
	err     error  // of the body itself
	last    []byte // see roomFor
	stopped chan struct{}
	end     error // what Read returns then
}

func newSource(body io.Reader, size int64, progress func(sent int64)) *source {
	s := &source{
		body: body, size: size, progress: progress, left: size,
		turn: make(chan struct{}, 1), stopped: make(chan struct{}),
	}
	s.turn <- struct{}{}
	return s
}

// Read is called by net/http, also after stop.
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
	room := s.roomFor(p)
	n, err := s.body.Read(room)
	if s.err = s.judge(n, err); s.err != nil {
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

// roomFor returns p, or near the end one byte more than there should be left. A further
// Read at the end would find a body that is too long as well, but can wait for ever where
// there is no end.
func (s *source) roomFor(p []byte) []byte {
	if int64(len(p)) < s.left {
		return p
	}
	if s.last == nil {
		s.last = make([]byte, s.left+1)
	}
	return s.last[:s.left+1]
}

// judge takes what a Read returned while left bytes were still to come.
func (s *source) judge(n int, err error) error {
	switch {
	case int64(n) > s.left:
		return fmt.Errorf("the body has more than %d bytes", s.size)
	case err == nil, err == io.EOF && int64(n) == s.left: //nolint:errorlint // as io.Reader has it
		return nil
	case err == io.EOF: //nolint:errorlint // as io.Reader has it
		return sizeError(s.size-s.left+int64(n), s.size)
	default:
		return fmt.Errorf("read the body: %w", err)
	}
}

// stop waits for a Read under way and lets no further one reach the caller's reader.
// Afterwards left and err may be read. It is called once.
func (s *source) stop() {
	<-s.turn
	// A connection whose body seems to fail isn't used again.
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
