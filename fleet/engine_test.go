// SPDX-License-Identifier: Apache-2.0

package fleet_test

import (
	"context"
	"errors"
	"iter"
	"maps"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/participant-go/connectparticipant/fleet"
)

var (
	errAway = errors.New("the engine is unreachable")
	errLink = errors.New("the connection to the engine was lost")
)

// engine is an engine that can become unreachable and lose records.
type engine struct {
	mu      sync.Mutex
	records fleet.Store
	ctx     context.Context // ends the watches
	end     context.CancelFunc
	away    bool
	puts    map[string]int // by the first part of the key
	onPut   func(key string, value []byte)
}

func newEngine() *engine {
	e := &engine{records: fleet.Memory(), puts: map[string]int{}}
	e.ctx, e.end = context.WithCancel(context.Background())
	return e
}

// stop makes the engine unreachable, and start makes it reachable again.
func (e *engine) stop() { e.change(true, nil) }

func (e *engine) start() { e.change(false, nil) }

// restartFrom restarts the engine with other records.
func (e *engine) restartFrom(records fleet.Store) { e.change(false, records) }

func (e *engine) change(away bool, records fleet.Store) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.away = away; records != nil {
		e.records = records
	}
	e.end()
	e.ctx, e.end = context.WithCancel(context.Background())
}

// snapshot copies the records. Those with a ttl have one of 6 s in the copy.
func (e *engine) snapshot() fleet.Store {
	copied := fleet.Memory()
	records, _, _ := e.now()
	for entry, err := range records.List(context.Background(), "") {
		ttl := time.Duration(0)
		if key := entry.Key; len(key) > 6 && (key[:6] == "member" || key[:5] == "inbox") {
			ttl = 6 * time.Second
		}
		if err == nil {
			_, _ = copied.Put(context.Background(), entry.Key, entry.Value, 0, ttl)
		}
	}
	return copied
}

func (e *engine) now() (records fleet.Store, ctx context.Context, away bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.records, e.ctx, e.away
}

func (e *engine) countPut(key string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	for i := range key {
		if key[i] == '/' {
			e.puts[key[:i]]++
			return
		}
	}
}

// setOnPut makes the engine call do after each Put.
func (e *engine) setOnPut(do func(key string, value []byte)) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.onPut = do
}

func (e *engine) wasPut(key string, value []byte) {
	e.mu.Lock()
	do := e.onPut
	e.mu.Unlock()
	if do != nil {
		do(key, value)
	}
}

// allPuts returns the number of writes, by the first part of the key.
func (e *engine) allPuts() map[string]int {
	e.mu.Lock()
	defer e.mu.Unlock()
	return maps.Clone(e.puts)
}

// link is one member's connection to the engine.
type link struct {
	*engine

	linkMu  sync.Mutex
	random  *rand.Rand
	cut     bool          // no call gets through
	faults  linkFaults    // of each call
	longest time.Duration // the longest delay
	late    sync.WaitGroup
}

// linkFaults are the probabilities of faults of a call. delay delays the call, and delayResult its
// result.
type linkFaults struct{ fail, loseResult, delay, delayResult, writeLate, slowPut float64 }

func (e *engine) link(seed uint64) *link {
	return &link{engine: e, random: rand.New(rand.NewPCG(seed, 7)), longest: 1500 * time.Millisecond}
}

func (l *link) setCut(cut bool) {
	l.linkMu.Lock()
	defer l.linkMu.Unlock()
	l.cut = cut
}

func (l *link) setFaults(f linkFaults) {
	l.linkMu.Lock()
	defer l.linkMu.Unlock()
	l.faults = f
}

// outcome is what happens to one call.
type outcome struct {
	cut, fail, loseResult, writeLate, slowPut bool
	delay, delayResult                        time.Duration
}

func (l *link) next() outcome {
	l.linkMu.Lock()
	defer l.linkMu.Unlock()
	hit := func(chance float64) bool { return chance > 0 && l.random.Float64() < chance }
	f := outcome{cut: l.cut, fail: hit(l.faults.fail), loseResult: hit(l.faults.loseResult), writeLate: hit(l.faults.writeLate), slowPut: hit(l.faults.slowPut)}
	if hit(l.faults.delay) {
		f.delay = time.Duration(l.random.Int64N(int64(l.longest)))
	}
	if hit(l.faults.delayResult) {
		f.delayResult = time.Duration(l.random.Int64N(int64(l.longest)))
	}
	return f
}

// pass passes a call on, perhaps late, or fails it.
func (l *link) pass(ctx context.Context) (fleet.Store, outcome, error) {
	f := l.next()
	if f.cut {
		<-ctx.Done()
		return nil, f, ctx.Err()
	}
	if !l.wait(ctx, f.delay) {
		return nil, f, ctx.Err()
	}
	records, _, away := l.now()
	switch {
	case away:
		return nil, f, errAway
	case f.fail:
		return nil, f, errLink
	}
	return records, f, nil
}

// wait waits for d, if it isn't 0, and reports whether ctx is still live.
func (*link) wait(ctx context.Context, d time.Duration) bool {
	if d == 0 {
		return true
	}
	select {
	case <-time.After(d):
		return true
	case <-ctx.Done():
		return false
	}
}

func (l *link) Get(ctx context.Context, key string) (value []byte, rev uint64, err error) {
	records, f, err := l.pass(ctx)
	if err != nil {
		return nil, 0, err
	}
	value, rev, err = records.Get(ctx, key)
	if !l.wait(ctx, f.delayResult) {
		return nil, 0, ctx.Err()
	}
	return value, rev, err
}

func (l *link) Put(ctx context.Context, key string, value []byte, rev uint64, ttl time.Duration) (uint64, error) {
	records, f, err := l.pass(ctx)
	if err != nil {
		return 0, err
	}
	if f.writeLate {
		l.late.Go(func() {
			<-time.After(f.delay + 500*time.Millisecond)
			_, _ = records.Put(context.Background(), key, value, rev, ttl)
		})
		return 0, errLink
	}
	if f.slowPut {
		<-time.After(500 * time.Millisecond)
	}
	l.countPut(key)
	rev, err = records.Put(ctx, key, value, rev, ttl)
	if err == nil {
		l.wasPut(key, value)
	}
	if f.loseResult {
		return 0, errLink
	}
	if !l.wait(ctx, f.delayResult) {
		return 0, ctx.Err()
	}
	return rev, err
}

func (l *link) Delete(ctx context.Context, key string, rev uint64) error {
	records, f, err := l.pass(ctx)
	if err != nil {
		return err
	}
	if err = records.Delete(ctx, key, rev); f.loseResult {
		return errLink
	}
	if !l.wait(ctx, f.delayResult) {
		return ctx.Err()
	}
	return err
}

func (l *link) List(ctx context.Context, prefix string) iter.Seq2[fleet.Entry, error] {
	return func(yield func(fleet.Entry, error) bool) {
		records, _, err := l.pass(ctx)
		if err != nil {
			yield(fleet.Entry{}, err)
			return
		}
		records.List(ctx, prefix)(yield)
	}
}

func (l *link) Watch(ctx context.Context, prefix string) iter.Seq2[fleet.Entry, error] {
	return func(yield func(fleet.Entry, error) bool) {
		records, life, away := l.now()
		if away || l.next().cut {
			yield(fleet.Entry{}, errAway)
			return
		}
		ctx, cancel := context.WithCancel(ctx)
		defer cancel()
		defer context.AfterFunc(life, cancel)()
		for entry, err := range records.Watch(ctx, prefix) {
			if err == nil && l.next().cut {
				err = errLink
			}
			if err != nil {
				yield(fleet.Entry{}, errLink)
				return
			}
			if !yield(entry, nil) {
				return
			}
		}
	}
}
