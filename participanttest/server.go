// SPDX-License-Identifier: Apache-2.0

package participanttest

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/binary"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/google/uuid"

	"github.com/participant-go/connectparticipant/internal/fips"
	"github.com/participant-go/connectparticipant/internal/memnet"
)

// TB is the part of testing.TB that Start needs. It is declared here so that a program that serves the
// fake doesn't link package testing.
type TB interface {
	Helper()
	Cleanup(func())
	Fatalf(format string, args ...any)
}

// Server is a running fake of the Amazon Connect Participant Service. All its methods
// and those of its contacts and participants may be called concurrently.
type Server struct {
	// URL is the endpoint to give to a client, such as http://127.0.0.1:41234, or https with
	// Options.TLS.
	URL string

	opts      Options
	identity  *identity // nil without TLS
	secret    []byte    // signs upload and download URLs and paging tokens
	offset    atomic.Int64
	http      *http.Server
	further   http.ServeMux // the handlers of Handle
	client    *http.Client
	closeOnce sync.Once
	closing   chan struct{}
	wake      chan struct{}
	published chan struct{}
	wire      atomic.Pointer[wireLog] // nil while nothing is recorded
	work      sync.WaitGroup          // the accept loop, the time keeper and the publisher
	conns     sync.WaitGroup
	sockets   sync.WaitGroup // upgrades, and two goroutines a socket

	mu           sync.Mutex
	contacts     map[string]*Contact     // by each of their ids
	retired      []*Contact              // ended ones, in the order of their end
	forgetting   bool                    // a timer is set for the first of retired
	chats        int                     // the number of chats so far
	participants map[string]*Participant // by participant token
	credentials  map[string]credential   // by connection token
	former       map[string]*Participant // by a token of any kind that was valid
	tickets      map[string]ticket       // by the token in a WebSocket URL
	open         map[*socket]struct{}
	upgrading    int // the number of running upgrades
	closed       bool
	running      *call // the request whose operation runs
	timers       timers
	timersSet    int
	requests     []Request // a ring once it is full
	oldest       int       // the index of its oldest entry
	counts       map[string]int
	waiters      []*waiter
	faults       []*Injected // in the order in which they were added
	injected     uint64      // the number of faults so far
	quotas       map[string]*bucket
	responses    responseCache // of Amazon Connect
	notices      []notice      // notifications that wait for Options.Stream

	endpoints map[string]*endpoint // by the ARN of the topic; they don't change
}

// Start runs a server until the test ends. It fails the test if the server can't listen.
func Start(tb TB, optFns ...func(*Options)) *Server {
	tb.Helper()
	s, err := New(optFns...)
	if err != nil {
		tb.Fatalf("%v", err)
		return nil
	}
	tb.Cleanup(s.Close)
	return s
}

// New runs a server until Close.
func New(optFns ...func(*Options)) (*Server, error) {
	if err := fips.Check(); err != nil {
		return nil, fmt.Errorf("start participant service: %w", err)
	}
	s, listener, err := open(withDefaults(optFns))
	if err != nil {
		return nil, fmt.Errorf("start participant service: %w", err)
	}
	s.subscribe(s.opts.Topics)
	s.work.Go(func() { _ = s.http.Serve(listener) })
	s.work.Go(s.keepTime)
	if s.opts.Stream != nil {
		s.work.Go(s.publish)
	}
	return s, nil
}

// open makes a server without starting its goroutines.
func open(opts Options) (*Server, net.Listener, error) {
	before, err := opts.validate()
	if err != nil {
		return nil, nil, err
	}
	listener, dial, err := listen(opts)
	if err != nil {
		return nil, nil, err
	}
	s := newServer(opts, listener.Addr())
	s.restore(before)
	transport := &http.Transport{DialContext: dial, MaxIdleConnsPerHost: 128}
	s.client = &http.Client{Transport: transport}
	if !opts.TLS {
		return s, listener, nil
	}
	hosts := certifiedHosts(opts, listener.Addr())
	if s.identity = before.Identity.identity(hosts); s.identity == nil {
		if s.identity, err = newIdentity(hosts); err != nil {
			return nil, nil, errors.Join(err, listener.Close())
		}
	}
	s.URL = "https" + strings.TrimPrefix(s.URL, "http")
	transport.TLSClientConfig = s.identity.clientConfig()
	return s, tls.NewListener(listener, s.identity.serverConfig()), nil
}

// memoryAddr is an address of this machine on which no server listens.
const memoryAddr = "127.0.0.1:1"

type dialFunc func(ctx context.Context, network, address string) (net.Conn, error)

func listen(opts Options) (net.Listener, dialFunc, error) {
	if opts.inMemory {
		l := memnet.Listen(memoryAddr)
		return l, l.DialContext, nil
	}
	l, err := new(net.ListenConfig).Listen(context.Background(), "tcp", opts.Addr)
	return l, new(net.Dialer).DialContext, err
}

func newServer(opts Options, addr net.Addr) *Server {
	s := &Server{
		URL:          "http://" + reachable(addr),
		opts:         opts,
		secret:       randomBytes(secretLength),
		closing:      make(chan struct{}),
		wake:         make(chan struct{}, 1), // full: the time keeper is about to check anyway
		published:    make(chan struct{}, 1), // full: so is the publisher
		contacts:     map[string]*Contact{},
		participants: map[string]*Participant{},
		credentials:  map[string]credential{},
		former:       map[string]*Participant{},
		tickets:      map[string]ticket{},
		open:         map[*socket]struct{}{},
		counts:       map[string]int{},
		quotas:       map[string]*bucket{},

		endpoints: map[string]*endpoint{},
	}
	s.http = &http.Server{
		Handler:           http.HandlerFunc(s.serve),
		ReadHeaderTimeout: 30 * time.Second,
		ReadTimeout:       2 * time.Minute,
		IdleTimeout:       365 * 24 * time.Hour, // a bubble's client may sleep for days
		MaxHeaderBytes:    64 << 10,
		ConnState:         s.countConn,
	}
	return s
}

// reachable returns the host and port that a client on this machine can dial. It is an address, never a
// name: ChatJS accepts plain ws URLs for 127.0.0.1 only.
func reachable(addr net.Addr) string {
	tcp, ok := addr.(*net.TCPAddr)
	if ok && tcp.IP.IsUnspecified() {
		return net.JoinHostPort("127.0.0.1", fmt.Sprint(tcp.Port))
	}
	return addr.String()
}

// countConn makes Close wait for the goroutine of each connection, and so for every handler;
// http.Server.Close alone doesn't wait.
func (s *Server) countConn(_ net.Conn, state http.ConnState) {
	switch state {
	case http.StateNew:
		s.conns.Add(1)
	case http.StateClosed, http.StateHijacked:
		s.conns.Done()
	case http.StateActive, http.StateIdle:
	}
}

// Client returns an HTTP client that trusts the server's certificate, if there is one, and whose idle
// connections are closed with the server. With InMemory no other client can reach the server.
func (s *Server) Client() *http.Client { return s.client }

// Close closes all connections and waits for everything that the server started. It may be called more
// than once. The garbage collector can free the chats once nothing refers to the server and its
// contacts.
func (s *Server) Close() {
	s.closeOnce.Do(func() {
		s.cut()
		close(s.closing)
		s.client.CloseIdleConnections()
		_ = s.http.Close()
	})
	s.work.Wait()
	s.conns.Wait()
	s.sockets.Wait()
}

// cut ends the flows and cuts every WebSocket, including those whose upgrade is running: http.Server
// doesn't close hijacked connections.
func (s *Server) cut() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed = true
	for k := range s.open {
		k.cut()
	}
	for _, c := range s.contacts {
		c.endFlow()
	}
	for _, e := range s.endpoints {
		e.cancel()
	}
}

// randomBytes doesn't use crypto/rand, which Go 1.26 can't seed in a bubble in FIPS 140 mode.
func randomBytes(n int) []byte {
	b := make([]byte, 0, n+7)
	for len(b) < n {
		b = binary.NativeEndian.AppendUint64(b, rand.Uint64())
	}
	return b[:n]
}

func newUUID() string {
	id, _ := uuid.NewRandomFromReader(bytes.NewReader(randomBytes(16)))
	return id.String()
}
