// SPDX-License-Identifier: Apache-2.0

package fleet_test

import (
	"context"
	"encoding/binary"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/participant-go/connectparticipant/fleet"
)

// epochOf returns the epoch of a chat's State.
func (w *world) epochOf(id string) uint64 {
	w.t.Helper()
	records, _, _ := w.engine.now()
	value, _, err := records.Get(w.t.Context(), "state/"+id)
	require.NoError(w.t, err)
	return binary.BigEndian.Uint64(value)
}

func same(value []byte) []byte { return value }

func nextEpoch(value []byte) []byte {
	return append(binary.BigEndian.AppendUint64(nil, binary.BigEndian.Uint64(value)+1), value[8:]...)
}

func TestMemberSavesNothingForALostChat(t *testing.T) {
	t.Parallel()
	for name, taken := range map[string]struct{ chat, state func([]byte) []byte }{
		"another owner":                    {ownedBy("x.12345678"), same},
		"another epoch":                    {same, nextEpoch},
		"another owner with another epoch": {ownedBy("x.12345678"), nextEpoch},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inWorld(t, func(w *world) {
				a, _ := w.join("a")
				id := w.add(a, 1)[0]
				w.sleep(10 * time.Second)
				w.change("chat/"+id, taken.chat)
				w.change("state/"+id, taken.state)
				before, saves := w.epochOf(id), a.Stats().Saves
				w.chats[id].Agent.Say("something")
				w.sleep(5 * time.Second)
				require.Equal(w.t, before, w.epochOf(id))
				require.Equal(w.t, saves, a.Stats().Saves)
				require.Equal(w.t, 1, a.Stats().Lost)
			})
		})
	}
}

func TestStateIsSavedBeforeAChatIsReleased(t *testing.T) {
	t.Parallel()
	for name, leave := range map[string]func(ctx context.Context, m *fleet.Member) error{
		"handed over": func(ctx context.Context, m *fleet.Member) error { return m.Drain(ctx) },
		"closed":      func(_ context.Context, m *fleet.Member) error { return m.Close() },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inWorld(t, func(w *world) {
				a, _ := w.join("a", func(o *fleet.Options) { o.SaveEvery = 3 * time.Hour })
				id := w.add(a, 1)[0]
				b, _ := w.join("b")
				w.sleep(20 * time.Second)
				w.chats[id].Agent.Say("something")
				w.sleep(20 * time.Second)
				ctx, cancel := context.WithTimeout(w.t.Context(), 2*time.Hour)
				defer cancel()
				require.NoError(w.t, leave(ctx, a))
				w.sleep(20 * time.Second)
				require.Equal(w.t, 1, b.Stats().Held)
				w.requireHandled(1)
				if name == "handed over" {
					require.Equal(w.t, uint64(3), w.chatRecord(id).Epoch) // handed over, then claimed
				}
			})
		})
	}
}

// A save that finds an earlier owner's record, because the engine has lost writes, doesn't give up
// the chat: no connection is closed, and no epoch is used twice.
func TestSaveToAnEngineThatLostWrites(t *testing.T) {
	t.Parallel()
	inWorld(t, func(w *world) {
		a, _ := w.join("a")
		everyEvent := func(o *fleet.Options) { o.SaveEvery = 0 }
		b, _ := w.join("b", everyEvent)
		ids := w.add(a, 3)
		w.sleep(20 * time.Second)
		past := w.engine.snapshot()
		a.Crash()
		w.sleep(20 * time.Second)
		require.Equal(t, 3, b.Stats().Held)
		connections := w.srv.Count("CreateParticipantConnection")

		w.engine.restartFrom(past)
		for _, id := range ids {
			w.chats[id].Agent.Say("before the next renewal of the lease")
		}
		w.sleep(30 * time.Second)
		require.Equal(t, 3, b.Stats().Held)
		require.Zero(t, b.Stats().Lost)
		require.Equal(t, connections, w.srv.Count("CreateParticipantConnection"))
		w.requireHandled(1)
	})
}

// An ended chat keeps its State until its record is marked as ended.
func TestStateOfAnEndedChatIsDeletedAfterItsRecordIsMarked(t *testing.T) {
	t.Parallel()
	inWorld(t, func(w *world) {
		h := &hooks{}
		a := w.joinThrough("a", h)
		id := w.add(a, 1)[0]
		w.sleep(2 * time.Second)
		failing := h.failPuts("chat/")
		w.chats[id].End()
		w.sleep(2 * time.Second)
		require.False(w.t, w.chatRecord(id).Ended)
		records, _, _ := w.engine.now()
		_, _, err := records.Get(w.t.Context(), "state/"+id)
		require.NoError(w.t, err)
		failing.Store(false)
		w.sleep(6 * time.Second)
		require.True(w.t, w.chatRecord(id).Ended)
		_, _, err = records.Get(w.t.Context(), "state/"+id)
		require.ErrorIs(w.t, err, fleet.ErrNotFound)
		w.mu.Lock()
		require.Len(w.t, w.ended[id], 1)
		w.mu.Unlock()
		require.Zero(w.t, a.Stats().Held)
	})
}
