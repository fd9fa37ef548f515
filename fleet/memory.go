// SPDX-License-Identifier: Apache-2.0

package fleet

import (
	"bytes"
	"context"
	"iter"
	"slices"
	"strings"
	"sync"
	"time"
)

// Memory returns a Store in the memory of this process, for tests and for programs that run as one
// process. It needs no closing. A testing/synctest bubble can use only a store that was made in it.
func Memory() Store {
	return &memory{records: map[string]record{}, expiring: map[string]time.Time{}, watchers: map[*watcher]bool{}}
}

type memory struct {
	mu       sync.Mutex
	records  map[string]record
	expiring map[string]time.Time
	watchers map[*watcher]bool
	rev      uint64
}

type record struct {
	value []byte
	rev   uint64
}

// watcher collects the entries that a loop over Watch has yet to yield. memory.mu guards it.
type watcher struct {
	prefix  string
	pending []Entry       // at most one for each key
	wake    chan struct{} // holds one if pending isn't empty
}

func (m *memory) Get(ctx context.Context, key string) (value []byte, rev uint64, err error) {
	if err := ctx.Err(); err != nil {
		return nil, 0, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.expire()
	r, ok := m.records[key]
	if !ok {
		return nil, 0, ErrNotFound
	}
	return bytes.Clone(r.value), r.rev, nil
}

func (m *memory) Put(ctx context.Context, key string, value []byte, rev uint64, ttl time.Duration) (uint64, error) {
	if err := ctx.Err(); err != nil {
		return 0, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.expire()
	if m.records[key].rev != rev {
		return 0, ErrConflict
	}
	m.rev++
	m.records[key] = record{value: append([]byte{}, value...), rev: m.rev}
	delete(m.expiring, key)
	if ttl > 0 {
		m.expiring[key] = time.Now().Add(ttl)
	}
	m.publish(Entry{Key: key, Value: value, Rev: m.rev})
	return m.rev, nil
}

func (m *memory) Delete(ctx context.Context, key string, rev uint64) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.expire()
	if r, ok := m.records[key]; ok {
		if rev != 0 && rev != r.rev {
			return ErrConflict
		}
		m.remove(key)
	}
	return nil
}

func (m *memory) List(ctx context.Context, prefix string) iter.Seq2[Entry, error] {
	return func(yield func(Entry, error) bool) {
		for _, e := range m.under(prefix) {
			if err := ctx.Err(); err != nil {
				yield(Entry{}, err)
				return
			}
			if !yield(e, nil) {
				return
			}
		}
	}
}

func (m *memory) Watch(ctx context.Context, prefix string) iter.Seq2[Entry, error] {
	return func(yield func(Entry, error) bool) {
		w := m.watch(prefix)
		defer m.unwatch(w)
		for {
			entries, expiry := m.take(w)
			for _, e := range entries {
				if !yield(e, nil) {
					return
				}
			}
			if err := w.wait(ctx, expiry); err != nil {
				yield(Entry{}, err)
				return
			}
		}
	}
}

// wait waits for the next change or the next expiry.
func (w *watcher) wait(ctx context.Context, expiry time.Time) error {
	var expired <-chan time.Time
	if !expiry.IsZero() {
		timer := time.NewTimer(time.Until(expiry))
		defer timer.Stop()
		expired = timer.C
	}
	select {
	case <-w.wake:
	case <-expired:
	case <-ctx.Done():
	}
	return ctx.Err()
}

// under returns the records under a prefix.
func (m *memory) under(prefix string) []Entry {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.expire()
	return m.list(prefix)
}

func (m *memory) watch(prefix string) *watcher {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.expire()
	w := &watcher{prefix: prefix, pending: m.list(prefix), wake: make(chan struct{}, 1)}
	m.watchers[w] = true
	return w
}

func (m *memory) unwatch(w *watcher) {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.watchers, w)
}

// take returns the entries that a watcher has yet to yield, and when the next record expires.
func (m *memory) take(w *watcher) (entries []Entry, expiry time.Time) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.expire()
	for key, at := range m.expiring {
		if strings.HasPrefix(key, w.prefix) && (expiry.IsZero() || at.Before(expiry)) {
			expiry = at
		}
	}
	entries, w.pending = w.pending, nil
	return entries, expiry
}

// The methods below are called with m.mu held.

func (m *memory) list(prefix string) (entries []Entry) {
	for key, r := range m.records {
		if strings.HasPrefix(key, prefix) {
			entries = append(entries, Entry{Key: key, Value: bytes.Clone(r.value), Rev: r.rev})
		}
	}
	return entries
}

func (m *memory) expire() {
	now := time.Now()
	for key, at := range m.expiring {
		if !now.Before(at) {
			m.remove(key)
		}
	}
}

func (m *memory) remove(key string) {
	delete(m.records, key)
	delete(m.expiring, key)
	m.publish(Entry{Key: key, Gone: true})
}

// publish passes a change to the watchers of its key.
func (m *memory) publish(e Entry) {
	for w := range m.watchers {
		if strings.HasPrefix(e.Key, w.prefix) {
			w.add(e)
		}
	}
}

func (w *watcher) add(e Entry) {
	e.Value = bytes.Clone(e.Value)
	if i := slices.IndexFunc(w.pending, func(p Entry) bool { return p.Key == e.Key }); i >= 0 {
		w.pending[i] = e
	} else {
		w.pending = append(w.pending, e)
	}
	select {
	case w.wake <- struct{}{}:
	default:
	}
}
