// SPDX-License-Identifier: Apache-2.0

// Package natsembedded runs nats-server with JetStream inside the process, for programs on one
// machine and for tests.
package natsembedded

import (
	"errors"
	"fmt"
	"os"
	"sync"
	"time"

	"github.com/nats-io/nats-server/v2/server"
)

// ready is how long the server may take to start. It reads a large store first.
const ready = 30 * time.Second

// Server is a running nats-server.
type Server struct {
	server *server.Server
	remove string // a temporary directory
}

// Start starts a server that keeps its data in dir. Only one process at a time may use dir. If dir
// is empty, the data is in a temporary directory, which Close removes.
//
// The server listens on a free port of 127.0.0.1, without authentication: every process on the
// machine can connect. It acknowledges a write when it is on disk (SyncAlways), so a crash of the
// process or the machine loses no acknowledged write. With a temporary directory, it doesn't wait
// for the disk. optFns can change these and all other options of nats-server, for example Port.
func Start(dir string, optFns ...func(*server.Options)) (_ *Server, err error) {
	s := &Server{}
	if dir == "" {
		if dir, err = os.MkdirTemp("", "natsembedded-"); err != nil {
			return nil, fmt.Errorf("start embedded NATS: %w", err)
		}
		s.remove = dir
	}
	opts := &server.Options{
		Host: "127.0.0.1", Port: server.RANDOM_PORT,
		JetStream: true, StoreDir: dir, SyncAlways: s.remove == "",
		NoLog: true, NoSigs: true, // leave logging and signals to the program
	}
	for _, fn := range optFns {
		fn(opts)
	}
	if s.server, err = server.NewServer(opts); err != nil {
		return nil, errors.Join(fmt.Errorf("start embedded NATS: %w", err), s.cleanUp())
	}
	why := &fatal{}
	s.server.SetLogger(why, false, false)
	s.server.Start()
	if err := why.err(); err != nil {
		return nil, errors.Join(fmt.Errorf("start embedded NATS: %w", err), s.Close())
	}
	if !s.server.ReadyForConnections(ready) {
		return nil, errors.Join(errors.New("start embedded NATS: not ready after 30 s"), s.Close())
	}
	return s, nil
}

// URL returns the server's URL for nats.Connect. Other processes on the machine can use it too.
func (s *Server) URL() string { return s.server.ClientURL() }

// Close stops the server and waits until it has stopped. It may be called more than once.
func (s *Server) Close() error {
	s.server.Shutdown()
	s.server.WaitForShutdown()
	return s.cleanUp()
}

func (s *Server) cleanUp() error {
	if s.remove == "" {
		return nil
	}
	return os.RemoveAll(s.remove)
}

// fatal is a logger that records why the server didn't start, which nats-server only logs.
type fatal struct {
	mu     sync.Mutex
	reason error
}

func (f *fatal) Fatalf(format string, v ...any) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.reason == nil {
		f.reason = fmt.Errorf(format, v...)
	}
}

func (f *fatal) err() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.reason
}

func (f *fatal) Noticef(string, ...any) {}
func (f *fatal) Warnf(string, ...any)   {}
func (f *fatal) Errorf(string, ...any)  {}
func (f *fatal) Debugf(string, ...any)  {}
func (f *fatal) Tracef(string, ...any)  {}
