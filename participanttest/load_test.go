// SPDX-License-Identifier: Apache-2.0

package participanttest_test

import (
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"net/http"
	"runtime"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/coder/websocket"
	"github.com/stretchr/testify/require"

	"github.com/participant-go/connectparticipant/participanttest"
)

var (
	loadTime    = flag.Duration("load.time", 2*time.Second, "how long TestLoad sends")
	loadSockets = flag.Int("load.sockets", 200, "how many sockets TestLoad opens, two a chat")
	loadRate    = flag.Int("load.rate", 500, "how many messages TestLoad sends a second")
)

// load counts what arrives. A message's content is the time when it was sent.
type load struct {
	sent, arrived atomic.Int64
	mu            sync.Mutex
	delays        []time.Duration
}

// TestLoad sends a steady stream of messages, each of which two sockets must get. Run
// as go test ./participanttest -run TestLoad -v -load.time=60s -load.sockets=2000 for the
// numbers over a minute.
func TestLoad(t *testing.T) { //nolint:paralleltest // it measures
	before := runtime.NumGoroutine()
	srv, err := participanttest.New()
	require.NoError(t, err)
	defer srv.Close()
	var l load
	var readers sync.WaitGroup
	var conns []*websocket.Conn
	var bearers []string
	for range *loadSockets / 2 {
		contact := srv.NewChat()
		bearers = append(bearers, token(t, srv, contact.Customer))
		for _, p := range []*participanttest.Participant{contact.Customer, contact.Agent} {
			conn := listen(t, srv, p)
			conns = append(conns, conn)
			readers.Go(func() { l.read(conn) })
		}
	}
	require.LessOrEqual(t, runtime.NumGoroutine()-before, 3*len(conns)+20, "two goroutines of the server and the client's reader")

	heap := l.send(t, srv, bearers)
	require.Eventually(t, func() bool { return l.arrived.Load() == 2*l.sent.Load() }, 10*time.Second, time.Millisecond)
	l.report(t)
	if perMessage := heap / max(1, l.sent.Load()); *loadTime >= 30*time.Second {
		t.Logf("heap growth after 10 s: %d bytes a message", perMessage)
	}
	for _, conn := range conns {
		_ = conn.CloseNow()
	}
	readers.Wait()
	srv.Close()
	require.Eventually(t, func() bool { return runtime.NumGoroutine() <= before+1 /* this one */ }, 10*time.Second, time.Millisecond)
}

func (l *load) read(conn *websocket.Conn) {
	for {
		_, text, err := conn.Read(context.Background())
		if err != nil {
			return
		}
		now := time.Now()
		var frame struct{ Content string }
		var item struct{ Type, Content string }
		if json.Unmarshal(text, &frame) != nil || json.Unmarshal([]byte(frame.Content), &item) != nil || item.Type != "MESSAGE" {
			continue
		}
		nanos, _ := strconv.ParseInt(item.Content, 10, 64)
		l.arrived.Add(1)
		l.mu.Lock()
		l.delays = append(l.delays, now.Sub(time.Unix(0, nanos)))
		l.mu.Unlock()
	}
}

// send returns the growth of the heap after the first ten seconds, per 1 message times
// all of them.
func (l *load) send(t *testing.T, srv *participanttest.Server, bearers []string) int64 {
	t.Helper()
	var senders sync.WaitGroup
	ticker := time.NewTicker(time.Second / time.Duration(*loadRate))
	defer ticker.Stop()
	end := time.After(*loadTime)
	settled := time.After(10 * time.Second)
	var heap, since int64
	for n := 0; ; n++ {
		select {
		case <-end:
			senders.Wait()
			return l.growth(heap, since)
		case <-settled:
			heap, since = liveHeap(), l.sent.Load()
		case <-ticker.C:
			bearer := bearers[n%len(bearers)]
			senders.Go(func() { l.post(t, srv, bearer) })
		}
	}
}

func (l *load) growth(heap, since int64) int64 {
	l.mu.Lock()
	own := int64(cap(l.delays)) * 8
	l.mu.Unlock()
	return (liveHeap() - heap - own) * l.sent.Load() / max(1, l.sent.Load()-since)
}

func liveHeap() int64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

func (l *load) post(t *testing.T, srv *participanttest.Server, bearer string) {
	t.Helper()
	content := fmt.Sprintf(`{"ContentType":"text/plain","Content":"%d","ClientToken":"%d"}`, time.Now().UnixNano(), l.sent.Add(1))
	req, _ := http.NewRequestWithContext(t.Context(), http.MethodPost, srv.URL+"/participant/message", bytes.NewReader([]byte(content)))
	req.Header.Set("X-Amz-Bearer", bearer)
	resp, err := srv.Client().Do(req)
	if err == nil {
		_ = resp.Body.Close()
	}
	if err != nil || resp.StatusCode != http.StatusOK {
		t.Errorf("send: %v %v", err, resp)
	}
}

func (l *load) report(t *testing.T) {
	t.Helper()
	l.mu.Lock()
	defer l.mu.Unlock()
	slices.Sort(l.delays)
	at := func(p float64) time.Duration { return l.delays[int(p*float64(len(l.delays)-1))] }
	t.Logf("%d messages, %d pushes, delay from before SendMessage: median %v, 99th percentile %v, longest %v",
		l.sent.Load(), len(l.delays), at(0.5), at(0.99), at(1))
}
