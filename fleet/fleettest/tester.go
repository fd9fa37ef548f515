// SPDX-License-Identifier: Apache-2.0

package fleettest

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/participant-go/connectparticipant/fleet"
)

// tester is a store under test. Its methods fail the test if the store misbehaves.
type tester struct {
	testing.TB
	fleet.Store
}

func (t tester) put(key, value string, rev uint64, ttl time.Duration) uint64 {
	t.Helper()
	next, err := t.Put(t.Context(), key, []byte(value), rev, ttl)
	if err != nil {
		t.Fatalf("put %s at revision %d: %v", key, rev, err)
	}
	if next == 0 || next == rev {
		t.Fatalf("put %s at revision %d: the new revision is %d", key, rev, next)
	}
	return next
}

func (t tester) putConflicts(key string, rev uint64) {
	t.Helper()
	if next, err := t.Put(t.Context(), key, []byte("must not be written"), rev, 0); !errors.Is(err, fleet.ErrConflict) {
		t.Fatalf("put %s at revision %d: want ErrConflict, got revision %d, error %v", key, rev, next, err)
	}
}

func (t tester) delete(key string, rev uint64) {
	t.Helper()
	if err := t.Delete(t.Context(), key, rev); err != nil {
		t.Fatalf("delete %s at revision %d: %v", key, rev, err)
	}
}

// has requires a record to have a value and a revision.
func (t tester) has(key, want string, wantRev uint64) {
	t.Helper()
	value, rev, err := t.Get(t.Context(), key)
	if err != nil || string(value) != want || rev != wantRev {
		t.Fatalf("get %s: want %q at revision %d, got %q at revision %d, error %v", key, brief(want), wantRev, brief(string(value)), rev, err)
	}
}

// hasNot requires that a record doesn't exist.
func (t tester) hasNot(key string) {
	t.Helper()
	if value, rev, err := t.Get(t.Context(), key); !errors.Is(err, fleet.ErrNotFound) {
		t.Fatalf("get %s: want ErrNotFound, got %q at revision %d, error %v", key, brief(string(value)), rev, err)
	}
}

// list returns the values under a prefix by key.
func (t tester) list(prefix string) map[string]string {
	t.Helper()
	values := map[string]string{}
	for e, err := range t.List(t.Context(), prefix) {
		if err != nil {
			t.Fatalf("list %s: %v", prefix, err)
		}
		if _, twice := values[e.Key]; twice {
			t.Fatalf("list %s: %s is yielded twice", prefix, e.Key)
		}
		if e.Gone || e.Rev == 0 {
			t.Fatalf("list %s: %s has revision %d, Gone %v", prefix, e.Key, e.Rev, e.Gone)
		}
		values[e.Key] = string(e.Value)
	}
	return values
}

// pause waits, and fails the test if that ends.
func (t tester) pause(d time.Duration) {
	t.Helper()
	select {
	case <-time.After(d):
	case <-t.Context().Done():
		t.Fatalf("the test has ended")
	}
}

// all calls f n times concurrently and returns the errors.
func all(n int, f func(i int) error) []error {
	var wg sync.WaitGroup
	errs := make([]error, n)
	for i := range n {
		wg.Go(func() { errs[i] = f(i) })
	}
	wg.Wait()
	return errs
}

// seen is an entry that Watch yielded.
type seen struct {
	fleet.Entry
	at time.Time
}

// watching is a running loop over Watch.
type watching struct {
	t       tester
	cancel  context.CancelFunc
	changed chan struct{} // holds one if there are new entries
	ended   chan struct{}

	mu   sync.Mutex
	seen []seen
	errs []error
}

// watch loops over Watch until the test ends.
func (t tester) watch(prefix string) *watching {
	ctx, cancel := context.WithCancel(t.Context())
	w := &watching{t: t, cancel: cancel, changed: make(chan struct{}, 1), ended: make(chan struct{})}
	go func() {
		defer close(w.ended)
		for e, err := range t.Watch(ctx, prefix) {
			w.add(e, err)
		}
	}()
	t.Cleanup(func() { w.end() })
	return w
}

// end cancels the loop's context, waits until it ends and returns the errors that it yielded.
func (w *watching) end() []error {
	w.t.Helper()
	w.cancel()
	select {
	case <-w.ended:
	case <-time.After(patience):
		w.t.Fatalf("watch continues after the end of its context")
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.errs
}

func (w *watching) add(e fleet.Entry, err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if err != nil {
		w.errs = append(w.errs, err)
	} else {
		w.seen = append(w.seen, seen{e, time.Now()})
	}
	select {
	case w.changed <- struct{}{}:
	default:
	}
}

// of returns the yielded entries of a key.
func (w *watching) of(key string) []seen {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.DeleteFunc(slices.Clone(w.seen), func(s seen) bool { return s.Key != key })
}

// keys returns the keys of the yielded entries.
func (w *watching) keys() map[string]bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	keys := map[string]bool{}
	for _, s := range w.seen {
		keys[s.Key] = true
	}
	return keys
}

// until waits until the newest entry of a key meets ok.
func (w *watching) until(within time.Duration, key, what string, ok func(s seen) bool) seen {
	w.t.Helper()
	timeout := time.After(within)
	for {
		if of := w.of(key); len(of) > 0 && ok(of[len(of)-1]) {
			return of[len(of)-1]
		}
		select {
		case <-w.changed:
		case <-w.ended:
			w.t.Fatalf("watch ended by itself: %v", w.end())
		case <-timeout:
			w.t.Fatalf("watch did not yield %s %s within %v, but %v", key, what, within, w.of(key))
		}
	}
}

func (w *watching) untilValue(key, value string, rev uint64) {
	w.t.Helper()
	w.until(patience, key, brief(value), func(s seen) bool { return !s.Gone && string(s.Value) == value && s.Rev == rev })
}

func (w *watching) untilGone(within time.Duration, key string) seen {
	w.t.Helper()
	s := w.until(within, key, "as gone", func(s seen) bool { return s.Gone })
	if s.Value != nil {
		w.t.Fatalf("watch: %s is gone, but has a value", key)
	}
	return s
}

// brief shortens a value for a message.
func brief(value string) string {
	if len(value) > 64 {
		return value[:64] + "…"
	}
	return value
}
