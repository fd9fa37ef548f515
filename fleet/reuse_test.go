// SPDX-License-Identifier: Apache-2.0

package fleet_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// The State of an ended chat is left when its ID is used again.
func TestAddAfterAnIncompleteRemoval(t *testing.T) {
	t.Parallel()
	for name, later := range map[string]time.Duration{"while the record is kept": time.Minute, "after that": 11 * time.Minute} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inWorld(t, func(w *world) {
				first, _ := w.join("first")
				id := w.add(first, 1)[0]
				h := &hooks{}
				a := w.joinThrough("a", h)
				w.sleep(20 * time.Second)
				first.Crash()
				w.sleep(20 * time.Second)
				require.Equal(w.t, 1, a.Stats().Held)
				failing := func() error { return errLink }
				h.delete.Store(&failing)
				w.chats[id].End()
				w.sleep(20 * time.Second)
				require.NoError(w.t, a.Close())
				b, _ := w.join("b")
				w.sleep(later)
				said := w.addAs(b, id).Agent.Say("something")
				w.sleep(5 * time.Second)
				require.Equal(w.t, 1, b.Stats().Held)
				times, _ := w.handledBy(id, said)
				require.Equal(w.t, 1, times)
			})
		})
	}
}

// An ID is used again before the State of the ended chat is deleted.
func TestAddDuringTheRemoval(t *testing.T) {
	t.Parallel()
	inWorld(t, func(w *world) {
		h := &hooks{}
		a := w.joinThrough("a", h)
		id := w.add(a, 1)[0]
		b, _ := w.join("b")
		w.sleep(20 * time.Second)
		deleting := make(chan struct{}, 10)
		slow := func() error {
			deleting <- struct{}{}
			<-time.After(2 * time.Second)
			return w.t.Context().Err()
		}
		h.delete.Store(&slow)
		w.chats[id].End()
		<-deleting
		said := w.addAs(b, id).Agent.Say("something")
		w.sleep(20 * time.Second)
		require.Equal(w.t, 1, a.Stats().Held+b.Stats().Held)
		require.Len(w.t, w.ended[id], 1)
		times, _ := w.handledBy(id, said)
		require.Equal(w.t, 1, times)
	})
}
