// SPDX-License-Identifier: Apache-2.0

package fleet_test

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/participant-go/connectparticipant/fleet"
	"github.com/participant-go/connectparticipant/participanttest"
)

const connections = "CreateParticipantConnection"

// change changes a record of the engine, as another member would.
func (w *world) change(key string, change func(value []byte) []byte) {
	w.t.Helper()
	records, _, _ := w.engine.now()
	value, rev, err := records.Get(w.t.Context(), key)
	require.NoError(w.t, err)
	_, err = records.Put(w.t.Context(), key, change(value), rev, 0)
	require.NoError(w.t, err)
}

// owned changes the owner of a chat's record.
func owned(owner string) func(value []byte) []byte {
	return func(value []byte) []byte {
		var record map[string]any
		_ = json.Unmarshal(value, &record)
		record["owner"], record["epoch"] = owner, record["epoch"].(float64)+1
		value, _ = json.Marshal(record)
		return value
	}
}

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

func TestNothingIsSavedForAChatThatWasLost(t *testing.T) {
	t.Parallel()
	for name, taken := range map[string]struct{ chat, state func([]byte) []byte }{
		"another owner":                    {owned("x.12345678"), same},
		"another epoch":                    {same, nextEpoch},
		"another owner with another epoch": {owned("x.12345678"), nextEpoch},
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

func TestAClaimTakesTheStateBeforeItConnects(t *testing.T) {
	t.Parallel()
	inWorld(t, func(w *world) {
		a, _ := w.join("a")
		id := w.add(a, 1)[0]
		b, _ := w.join("b")
		w.sleep(30 * time.Second)
		require.Equal(w.t, uint64(1), w.epochOf(id))
		a.Crash()
		w.await(10*time.Second, func() bool { return b.Stats().Held == 1 })
		w.sleep(time.Second)
		require.Equal(w.t, 1, b.Stats().Waiting)
		require.Equal(w.t, uint64(2), w.chatRecord(id).Epoch)
		require.Equal(w.t, uint64(2), w.epochOf(id))
	}, func(o *participanttest.Options) { o.Latency = 3 * time.Second })
}

func TestAClaimFailsIfAnotherMemberWasFaster(t *testing.T) {
	t.Parallel()
	inWorld(t, func(w *world) {
		a, _ := w.join("a")
		id := w.add(a, 1)[0]
		h := &hooks{}
		b := w.joinBy("b", h)
		w.sleep(20 * time.Second)
		var taken atomic.Bool
		take := func(entry fleet.Entry) {
			if entry.Key == "chat/"+id && taken.CompareAndSwap(false, true) {
				w.change(entry.Key, owned("x.12345678"))
			}
		}
		h.listed.Store(&take)
		a.Crash()
		w.await(10*time.Second, taken.Load)
		w.sleep(500 * time.Millisecond)
		require.Zero(w.t, b.Stats().Held)
		require.Equal(w.t, "x.12345678", w.chatRecord(id).Owner)
	})
}

func TestNothingIsClaimedFromAnEngineThatHasForgottenTheMembers(t *testing.T) {
	t.Parallel()
	inWorld(t, func(w *world) {
		a, link := w.join("a")
		w.add(a, 1)
		b, _ := w.join("b")
		w.sleep(20 * time.Second)
		kept := w.engine.snapshot()
		require.NoError(w.t, kept.Delete(w.t.Context(), "member/a", 0))
		link.setCut(true)
		w.engine.restartFrom(kept)
		w.sleep(3500 * time.Millisecond)
		link.setCut(false)
		w.sleep(20 * time.Second)
		require.Zero(w.t, b.Stats().Claimed)
		require.Equal(w.t, 1, a.Stats().Held)
		require.Zero(w.t, a.Stats().Lost)
	})
}

// Of two members that hold a chat because the engine has gone back in time, the one with the
// lower epoch is told.
func TestTheLowerEpochIsTold(t *testing.T) {
	t.Parallel()
	inWorld(t, func(w *world) {
		a, la := w.join("a")
		id := w.add(a, 1)[0]
		b, lb := w.join("b")
		w.sleep(20 * time.Second)
		old := w.engine.snapshot()
		for _, l := range []*link{la, lb, la} { // from a to b, back, and to b
			l.setCut(true)
			w.sleep(10 * time.Second)
			l.setCut(false)
			w.sleep(20 * time.Second)
		}
		require.Equal(w.t, uint64(4), w.chatRecord(id).Epoch)
		require.Equal(w.t, 1, b.Stats().Held)
		lb.setCut(true)
		w.engine.restartFrom(old)
		w.await(30*time.Second, func() bool { return a.Stats().Held == 1 })
		lost := a.Stats().Lost
		lb.setCut(false)
		w.sleep(20 * time.Second)
		require.Equal(w.t, uint64(4), w.chatRecord(id).Epoch)
		require.Equal(w.t, lost+1, a.Stats().Lost)
		require.Zero(w.t, a.Stats().Held)
		require.Equal(w.t, 1, b.Stats().Held)
	})
}

func TestWhatWasHandledIsSavedBeforeAChatGoes(t *testing.T) {
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
				w.everything(1)
				if name == "handed over" {
					require.Equal(w.t, uint64(3), w.chatRecord(id).Epoch) // given, and claimed
				}
			})
		})
	}
}

func TestTheSumOfTheRatesIsNeverAboveTheQuota(t *testing.T) {
	t.Parallel()
	inWorld(t, func(w *world) {
		slow := func(before, after time.Duration) *hooks {
			h := &hooks{}
			h.onPut(func(ctx context.Context, key string, value []byte, rev uint64, ttl time.Duration) (uint64, error) {
				if !isKey(key, "quota/") {
					return h.Store.Put(ctx, key, value, rev, ttl)
				}
				<-time.After(before)
				rev, err := h.Store.Put(ctx, key, value, rev, ttl)
				<-time.After(after)
				return rev, err
			})
			return h
		}
		ha := slow(0, 1900*time.Millisecond)
		members := []*fleet.Member{w.joinBy("a", ha)}
		w.sleep(10 * time.Second)
		require.InDelta(w.t, 6, members[0].Rate(connections), 1e-9)
		watch := func(d time.Duration) {
			for begun := time.Now(); time.Since(begun) < d; w.sleep(50 * time.Millisecond) {
				sum := 0.0
				for _, m := range members {
					sum += m.Rate(connections)
				}
				require.LessOrEqual(w.t, sum, 6+1e-9)
			}
		}
		members = append(members, w.joinBy("b", slow(0, 0)))
		watch(30 * time.Second)
		members = append(members, w.joinBy("c", slow(700*time.Millisecond, 0)), w.joinBy("d", slow(700*time.Millisecond, 700*time.Millisecond)))
		watch(30 * time.Second)
		require.Positive(w.t, members[1].Rate(connections))
		require.Positive(w.t, members[2].Rate(connections))
		require.Positive(w.t, members[3].Rate(connections))
		ha.Store.(*link).setCut(true)
		members[0].Crash()
		members = members[1:]
		watch(30 * time.Second)
		sum := 0.0
		for _, m := range members {
			sum += m.Rate(connections)
		}
		require.InDelta(w.t, 6, sum, 0.7)
	})
}

func TestTheTokenOfAChatIsPublished(t *testing.T) {
	t.Parallel()
	inWorld(t, func(w *world) {
		a, _ := w.join("a")
		id := w.add(a, 1)[0]
		b, _ := w.join("b")
		w.sleep(20 * time.Second)
		calls := len(w.srv.Requests())
		_, err := b.Send(w.t.Context(), id, "", "text/plain", "Hello")
		require.NoError(w.t, err)
		for _, r := range w.srv.Requests()[calls:] {
			require.NotEqual(w.t, connections, r.Operation)
		}
	})
}

// A claim whose result was lost is a claim: it costs no second one.
func TestAClaimWhoseResultWasLost(t *testing.T) {
	t.Parallel()
	inWorld(t, func(w *world) {
		a, _ := w.join("a")
		id := w.add(a, 1)[0]
		h := &hooks{}
		b := w.joinBy("b", h)
		w.sleep(20 * time.Second)
		var lost atomic.Bool
		h.onPut(func(ctx context.Context, key string, value []byte, rev uint64, ttl time.Duration) (uint64, error) {
			rev, err := h.Store.Put(ctx, key, value, rev, ttl)
			if isKey(key, "chat/") && lost.CompareAndSwap(false, true) {
				return 0, errLink
			}
			return rev, err
		})
		a.Crash()
		w.await(10*time.Second, lost.Load)
		w.sleep(100 * time.Millisecond)
		require.Equal(w.t, 1, b.Stats().Held)
		require.Equal(w.t, uint64(2), w.chatRecord(id).Epoch)
	})
}

// A member uses a part only after it was written: of two that want the same one, one gets it.
func TestTwoMembersDoNotTakeTheSamePartOfAQuota(t *testing.T) {
	t.Parallel()
	inWorld(t, func(w *world) {
		var members []*fleet.Member
		for _, id := range []string{"a", "b"} {
			h := &hooks{}
			h.onPut(func(ctx context.Context, key string, value []byte, rev uint64, ttl time.Duration) (uint64, error) {
				if isKey(key, "quota/") {
					<-time.After(500 * time.Millisecond)
				}
				return h.Store.Put(ctx, key, value, rev, ttl)
			})
			members = append(members, w.joinBy(id, h))
		}
		for range 200 {
			w.sleep(50 * time.Millisecond)
			require.LessOrEqual(w.t, members[0].Rate(connections)+members[1].Rate(connections), 6+1e-9)
		}
	})
}
