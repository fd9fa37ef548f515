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
	if h.list != nil {
		h.list(prefix)
	}
	return h.Store.List(ctx, prefix)
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
				for until.IsZero() {
					w.sleep(time.Second)
				}
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
