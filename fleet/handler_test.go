// SPDX-License-Identifier: Apache-2.0

package fleet_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/participant-go/connectparticipant/chat"
	"github.com/participant-go/connectparticipant/fleet"
)

func TestDataAndEpochReachTheHandler(t *testing.T) {
	t.Parallel()
	inWorld(t, func(w *world) {
		t := w.t
		type seen struct {
			member, id, participant, data string
			epoch                         uint64
			session                       bool
		}
		var all []seen
		w.handler = func(_ context.Context, member string, held *fleet.Held, event chat.Event) error {
			if _, ok := event.(chat.Message); ok {
				all = append(all, seen{member, held.ID, held.ParticipantID, string(held.Data), held.Epoch, held.Session != nil})
			}
			return nil
		}
		a, _ := w.join("a")
		c := w.newChat()
		c.Data = []byte("the caller's")
		require.NoError(t, a.Add(t.Context(), c))
		c.Data[0] = 'T' // Add must have copied it
		w.join("b")
		w.sleep(20 * time.Second)
		w.chats[c.ID].Agent.Say("to a")
		w.sleep(2 * time.Second)
		a.Crash()
		w.chats[c.ID].Agent.Say("to b")
		w.sleep(30 * time.Second)
		require.Equal(t, []seen{
			{"a", c.ID, c.ParticipantID, "the caller's", 1, true},
			{"b", c.ID, c.ParticipantID, "the caller's", 2, true},
		}, all)
	})
}

func TestFailedEventIsRetriedAndLaterOnesWait(t *testing.T) {
	t.Parallel()
	inWorld(t, func(w *world) {
		t := w.t
		var calls []time.Time
		var texts []string
		w.handler = func(_ context.Context, _ string, _ *fleet.Held, event chat.Event) error {
			m, ok := event.(chat.Message)
			if !ok {
				return nil
			}
			texts = append(texts, m.Text)
			if m.Text == "hard" && len(texts) < 14 {
				calls = append(calls, time.Now())
				return errors.New("not now")
			}
			return nil
		}
		a, _ := w.join("a")
		ids := w.add(a, 2)
		w.sleep(20 * time.Second)
		w.chats[ids[0]].Agent.Say("hard")
		w.chats[ids[0]].Agent.Say("later")
		w.sleep(time.Second)
		other := w.chats[ids[1]].Agent.Say("in the other chat")
		w.sleep(time.Second)
		times, _ := w.handledBy(ids[1], other)
		require.Equal(t, 1, times, "the other chat must not wait")
		w.sleep(5 * time.Minute)
		w.requireHandled(1)
		require.Equal(t, "later", texts[len(texts)-1])
		require.Equal(t, 100*time.Millisecond, calls[1].Sub(calls[0]))
		for i := 2; i < len(calls); i++ {
			require.Equal(t, min(2*calls[i-1].Sub(calls[i-2]), 30*time.Second), calls[i].Sub(calls[i-1]), "pause %d", i)
		}
		require.Equal(t, 30*time.Second, calls[len(calls)-1].Sub(calls[len(calls)-2]))
		require.Equal(t, len(calls), a.Stats().Retried)
	})
}

func TestCloseEndsTheContextOfASlowHandler(t *testing.T) {
	t.Parallel()
	inWorld(t, func(w *world) {
		t := w.t
		causes := w.untilCancelled()
		a, _ := w.join("a")
		b, _ := w.join("b")
		id := w.add(a, 1)[0]
		w.sleep(20 * time.Second)
		said := w.chats[id].Agent.Say("slow")
		w.sleep(time.Second)
		began := time.Now()
		require.NoError(t, a.Close())
		require.Equal(t, 5*time.Second, time.Since(began))
		require.ErrorIs(t, <-causes, fleet.ErrClosed)
		w.sleep(10 * time.Second)
		times, by := w.handledBy(id, said)
		require.Equal(t, 1, times)
		require.Equal(t, "b", by)
		require.Equal(t, 1, b.Stats().Held)
		w.requireHandled(1)
	})
}

func TestCloseWaitsForAHandlerToFinish(t *testing.T) {
	t.Parallel()
	inWorld(t, func(w *world) {
		t := w.t
		w.handler = func(ctx context.Context, _ string, _ *fleet.Held, event chat.Event) error {
			if _, ok := event.(chat.Message); ok {
				<-time.After(4 * time.Second)
			}
			return ctx.Err()
		}
		a, _ := w.join("a")
		w.join("b")
		id := w.add(a, 1)[0]
		w.sleep(20 * time.Second)
		said := w.chats[id].Agent.Say("slow")
		w.sleep(time.Second)
		began := time.Now()
		require.NoError(t, a.Close())
		require.Equal(t, 3*time.Second, time.Since(began))
		w.sleep(20 * time.Second)
		times, by := w.handledBy(id, said)
		require.Equal(t, 1, times)
		require.Equal(t, "a", by)
		require.NoError(t, a.Close())
	})
}

func TestStats(t *testing.T) {
	t.Parallel()
	inWorld(t, func(w *world) {
		t := w.t
		a, link := w.join("a")
		ids := w.add(a, 3)
		w.sleep(20 * time.Second)
		b, _ := w.join("b")
		w.sleep(10 * time.Second)
		require.Equal(t, fleet.Stats{ID: "a", Members: 2, Held: 3, Saves: a.Stats().Saves}, a.Stats())
		require.Equal(t, fleet.Stats{ID: "b", Members: 2}, b.Stats())
		saves := a.Stats().Saves
		w.chats[ids[0]].Agent.Say("Hello")
		w.sleep(2 * time.Second)
		require.Equal(t, saves+1, a.Stats().Saves)
		link.setCut(true)
		w.sleep(20 * time.Second)
		require.True(t, a.Stats().Fenced)
		require.Equal(t, 3, b.Stats().Claimed)
		link.setCut(false)
		w.sleep(20 * time.Second)
		stats := a.Stats()
		require.False(t, stats.Fenced)
		require.Equal(t, 3, stats.Lost)
		require.Zero(t, stats.Held)
		require.Equal(t, 3, b.Stats().Held)
		require.NoError(t, b.Close())
		w.sleep(10 * time.Second)
		require.Equal(t, 1, a.Stats().Members)
		require.Equal(t, 3, a.Stats().Claimed)
		w.requireHandled(1)
	})
}

// The next owner calls Ended again if its context ended before it returned.
func TestEndedIsCalledAgainAfterAnInterruption(t *testing.T) {
	t.Parallel()
	inWorld(t, func(w *world) {
		calls := make(chan string, 2)
		a, _ := w.join("a", func(o *fleet.Options) {
			o.Ended = func(ctx context.Context, _ *fleet.Held, _ *chat.CloseError) {
				calls <- "a"
				<-ctx.Done()
			}
		})
		w.join("b", func(o *fleet.Options) {
			o.Ended = func(context.Context, *fleet.Held, *chat.CloseError) { calls <- "b" }
		})
		id := w.add(a, 1)[0]
		w.sleep(10 * time.Second)
		w.chats[id].End()
		w.sleep(20 * time.Second)
		require.NoError(w.t, a.Close())
		w.sleep(20 * time.Second)
		require.Len(w.t, calls, 2)
		require.Equal(w.t, "a", <-calls)
		require.Equal(w.t, "b", <-calls)
	})
}
