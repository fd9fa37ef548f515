// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/participant-go/connectparticipant"
	_ "github.com/participant-go/connectparticipant/internal/fipstest" // random numbers in bubbles
	"github.com/participant-go/connectparticipant/participanttest"
	"github.com/participant-go/connectparticipant/types"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// scene is a bot in a chat, in virtual time.
type scene struct {
	*participanttest.Contact

	t     *testing.T
	srv   *participanttest.Server
	bot   *participanttest.Participant
	ended chan error
}

// play runs test with a bot that has joined.
func play(t *testing.T, m model, test func(s *scene)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		srv := participanttest.Start(t, participanttest.InMemory())
		s := &scene{Contact: srv.NewChat(), t: t, srv: srv, ended: make(chan error, 1)}
		s.Customer.Say("sent before the bot joined")
		s.bot = s.AddParticipant(types.ParticipantRoleCustomBot, "Helper")
		client := connectparticipant.New(connectparticipant.Options{BaseEndpoint: &srv.URL, HTTPClient: srv.Client()})
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		go func() { s.ended <- join(ctx, client, s.bot.Token, s.bot.ID, m, slog.New(slog.DiscardHandler)) }()
		s.wait(10 * time.Second)
		test(s)
		cancel()
		require.NoError(t, <-s.ended)
		require.Equal(t, 1, s.bot.Count("DisconnectParticipant"))
	})
}

func (s *scene) wait(d time.Duration) {
	<-time.After(d)
	synctest.Wait()
}

// says returns the bot's messages.
func (s *scene) says() (texts []string) {
	for _, item := range s.Transcript() {
		if item.Type == string(types.ChatItemTypeMessage) && item.ParticipantRole == types.ParticipantRoleCustomBot {
			texts = append(texts, item.Content)
		}
	}
	return texts
}

// modelFunc is a model as a function.
type modelFunc func(ctx context.Context, conversation []turn) (reply, error)

func (f modelFunc) reply(ctx context.Context, conversation []turn) (reply, error) {
	return f(ctx, conversation)
}

func TestModelGetsTheConversation(t *testing.T) {
	t.Parallel()
	var seen [][]turn
	play(t, modelFunc(func(_ context.Context, conversation []turn) (reply, error) {
		seen = append(seen, conversation)
		return reply{text: "reply"}, nil
	}), func(s *scene) {
		s.Customer.Say("one")
		s.wait(10 * time.Second)
		s.Customer.Say("two")
		s.wait(10 * time.Second)
		require.Equal(t, []string{"reply", "reply"}, s.says())
	})
	require.Equal(t, [][]turn{
		{{text: "sent before the bot joined"}, {text: "one"}},
		{{text: "sent before the bot joined"}, {text: "one"}, {fromBot: true, text: "reply"}, {text: "two"}},
	}, seen)
}

func TestMessagesInQuickSuccessionGetOneReply(t *testing.T) {
	t.Parallel()
	play(t, script{pause: 20 * time.Second}, func(s *scene) {
		s.Customer.Say("Where is")
		s.wait(5 * time.Second)
		s.Customer.Say("my parcel?")
		s.wait(15 * time.Second)
		require.Empty(t, s.says())
		require.GreaterOrEqual(t, s.bot.Count("SendEvent"), 2, "the bot must be shown as typing")
		s.wait(15 * time.Second)
		require.Equal(t, []string{"Your parcel arrives tomorrow."}, s.says())
	})
}

func TestBotStopsWhenAPersonTakesOver(t *testing.T) {
	t.Parallel()
	for name, takeOver := range map[string]func(*scene){
		"an agent joins":          func(s *scene) { s.Agent.Join() },
		"the chat is transferred": func(s *scene) { s.Transfer("Second agent") },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			play(t, script{pause: 20 * time.Second}, func(s *scene) {
				s.Customer.Say("Where is my parcel?")
				s.wait(10 * time.Second)
				takeOver(s)
				s.wait(time.Minute)
				require.Empty(t, s.says(), "the agent replies")
			})
		})
	}
}

func TestBotHandsOver(t *testing.T) {
	t.Parallel()
	for name, m := range map[string]model{
		"the customer wants a person": script{},
		"the model fails":             modelFunc(func(context.Context, []turn) (reply, error) { return reply{}, errors.New("made-up failure") }),
		"the model hangs": modelFunc(func(ctx context.Context, _ []turn) (reply, error) {
			<-ctx.Done()
			return reply{}, ctx.Err()
		}),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			play(t, m, func(s *scene) {
				s.Customer.Say("a person, please")
				s.wait(2 * time.Minute)
				require.Len(t, s.says(), 1)
				require.Contains(t, s.says()[0], "I'll get someone for you.")
				require.Zero(t, s.bot.Sockets(), "the bot must have left")
			})
		})
	}
}

func TestShow(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	require.NoError(t, run(t.Context(), nil, "", &out, t.Output()))
	require.Equal(t, "Customer: Hello!\nHelper: I know about parcels, and I can get you a person.\n"+
		"Customer: Where is my parcel?\nHelper: Your parcel arrives tomorrow.\n"+
		"Customer: I want to talk to a person.\nHelper: I'll get someone for you.\n", out.String())
}
