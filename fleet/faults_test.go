// SPDX-License-Identifier: Apache-2.0

package fleet_test

import (
	"context"
	"encoding/json"
	"iter"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/participant-go/connectparticipant/fleet"
)

// putFunc and getFunc are methods of a store.
type (
	putFunc func(ctx context.Context, key string, value []byte, rev uint64, ttl time.Duration) (uint64, error)
	getFunc func(ctx context.Context, key string) ([]byte, uint64, error)
)

// hooks is a store whose calls a test can hold up, fail or change, also while they are made. A hook
// that isn't set does nothing.
type hooks struct {
	fleet.Store

	put    atomic.Pointer[putFunc]
	get    atomic.Pointer[getFunc]
	listed atomic.Pointer[func(entry fleet.Entry)] // is called before the member gets an entry
	lists  atomic.Int64                            // how often the member has listed
	watch  func(entry fleet.Entry)                 // is called before the member gets an entry
}

func (h *hooks) onPut(put putFunc) { h.put.Store(&put) }

func (h *hooks) onGet(get getFunc) { h.get.Store(&get) }

func (h *hooks) Put(ctx context.Context, key string, value []byte, rev uint64, ttl time.Duration) (uint64, error) {
	if put := h.put.Load(); put != nil {
		return (*put)(ctx, key, value, rev, ttl)
	}
	return h.Store.Put(ctx, key, value, rev, ttl)
}

func (h *hooks) Get(ctx context.Context, key string) ([]byte, uint64, error) {
	if get := h.get.Load(); get != nil {
		return (*get)(ctx, key)
	}
	return h.Store.Get(ctx, key)
}

func (h *hooks) List(ctx context.Context, prefix string) iter.Seq2[fleet.Entry, error] {
	return func(yield func(fleet.Entry, error) bool) {
		h.lists.Add(1)
		for entry, err := range h.Store.List(ctx, prefix) {
			if listed := h.listed.Load(); listed != nil {
				(*listed)(entry)
			}
			if !yield(entry, err) {
				return
			}
		}
	}
}

func (h *hooks) Watch(ctx context.Context, prefix string) iter.Seq2[fleet.Entry, error] {
	return func(yield func(fleet.Entry, error) bool) {
		for entry, err := range h.Store.Watch(ctx, prefix) {
			if err == nil && h.watch != nil {
				h.watch(entry)
			}
			if !yield(entry, err) {
				return
			}
		}
	}
}

// joinBy makes a member that reaches the engine through hooks. It is closed at the end.
func (w *world) joinBy(id string, h *hooks) *fleet.Member {
	w.t.Helper()
	h.Store = w.engine.link(1)
	m, err := fleet.Join(w.t.Context(), h, w.client, w.handle(id), w.options(id))
	require.NoError(w.t, err)
	w.t.Cleanup(func() { _ = m.Close() })
	return m
}

// await lets time pass until a condition is met.
func (w *world) await(atMost time.Duration, met func() bool) {
	w.t.Helper()
	for begun := time.Now(); !met(); w.sleep(100 * time.Millisecond) {
		require.Less(w.t, time.Since(begun), atMost)
	}
}

func isKey(key, prefix string) bool { return strings.HasPrefix(key, prefix) }

// chatRecord is what a test reads of a chat's record.
type chatRecord struct {
	Owner string `json:"owner"`
	Epoch uint64 `json:"epoch"`
	Ended bool   `json:"ended"`
}

func (w *world) chatRecord(id string) (r chatRecord) {
	w.t.Helper()
	records, _, _ := w.engine.now()
	value, _, err := records.Get(w.t.Context(), "chat/"+id)
	require.NoError(w.t, err)
	require.NoError(w.t, json.Unmarshal(value, &r))
	return r
}

// A hand-over whose result is unknown may have been made, or may be made yet. The member that
// began it handles nothing before it knows.
func TestAHandOverOfUnknownResult(t *testing.T) {
	t.Parallel()
	for name, made := range map[string]time.Duration{"made": 0, "made late": 2 * time.Second, "not made": -1} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inWorld(t, func(w *world) {
				h := &hooks{}
				a := w.joinBy("a", h)
				id := w.add(a, 1)[0]
				b, _ := w.join("b")
				w.sleep(time.Minute)
				var until atomic.Pointer[time.Time]
				failing := func(key string) bool { return isKey(key, "chat/") && time.Now().Before(*until.Load()) }
				never := time.Time{}
				until.Store(&never)
				h.onPut(func(ctx context.Context, key string, value []byte, rev uint64, ttl time.Duration) (uint64, error) {
					at := time.Now().Add(3 * time.Second)
					if isKey(key, "chat/") && until.CompareAndSwap(&never, &at) {
						if made == 0 {
							_, _ = h.Store.Put(ctx, key, value, rev, ttl)
						} else if made > 0 {
							time.AfterFunc(made, func() { _, _ = h.Store.Put(context.Background(), key, value, rev, ttl) })
						}
					}
					if failing(key) {
						return 0, errLink
					}
					return h.Store.Put(ctx, key, value, rev, ttl)
				})
				h.onGet(func(ctx context.Context, key string) ([]byte, uint64, error) {
					if failing(key) {
						return nil, 0, errLink
					}
					return h.Store.Get(ctx, key)
				})
				ctx, cancel := context.WithTimeout(w.t.Context(), 2*time.Hour)
				defer cancel()
				go func() { _ = a.Drain(ctx) }()
				w.await(2*time.Hour, func() bool { return until.Load() != &never })
				for range 20 {
					w.chats[id].Agent.Say("something")
					w.sleep(time.Second)
				}
				if made >= 0 {
					require.Equal(w.t, 1, b.Stats().Held)
				}
				w.everything(1)
			})
		})
	}
}

// A claim of another member may be under way while a member takes its lease back. It fails also if
// the first attempt to write the chat's record again has failed.
func TestTakingTheLeaseBackStopsAClaimUnderWay(t *testing.T) {
	t.Parallel()
	inWorld(t, func(w *world) {
		ha, hb := &hooks{}, &hooks{}
		a := w.joinBy("a", ha)
		w.add(a, 1)
		w.joinBy("b", hb)
		w.sleep(20 * time.Second)
		var mu sync.Mutex
		var claim func() error // the write that is under way
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
		var failed atomic.Bool
		ha.onPut(func(ctx context.Context, key string, value []byte, rev uint64, ttl time.Duration) (uint64, error) {
			if isKey(key, "chat/") && failed.CompareAndSwap(false, true) {
				return 0, errLink
			}
			return ha.Store.Put(ctx, key, value, rev, ttl)
		})
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

// A member that had to write records again that the engine had forgotten waits for a lease, also
// if some of the writes have failed at first.
func TestTheLeaseComesBackLaterFromAnEngineThatForgets(t *testing.T) {
	t.Parallel()
	for name, failures := range map[string]int64{"no failure": 0, "a failure": 1} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inWorld(t, func(w *world) {
				h := &hooks{}
				a := w.joinBy("a", h)
				w.add(a, 1)
				kept := w.engine.snapshot() // of one chat
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

// Claims that fail are repeated after a pause, not in a loop.
func TestClaimsThatFailAreRepeatedAfterAPause(t *testing.T) {
	t.Parallel()
	inWorld(t, func(w *world) {
		a, _ := w.join("a")
		w.add(a, 3)
		h := &hooks{}
		b := w.joinBy("b", h)
		w.sleep(20 * time.Second)
		var away atomic.Bool
		away.Store(true)
		before := h.lists.Load()
		h.onPut(func(ctx context.Context, key string, value []byte, rev uint64, ttl time.Duration) (uint64, error) {
			if away.Load() && isKey(key, "chat/") && h.lists.Load() < before+100 { // that ends a loop
				return 0, errLink
			}
			return h.Store.Put(ctx, key, value, rev, ttl)
		})
		a.Crash()
		w.sleep(20 * time.Second)
		require.Less(w.t, h.lists.Load(), before+30)
		away.Store(false)
		w.sleep(2 * time.Second)
		require.Equal(w.t, 3, b.Stats().Held)
	})
}
