// SPDX-License-Identifier: Apache-2.0

package fleet_test

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/participant-go/connectparticipant/fleet"
	"github.com/participant-go/connectparticipant/participanttest"
)

var (
	deployChats  = flag.Int("fleet.deploy.chats", 24, "number of chats in TestRollingDeploy")
	deployExpiry = flag.Duration("fleet.deploy.expiry", 12*time.Minute, "lifetime of a connection in TestRollingDeploy")
)

// To measure a large fleet:
//
//	go test ./fleet -run TestRollingDeploy -v -fleet.deploy.chats=1000 -fleet.deploy.expiry=66m
func TestRollingDeploy(t *testing.T) {
	t.Parallel()
	inWorld(t, func(w *world) {
		t := w.t
		n := *deployChats
		var members []*fleet.Member
		for i := range 4 {
			m, _ := w.join(fmt.Sprint("old", i+1))
			members = append(members, m)
		}
		w.sleep(10 * time.Second)
		w.add(members[0], n)
		w.sleep(time.Minute + time.Duration(n)*time.Second/4)
		quiet := time.Now()
		w.sleep(2 * *deployExpiry)
		without := w.calls.intervals(connection, quiet)

		said := w.sendAtHandOvers()
		began := time.Now()
		for i, old := range members {
			w.join(fmt.Sprint("new", i+1))
			w.sleep(15 * time.Second)
			ctx, cancel := context.WithTimeout(t.Context(), 2*time.Hour)
			require.NoError(t, old.Drain(ctx))
			cancel()
		}
		took := time.Since(began)
		w.sleep(*deployExpiry)
		during := w.calls.intervals(connection, began)
		w.requireHandled(1)
		earliest := without[len(without)-1] * 89 / 100 // a renewal is made in the last tenth of the lifetime
		extra := 0
		for extra < len(during) && during[extra] < earliest {
			extra++
		}
		latencies := said.latencies(w)
		p99 := latencies[len(latencies)*99/100]
		t.Logf("deploy of 4 members with %d chats in %s: a connection of a chat every %s to %s, without a deploy every %s to %s: %d earlier than that; "+
			"%d hand-overs, messages sent during one are handled after %s at the 99th percentile, %s at most; %d × 429",
			n, took, during[0], during[len(during)-1], without[0], without[len(without)-1], extra, len(latencies), p99, latencies[len(latencies)-1], w.calls.throttled())
		require.Zero(t, extra)
		require.GreaterOrEqual(t, len(latencies), n)
		require.LessOrEqual(t, p99, 3*time.Second) // each hand-over waits for the new owner's part of the quota
		require.Zero(t, w.calls.throttled())
	}, func(o *participanttest.Options) {
		o.Throttle, o.MaxSockets, o.ConnectionExpiryShown = true, 1<<20, *deployExpiry
	})
}

// sentAtHandOvers are messages that agents have sent at the moment of a hand-over, by the items'
// IDs.
type sentAtHandOvers struct {
	mu    sync.Mutex
	at    map[string]time.Time
	owner map[string]string
}

func (w *world) sendAtHandOvers() *sentAtHandOvers {
	said := &sentAtHandOvers{at: map[string]time.Time{}, owner: map[string]string{}}
	w.engine.setOnPut(func(key string, value []byte) {
		var record struct{ ID, Owner string }
		if !strings.HasPrefix(key, "chat/") || json.Unmarshal(value, &record) != nil {
			return
		}
		said.mu.Lock()
		changed := said.owner[record.ID] != record.Owner
		said.owner[record.ID] = record.Owner
		said.mu.Unlock()
		if !changed {
			return
		}
		id := w.chats[record.ID].Agent.Say("at a hand-over")
		said.mu.Lock()
		defer said.mu.Unlock()
		said.at[id] = time.Now()
	})
	return said
}

// latencies returns how long after they were said messages were handled, the shortest first.
func (s *sentAtHandOvers) latencies(w *world) (all []time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, handled := range w.handled {
		for _, h := range handled {
			if at, ok := s.at[h.id]; ok {
				all = append(all, h.at.Sub(at))
			}
		}
	}
	slices.Sort(all)
	return all
}
