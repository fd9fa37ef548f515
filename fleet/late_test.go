// SPDX-License-Identifier: Apache-2.0

package fleet_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
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
