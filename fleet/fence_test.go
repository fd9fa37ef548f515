// SPDX-License-Identifier: Apache-2.0

package fleet_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/participant-go/connectparticipant"
	"github.com/participant-go/connectparticipant/chat"
	"github.com/participant-go/connectparticipant/fleet"
	"github.com/participant-go/connectparticipant/participanttest"
)

// nameOf returns the name under which a member owns chats.
func (w *world) nameOf(id string) string {
	w.t.Helper()
	records, _, _ := w.engine.now()
	value, _, err := records.Get(w.t.Context(), "member/"+id)
	require.NoError(w.t, err)
	var record struct{ Name string }
	require.NoError(w.t, json.Unmarshal(value, &record))
	return record.Name
}

func TestAMemberThatLostItsLeaseHandlesNothing(t *testing.T) {
	t.Parallel()
	inWorld(t, func(w *world) {
		var cause atomic.Value
		var calls atomic.Int64
		w.handler = func(ctx context.Context, _ string, _ *fleet.Held, event chat.Event) error {
			if _, ok := event.(chat.Message); !ok || calls.Add(1) > 1 {
				return nil
			}
			<-ctx.Done()
			cause.Store(context.Cause(ctx))
			return ctx.Err()
		}
		a, link := w.join("a")
		id := w.add(a, 1)[0]
		w.sleep(20 * time.Second)
		link.setCut(true)
		w.chats[id].Agent.Say("something")
		begun := time.Now()
		w.await(time.Minute, func() bool { return cause.Load() != nil })
		require.Equal(w.t, fleet.ErrFenced, cause.Load())
		require.Less(w.t, time.Since(begun), 6*time.Second)
		w.sleep(time.Minute)
		require.Equal(w.t, int64(1), calls.Load())
		link.setCut(false)
		w.sleep(20 * time.Second)
		require.Equal(w.t, int64(2), calls.Load())
	})
}

// An engine that is back with older records may have a chat in an inbox that another member holds.
func TestTheInboxWaitsForContact(t *testing.T) {
	t.Parallel()
	inWorld(t, func(w *world) {
		a, _ := w.join("a")
		b, link := w.join("b")
		w.sleep(10 * time.Second)
		id := w.add(b, 1)[0]
		require.Equal(w.t, w.nameOf("b"), w.chatRecord(id).Owner)
		kept := w.engine.snapshot()
		value, rev, err := kept.Get(w.t.Context(), "chat/"+id)
		require.NoError(w.t, err)
		value = bytes.Replace(value, []byte(w.nameOf("b")), []byte(w.nameOf("a")), 1)
		value = bytes.Replace(value, []byte(`"epoch":1`), []byte(`"epoch":0`), 1)
		_, err = kept.Put(w.t.Context(), "chat/"+id, value, rev, 0)
		require.NoError(w.t, err)
		w.sleep(10*time.Second + 100*time.Millisecond)
		_, err = kept.Put(w.t.Context(), "inbox/"+w.nameOf("a")+"/"+id, nil, 0, time.Minute)
		require.NoError(w.t, err)
		link.setCut(true)
		w.engine.restartFrom(kept)
		w.sleep(3 * time.Second)
		link.setCut(false)
		w.sleep(time.Minute)
		require.Zero(w.t, a.Stats().Claimed)
		require.Equal(w.t, 1, b.Stats().Held)
	})
}

// deadlines is a client whose connections fail by a deadline.
type deadlines struct {
	connectparticipant.API

	on atomic.Bool
}

func (d *deadlines) CreateParticipantConnection(ctx context.Context, in *connectparticipant.CreateParticipantConnectionInput, optFns ...func(*connectparticipant.Options)) (*connectparticipant.CreateParticipantConnectionOutput, error) {
	if d.on.Load() {
		return nil, context.DeadlineExceeded
	}
	return d.API.CreateParticipantConnection(ctx, in, optFns...)
}

// A session that ends because of a deadline has ended: that isn't the deadline of waiting for an
// event.
func TestAnEndBecauseOfADeadline(t *testing.T) {
	t.Parallel()
	inWorld(t, func(w *world) {
		client := &deadlines{API: w.client}
		m, err := fleet.Join(w.t.Context(), w.engine.link(1), client, w.handle("a"), w.options("a"), func(o *fleet.Options) {
			before := o.Chat
			o.Chat = func(o *chat.Options) {
				before(o)
				o.GiveUpAfter = 10 * time.Second
			}
		})
		require.NoError(w.t, err)
		w.t.Cleanup(func() { _ = m.Close() })
		id := w.add(m, 1)[0]
		w.sleep(time.Second)
		client.on.Store(true)
		w.chats[id].Customer.CutSockets()
		w.sleep(2 * time.Minute)
		w.mu.Lock()
		defer w.mu.Unlock()
		require.Len(w.t, w.ended[id], 1)
		require.ErrorIs(w.t, w.ended[id][0], chat.ErrGaveUp)
		require.ErrorIs(w.t, w.ended[id][0], context.DeadlineExceeded)
	})
}

// A chat is given to a member that is emptying its inbox of an older entry for the same chat.
func TestAnOlderEntryInTheInbox(t *testing.T) {
	t.Parallel()
	inWorld(t, func(w *world) {
		ha, hb := &hooks{}, &hooks{}
		a := w.joinBy("a", ha)
		w.add(a, 3)
		b := w.joinBy("b", hb)
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
		require.Positive(w.t, a.Stats().Given)
		require.Equal(w.t, a.Stats().Given, b.Stats().Claimed)
	})
}

// noChats opens all but the tokens of chats.
type noChats struct{ fleet.Sealer }

func (s noChats) Open(sealed []byte, name string) ([]byte, error) {
	if strings.HasPrefix(name, "chat/") {
		return nil, errors.New("no key")
	}
	return s.Sealer.Open(sealed, name)
}

// A member that can't open the tokens of chats claims none, and the others don't read the
// directory all the time because of that.
func TestChatsThatTheirHeirCanNotOpen(t *testing.T) {
	t.Parallel()
	inWorld(t, func(w *world) {
		a, link := w.join("a")
		ids := w.add(a, 30)
		b, _ := w.join("b", func(o *fleet.Options) { o.Sealer = noChats{fleet.Plaintext} })
		h := &hooks{Store: w.engine.link(1)}
		c, err := fleet.Join(w.t.Context(), h, w.client, w.handle("c"), w.options("c"))
		require.NoError(w.t, err)
		w.t.Cleanup(func() { _ = c.Close() })
		w.sleep(20 * time.Second)
		link.setCut(true)
		a.Crash()
		w.sleep(20 * time.Second)
		require.Zero(w.t, b.Stats().Claimed)
		held := c.Stats().Held
		require.Positive(w.t, held)
		require.Less(w.t, held, len(ids), "all chats fall to one member")
		lists := h.lists.Load()
		w.sleep(5 * time.Minute)
		require.Less(w.t, h.lists.Load()-lists, int64(15))
		require.NoError(w.t, b.Close())
		w.sleep(2 * time.Second)
		require.Equal(w.t, len(ids), c.Stats().Held)
	})
}

// A chat without a connection that Drain could not give is given later, while the others stay for
// their renewals.
func TestAChatThatCouldNotBeGiven(t *testing.T) {
	t.Parallel()
	inWorld(t, func(w *world) {
		h := &hooks{}
		a := w.joinBy("a", h)
		w.add(a, 1)
		w.sleep(time.Minute)
		require.Zero(w.t, a.Stats().Waiting)
		b, _ := w.join("b")
		w.sleep(time.Second)
		w.add(a, 1)
		w.sleep(8 * time.Second)
		require.Equal(w.t, 1, a.Stats().Waiting)
		var away atomic.Bool
		away.Store(true)
		h.onPut(func(ctx context.Context, key string, value []byte, rev uint64, ttl time.Duration) (uint64, error) {
			if isKey(key, "chat/") && away.Load() {
				return 0, errLink
			}
			return h.Store.Put(ctx, key, value, rev, ttl)
		})
		ctx, cancel := context.WithTimeout(w.t.Context(), 10*time.Minute)
		defer cancel()
		drained := make(chan error, 1)
		go func() { drained <- a.Drain(ctx) }()
		w.sleep(500 * time.Millisecond)
		away.Store(false)
		w.sleep(5 * time.Second)
		require.Equal(w.t, 1, b.Stats().Held)
		require.Equal(w.t, 1, a.Stats().Held)
		require.NoError(w.t, errors.Join(<-drained))
	}, func(o *participanttest.Options) { o.Latency = 10 * time.Second })
}
