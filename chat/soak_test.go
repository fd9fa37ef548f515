// SPDX-License-Identifier: Apache-2.0

package chat_test

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/participant-go/connectparticipant"
	"github.com/participant-go/connectparticipant/chat"
	"github.com/participant-go/connectparticipant/participanttest"
)

var (
	soakTime     = flag.Duration("soak.time", 8*time.Second, "how long the Soak tests write and cut")
	soakSessions = flag.Int("soak.sessions", 50, "how many sessions TestSoak has")
	soakLimited  = flag.Int("soak.limited", 12, "how many sessions TestSoakWithinTheQuotas has")
)

const (
	soakVariable = "CHAT_SOAK_SERVER"
	soakSettle   = 2 * time.Second
)

// soakConfig is the configuration of the server's process.
type soakConfig struct {
	Sessions int
	Throttle bool
	// Cuts and Messages per second, of all chats together.
	Cuts, Messages float64
}

// soakReport is the server's report.
type soakReport struct {
	Cuts int
	Kept [][]string // the Ids of the items of each chat, in order
}

// The test binary also runs the server in a separate process, so that the cost of the fake is not
// counted and the sockets are real.
func init() {
	if config, ok := os.LookupEnv(soakVariable); ok {
		serveSoak(config)
		os.Exit(0)
	}
}

// TestSoak cuts the sockets of many sessions all the time, while messages arrive, some pushes are lost
// or duplicated, and the transcript lags. Run
// go test ./chat -run TestSoak$ -v -soak.sessions=1000 -soak.time=2m
// for more than 20,000 cuts.
func TestSoak(t *testing.T) {
	t.Parallel()
	n := float64(*soakSessions)
	config := soakConfig{Sessions: *soakSessions, Cuts: n / 4, Messages: n / 2}
	soak(t, config, func(o *chat.Options) { o.Limiter = chat.Unlimited })
}

// TestSoakWithinTheQuotas has a service with its quotas. Sessions that share a limiter get no 429
// response, unless the server stalls. Run
// go test ./chat -run TestSoakWithinTheQuotas -v -soak.limited=100 -soak.time=2m
// for as many sessions as lose their sockets about once a minute.
func TestSoakWithinTheQuotas(t *testing.T) {
	t.Parallel()
	limiter := chat.NewLimiter(1)
	config := soakConfig{Sessions: *soakLimited, Throttle: true, Cuts: 2, Messages: float64(*soakLimited)}
	throttled := soak(t, config, func(o *chat.Options) { o.Limiter = limiter })
	// Calls arrive together at a server that has stalled for half a second. Without the limiter, there
	// are more than ten such responses.
	require.LessOrEqual(t, throttled, 6, "429 responses")
}

// soak returns how many calls were throttled.
func soak(t *testing.T, config soakConfig, optFns ...func(*chat.Options)) (throttled int) {
	t.Helper()
	server := startSoakServer(t, config)
	all := server.start(t, optFns)
	server.ask(t, "run")
	<-time.After(*soakTime)
	report := server.ask(t, "stop")
	require.Len(t, report.Kept, config.Sessions)
	awaitAll(t, all, report.Kept)
	<-time.After(soakSettle + time.Second) // duplicates arrive by then

	var stats chat.Stats
	var messages, lost, repeated, unordered int
	for i, s := range all {
		require.NoError(t, s.session.Err())
		addStats(&stats, s.session.Stats())
		d := s.compare(report.Kept[i])
		messages, lost, repeated, unordered = messages+len(report.Kept[i]), lost+d.lost, repeated+d.repeated, unordered+d.unordered
	}
	t.Logf("%d sessions, %v: %d cuts, %d items: %d lost, %d delivered twice, %d out of order and not Late; %+v",
		config.Sessions, *soakTime, report.Cuts, messages, lost, repeated, unordered, stats)
	require.Zero(t, lost, "lost")
	require.Zero(t, repeated, "repeated")
	require.Zero(t, unordered, "out of order and not Late")
	require.Greater(t, report.Cuts, int(config.Cuts*soakTime.Seconds()/4), "the machine is too slow for so many sessions")
	require.Greater(t, stats.Reconnects, report.Cuts/4, "the machine is too slow for so many sessions")
	return stats.Throttled
}

func addStats(sum *chat.Stats, s chat.Stats) {
	sum.Reconnects += s.Reconnects
	sum.Renewals += s.Renewals
	sum.Passes += s.Passes
	sum.Recovered += s.Recovered
	sum.Duplicates += s.Duplicates
	sum.Late += s.Late
	sum.Behind += s.Behind
	sum.Throttled += s.Throttled
}

// soakServer is the test's handle of the server's process.
type soakServer struct {
	URL    string
	Tokens []string

	in  *json.Encoder
	out *json.Decoder
}

func startSoakServer(t *testing.T, config soakConfig) *soakServer {
	t.Helper()
	cmd, in, out := child(t, soakVariable, config)
	t.Cleanup(func() {
		_ = in.Close() // the process exits at the end of its input
		require.NoError(t, cmd.Wait())
	})
	s := &soakServer{in: json.NewEncoder(in), out: json.NewDecoder(out)}
	require.NoError(t, s.out.Decode(s))
	require.Len(t, s.Tokens, config.Sessions)
	return s
}

// child starts the test binary with another task. The process exits when the test ends, at the
// latest.
func child(t *testing.T, variable string, config any) (*exec.Cmd, io.WriteCloser, io.Reader) {
	t.Helper()
	text, err := json.Marshal(config)
	require.NoError(t, err)
	executable, err := os.Executable()
	require.NoError(t, err)
	cmd := exec.Command(executable)
	cmd.Env = append(os.Environ(), variable+"="+string(text))
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	require.NoError(t, err)
	out, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	return cmd, in, out
}

func (s *soakServer) ask(t *testing.T, what string) (report soakReport) {
	t.Helper()
	require.NoError(t, s.in.Encode(what))
	require.NoError(t, s.out.Decode(&report))
	return report
}

// start returns when all customers have joined.
func (s *soakServer) start(t *testing.T, optFns []func(*chat.Options)) []*soaker {
	t.Helper()
	transport := &http.Transport{MaxIdleConnsPerHost: 512}
	t.Cleanup(transport.CloseIdleConnections)
	httpClient := &http.Client{Transport: transport}
	client := connectparticipant.New(connectparticipant.Options{BaseEndpoint: &s.URL, HTTPClient: httpClient})
	optFns = append(slices.Clone(optFns), chat.WithMaxBackoff(200*time.Millisecond), func(o *chat.Options) {
		o.HTTPClient, o.Settle = httpClient, soakSettle
	})
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
	defer cancel()
	all := make([]*soaker, len(s.Tokens))
	var starting sync.WaitGroup
	for i, token := range s.Tokens {
		all[i] = &soaker{times: map[string]int{}}
		starting.Go(func() {
			if err := all[i].start(ctx, client, token, optFns); err != nil {
				t.Errorf("start: %v", err)
			}
		})
	}
	starting.Wait()
	t.Cleanup(func() { closeAll(all) })
	if t.Failed() {
		t.FailNow()
	}
	return all
}

func closeAll(all []*soaker) {
	var closing sync.WaitGroup
	for _, s := range all {
		if s.session != nil {
			closing.Go(func() { _ = s.session.Close() })
		}
	}
	closing.Wait()
	for _, s := range all {
		s.reading.Wait()
	}
}

// soaker records the items that a session delivers.
type soaker struct {
	session *chat.Session
	reading sync.WaitGroup

	mu        sync.Mutex
	times     map[string]int // how often an item was delivered, by Id
	newest    time.Time
	unordered int
}

func (s *soaker) start(ctx context.Context, client *connectparticipant.Client, token string, optFns []func(*chat.Options)) (err error) {
	if s.session, err = chat.Start(ctx, client, token, optFns...); err != nil {
		return err
	}
	s.reading.Go(func() {
		for event, err := range s.session.Events(context.Background()) {
			if item, ok := kept(event); ok && err == nil {
				s.note(item)
			}
		}
	})
	return nil
}

// kept returns the Meta of an event for an item of the transcript.
func kept(event chat.Event) (item chat.Meta, ok bool) {
	switch e := event.(type) {
	case chat.Message:
		return e.Meta, true
	case chat.Participant:
		return e.Meta, true
	case chat.Other:
		return e.Meta, true
	default:
		return item, false
	}
}

func (s *soaker) note(item chat.Meta) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.times[item.ID]++
	if item.Time.Before(s.newest) && !item.Late {
		s.unordered++
	}
	if item.Time.After(s.newest) {
		s.newest = item.Time
	}
}

type difference struct{ lost, repeated, unordered int }

func (s *soaker) compare(kept []string) (d difference) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, id := range kept {
		if s.times[id] == 0 {
			d.lost++
		}
	}
	for _, n := range s.times {
		d.repeated += n - 1
	}
	d.unordered = s.unordered
	return d
}

// awaitAll waits for all items, but at most a minute: what is missing then is lost.
func awaitAll(t *testing.T, all []*soaker, kept [][]string) {
	t.Helper()
	begun := time.Now()
	missing := func(i int) bool { return all[i].compare(kept[i]).lost > 0 }
	for i := range all {
		for missing(i) && time.Since(begun) < time.Minute {
			<-time.After(20 * time.Millisecond)
		}
	}
	t.Logf("caught up %v after the last cut", time.Since(begun))
}

// serveSoak is the main function of the server's process.
func serveSoak(text string) {
	var w soakWorld
	if err := json.Unmarshal([]byte(text), &w.soakConfig); err != nil {
		panic(err)
	}
	srv, err := participanttest.New(func(o *participanttest.Options) {
		o.MaxSockets, o.Throttle = 8*w.Sessions, w.Throttle
	})
	if err != nil {
		panic(err)
	}
	defer srv.Close()
	w.begin(srv)
	in, out := json.NewDecoder(os.Stdin), json.NewEncoder(os.Stdout)
	_ = out.Encode(soakServer{URL: srv.URL, Tokens: w.tokens()})
	stop := make(chan struct{})
	var work sync.WaitGroup
	defer work.Wait()
	for what := ""; in.Decode(&what) == nil; {
		switch what {
		case "run":
			work.Go(func() { repeat(stop, w.Messages, w.write) })
			work.Go(func() { repeat(stop, w.Cuts, w.cut) })
			_ = out.Encode(soakReport{})
		case "stop":
			close(stop)
			work.Wait()
			_ = out.Encode(w.end())
		}
	}
}

// soakWorld contains the chats of the server's process.
type soakWorld struct {
	soakConfig

	srv      *participanttest.Server
	contacts []*participanttest.Contact
	faults   []*participanttest.Injected
	cuts     int
}

func (w *soakWorld) begin(srv *participanttest.Server) {
	w.srv = srv
	for range w.Sessions {
		w.contacts = append(w.contacts, srv.NewChat())
	}
	for _, f := range []participanttest.Fault{
		{On: participanttest.OnTranscript, Chance: 0.05, Effect: participanttest.Lag(time.Second)},
		{On: participanttest.OnPush, Chance: 0.02, Effect: participanttest.Lose()},
		{On: participanttest.OnPush, Chance: 0.02, Effect: participanttest.Duplicate()},
		{On: participanttest.OnPush, Chance: 0.02, Effect: participanttest.Delay(300 * time.Millisecond)},
		{On: "GetTranscript", Chance: 0.02, Effect: participanttest.Fail(http.StatusInternalServerError, "InternalServerException")},
	} {
		w.faults = append(w.faults, srv.Inject(f))
	}
}

func (w *soakWorld) tokens() (tokens []string) {
	for _, c := range w.contacts {
		tokens = append(tokens, c.Customer.Token)
	}
	return tokens
}

// repeat calls do perSecond times per second, until stop.
func repeat(stop <-chan struct{}, perSecond float64, do func()) {
	begun, done := time.Now(), 0.0
	ticker := time.NewTicker(5 * time.Millisecond)
	defer ticker.Stop()
	for {
		select {
		case <-stop:
			return
		case <-ticker.C:
		}
		for ; done < time.Since(begun).Seconds()*perSecond && !isClosed(stop); done++ {
			do()
		}
	}
}

func (w *soakWorld) any() *participanttest.Contact { return w.contacts[rand.N(len(w.contacts))] }

func (w *soakWorld) write() { say(w.any()) }

func say(c *participanttest.Contact) {
	size := rand.N(200)
	if rand.N(50) == 0 {
		size = rand.N(16_000)
	}
	c.Agent.Say(fmt.Sprintf("%d %s", size, strings.Repeat("é", size/2)))
}

// cut cuts the sockets of a random customer, usually of one that has a subscribed socket. A socket
// that is still being dialed may be cut too, and isn't counted.
func (w *soakWorld) cut() {
	codes := []int{0, 0, 1000, 1001, 1006, 1011}
	c := w.any()
	for n := 0; n < 10 && c.Customer.Sockets() == 0 && rand.N(10) > 0; n++ {
		c = w.any()
	}
	for range rand.N(2) {
		say(c) // the push may never leave the server
	}
	w.cuts += min(1, c.Customer.Sockets())
	c.Customer.CloseSockets(codes[rand.N(len(codes))], "soak")
	for range rand.N(2) {
		say(c)
	}
}

// end cuts every socket once more, so that a pass finds lost pushes. The last message of each chat is
// found by the settle pass only.
func (w *soakWorld) end() (report soakReport) {
	for _, f := range w.faults {
		f.Remove()
	}
	w.srv.Inject(participanttest.Fault{On: participanttest.OnTranscript, Effect: participanttest.Lag(time.Second)})
	for _, c := range w.contacts {
		w.cuts += min(1, c.Customer.Sockets())
		c.Customer.CutSockets()
		say(c)
	}
	for _, c := range w.contacts {
		var ids []string
		for _, it := range c.Transcript() {
			ids = append(ids, it.Id)
		}
		report.Kept = append(report.Kept, ids)
	}
	report.Cuts = w.cuts
	return report
}
