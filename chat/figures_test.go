// SPDX-License-Identifier: Apache-2.0

package chat_test

import (
	"context"
	"errors"
	"flag"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/participant-go/connectparticipant"
	"github.com/participant-go/connectparticipant/chat"
	"github.com/participant-go/connectparticipant/participanttest"
	"github.com/participant-go/connectparticipant/types"
)

// deaths make a socket useless that looks healthy.
var deaths = map[string]participanttest.Effect{"silent": participanttest.Silent(), "half open": participanttest.Blackhole()}

func TestADeadSocketIsNoticedWithinTwentySeconds(t *testing.T) {
	t.Parallel()
	for name, effect := range deaths {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inBubble(t, func(b *bubble) {
				s, longest := b.start(), time.Duration(0)
				for i := range 30 {
					b.sleep(33*time.Second + 333*time.Millisecond) // at any moment between two heartbeats
					b.srv.Inject(participanttest.Fault{On: participanttest.OnPush, Socket: i + 1, Effect: effect})
					died := time.Now()
					id := b.contact.Agent.Say("into the void")
					require.False(b.t, b.connected(s))
					longest = max(longest, time.Since(died))
					require.True(b.t, b.connected(s))
					require.Equal(b.t, id, b.message(s).ID)
				}
				require.LessOrEqual(b.t, longest, 20*time.Second)
				b.t.Logf("noticed after %v at the latest", longest)
			})
		})
	}
}

// connected waits for the next change of the connection.
func (b *bubble) connected(s *chat.Session) bool {
	b.t.Helper()
	for {
		event, err := s.Next(b.t.Context())
		require.NoError(b.t, err)
		if changed, ok := event.(chat.ConnectionChanged); ok {
			return changed.Connected
		}
	}
}

func TestCloseTakesASecondAtMostOnADeadSocket(t *testing.T) {
	t.Parallel()
	for name, effect := range deaths {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			srv := participanttest.Start(t)
			contact := srv.NewChat()
			client := connectparticipant.New(connectparticipant.Options{BaseEndpoint: &srv.URL, HTTPClient: srv.Client()})
			s, err := chat.Start(t.Context(), client, contact.Customer.Token, func(o *chat.Options) { o.HTTPClient = srv.Client() })
			require.NoError(t, err)
			fault := srv.Inject(participanttest.Fault{On: participanttest.OnPush, Effect: effect})
			contact.Agent.Say("into the void")
			require.Equal(t, 1, fault.Struck())
			begun := time.Now()
			require.NoError(t, s.Close())
			require.LessOrEqual(t, time.Since(begun), time.Second)
		})
	}
}

func TestAnIdleSessionAsksForFewConnections(t *testing.T) {
	t.Parallel()
	const sessions, hours = 3, 24
	synctest.Test(t, func(t *testing.T) {
		b := newBubble(t)
		for range sessions {
			b.contact = b.srv.NewChat()
			b.start()
		}
		begun := b.srv.Count("CreateParticipantConnection")
		b.sleep(hours * time.Hour)
		perHour := float64(b.srv.Count("CreateParticipantConnection")-begun) / (sessions * hours)
		require.LessOrEqual(t, perHour, 1.12)
		require.GreaterOrEqual(t, perHour, 1.0, "a token lives on by renewals only")
		t.Logf("%.3f CreateParticipantConnection an hour", perHour)
	})
}

var sleeperItems = flag.Int("sleeper.items", 20_000, "how many items TestASleeperIsLeftAlone sends, a multiple of 1,000")

// TestASleeperIsLeftAlone has sessions whose callers take nothing while items arrive. The
// same chat without sessions tells what the fake needs for them. For the number:
//
//	go test -run=ASleeper -v ./chat -args -sleeper.items=100000
func TestASleeperIsLeftAlone(t *testing.T) { //nolint:paralleltest // it measures memory
	const sessions, burst = 2, 1000
	pushed := func(t *testing.T, sleepers int, wake func(b *bubble, asleep []*chat.Session)) (bytes int64) {
		t.Helper()
		synctest.Test(t, func(t *testing.T) {
			b := newBubble(t)
			asleep := b.sleepers(sleepers)
			_, before := memory()
			for range *sleeperItems / burst {
				for range burst {
					b.contact.Agent.Say("Is anybody there? I could do with an answer, whenever it suits you.")
				}
				b.sleep(10 * time.Second)
			}
			_, after := memory()
			bytes = after - before
			wake(b, asleep)
		})
		return bytes
	}
	alone := pushed(t, 0, func(*bubble, []*chat.Session) {})
	with := pushed(t, sessions, func(b *bubble, asleep []*chat.Session) {
		for _, s := range asleep {
			require.NoError(b.t, s.Err())
			require.Zero(b.t, s.Stats().Reconnects)
			b.requireAll(s, *sleeperItems/burst*burst)
		}
	})
	t.Logf("%d bytes a session", (with-alone)/sessions)
	require.LessOrEqual(t, (with-alone)/sessions, int64(1<<20))
}

// sleepers are sessions in one chat, each of a participant of its own, that have settled.
func (b *bubble) sleepers(n int) (asleep []*chat.Session) {
	b.t.Helper()
	for range n {
		p := b.contact.AddParticipant(types.ParticipantRoleCustomBot, "Sleeper")
		s, err := chat.Start(b.t.Context(), b.client, p.Token, b.options)
		require.NoError(b.t, err)
		b.t.Cleanup(func() { _ = s.Close() })
		asleep = append(asleep, s)
	}
	b.sleep(time.Minute)
	return asleep
}

// requireAll takes what there is until nothing comes any more: n messages, each once.
func (b *bubble) requireAll(s *chat.Session, n int) {
	b.t.Helper()
	seen := make(map[string]bool, n)
	for {
		ctx, cancel := context.WithTimeout(b.t.Context(), 5*time.Minute)
		event, err := s.Next(ctx)
		cancel()
		if errors.Is(err, context.DeadlineExceeded) {
			break
		}
		require.NoError(b.t, err)
		if m, ok := event.(chat.Message); ok {
			require.False(b.t, seen[m.ID], "a message came twice")
			require.False(b.t, m.Late)
			seen[m.ID] = true
		}
	}
	require.Len(b.t, seen, n)
}
