// SPDX-License-Identifier: Apache-2.0

package fleet_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/participant-go/connectparticipant/fleet"
)

// Several members choose the only one that has room.
func TestMemberIsGivenMoreChatsThanItHasRoomFor(t *testing.T) {
	t.Parallel()
	inWorld(t, func(w *world) {
		full := func(o *fleet.Options) { o.MaxChats = 1 }
		a, _ := w.join("a", full)
		w.add(a, 1)
		b, _ := w.join("b", full)
		w.sleep(20 * time.Second)
		w.add(b, 1)
		c, _ := w.join("c", full)
		w.sleep(20 * time.Second)
		added := []string{w.add(a, 1)[0], w.add(b, 1)[0]}
		w.sleep(20 * time.Second)
		require.Equal(w.t, 1, c.Stats().Held)
		for _, id := range added {
			if w.chatRecord(id).Owner == w.nameOf("c") {
				w.chats[id].End()
			} else {
				w.chats[id].Agent.Say("something")
			}
		}
		w.sleep(20 * time.Second)
		require.Equal(w.t, 1, c.Stats().Held)
		w.requireHandled(1)
	})
}
