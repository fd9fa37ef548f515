// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/participant-go/connectparticipant"
	"github.com/participant-go/connectparticipant/chat"
	"github.com/participant-go/connectparticipant/fleet"
	"github.com/participant-go/connectparticipant/participanttest"
	"github.com/participant-go/connectparticipant/types"
)

// environment returns the variables that the program needs.
func environment(name string) string {
	return map[string]string{"BRIDGE_TOKEN": madeToken, "WEBHOOK_SECRET": madeSecret, "FLEET_KEY": madeKey}[name]
}

// one is a bridge in the test's process, with a fake of the service and a receiver of webhooks.
type one struct {
	t     *testing.T
	srv   *participanttest.Server
	url   string
	notes chan notification // large enough for a whole test
	fail  chan int          // statuses for the next notifications
}

func startOne(t *testing.T) *one {
	t.Helper()
	o := &one{t: t, srv: participanttest.Start(t), notes: make(chan notification, 1000), fail: make(chan int, 10)}
	hook := httptest.NewServer(http.HandlerFunc(o.receive))
	t.Cleanup(hook.Close)
	signals, ended := make(chan os.Signal, 2), make(chan error, 1)
	stdout, in := io.Pipe()
	args := []string{
		"-id", "one", "-addr", "127.0.0.1:0", "-host", "bridge.example", "-webhook", hook.URL, "-endpoint", o.srv.URL, "-embedded", t.TempDir(),
	}
	go func() { ended <- run(args, environment, signals, in, t.Output()) }()
	_, err := fmt.Fscanln(stdout, &o.url)
	require.NoError(t, err)
	t.Cleanup(func() {
		signals <- syscall.SIGTERM
		signals <- syscall.SIGTERM // no other process takes the chats
		require.NoError(t, <-ended)
	})
	return o
}

func (o *one) receive(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	var n notification
	if err == nil {
		err = json.Unmarshal(body, &n)
	}
	if err != nil || r.Header.Get("Bridge-Signature") != sign(madeSecret, r.Header.Get("Bridge-Timestamp"), body) {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	select {
	case status := <-o.fail:
		w.WriteHeader(status)
	default:
		o.notes <- n
	}
}

// next returns the next notification of a kind of event, or of the end of the chat for "".
func (o *one) next(kind string) (notification, string) {
	o.t.Helper()
	for {
		var event struct{ Kind, Text string }
		n := <-o.notes
		if n.Ended == "" {
			require.NoError(o.t, json.Unmarshal(n.Event, &event))
		}
		if event.Kind == kind {
			return n, event.Text
		}
	}
}

// request sends a request with names and values of headers.
func (o *one) request(method, path, body string, headers ...string) (status int, response string) {
	o.t.Helper()
	r, err := http.NewRequestWithContext(o.t.Context(), method, o.url+path, strings.NewReader(body))
	require.NoError(o.t, err)
	r.Header.Set("Authorization", "Bearer "+madeToken)
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	r.Host = r.Header.Get("Host")
	resp, err := http.DefaultClient.Do(r)
	require.NoError(o.t, err)
	defer resp.Body.Close()
	data, err := io.ReadAll(resp.Body)
	require.NoError(o.t, err)
	return resp.StatusCode, string(data)
}

func (o *one) add(contact *participanttest.Contact) {
	o.t.Helper()
	status, body := o.request(http.MethodPost, "/chats", fmt.Sprintf(`{"chatId":%q,"participantToken":%q,"participantId":%q,"data":{"ticket":7}}`,
		contact.ID, contact.Customer.Token, contact.Customer.ID))
	require.Equal(o.t, http.StatusAccepted, status, body)
}

func TestMessagesGoBothWays(t *testing.T) {
	t.Parallel()
	o := startOne(t)
	contact := o.srv.NewChat()
	o.add(contact)
	o.add(contact) // a retry
	contact.Agent.Say("How can I help?")
	n, text := o.next("message")
	require.Equal(t, "How can I help?", text)
	require.Equal(t, contact.ID, n.Chat)
	require.EqualValues(t, 1, n.Epoch)
	require.Equal(t, "one", n.Member)
	require.JSONEq(t, `{"ticket":7}`, string(n.Data))

	for range 2 {
		status, body := o.request(http.MethodPost, "/chats/"+contact.ID+"/messages", `{"clientToken":"1","text":"Where is my order?"}`)
		require.Equal(t, http.StatusOK, status, body)
	}
	require.Equal(t, "Where is my order?", second(o.next("message")))
	sent := 0
	for _, item := range contact.Transcript() {
		if item.Content == "Where is my order?" {
			sent++
		}
	}
	require.Equal(t, 1, sent)

	status, body := o.request(http.MethodGet, "/healthz", "")
	require.Equal(t, http.StatusOK, status)
	require.Contains(t, body, `"Held":1`)
}

func second(_ notification, text string) string { return text }

func TestEventIsRetriedUntilAccepted(t *testing.T) {
	t.Parallel()
	o := startOne(t)
	contact := o.srv.NewChat()
	o.add(contact)
	require.NoError(t, contact.Customer.WaitSockets(t.Context(), 1))
	for _, status := range []int{http.StatusInternalServerError, http.StatusFound, http.StatusConflict} {
		o.fail <- status
	}
	contact.Agent.Say("Hello")
	require.Equal(t, "Hello", second(o.next("message")))
	o.fail <- http.StatusInternalServerError
	contact.End()
	n, _ := o.next("")
	require.Equal(t, chat.ErrChatEnded.Error(), n.Ended)
	status, _ := o.request(http.MethodPost, "/chats/"+contact.ID+"/messages", `{"clientToken":"1","text":"Hello?"}`)
	require.Contains(t, []int{http.StatusGone, http.StatusNotFound}, status)
}

func TestRefusedRequests(t *testing.T) {
	t.Parallel()
	o := startOne(t)
	contact, other := o.srv.NewChat(), o.srv.NewChat()
	o.add(contact)
	for name, test := range map[string]struct {
		path, body string
		headers    []string
		status     int
	}{
		"no token":           {"/chats", `{}`, []string{"Authorization", ""}, http.StatusUnauthorized},
		"another token":      {"/chats", `{}`, []string{"Authorization", "Bearer " + madeSecret}, http.StatusUnauthorized},
		"another site":       {"/chats", `{}`, []string{"Origin", "https://evil.example", "Sec-Fetch-Site", "cross-site"}, http.StatusForbidden},
		"another host":       {"/chats", `{}`, []string{"Host", "evil.example:8090"}, http.StatusMisdirectedRequest},
		"no JSON":            {"/chats", `chatId=1`, nil, http.StatusBadRequest},
		"no token of a chat": {"/chats", `{"chatId":"1","participantId":"2"}`, nil, http.StatusBadRequest},
		"no participant":     {"/chats", `{"chatId":"1","participantToken":"2"}`, nil, http.StatusBadRequest},
		"a long id":          {"/chats", `{"chatId":"` + strings.Repeat("1", 151) + `","participantToken":"2","participantId":"3"}`, nil, http.StatusBadRequest},
		"another chat":       {"/chats", `{"chatId":"` + contact.ID + `","participantToken":"` + other.Customer.Token + `","participantId":"3"}`, nil, http.StatusConflict},
		"an unknown chat":    {"/chats/x/messages", `{"clientToken":"1","text":"Hello"}`, nil, http.StatusNotFound},
		"its own host":       {"/chats/x/messages", `{"clientToken":"1","text":"Hello"}`, []string{"Host", "Bridge.example:443"}, http.StatusNotFound},
		"no client token":    {"/chats/" + contact.ID + "/messages", `{"text":"Hello"}`, nil, http.StatusBadRequest},
		"no text":            {"/chats/" + contact.ID + "/messages", `{"clientToken":"1"}`, nil, http.StatusBadRequest},
		"a long message":     {"/chats/" + contact.ID + "/messages", `{"clientToken":"1","text":"` + strings.Repeat("x", 16385) + `"}`, nil, http.StatusUnprocessableEntity},
		"a longer message":   {"/chats/" + contact.ID + "/messages", `{"clientToken":"1","text":"` + strings.Repeat("x", maxBody) + `"}`, nil, http.StatusBadRequest},
		"another method":     {"/healthz", ``, nil, http.StatusMethodNotAllowed},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			status, body := o.request(http.MethodPost, test.path, test.body, test.headers...)
			require.Equal(t, test.status, status, body)
		})
	}
}

func TestStatusOf(t *testing.T) {
	t.Parallel()
	for want, err := range map[int]error{
		http.StatusServiceUnavailable: fleet.ErrClosed,
		http.StatusGone:               fmt.Errorf("send: %w", &chat.CloseError{Reason: chat.ErrChatEnded}),
		http.StatusTooManyRequests:    &types.ThrottlingException{},
		http.StatusGatewayTimeout:     context.DeadlineExceeded,
	} {
		require.Equal(t, want, statusOf(err))
	}
	require.Equal(t, http.StatusServiceUnavailable, statusOf(errors.New("the store is away")))
	require.True(t, connectparticipant.IsThrottled(&types.ThrottlingException{}))
}

func TestFlags(t *testing.T) {
	t.Parallel()
	key := filepath.Join(t.TempDir(), "key")
	require.NoError(t, os.WriteFile(key, []byte(madeKey+"\n"), 0o600))
	good := []string{"-webhook", "https://example.com/hook", "-nats", "nats://127.0.0.1"}
	c, err := parse(append(good, "-key-file", key, "-host", "a,b"), without("FLEET_KEY"), io.Discard)
	require.NoError(t, err)
	require.NotEmpty(t, c.id)
	require.Equal(t, []string{"a", "b"}, c.hosts)

	for want, test := range map[string]struct {
		args []string
		env  func(string) string
	}{
		"FLEET_KEY":            {good, without("FLEET_KEY")},
		"BRIDGE_TOKEN":         {good, without("BRIDGE_TOKEN")},
		"WEBHOOK_SECRET":       {good, without("WEBHOOK_SECRET")},
		"read -key-file":       {append(good, "-key-file", key+"x"), environment},
		"-webhook must be":     {[]string{"-nats", "nats://127.0.0.1"}, environment},
		"or one on this":       {[]string{"-webhook", "http://example.com/secret", "-nats", "nats://127.0.0.1"}, environment},
		"one of -nats":         {[]string{"-webhook", "https://example.com"}, environment},
		"-embedded is":         {append(good, "-dynamodb", "chats"), environment},
		"flag provided":        {[]string{"-unknown"}, environment},
		"needs a directory":    {[]string{"engine"}, environment},
		"missing port":         {[]string{"engine", "-addr", "127.0.0.1", "dir"}, environment},
		"connect to NATS":      {[]string{"-webhook", "http://localhost/", "-nats", "nats://127.0.0.1:1"}, environment},
		"start embedded NATS":  {[]string{"-webhook", "http://[::1]/", "-embedded", key}, environment},
		"invalid syntax":       {[]string{"engine", "-addr", "127.0.0.1:x", "dir"}, environment},
		"invalid value \"soon": {append(good, "-drain", "soon"), environment},
	} {
		err := run(test.args, test.env, nil, io.Discard, io.Discard)
		require.ErrorContains(t, err, want)
		require.NotContains(t, err.Error(), "secret")
	}
}

// without returns an environment without a variable.
func without(name string) func(string) string {
	return func(n string) string {
		if n == name {
			return ""
		}
		return environment(n)
	}
}

// A receiver in any language can compute the signature of a webhook.
func TestSign(t *testing.T) {
	t.Parallel()
	// printf '%s' '1700000000.{"chat":"one"}' | openssl dgst -sha256 -hmac 'made-up-secret-of-32-characters!!'
	require.Equal(t, "v1=78a767fc36441d12eaffa03d4355c2e971eba85408759d307df95dd7c391f485",
		sign("made-up-secret-of-32-characters!!", "1700000000", []byte(`{"chat":"one"}`)))
}

func TestWebhookErrorsHaveNoURL(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	hook := newWebhook("http://127.0.0.1:1/made-up-secret", madeSecret, "one", slog.New(slog.NewTextHandler(&log, nil)))
	err := hook.handle(t.Context(), &fleet.Held{}, chat.ConnectionChanged{})
	require.Error(t, err)
	require.NotContains(t, err.Error(), "made-up")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	hook.ended(ctx, &fleet.Held{}, &chat.CloseError{Reason: chat.ErrChatEnded})
	require.NotContains(t, log.String(), "made-up")
}
