// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/participant-go/connectparticipant/participanttest"
)

var (
	kills   = flag.Int("process.kills", 10, "how often a process is killed in TestKill")
	runTime = flag.Duration("process.time", 0, "minimum duration of TestKill and TestRollingDeploy")
	binary  string // of the bridge
)

func TestMain(m *testing.M) {
	flag.Parse()
	_ = flag.Set("test.parallel", "8") // the tests wait for leases most of the time
	dir, err := os.MkdirTemp("", "bridge-")
	if err == nil {
		binary = filepath.Join(dir, "bridge")
		var out []byte
		if out, err = exec.Command("go", "build", "-o", binary, ".").CombinedOutput(); err != nil {
			err = fmt.Errorf("%w: %s", err, out)
		}
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	code := m.Run()
	_ = os.RemoveAll(dir)
	os.Exit(code)
}

// patience is the timeout of everything without another bound. It allows for a busy machine.
const patience = 60 * time.Second

const (
	madeToken  = "a-made-up-token-of-the-callers-of-the-bridge"
	madeSecret = "a-made-up-secret-that-signs-the-webhooks"
	madeKey    = "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="
)

// post is a message at the webhook.
type post struct {
	member string
	epoch  uint64
	id     string
	text   string
	at     time.Time
}

// world is the fake of the service, a receiver of webhooks and the processes between them.
type world struct {
	t     *testing.T
	srv   *participanttest.Server
	hook  *httptest.Server
	store []string // flags of the store
	env   []string
	chats []*participanttest.Contact

	mu        sync.Mutex
	posts     map[string][]post // messages by chat
	processes []*process
	names     int
	throttled int
	lastSeen  time.Time
	sent      map[string]time.Time // by id
}

func newWorld(t *testing.T, store, env []string) *world {
	t.Helper()
	srv := participanttest.Start(t, func(o *participanttest.Options) { o.Throttle = true })
	w := &world{t: t, srv: srv, store: store, env: env, posts: map[string][]post{}, sent: map[string]time.Time{}}
	w.hook = httptest.NewServer(http.HandlerFunc(w.receive))
	t.Cleanup(w.hook.Close)
	return w
}

// receive records the messages.
func (w *world) receive(_ http.ResponseWriter, r *http.Request) {
	var n struct {
		Chat   string
		Epoch  uint64
		Member string
		Event  struct{ Kind, ID, Text string }
	}
	if err := json.NewDecoder(r.Body).Decode(&n); err != nil || n.Event.Kind != "message" {
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.posts[n.Chat] = append(w.posts[n.Chat], post{n.Member, n.Epoch, n.Event.ID, n.Event.Text, time.Now()})
}

// process is a process that runs the bridge.
type process struct {
	name string
	url  string
	cmd  *exec.Cmd
	log  bytes.Buffer // read after the process has ended
	over chan struct{}
}

// start starts a process and returns when it has joined.
func (w *world) start(args ...string) *process {
	w.t.Helper()
	p := <-w.starting(args...)
	require.NotEmpty(w.t, p.url, "process %s has not started", p.name)
	return p
}

// startAll starts n processes concurrently.
func (w *world) startAll(n int, args ...string) (all []*process) {
	w.t.Helper()
	var starting []<-chan *process
	for range n {
		starting = append(starting, w.starting(args...))
	}
	for _, joined := range starting {
		p := <-joined
		require.NotEmpty(w.t, p.url, "process %s has not started", p.name)
		all = append(all, p)
	}
	return all
}

// starting starts a process. The channel returns it when it has joined.
func (w *world) starting(args ...string) <-chan *process {
	w.t.Helper()
	w.mu.Lock()
	p := &process{name: string(rune('A'+w.names%26)) + fmt.Sprint(w.names/26), over: make(chan struct{})}
	w.names++
	w.mu.Unlock()
	args = append(slices.Concat([]string{"-id", p.name, "-addr", "127.0.0.1:0", "-webhook", w.hook.URL, "-endpoint", w.srv.URL}, w.store), args...)
	p.cmd = exec.Command(binary, args...)
	p.cmd.Env = append(os.Environ(), "BRIDGE_TOKEN="+madeToken, "WEBHOOK_SECRET="+madeSecret, "FLEET_KEY="+madeKey)
	p.cmd.Env = append(p.cmd.Env, w.env...)
	p.cmd.Stderr = &p.log
	stdout, err := p.cmd.StdoutPipe()
	require.NoError(w.t, err)
	require.NoError(w.t, p.cmd.Start())
	w.t.Cleanup(func() { w.end(p) })
	joined := make(chan *process, 1)
	go func() {
		line, _ := bufio.NewReader(stdout).ReadString('\n')
		p.url = strings.TrimSpace(line)
		w.mu.Lock()
		w.processes = append(w.processes, p)
		w.mu.Unlock()
		joined <- p
		_, _ = io.Copy(io.Discard, stdout)
		_ = p.cmd.Wait()
		close(p.over)
	}()
	return joined
}

// end kills a process and shows its log if the test has failed.
func (w *world) end(p *process) {
	w.kill(p)
	if w.t.Failed() {
		w.t.Logf("process %s:\n%s", p.name, p.log.String())
	}
	require.NotContains(w.t, p.log.String(), "token.", "the log contains a token of the fake")
}

func (w *world) kill(p *process) {
	_ = p.cmd.Process.Kill()
	_ = p.cmd.Process.Signal(syscall.SIGCONT)
	<-p.over
	w.forget(p)
}

// awaitEnd waits until a process has ended by itself. One that doesn't logs its goroutines.
func (w *world) awaitEnd(p *process) {
	w.t.Helper()
	select {
	case <-p.over:
	case <-time.After(patience):
		w.signal(p, syscall.SIGQUIT)
		<-p.over
		require.Fail(w.t, "process "+p.name+" has not ended")
	}
}

func (w *world) forget(p *process) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.processes = slices.DeleteFunc(w.processes, func(q *process) bool { return q == p })
}

func (w *world) signal(p *process, s os.Signal) { require.NoError(w.t, p.cmd.Process.Signal(s)) }

// running returns the processes that have joined.
func (w *world) running() []*process {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Clone(w.processes)
}

// call calls a process's API.
func (p *process) call(ctx context.Context, method, path string, in, out any) (status int, err error) {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	body, err := json.Marshal(in)
	if err != nil {
		return 0, err
	}
	r, err := http.NewRequestWithContext(ctx, method, p.url+path, bytes.NewReader(body))
	if err != nil {
		return 0, err
	}
	r.Header.Set("Authorization", "Bearer "+madeToken)
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		return 0, err
	}
	defer response.Body.Close()
	if out != nil && response.StatusCode == http.StatusOK {
		err = json.NewDecoder(response.Body).Decode(out)
	}
	_, _ = io.Copy(io.Discard, response.Body)
	return response.StatusCode, err
}

type stats struct {
	Members, Held, Waiting, Claimed, Given, Lost int
	Fenced                                       bool
}

func (w *world) stats(p *process) (s stats) {
	_, _ = p.call(w.t.Context(), http.MethodGet, "/healthz", nil, &s)
	return s
}

// add starts chats in the service and adds them through the processes in turn.
func (w *world) add(n int, processes ...*process) {
	w.t.Helper()
	for i := range n {
		contact := w.srv.NewChat()
		w.chats = append(w.chats, contact)
		in := map[string]any{"chatId": contact.ID, "participantToken": contact.Customer.Token, "participantId": contact.Customer.ID}
		status, err := processes[i%len(processes)].call(w.t.Context(), http.MethodPost, "/chats", in, nil)
		require.NoError(w.t, err)
		require.Equal(w.t, http.StatusAccepted, status)
	}
	for _, contact := range w.chats {
		w.eventually("the chats are connected", func() bool { return contact.Customer.Sockets() > 0 })
	}
}

func (w *world) eventually(what string, done func() bool) {
	w.t.Helper()
	require.Eventually(w.t, done, patience, 50*time.Millisecond, what)
}

// sleep waits in real time, because other processes can't run in virtual time.
func sleep(d time.Duration) { <-time.After(d) }

// traffic makes the agents write and monitors the quotas until stop is called, which returns when
// everything has been handled.
func (w *world) traffic(every time.Duration) (stop func()) {
	ctx, cancel := context.WithCancel(w.t.Context())
	var wg sync.WaitGroup
	for i, contact := range w.chats {
		wg.Go(func() {
			for n := 0; ctx.Err() == nil; n++ {
				id := contact.Agent.Say(fmt.Sprintf("message %d of chat %d", n, i))
				w.mu.Lock()
				w.sent[id] = time.Now()
				w.mu.Unlock()
				wait(ctx, every)
			}
		})
	}
	wg.Go(func() {
		for ctx.Err() == nil {
			w.countThrottled()
			wait(ctx, time.Second)
		}
	})
	w.t.Cleanup(func() { cancel(); wg.Wait() })
	return func() {
		cancel()
		wg.Wait()
		w.t.Helper()
		w.eventually("every message was handled", func() bool { return len(w.missing()) == 0 })
		w.countThrottled()
	}
}

func wait(ctx context.Context, d time.Duration) {
	select {
	case <-time.After(d):
	case <-ctx.Done():
	}
}

// countThrottled counts the requests over the quota. The server keeps the last 1,000 requests.
func (w *world) countThrottled() {
	requests := w.srv.Requests()
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, r := range requests {
		if r.Time.After(w.lastSeen) && r.Status == http.StatusTooManyRequests {
			w.throttled++
		}
	}
	if len(requests) > 0 {
		w.lastSeen = requests[len(requests)-1].Time
	}
}

// missing returns the messages that no process has handled.
func (w *world) missing() (ids []string) {
	for _, contact := range w.chats {
		handled := map[string]bool{}
		for _, p := range w.of(contact.ID) {
			handled[p.id] = true
		}
		for _, item := range contact.Transcript() {
			if item.Type == "MESSAGE" && !handled[item.Id] {
				ids = append(ids, item.Id)
			}
		}
	}
	return ids
}

func (w *world) of(chatID string) []post {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Clone(w.posts[chatID])
}

// result is the outcome of the traffic.
type result struct {
	handled     int
	duplicates  int // of all chats
	unexplained int // duplicates above one per change of the owner
	stale       int // posts under an old epoch
	mostStale   int // of one chat and process
	epoch       uint64
	doubled     int // messages that were sent twice
	longest     time.Duration
}

func (w *world) result() (r result) {
	for _, contact := range w.chats {
		times, stale, first, last := map[string]int{}, map[string]int{}, uint64(0), uint64(0)
		posts := w.of(contact.ID)
		for i, p := range posts {
			if i == 0 {
				first = p.epoch
			}
			if times[p.id]++; p.epoch < last {
				stale[p.member]++
				r.stale++
			}
			last = max(last, p.epoch)
			if at, ok := w.sentAt(p.id); ok && times[p.id] == 1 {
				r.longest = max(r.longest, p.at.Sub(at))
			}
		}
		duplicates := len(posts) - len(times)
		r.handled += len(times)
		r.duplicates += duplicates
		r.unexplained += max(0, duplicates-int(last-first))
		r.mostStale = max(r.mostStale, slices.Max(append(slices.Collect(maps.Values(stale)), 0)))
		r.epoch = max(r.epoch, last)
		texts := map[string]int{}
		for _, item := range contact.Transcript() {
			if texts[item.Content]++; item.Type == "MESSAGE" && texts[item.Content] > 1 {
				r.doubled++
			}
		}
	}
	w.t.Logf("%d messages handled, %d handled twice, %d under an old epoch, %d sent twice, %d × 429, longest wait %s",
		r.handled, r.duplicates, r.stale, r.doubled, w.throttled, r.longest.Round(time.Millisecond))
	require.Zero(w.t, r.doubled)
	require.Zero(w.t, w.throttled)
	return r
}

func (w *world) sentAt(id string) (time.Time, bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	at, ok := w.sent[id]
	return at, ok
}

// send sends a message to a chat through one process after another until one succeeds.
func (w *world) send(contact *participanttest.Contact, clientToken, text string) {
	in := map[string]string{"clientToken": clientToken, "text": text}
	for n := 0; w.t.Context().Err() == nil; n++ {
		running := w.running()
		if len(running) > 0 {
			p := running[n%len(running)]
			status, err := p.call(w.t.Context(), http.MethodPost, "/chats/"+contact.ID+"/messages", in, nil)
			if err == nil && status == http.StatusOK {
				return
			}
		}
		wait(w.t.Context(), 100*time.Millisecond)
	}
}

// sends keeps sending messages to each chat until stop is called, which returns how many were sent.
func (w *world) sends(every time.Duration) (stop func() int) {
	ctx, cancel := context.WithCancel(w.t.Context())
	var wg sync.WaitGroup
	var mu sync.Mutex
	sent := 0
	for i, contact := range w.chats {
		wg.Go(func() {
			for n := 0; ctx.Err() == nil; n++ {
				text := fmt.Sprintf("reply %d in chat %d", n, i)
				w.send(contact, fmt.Sprintf("%s-%d", contact.ID, n), text)
				mu.Lock()
				sent++
				mu.Unlock()
				wait(ctx, every)
			}
		})
	}
	w.t.Cleanup(func() { cancel(); wg.Wait() })
	return func() int {
		cancel()
		wg.Wait()
		return sent
	}
}
