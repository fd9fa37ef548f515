// SPDX-License-Identifier: Apache-2.0

package natsembedded_test

import (
	"context"
	"fmt"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/stretchr/testify/require"

	"github.com/participant-go/connectparticipant"
	"github.com/participant-go/connectparticipant/chat"
	"github.com/participant-go/connectparticipant/fleet"
	"github.com/participant-go/connectparticipant/fleet/natsfleet"
	"github.com/participant-go/connectparticipant/fleet/natsfleet/natsembedded"
)

// hanging is a service that doesn't respond.
type hanging struct{}

func (hanging) Do(r *http.Request) (*http.Response, error) {
	<-r.Context().Done()
	return nil, r.Context().Err()
}

// joinHanging joins a member with its own connection, whose sessions don't connect.
func joinHanging(b *testing.B, url, id string) *fleet.Member {
	b.Helper()
	nc, err := nats.Connect(url, nats.MaxReconnects(-1))
	require.NoError(b, err)
	b.Cleanup(nc.Close)
	store, err := natsfleet.Open(b.Context(), nc, "fleet")
	require.NoError(b, err)
	client := connectparticipant.New(connectparticipant.Options{Region: "us-west-2", HTTPClient: hanging{}})
	handle := func(context.Context, *fleet.Held, chat.Event) error { return nil }
	member, err := fleet.Join(b.Context(), store, client, handle, func(o *fleet.Options) { o.ID, o.Sealer = id, fleet.Plaintext })
	require.NoError(b, err)
	b.Cleanup(func() { _ = member.Close() })
	return member
}

// BenchmarkClaims measures how fast a member claims the chats of another one that has left.
func BenchmarkClaims(b *testing.B) {
	const chats = 2500
	for name, sync := range map[string]bool{"sync": true, "nosync": false} {
		b.Run(name, func(b *testing.B) {
			s, err := natsembedded.Start(b.TempDir(), func(o *server.Options) { o.SyncAlways = sync })
			require.NoError(b, err)
			b.Cleanup(func() { require.NoError(b, s.Close()) })
			first := joinHanging(b, s.URL(), "first")
			addMany(b, first, chats)
			second := joinHanging(b, s.URL(), "second")
			<-time.After(8 * time.Second) // a new member claims nothing for a lease
			require.NoError(b, first.Close())
			begun := time.Now()
			for second.Stats().Claimed < chats {
				<-time.After(5 * time.Millisecond)
			}
			b.ReportMetric(chats/time.Since(begun).Seconds(), "chats/s")
		})
	}
}

func addMany(b *testing.B, m *fleet.Member, n int) {
	b.Helper()
	var adding sync.WaitGroup
	numbers := make(chan int)
	for range 32 {
		adding.Go(func() {
			for i := range numbers {
				c := fleet.Chat{ID: fmt.Sprint("chat-", i), ParticipantToken: fmt.Sprint("made-up-", i), ParticipantID: "participant"}
				if err := m.Add(b.Context(), c); err != nil {
					b.Error(err)
				}
			}
		})
	}
	for i := range n {
		numbers <- i
	}
	close(numbers)
	adding.Wait()
}
