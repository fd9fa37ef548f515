// SPDX-License-Identifier: Apache-2.0

package fleettest

import (
	"bytes"
	"context"
	"errors"
	"iter"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/participant-go/connectparticipant/fleet"
)

// broken is a store with one or more broken methods.
type broken struct {
	fleet.Store
	get    func(ctx context.Context, key string) ([]byte, uint64, error)
	put    func(ctx context.Context, key string, value []byte, rev uint64, ttl time.Duration) (uint64, error)
	delete func(ctx context.Context, key string, rev uint64) error
	list   func(ctx context.Context, prefix string) iter.Seq2[fleet.Entry, error]
	watch  func(ctx context.Context, prefix string) iter.Seq2[fleet.Entry, error]
}

func (b *broken) Get(ctx context.Context, key string) ([]byte, uint64, error) {
	if b.get != nil {
		return b.get(ctx, key)
	}
	return b.Store.Get(ctx, key)
}

func (b *broken) Put(ctx context.Context, key string, value []byte, rev uint64, ttl time.Duration) (uint64, error) {
	if b.put != nil {
		return b.put(ctx, key, value, rev, ttl)
	}
	return b.Store.Put(ctx, key, value, rev, ttl)
}

func (b *broken) Delete(ctx context.Context, key string, rev uint64) error {
	if b.delete != nil {
		return b.delete(ctx, key, rev)
	}
	return b.Store.Delete(ctx, key, rev)
}

func (b *broken) List(ctx context.Context, prefix string) iter.Seq2[fleet.Entry, error] {
	if b.list != nil {
		return b.list(ctx, prefix)
	}
	return b.Store.List(ctx, prefix)
}

func (b *broken) Watch(ctx context.Context, prefix string) iter.Seq2[fleet.Entry, error] {
	if b.watch != nil {
		return b.watch(ctx, prefix)
	}
	return b.Store.Watch(ctx, prefix)
}

// mutants break a store in one way each.
var mutants = map[string]func(b *broken){
	"Put ignores the revision": func(b *broken) {
		b.put = func(ctx context.Context, key string, value []byte, _ uint64, ttl time.Duration) (uint64, error) {
			_, rev, _ := b.Store.Get(ctx, key)
			return b.Store.Put(ctx, key, value, rev, ttl)
		}
	},
	"Put creates over a record": func(b *broken) {
		b.put = func(ctx context.Context, key string, value []byte, rev uint64, ttl time.Duration) (uint64, error) {
			if rev == 0 {
				_, rev, _ = b.Store.Get(ctx, key)
			}
			return b.Store.Put(ctx, key, value, rev, ttl)
		}
	},
	"Put creates at a revision": func(b *broken) {
		b.put = func(ctx context.Context, key string, value []byte, rev uint64, ttl time.Duration) (uint64, error) {
			if _, _, err := b.Store.Get(ctx, key); errors.Is(err, fleet.ErrNotFound) {
				rev = 0
			}
			return b.Store.Put(ctx, key, value, rev, ttl)
		}
	},
	"Put compares and sets in two steps": func(b *broken) {
		b.put = func(ctx context.Context, key string, value []byte, rev uint64, ttl time.Duration) (uint64, error) {
			_, now, _ := b.Store.Get(ctx, key)
			if now != rev {
				return 0, fleet.ErrConflict
			}
			<-time.After(time.Millisecond)
			_, now, _ = b.Store.Get(ctx, key)
			return b.Store.Put(ctx, key, value, now, ttl)
		}
	},
	"Put fails with another error": func(b *broken) {
		b.put = func(ctx context.Context, key string, value []byte, rev uint64, ttl time.Duration) (uint64, error) {
			rev, err := b.Store.Put(ctx, key, value, rev, ttl)
			if errors.Is(err, fleet.ErrConflict) {
				err = errors.New("conflict")
			}
			return rev, err
		}
	},
	"Put truncates a value": func(b *broken) {
		b.put = func(ctx context.Context, key string, value []byte, rev uint64, ttl time.Duration) (uint64, error) {
			return b.Store.Put(ctx, key, value[:min(len(value), 64<<10)], rev, ttl)
		}
	},
	"values are text": func(b *broken) {
		b.put = func(ctx context.Context, key string, value []byte, rev uint64, ttl time.Duration) (uint64, error) {
			return b.Store.Put(ctx, key, bytes.ToValidUTF8(value, []byte("?")), rev, ttl)
		}
	},
	"an empty value is no record": func(b *broken) {
		b.get = func(ctx context.Context, key string) ([]byte, uint64, error) {
			value, rev, err := b.Store.Get(ctx, key)
			if err == nil && len(value) == 0 {
				return nil, 0, fleet.ErrNotFound
			}
			return value, rev, err
		}
	},
	"keys are in lower case": func(b *broken) {
		b.get = func(ctx context.Context, key string) ([]byte, uint64, error) {
			return b.Store.Get(ctx, strings.ToLower(key))
		}
		b.put = func(ctx context.Context, key string, value []byte, rev uint64, ttl time.Duration) (uint64, error) {
			return b.Store.Put(ctx, strings.ToLower(key), value, rev, ttl)
		}
	},
	"a long key fails": func(b *broken) {
		b.put = func(ctx context.Context, key string, value []byte, rev uint64, ttl time.Duration) (uint64, error) {
			if len(key) > 255 {
				return 0, errors.New("too long")
			}
			return b.Store.Put(ctx, key, value, rev, ttl)
		}
	},
	"two dots fail": func(b *broken) {
		b.put = func(ctx context.Context, key string, value []byte, rev uint64, ttl time.Duration) (uint64, error) {
			if strings.Contains(key, "..") {
				return 0, errors.New("invalid")
			}
			return b.Store.Put(ctx, key, value, rev, ttl)
		}
	},
	"revisions restart after a delete": func(b *broken) {
		revs := &counting{b: b, real: map[string]map[uint64]uint64{}}
		b.get, b.put, b.delete, b.list, b.watch = revs.get, revs.put, revs.delete, nil, nil
	},
	"Put keeps the caller's slice": func(b *broken) { alias(b, true) },
	"Get returns its own slice":    func(b *broken) { alias(b, false) },

	"Get returns an earlier value": func(b *broken) {
		before := &remembering{values: map[string]fleet.Entry{}}
		b.put = func(ctx context.Context, key string, value []byte, rev uint64, ttl time.Duration) (uint64, error) {
			before.remember(ctx, b.Store, key)
			return b.Store.Put(ctx, key, value, rev, ttl)
		}
		b.get = func(ctx context.Context, key string) ([]byte, uint64, error) {
			if e, ok := before.take(key); ok {
				return e.Value, e.Rev, nil
			}
			return b.Store.Get(ctx, key)
		}
	},
	"Get finds nothing without an error": func(b *broken) {
		b.get = func(ctx context.Context, key string) ([]byte, uint64, error) {
			value, rev, err := b.Store.Get(ctx, key)
			if errors.Is(err, fleet.ErrNotFound) {
				err = nil
			}
			return value, rev, err
		}
	},
	"Delete ignores the revision": func(b *broken) {
		b.delete = func(ctx context.Context, key string, _ uint64) error { return b.Store.Delete(ctx, key, 0) }
	},
	"Delete does nothing": func(b *broken) { b.delete = func(context.Context, string, uint64) error { return nil } },
	"Delete needs a record": func(b *broken) {
		b.delete = func(ctx context.Context, key string, rev uint64) error {
			if _, _, err := b.Store.Get(ctx, key); err != nil {
				return fleet.ErrConflict
			}
			return b.Store.Delete(ctx, key, rev)
		}
	},
	"Delete with 0 needs revision 0": func(b *broken) {
		b.delete = func(ctx context.Context, key string, rev uint64) error {
			if _, _, err := b.Store.Get(ctx, key); err == nil && rev == 0 {
				return fleet.ErrConflict
			}
			return b.Store.Delete(ctx, key, rev)
		}
	},
	"calls continue after the end of their context": func(b *broken) {
		b.get = func(ctx context.Context, key string) ([]byte, uint64, error) {
			return b.Store.Get(context.WithoutCancel(ctx), key)
		}
	},
	"Put continues after the end of its context": func(b *broken) {
		b.put = func(ctx context.Context, key string, value []byte, rev uint64, ttl time.Duration) (uint64, error) {
			return b.Store.Put(context.WithoutCancel(ctx), key, value, rev, ttl)
		}
	},
	"Delete continues after the end of its context": func(b *broken) {
		b.delete = func(ctx context.Context, key string, rev uint64) error {
			return b.Store.Delete(context.WithoutCancel(ctx), key, rev)
		}
	},

	"List yields only the first page": listing(func(entries []fleet.Entry) []fleet.Entry { return entries[:min(len(entries), 100)] }),
	"List yields twice":               listing(func(entries []fleet.Entry) []fleet.Entry { return append(entries, entries...) }),
	"List yields no values": listing(func(entries []fleet.Entry) []fleet.Entry {
		for i := range entries {
			entries[i].Value = nil
		}
		return entries
	}),
	"List yields no revisions": listing(func(entries []fleet.Entry) []fleet.Entry {
		for i := range entries {
			entries[i].Rev = 0
		}
		return entries
	}),
	"List matches the beginning of a part": func(b *broken) {
		b.list = func(ctx context.Context, prefix string) iter.Seq2[fleet.Entry, error] {
			return b.Store.List(ctx, strings.TrimSuffix(prefix, "/"))
		}
	},
	"List continues after the end of its context": func(b *broken) {
		b.list = func(ctx context.Context, prefix string) iter.Seq2[fleet.Entry, error] {
			return b.Store.List(context.WithoutCancel(ctx), prefix)
		}
	},
	"List ends without its error": func(b *broken) {
		b.list = func(ctx context.Context, prefix string) iter.Seq2[fleet.Entry, error] {
			return quiet(b.Store.List(ctx, prefix))
		}
	},
	"List yields the result of an earlier List": func(b *broken) {
		var mu sync.Mutex
		listed := map[string][]fleet.Entry{}
		b.list = func(ctx context.Context, prefix string) iter.Seq2[fleet.Entry, error] {
			mu.Lock()
			defer mu.Unlock()
			before := listed[prefix]
			listed[prefix] = collect(b.Store.List(ctx, prefix))
			if before == nil {
				before = listed[prefix]
			}
			return of(before)
		}
	},

	"Watch matches the beginning of a part": func(b *broken) {
		b.watch = func(ctx context.Context, prefix string) iter.Seq2[fleet.Entry, error] {
			return b.Store.Watch(ctx, strings.TrimSuffix(prefix, "/"))
		}
	},
	"Watch yields no existing records": func(b *broken) {
		b.watch = func(ctx context.Context, prefix string) iter.Seq2[fleet.Entry, error] {
			here := map[uint64]bool{}
			for _, e := range collect(b.Store.List(ctx, prefix)) {
				here[e.Rev] = true
			}
			return keep(b.Store.Watch(ctx, prefix), func(e fleet.Entry) bool { return e.Gone || !here[e.Rev] })
		}
	},
	"Watch yields no changes": func(b *broken) {
		b.watch = func(ctx context.Context, prefix string) iter.Seq2[fleet.Entry, error] {
			here := map[uint64]bool{}
			for _, e := range collect(b.Store.List(ctx, prefix)) {
				here[e.Rev] = true
			}
			return keep(b.Store.Watch(ctx, prefix), func(e fleet.Entry) bool { return here[e.Rev] })
		}
	},
	"Watch yields each record once": leavingOut(func() func(e fleet.Entry) bool {
		yielded := map[string]bool{}
		return func(e fleet.Entry) bool {
			defer func() { yielded[e.Key] = true }()
			return !yielded[e.Key]
		}
	}),
	"Watch doesn't yield deletions": leavingOut(func() func(e fleet.Entry) bool {
		return func(e fleet.Entry) bool { return !e.Gone }
	}),
	"Watch yields a value with a deletion": func(b *broken) {
		b.watch = func(ctx context.Context, prefix string) iter.Seq2[fleet.Entry, error] {
			return altered(b.Store.Watch(ctx, prefix), func(e *fleet.Entry) {
				if e.Gone {
					e.Value = []byte("old")
				}
			})
		}
	},
	"Watch yields earlier deletions": func(b *broken) {
		var deleted sync.Map
		b.delete = func(ctx context.Context, key string, rev uint64) error {
			deleted.Store(key, true)
			return b.Store.Delete(ctx, key, rev)
		}
		b.watch = func(ctx context.Context, prefix string) iter.Seq2[fleet.Entry, error] {
			return func(yield func(fleet.Entry, error) bool) {
				goes := true
				deleted.Range(func(key, _ any) bool {
					goes = !strings.HasPrefix(key.(string), prefix) || yield(fleet.Entry{Key: key.(string), Gone: true}, nil)
					return goes
				})
				if goes {
					b.Store.Watch(ctx, prefix)(yield)
				}
			}
		}
	},
	"Watch yields records again": func(b *broken) {
		b.watch = func(ctx context.Context, prefix string) iter.Seq2[fleet.Entry, error] {
			return polling(ctx, b.Store, prefix, time.Second, func(fleet.Entry, time.Duration) bool { return false })
		}
	},
	"Watch yields values out of order": func(b *broken) {
		b.watch = func(ctx context.Context, prefix string) iter.Seq2[fleet.Entry, error] {
			return func(yield func(fleet.Entry, error) bool) {
				last := map[string]fleet.Entry{}
				for e, err := range b.Store.Watch(ctx, prefix) {
					if !yield(e, err) {
						return
					}
					if old, ok := last[e.Key]; ok && !yield(old, nil) {
						return
					}
					last[e.Key] = e
					if !yield(e, err) {
						return
					}
				}
			}
		}
	},
	"Watch misses changes during the loop's body": func(b *broken) {
		b.watch = func(ctx context.Context, prefix string) iter.Seq2[fleet.Entry, error] {
			return func(yield func(fleet.Entry, error) bool) {
				for _, e := range collect(b.Store.List(ctx, prefix)) {
					if !yield(e, nil) {
						return
					}
				}
				here := map[uint64]bool{}
				for _, e := range collect(b.Store.List(ctx, prefix)) {
					here[e.Rev] = true
				}
				keep(b.Store.Watch(ctx, prefix), func(e fleet.Entry) bool { return e.Gone || !here[e.Rev] })(yield)
			}
		}
	},
	"one at a time watches": func(b *broken) {
		one := make(chan struct{}, 1)
		b.watch = func(ctx context.Context, prefix string) iter.Seq2[fleet.Entry, error] {
			return func(yield func(fleet.Entry, error) bool) {
				select {
				case one <- struct{}{}:
					defer func() { <-one }()
					b.Store.Watch(ctx, prefix)(yield)
				case <-ctx.Done():
					yield(fleet.Entry{}, ctx.Err())
				}
			}
		}
	},
	"Watch ends without its error": func(b *broken) {
		b.watch = func(ctx context.Context, prefix string) iter.Seq2[fleet.Entry, error] {
			return quiet(b.Store.Watch(ctx, prefix))
		}
	},
	"Watch ends with another error": func(b *broken) {
		b.watch = func(ctx context.Context, prefix string) iter.Seq2[fleet.Entry, error] {
			return func(yield func(fleet.Entry, error) bool) {
				for e, err := range b.Store.Watch(ctx, prefix) {
					if err != nil {
						err = errors.New("closed")
					}
					if !yield(e, err) {
						return
					}
				}
			}
		}
	},
	"Watch ends after a second": func(b *broken) {
		b.watch = func(ctx context.Context, prefix string) iter.Seq2[fleet.Entry, error] {
			ctx, cancel := context.WithTimeout(ctx, time.Second)
			return func(yield func(fleet.Entry, error) bool) {
				defer cancel()
				b.Store.Watch(ctx, prefix)(yield)
			}
		}
	},
	"Watch continues after the end of its context": func(b *broken) {
		b.watch = func(ctx context.Context, prefix string) iter.Seq2[fleet.Entry, error] {
			ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Minute)
			return func(yield func(fleet.Entry, error) bool) {
				defer cancel()
				b.Store.Watch(ctx, prefix)(yield)
			}
		}
	},

	"records expire early": ttls(func(ttl time.Duration) time.Duration { return ttl * 9 / 10 }),
	"records expire late":  ttls(func(ttl time.Duration) time.Duration { return ttl + notice + time.Second }),
	"records don't expire": ttls(func(time.Duration) time.Duration { return 0 }),
	"records always expire": ttls(func(ttl time.Duration) time.Duration {
		if ttl == 0 {
			return 2 * time.Second
		}
		return ttl
	}),
	"a ttl is never removed": func(b *broken) {
		var ttls sync.Map
		b.put = func(ctx context.Context, key string, value []byte, rev uint64, ttl time.Duration) (uint64, error) {
			if old, ok := ttls.Load(key); ok && ttl == 0 {
				ttl = old.(time.Duration)
			} else if ttl != 0 {
				ttls.Store(key, ttl)
			}
			return b.Store.Put(ctx, key, value, rev, ttl)
		}
	},
	"the first Put alone sets the expiry": func(b *broken) {
		var until sync.Map
		b.put = func(ctx context.Context, key string, value []byte, rev uint64, ttl time.Duration) (uint64, error) {
			if ttl > 0 {
				at, _ := until.LoadOrStore(key, time.Now().Add(ttl))
				ttl = max(time.Until(at.(time.Time)), time.Millisecond)
			}
			return b.Store.Put(ctx, key, value, rev, ttl)
		}
	},
	"a Put that conflicts renews": func(b *broken) {
		b.put = func(ctx context.Context, key string, value []byte, rev uint64, ttl time.Duration) (uint64, error) {
			next, err := b.Store.Put(ctx, key, value, rev, ttl)
			if old, now, getErr := b.Store.Get(ctx, key); errors.Is(err, fleet.ErrConflict) && getErr == nil {
				_, _ = b.Store.Put(ctx, key, old, now, time.Minute)
			}
			return next, err
		}
	},
	"Get renews": func(b *broken) {
		b.get = func(ctx context.Context, key string) ([]byte, uint64, error) {
			value, rev, err := b.Store.Get(ctx, key)
			if err == nil {
				rev, err = b.Store.Put(ctx, key, value, rev, time.Minute)
			}
			return value, rev, err
		}
	},
	"expiry isn't noticed by who watches": leavingOut(func() func(e fleet.Entry) bool {
		began := time.Now()
		return func(e fleet.Entry) bool { return !e.Gone || time.Since(began) < time.Second }
	}),
	"expired records are still readable": func(b *broken) {
		b.put = func(ctx context.Context, key string, value []byte, rev uint64, _ time.Duration) (uint64, error) {
			return b.Store.Put(ctx, key, value, rev, 0)
		}
		b.watch = func(ctx context.Context, prefix string) iter.Seq2[fleet.Entry, error] {
			return polling(ctx, b.Store, prefix, 500*time.Millisecond, func(e fleet.Entry, same time.Duration) bool {
				return same >= 2*time.Second && !strings.HasSuffix(e.Key, "stays")
			})
		}
	},
}

// listing changes the result of List.
func listing(f func(entries []fleet.Entry) []fleet.Entry) func(b *broken) {
	return func(b *broken) {
		b.list = func(ctx context.Context, prefix string) iter.Seq2[fleet.Entry, error] {
			if ctx.Err() != nil {
				return b.Store.List(ctx, prefix)
			}
			return of(f(collect(b.Store.List(ctx, prefix))))
		}
	}
}

// leavingOut omits some entries of Watch.
func leavingOut(filter func() func(e fleet.Entry) bool) func(b *broken) {
	return func(b *broken) {
		b.watch = func(ctx context.Context, prefix string) iter.Seq2[fleet.Entry, error] {
			return keep(b.Store.Watch(ctx, prefix), filter())
		}
	}
}

// ttls changes the ttl of each Put.
func ttls(f func(ttl time.Duration) time.Duration) func(b *broken) {
	return func(b *broken) {
		b.put = func(ctx context.Context, key string, value []byte, rev uint64, ttl time.Duration) (uint64, error) {
			return b.Store.Put(ctx, key, value, rev, f(ttl))
		}
	}
}

func collect(seq iter.Seq2[fleet.Entry, error]) (entries []fleet.Entry) {
	for e, err := range seq {
		if err != nil {
			break
		}
		entries = append(entries, e)
	}
	return entries
}

func of(entries []fleet.Entry) iter.Seq2[fleet.Entry, error] {
	return func(yield func(fleet.Entry, error) bool) {
		for _, e := range entries {
			if !yield(e, nil) {
				return
			}
		}
	}
}

func keep(seq iter.Seq2[fleet.Entry, error], keep func(e fleet.Entry) bool) iter.Seq2[fleet.Entry, error] {
	return func(yield func(fleet.Entry, error) bool) {
		for e, err := range seq {
			if (err != nil || keep(e)) && !yield(e, err) {
				return
			}
		}
	}
}

// altered changes the entries of Watch.
func altered(seq iter.Seq2[fleet.Entry, error], change func(e *fleet.Entry)) iter.Seq2[fleet.Entry, error] {
	return keep(func(yield func(fleet.Entry, error) bool) {
		for e, err := range seq {
			change(&e)
			if !yield(e, err) {
				return
			}
		}
	}, func(fleet.Entry) bool { return true })
}

// quiet omits errors.
func quiet(seq iter.Seq2[fleet.Entry, error]) iter.Seq2[fleet.Entry, error] {
	return func(yield func(fleet.Entry, error) bool) {
		for e, err := range seq {
			if err != nil || !yield(e, err) {
				return
			}
		}
	}
}

// polling yields every record at each poll, and a record that is gone according to expired once.
func polling(ctx context.Context, store fleet.Store, prefix string, each time.Duration, expired func(e fleet.Entry, same time.Duration) bool) iter.Seq2[fleet.Entry, error] {
	return func(yield func(fleet.Entry, error) bool) {
		first, gone := map[uint64]time.Time{}, map[uint64]bool{}
		for {
			for _, e := range collect(store.List(ctx, prefix)) {
				if _, ok := first[e.Rev]; !ok {
					first[e.Rev] = time.Now()
				}
				if gone[e.Rev] {
					continue
				}
				if gone[e.Rev] = expired(e, time.Since(first[e.Rev])); gone[e.Rev] {
					e = fleet.Entry{Key: e.Key, Gone: true}
				}
				if !yield(e, nil) {
					return
				}
			}
			select {
			case <-time.After(each):
			case <-ctx.Done():
				yield(fleet.Entry{}, ctx.Err())
				return
			}
		}
	}
}

// alias makes a store share slices with its callers.
func alias(b *broken, puts bool) {
	var slices sync.Map
	b.put = func(ctx context.Context, key string, value []byte, rev uint64, ttl time.Duration) (uint64, error) {
		next, err := b.Store.Put(ctx, key, value, rev, ttl)
		if err == nil && !puts {
			value = bytes.Clone(value)
		}
		if err == nil {
			slices.Store(next, value)
		}
		return next, err
	}
	b.get = func(ctx context.Context, key string) ([]byte, uint64, error) {
		value, rev, err := b.Store.Get(ctx, key)
		if shared, ok := slices.Load(rev); ok && err == nil {
			value = shared.([]byte)
		}
		return value, rev, err
	}
}

// remembering remembers earlier records for one Get.
type remembering struct {
	mu     sync.Mutex
	values map[string]fleet.Entry
}

func (r *remembering) remember(ctx context.Context, store fleet.Store, key string) {
	value, rev, err := store.Get(ctx, key)
	r.mu.Lock()
	defer r.mu.Unlock()
	if err == nil {
		r.values[key] = fleet.Entry{Key: key, Value: value, Rev: rev}
	}
}

func (r *remembering) take(key string) (fleet.Entry, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	e, ok := r.values[key]
	delete(r.values, key)
	return e, ok
}

// counting numbers the revisions of each record from 1, and again after a delete.
type counting struct {
	b    *broken
	mu   sync.Mutex
	real map[string]map[uint64]uint64
}

func (c *counting) get(ctx context.Context, key string) ([]byte, uint64, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	value, rev, err := c.b.Store.Get(ctx, key)
	for counted := range maps.Keys(c.real[key]) {
		if c.real[key][counted] == rev {
			rev = counted
		}
	}
	return value, rev, err
}

func (c *counting) put(ctx context.Context, key string, value []byte, rev uint64, ttl time.Duration) (uint64, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if rev == 0 {
		c.real[key] = map[uint64]uint64{}
	} else if c.real[key][rev] == 0 {
		return 0, fleet.ErrConflict
	}
	next, err := c.b.Store.Put(ctx, key, value, c.real[key][rev], ttl)
	if err != nil {
		return 0, err
	}
	counted := uint64(len(c.real[key]) + 1)
	c.real[key][counted] = next
	return counted, nil
}

func (c *counting) delete(ctx context.Context, key string, rev uint64) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if rev != 0 {
		revs := slices.Collect(maps.Keys(c.real[key]))
		if !slices.Contains(revs, rev) {
			return fleet.ErrConflict
		}
		rev = c.real[key][rev]
	}
	return c.b.Store.Delete(ctx, key, rev)
}
