// SPDX-License-Identifier: Apache-2.0

package chat_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/stretchr/testify/require"

	"github.com/participant-go/connectparticipant"
	"github.com/participant-go/connectparticipant/chat"
	"github.com/participant-go/connectparticipant/participanttest"
)

// front is a TLS proxy in front of a fake. In responses it replaces the fake's URLs of these schemes by
// its own.
type front struct {
	*httptest.Server

	srv     *participanttest.Server
	contact *participanttest.Contact
	rewrite []string
}

// newFront returns a front that isn't started yet.
func newFront(t *testing.T, rewrite ...string) *front {
	t.Helper()
	f := &front{srv: participanttest.Start(t), rewrite: rewrite}
	f.contact = f.srv.NewChat(func(o *participanttest.ChatOptions) { o.ScanDelay = 0 })
	target, err := url.Parse(f.srv.URL)
	require.NoError(t, err)
	transport := new(http.Transport)
	f.Server = httptest.NewUnstartedServer(&httputil.ReverseProxy{
		Rewrite:        func(r *httputil.ProxyRequest) { r.SetURL(target) },
		ModifyResponse: f.modify,
		Transport:      transport,
	})
	t.Cleanup(func() {
		f.Close()
		transport.CloseIdleConnections()
	})
	return f
}

func (f *front) modify(response *http.Response) error {
	if response.StatusCode == http.StatusSwitchingProtocols {
		return nil
	}
	body, err := io.ReadAll(response.Body)
	if err != nil {
		return err
	}
	for _, scheme := range f.rewrite {
		old := scheme + strings.TrimPrefix(f.srv.URL, "http")
		body = bytes.ReplaceAll(body, []byte(old), []byte(scheme+"s"+strings.TrimPrefix(f.URL, "https")))
	}
	response.Body = io.NopCloser(bytes.NewReader(body))
	response.Header.Set("Content-Length", strconv.Itoa(len(body)))
	return nil
}

// A service must not direct a session to servers on this machine.
func TestPlainURLsInAResponseOverHTTPSAreRejected(t *testing.T) {
	t.Parallel()
	withFront := func(f *front) func(*chat.Options) {
		return func(o *chat.Options) { o.HTTPClient, o.Limiter = f.Client(), chat.Unlimited }
	}
	t.Run("the socket's", func(t *testing.T) {
		t.Parallel()
		f := newFront(t)
		f.StartTLS()
		client := connectparticipant.New(connectparticipant.Options{BaseEndpoint: &f.URL, HTTPClient: f.Client()})
		ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
		defer cancel()
		_, err := chat.Start(ctx, client, f.contact.Customer.Token, withFront(f))
		require.ErrorContains(t, err, "a response over https must not lead to plain http: its URL is ws://127.0.0.1:")
		require.NotContains(t, err.Error(), "/participant")
		require.ErrorIs(t, err, context.DeadlineExceeded, "another response may be correct")
	})
	t.Run("a file's", func(t *testing.T) {
		t.Parallel()
		f := newFront(t, "ws")
		f.StartTLS()
		client := connectparticipant.New(connectparticipant.Options{BaseEndpoint: &f.URL, HTTPClient: f.Client()})
		s, err := chat.Start(t.Context(), client, f.contact.Customer.Token, withFront(f))
		require.NoError(t, err)
		defer func() { _ = s.Close() }()
		_, err = s.SendFile(t.Context(), chat.File{Name: "notes.txt", ContentType: "text/plain", Reader: strings.NewReader("hello")})
		require.ErrorContains(t, err, "upload file: a response over https must not lead to plain http: its URL is http://127.0.0.1:")
		id := f.contact.Agent.ShareFile("notes.txt", "text/plain", []byte("hello"))
		_, err = s.OpenAttachment(t.Context(), id, 100)
		require.ErrorContains(t, err, "open attachment: a response over https must not lead to plain http")
	})
}

// tunnel is a CONNECT proxy.
type tunnel struct {
	url    *url.URL
	mu     sync.Mutex
	dialed map[string]bool // the local addresses of its connections
}

func newTunnel(t *testing.T) *tunnel {
	t.Helper()
	p := &tunnel{dialed: map[string]bool{}}
	ctx, end := context.WithCancel(context.Background())
	var work sync.WaitGroup
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		work.Add(1) // the server doesn't wait for hijacked connections
		defer work.Done()
		there, err := new(net.Dialer).DialContext(r.Context(), "tcp", r.Host)
		if r.Method != http.MethodConnect || err != nil {
			w.WriteHeader(http.StatusBadGateway)
			return
		}
		p.note(there.LocalAddr().String())
		here, _, err := http.NewResponseController(w).Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		closeBoth := func() { _, _ = here.Close(), there.Close() }
		context.AfterFunc(ctx, closeBoth)
		_, _ = io.WriteString(here, "HTTP/1.1 200 OK\r\n\r\n")
		for _, pair := range [][2]net.Conn{{here, there}, {there, here}} {
			work.Go(func() {
				_, _ = io.Copy(pair[0], pair[1])
				closeBoth()
			})
		}
	}))
	t.Cleanup(func() {
		srv.Close()
		end()
		work.Wait()
	})
	var err error
	p.url, err = url.Parse(srv.URL)
	require.NoError(t, err)
	return p
}

func (p *tunnel) note(address string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.dialed[address] = true
}

func (p *tunnel) has(address string) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.dialed[address]
}

// guard starts the front so that it accepts only requests that came through the proxy with its own
// certificate as the client certificate.
func (f *front) guard(p *tunnel) {
	next := f.Config.Handler
	f.Config.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !p.has(r.RemoteAddr) || len(r.TLS.PeerCertificates) != 1 || !r.TLS.PeerCertificates[0].Equal(f.Certificate()) {
			w.WriteHeader(http.StatusForbidden)
			return
		}
		next.ServeHTTP(w, r)
	})
	f.TLS = &tls.Config{ClientAuth: tls.RequireAnyClientCert}
	f.StartTLS()
}

// settings configures a transport with the proxy, the CA and the client certificate for f.
func (f *front) settings(p *tunnel) func(*http.Transport) {
	roots := x509.NewCertPool()
	roots.AddCert(f.Certificate())
	return func(t *http.Transport) {
		t.Proxy = http.ProxyURL(p.url)
		t.TLSClientConfig = &tls.Config{RootCAs: roots, Certificates: f.TLS.Certificates, MinVersion: tls.VersionTLS12}
	}
}

// shortTimeout suffices for each call on a busy machine.
const shortTimeout = 1500 * time.Millisecond

// Sessions use the proxy, CA and client certificate of the API client, but not its timeouts and its
// limit on connections.
func TestSessionConnectsWithTheSettingsOfItsClient(t *testing.T) {
	t.Parallel()
	for name, makeClient := range map[string]func(set func(*http.Transport)) connectparticipant.HTTPClient{
		"an *http.Client": func(set func(*http.Transport)) connectparticipant.HTTPClient {
			transport := new(http.Transport)
			set(transport)
			return &http.Client{Transport: transport, Timeout: shortTimeout}
		},
		"an *http.Client with one connection": func(set func(*http.Transport)) connectparticipant.HTTPClient {
			transport := &http.Transport{MaxConnsPerHost: 1}
			set(transport)
			return &http.Client{Transport: transport}
		},
		"a BuildableClient": func(set func(*http.Transport)) connectparticipant.HTTPClient {
			return awshttp.NewBuildableClient().WithReadTimeout(shortTimeout).WithTransportOptions(set)
		},
		"a BuildableClient with an overall timeout": func(set func(*http.Transport)) connectparticipant.HTTPClient {
			return awshttp.NewBuildableClient().WithTimeout(shortTimeout).WithTransportOptions(set)
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f, p := newFront(t, "ws", "http"), newTunnel(t)
			f.guard(p)
			client := connectparticipant.New(connectparticipant.Options{BaseEndpoint: &f.URL, HTTPClient: makeClient(f.settings(p))})
			t.Cleanup(client.Options().HTTPClient.(*http.Client).CloseIdleConnections)
			testSession(t, f, client)
		})
	}
}

func testSession(t *testing.T, f *front, client connectparticipant.API) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	s, err := chat.Start(ctx, client, f.contact.Customer.Token, func(o *chat.Options) { o.Limiter = chat.Unlimited })
	require.NoError(t, err)
	defer func() { _ = s.Close() }()
	created := f.srv.Count(create) // more than one if a call took too long
	id, err := s.SendFile(ctx, chat.File{Name: "notes.txt", ContentType: "text/plain", Reader: strings.NewReader("hello"), WaitForScan: true})
	require.NoError(t, err)
	file, err := s.OpenAttachment(ctx, id, 100)
	require.NoError(t, err)
	<-time.After(2 * shortTimeout)
	content, err := io.ReadAll(file)
	require.NoError(t, err)
	require.NoError(t, file.Close())
	require.Equal(t, "hello", string(content))
	want := f.contact.Agent.Say("still there?")
	for event, err := range s.Events(ctx) {
		require.NoError(t, err)
		if m, ok := event.(chat.Message); ok && m.ID == want {
			break
		}
		_, cut := event.(chat.ConnectionChanged)
		require.False(t, cut)
	}
	require.Equal(t, created, f.srv.Count(create), "the socket was cut")
}
