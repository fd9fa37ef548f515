// SPDX-License-Identifier: Apache-2.0

package fleet_test

import (
	"context"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/participant-go/connectparticipant/chat"
	"github.com/participant-go/connectparticipant/fleet"
)

// A chat that is over keeps its State until its record says that it is over.
func TestAChatThatIsOverIsRemovedInOrder(t *testing.T) {
	t.Parallel()
	inWorld(t, func(w *world) {
		h := &hooks{}
		a := w.joinBy("a", h)
		id := w.add(a, 1)[0]
		w.sleep(2 * time.Second)
		var failing atomic.Bool
		failing.Store(true)
		h.onPut(func(ctx context.Context, key string, value []byte, rev uint64, ttl time.Duration) (uint64, error) {
			if failing.Load() && isKey(key, "chat/") {
				return 0, errLink
			}
			return h.Store.Put(ctx, key, value, rev, ttl)
		})
		w.chats[id].End()
		w.sleep(2 * time.Second)
		require.False(w.t, w.chatRecord(id).Ended)
		records, _, _ := w.engine.now()
		_, _, err := records.Get(w.t.Context(), "state/"+id)
		require.NoError(w.t, err)
		failing.Store(false)
		w.sleep(6 * time.Second)
		require.True(w.t, w.chatRecord(id).Ended)
		_, _, err = records.Get(w.t.Context(), "state/"+id)
		require.ErrorIs(w.t, err, fleet.ErrNotFound)
		w.mu.Lock()
		require.Len(w.t, w.ended[id], 1)
		w.mu.Unlock()
		require.Zero(w.t, a.Stats().Held)
	})
}

// The end of ctx hands chats over whose handlers are busy, also though Drain closes the member
// immediately after.
func TestDrainGivesAChatWhoseHandlerIsBusy(t *testing.T) {
	t.Parallel()
	inWorld(t, func(w *world) {
		a, _ := w.join("a")
		id := w.add(a, 1)[0]
		b, _ := w.join("b")
		w.sleep(20 * time.Second)
		w.handler = func(context.Context, string, *fleet.Held, chat.Event) error {
			<-time.After(3 * time.Second)
			return nil
		}
		w.chats[id].Agent.Say("something")
		w.sleep(time.Second)
		ctx, cancel := context.WithCancel(w.t.Context())
		cancel()
		require.NoError(w.t, a.Drain(ctx))
		require.Equal(w.t, 1, a.Stats().Given)
		w.sleep(time.Second)
		require.Equal(w.t, 1, b.Stats().Held)
	})
}

// Add returns an error if the chat's owner could not be told: called again it tells it.
func TestAddTellsTheOwner(t *testing.T) {
	t.Parallel()
	inWorld(t, func(w *world) {
		h := &hooks{}
		a := w.joinBy("a", h)
		w.add(a, 1)
		b, _ := w.join("b")
		w.sleep(20 * time.Second)
		var failing atomic.Bool
		failing.Store(true)
		h.onPut(func(ctx context.Context, key string, value []byte, rev uint64, ttl time.Duration) (uint64, error) {
			if failing.Load() && isKey(key, "inbox/") {
				return 0, errLink
			}
			return h.Store.Put(ctx, key, value, rev, ttl)
		})
		c := w.newChat()
		require.ErrorIs(w.t, a.Add(w.t.Context(), c), errLink)
		failing.Store(false)
		require.NoError(w.t, a.Add(w.t.Context(), c))
		w.sleep(time.Second)
		require.Equal(w.t, 1, b.Stats().Held)
	})
}

// Close tells the others that the member has left, also if the result of its last renewal was lost.
func TestLeavingIsSaidAfterALostRenewal(t *testing.T) {
	t.Parallel()
	inWorld(t, func(w *world) {
		h := &hooks{}
		a := w.joinBy("a", h)
		w.add(a, 3)
		b, _ := w.join("b")
		w.sleep(20 * time.Second)
		var lost atomic.Bool
		h.onPut(func(ctx context.Context, key string, value []byte, rev uint64, ttl time.Duration) (uint64, error) {
			rev, err := h.Store.Put(ctx, key, value, rev, ttl)
			if isKey(key, "member/") && lost.CompareAndSwap(false, true) {
				return 0, errLink
			}
			return rev, err
		})
		w.await(5*time.Second, func() bool { return lost.Load() })
		require.NoError(w.t, a.Close())
		w.sleep(time.Second)
		require.Equal(w.t, 3, b.Stats().Held)
	})
}

// Drain renews the lease at once, but never while a renewal is under way.
func TestOneRenewalAtATime(t *testing.T) {
	t.Parallel()
	inWorld(t, func(w *world) {
		h := &hooks{}
		running, most := 0, 0
		h.onPut(func(ctx context.Context, key string, value []byte, rev uint64, ttl time.Duration) (uint64, error) {
			if isKey(key, "member/") {
				w.mu.Lock()
				running++
				most = max(most, running)
				w.mu.Unlock()
				defer func() {
					w.mu.Lock()
					running--
					w.mu.Unlock()
				}()
				<-time.After(time.Second)
			}
			return h.Store.Put(ctx, key, value, rev, ttl)
		})
		a := w.joinBy("a", h)
		w.add(a, 1)
		w.sleep(2500 * time.Millisecond)
		ctx, cancel := context.WithTimeout(w.t.Context(), 10*time.Second)
		defer cancel()
		require.ErrorIs(w.t, a.Drain(ctx), fleet.ErrNobody)
		w.mu.Lock()
		require.Equal(w.t, 1, most)
		w.mu.Unlock()
	})
}

// A member that has joined a moment ago isn't taken for one that is gone, also by a member whose
// watch is late.
func TestAMemberThatTheWatchHasNotShownYet(t *testing.T) {
	t.Parallel()
	inWorld(t, func(w *world) {
		a, _ := w.join("a")
		h := &hooks{watch: func(entry fleet.Entry) {
			if isKey(entry.Key, "member/") {
				<-time.After(time.Second)
			}
		}}
		b := w.joinBy("b", h)
		w.sleep(20 * time.Second)
		go func() { _ = a.Close() }()
		w.sleep(500 * time.Millisecond)
		c, _ := w.join("c")
		w.add(c, 1)
		w.sleep(5 * time.Second)
		require.Zero(w.t, b.Stats().Claimed)
		require.Equal(w.t, 1, c.Stats().Held)
		require.Positive(w.t, c.Rate(connections))
		w.everything(1)
	})
}

// A member that comes back has no part of the quotas until it has looked at what the others have.
func TestAMemberThatComesBackHasNoRate(t *testing.T) {
	t.Parallel()
	inWorld(t, func(w *world) {
		a, link := w.join("a")
		b, _ := w.join("b")
		w.sleep(20 * time.Second)
		require.Positive(w.t, a.Rate(connections))
		link.setCut(true)
		w.sleep(10 * time.Second)
		require.True(w.t, a.Stats().Fenced)
		require.Zero(w.t, a.Rate(connections))
		link.setCut(false)
		for range 400 {
			w.sleep(50 * time.Millisecond)
			require.LessOrEqual(w.t, a.Rate(connections)+b.Rate(connections), 6+1e-9)
		}
		require.Positive(w.t, a.Rate(connections))
	})
}

// An engine that has forgotten who uses what gives nobody more until all have said it again.
func TestTheSumOfTheRatesAfterAnEngineHasForgotten(t *testing.T) {
	t.Parallel()
	inWorld(t, func(w *world) {
		var members []*fleet.Member
		for _, id := range []string{"a", "b", "c"} {
			m, _ := w.join(id)
			members = append(members, m)
			w.sleep(10350 * time.Millisecond)
		}
		kept := w.engine.snapshot()
		require.NoError(w.t, kept.Delete(w.t.Context(), "quota/shares", 0))
		w.engine.restartFrom(kept)
		for range 600 {
			w.sleep(50 * time.Millisecond)
			sum := 0.0
			for _, m := range members {
				sum += m.Rate(connections)
			}
			require.LessOrEqual(w.t, sum, 6+1e-9)
		}
		require.Positive(w.t, members[2].Rate(connections))
	})
}
