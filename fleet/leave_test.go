// SPDX-License-Identifier: Apache-2.0

package fleet_test

import (
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/participant-go/connectparticipant/fleet"
)

// A chat whose owner has died is added again while an heir claims it.
func TestAddDuringTheClaim(t *testing.T) {
	t.Parallel()
	inWorld(t, func(w *world) {
		a, _ := w.join("a")
		c := w.newChat()
		require.NoError(w.t, a.Add(w.t.Context(), c))
		h := &hooks{}
		b := w.joinThrough("b", h)
		w.sleep(20 * time.Second)
		h.delayPuts("chat/", time.Second, 0)
		var added atomic.Bool
		add := func(fleet.Entry) {
			if added.CompareAndSwap(false, true) {
				go func() { _ = b.Add(w.t.Context(), c) }()
				<-time.After(100 * time.Millisecond)
			}
		}
		h.listed.Store(&add)
		a.Crash()
		w.await(20*time.Second, added.Load)
		w.sleep(5 * time.Second)
		require.Equal(w.t, 1, b.Stats().Held)
		require.Equal(w.t, 1, b.Stats().Claimed)
	})
}
