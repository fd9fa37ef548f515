// SPDX-License-Identifier: Apache-2.0

package fleet_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/participant-go/connectparticipant/chat"
	"github.com/participant-go/connectparticipant/fleet"
)

func isKey(key, prefix string) bool { return strings.HasPrefix(key, prefix) }

// A chat that is over keeps its State until its record says that it is over.
func TestAChatThatIsOverIsRemovedInOrder(t *testing.T) {
	t.Parallel()
	inWorld(t, func(w *world) {
		h := &hooks{}
		a := w.joinBy("a", h)
		id := w.add(a, 1)[0]
		w.sleep(2 * time.Second)
		failing := true
		h.put = func(ctx context.Context, key string, value []byte, rev uint64, ttl time.Duration) (uint64, error) {
			if failing && isKey(key, "chat/") {
				return 0, errLink
			}
			return h.Store.Put(ctx, key, value, rev, ttl)
		}
		w.chats[id].End()
		w.sleep(2 * time.Second)
		require.False(w.t, w.chatRecord(id).Ended)
		records, _, _ := w.engine.now()
		_, _, err := records.Get(w.t.Context(), "state/"+id)
		require.NoError(w.t, err)
		failing = false
		w.sleep(6 * time.Second)
		require.True(w.t, w.chatRecord(id).Ended)
		_, _, err = records.Get(w.t.Context(), "state/"+id)
		require.ErrorIs(w.t, err, fleet.ErrNotFound)
		require.Len(w.t, w.ended[id], 1)
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
		failing := true
		h.put = func(ctx context.Context, key string, value []byte, rev uint64, ttl time.Duration) (uint64, error) {
			if failing && isKey(key, "inbox/") {
				return 0, errLink
			}
			return h.Store.Put(ctx, key, value, rev, ttl)
		}
		c := w.newChat()
		require.ErrorIs(w.t, a.Add(w.t.Context(), c), errLink)
		failing = false
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
		lost := false
		h.put = func(ctx context.Context, key string, value []byte, rev uint64, ttl time.Duration) (uint64, error) {
			rev, err := h.Store.Put(ctx, key, value, rev, ttl)
			if isKey(key, "member/") && !lost {
				lost = true
				return 0, errLink
			}
			return rev, err
		}
		w.await(5*time.Second, func() bool { return lost })
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
		h.put = func(ctx context.Context, key string, value []byte, rev uint64, ttl time.Duration) (uint64, error) {
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
		}
		a := w.joinBy("a", h)
		w.add(a, 1)
		w.sleep(2500 * time.Millisecond)
		ctx, cancel := context.WithTimeout(w.t.Context(), 10*time.Second)
		defer cancel()
		require.ErrorIs(w.t, a.Drain(ctx), fleet.ErrNobody)
		require.Equal(w.t, 1, most)
	})
}
