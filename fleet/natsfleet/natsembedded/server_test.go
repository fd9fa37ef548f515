// SPDX-License-Identifier: Apache-2.0

package natsembedded_test

import (
	"context"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/stretchr/testify/require"

	"github.com/participant-go/connectparticipant/fleet"
	"github.com/participant-go/connectparticipant/fleet/fleettest"
	"github.com/participant-go/connectparticipant/fleet/natsfleet"
	"github.com/participant-go/connectparticipant/fleet/natsfleet/natsembedded"
)

// natsfleet is tested here: tests in its module would bring nats-server into the go.sum of its users.

// start starts a server that is closed when the test ends.
func start(t *testing.T, dir string, optFns ...func(*server.Options)) *natsembedded.Server {
	t.Helper()
	s, err := natsembedded.Start(dir, optFns...)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	return s
}

func connect(t *testing.T, url string) *nats.Conn {
	t.Helper()
	nc, err := nats.Connect(url, nats.Timeout(patience), nats.MaxReconnects(-1), nats.ReconnectWait(50*time.Millisecond), nats.ReconnectJitter(0, 0))
	require.NoError(t, err)
	t.Cleanup(nc.Close)
	return nc
}

func open(t *testing.T, nc *nats.Conn, bucket string) fleet.Store {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	store, err := natsfleet.Open(ctx, nc, bucket)
	require.NoError(t, err)
	return store
}

// Each store of the suite has its own bucket.
func TestStore(t *testing.T) {
	t.Parallel()
	s := start(t, "")
	var buckets atomic.Int64
	fleettest.Store(t, func(t *testing.T) fleet.Store {
		t.Helper()
		return open(t, connect(t, s.URL()), fmt.Sprintf("bucket%d", buckets.Add(1)))
	})
}

// BenchmarkPut creates records on the disk, as many at a time as a member claims chats.
func BenchmarkPut(b *testing.B) {
	for name, sync := range map[string]bool{"sync": true, "nosync": false} {
		b.Run(name, func(b *testing.B) {
			s, err := natsembedded.Start(b.TempDir(), func(o *server.Options) { o.SyncAlways = sync })
			require.NoError(b, err)
			b.Cleanup(func() { require.NoError(b, s.Close()) })
			nc, err := nats.Connect(s.URL(), nats.MaxReconnects(-1))
			require.NoError(b, err)
			defer nc.Close()
			store, err := natsfleet.Open(b.Context(), nc, "fleet")
			require.NoError(b, err)
			value := make([]byte, 1024)
			var n atomic.Int64
			b.SetParallelism(16)
			b.RunParallel(func(pb *testing.PB) {
				for pb.Next() {
					_, err := store.Put(b.Context(), fmt.Sprintf("chat/%d", n.Add(1)), value, 0, 0)
					require.NoError(b, err)
				}
			})
		})
	}
}
