// SPDX-License-Identifier: Apache-2.0

package fleet_test

import (
	"context"
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/participant-go/connectparticipant/fleet"
	"github.com/participant-go/connectparticipant/participanttest"
)

func TestAddDuringDrain(t *testing.T) {
	t.Parallel()
	inWorld(t, func(w *world) {
		t := w.t
		a, _ := w.join("a")
		w.add(a, 1)
		w.sleep(10 * time.Second)
		b, _ := w.join("b")
		w.sleep(10 * time.Second)
		drained := make(chan error, 1)
		go func() { drained <- a.Drain(t.Context()) }()
		w.sleep(time.Minute)
		added := w.add(a, 3)
		w.sleep(time.Minute)
		require.Equal(t, 1, a.Stats().Held)
		require.Equal(t, 3, b.Stats().Held)
		for _, id := range added {
			w.chats[id].Agent.Say("Hello")
		}
		require.NoError(t, <-drained)
		w.sleep(time.Minute)
		require.Equal(t, 4, b.Stats().Held)
		require.Equal(t, 1, a.Stats().HandedOver)
		require.ErrorIs(t, a.Add(t.Context(), w.newChat()), fleet.ErrClosed)
		require.ErrorIs(t, a.Drain(t.Context()), fleet.ErrClosed)
		_, err := a.Send(t.Context(), added[0], "", "text/plain", "text")
		require.ErrorIs(t, err, fleet.ErrClosed)
		w.requireHandled(1)
	})
}

func TestDrainOfTheLastMember(t *testing.T) {
	t.Parallel()
	inWorld(t, func(w *world) {
		t := w.t
		a, _ := w.join("a")
		ids := w.add(a, 2)
		w.sleep(10 * time.Second)
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		waiting := w.newChat()
		drained := make(chan error, 1)
		go func() { drained <- a.Drain(ctx) }()
		w.sleep(time.Second)
		require.NoError(t, a.Add(t.Context(), waiting)) // waits for a member with room
		require.ErrorIs(t, <-drained, fleet.ErrNoSuccessor)
		for _, id := range append(ids, waiting.ID) {
			w.chats[id].Agent.Say("while no member handles the chat")
		}
		b, _ := w.join("b")
		w.sleep(30 * time.Second)
		require.Equal(t, 3, b.Stats().Held)
		w.requireHandled(1)
	})
}

// A chat with a slow handler stays until Drain stops waiting.
func TestDrainWithASlowHandler(t *testing.T) {
	t.Parallel()
	inWorld(t, func(w *world) {
		t := w.t
		causes := w.untilCancelled()
		a, _ := w.join("a")
		id := w.add(a, 1)[0]
		b, _ := w.join("b")
		w.sleep(20 * time.Second)
		said := w.chats[id].Agent.Say("slow")
		w.sleep(time.Second)
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Minute)
		defer cancel()
		began := time.Now()
		require.NoError(t, a.Drain(ctx))
		require.InDelta(t, (10*time.Minute + 5*time.Second).Seconds(), time.Since(began).Seconds(), 0.5)
		require.ErrorIs(t, <-causes, fleet.ErrClosed)
		w.sleep(20 * time.Second)
		times, by := w.handledBy(id, said)
		require.Equal(t, 1, times)
		require.Equal(t, "b", by)
		require.Equal(t, 1, b.Stats().Held)
		w.requireHandled(1)
	})
}

// When its ctx ends, Drain hands over the remaining chats at nine tenths of the quota.
func TestDrainPacesTheRestAfterItsContext(t *testing.T) {
	t.Parallel()
	inWorld(t, func(w *world) {
		t := w.t
		const n = 60
		a, _ := w.join("a")
		w.add(a, n)
		w.sleep(time.Minute)
		var others []*fleet.Member
		for i := range 2 {
			m, _ := w.join(fmt.Sprint("b", i+1))
			others = append(others, m)
		}
		w.sleep(20 * time.Second)
		said := w.sendAtHandOvers()
		began := time.Now()
		w.drainNow(a)
		w.sleep(time.Minute)
		w.requireHandled(1)
		connects := w.calls.times(connection, http.StatusOK, began)
		latencies := said.latencies(w)
		t.Logf("%d chats handed over without waiting for renewals: the last connected after %s, %.2f a second; messages sent during a hand-over were handled within %s",
			n, connects[len(connects)-1].Sub(began), float64(n)/connects[len(connects)-1].Sub(began).Seconds(), latencies[len(latencies)-1])
		require.Len(t, connects, n)
		require.Zero(t, w.calls.throttled())
		require.Equal(t, n/2, others[0].Stats().Held)
		require.Equal(t, n/2, others[1].Stats().Held)
		require.LessOrEqual(t, connects[n-1].Sub(began).Seconds(), n/(0.85*connectionQuota))
	}, func(o *participanttest.Options) { o.Throttle = true })
}

func TestBalanceAfterAMemberJoined(t *testing.T) {
	t.Parallel()
	inWorld(t, func(w *world) {
		t := w.t
		const n = 30
		a, _ := w.join("a")
		b, _ := w.join("b")
		w.sleep(10 * time.Second)
		w.add(a, n)
		w.sleep(time.Minute)
		c, _ := w.join("c")
		joined := time.Now()
		for range 20 {
			w.sleep(time.Minute)
			require.LessOrEqual(t, c.Stats().Held, 11)
		}
		held := []int{a.Stats().Held, b.Stats().Held, c.Stats().Held}
		t.Logf("%d chats on 2 members, %s after a third joined: %v", n, time.Since(joined), held)
		for _, h := range held {
			require.LessOrEqual(t, h, 12)
		}
		intervals := w.calls.intervals(connection, joined.Add(-50*time.Second))
		require.GreaterOrEqual(t, intervals[0], 9*time.Minute)
		settled := a.Stats().HandedOver + b.Stats().HandedOver + c.Stats().HandedOver
		w.sleep(12 * time.Minute)
		require.Equal(t, settled, a.Stats().HandedOver+b.Stats().HandedOver+c.Stats().HandedOver, "balanced members hand over nothing")
	}, func(o *participanttest.Options) { o.ConnectionExpiryShown = 12 * time.Minute })
}
