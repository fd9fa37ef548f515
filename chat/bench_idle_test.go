// SPDX-License-Identifier: Apache-2.0

package chat_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/rpc"
	"net/url"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/coder/websocket"
	"github.com/stretchr/testify/require"

	"github.com/participant-go/connectparticipant"
	"github.com/participant-go/connectparticipant/chat"
	"github.com/participant-go/connectparticipant/internal/fips"
	"github.com/participant-go/connectparticipant/participanttest"
	"github.com/participant-go/connectparticipant/types"
)

var idleSessions = flag.Int("idle.sessions", 200, "how many sessions BenchmarkIdleSession opens")

// BenchmarkIdleSession measures the memory of an idle session, and compares it with a floor: a plain
// WebSocket with one goroutine that reads. The server is a separate process. For the published
// numbers:
//
//	go test -run=NONE -bench=IdleSession -benchtime=1x ./chat -args -idle.sessions=10000
func BenchmarkIdleSession(b *testing.B) {
	for _, secure := range []bool{false, true} {
		b.Run(map[bool]string{false: "plain", true: "tls"}[secure], func(b *testing.B) {
			for b.Loop() {
				if measured := os.Getenv(measuredVariable); measured != "" {
					startRemote(b, secure).reportCost(measured)
					continue
				}
				session, floor := costAlone(b, "session"), costAlone(b, "floor")
				b.ReportMetric(session[costInUse], costInUse)
				b.ReportMetric(floor[costInUse], "floor-"+costInUse)
				b.ReportMetric(session[costInUse]/floor[costInUse], "ratio")
				b.ReportMetric(session[costLive]/floor[costLive], "live-ratio")
				b.ReportMetric(session[costGoroutines], costGoroutines)
			}
			b.ReportMetric(0, "ns/op")
		})
	}
}

// The measurements: memory in use including fragmentation, which depends on what else the process
// has done, and live memory without it.
const (
	costInUse      = "bytes/session"
	costLive       = "live-bytes/session"
	costGoroutines = "goroutines/session"
)

// measuredVariable selects what a process started by costAlone measures.
const measuredVariable = "CHAT_TEST_MEASURED"

// costAlone runs one of the two measurements in a separate process, because the heap that the other
// one leaves behind would change the result.
func costAlone(b *testing.B, measured string) map[string]float64 {
	b.Helper()
	cmd := exec.Command(os.Args[0], "-test.run=NONE", "-test.bench=^"+strings.ReplaceAll(b.Name(), "/", "$/^")+"$",
		"-test.benchtime=1x", fmt.Sprint("-idle.sessions=", *idleSessions))
	cmd.Env = append(os.Environ(), measuredVariable+"="+measured)
	out, err := cmd.Output()
	require.NoError(b, err, "%s", out)
	metrics := map[string]float64{}
	words := strings.Fields(string(out))
	for i := range len(words) - 1 {
		if value, err := strconv.ParseFloat(words[i], 64); err == nil {
			metrics[words[i+1]] = value
		}
	}
	require.NotZero(b, metrics[costInUse], "%s", out)
	return metrics
}

func (r *remote) reportCost(measured string) {
	r.b.Helper()
	open := r.idleSessions
	if measured == "floor" {
		open = func(tokens []string) func() {
			return r.floor(tokens, func(conn *websocket.Conn) error {
				_, _, err := conn.Read(context.Background())
				return err
			})
		}
	}
	r.measure(*idleSessions, open)
}

// measure reports the cost of each of n open connections.
func (r *remote) measure(n int, open func(tokens []string) (end func())) {
	r.b.Helper()
	tokens := r.chats(n)
	r.http.CloseIdleConnections()
	routines := runtime.NumGoroutine()
	inUse, live := memory()
	end := open(tokens)
	require.Eventually(r.b, func() bool {
		r.http.CloseIdleConnections() // each has two goroutines
		return runtime.NumGoroutine() <= routines+2*n+10
	}, time.Minute, 10*time.Millisecond)
	inUseThen, liveThen := memory()
	r.b.ReportMetric(float64(inUseThen-inUse)/float64(n), costInUse)
	r.b.ReportMetric(float64(liveThen-live)/float64(n), costLive)
	r.b.ReportMetric(float64(runtime.NumGoroutine()-routines)/float64(n), costGoroutines)
	end()
	require.Eventually(r.b, func() bool { return runtime.NumGoroutine() <= routines+10 }, time.Minute, 10*time.Millisecond)
}

// memory returns the heap of the process after garbage collection, with and without fragmentation.
func memory() (inUse, live int64) {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapInuse + m.StackInuse), int64(m.HeapAlloc + m.StackInuse)
}

// idleSessions opens sessions whose callers have read all events. It returns after their settle
// passes.
func (r *remote) idleSessions(tokens []string) (end func()) {
	r.b.Helper()
	sessions := make([]*chat.Session, len(tokens))
	r.each(len(tokens), func(i int) error {
		s, err := chat.Start(r.b.Context(), r.api, tokens[i], r.options, func(o *chat.Options) { o.Settle = 100 * time.Millisecond })
		sessions[i] = s
		return err
	})
	require.Eventually(r.b, func() bool {
		for _, s := range sessions {
			if s.Stats().Passes < 2 {
				return false
			}
		}
		return true
	}, time.Minute, 100*time.Millisecond)
	over, cancel := context.WithCancel(r.b.Context())
	cancel()
	for _, s := range sessions {
		for _, err := s.Next(over); err == nil; _, err = s.Next(over) { // returns the queued events
		}
	}
	return func() { r.each(len(sessions), func(i int) error { return sessions[i].Close() }) }
}

// floor opens plain WebSockets. One goroutine per socket calls read until it fails.
func (r *remote) floor(tokens []string, read func(*websocket.Conn) error) (end func()) {
	r.b.Helper()
	conns := make([]*websocket.Conn, len(tokens))
	r.each(len(tokens), func(i int) (err error) {
		conns[i], err = r.dial(tokens[i])
		return err
	})
	var readers sync.WaitGroup
	for _, conn := range conns {
		readers.Go(func() {
			for read(conn) == nil {
			}
		})
	}
	return func() {
		r.each(len(conns), func(i int) error { return conns[i].CloseNow() })
		readers.Wait()
	}
}

// dial opens and subscribes a plain WebSocket.
func (r *remote) dial(token string) (*websocket.Conn, error) {
	ctx := r.b.Context()
	out, err := r.api.CreateParticipantConnection(ctx, &connectparticipant.CreateParticipantConnectionInput{
		ParticipantToken: &token, Type: []types.ConnectionType{types.ConnectionTypeWebsocket},
	})
	if err != nil {
		return nil, err
	}
	conn, _, err := fips.Dial(ctx, *out.Websocket.Url, &websocket.DialOptions{HTTPClient: r.http})
	if err != nil {
		return nil, err
	}
	conn.SetReadLimit(256 << 10)
	const subscription = `{"topic":"aws/subscribe","content":{"topics":["aws/chat"]}}`
	if err := conn.Write(ctx, websocket.MessageText, []byte(subscription)); err != nil {
		return nil, err
	}
	_, _, err = conn.Read(ctx)
	return conn, err
}

// each calls do n times, a few calls at a time.
func (r *remote) each(n int, do func(i int) error) {
	r.b.Helper()
	errs := make([]error, n)
	var workers sync.WaitGroup
	const parallel = 16
	for w := range parallel {
		workers.Go(func() {
			for i := w; i < n; i += parallel {
				errs[i] = do(i)
			}
		})
	}
	workers.Wait()
	require.NoError(r.b, errors.Join(errs...))
}

// remote is a fake in another process and a client for it.
type remote struct {
	b    *testing.B
	rpc  *rpc.Client
	http *http.Client
	api  connectparticipant.API
}

// remoteVariable makes the test binary run the fake.
const remoteVariable = "CHAT_TEST_REMOTE"

func init() {
	if os.Getenv(remoteVariable) != "" {
		serveRemote()
		os.Exit(0)
	}
}

func startRemote(b *testing.B, secure bool) *remote {
	b.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), remoteVariable+"=1")
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	require.NoError(b, err)
	out, err := cmd.StdoutPipe()
	require.NoError(b, err)
	require.NoError(b, cmd.Start())
	r := &remote{b: b, rpc: rpc.NewClient(pipes{out, in})}
	b.Cleanup(func() {
		r.http.CloseIdleConnections()
		_ = r.rpc.Close() // the process exits at the end of its input
		require.NoError(b, cmd.Wait())
	})
	transport := &http.Transport{MaxIdleConnsPerHost: 32}
	r.http = &http.Client{Transport: transport}
	var address RemoteAddress
	require.NoError(b, r.rpc.Call("Remote.Serve", secure, &address))
	client := connectparticipant.New(connectparticipant.Options{BaseEndpoint: &address.URL, HTTPClient: r.http})
	r.api = client
	if secure {
		certificate, err := x509.ParseCertificate(address.Certificate)
		require.NoError(b, err)
		roots := x509.NewCertPool()
		roots.AddCert(certificate)
		transport.TLSClientConfig = &tls.Config{RootCAs: roots}
		r.api = behindTLS{client, strings.TrimPrefix(address.URL, "https://")}
	}
	return r
}

func (r *remote) options(o *chat.Options) {
	o.HTTPClient = r.http
	o.Limiter = chat.Unlimited
}

// chats starts chats, to which later calls of Say apply, and returns the customers' tokens.
func (r *remote) chats(n int) (tokens []string) {
	r.b.Helper()
	require.NoError(r.b, r.rpc.Call("Remote.Chats", n, &tokens))
	return tokens
}

// behindTLS replaces the addresses of sockets by that of the TLS proxy.
type behindTLS struct {
	connectparticipant.API

	host string
}

func (c behindTLS) CreateParticipantConnection(ctx context.Context, params *connectparticipant.CreateParticipantConnectionInput, optFns ...func(*connectparticipant.Options)) (*connectparticipant.CreateParticipantConnectionOutput, error) {
	out, err := c.API.CreateParticipantConnection(ctx, params, optFns...)
	if err != nil {
		return nil, err
	}
	u, err := url.Parse(*out.Websocket.Url)
	if err != nil {
		return nil, err
	}
	u.Scheme, u.Host = "wss", c.host
	address := u.String()
	out.Websocket.Url = &address
	return out, nil
}

// pipes is a connection made of two pipes.
type pipes struct {
	io.ReadCloser
	io.Writer
}

func (p pipes) Close() error {
	if w, ok := p.Writer.(io.Closer); ok {
		_ = w.Close()
	}
	return p.ReadCloser.Close()
}

// serveRemote is the main function of the fake's process.
func serveRemote() {
	server := rpc.NewServer()
	if err := server.RegisterName("Remote", &remoteServer{}); err != nil {
		panic(err)
	}
	server.ServeConn(pipes{os.Stdin, os.Stdout})
}

// remoteServer is called by remote. net/rpc requires exported methods.
type remoteServer struct {
	srv   *participanttest.Server
	chats []*participanttest.Contact
}

// RemoteAddress is the address of the fake.
type RemoteAddress struct {
	URL         string
	Certificate []byte // empty without TLS
}

// Serve starts the fake; for TLS in memory, behind a proxy.
func (s *remoteServer) Serve(secure bool, address *RemoteAddress) (err error) {
	unlimited := func(o *participanttest.Options) { o.MaxSockets = 1 << 20 }
	if !secure {
		s.srv, err = participanttest.New(unlimited)
		if err == nil {
			address.URL = s.srv.URL
		}
		return err
	}
	s.srv, err = participanttest.New(unlimited, participanttest.InMemory())
	if err != nil {
		return err
	}
	server := httptest.NewUnstartedServer(nil) // for its certificate
	server.StartTLS()
	defer server.Close()
	address.Certificate = server.Certificate().Raw
	listener, err := tls.Listen("tcp", "127.0.0.1:0", server.TLS)
	if err != nil {
		return err
	}
	address.URL = "https://" + listener.Addr().String()
	go s.proxy(listener)
	return nil
}

// proxy terminates TLS until the process exits.
func (s *remoteServer) proxy(listener net.Listener) {
	dial := s.srv.Client().Transport.(*http.Transport).DialContext
	for {
		front, err := listener.Accept()
		if err != nil {
			return
		}
		back, err := dial(context.Background(), "tcp", strings.TrimPrefix(s.srv.URL, "http://"))
		if err != nil {
			return
		}
		go pump(front, back)
		go pump(back, front)
	}
}

func pump(to io.WriteCloser, from io.Reader) {
	_, _ = io.CopyBuffer(to, from, make([]byte, 4<<10))
	_ = to.Close()
}

// Chats starts n chats.
func (s *remoteServer) Chats(n int, tokens *[]string) error {
	s.chats = make([]*participanttest.Contact, n)
	for i := range s.chats {
		s.chats[i] = s.srv.NewChat()
		*tokens = append(*tokens, s.chats[i].Customer.Token)
	}
	return nil
}

// RemoteSaid are the messages of the agents.
type RemoteSaid struct {
	Each  int           // messages in each chat
	Pause time.Duration // between two messages of a chat, on the server's clock
}

// Say makes the agents of all chats write.
func (s *remoteServer) Say(in RemoteSaid, _ *struct{}) error {
	for i := range in.Each {
		for _, contact := range s.chats {
			contact.Agent.Say(sentences[i%len(sentences)])
		}
		s.srv.Advance(in.Pause)
	}
	return nil
}

// sentences are realistic messages of about 300 bytes each.
var sentences = []string{
	"Thank you for waiting, and sorry that it took so long. I have found your order 4711-0815 in our system: it left the " +
		"warehouse in Leipzig on Tuesday evening and was handed over to the carrier the same night. The carrier's page says " +
		"that it will be with you tomorrow between 10:00 and 12:30.",
	"I see.\n\nThere are two things that you can do:\n1. open \"My account\" > \"Orders\" and choose \"Change address\",\n" +
		"2. write the new address here, and I'll change it for you.\n\nThe second takes about five minutes; you will get an " +
		"e-mail with the subject \"Your order has changed\" when it is done.",
	"Grüezi Frau Müller! Schön, dass Sie sich melden 👋. Die Rückerstattung über CHF 129.– haben wir am Freitag veranlaßt; " +
		"je nach Bank dauert es zwei bis drei Werktage, bis sie auf Ihrem Konto erscheint. Kann ich sonst noch etwas für Sie tun? " +
		"Sonst wünsche ich Ihnen ein schönes Wochenende ☀️",
}
