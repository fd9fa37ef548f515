// SPDX-License-Identifier: Apache-2.0

//go:build unix

package chat_test

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/coder/websocket"
	"github.com/stretchr/testify/require"

	"github.com/participant-go/connectparticipant/chat"
	"github.com/participant-go/connectparticipant/types"
)

var (
	deliverySessions = flag.Int("delivery.sessions", 100, "how many sessions BenchmarkDelivery opens")
	deliveryItems    = flag.Int("delivery.items", 3200, "how many items BenchmarkDelivery sends through all of them")
	deliveryPause    = flag.Duration("delivery.pause", time.Second, "on the server's clock, between two items in one chat")
)

// BenchmarkDelivery measures the CPU time of the process per item, and compares it with a floor: a
// plain WebSocket whose frames and items encoding/json decodes. The server is a separate process.
// For the published numbers:
//
//	go test -run=NONE -bench=Delivery -benchtime=1x ./chat -args -delivery.sessions=1000 -delivery.items=100000
func BenchmarkDelivery(b *testing.B) {
	for _, n := range []int{1, *deliverySessions} {
		b.Run(fmt.Sprint("sessions=", n), func(b *testing.B) {
			for b.Loop() {
				r := startRemote(b, false)
				session := r.delivery(n, (*remote).listenByChat)
				floor := r.delivery(n, (*remote).listenByFloor)
				b.ReportMetric(session, "ns-CPU/item")
				b.ReportMetric(floor, "floor-ns-CPU/item")
				b.ReportMetric(session/floor, "ratio")
			}
			b.ReportMetric(0, "ns/op")
		})
	}
}

// delivery is the CPU time for an item, in ns, through n listeners.
func (r *remote) delivery(n int, listen func(r *remote, tokens []string, t *tally) (end func())) float64 {
	r.b.Helper()
	var t tally
	end := listen(r, r.chats(n), &t)
	defer end()
	burst := max(1, 64/n) // fits into a session's queue
	r.burst(&t, n, burst) // warms up
	runtime.GC()
	begun, items := cpuTime(r.b), 0
	for items < *deliveryItems {
		r.burst(&t, n, burst)
		items += n * burst
	}
	return float64(cpuTime(r.b)-begun) / float64(items)
}

// burst sends items to each of n listeners and waits until all of them have arrived.
func (r *remote) burst(t *tally, n, each int) {
	r.b.Helper()
	done := t.expect(int64(n * each))
	require.NoError(r.b, r.rpc.Call("Remote.Say", RemoteSaid{Each: each, Pause: *deliveryPause}, &struct{}{}))
	select {
	case <-done:
	case <-time.After(time.Minute):
		require.Fail(r.b, "items are missing", "%d", t.missing.Load())
	}
}

// tally counts the expected items down.
type tally struct {
	missing atomic.Int64
	done    chan struct{}
}

func (t *tally) expect(n int64) <-chan struct{} {
	t.done = make(chan struct{})
	t.missing.Store(n)
	return t.done
}

func (t *tally) arrived() {
	if t.missing.Add(-1) == 0 {
		close(t.done)
	}
}

func (r *remote) listenByChat(tokens []string, t *tally) (end func()) {
	r.b.Helper()
	ctx, cancel := context.WithCancel(r.b.Context())
	sessions := make([]*chat.Session, len(tokens))
	r.each(len(tokens), func(i int) (err error) {
		sessions[i], err = chat.Start(ctx, r.api, tokens[i], r.options)
		return err
	})
	var callers sync.WaitGroup
	for _, s := range sessions {
		callers.Go(func() {
			for event, err := range s.Events(ctx) {
				if _, ok := event.(chat.Message); ok && err == nil {
					t.arrived()
				}
			}
		})
	}
	return func() {
		cancel()
		callers.Wait()
		r.each(len(sessions), func(i int) error { return sessions[i].Close() })
	}
}

func (r *remote) listenByFloor(tokens []string, t *tally) (end func()) {
	r.b.Helper()
	return r.floor(tokens, func(conn *websocket.Conn) error {
		_, text, err := conn.Read(context.Background())
		if err != nil {
			return err
		}
		var envelope struct{ Topic, ContentType, Content string }
		if err := json.Unmarshal(text, &envelope); err != nil {
			return err
		}
		var item struct {
			types.Item

			InitialContactId string
		}
		if err := json.Unmarshal([]byte(envelope.Content), &item); err != nil {
			return err
		}
		if item.Type == types.ChatItemTypeMessage {
			t.arrived()
		}
		return nil
	})
}

// cpuTime returns the CPU time that the process has used, user and system.
func cpuTime(tb testing.TB) int64 {
	tb.Helper()
	var usage syscall.Rusage
	require.NoError(tb, syscall.Getrusage(syscall.RUSAGE_SELF, &usage))
	return usage.Utime.Nano() + usage.Stime.Nano()
}
