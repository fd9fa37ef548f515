// SPDX-License-Identifier: Apache-2.0

package fleet_test

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/participant-go/connectparticipant/chat"
	"github.com/participant-go/connectparticipant/fleet"
	"github.com/participant-go/connectparticipant/participanttest"
)

var idleChats = flag.Int("fleet.idle.chats", 40, "number of chats in TestIdleWrites")

func TestEngineUnreachableForTenMinutes(t *testing.T) {
	t.Parallel()
	inWorld(t, func(w *world) {
		t := w.t
		a, _ := w.join("a")
		b, _ := w.join("b")
		w.sleep(10 * time.Second)
		ids := w.add(a, 20)
		w.sleep(time.Minute)
		require.Equal(t, 10, a.Stats().Held)
		require.Equal(t, 10, b.Stats().Held)

		away := time.Now()
		w.engine.stop()
		said := 0
		for time.Since(away) < 10*time.Minute {
			w.chats[ids[said%len(ids)]].Agent.Say("while the engine is unreachable")
			said++
			w.sleep(time.Second)
		}
		handledAway := w.handledBetween(away.Add(lease), time.Now())
		back := time.Now()
		w.engine.start()
		w.sleep(time.Minute)
		w.requireHandled(1)
		connects := w.calls.connects(away)
		t.Logf("engine unreachable for %s: %d connections, %d sockets open, %d of %d messages handled while fenced, the rest within %s",
			back.Sub(away), connects, w.srv.Sockets(), handledAway, said, w.lastHandled().Sub(back))
		require.Zero(t, connects)
		require.Equal(t, 20, w.srv.Sockets())
		require.Zero(t, handledAway)
		require.Equal(t, 20, a.Stats().Held+b.Stats().Held)
		require.Zero(t, a.Stats().Lost+b.Stats().Lost)
		require.LessOrEqual(t, w.lastHandled().Sub(back), 20*time.Second)
	})
}

// handledBetween returns the number of events that were handled between two times.
func (w *world) handledBetween(first, last time.Time) (n int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, all := range w.handled {
		for _, h := range all {
			if h.at.After(first) && h.at.Before(last) {
				n++
			}
		}
	}
	return n
}

// To measure a large fleet:
//
//	go test ./fleet -run TestIdleWrites -v -fleet.idle.chats=10000
func TestIdleWrites(t *testing.T) {
	t.Parallel()
	inWorld(t, func(w *world) {
		t := w.t
		n := *idleChats
		var members []*fleet.Member
		for i := range 4 {
			m, _ := w.join(fmt.Sprint("m", i+1))
			members = append(members, m)
		}
		w.sleep(10 * time.Second)
		w.add(members[0], n)
		w.sleep(2*time.Minute + time.Duration(n)*time.Second/3)
		before := w.engine.allPuts()
		const minutes = 10
		w.sleep(minutes * time.Minute)
		writes := w.engine.allPuts()
		for part := range writes {
			writes[part] -= before[part]
		}
		perSecond := float64(writes["member"]) / (minutes * 60)
		t.Logf("%d idle chats on %d members: %.2f lease writes a second; all writes in %d minutes: %v", n, len(members), perSecond, minutes, writes)
		require.InDelta(t, 2, perSecond, 0.05)
		delete(writes, "member")
		for part, n := range writes {
			require.LessOrEqual(t, n, map[string]int{"quota": 6 * minutes}[part], part)
		}
	}, func(o *participanttest.Options) { o.MaxSockets = 1 << 20 })
}

func TestCauseWhenTheLeaseIsLost(t *testing.T) {
	t.Parallel()
	inWorld(t, func(w *world) {
		t := w.t
		causes := w.untilCancelled()
		a, link := w.join("a")
		id := w.add(a, 1)[0]
		w.sleep(20 * time.Second)
		w.chats[id].Agent.Say("slow")
		w.sleep(time.Second)
		cut := time.Now()
		link.setCut(true)
		cause := <-causes
		require.ErrorIs(t, cause, fleet.ErrFenced)
		require.LessOrEqual(t, time.Since(cut), lease-time.Second)
		require.True(t, a.Stats().Fenced)
		w.sleep(time.Minute)
		link.setCut(false)
		w.sleep(20 * time.Second)
		require.False(t, a.Stats().Fenced)
		w.requireHandled(1)
	})
}

func TestCauseWhenAnotherMemberTakesTheChat(t *testing.T) {
	t.Parallel()
	inWorld(t, func(w *world) {
		t := w.t
		causes := w.untilCancelled()
		a, _ := w.join("a")
		id := w.add(a, 1)[0]
		w.join("other")
		w.sleep(20 * time.Second)
		w.chats[id].Agent.Say("slow")
		w.sleep(time.Second)
		owner := w.chatRecord(id).Owner
		w.changeChat(id, func(record map[string]any) { record["owner"], record["epoch"] = w.nameOf("other"), 9 })
		records, _, _ := w.engine.now()
		_, err := records.Put(t.Context(), fmt.Sprintf("inbox/%s/%s", owner, id), nil, 0, time.Minute)
		require.NoError(t, err)
		require.ErrorIs(t, <-causes, fleet.ErrLost)
		w.sleep(time.Second)
		require.Zero(t, a.Stats().Held)
		require.Equal(t, 1, a.Stats().Lost)
		require.Zero(t, w.chats[id].Sockets())
	})
}

// untilCancelled makes the handler wait for the end of its context at the first message "slow", and
// returns the causes.
func (w *world) untilCancelled() <-chan error {
	causes := make(chan error, 10)
	first := true
	w.handler = func(ctx context.Context, _ string, _ *fleet.Held, event chat.Event) error {
		if m, ok := event.(chat.Message); ok && m.Text == "slow" && first {
			first = false
			<-ctx.Done()
			causes <- context.Cause(ctx)
			return ctx.Err()
		}
		return nil
	}
	return causes
}

// chatMembers returns the record of a chat in the store.
func (w *world) chatMembers(id string) (record map[string]any) {
	w.t.Helper()
	records, _, _ := w.engine.now()
	value, _, err := records.Get(w.t.Context(), "chat/"+id)
	require.NoError(w.t, err)
	require.NoError(w.t, json.Unmarshal(value, &record))
	return record
}

// changeChat changes the record of a chat in the store.
func (w *world) changeChat(id string, change func(record map[string]any)) {
	w.t.Helper()
	record := w.chatMembers(id)
	change(record)
	value, err := json.Marshal(record)
	require.NoError(w.t, err)
	records, _, _ := w.engine.now()
	_, rev, err := records.Get(w.t.Context(), "chat/"+id)
	require.NoError(w.t, err)
	_, err = records.Put(w.t.Context(), "chat/"+id, value, rev, 0)
	require.NoError(w.t, err)
}
