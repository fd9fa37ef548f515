// SPDX-License-Identifier: Apache-2.0

package chat_test

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/participant-go/connectparticipant"
	"github.com/participant-go/connectparticipant/chat"
	"github.com/participant-go/connectparticipant/participanttest"
)

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
		require.Zero(b.t, time.Since(begun), "a live item is delivered immediately")
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
			id := b.contact.Agent.Say("while no session is connected")
			m := b.within(s, time.Second)
			require.Equal(b.t, id, m.ID)
			require.False(b.t, m.Late)
		}
		require.Equal(b.t, 5, s.Stats().Reconnects)
		require.Equal(b.t, 5, s.Stats().Recovered)
	})
}

func TestChatEndedIsFollowedByErrChatEnded(t *testing.T) {
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

func TestCloseAtAnyTime(t *testing.T) {
	t.Parallel()
	inBubble(t, func(b *bubble) {
		b.srv.Inject(participanttest.Fault{On: create, Chance: 0.5, Effect: participanttest.Delay(3 * time.Second)})
		for i := range 30 {
			s := b.start()
			b.sleep(time.Duration(i) * 700 * time.Millisecond)
			if i%3 == 0 {
				b.contact.Customer.CutSockets()
			}
			begun := time.Now()
			var closing sync.WaitGroup
			for range 3 {
				closing.Go(func() { _ = s.Close() })
			}
			closing.Wait()
			require.LessOrEqual(b.t, time.Since(begun), time.Second)
			synctest.Wait()
		}
	})
}

func TestMethodsMayRunDuringClose(t *testing.T) {
	t.Parallel()
	srv := participanttest.Start(t)
	client := connectparticipant.New(connectparticipant.Options{BaseEndpoint: &srv.URL, HTTPClient: srv.Client()})
	for range 30 {
		c := srv.NewChat()
		s, err := chat.Start(t.Context(), client, c.Customer.Token, func(o *chat.Options) { o.Limiter = chat.Unlimited; o.HTTPClient = srv.Client() })
		require.NoError(t, err)
		ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
		var wg sync.WaitGroup
		for range 3 {
			wg.Go(func() { _, _ = s.Send(ctx, "x") })
			wg.Go(func() { _ = s.Typing(ctx) })
			wg.Go(func() { _ = s.CatchUp(ctx) })
			wg.Go(func() { _ = s.State(); _ = s.Stats(); _ = fmt.Sprint(s) })
			wg.Go(func() { s.MarkRead("a"); _, _ = s.Next(ctx) })
			wg.Go(func() { c.Customer.CutSockets(); c.Agent.Say("y") })
			wg.Go(func() { _ = s.Leave(ctx) })
			wg.Go(func() { _ = s.Close() })
		}
		wg.Wait()
		cancel()
		require.Error(t, s.Err())
	}
}

func TestNextReturnsAQueuedEventAlthoughItsContextIsDone(t *testing.T) {
	t.Parallel()
	inBubble(t, func(b *bubble) {
		b.contact.Agent.Say("there")
		s := b.start()
		b.settle()
		ctx, cancel := context.WithCancel(b.t.Context())
		cancel()
		event, err := s.Next(ctx)
		require.NoError(b.t, err)
		require.NotNil(b.t, event)
		for {
			if _, err = s.Next(ctx); err != nil {
				break
			}
		}
		require.ErrorIs(b.t, err, context.Canceled)
		require.NoError(b.t, s.Err())
	})
}
