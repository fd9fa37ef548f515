// SPDX-License-Identifier: Apache-2.0

package chat_test

import (
	"context"
	"encoding/json"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/participant-go/connectparticipant"
	"github.com/participant-go/connectparticipant/chat"
	"github.com/participant-go/connectparticipant/participanttest"
	"github.com/participant-go/connectparticipant/types"
)

// A Late item waits for the caller, who has received 1,200 newer ones.
func TestResumeDeliversNothingTwiceWhileALateItemWaits(t *testing.T) {
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

// lateItem sends n messages, one per second, which the caller receives, and before them one whose push
// arrives last. That one is in the queue when lateItem returns.
func (b *bubble) lateItem(s *chat.Session, n int) (late string, returned map[string]int) {
	b.t.Helper()
	after := time.Duration(n+5) * time.Second
	b.srv.Inject(participanttest.Fault{On: participanttest.OnTranscript, Times: 1, Effect: participanttest.Lag(after)})
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

func TestResumeDeliversNothingOfABurstTwice(t *testing.T) {
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

// stateText returns the text of the state of a session that has delivered n messages.
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

func TestDamagedStateIsRejected(t *testing.T) {
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
		for _, letter := range letters { // the last letter may have unused bits
			damage(text, len(text)-1, byte(letter))
		}
		require.NoError(b.t, new(chat.State).UnmarshalText(text))
	})
}

func TestStateOfAnotherLengthIsRejected(t *testing.T) {
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

func TestRejectedTextLeavesNoPartialState(t *testing.T) {
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
		if len(after) > 0 { // the state is unchanged or zero, never partial
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

func TestResumeContinuesAfterTheLastReturnedEvent(t *testing.T) {
	t.Parallel()
	inBubble(t, func(b *bubble) {
		s := b.start()
		b.settle()
		for range 10 {
			b.contact.Agent.Say("before")
		}
		for range 4 {
			b.message(s)
		}
		text, err := json.Marshal(s.State())
		require.NoError(b.t, err)
		require.NoError(b.t, s.Close())
		for range 500 {
			b.contact.Agent.Say("in the meantime")
		}
		b.sleep(10 * time.Minute)

		var state chat.State
		require.NoError(b.t, json.Unmarshal(text, &state))
		require.LessOrEqual(b.t, len(text), 16_384)
		s, err = chat.Resume(b.t.Context(), b.client, b.contact.Customer.Token, state, b.options)
		require.NoError(b.t, err)
		defer func() { _ = s.Close() }()
		for i := range 506 {
			m := b.message(s)
			require.False(b.t, m.History)
			require.False(b.t, m.Late)
			require.Equal(b.t, i < 6, m.Text == "before")
		}
		b.nothing(s, time.Hour)
	})
}

// A state from before the first pass contains the start of the session, which separates the history.
func TestResumeFromBeforeTheFirstPass(t *testing.T) {
	t.Parallel()
	inBubble(t, func(b *bubble) {
		none := func(o *chat.Options) { o.History = chat.HistoryNone }
		b.contact.Agent.Say("before")
		b.sleep(time.Minute)
		broken := b.srv.Inject(participanttest.Fault{On: "GetTranscript", Effect: participanttest.Fail(500, "InternalServerException")})
		s := b.start(none)
		state := s.State()
		require.NoError(b.t, s.Close())
		b.sleep(time.Minute)
		missed := b.contact.Agent.Say("missed")
		b.sleep(time.Minute)
		broken.Remove()
		text, err := state.MarshalText()
		require.NoError(b.t, err)
		require.NoError(b.t, state.UnmarshalText(text))
		s, err = chat.Resume(b.t.Context(), b.client, b.contact.Customer.Token, state, b.options, none)
		require.NoError(b.t, err)
		b.t.Cleanup(func() { _ = s.Close() })
		require.Equal(b.t, missed, b.within(s, time.Minute).ID)
	})
}

func TestResumeObservesTheLimitOfTheHistory(t *testing.T) {
	t.Parallel()
	inBubble(t, func(b *bubble) {
		for range 50 {
			b.contact.Agent.Say("old")
			b.sleep(30 * time.Second)
		}
		ten := func(o *chat.Options) { o.History = 10 }
		s := b.start(ten)
		b.settle()
		b.message(s)
		state := s.State()
		require.NoError(b.t, s.Close())
		s, err := chat.Resume(b.t.Context(), b.client, b.contact.Customer.Token, state, b.options, ten)
		require.NoError(b.t, err)
		b.t.Cleanup(func() { _ = s.Close() })
		for range 9 {
			b.message(s)
		}
		b.nothing(s, time.Hour)
	})
}

func TestUnmarshalTextRejectsInvalidTexts(t *testing.T) {
	t.Parallel()
	var state chat.State
	require.Error(t, state.UnmarshalText([]byte("%")))
	require.Error(t, state.UnmarshalText([]byte("CAAA")))
	require.Error(t, state.UnmarshalText([]byte("AQ")))
	require.NoError(t, state.UnmarshalText(nil))
	text, err := state.MarshalText()
	require.NoError(t, err)
	require.NoError(t, state.UnmarshalText(text))
}

type directions struct {
	connectparticipant.API
	mu  sync.Mutex
	all []string
}

func (d *directions) GetTranscript(ctx context.Context, in *connectparticipant.GetTranscriptInput, optFns ...func(*connectparticipant.Options)) (*connectparticipant.GetTranscriptOutput, error) {
	d.mu.Lock()
	d.all = append(d.all, string(in.ScanDirection))
	d.mu.Unlock()
	return d.API.GetTranscript(ctx, in, optFns...)
}

func resumedDirections(t *testing.T, through func(chat.State) chat.State) {
	t.Helper()
	inBubble(t, func(b *bubble) {
		s := b.start()
		b.contact.Agent.Say("one")
		b.message(s)
		b.sleep(15 * time.Second) // until the settle pass has completed
		require.Equal(b.t, 2, s.Stats().Passes)
		state := s.State()
		require.NoError(b.t, s.Close())
		d := &directions{API: b.client}
		r, err := chat.Resume(b.t.Context(), d, b.contact.Customer.Token, through(state), b.options)
		require.NoError(b.t, err)
		b.sleep(10 * time.Minute)
		require.NoError(b.t, r.Close())
		require.NotContains(b.t, d.all, "BACKWARD")
	})
}

func TestResumeReadsForward(t *testing.T) {
	t.Parallel()
	resumedDirections(t, func(s chat.State) chat.State { return s })
}

func TestResumeFromTextReadsForward(t *testing.T) {
	t.Parallel()
	resumedDirections(t, func(s chat.State) chat.State {
		text, err := s.MarshalText()
		require.NoError(t, err)
		var out chat.State
		require.NoError(t, out.UnmarshalText(text))
		return out
	})
}

func (b *bubble) madeConnection() *chat.Connection {
	out, err := b.client.CreateParticipantConnection(b.t.Context(), &connectparticipant.CreateParticipantConnectionInput{
		ParticipantToken: &b.contact.Customer.Token,
		Type:             []types.ConnectionType{types.ConnectionTypeWebsocket, types.ConnectionTypeConnectionCredentials},
	})
	require.NoError(b.t, err)
	return &chat.Connection{
		ConnectionToken: *out.ConnectionCredentials.ConnectionToken, Expiry: *out.ConnectionCredentials.Expiry,
		URL: *out.Websocket.Url, ConnectionExpiry: *out.Websocket.ConnectionExpiry,
	}
}

func resumedAgain(t *testing.T, second func(c *chat.Connection, o *chat.Options)) {
	t.Helper()
	inBubble(t, func(b *bubble) {
		c := b.madeConnection()
		s := b.start(func(o *chat.Options) { o.Connection = c })
		for range 8 {
			b.contact.Agent.Say("x")
			b.message(s)
			b.sleep(time.Minute)
		}
		state := s.State()
		require.NoError(b.t, s.Close())
		r, err := chat.Resume(b.t.Context(), b.client, b.contact.Customer.Token, state, b.options, func(o *chat.Options) { second(c, o) })
		require.NoError(b.t, err)
		b.sleep(time.Minute)
		require.NoError(b.t, r.Close())
		n := 0
		for {
			e, err := r.Next(b.t.Context())
			if err != nil {
				break
			}
			if _, ok := e.(chat.Message); ok {
				n++
			}
		}
		require.Zero(b.t, n, "messages delivered again")
	})
}

func TestResumeWithTheOldConnection(t *testing.T) {
	t.Parallel()
	resumedAgain(t, func(c *chat.Connection, o *chat.Options) { o.Connection = c })
}

func TestResumeWithoutConnection(t *testing.T) {
	t.Parallel()
	resumedAgain(t, func(*chat.Connection, *chat.Options) {})
}
