// SPDX-License-Identifier: Apache-2.0

package fleet_test

import (
	"context"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/participant-go/connectparticipant/fleet"
)

func TestAddNamesTheInvalidField(t *testing.T) {
	t.Parallel()
	inWorld(t, func(w *world) {
		t := w.t
		m, _ := w.join("a")
		for _, test := range []struct {
			field string
			set   func(*fleet.Chat)
		}{
			{"Chat.ID", func(c *fleet.Chat) { c.ID = "" }},
			{"Chat.ID", func(c *fleet.Chat) { c.ID = strings.Repeat("a", 151) }},
			{"Chat.ParticipantToken", func(c *fleet.Chat) { c.ParticipantToken = "" }},
			{"Chat.ParticipantID", func(c *fleet.Chat) { c.ParticipantID = "" }},
			{"Chat.Data", func(c *fleet.Chat) { c.Data = make([]byte, 64<<10+1) }},
		} {
			c := fleet.Chat{ID: "chat", ParticipantToken: "token", ParticipantID: "participant"}
			test.set(&c)
			err := m.Add(t.Context(), c)
			require.ErrorContains(t, err, test.field+" ")
			require.ErrorContains(t, err, "add chat: ")
		}
		require.Empty(t, w.engine.allPuts()["chat"])
		c := w.newChat()
		contact := w.chats[c.ID]
		c.ID, c.Data = strings.Repeat("ä/", 50), make([]byte, 64<<10)
		w.chats[c.ID] = contact
		require.NoError(t, m.Add(t.Context(), c))
		contact.Agent.Say("to a chat with a long ID")
		w.sleep(10 * time.Second)
		w.mu.Lock()
		defer w.mu.Unlock()
		require.Len(t, w.handled[c.ID], 2)
	})
}

func TestAddTwice(t *testing.T) {
	t.Parallel()
	inWorld(t, func(w *world) {
		t := w.t
		a, _ := w.join("a")
		b, _ := w.join("b")
		w.sleep(10 * time.Second)
		c := w.newChat()
		require.NoError(t, a.Add(t.Context(), c))
		require.NoError(t, a.Add(t.Context(), c))
		require.NoError(t, b.Add(t.Context(), c))
		w.sleep(10 * time.Second)
		require.NoError(t, b.Add(t.Context(), c))
		require.NoError(t, a.Add(t.Context(), c))
		w.sleep(10 * time.Second)
		require.Equal(t, 1, a.Stats().Held+b.Stats().Held)
		require.Equal(t, 1, w.calls.connects(time.Time{}))

		other := c
		other.ParticipantToken = "another"
		for _, m := range []*fleet.Member{a, b} {
			err := m.Add(t.Context(), other)
			require.ErrorIs(t, err, fleet.ErrOtherChat)
			require.NotContains(t, err.Error(), c.ParticipantToken)
		}
		w.chats[c.ID].Agent.Say("Hello")
		w.sleep(time.Second)
		w.requireHandled(1)
	})
}

// A program may reuse its own IDs of chats.
func TestAddAfterTheChatHasEnded(t *testing.T) {
	t.Parallel()
	inWorld(t, func(w *world) {
		t := w.t
		a, _ := w.join("a")
		c := w.newChat()
		first := w.chats[c.ID]
		c.ID = "order-4711"
		w.chats[c.ID] = first
		require.NoError(t, a.Add(t.Context(), c))
		w.sleep(10 * time.Second)
		first.End()
		w.sleep(20 * time.Second)
		require.Zero(t, a.Stats().Held)
		require.Len(t, w.ended[c.ID], 1)

		require.NoError(t, a.Add(t.Context(), c))
		w.sleep(20 * time.Second)
		require.Zero(t, a.Stats().Held, "the same chat isn't started again")
		require.Len(t, w.ended[c.ID], 1)

		sent := w.addAs(a, c.ID).Agent.Say("in the next chat")
		w.sleep(20 * time.Second)
		require.Equal(t, 1, a.Stats().Held)
		times, _ := w.handledBy(c.ID, sent)
		require.Equal(t, 1, times)
		w.mu.Lock()
		defer w.mu.Unlock()
		all := w.handled[c.ID]
		require.Equal(t, uint64(2), all[len(all)-1].epoch, "the epoch continues")
	})
}

func TestChatWaitsForAMemberWithRoom(t *testing.T) {
	t.Parallel()
	inWorld(t, func(w *world) {
		t := w.t
		a, _ := w.join("a", func(o *fleet.Options) { o.MaxChats = 2 })
		ids := w.add(a, 4)
		for _, id := range ids {
			w.chats[id].Agent.Say("Hello")
		}
		w.sleep(20 * time.Second)
		require.Equal(t, 2, a.Stats().Held)
		joined := time.Now()
		b, _ := w.join("b", func(o *fleet.Options) { o.MaxChats = 1 })
		w.sleep(20 * time.Second)
		require.Equal(t, 1, b.Stats().Held)
		require.Equal(t, 2, a.Stats().Held)
		c, _ := w.join("c")
		w.sleep(2 * time.Minute)
		require.Equal(t, 1, c.Stats().Held)
		w.requireHandled(1)
		t.Logf("all chats have an owner %s after a member with room joined", w.lastHandled().Sub(joined.Add(20*time.Second)))

		// an ended chat makes room
		late := w.add(a, 1)[0]
		w.sleep(20 * time.Second)
		w.chats[late].Agent.Say("Hello")
		w.sleep(time.Second)
		w.requireHandled(1)
	})
}

// Add returns an error if it couldn't notify the chat's owner. The next Add notifies it.
func TestAddRetriesToNotifyTheOwner(t *testing.T) {
	t.Parallel()
	inWorld(t, func(w *world) {
		h := &hooks{}
		a := w.joinThrough("a", h)
		w.add(a, 1)
		b, _ := w.join("b")
		w.sleep(20 * time.Second)
		failing := h.failPuts("inbox/")
		c := w.newChat()
		require.ErrorIs(w.t, a.Add(w.t.Context(), c), errLink)
		failing.Store(false)
		require.NoError(w.t, a.Add(w.t.Context(), c))
		w.sleep(time.Second)
		require.Equal(w.t, 1, b.Stats().Held)
	})
}

func TestAddAnotherChatUnderAnIDOfTheSameMember(t *testing.T) {
	t.Parallel()
	inWorld(t, func(w *world) {
		a, _ := w.join("a")
		c, other := w.newChat(), w.newChat()
		require.NoError(t, a.Add(w.t.Context(), c))
		require.NoError(t, a.Add(w.t.Context(), c))
		other.ID = c.ID
		require.ErrorIs(t, a.Add(w.t.Context(), other), fleet.ErrOtherChat)
	})
}

// A chat is added twice, and the result of the first write is lost after the second call has found
// the chat.
func TestConcurrentAddsWithALostResult(t *testing.T) {
	t.Parallel()
	inWorld(t, func(w *world) {
		h := &hooks{}
		sealer, err := fleet.AESGCM(make([]byte, 32))
		require.NoError(w.t, err)
		a := w.joinThrough("a", h, func(o *fleet.Options) { o.Sealer = sealer })
		w.sleep(20 * time.Second)
		var lost atomic.Bool
		h.onPut(func(ctx context.Context, key string, value []byte, rev uint64, ttl time.Duration) (uint64, error) {
			rev, err := h.Store.Put(ctx, key, value, rev, ttl)
			if isKey(key, "chat/") && lost.CompareAndSwap(false, true) {
				<-time.After(time.Second)
				h.onGet(func(context.Context, string) ([]byte, uint64, error) {
					h.get.Store(nil)
					return nil, 0, errLink
				})
				return 0, errLink
			}
			return rev, err
		})
		c := w.newChat()
		first := make(chan error, 1)
		go func() { first <- a.Add(w.t.Context(), c) }()
		w.sleep(500 * time.Millisecond)
		require.NoError(w.t, a.Add(w.t.Context(), c))
		require.Error(w.t, <-first)
		w.sleep(5 * time.Second)
		require.Equal(w.t, 1, a.Stats().Held)
	})
}
