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
)

// Another member's claim may be under way while a member takes its lease back. The claim fails even
// if the first attempt to write the chat's record again has failed.
func TestTakingTheLeaseBackFailsAClaimUnderWay(t *testing.T) {
	t.Parallel()
	inWorld(t, func(w *world) {
		ha, hb := &hooks{}, &hooks{}
		a := w.joinThrough("a", ha)
		w.add(a, 1)
		w.joinThrough("b", hb)
		w.sleep(20 * time.Second)
		var mu sync.Mutex
		var claim func() error // the write under way
		hb.onPut(func(ctx context.Context, key string, value []byte, rev uint64, ttl time.Duration) (uint64, error) {
			if !isKey(key, "chat/") {
				return hb.Store.Put(ctx, key, value, rev, ttl)
			}
			mu.Lock()
			defer mu.Unlock()
			if claim == nil {
				records, _, _ := w.engine.now()
				claim = func() error {
					_, err := records.Put(context.Background(), key, value, rev, ttl)
					return err
				}
			}
			return 0, errLink
		})
		failed := ha.failPut("chat/")
		ha.Store.(*link).setCut(true)
		w.sleep(8 * time.Second)
		require.True(w.t, a.Stats().Fenced)
		ha.Store.(*link).setCut(false)
		w.await(20*time.Second, func() bool { return !a.Stats().Fenced })
		require.True(w.t, failed.Load())
		mu.Lock()
		require.NotNil(w.t, claim)
		require.ErrorIs(w.t, claim(), fleet.ErrConflict)
		mu.Unlock()
		w.sleep(time.Second)
		require.Equal(w.t, 1, a.Stats().Held)
	})
}

// A member that had to restore records that the engine had lost waits for a lease, even if some of
// the writes failed at first.
func TestLeaseIsTakenBackLaterFromAnEngineThatLostRecords(t *testing.T) {
	t.Parallel()
	for name, failures := range map[string]int64{"no failure": 0, "a failure": 1} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inWorld(t, func(w *world) {
				h := &hooks{}
				a := w.joinThrough("a", h)
				w.add(a, 1)
				kept := w.engine.snapshot() // with one chat
				w.add(a, 1)
				w.sleep(10 * time.Second)
				var left atomic.Int64
				left.Store(failures)
				h.onPut(func(ctx context.Context, key string, value []byte, rev uint64, ttl time.Duration) (uint64, error) {
					if isKey(key, "chat/") && rev != 0 && left.Add(-1) >= 0 {
						return 0, errLink
					}
					return h.Store.Put(ctx, key, value, rev, ttl)
				})
				w.engine.restartFrom(kept)
				begun := time.Now()
				w.await(10*time.Second, func() bool { return a.Stats().Fenced })
				w.await(20*time.Second, func() bool { return !a.Stats().Fenced })
				require.GreaterOrEqual(w.t, time.Since(begun), 6*time.Second)
				require.LessOrEqual(w.t, time.Since(begun), 12*time.Second)
				require.Equal(w.t, 2, a.Stats().Held)
			})
		})
	}
}

// Close announces that the member has left even if the result of its last renewal was lost.
func TestCloseAnnouncesLeavingAfterALostRenewal(t *testing.T) {
	t.Parallel()
	inWorld(t, func(w *world) {
		h := &hooks{}
		a := w.joinThrough("a", h)
		w.add(a, 3)
		b, _ := w.join("b")
		w.sleep(20 * time.Second)
		lost := h.losePut("member/")
		w.await(5*time.Second, func() bool { return lost.Load() })
		require.NoError(w.t, a.Close())
		w.sleep(time.Second)
		require.Equal(w.t, 3, b.Stats().Held)
	})
}

// Drain renews the lease immediately, but never concurrently with another renewal.
func TestDrainDoesNotRenewConcurrently(t *testing.T) {
	t.Parallel()
	inWorld(t, func(w *world) {
		h := &hooks{}
		running, most := 0, 0
		h.onPut(func(ctx context.Context, key string, value []byte, rev uint64, ttl time.Duration) (uint64, error) {
			if isKey(key, "member/") {
				w.mu.Lock()
				running++
				most = max(most, running)
				w.mu.Unlock()
				defer func() {
					w.mu.Lock()
					running--
					w.mu.Unlock()
				}()
				<-time.After(time.Second)
			}
			return h.Store.Put(ctx, key, value, rev, ttl)
		})
		a := w.joinThrough("a", h)
		w.add(a, 1)
		w.sleep(2500 * time.Millisecond)
		ctx, cancel := context.WithTimeout(w.t.Context(), 10*time.Second)
		defer cancel()
		require.ErrorIs(w.t, a.Drain(ctx), fleet.ErrNoSuccessor)
		w.mu.Lock()
		require.Equal(w.t, 1, most)
		w.mu.Unlock()
	})
}
