package chat_test

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/participant-go/connectparticipant"
	"github.com/participant-go/connectparticipant/chat"
	"github.com/participant-go/connectparticipant/participanttest"
)

// front is a TLS server in front of a fake, which rewrites the fake's URLs of these schemes in
// responses to its own.
type front struct {
	*httptest.Server

	srv     *participanttest.Server
	contact *participanttest.Contact
	rewrite []string
}

// newFront returns a front that isn't started.
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

// A service must not lead a session to what listens on this machine.
func TestPlainURLsOfAResponseOverHTTPSAreRefused(t *testing.T) {
	t.Parallel()
	withFront := func(f *front) func(*chat.Options) {
		return func(o *chat.Options) { o.HTTPClient, o.Limiter = f.Client(), chat.Unlimited }
	}
	t.Run("the socket's", func(t *testing.T) {
		t.Parallel()
		f := newFront(t)
		f.StartTLS()
		client := connectparticipant.New(connectparticipant.Options{BaseEndpoint: &f.URL, HTTPClient: f.Client()})
		ctx, cancel := context.WithTimeout(t.Context(), 500*time.Millisecond)
		defer cancel()
		_, err := chat.Start(ctx, client, f.contact.Customer.Token, withFront(f))
		require.ErrorContains(t, err, "a response over https must not lead to plain http: its URL is ws://127.0.0.1:")
		require.NotContains(t, err.Error(), "/participant")
		require.ErrorIs(t, err, context.DeadlineExceeded, "another response may do")
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
