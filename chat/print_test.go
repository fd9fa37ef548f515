// SPDX-License-Identifier: Apache-2.0

package chat_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/stretchr/testify/require"

	"github.com/participant-go/connectparticipant"
	"github.com/participant-go/connectparticipant/chat"
)

// revealing is a client that records the secrets of its connections.
type revealing struct {
	connectparticipant.API

	mu      sync.Mutex
	secrets []string
}

func (r *revealing) CreateParticipantConnection(ctx context.Context, in *connectparticipant.CreateParticipantConnectionInput, optFns ...func(*connectparticipant.Options)) (*connectparticipant.CreateParticipantConnectionOutput, error) {
	out, err := r.API.CreateParticipantConnection(ctx, in, optFns...)
	if err != nil {
		return nil, err
	}
	address, err := url.Parse(aws.ToString(out.Websocket.Url))
	if err != nil {
		return nil, err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.secrets = append(r.secrets, aws.ToString(out.ConnectionCredentials.ConnectionToken), address.Query().Get("AuthToken"))
	return out, nil
}

// requireNone fails if a text shows a secret.
func (r *revealing) requireNone(t *testing.T, text string, more ...string) {
	t.Helper()
	r.mu.Lock()
	defer r.mu.Unlock()
	require.NotEmpty(t, r.secrets)
	for _, secret := range append(append([]string{"AuthToken"}, more...), r.secrets...) {
		require.NotEmpty(t, secret)
		for _, form := range []string{secret, secret[:min(16, len(secret))], base64.StdEncoding.EncodeToString([]byte(secret))} {
			if i := strings.Index(text, form); i >= 0 { // NotContains would print all of it
				require.Failf(t, "a secret is shown", "%q is in %.500s", form, text[max(0, i-300):])
			}
		}
	}
}

// leaky is a transport whose errors quote the URL of the request.
type leaky struct {
	http.RoundTripper

	on   atomic.Bool
	fail func(*http.Request) (*http.Response, error) // the handshake, while on
}

func (l *leaky) RoundTrip(request *http.Request) (*http.Response, error) {
	if !request.URL.Query().Has("AuthToken") {
		return l.RoundTripper.RoundTrip(request)
	}
	if l.on.Load() {
		return l.fail(request)
	}
	response, err := l.RoundTripper.RoundTrip(request)
	if err == nil && response.StatusCode == http.StatusSwitchingProtocols {
		response.Body = &leakySocket{response.Body.(io.ReadWriteCloser), request.URL.String()}
	}
	return response, err
}

// leakySocket quotes its URL in the error of a lost connection.
type leakySocket struct {
	io.ReadWriteCloser

	address string
}

func (k *leakySocket) Read(p []byte) (int, error) {
	n, err := k.ReadWriteCloser.Read(p)
	if err != nil {
		token := k.address[strings.Index(k.address, "AuthToken"):]
		err = fmt.Errorf("read %s (%s, %s): %w", k.address, token, base64.StdEncoding.EncodeToString([]byte(token)), err)
	}
	return n, err
}

var leaks = map[string]func(*http.Request) (*http.Response, error){
	"an error of the transport": func(request *http.Request) (*http.Response, error) {
		return nil, fmt.Errorf("proxy refuses %s", request.URL)
	},
	"an error inside another": func(request *http.Request) (*http.Response, error) {
		return nil, fmt.Errorf("proxy: %w", &url.Error{Op: "Connect", URL: request.URL.String(), Err: errors.New("refused")})
	},
	"an escaped URL": func(request *http.Request) (*http.Response, error) {
		return nil, fmt.Errorf("proxy refuses %s", url.QueryEscape(request.URL.String()))
	},
	"a cut token": func(request *http.Request) (*http.Response, error) {
		return nil, fmt.Errorf("proxy refuses %.20s…", request.URL.Query().Get("AuthToken"))
	},
	"a token in base64": func(request *http.Request) (*http.Response, error) {
		return nil, fmt.Errorf("proxy refuses %s", base64.StdEncoding.EncodeToString([]byte(request.URL.Query().Get("AuthToken"))))
	},
	"a quoted URL": func(request *http.Request) (*http.Response, error) {
		return nil, fmt.Errorf("proxy refuses %q", strings.ReplaceAll(request.URL.String(), "/", `\/`))
	},
	"a malformed header": func(request *http.Request) (*http.Response, error) {
		return http.ReadResponse(bufio.NewReader(strings.NewReader("HTTP/1.1 101 X\r\n"+request.URL.RawQuery+"\r\n\r\n")), request)
	},
	"the accepted key":      switching("Sec-Websocket-Accept"),
	"the protocol":          switching("Sec-Websocket-Protocol"),
	"the extensions":        switching("Sec-Websocket-Extensions"),
	"the upgraded protocol": switching("Upgrade"),
	"the connection":        switching("Connection"),
	"a Location that can't be parsed": func(request *http.Request) (*http.Response, error) {
		return &http.Response{
			StatusCode: http.StatusFound, ProtoMajor: 1, ProtoMinor: 1, Request: request, Body: http.NoBody,
			Header: http.Header{"Location": {"://bad " + request.URL.RawQuery}},
		}, nil
	},
	"a malformed status line": func(request *http.Request) (*http.Response, error) {
		return http.ReadResponse(bufio.NewReader(strings.NewReader(request.URL.String()+" 200 OK\r\n\r\n")), request)
	},
	"a malformed status": func(request *http.Request) (*http.Response, error) {
		return http.ReadResponse(bufio.NewReader(strings.NewReader("HTTP/1.1 "+request.URL.String()+"\r\n\r\n")), request)
	},
}

// switching returns a handshake whose response contains the URL in a header.
func switching(name string) func(*http.Request) (*http.Response, error) {
	return func(request *http.Request) (*http.Response, error) {
		response := &http.Response{
			StatusCode: http.StatusSwitchingProtocols, ProtoMajor: 1, ProtoMinor: 1, Request: request,
			Header: http.Header{"Connection": {"Upgrade"}, "Upgrade": {"websocket"}},
			Body:   closed{},
		}
		response.Header.Set(name, request.URL.String())
		return response, nil
	}
}

// closed is a connection that has been closed.
type closed struct{}

func (closed) Read([]byte) (int, error) { return 0, io.EOF }

func (closed) Write([]byte) (int, error) { return 0, io.ErrClosedPipe }

func (closed) Close() error { return nil }

func TestTheSocketsURLIsNeverShown(t *testing.T) {
	t.Parallel()
	for name, fail := range leaks {
		t.Run("in "+name, func(t *testing.T) {
			t.Parallel()
			inBubble(t, func(b *bubble) { b.leak(fail) })
		})
	}
}

// leak makes every handshake fail: that of a start, and those after a loss.
func (b *bubble) leak(fail func(*http.Request) (*http.Response, error)) {
	var out syncBuffer
	client := &revealing{API: b.client}
	transport := &leaky{RoundTripper: b.srv.Client().Transport, fail: fail}
	start := func() (*chat.Session, error) {
		ctx, cancel := context.WithTimeout(b.t.Context(), 20*time.Second)
		defer cancel()
		return chat.Start(ctx, client, b.contact.Customer.Token, b.options, func(o *chat.Options) {
			o.HTTPClient = &http.Client{Transport: transport}
			o.GiveUpAfter = time.Minute
			o.Logger = slog.New(slog.NewTextHandler(&out, &slog.HandlerOptions{Level: slog.LevelDebug}))
		})
	}
	transport.on.Store(true)
	_, err := start()
	require.Error(b.t, err)
	client.requireNone(b.t, shown(err))

	transport.on.Store(false)
	s, err := start()
	require.NoError(b.t, err)
	b.t.Cleanup(func() { _ = s.Close() })
	b.settle()
	transport.on.Store(true)
	b.contact.Customer.CutSockets()
	events, end := b.toEnd(s, 5*time.Minute)
	require.ErrorIs(b.t, end, chat.ErrGaveUp)
	client.requireNone(b.t, shown(end))
	client.requireNone(b.t, out.String())
	lost := 0
	for _, event := range events {
		if changed, ok := event.(chat.ConnectionChanged); ok && !changed.Connected {
			lost++
			require.Error(b.t, changed.Cause)
			client.requireNone(b.t, shown(changed.Cause))
		}
	}
	require.Equal(b.t, 1, lost)
}

// shown returns the texts of an error and of all wrapped ones.
func shown(err error) string {
	text := fmt.Sprintf("%v %+v %#v\n", err, err, err)
	switch inner := err.(type) { //nolint:errorlint // each error of the tree in turn
	case interface{ Unwrap() error }:
		if err := inner.Unwrap(); err != nil {
			text += shown(err)
		}
	case interface{ Unwrap() []error }:
		for _, err := range inner.Unwrap() {
			text += shown(err)
		}
	}
	return text
}

const confidential = "strictly confidential"

// printed returns a value formatted with every verb and logged by every handler.
func printed(value any) string {
	var out bytes.Buffer
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%d", "%x", "%X", "%t", "%T", "%p", "%20v"} {
		fmt.Fprintf(&out, verb+"\n", value)
	}
	for _, handler := range []slog.Handler{slog.NewTextHandler(&out, nil), slog.NewJSONHandler(&out, nil)} {
		slog.New(handler).Info("session", "value", value, slog.Group("group", "value", value))
	}
	return out.String()
}

func TestPrintedSessionShowsNoSecrets(t *testing.T) {
	t.Parallel()
	inBubble(t, func(b *bubble) {
		client := &revealing{API: b.client}
		s, err := chat.Start(b.t.Context(), client, b.contact.Customer.Token, b.options, func(o *chat.Options) { o.HoldBack = time.Minute })
		require.NoError(b.t, err)
		b.t.Cleanup(func() { _ = s.Close() })
		b.contact.Agent.Say(confidential)
		b.sleep(time.Minute + time.Second) // the first message is queued
		b.contact.Agent.Say(confidential)  // the second one is held back
		b.sleep(time.Second)
		type holder struct {
			Session *chat.Session
			hidden  *chat.Session
		}
		for _, value := range []any{
			s, holder{s, s}, &holder{s, s}, []*chat.Session{s}, map[string]*chat.Session{"session": s}, struct{ S any }{s},
		} {
			client.requireNone(b.t, printed(value), b.contact.Customer.Token, confidential)
		}
		require.NoError(b.t, s.Close())
		client.requireNone(b.t, printed(s), b.contact.Customer.Token, confidential)
	})
}

// With -race this fails if formatting reads state without the lock.
func TestRunningSessionMayBePrinted(t *testing.T) {
	t.Parallel()
	inBubble(t, func(b *bubble) {
		s := b.start()
		var printing sync.WaitGroup
		for range 2 {
			printing.Go(func() {
				for range 30 {
					_ = printed(s)
					b.sleep(300 * time.Millisecond)
				}
			})
		}
		for range 10 {
			b.contact.Agent.Say(confidential)
			b.contact.Customer.CutSockets()
			_, err := s.Send(b.t.Context(), "hello")
			require.NoError(b.t, err)
			b.sleep(time.Second)
		}
		printing.Wait()
	})
}

func TestNoVerbShowsContent(t *testing.T) {
	t.Parallel()
	m := chat.Message{Meta: chat.Meta{ID: "i"}, Text: "secret"}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%d", "%q", "%t"} {
		if strings.Contains(fmt.Sprintf(verb, m), "secret") {
			t.Errorf("%s shows the content", verb)
		}
	}
}
