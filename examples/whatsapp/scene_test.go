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

	_ "github.com/participant-go/connectparticipant/internal/fipstest" // random numbers in bubbles
	"github.com/participant-go/connectparticipant/participanttest"
	"github.com/participant-go/connectparticipant/types"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// scene is a gateway between two fakes, in virtual time.
type scene struct {
	*phone

	t     *testing.T
	srv   *participanttest.Server
	gw    *gateway
	chats []*participanttest.Contact
	log   bytes.Buffer
	// options are the options of new chats; refused makes starting them fail.
	options func(*participanttest.ChatOptions)
	refused bool
}

// start makes scene a starter.
func (s *scene) start(_ context.Context, name, _ string) (participantToken, participantID string, err error) {
	if s.refused {
		return "", "", errors.New("made-up refusal")
	}
	contact := s.srv.NewChat(func(o *participanttest.ChatOptions) {
		o.CustomerName = name
		if s.options != nil {
			s.options(o)
		}
	})
	contact.System.Say("Welcome!")
	s.chats = append(s.chats, contact)
	return contact.Customer.Token, contact.Customer.ID, nil
}

// play runs test in a bubble, and then closes the gateway.
func play(t *testing.T, test func(s *scene)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		s := &scene{phone: newPhone("15550100", "Ann"), t: t, srv: participanttest.Start(t, participanttest.InMemory())}
		s.gw = s.connect(s.srv, s, slog.New(slog.NewTextHandler(&s.log, &slog.HandlerOptions{Level: slog.LevelDebug})))
		defer s.gw.close() // even if the test fails
		test(s)
		s.gw.close()
		require.NotContains(t, s.log.String(), s.number)
		require.NotContains(t, s.log.String(), s.token)
		require.NotContains(t, s.log.String(), "secret words")
	})
}

func (s *scene) wait(d time.Duration) {
	<-time.After(d)
	synctest.Wait()
}

// writes makes the customer send a text, and waits until it is in the chat.
func (s *scene) writes(text string) {
	s.t.Helper()
	require.NoError(s.t, s.write(s.t.Context(), text))
	s.wait(5 * time.Second)
}

// picks makes the customer pick an option of a message, and waits.
func (s *scene) picks(from shown, title string) {
	s.t.Helper()
	require.NoError(s.t, s.pick(s.t.Context(), from, title))
	s.wait(5 * time.Second)
}

// begin starts a chat, and returns it when the customer has received the welcome.
func (s *scene) begin() *participanttest.Contact {
	s.t.Helper()
	s.writes("Hello!")
	require.Equal(s.t, "Welcome!", s.last().text)
	return s.chats[len(s.chats)-1]
}

// display returns what the phone has shown since the last call.
func (s *scene) display() (all []shown) {
	s.wait(5 * time.Second)
	for {
		select {
		case m := <-s.shown:
			all = append(all, m)
		default:
			return all
		}
	}
}

// last returns the only message that the phone has shown since the last call.
func (s *scene) last() shown {
	s.t.Helper()
	all := s.display()
	require.Len(s.t, all, 1)
	return all[0]
}

// said returns the customer's messages in a chat.
func said(contact *participanttest.Contact) (items []participanttest.Item) {
	for _, item := range contact.Transcript() {
		if item.Type != string(types.ChatItemTypeEvent) && item.ParticipantRole == types.ParticipantRoleCustomer {
			items = append(items, item)
		}
	}
	return items
}

// words returns the contents of items.
func words(items []participanttest.Item) (all []string) {
	for _, item := range items {
		all = append(all, item.Content)
	}
	return all
}
