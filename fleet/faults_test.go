// SPDX-License-Identifier: Apache-2.0

package fleet_test

import (
	"context"
	"encoding/json"
	"iter"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/participant-go/connectparticipant/fleet"
)

// hooks is a store whose calls a test can hold up, fail or change. A hook that is nil does nothing.
type hooks struct {
	fleet.Store

	put   func(ctx context.Context, key string, value []byte, rev uint64, ttl time.Duration) (uint64, error)
	get   func(ctx context.Context, key string) ([]byte, uint64, error)
	del   func(ctx context.Context, key string, rev uint64) error
	watch func(entry fleet.Entry)
	list  func(prefix string)
	// listed is called with an entry before the member gets it.
	listed func(entry fleet.Entry)
}

func (h *hooks) Put(ctx context.Context, key string, value []byte, rev uint64, ttl time.Duration) (uint64, error) {
	if h.put != nil {
		return h.put(ctx, key, value, rev, ttl)
	}
	return h.Store.Put(ctx, key, value, rev, ttl)
}

func (h *hooks) Get(ctx context.Context, key string) ([]byte, uint64, error) {
	if h.get != nil {
		return h.get(ctx, key)
	}
	return h.Store.Get(ctx, key)
}

func (h *hooks) Delete(ctx context.Context, key string, rev uint64) error {
	if h.del != nil {
		return h.del(ctx, key, rev)
	}
	return h.Store.Delete(ctx, key, rev)
}

func (h *hooks) List(ctx context.Context, prefix string) iter.Seq2[fleet.Entry, error] {
	return func(yield func(fleet.Entry, error) bool) {
		if h.list != nil {
			defer h.list(prefix)
		}
		for entry, err := range h.Store.List(ctx, prefix) {
			if h.listed != nil {
				h.listed(entry)
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
func (w *world) joinBy(id string, h *hooks, optFns ...func(*fleet.Options)) *fleet.Member {
	w.t.Helper()
	h.Store = w.engine.link(1)
	m, err := fleet.Join(w.t.Context(), h, w.client, w.handle(id), append([]func(*fleet.Options){w.options(id)}, optFns...)...)
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
				until := time.Time{}
				failing := func(key string) bool { return strings.HasPrefix(key, "chat/") && time.Now().Before(until) }
				h.put = func(ctx context.Context, key string, value []byte, rev uint64, ttl time.Duration) (uint64, error) {
					if until.IsZero() && strings.HasPrefix(key, "chat/") {
						until = time.Now().Add(3 * time.Second)
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
				}
				h.get = func(ctx context.Context, key string) ([]byte, uint64, error) {
					if failing(key) {
						return nil, 0, errLink
					}
					return h.Store.Get(ctx, key)
				}
				ctx, cancel := context.WithTimeout(w.t.Context(), 2*time.Hour)
				defer cancel()
				go func() { _ = a.Drain(ctx) }()
				w.await(2*time.Hour, func() bool { return !until.IsZero() })
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
		var claim func() error // the write that is under way
		hb.put = func(ctx context.Context, key string, value []byte, rev uint64, ttl time.Duration) (uint64, error) {
			if !strings.HasPrefix(key, "chat/") {
				return hb.Store.Put(ctx, key, value, rev, ttl)
			}
			if claim == nil {
				records, _, _ := w.engine.now()
				claim = func() error {
					_, err := records.Put(context.Background(), key, value, rev, ttl)
					return err
				}
			}
			return 0, errLink
		}
		failed := false
		ha.put = func(ctx context.Context, key string, value []byte, rev uint64, ttl time.Duration) (uint64, error) {
			if strings.HasPrefix(key, "chat/") && !failed {
				failed = true
				return 0, errLink
			}
			return ha.Store.Put(ctx, key, value, rev, ttl)
		}
		ha.Store.(*link).setCut(true)
		w.sleep(8 * time.Second)
		require.True(w.t, a.Stats().Fenced)
		require.NotNil(w.t, claim)
		ha.Store.(*link).setCut(false)
		w.await(20*time.Second, func() bool { return !a.Stats().Fenced })
		require.True(w.t, failed)
		require.ErrorIs(w.t, claim(), fleet.ErrConflict)
		w.sleep(time.Second)
		require.Equal(w.t, 1, a.Stats().Held)
	})
}

// A member that had to write records again that the engine had forgotten waits for a lease, also
// if some of the writes have failed at first.
func TestTheLeaseComesBackLaterFromAnEngineThatForgets(t *testing.T) {
	t.Parallel()
	for name, failures := range map[string]int{"no failure": 0, "a failure": 1} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inWorld(t, func(w *world) {
				h := &hooks{}
				a := w.joinBy("a", h)
				w.add(a, 1)
				kept := w.engine.snapshot() // of one chat
				w.add(a, 1)
				w.sleep(10 * time.Second)
				h.put = func(ctx context.Context, key string, value []byte, rev uint64, ttl time.Duration) (uint64, error) {
					if strings.HasPrefix(key, "chat/") && rev != 0 && failures > 0 {
						failures--
						return 0, errLink
					}
					return h.Store.Put(ctx, key, value, rev, ttl)
				}
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
		lists, away := 0, true
		h.list = func(string) {
			if lists++; lists > 100 {
				away = false // this ends the loop
			}
		}
		h.put = func(ctx context.Context, key string, value []byte, rev uint64, ttl time.Duration) (uint64, error) {
			if away && strings.HasPrefix(key, "chat/") {
				return 0, errLink
			}
			return h.Store.Put(ctx, key, value, rev, ttl)
		}
		a.Crash()
		w.sleep(20 * time.Second)
		require.Less(w.t, lists, 30)
		away = false
		w.sleep(2 * time.Second)
		require.Equal(w.t, 3, b.Stats().Held)
	})
}
