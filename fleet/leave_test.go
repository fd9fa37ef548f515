// SPDX-License-Identifier: Apache-2.0

package fleet_test

import (
	"context"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/participant-go/connectparticipant/fleet"
	"github.com/participant-go/connectparticipant/participanttest"
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

// The chats that a member is about to own count.
func TestConcurrentAddsKeepMaxChats(t *testing.T) {
	t.Parallel()
	inWorld(t, func(w *world) {
		h := &hooks{}
		h.delayPuts("chat/", time.Second, 0)
		a := w.joinThrough("a", h, func(o *fleet.Options) { o.MaxChats = 2 })
		var adding sync.WaitGroup
		for range 5 {
			c := w.newChat()
			adding.Go(func() { require.NoError(w.t, a.Add(w.t.Context(), c)) })
		}
		adding.Wait()
		w.sleep(20 * time.Second)
		require.Equal(w.t, 2, a.Stats().Held)
	})
}

// A chat is recorded while the only member drains.
func TestDrainDuringAdd(t *testing.T) {
	t.Parallel()
	for name, patience := range map[string]time.Duration{"immediately": 0, "later": time.Minute} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inWorld(t, func(w *world) {
				h := &hooks{}
				h.delayPuts("chat/", 2*time.Second, 0)
				a := w.joinThrough("a", h)
				ctx, cancel := context.WithTimeout(w.t.Context(), patience)
				defer cancel()
				drained := make(chan error, 1)
				go func() {
					w.sleep(time.Second)
					drained <- a.Drain(ctx)
				}()
				w.add(a, 1)
				require.ErrorIs(w.t, <-drained, fleet.ErrNoSuccessor)
			})
		})
	}
}

// A chat is recorded for a member after the others have noticed that the member has left.
func TestChatOfAMemberThatHasLeft(t *testing.T) {
	t.Parallel()
	short := func(o *fleet.Options) { o.Lease, o.Renew = 3*time.Second, time.Second }
	t.Run("its own", func(t *testing.T) {
		t.Parallel()
		inWorld(t, func(w *world) {
			h := &hooks{}
			a := w.joinThrough("a", h, short)
			b, _ := w.join("b", short)
			w.sleep(20 * time.Second)
			h.delayPuts("chat/", 4500*time.Millisecond, 0)
			time.AfterFunc(100*time.Millisecond, func() { _ = a.Close() })
			w.add(a, 1)
			w.sleep(8 * time.Second)
			require.Equal(w.t, 1, b.Stats().Held)
		})
	})
	t.Run("added", func(t *testing.T) {
		t.Parallel()
		inWorld(t, func(w *world) {
			h := &hooks{}
			a := w.joinThrough("a", h, short)
			w.add(a, 8)
			b, _ := w.join("b", short)
			c, _ := w.join("c", short)
			w.sleep(20 * time.Second)
			h.delayPuts("chat/", 4500*time.Millisecond, 0)
			var adding sync.WaitGroup
			for range 8 {
				added := w.newChat()
				adding.Go(func() { require.NoError(w.t, a.Add(w.t.Context(), added)) })
			}
			w.sleep(100 * time.Millisecond)
			require.NoError(w.t, b.Close())
			h.put.Store(nil)
			adding.Wait()
			w.sleep(8 * time.Second)
			require.Equal(w.t, 16, a.Stats().Held+c.Stats().Held)
		})
	})
	t.Run("handed over", func(t *testing.T) {
		t.Parallel()
		inWorld(t, func(w *world) {
			h := &hooks{}
			a := w.joinThrough("a", h, short)
			w.add(a, 5)
			b, _ := w.join("b", short)
			w.sleep(20 * time.Second)
			h.beforePut("chat/", func() {
				_ = b.Close()
				<-time.After(4 * time.Second)
			})
			w.await(2*time.Hour, func() bool { return a.Stats().HandedOver > 0 })
			w.sleep(8 * time.Second)
			require.Equal(w.t, 5, a.Stats().Held)
		})
	})
}

// A member gets room for a chat that another member has added.
func TestMemberThatGetsRoomTakesAWaitingChat(t *testing.T) {
	t.Parallel()
	inWorld(t, func(w *world) {
		full := func(o *fleet.Options) { o.MaxChats = 1 }
		a, _ := w.join("a", full)
		b, _ := w.join("b", full)
		w.sleep(20 * time.Second)
		ids := w.add(a, 3)
		require.Equal(w.t, 1, a.Stats().Held)
		w.sleep(20 * time.Second)
		require.Equal(w.t, 1, b.Stats().Held)
		w.chats[ids[1]].End()
		w.sleep(20 * time.Second)
		require.Equal(w.t, 1, b.Stats().Held)
		w.chats[ids[2]].Agent.Say("something")
		w.sleep(time.Second)
		w.requireHandled(1)
	})
}

// A failed write doesn't make the member forget what it has handled.
func TestCloseRetriesASave(t *testing.T) {
	t.Parallel()
	inWorld(t, func(w *world) {
		h := &hooks{}
		a := w.joinThrough("a", h)
		id := w.add(a, 1)[0]
		b, _ := w.join("b")
		w.sleep(20 * time.Second)
		w.chats[id].Agent.Say("something")
		w.sleep(100 * time.Millisecond)
		failed := h.failPut("state/")
		require.NoError(w.t, a.Close())
		require.True(w.t, failed.Load())
		w.sleep(5 * time.Second)
		require.Equal(w.t, 1, b.Stats().Held)
		w.requireHandled(1)
	})
}

// The member closes while it removes a chat, and a write fails.
func TestCloseRetriesTheRemovalOfAChat(t *testing.T) {
	t.Parallel()
	inWorld(t, func(w *world) {
		h := &hooks{}
		a := w.joinThrough("a", h)
		id := w.add(a, 1)[0]
		w.join("b")
		w.sleep(20 * time.Second)
		failed := h.failPut("chat/")
		w.chats[id].End()
		w.await(time.Minute, failed.Load)
		require.NoError(w.t, a.Close())
		w.sleep(20 * time.Second)
		require.Len(w.t, w.ended[id], 1)
	})
}

// Drain hands over a chat that has no connection yet, and the result of the write is lost.
func TestHandOverOfAWaitingChatWithALostResult(t *testing.T) {
	t.Parallel()
	inWorld(t, func(w *world) {
		h := &hooks{}
		a := w.joinThrough("a", h)
		w.add(a, 1)
		w.sleep(time.Minute)
		b, _ := w.join("b")
		w.sleep(time.Second)
		w.add(a, 1)
		w.sleep(8 * time.Second)
		require.Equal(w.t, 1, a.Stats().Waiting)
		lost := h.losePut("chat/")
		h.onGet(func(ctx context.Context, key string) ([]byte, uint64, error) {
			if lost.Load() && isKey(key, "chat/") {
				h.get.Store(nil)
				return nil, 0, errLink
			}
			return h.Store.Get(ctx, key)
		})
		go func() { _ = a.Drain(w.t.Context()) }()
		w.await(time.Minute, lost.Load)
		w.sleep(2 * time.Second)
		require.Equal(w.t, 1, b.Stats().Held)
		require.Equal(w.t, 1, a.Stats().Held)
	}, func(o *participanttest.Options) { o.Latency = 10 * time.Second })
}

// Send doesn't wait for a member that has closed.
func TestSendEndsWithTheMember(t *testing.T) {
	t.Parallel()
	inWorld(t, func(w *world) {
		_, b, ids := w.pair(1)
		ctx, cancel := context.WithCancel(w.t.Context())
		defer cancel()
		errs := make(chan error, 200)
		for range cap(errs) {
			go func() {
				_, err := b.Send(ctx, ids[0], "", "text/plain", "text")
				errs <- err
			}()
		}
		w.sleep(time.Second)
		require.NoError(w.t, b.Close())
		w.sleep(10 * time.Second)
		require.Len(w.t, errs, cap(errs))
		closed := 0
		for range cap(errs) {
			if err := <-errs; err != nil {
				require.ErrorIs(w.t, err, fleet.ErrClosed)
				closed++
			}
		}
		require.Positive(w.t, closed)
	})
}

// A member that drains passes a chat on, and the result of the write is lost.
func TestChatIsPassedOnWithALostResult(t *testing.T) {
	t.Parallel()
	inWorld(t, func(w *world) {
		ha, hb := &hooks{}, &hooks{}
		a := w.joinThrough("a", ha)
		w.add(a, 6)
		b := w.joinThrough("b", hb)
		c, _ := w.join("c")
		w.sleep(20 * time.Second)
		w.add(a, 2)
		w.sleep(5 * time.Second)
		require.Equal(w.t, 1, b.Stats().Held)
		var lost atomic.Bool
		ha.beforePut("chat/", func() {
			go func() { _ = b.Drain(w.t.Context()) }()
			<-time.After(100 * time.Millisecond)
			hb.onPut(func(ctx context.Context, key string, value []byte, rev uint64, ttl time.Duration) (uint64, error) {
				rev, err := hb.Store.Put(ctx, key, value, rev, ttl)
				if isKey(key, "chat/") && lost.CompareAndSwap(false, true) {
					hb.onGet(func(ctx context.Context, key string) ([]byte, uint64, error) {
						hb.get.Store(nil)
						return nil, 0, errLink
					})
					return 0, errLink
				}
				return rev, err
			})
		})
		w.await(2*time.Hour, lost.Load)
		w.sleep(5 * time.Second)
		require.Equal(w.t, 8, a.Stats().Held+b.Stats().Held+c.Stats().Held)
	})
}

// The member closes while it claims the chats of a store that is slow to respond.
func TestCloseDuringManyClaims(t *testing.T) {
	t.Parallel()
	inWorld(t, func(w *world) {
		a, _ := w.join("a")
		w.add(a, 640)
		a.Crash()
		h := &hooks{}
		b := w.joinThrough("b", h)
		h.delayPuts("chat/", time.Second, 0)
		w.sleep(6500 * time.Millisecond)
		begun := time.Now()
		require.NoError(w.t, b.Close())
		require.Less(w.t, time.Since(begun), 3*time.Second)
	})
}
