// SPDX-License-Identifier: Apache-2.0

package fleet_test

import (
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
