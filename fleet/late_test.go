// SPDX-License-Identifier: Apache-2.0

package fleet_test

import (
	"context"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/participant-go/connectparticipant/fleet"
)

// A member is given chats faster than it can claim one after the other.
func TestInboxOnASlowStore(t *testing.T) {
	t.Parallel()
	inWorld(t, func(w *world) {
		a, _ := w.join("a")
		w.add(a, 40)
		h := &hooks{}
		h.delayPuts("chat/", 500*time.Millisecond, 500*time.Millisecond)
		b := w.joinThrough("b", h)
		w.sleep(20 * time.Second)
		w.add(a, 40)
		w.sleep(3 * time.Second)
		require.Equal(w.t, 40, b.Stats().Held)
	})
}

// Drain doesn't report that others own the chats if Close has released them.
func TestCloseDuringDrain(t *testing.T) {
	t.Parallel()
	inWorld(t, func(w *world) {
		a, _ := w.join("a")
		w.add(a, 1)
		w.sleep(20 * time.Second)
		drained := make(chan error, 1)
		go func() { drained <- a.Drain(w.t.Context()) }()
		w.sleep(time.Second)
		require.NoError(w.t, a.Close())
		require.ErrorIs(w.t, <-drained, fleet.ErrClosed)
	})
}

// The record of an ended chat expires before the rest could be deleted.
func TestRemovalThatTakesLong(t *testing.T) {
	t.Parallel()
	inWorld(t, func(w *world) {
		h := &hooks{}
		a := w.joinThrough("a", h)
		id := w.add(a, 1)[0]
		w.sleep(20 * time.Second)
		failing := func() error { return errLink }
		h.delete.Store(&failing)
		w.chats[id].End()
		w.sleep(15 * time.Minute)
		h.delete.Store(nil)
		w.sleep(10 * time.Second)
		require.Zero(w.t, a.Stats().Held)
	})
}

// A member that drains gives up the removal of a chat that never had a session: the next owner
// removes it.
func TestDrainDuringTheRemovalOfAChat(t *testing.T) {
	t.Parallel()
	inWorld(t, func(w *world) {
		h := &hooks{}
		a := w.joinThrough("a", h)
		w.add(a, 1)
		w.sleep(20 * time.Second)
		over := w.newChat()
		over.ParticipantToken = "unknown"
		var added, recovered atomic.Bool
		h.onPut(func(ctx context.Context, key string, value []byte, rev uint64, ttl time.Duration) (uint64, error) {
			if key == "chat/"+over.ID && !added.CompareAndSwap(false, true) && !recovered.Load() {
				return 0, errLink
			}
			return h.Store.Put(ctx, key, value, rev, ttl)
		})
		require.NoError(w.t, a.Add(w.t.Context(), over))
		w.join("b")
		w.sleep(20 * time.Second)
		require.Len(w.t, w.ended[over.ID], 1)
		go func() { _ = a.Drain(w.t.Context()) }()
		w.sleep(8 * time.Second)
		require.Equal(w.t, 1, a.Stats().Held)
		recovered.Store(true)
		w.sleep(15 * time.Second)
		require.True(w.t, w.chatRecord(over.ID).Ended)
	})
}
