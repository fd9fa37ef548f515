// SPDX-License-Identifier: Apache-2.0

package fleet_test

import (
	"context"
	"encoding/json"
	"net/http"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/participant-go/connectparticipant"
	"github.com/participant-go/connectparticipant/chat"
	"github.com/participant-go/connectparticipant/fleet"
	"github.com/participant-go/connectparticipant/participanttest"
)

// BenchmarkIdleChat measures the memory that an idle chat needs: as a session with a goroutine in
// Next, and as a chat of a member. The service runs in another process, and the store keeps nothing
// of the chats. Run the two separately, because one reuses heap that the other has left:
//
//	go test ./fleet -run=NONE -bench=IdleChat/session -benchtime=1x -args -fleet.idle.chats=2000
//	go test ./fleet -run=NONE -bench=IdleChat/member -benchtime=1x -args -fleet.idle.chats=2000
func BenchmarkIdleChat(b *testing.B) {
	for _, test := range []struct {
		name string
		open func(b *testing.B, s *service) (end func())
	}{{"session", openSessions}, {"member", openMember}} {
		b.Run(test.name, func(b *testing.B) {
			for b.Loop() {
				s := startService(b, *idleChats)
				before := inUse()
				end := test.open(b, s)
				<-time.After(15 * time.Second) // the sessions have settled and read twice
				s.http.CloseIdleConnections()
				<-time.After(time.Second)
				b.ReportMetric(float64(inUse()-before)/float64(len(s.Chats)), "B/chat")
				end()
			}
			b.ReportMetric(0, "ns/op")
		})
	}
}

// inUse returns the memory in use after a garbage collection.
func inUse() int64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc + m.StackInuse)
}

func openSessions(b *testing.B, s *service) (end func()) {
	b.Helper()
	ctx, cancel := context.WithCancel(b.Context())
	var readers, started sync.WaitGroup
	atATime := make(chan struct{}, 16)
	for _, c := range s.Chats {
		atATime <- struct{}{}
		started.Add(1)
		readers.Go(func() {
			session, err := chat.Start(ctx, s.api, c.ParticipantToken, s.options, func(o *chat.Options) {
				o.ParticipantID, o.RenewalEvents = c.ParticipantID, true
			})
			<-atATime
			started.Done()
			for err == nil {
				_, err = session.Next(ctx)
			}
			if session != nil {
				_ = session.Close()
			}
		})
	}
	started.Wait()
	return func() {
		cancel()
		readers.Wait()
	}
}

func openMember(b *testing.B, s *service) (end func()) {
	b.Helper()
	nothing := func(context.Context, *fleet.Held, chat.Event) error { return nil }
	m, err := fleet.Join(b.Context(), forgetful{fleet.Memory()}, s.api, nothing, func(o *fleet.Options) {
		o.Sealer, o.Chat = fleet.Plaintext, s.options
	})
	require.NoError(b, err)
	for _, c := range s.Chats {
		require.NoError(b, m.Add(b.Context(), c))
	}
	require.Eventually(b, func() bool { return m.Stats().Held == len(s.Chats) && m.Stats().Waiting == 0 }, time.Minute, 50*time.Millisecond)
	return func() { _ = m.Close() }
}

// forgetful is a store that keeps nothing of the chats, as if it were on another machine.
type forgetful struct{ fleet.Store }

func (f forgetful) Put(ctx context.Context, key string, value []byte, rev uint64, ttl time.Duration) (uint64, error) {
	switch part, _, _ := strings.Cut(key, "/"); part {
	case "chat", "state", "token":
		return rev + 1, nil
	default:
		return f.Store.Put(ctx, key, value, rev, ttl)
	}
}

// service is a fake of the service in another process, and a client of it.
type service struct {
	URL   string
	Chats []fleet.Chat

	http *http.Client
	api  *connectparticipant.Client
}

func (s *service) options(o *chat.Options) { o.HTTPClient, o.Limiter = s.http, chat.Unlimited }

// serviceVariable makes the test binary run the fake of the service.
const serviceVariable = "FLEET_TEST_SERVICE"

func init() {
	if n := os.Getenv(serviceVariable); n != "" {
		serve(n)
		os.Exit(0)
	}
}

// serve runs the fake with n chats until its standard input ends.
func serve(n string) {
	srv, err := participanttest.New(func(o *participanttest.Options) { o.MaxSockets = 1 << 20 })
	if err != nil {
		panic(err)
	}
	count := 0
	if err := json.Unmarshal([]byte(n), &count); err != nil {
		panic(err)
	}
	s := service{URL: srv.URL}
	for range count {
		c := srv.NewChat()
		s.Chats = append(s.Chats, fleet.Chat{ID: c.ID, ParticipantToken: c.Customer.Token, ParticipantID: c.Customer.ID})
	}
	if err := json.NewEncoder(os.Stdout).Encode(s); err != nil {
		panic(err)
	}
	_, _ = os.Stdin.Read(make([]byte, 1))
	srv.Close()
}

func startService(b *testing.B, n int) *service {
	b.Helper()
	count, err := json.Marshal(n)
	require.NoError(b, err)
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), serviceVariable+"="+string(count))
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	require.NoError(b, err)
	out, err := cmd.StdoutPipe()
	require.NoError(b, err)
	require.NoError(b, cmd.Start())
	b.Cleanup(func() {
		_ = in.Close()
		require.NoError(b, cmd.Wait())
	})
	s := &service{http: &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 32}}}
	require.NoError(b, json.NewDecoder(out).Decode(s))
	s.api = connectparticipant.New(connectparticipant.Options{BaseEndpoint: &s.URL, HTTPClient: s.http})
	return s
}
