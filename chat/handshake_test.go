// SPDX-License-Identifier: Apache-2.0

package chat_test

import (
	"bufio"
	"context"
	"io"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/stretchr/testify/require"

	"github.com/participant-go/connectparticipant"
	"github.com/participant-go/connectparticipant/chat"
	"github.com/participant-go/connectparticipant/participanttest"
)

// elsewhere is a client that replaces the address of sockets, once its own is set.
type elsewhere struct {
	connectparticipant.API

	address atomic.Pointer[string]
}

func (e *elsewhere) CreateParticipantConnection(ctx context.Context, in *connectparticipant.CreateParticipantConnectionInput, optFns ...func(*connectparticipant.Options)) (*connectparticipant.CreateParticipantConnectionOutput, error) {
	out, err := e.API.CreateParticipantConnection(ctx, in, optFns...)
	if address := e.address.Load(); err == nil && address != nil {
		out.Websocket.Url = aws.String("ws://" + *address + "/?AuthToken=made-up-secret")
	}
	return out, err
}

// peer is a TCP server that responds to each handshake by a function, until the test ends.
type peer struct {
	address string
	asked   chan struct{} // receives a value at the first request
}

// newPeer closes the connections when the test ends, and waits for its goroutines.
func newPeer(t *testing.T, respond func(net.Conn)) *peer {
	t.Helper()
	l, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	p := &peer{address: l.Addr().String(), asked: make(chan struct{}, 1)}
	ctx, end := context.WithCancel(context.Background())
	var work sync.WaitGroup
	work.Go(func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			context.AfterFunc(ctx, func() { _ = conn.Close() })
			work.Go(func() { p.serve(conn, respond) })
		}
	})
	t.Cleanup(func() {
		_ = l.Close()
		end()
		work.Wait()
	})
	return p
}

func (p *peer) serve(conn net.Conn, respond func(net.Conn)) {
	r := bufio.NewReader(conn)
	if _, err := http.ReadRequest(r); err != nil {
		return
	}
	select {
	case p.asked <- struct{}{}:
	default:
	}
	respond(conn)
	_, _ = io.Copy(io.Discard, r) // keeps the connection open until either side closes it
}

const wrongAccept = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: d3Jvbmc=\r\n\r\n"

// drip sends a body that never ends.
func drip(conn net.Conn) {
	if _, err := io.WriteString(conn, "HTTP/1.1 403 Forbidden\r\nContent-Length: 100000\r\n\r\n"); err != nil {
		return
	}
	ticker := time.NewTicker(20 * time.Millisecond)
	defer ticker.Stop()
	for range ticker.C {
		if _, err := conn.Write([]byte("x")); err != nil {
			return
		}
	}
}

// peers are servers on which a handshake hangs, with the error of Start.
var peers = map[string]struct {
	respond func(net.Conn)
	failure string // a regular expression
}{
	"that never respond":               {func(net.Conn) {}, `deadline exceeded`},
	"that send a wrong accept key":     {func(conn net.Conn) { _, _ = io.WriteString(conn, wrongAccept) }, `(?i)Sec-WebSocket-Accept|status 101`},
	"that refuse with an endless body": {drip, `403`},
}

// realSockets is a client of a fake on a port.
func realSockets(t *testing.T) (*participanttest.Contact, *elsewhere) {
	t.Helper()
	srv := participanttest.Start(t)
	client := connectparticipant.New(connectparticipant.Options{BaseEndpoint: &srv.URL, HTTPClient: srv.Client()})
	return srv.NewChat(), &elsewhere{API: client}
}

// ownTransport gives the session its own transport, whose connections end with the test.
func ownTransport(t *testing.T) func(*chat.Options) {
	t.Helper()
	transport := new(http.Transport)
	t.Cleanup(transport.CloseIdleConnections)
	return func(o *chat.Options) {
		o.HTTPClient = &http.Client{Transport: transport}
		o.Limiter = chat.Unlimited
	}
}

func TestStartEndsWithItsContextDuringAHandshake(t *testing.T) {
	t.Parallel()
	for name, test := range peers {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			contact, client := realSockets(t)
			client.address.Store(&newPeer(t, test.respond).address)
			ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
			defer cancel()
			begun := time.Now()
			_, err := chat.Start(ctx, client, contact.Customer.Token, ownTransport(t), chat.WithMaxBackoff(20*time.Millisecond))
			require.Less(t, time.Since(begun), 10*time.Second)
			require.ErrorIs(t, err, context.DeadlineExceeded)
			require.Regexp(t, test.failure, err.Error())
			require.NotContains(t, err.Error(), "made-up-secret")
		})
	}
}

func TestCloseEndsAHandshake(t *testing.T) {
	t.Parallel()
	for name, test := range peers {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			contact, client := realSockets(t)
			s, err := chat.Start(t.Context(), client, contact.Customer.Token, ownTransport(t), chat.WithMaxBackoff(20*time.Millisecond))
			require.NoError(t, err)
			defer func() { _ = s.Close() }()
			p := newPeer(t, test.respond)
			client.address.Store(&p.address)
			contact.Customer.CutSockets()
			<-p.asked
			<-time.After(100 * time.Millisecond) // the peer's response has arrived
			begun := time.Now()
			require.NoError(t, s.Close())
			require.Less(t, time.Since(begun), 4*time.Second, "a second, plus slack for a busy machine")
		})
	}
}

// wrapBodies is a transport that wraps response bodies, as tracing does.
type wrapBodies struct{ http.RoundTripper }

func (w wrapBodies) RoundTrip(request *http.Request) (*http.Response, error) {
	response, err := w.RoundTripper.RoundTrip(request)
	if err == nil {
		response.Body = struct{ io.ReadCloser }{response.Body}
	}
	return response, err
}

func TestStartReportsATransportThatWrapsBodies(t *testing.T) {
	t.Parallel()
	contact, client := realSockets(t)
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
	defer cancel()
	transport := new(http.Transport)
	t.Cleanup(transport.CloseIdleConnections)
	_, err := chat.Start(ctx, client, contact.Customer.Token, func(o *chat.Options) {
		o.HTTPClient = &http.Client{Transport: wrapBodies{transport}}
		o.Limiter = chat.Unlimited
	})
	require.Error(t, err)
	require.Regexp(t, `(?i)\bbody\b|\bbodies\b`, err.Error())
	require.Regexp(t, `(?i)transport`, err.Error())
}

// The URL of a socket is signed: another server must not receive it.
func TestARedirectedHandshakeIsNotFollowed(t *testing.T) {
	t.Parallel()
	other := newPeer(t, func(net.Conn) {})
	p := newPeer(t, func(conn net.Conn) {
		_, _ = io.WriteString(conn, "HTTP/1.1 307 Temporary Redirect\r\nLocation: http://"+other.address+"/\r\nContent-Length: 0\r\n\r\n")
	})
	contact, client := realSockets(t)
	client.address.Store(&p.address)
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
	defer cancel()
	_, err := chat.Start(ctx, client, contact.Customer.Token, ownTransport(t))
	require.ErrorContains(t, err, "307")
	require.Len(t, p.asked, 1)
	require.Empty(t, other.asked, "the redirect was followed")
}

// A transport must not follow redirects itself.
func TestHandshakeFailsIfTheTransportFollowsARedirect(t *testing.T) {
	t.Parallel()
	contact, client := realSockets(t)
	transport := new(http.Transport)
	t.Cleanup(transport.CloseIdleConnections)
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
	defer cancel()
	_, err := chat.Start(ctx, client, contact.Customer.Token, func(o *chat.Options) {
		o.HTTPClient = &http.Client{Transport: redirected{transport}}
		o.Limiter = chat.Unlimited
	})
	require.ErrorContains(t, err, "must not follow redirects")
}

// redirected is a transport whose responses came after a redirect.
type redirected struct{ http.RoundTripper }

func (r redirected) RoundTrip(request *http.Request) (*http.Response, error) {
	response, err := r.RoundTripper.RoundTrip(request)
	if err == nil {
		request = request.Clone(request.Context())
		request.Response = &http.Response{}
		response.Request = request
	}
	return response, err
}
