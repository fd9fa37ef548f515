// SPDX-License-Identifier: Apache-2.0

package fleet_test

import (
	"context"
	"iter"
	"strings"
	"sync/atomic"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/participant-go/connectparticipant/fleet"
)

// putFunc and getFunc have the signatures of the methods of a store.
type (
	putFunc func(ctx context.Context, key string, value []byte, rev uint64, ttl time.Duration) (uint64, error)
	getFunc func(ctx context.Context, key string) ([]byte, uint64, error)
)

// hooks is a store whose calls a test can delay, fail or change, also while a member runs. Without
// hooks it passes the calls on.
type hooks struct {
	fleet.Store

	put    atomic.Pointer[putFunc]
	get    atomic.Pointer[getFunc]
	listed atomic.Pointer[func(entry fleet.Entry)] // is called before List yields an entry
	lists  atomic.Int64                            // the number of calls of List
	watch  func(entry fleet.Entry)                 // is called before Watch yields an entry
	delete atomic.Pointer[func() error]            // is called before Delete
}

func (h *hooks) onPut(put putFunc) { h.put.Store(&put) }

func (h *hooks) onGet(get getFunc) { h.get.Store(&get) }

// failPuts fails each Put of a key with a prefix while failing is true, as it is at first.
func (h *hooks) failPuts(prefix string) (failing *atomic.Bool) {
	failing = new(atomic.Bool)
	failing.Store(true)
	h.onPut(func(ctx context.Context, key string, value []byte, rev uint64, ttl time.Duration) (uint64, error) {
		if failing.Load() && isKey(key, prefix) {
			return 0, errLink
		}
		return h.Store.Put(ctx, key, value, rev, ttl)
	})
	return failing
}

// failPut fails the next Put of a key with a prefix, and sets failed then.
func (h *hooks) failPut(prefix string) (failed *atomic.Bool) {
	failed = new(atomic.Bool)
	h.onPut(func(ctx context.Context, key string, value []byte, rev uint64, ttl time.Duration) (uint64, error) {
		if isKey(key, prefix) && failed.CompareAndSwap(false, true) {
			return 0, errLink
		}
		return h.Store.Put(ctx, key, value, rev, ttl)
	})
	return failed
}

// losePut makes the next Put of a key with a prefix, but loses its result, and sets lost then.
func (h *hooks) losePut(prefix string) (lost *atomic.Bool) {
	lost = new(atomic.Bool)
	h.onPut(func(ctx context.Context, key string, value []byte, rev uint64, ttl time.Duration) (uint64, error) {
		rev, err := h.Store.Put(ctx, key, value, rev, ttl)
		if isKey(key, prefix) && lost.CompareAndSwap(false, true) {
			return 0, errLink
		}
		return rev, err
	})
	return lost
}

// delayPuts makes each Put of a key with a prefix take longer, before and after the write.
func (h *hooks) delayPuts(prefix string, before, after time.Duration) {
	h.onPut(func(ctx context.Context, key string, value []byte, rev uint64, ttl time.Duration) (uint64, error) {
		if !isKey(key, prefix) {
			return h.Store.Put(ctx, key, value, rev, ttl)
		}
		<-time.After(before)
		rev, err := h.Store.Put(ctx, key, value, rev, ttl)
		<-time.After(after)
		return rev, err
	})
}

// beforePut calls do before the first Put of a key with a prefix.
func (h *hooks) beforePut(prefix string, do func()) {
	var done atomic.Bool
	h.onPut(func(ctx context.Context, key string, value []byte, rev uint64, ttl time.Duration) (uint64, error) {
		if isKey(key, prefix) && done.CompareAndSwap(false, true) {
			do()
		}
		return h.Store.Put(ctx, key, value, rev, ttl)
	})
}

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

func (h *hooks) Delete(ctx context.Context, key string, rev uint64) error {
	if do := h.delete.Load(); do != nil {
		if err := (*do)(); err != nil {
			return err
		}
	}
	return h.Store.Delete(ctx, key, rev)
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

// joinThrough joins a member that reaches the engine through hooks. It is closed when the test ends.
func (w *world) joinThrough(id string, h *hooks, optFns ...func(*fleet.Options)) *fleet.Member {
	w.t.Helper()
	h.Store = w.engine.link(1)
	m, err := fleet.Join(w.t.Context(), h, w.client, w.handle(id), append([]func(*fleet.Options){w.options(id)}, optFns...)...)
	require.NoError(w.t, err)
	w.t.Cleanup(func() { _ = m.Close() })
	return m
}

func isKey(key, prefix string) bool { return strings.HasPrefix(key, prefix) }
