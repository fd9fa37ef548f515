// SPDX-License-Identifier: Apache-2.0

package chat_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/participant-go/connectparticipant"
	"github.com/participant-go/connectparticipant/chat"
	_ "github.com/participant-go/connectparticipant/internal/fipstest" // random numbers in bubbles
	"github.com/participant-go/connectparticipant/participanttest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// bubble is a chat on a fake in memory, in virtual time.
type bubble struct {
	t       *testing.T
	srv     *participanttest.Server
	contact *participanttest.Contact
	client  *connectparticipant.Client
}

func newBubble(t *testing.T, optFns ...func(*participanttest.Options)) *bubble {
	t.Helper()
	srv := participanttest.Start(t, append(optFns, participanttest.InMemory())...)
	client := connectparticipant.New(connectparticipant.Options{BaseEndpoint: &srv.URL, HTTPClient: srv.Client()})
	return &bubble{t: t, srv: srv, contact: srv.NewChat(), client: client}
}

func (b *bubble) options(o *chat.Options) {
	o.HTTPClient = b.srv.Client()
	o.Limiter = chat.Unlimited
}

// start lets the customer join.
func (b *bubble) start(optFns ...func(*chat.Options)) *chat.Session {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.t.Context(), time.Minute)
	defer cancel()
	s, err := chat.Start(ctx, b.client, b.contact.Customer.Token, append([]func(*chat.Options){b.options}, optFns...)...)
	require.NoError(b.t, err)
	b.t.Cleanup(func() { _ = s.Close() })
	return s
}

// next returns the next event that isn't about the connection or a participant.
func (b *bubble) next(s *chat.Session) chat.Event {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.t.Context(), 2*time.Hour)
	defer cancel()
	for {
		event, err := s.Next(ctx)
		require.NoError(b.t, err)
		switch event.(type) {
		case chat.ConnectionChanged, chat.Participant:
		default:
			return event
		}
	}
}

// message returns the next message.
func (b *bubble) message(s *chat.Session) chat.Message {
	b.t.Helper()
	event := b.next(s)
	m, ok := event.(chat.Message)
	require.True(b.t, ok, "%T", event)
	return m
}

func (b *bubble) sleep(d time.Duration) { <-time.After(d) }

func inBubble(t *testing.T, test func(b *bubble), optFns ...func(*participanttest.Options)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) { test(newBubble(t, optFns...)) })
}

func TestMessagesGoBothWays(t *testing.T) {
	t.Parallel()
	inBubble(t, func(b *bubble) {
		greeting := b.contact.Agent.Say("Welcome!")
		b.sleep(time.Second)
		s := b.start()
		m := b.message(s)
		require.Equal(b.t, greeting, m.ID)
		require.True(b.t, m.History)
		require.False(b.t, m.Own)

		sent, err := s.Send(b.t.Context(), "Hello")
		require.NoError(b.t, err)
		m = b.message(s)
		require.Equal(b.t, sent.ID, m.ID)
		require.Equal(b.t, "Hello", m.Text)
		require.True(b.t, m.Own)
		require.False(b.t, m.History)

		begun := time.Now()
		b.contact.Agent.Say("How can I help?")
		m = b.message(s)
		require.Equal(b.t, "How can I help?", m.Text)
		require.Zero(b.t, time.Since(begun), "a live item comes at once")
		require.NoError(b.t, s.Close())
		_, err = s.Next(b.t.Context())
		require.ErrorIs(b.t, err, chat.ErrClosed)
	})
}

func TestALostConnectionLosesNothing(t *testing.T) {
	t.Parallel()
	inBubble(t, func(b *bubble) {
		s := b.start()
		for range 5 {
			b.sleep(time.Minute)
			b.contact.Customer.CutSockets()
			id := b.contact.Agent.Say("while nobody listens")
			m := b.within(s, time.Second)
			require.Equal(b.t, id, m.ID)
			require.False(b.t, m.Late)
		}
		require.Equal(b.t, 5, s.Stats().Reconnects)
		require.Equal(b.t, 5, s.Stats().Recovered)
	})
}

func TestRenewalIsUnseen(t *testing.T) {
	t.Parallel()
	inBubble(t, func(b *bubble) {
		s := b.start()
		for range 100 {
			b.sleep(5 * time.Minute)
			b.contact.Agent.Say("still here")
			b.message(s)
		}
		require.GreaterOrEqual(b.t, s.Stats().Renewals, 8)
		require.Zero(b.t, s.Stats().Reconnects)
		require.Zero(b.t, s.Stats().Late)
	})
}

func TestTheEnd(t *testing.T) {
	t.Parallel()
	inBubble(t, func(b *bubble) {
		s := b.start()
		b.sleep(time.Minute)
		b.contact.Agent.Say("Bye")
		b.contact.End()
		b.message(s)
		ended, ok := b.next(s).(chat.ChatEnded)
		require.True(b.t, ok)
		require.False(b.t, ended.Gap)
		_, err := s.Next(b.t.Context())
		require.ErrorIs(b.t, err, chat.ErrChatEnded)
		require.Equal(b.t, err, s.Err())
	})
}

func TestMetaOf(t *testing.T) {
	t.Parallel()
	m, ok := chat.MetaOf(chat.Updated{Message: chat.Message{Meta: chat.Meta{ID: "item-1"}}})
	require.True(t, ok)
	require.Equal(t, "item-1", m.ID)
	_, ok = chat.MetaOf(chat.ConnectionChanged{})
	require.False(t, ok)
}

func TestSendOnce(t *testing.T) {
	t.Parallel()
	inBubble(t, func(b *bubble) {
		s := b.start()
		first, err := s.SendOnce(b.t.Context(), "sms-4711", "text/plain", "Hello")
		require.NoError(b.t, err)
		again, err := s.SendOnce(b.t.Context(), "sms-4711", "text/plain", "Hello")
		require.NoError(b.t, err)
		require.Equal(b.t, first.ID, again.ID)
		require.Equal(b.t, first.ID, b.message(s).ID)
		b.nothing(s, time.Hour)
	})
}
