// SPDX-License-Identifier: Apache-2.0

package fleet_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestChatIsOwnedByTheMemberItWasAddedTo(t *testing.T) {
	t.Parallel()
	inWorld(t, func(w *world) {
		m, _ := w.join("a")
		id := w.add(m, 1)[0]
		w.sleep(time.Second)
		require.Equal(t, 1, m.Stats().Held)
		require.Zero(t, m.Stats().Waiting)
		message := w.chats[id].Agent.Say("Hello")
		w.sleep(time.Second)
		times, by := w.handledBy(id, message)
		require.Equal(t, 1, times)
		require.Equal(t, "a", by)
	})
}

func TestChatsOfADeadMemberAreTakenOver(t *testing.T) {
	t.Parallel()
	inWorld(t, func(w *world) {
		a, _ := w.join("a")
		b, _ := w.join("b")
		ids := w.add(a, 3)
		w.sleep(20 * time.Second)
		require.Equal(t, 3, a.Stats().Held)
		for _, id := range ids {
			w.chats[id].Agent.Say("before")
		}
		w.sleep(2 * time.Second)
		a.Crash()
		for _, id := range ids {
			w.chats[id].Agent.Say("while no member owns the chat")
		}
		w.sleep(7 * time.Second)
		require.Equal(t, 3, b.Stats().Held)
		require.Zero(t, b.Stats().Waiting)
		w.sleep(10 * time.Second)
		w.requireHandled(1)
	})
}

func TestChatsOfAClosedMemberAreTakenOverImmediately(t *testing.T) {
	t.Parallel()
	inWorld(t, func(w *world) {
		a, _ := w.join("a")
		b, _ := w.join("b")
		ids := w.add(a, 3)
		w.sleep(20 * time.Second)
		for _, id := range ids {
			w.chats[id].Agent.Say("before")
		}
		require.NoError(t, a.Close())
		for _, id := range ids {
			w.chats[id].Agent.Say("after")
		}
		w.sleep(2 * time.Second)
		require.Equal(t, 3, b.Stats().Held)
		require.Zero(t, b.Stats().Waiting)
		w.sleep(10 * time.Second)
		w.requireHandled(1)
	})
}
