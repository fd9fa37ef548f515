// SPDX-License-Identifier: Apache-2.0

package bench_test

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/stretchr/testify/require"

	"github.com/participant-go/connectparticipant"
)

func newClient() *connectparticipant.Client {
	url := "http://localhost"
	return connectparticipant.New(connectparticipant.Options{BaseEndpoint: &url, HTTPClient: &http.Client{Transport: inMemory{}}})
}

func send(ctx context.Context, client *connectparticipant.Client, token *string) error {
	_, err := client.SendMessage(ctx, &connectparticipant.SendMessageInput{
		ConnectionToken: token, Content: aws.String(content), ContentType: aws.String("text/plain"),
	})
	return err
}

// crowd is a process with many clients and tokens. Its calls use some of its clients in turn.
type crowd struct {
	clients []*connectparticipant.Client
	tokens  []string
	used    int
}

func newCrowd(tb testing.TB, size crowdSize) crowd {
	tb.Helper()
	c := crowd{used: size.used}
	for range size.clients {
		c.clients = append(c.clients, newClient())
	}
	for i := range size.tokens {
		c.tokens = append(c.tokens, fmt.Sprintf("made-up token %d", i))
	}
	for _, client := range c.clients {
		require.NoError(tb, send(tb.Context(), client, &c.tokens[0]))
	}
	return c
}

func (c crowd) send(ctx context.Context, i int) error {
	return send(ctx, c.clients[i%c.used], &c.tokens[i%len(c.tokens)])
}

type crowdSize struct{ clients, used, tokens int }

var crowds = []crowdSize{{1, 1, 1}, {1, 1, 10_000}, {10_000, 1, 1}, {10_000, 10_000, 1}}

// BenchmarkCrowd sends messages in one chat or in many, in a process with one client or many. If
// many clients are used in turn, each call finds its client evicted from the processor's caches.
func BenchmarkCrowd(b *testing.B) {
	for _, n := range crowds {
		b.Run(fmt.Sprintf("clients=%d/used=%d/tokens=%d", n.clients, n.used, n.tokens), func(b *testing.B) {
			c := newCrowd(b, n)
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				if err := c.send(b.Context(), i); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkParallel sends through one client from as many goroutines as -cpu selects.
//
//	go test -run=NONE -bench='Parallel|Floor' -cpu=1,2,4 -mutexprofile=mutex.out ./bench
func BenchmarkParallel(b *testing.B) {
	client := newClient()
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			if err := send(b.Context(), client, aws.String(token)); err != nil {
				b.Error(err)
			}
		}
	})
}

// BenchmarkFloorParallel does the same with net/http and encoding/json alone.
func BenchmarkFloorParallel(b *testing.B) {
	client := floor{"http://localhost", &http.Client{Transport: inMemory{}}}
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			if _, err := client.SendMessage(b.Context(), token); err != nil {
				b.Error(err)
			}
		}
	})
}

// The memory of a call doesn't depend on the number of clients and tokens of a process.
func TestMemoryOfACallInALargeProcess(t *testing.T) { //nolint:paralleltest // AllocsPerRun counts those of all goroutines
	var first float64
	for _, n := range crowds {
		c := newCrowd(t, n)
		i := 0
		allocations := testing.AllocsPerRun(2000, func() {
			if err := c.send(t.Context(), i); err != nil {
				t.Error(err)
			}
			i++
		})
		t.Logf("%+v: %.0f allocations", n, allocations)
		if first == 0 {
			first = allocations
		}
		require.InDelta(t, first, allocations, 2)
	}
}

// Sequential calls use one connection.
func TestSequentialCallsUseOneConnection(t *testing.T) {
	t.Parallel()
	var connections atomic.Int32
	server := httptest.NewUnstartedServer(http.HandlerFunc(serveResponses))
	server.Config.ConnState = func(_ net.Conn, s http.ConnState) {
		if s == http.StateNew {
			connections.Add(1)
		}
	}
	server.Start()
	t.Cleanup(server.Close)
	client := connectparticipant.New(connectparticipant.Options{BaseEndpoint: &server.URL, HTTPClient: &http.Client{Transport: &http.Transport{}}})
	for range 20_000 {
		require.NoError(t, send(t.Context(), client, aws.String(token)))
	}
	t.Logf("%d connections", connections.Load())
	// net/http drops a connection whose writer has not reported for 50 ms, which can happen on a
	// loaded machine.
	require.LessOrEqual(t, connections.Load(), int32(20))
}
