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
)

// nameOf returns the name by which records refer to a member.
func (w *world) nameOf(id string) string {
	w.t.Helper()
	records, _, _ := w.engine.now()
	value, _, err := records.Get(w.t.Context(), "member/"+id)
	require.NoError(w.t, err)
	var record struct{ Name string }
	require.NoError(w.t, json.Unmarshal(value, &record))
	return record.Name
}

func TestMemberHandlesNothingWithoutItsLease(t *testing.T) {
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

// After a restart with older records, an inbox may name a chat that another member owns.
func TestInboxWaitsForContactWithTheStore(t *testing.T) {
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

// deadlines is a client whose connections fail with a deadline.
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

// A session that ends with a deadline error has ended: that isn't the deadline of waiting for an event.
func TestSessionThatEndsWithADeadlineError(t *testing.T) {
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

// noChats is a Sealer that can't open the tokens of chats.
type noChats struct{ fleet.Sealer }

func (s noChats) Open(sealed []byte, name string) ([]byte, error) {
	if strings.HasPrefix(name, "chat/") {
		return nil, errors.New("no key")
	}
	return s.Sealer.Open(sealed, name)
}

// A member that can't open the tokens of chats claims none, and the others don't read the directory
// continually because of that.
func TestChatsThatTheirHeirCannotOpen(t *testing.T) {
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
		require.Less(w.t, held, len(ids), "all chats have the same heir")
		lists := h.lists.Load()
		w.sleep(5 * time.Minute)
		require.Less(w.t, h.lists.Load()-lists, int64(15))
		require.NoError(w.t, b.Close())
		w.sleep(2 * time.Second)
		require.Equal(w.t, len(ids), c.Stats().Held)
	})
}
