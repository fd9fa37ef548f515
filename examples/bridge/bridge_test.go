// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bufio"
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/participant-go/connectparticipant/participanttest"
	"github.com/participant-go/connectparticipant/types"
)

// asProgram makes the test binary be the program, so that it can be killed.
const asProgram = "BRIDGE_TEST_AS_PROGRAM"

func TestMain(m *testing.M) {
	if os.Getenv(asProgram) != "" {
		main()
		return
	}
	goleak.VerifyTestMain(m)
}

const patience = 30 * time.Second

var made = secrets{token: "a-made-up-token-of-the-callers-of-the-bridge", webhook: "a-made-up-secret-that-signs-the-webhooks"}

// receiver is the system that the webhook belongs to.
type receiver struct {
	*httptest.Server

	taken   chan notification // accepted with 200; large enough for a whole test
	refused chan struct{}     // one value for each other; large enough for a whole test

	mu     sync.Mutex
	status func(notification) int
}

func newReceiver(t *testing.T) *receiver {
	t.Helper()
	r := &receiver{taken: make(chan notification, 1000), refused: make(chan struct{}, 1000)}
	r.respondWith(func(notification) int { return http.StatusOK })
	r.Server = httptest.NewServer(http.HandlerFunc(r.serve))
	t.Cleanup(r.Close)
	return r
}

func (r *receiver) respondWith(status func(notification) int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.status = status
}

func (r *receiver) serve(w http.ResponseWriter, request *http.Request) {
	var n notification
	body, err := io.ReadAll(request.Body)
	if err == nil {
		err = json.Unmarshal(body, &n)
	}
	if err != nil || !isSigned(request, body) {
		http.Error(w, "not a notification of the bridge", http.StatusBadRequest)
		return
	}
	r.mu.Lock()
	status := r.status
	r.mu.Unlock()
	code := status(n)
	if code == http.StatusOK {
		r.taken <- n
	} else {
		r.refused <- struct{}{}
	}
	w.WriteHeader(code)
}

// isSigned reports whether the bridge has signed a request within the last minutes.
func isSigned(request *http.Request, body []byte) bool {
	timestamp := request.Header.Get("Bridge-Timestamp")
	seconds, err := strconv.ParseInt(timestamp, 10, 64)
	mac := hmac.New(sha256.New, []byte(made.webhook))
	mac.Write([]byte(timestamp + "." + string(body)))
	want := "v1=" + hex.EncodeToString(mac.Sum(nil))
	return err == nil && time.Since(time.Unix(seconds, 0)).Abs() < 5*time.Minute &&
		hmac.Equal([]byte(want), []byte(request.Header.Get("Bridge-Signature")))
}

// next returns the next notification of a type.
func (r *receiver) next(t *testing.T, kind string) notification {
	t.Helper()
	for {
		select {
		case n := <-r.taken:
			if n.Type == kind {
				return n
			}
		case <-time.After(patience):
			require.FailNow(t, "the receiver got no "+kind)
		}
	}
}

// until returns the texts of the messages up to and including last.
func (r *receiver) until(t *testing.T, last string) (got []string) {
	t.Helper()
	for len(got) == 0 || got[len(got)-1] != last {
		got = append(got, text(t, r.next(t, "message")))
	}
	return got
}

func text(t *testing.T, n notification) string {
	t.Helper()
	var item struct{ Content string }
	require.NoError(t, json.Unmarshal(n.Item, &item))
	return item.Content
}

func arguments(srv *participanttest.Server, r *receiver, dir string) []string {
	return []string{"-addr", "127.0.0.1:0", "-host", "bridge.example,other.example", "-endpoint", srv.URL, "-webhook", r.URL, "-dir", dir}
}

// running is a running bridge.
type running struct {
	url  string
	stop func() // stops the bridge and waits
}

func start(t *testing.T, srv *participanttest.Server, r *receiver, dir string) *running {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	stdout, in := io.Pipe()
	ended := make(chan error, 1)
	go func() { ended <- run(ctx, arguments(srv, r, dir), made, in, t.Output()) }()
	stop := sync.OnceFunc(func() {
		cancel()
		require.NoError(t, <-ended)
	})
	t.Cleanup(stop)
	return &running{url: firstLine(t, stdout), stop: stop}
}

func firstLine(t *testing.T, r io.Reader) string {
	t.Helper()
	line, err := bufio.NewReader(r).ReadString('\n')
	require.NoError(t, err)
	return strings.TrimSpace(line)
}

// post sends JSON to the bridge, with names and values of headers.
func (b *running) post(t *testing.T, path, body string, headers ...string) (status int, content string) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, b.url+path, strings.NewReader(body))
	require.NoError(t, err)
	request.Close = true
	request.Header.Set("Authorization", "Bearer "+made.token)
	for i := 0; i < len(headers); i += 2 {
		request.Header.Set(headers[i], headers[i+1])
	}
	request.Host = request.Header.Get("Host")
	response, err := http.DefaultClient.Do(request)
	require.NoError(t, err)
	defer response.Body.Close()
	data, err := io.ReadAll(response.Body)
	require.NoError(t, err)
	return response.StatusCode, string(data)
}

func (b *running) add(t *testing.T, name, token string) {
	t.Helper()
	status, content := b.post(t, "/chats", `{"name":"`+name+`","token":"`+token+`"}`)
	require.Equal(t, http.StatusAccepted, status, content)
}

// say makes the agent send numbers.
func say(agent *participanttest.Participant, from, to int) {
	for i := from; i <= to; i++ {
		agent.Say(strconv.Itoa(i))
	}
}

// requireAll requires the numbers from 1 on in order, each at least once, with at most the given
// number of duplicates.
func requireAll(t *testing.T, to, duplicates int, got []string) {
	t.Helper()
	next := 1
	for _, s := range got {
		if s == strconv.Itoa(next) {
			next++
			continue
		}
		duplicates--
		require.Equal(t, strconv.Itoa(next-1), s, "neither the next number nor a duplicate of the last: %v", got)
	}
	require.Equal(t, to, next-1, "lost: %v", got)
	require.GreaterOrEqual(t, duplicates, 0, "too many duplicates: %v", got)
}

func TestMessagesGoBothWays(t *testing.T) {
	t.Parallel()
	srv, r := participanttest.Start(t), newReceiver(t)
	contact, other := srv.NewChat(), srv.NewChat()
	b := start(t, srv, r, t.TempDir())
	b.add(t, "one", contact.Customer.Token)
	b.add(t, "two", other.Customer.Token)

	contact.Agent.Say("Hello")
	n := r.next(t, "message")
	require.Equal(t, "one", n.Chat)
	require.False(t, n.Own)
	require.Equal(t, "Hello", text(t, n))

	status, content := b.post(t, "/chats/two/messages", `{"text":"Is anybody there?"}`)
	require.Equal(t, http.StatusOK, status, content)
	n = r.next(t, "message")
	require.Equal(t, "two", n.Chat)
	require.True(t, n.Own)
	require.JSONEq(t, `{"id":"`+n.ID+`"}`, content)
	kept := other.Transcript()
	require.Equal(t, n.ID, kept[len(kept)-1].Id)
	require.Equal(t, types.ParticipantRoleCustomer, kept[len(kept)-1].ParticipantRole)

	for range 2 {
		status, content := b.post(t, "/chats/two/messages", `{"text":"Once"}`, "Idempotency-Key", "sms-4711")
		require.Equal(t, http.StatusOK, status, content)
	}
	require.Len(t, other.Transcript(), len(kept)+1)
}

func TestNotificationsAreRetriedUntilAccepted(t *testing.T) {
	t.Parallel()
	srv, r := participanttest.Start(t), newReceiver(t)
	contact := srv.NewChat()
	refusals := map[string]int{}
	r.respondWith(func(n notification) int { // one chat, so that calls don't overlap
		if n.Type == "message" && refusals[n.ID] < 2 {
			refusals[n.ID]++
			return http.StatusInternalServerError
		}
		return http.StatusOK
	})
	b := start(t, srv, r, t.TempDir())
	b.add(t, "one", contact.Customer.Token)
	say(contact.Agent, 1, 3)
	require.Equal(t, []string{"1", "2", "3"}, r.until(t, "3"))
	require.Len(t, r.refused, 6)
}

func TestRestartLosesNothing(t *testing.T) {
	t.Parallel()
	srv, r, dir := participanttest.Start(t), newReceiver(t), t.TempDir()
	contact := srv.NewChat()
	b := start(t, srv, r, dir)
	b.add(t, "one", contact.Customer.Token)
	say(contact.Agent, 1, 3)
	got := r.until(t, "3")

	r.respondWith(func(notification) int { return http.StatusServiceUnavailable })
	say(contact.Agent, 4, 8)
	<-r.refused
	b.stop()
	say(contact.Agent, 9, 12)
	r.respondWith(func(notification) int { return http.StatusOK })
	start(t, srv, r, dir)
	requireAll(t, 12, 1, append(got, r.until(t, "12")...))
}

func TestKillLosesNothing(t *testing.T) {
	t.Parallel()
	srv, r, dir := participanttest.Start(t), newReceiver(t), t.TempDir()
	contact := srv.NewChat()
	program := exec.CommandContext(t.Context(), os.Args[0], arguments(srv, r, dir)...)
	program.Env = append(os.Environ(), asProgram+"=1", "BRIDGE_TOKEN="+made.token, "WEBHOOK_SECRET="+made.webhook)
	var log bytes.Buffer
	program.Stderr = &log
	stdout, err := program.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, program.Start())
	b := &running{url: firstLine(t, stdout)}
	b.add(t, "one", contact.Customer.Token)
	r.respondWith(func(n notification) int { // killed when the sixth is accepted but not saved
		if strings.Contains(string(n.Item), `"Content":"6"`) {
			_ = program.Process.Kill()
		}
		return http.StatusOK
	})
	say(contact.Agent, 1, 8)
	got := r.until(t, "6")
	require.Error(t, program.Wait())

	r.respondWith(func(notification) int { return http.StatusOK })
	say(contact.Agent, 9, 12)
	start(t, srv, r, dir)
	requireAll(t, 12, 1, append(got, r.until(t, "12")...))
	require.NotContains(t, log.String(), contact.Customer.Token)
}

func TestFileOfAChatIsPrivateAndDeletedAtTheEnd(t *testing.T) {
	t.Parallel()
	srv, r, dir := participanttest.Start(t), newReceiver(t), t.TempDir()
	contact := srv.NewChat()
	b := start(t, srv, r, dir)
	b.add(t, "one", contact.Customer.Token)
	info, err := os.Stat(filepath.Join(dir, "one.json"))
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o600), info.Mode().Perm())

	contact.Agent.Say("Goodbye")
	r.next(t, "message")
	contact.Agent.Leave()
	r.next(t, "chat_ended")
	require.Equal(t, "the chat has ended", r.next(t, "closed").Reason)
	require.Eventually(t, func() bool {
		files, err := os.ReadDir(dir)
		return err == nil && len(files) == 0
	}, patience, 10*time.Millisecond)
}

func TestRefusedTokenIsReportedAndItsFileKept(t *testing.T) {
	t.Parallel()
	srv, r, dir := participanttest.Start(t), newReceiver(t), t.TempDir()
	b := start(t, srv, r, dir)
	b.add(t, "one", "a-made-up-token")
	n := r.next(t, "closed")
	require.Equal(t, "one", n.Chat)
	require.Equal(t, "access denied", n.Reason)
	b.stop()
	require.FileExists(t, filepath.Join(dir, "one.json"))
}

func TestInvalidRequests(t *testing.T) {
	t.Parallel()
	srv, r := participanttest.Start(t), newReceiver(t)
	contact := srv.NewChat()
	b := start(t, srv, r, t.TempDir())
	b.add(t, "one", contact.Customer.Token)
	for name, test := range map[string]struct {
		path, body string
		status     int
	}{
		"a name in use":            {"/chats", `{"name":"one","token":"a-made-up-token"}`, http.StatusConflict},
		"a name that is a path":    {"/chats", `{"name":"../one","token":"a-made-up-token"}`, http.StatusBadRequest},
		"no token":                 {"/chats", `{"name":"two"}`, http.StatusBadRequest},
		"no JSON":                  {"/chats", `name=two`, http.StatusBadRequest},
		"an unknown chat":          {"/chats/two/messages", `{"text":"Hello"}`, http.StatusNotFound},
		"no text":                  {"/chats/one/messages", `{}`, http.StatusBadRequest},
		"a text too long":          {"/chats/one/messages", `{"text":"` + strings.Repeat("x", 16385) + `"}`, http.StatusUnprocessableEntity},
		"a body too long":          {"/chats/one/messages", `{"text":"` + strings.Repeat("x", maxBody) + `"}`, http.StatusBadRequest},
		"a path that isn't served": {"/", `{}`, http.StatusNotFound},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			status, content := b.post(t, test.path, test.body)
			require.Equal(t, test.status, status, content)
			require.NotContains(t, content, "a-made-up-token")
		})
	}
}

func TestErrorsOfTheCommandLine(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		args    []string
		secrets secrets
		want    string
	}{
		"no webhook":          {nil, made, "-webhook is missing"},
		"no URL":              {[]string{"-webhook", "https:///hook?key=made-up"}, made, "-webhook must be an https URL"},
		"another scheme":      {[]string{"-webhook", "ftp://system.example/made-up"}, made, "-webhook must be an https URL"},
		"plain http":          {[]string{"-webhook", "http://system.example/made-up"}, made, "plain http to system.example would expose the chats to the network: use https, or set -plain-webhook"},
		"no token":            {[]string{"-webhook", "https://system.example"}, secrets{webhook: made.webhook}, "BRIDGE_TOKEN and WEBHOOK_SECRET must be set and have at least 32 characters"},
		"a short secret":      {[]string{"-webhook", "https://system.example"}, secrets{made.token, "made-up"}, "BRIDGE_TOKEN and WEBHOOK_SECRET must be set and have at least 32 characters"},
		"plain http, allowed": {[]string{"-webhook", "http://system.example", "-plain-webhook", "-addr", "nowhere", "-dir", t.TempDir()}, made, "listen tcp: address nowhere: missing port in address"},
		"plain http, here":    {[]string{"-webhook", "http://localhost:9000", "-addr", "nowhere", "-dir", t.TempDir()}, made, "listen tcp: address nowhere: missing port in address"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			require.ErrorContains(t, run(t.Context(), test.args, test.secrets, io.Discard, t.Output()), test.want)
		})
	}
}

func TestErrorOfABrokenFileDoesNotContainItsToken(t *testing.T) {
	t.Parallel()
	for _, content := range []string{`{"token":`, `{"token":"a-made-up-token","state":"?"}`, `{}`} {
		dir := t.TempDir()
		require.NoError(t, os.WriteFile(filepath.Join(dir, "one.json"), []byte(content), 0o600))
		err := run(t.Context(), []string{"-webhook", "http://127.0.0.1:1", "-dir", dir}, made, io.Discard, t.Output())
		require.ErrorContains(t, err, "load chat one: ")
		require.NotContains(t, err.Error(), "a-made-up-token")
	}
}

func TestIncompleteFilesAreRemoved(t *testing.T) {
	t.Parallel()
	s := store{dir: t.TempDir()}
	half, others := filepath.Join(s.dir, ".bridge-123.tmp"), filepath.Join(s.dir, "notes.txt")
	require.NoError(t, os.WriteFile(half, []byte(`{"tok`), 0o600))
	require.NoError(t, os.WriteFile(others, nil, 0o600))
	require.NoError(t, s.save("one", record{Token: "a-made-up-token"}))
	records, err := s.load()
	require.NoError(t, err)
	require.Equal(t, "a-made-up-token", records["one"].Token)
	require.Len(t, records, 1)
	require.NoFileExists(t, half)
	require.FileExists(t, others)
}
