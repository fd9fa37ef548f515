// SPDX-License-Identifier: Apache-2.0

package fleet_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/participant-go/connectparticipant/chat"
	"github.com/participant-go/connectparticipant/fleet"
)

// Chats are added while the member takes its lease back.
func TestAddWhileFenced(t *testing.T) {
	t.Parallel()
	inWorld(t, func(w *world) {
		h := &hooks{}
		a := w.joinThrough("a", h)
		w.add(a, 5)
		w.sleep(20 * time.Second)
		link := h.Store.(*link)
		link.setCut(true)
		w.sleep(20 * time.Second)
		require.True(w.t, a.Stats().Fenced)
		slow := func(fleet.Entry) { <-time.After(100 * time.Millisecond) }
		h.listed.Store(&slow)
		link.setCut(false)
		for range 60 {
			w.add(a, 1)
			w.sleep(200 * time.Millisecond)
		}
		require.False(w.t, a.Stats().Fenced)
	})
}

// A member becomes the owner of a chat while its lease expires. Another member begins to claim the
// chat, and the claim arrives when the member has taken its lease back.
func TestAddAcrossAFence(t *testing.T) {
	t.Parallel()
	inWorld(t, func(w *world) {
		ha, hb := &hooks{}, &hooks{}
		a := w.joinThrough("a", ha)
		b := w.joinThrough("b", hb)
		w.sleep(20*time.Second + 100*time.Millisecond)
		w.handler = func(context.Context, string, *fleet.Held, chat.Event) error {
			<-time.After(100 * time.Millisecond)
			return nil
		}
		hb.delayPuts("chat/", 4*time.Second, 0)
		began := time.Now()
		ha.onPut(func(ctx context.Context, key string, value []byte, rev uint64, ttl time.Duration) (uint64, error) {
			if isKey(key, "member/") && time.Since(began) < 6500*time.Millisecond {
				return 0, errLink
			}
			if !isKey(key, "chat/") {
				return ha.Store.Put(ctx, key, value, rev, ttl)
			}
			<-time.After(1500 * time.Millisecond)
			rev, err := ha.Store.Put(ctx, key, value, rev, ttl)
			<-time.After(3400 * time.Millisecond)
			return rev, err
		})
		w.sleep(4 * time.Second)
		id := w.add(a, 1)[0]
		for range 50 {
			w.chats[id].Agent.Say("something")
			w.sleep(100 * time.Millisecond)
		}
		w.sleep(10 * time.Second)
		require.Equal(w.t, 1, a.Stats().Held+b.Stats().Held)
		w.requireHandled(1)
	})
}
