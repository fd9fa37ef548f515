// SPDX-License-Identifier: Apache-2.0

package chat_test

import (
	"encoding/json"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/participant-go/connectparticipant/chat"
	"github.com/participant-go/connectparticipant/participanttest"
)

// A Late item waits for the caller, who has taken 1,200 newer ones.
func TestResumeRepeatsNothingWhileALateItemWaits(t *testing.T) {
	t.Parallel()
	inBubble(t, func(b *bubble) {
		s := b.start()
		b.settle()
		late, returned := b.lateItem(s, 1200)
		state := s.State()
		text, err := state.MarshalText()
		require.NoError(b.t, err)
		require.LessOrEqual(b.t, len(text), 16_384)
		require.NoError(b.t, s.Close())
		b.sleep(10 * time.Second)
		again := ids(b.events(b.resume(state), 5*time.Minute))
		for id := range returned {
			require.NotContains(b.t, again, id)
		}
		require.Equal(b.t, map[string]int{late: 1}, again)
	})
}

// lateItem says n messages, one a second, which the caller takes, and one before them whose
// push arrives after them. It waits in the queue when lateItem returns.
func (b *bubble) lateItem(s *chat.Session, n int) (late string, returned map[string]int) {
	b.t.Helper()
	after := time.Duration(n+5) * time.Second
	b.srv.Inject(participanttest.Fault{On: participanttest.OnKeep, Times: 1, Effect: participanttest.Lag(after)})
	b.srv.Inject(participanttest.Fault{On: participanttest.OnPush, Times: 1, Effect: participanttest.Delay(after)})
	late = b.contact.Agent.Say("late")
	returned = map[string]int{}
	for range n {
		b.sleep(time.Second)
		b.contact.Agent.Say("in time")
		returned[b.message(s).ID]++
	}
	require.Len(b.t, returned, n)
	require.NotContains(b.t, returned, late)
	b.sleep(10 * time.Second)
	require.Equal(b.t, 1, s.Stats().Late)
	return late, returned
}

func TestResumeRepeatsNothingOfABurst(t *testing.T) {
	t.Parallel()
	for name, pause := range map[string]time.Duration{"at the same time": 0, "ten a second": 100 * time.Millisecond} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inBubble(t, func(b *bubble) {
				s := b.start()
				b.settle()
				for range 500 {
					b.contact.Agent.Say("handled")
					b.message(s)
					b.sleep(pause)
				}
				state := s.State()
				require.NoError(b.t, s.Close())
				missed := b.contact.Agent.Say("missed")
				b.sleep(10 * time.Second)
				require.Equal(b.t, map[string]int{missed: 1}, ids(b.events(b.resume(state), 5*time.Minute)))
			})
		})
	}
}

// stateText is the text of a state of a session that has delivered n messages.
func (b *bubble) stateText(n int) []byte {
	b.t.Helper()
	s := b.start()
	for range n {
		b.contact.Agent.Say("handled")
		b.message(s)
	}
	text, err := s.State().MarshalText()
	require.NoError(b.t, err)
	require.NoError(b.t, s.Close())
	return text
}

func TestADamagedStateIsRefused(t *testing.T) {
	t.Parallel()
	inBubble(t, func(b *bubble) {
		text := b.stateText(50)
		rng := rand.New(rand.NewPCG(1, 1))
		damage := func(damaged []byte, i int, to byte) {
			if old := damaged[i]; old != to {
				damaged[i] = to
				require.ErrorIs(b.t, new(chat.State).UnmarshalText(damaged), chat.ErrState, "byte %d from %q to %q", i, old, to)
				damaged[i] = old
			}
		}
		const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
		for i := range text {
			damage(text, i, letters[rng.IntN(len(letters))])
			damage(text, i, byte(rng.IntN(256)))
		}
		for range 400 {
			damage(text, rng.IntN(len(text)), letters[rng.IntN(len(letters))])
		}
		for _, letter := range letters { // the last may hold bits that no byte needs
			damage(text, len(text)-1, byte(letter))
		}
		require.NoError(b.t, new(chat.State).UnmarshalText(text))
	})
}

func TestAStateOfAnotherLengthIsRefused(t *testing.T) {
	t.Parallel()
	inBubble(t, func(b *bubble) {
		text := b.stateText(20)
		for n := 1; n < len(text); n++ {
			require.ErrorIs(b.t, new(chat.State).UnmarshalText(text[:n]), chat.ErrState, "the first %d bytes", n)
		}
		for _, more := range []string{"A", "AA", "AAAA", string(text), "="} {
			require.ErrorIs(b.t, new(chat.State).UnmarshalText(append(text[:len(text):len(text)], more...)), chat.ErrState, "with %q", more)
		}
	})
}

func TestAStateThatIsRefusedChangesNothing(t *testing.T) {
	t.Parallel()
	inBubble(t, func(b *bubble) {
		text := b.stateText(5)
		var state chat.State
		require.NoError(b.t, state.UnmarshalText(text))
		require.ErrorIs(b.t, state.UnmarshalText([]byte("not a state")), chat.ErrState)
		var in struct{ State chat.State }
		require.ErrorIs(b.t, json.Unmarshal([]byte(`{"State":"not a state"}`), &in), chat.ErrState)
		after, err := state.MarshalText()
		require.NoError(b.t, err)
		if len(after) > 0 { // a state is either kept or the zero one: never a part of another
			require.Contains(b.t, []string{string(text), zeroState(b.t)}, string(after))
		}
	})
}

func zeroState(t *testing.T) string {
	t.Helper()
	text, err := chat.State{}.MarshalText()
	require.NoError(t, err)
	return string(text)
}

func TestResumeFromTheStateOfAnotherChat(t *testing.T) {
	t.Parallel()
	inBubble(t, func(b *bubble) {
		text := b.stateText(5)
		b.sleep(time.Minute)
		b.contact = b.srv.NewChat()
		b.contact.Agent.Say("in another chat")
		b.sleep(time.Second)
		var state chat.State
		require.NoError(b.t, state.UnmarshalText(text))
		s, err := chat.Resume(b.t.Context(), b.client, b.contact.Customer.Token, state, b.options)
		if err == nil {
			b.t.Cleanup(func() { _ = s.Close() })
			begun := time.Now()
			var closed *chat.CloseError
			closed, err = b.end(s), s.Err()
			require.ErrorIs(b.t, closed.Reason, chat.ErrState)
			require.LessOrEqual(b.t, time.Since(begun), 10*time.Second)
		}
		require.ErrorIs(b.t, err, chat.ErrState)
		b.sleep(time.Second)
		require.Zero(b.t, b.contact.Customer.Sockets())
	})
}

func TestResumeFromAStateWithoutItems(t *testing.T) {
	t.Parallel()
	inBubble(t, func(b *bubble) {
		s := b.start(func(o *chat.Options) { o.History = chat.HistoryNone })
		b.settle()
		state := s.State()
		require.NoError(b.t, s.Close())
		b.sleep(time.Minute)
		missed := b.contact.Agent.Say("missed")
		b.sleep(time.Minute)
		require.Equal(b.t, map[string]int{missed: 1}, ids(b.events(b.resume(state), time.Minute)))
	})
}
