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
	"github.com/participant-go/connectparticipant/participanttest"
)

func TestClaimReadsStateBeforeConnecting(t *testing.T) {
	t.Parallel()
	inWorld(t, func(w *world) {
		a, _ := w.join("a")
		id := w.add(a, 1)[0]
		b, _ := w.join("b")
		w.sleep(30 * time.Second)
		require.Equal(w.t, uint64(1), w.epochOf(id))
		a.Crash()
		w.await(10*time.Second, func() bool { return b.Stats().Held == 1 })
		w.sleep(time.Second)
		require.Equal(w.t, 1, b.Stats().Waiting)
		require.Equal(w.t, uint64(2), w.chatRecord(id).Epoch)
		require.Equal(w.t, uint64(2), w.epochOf(id))
	}, func(o *participanttest.Options) { o.Latency = 3 * time.Second })
}

func TestClaimFailsIfAnotherMemberWasFaster(t *testing.T) {
	t.Parallel()
	inWorld(t, func(w *world) {
		a, _ := w.join("a")
		id := w.add(a, 1)[0]
		h := &hooks{}
		b := w.joinThrough("b", h)
		w.sleep(20 * time.Second)
		var taken atomic.Bool
		take := func(entry fleet.Entry) {
			if entry.Key == "chat/"+id && taken.CompareAndSwap(false, true) {
				w.change(entry.Key, ownedBy("x.12345678"))
			}
		}
		h.listed.Store(&take)
		a.Crash()
		w.await(10*time.Second, taken.Load)
		w.sleep(500 * time.Millisecond)
		require.Zero(w.t, b.Stats().Held)
		require.Equal(w.t, "x.12345678", w.chatRecord(id).Owner)
	})
}

func TestMemberClaimsNothingAfterTheEngineLostMembers(t *testing.T) {
	t.Parallel()
	inWorld(t, func(w *world) {
		a, link := w.join("a")
		w.add(a, 1)
		b, _ := w.join("b")
		w.sleep(20 * time.Second)
		kept := w.engine.snapshot()
		require.NoError(w.t, kept.Delete(w.t.Context(), "member/a", 0))
		link.setCut(true)
		w.engine.restartFrom(kept)
		w.sleep(3500 * time.Millisecond)
		link.setCut(false)
		w.sleep(20 * time.Second)
		require.Zero(w.t, b.Stats().Claimed)
		require.Equal(w.t, 1, a.Stats().Held)
		require.Zero(w.t, a.Stats().Lost)
	})
}

// A claim whose result was lost counts: no second one is made.
func TestClaimWithALostResult(t *testing.T) {
	t.Parallel()
	inWorld(t, func(w *world) {
		a, _ := w.join("a")
		id := w.add(a, 1)[0]
		h := &hooks{}
		b := w.joinThrough("b", h)
		w.sleep(20 * time.Second)
		lost := h.losePut("chat/")
		a.Crash()
		w.await(10*time.Second, lost.Load)
		w.sleep(100 * time.Millisecond)
		require.Equal(w.t, 1, b.Stats().Held)
		require.Equal(w.t, uint64(2), w.chatRecord(id).Epoch)
	})
}

// When the engine has lost writes, two members may own a chat. The one with the lower epoch is
// notified.
func TestMemberWithTheLowerEpochIsNotified(t *testing.T) {
	t.Parallel()
	inWorld(t, func(w *world) {
		a, la := w.join("a")
		id := w.add(a, 1)[0]
		b, lb := w.join("b")
		w.sleep(20 * time.Second)
		old := w.engine.snapshot()
		for _, l := range []*link{la, lb, la} { // from a to b, back, and to b
			l.setCut(true)
			w.sleep(10 * time.Second)
			l.setCut(false)
			w.sleep(20 * time.Second)
		}
		require.Equal(w.t, uint64(4), w.chatRecord(id).Epoch)
		require.Equal(w.t, 1, b.Stats().Held)
		lb.setCut(true)
		w.engine.restartFrom(old)
		w.await(30*time.Second, func() bool { return a.Stats().Held == 1 })
		lost := a.Stats().Lost
		lb.setCut(false)
		w.sleep(20 * time.Second)
		require.Equal(w.t, uint64(4), w.chatRecord(id).Epoch)
		require.Equal(w.t, lost+1, a.Stats().Lost)
		require.Zero(w.t, a.Stats().Held)
		require.Equal(w.t, 1, b.Stats().Held)
	})
}

func TestFailedClaimsAreRetriedAfterAPause(t *testing.T) {
	t.Parallel()
	inWorld(t, func(w *world) {
		a, _ := w.join("a")
		w.add(a, 3)
		h := &hooks{}
		b := w.joinThrough("b", h)
		w.sleep(20 * time.Second)
		var failing atomic.Bool
		failing.Store(true)
		before := h.lists.Load()
		h.onPut(func(ctx context.Context, key string, value []byte, rev uint64, ttl time.Duration) (uint64, error) {
			if failing.Load() && isKey(key, "chat/") && h.lists.Load() < before+100 { // ends a busy loop
				return 0, errLink
			}
			return h.Store.Put(ctx, key, value, rev, ttl)
		})
		a.Crash()
		w.sleep(20 * time.Second)
		require.Less(w.t, h.lists.Load(), before+30)
		failing.Store(false)
		w.sleep(2 * time.Second)
		require.Equal(w.t, 3, b.Stats().Held)
	})
}

// A member that has just joined isn't considered gone by a member whose watch is late.
func TestMemberThatTheWatchHasNotShownYet(t *testing.T) {
	t.Parallel()
	inWorld(t, func(w *world) {
		a, _ := w.join("a")
		h := &hooks{watch: func(entry fleet.Entry) {
			if isKey(entry.Key, "member/") {
				<-time.After(time.Second)
			}
		}}
		b := w.joinThrough("b", h)
		w.sleep(20 * time.Second)
		go func() { _ = a.Close() }()
		w.sleep(500 * time.Millisecond)
		c, _ := w.join("c")
		w.add(c, 1)
		w.sleep(5 * time.Second)
		require.Zero(w.t, b.Stats().Claimed)
		require.Equal(w.t, 1, c.Stats().Held)
		require.Positive(w.t, c.Rate(connections))
		w.requireHandled(1)
	})
}

// The heirs of a dead member disagree about the list of heirs until a new member that is ready has
// announced that.
func TestConcurrentClaimsOfTheSameChats(t *testing.T) {
	t.Parallel()
	inWorld(t, func(w *world) {
		t := w.t
		const n = 40
		dying, _ := w.join("dying") // renews at even seconds
		first, firstLink := w.join("first")
		w.add(dying, n) // before first is ready
		w.sleep(21700 * time.Millisecond)
		second, secondLink := w.join("second", func(o *fleet.Options) { o.Renew = 1700 * time.Millisecond })
		w.sleep(time.Second)
		require.Equal(t, n, dying.Stats().Held)
		before := w.engine.allPuts()["chat"]
		var claims atomic.Int32
		w.engine.setOnPut(func(key string, _ []byte) {
			if strings.HasPrefix(key, "chat/") {
				claims.Add(1)
			}
		})
		for _, l := range []*link{firstLink, secondLink} {
			l.setFaults(linkFaults{slowPut: 1}) // each reads the directory before the other has claimed
		}
		dying.Crash()
		w.sleep(30 * time.Second)
		t.Logf("%d claims of %d chats by two members", w.engine.allPuts()["chat"]-before, n)
		require.Greater(t, w.engine.allPuts()["chat"]-before, int(claims.Load()), "a claim must have failed")
		require.EqualValues(t, n, claims.Load())
		require.Equal(t, n, first.Stats().Held+second.Stats().Held)
		require.Equal(t, n, first.Stats().Claimed+second.Stats().Claimed)
		require.Zero(t, first.Stats().Lost+second.Stats().Lost)
		require.Equal(t, n, w.srv.Sockets())
	})
}

// A member reads the directory between the write that makes it the owner of a chat and the result of
// that write. It must not claim the chat a second time.
func TestChatIsTakenOnce(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		take  func(w *world, a, b *fleet.Member) (id string)
		epoch uint64
	}{
		"handed over": {func(w *world, a, _ *fleet.Member) string {
			id := w.add(a, 1)[0]
			w.sleep(time.Minute)
			w.drainNow(a)
			return id
		}, 3},
		"added": {func(w *world, a, b *fleet.Member) string {
			go func() {
				w.sleep(500 * time.Millisecond)
				_ = a.Close()
			}()
			return w.add(b, 1)[0]
		}, 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inWorld(t, func(w *world) {
				a, _ := w.join("a")
				w.sleep(time.Minute)
				h := &hooks{}
				h.delayPuts("chat/", 0, time.Second)
				b := w.joinThrough("b", h)
				w.sleep(time.Minute)
				id := test.take(w, a, b)
				for range 10 {
					w.chats[id].Agent.Say("something")
					w.sleep(200 * time.Millisecond)
				}
				w.sleep(time.Minute)
				w.requireHandled(1)
				require.Equal(w.t, 1, b.Stats().Held)
				require.Zero(w.t, b.Stats().Lost)
				require.Equal(w.t, test.epoch, w.chatRecord(id).Epoch)
			})
		})
	}
}

// A chat comes back before the member has ended its previous tenure.
func TestChatIsHandedBackDuringItsHandOver(t *testing.T) {
	t.Parallel()
	inWorld(t, func(w *world) {
		h := &hooks{}
		a := w.joinThrough("a", h)
		ids := w.add(a, 3)
		b, _ := w.join("b")
		w.sleep(20 * time.Second)
		h.delayPuts("inbox/", 0, 4*time.Second) // ends the tenure that much later
		w.await(2*time.Hour, func() bool { return b.Stats().Held > 0 })
		w.drainNow(b)
		w.sleep(5 * time.Second)
		require.Equal(w.t, 3, a.Stats().Held)
		require.Zero(w.t, a.Stats().Waiting)
		for _, id := range ids {
			w.chats[id].Agent.Say("something")
		}
		w.sleep(time.Second)
		w.requireHandled(1)
	})
}
