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

// Two members have just become full, and each still knows the other as the heir of chats whose owner
// has died. They don't keep each other reading the directory until the next renewal.
func TestHeirsThatRemindEachOther(t *testing.T) {
	t.Parallel()
	inWorld(t, func(w *world) {
		full := func(o *fleet.Options) { o.MaxChats = 2 }
		c, _ := w.join("c", full) // renews at even seconds
		ids := w.add(c, 2)
		w.sleep(time.Second)
		ha, hb := &hooks{}, &hooks{}
		a, b := w.joinThrough("a", ha, full), w.joinThrough("b", hb, full)
		w.sleep(15 * time.Second)
		w.add(a, 1)
		w.add(b, 1)
		w.sleep(4500 * time.Millisecond)
		c.Crash()
		w.sleep(5 * time.Second)
		w.add(a, 1)
		w.add(b, 1)
		require.Equal(w.t, 4, a.Stats().Held+b.Stats().Held)
		slow := func(fleet.Entry) { <-time.After(time.Millisecond) }
		ha.listed.Store(&slow)
		hb.listed.Store(&slow)
		before := ha.lists.Load() + hb.lists.Load()
		w.sleep(700 * time.Millisecond) // each has noticed that c is gone
		require.Equal(w.t, before+2, ha.lists.Load()+hb.lists.Load())
		records, _, _ := w.engine.now()
		_, err := records.Put(w.t.Context(), "inbox/"+w.nameOf("a")+"/"+ids[0], nil, 0, time.Minute)
		require.NoError(w.t, err)
		w.sleep(5 * time.Second)
		require.Less(w.t, ha.lists.Load()+hb.lists.Load(), before+12)
	})
}
