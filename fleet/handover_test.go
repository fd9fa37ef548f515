// SPDX-License-Identifier: Apache-2.0

package fleet_test

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/participant-go/connectparticipant/chat"
	"github.com/participant-go/connectparticipant/fleet"
	"github.com/participant-go/connectparticipant/participanttest"
)

// A hand-over whose result is unknown may have been written, or may still be. The member that began
// it handles no events until it knows.
func TestHandOverWithUnknownResult(t *testing.T) {
	t.Parallel()
	for name, written := range map[string]time.Duration{"written": 0, "written late": 2 * time.Second, "not written": -1} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inWorld(t, func(w *world) {
				h := &hooks{}
				a := w.joinThrough("a", h)
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
						if written == 0 {
							_, _ = h.Store.Put(ctx, key, value, rev, ttl)
						} else if written > 0 {
							time.AfterFunc(written, func() { _, _ = h.Store.Put(context.Background(), key, value, rev, ttl) })
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
				if written >= 0 {
					require.Equal(w.t, 1, b.Stats().Held)
				}
				w.requireHandled(1)
			})
		})
	}
}

// When ctx ends, Drain also hands over chats with busy handlers, although it closes the member
// immediately after.
func TestDrainHandsOverAChatWithABusyHandler(t *testing.T) {
	t.Parallel()
	inWorld(t, func(w *world) {
		a, b, ids := w.pair(1)
		w.handler = func(context.Context, string, *fleet.Held, chat.Event) error {
			<-time.After(3 * time.Second)
			return nil
		}
		w.chats[ids[0]].Agent.Say("something")
		w.sleep(time.Second)
		w.drainNow(a)
		require.Equal(w.t, 1, a.Stats().HandedOver)
		w.sleep(time.Second)
		require.Equal(w.t, 1, b.Stats().Held)
	})
}

// A chat is handed over while the member deletes an older inbox entry of the same chat.
func TestHandOverDuringTheDeletionOfAnOlderInboxEntry(t *testing.T) {
	t.Parallel()
	inWorld(t, func(w *world) {
		ha, hb := &hooks{}, &hooks{}
		a := w.joinThrough("a", ha)
		w.add(a, 3)
		b := w.joinThrough("b", hb)
		w.sleep(20 * time.Second)
		name := w.nameOf("b")
		var begun, late atomic.Bool
		hb.onGet(func(ctx context.Context, key string) ([]byte, uint64, error) {
			value, rev, err := hb.Store.Get(ctx, key)
			if isKey(key, "chat/") && late.CompareAndSwap(false, true) {
				<-time.After(time.Second)
			}
			return value, rev, err
		})
		ha.onPut(func(ctx context.Context, key string, value []byte, rev uint64, ttl time.Duration) (uint64, error) {
			if isKey(key, "chat/") && begun.CompareAndSwap(false, true) {
				_, _ = ha.Store.Put(ctx, "inbox/"+name+"/"+key[len("chat/"):], nil, 0, time.Minute)
				<-time.After(100 * time.Millisecond)
			}
			return ha.Store.Put(ctx, key, value, rev, ttl)
		})
		w.await(2*time.Hour, begun.Load)
		w.sleep(3 * time.Second)
		require.Positive(w.t, a.Stats().HandedOver)
		require.Equal(w.t, a.Stats().HandedOver, b.Stats().Claimed)
	})
}

// If Drain can't hand over a chat without a connection, it does so later. Other chats wait for their
// renewals.
func TestDrainRetriesAChatThatItCouldNotHandOver(t *testing.T) {
	t.Parallel()
	inWorld(t, func(w *world) {
		h := &hooks{}
		a := w.joinThrough("a", h)
		w.add(a, 1)
		w.sleep(time.Minute)
		require.Zero(w.t, a.Stats().Waiting)
		b, _ := w.join("b")
		w.sleep(time.Second)
		w.add(a, 1)
		w.sleep(8 * time.Second)
		require.Equal(w.t, 1, a.Stats().Waiting)
		failing := h.failPuts("chat/")
		ctx, cancel := context.WithTimeout(w.t.Context(), 10*time.Minute)
		defer cancel()
		drained := make(chan error, 1)
		go func() { drained <- a.Drain(ctx) }()
		w.sleep(500 * time.Millisecond)
		failing.Store(false)
		w.sleep(5 * time.Second)
		require.Equal(w.t, 1, b.Stats().Held)
		require.Equal(w.t, 1, a.Stats().Held)
		require.NoError(w.t, errors.Join(<-drained))
	}, func(o *participanttest.Options) { o.Latency = 10 * time.Second })
}
