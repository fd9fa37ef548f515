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

// A member gets room for a waiting chat while it is about to own another one.
func TestRoomWhileAChatIsTaken(t *testing.T) {
	t.Parallel()
	inWorld(t, func(w *world) {
		h := &hooks{}
		a := w.joinThrough("a", h, func(o *fleet.Options) { o.MaxChats = 2 })
		w.sleep(20 * time.Second)
		id := w.add(a, 1)[0]
		h.delayPuts("chat/", 4500*time.Millisecond, 0)
		slow := w.newChat()
		go func() { _ = a.Add(w.t.Context(), slow) }()
		w.sleep(100 * time.Millisecond)
		h.put.Store(nil)
		w.add(a, 1)
		w.sleep(600 * time.Millisecond)
		w.chats[id].End()
		w.sleep(5 * time.Second)
		require.Len(w.t, w.ended[id], 1)
		require.Equal(w.t, 2, a.Stats().Held)
	})
}
