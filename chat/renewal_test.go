// SPDX-License-Identifier: Apache-2.0

package chat_test

import (
	"context"
	"encoding/json"
	"reflect"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/participant-go/connectparticipant/chat"
	"github.com/participant-go/connectparticipant/participanttest"
)

func announced(o *chat.Options) { o.RenewalEvents = true }

// renewalDue waits for the next RenewalDue.
func (b *bubble) renewalDue(s *chat.Session) chat.RenewalDue {
	b.t.Helper()
	due, ok := b.next(s).(chat.RenewalDue)
	require.True(b.t, ok)
	return due
}

// Two sessions hand a chat over at its renewals. They create no more connections than one session
// would, and each message is handled once.
func TestAChatIsHandedOverAtItsRenewals(t *testing.T) {
	t.Parallel()
	inBubble(t, func(b *bubble) {
		s := b.start(announced)
		handled := map[string]int{}
		for range 5 {
			for over := false; !over; {
				switch e := b.nextOf(s).(type) {
				case chat.RenewalDue:
					over = true
				case chat.Message:
					handled[e.ID]++
				}
			}
			text, err := json.Marshal(s.State())
			require.NoError(b.t, err)
			require.NoError(b.t, s.Close())
			b.contact.Agent.Say("while no session is connected")
			var state chat.State
			require.NoError(b.t, json.Unmarshal(text, &state))
			s, err = chat.Resume(b.t.Context(), b.client, b.contact.Customer.Token, state, b.options, announced)
			require.NoError(b.t, err)
			b.t.Cleanup(func() { _ = s.Close() })
		}
		require.Equal(b.t, 6, b.srv.Count(create), "one per hour")
		require.NotEmpty(b.t, handled)
		for id, n := range handled {
			require.Equal(b.t, 1, n, id)
		}
		for range len(b.messages()) - len(handled) {
			b.message(s)
		}
	})
}

// nextOf sends a message every ten minutes until an event other than these arrives.
func (b *bubble) nextOf(s *chat.Session) chat.Event {
	b.t.Helper()
	for {
		ctx, cancel := context.WithTimeout(b.t.Context(), 10*time.Minute)
		event, err := s.Next(ctx)
		cancel()
		if err == nil {
			return event
		}
		require.ErrorIs(b.t, err, context.DeadlineExceeded)
		b.contact.Agent.Say("still here")
	}
}

// messages returns the ids of the messages in the transcript.
func (b *bubble) messages() (ids []string) {
	for _, item := range b.contact.Transcript() {
		if item.Type == "MESSAGE" {
			ids = append(ids, item.Id)
		}
	}
	return ids
}

func TestAnnouncedRenewalIsMade(t *testing.T) {
	t.Parallel()
	t.Run("when Next is called again", func(t *testing.T) {
		t.Parallel()
		inBubble(t, func(b *bubble) {
			s := b.start(announced)
			due := b.renewalDue(s)
			require.Positive(b.t, due.Within)
			require.Zero(b.t, s.Stats().Renewals)
			b.nothing(s, time.Second)
			require.Equal(b.t, 1, s.Stats().Renewals)
		})
	})
	t.Run("when the caller is too slow", func(t *testing.T) {
		t.Parallel()
		inBubble(t, func(b *bubble) {
			s := b.start(announced)
			due := b.renewalDue(s)
			b.sleep(due.Within - time.Second)
			require.Zero(b.t, s.Stats().Renewals)
			b.sleep(2 * time.Second)
			require.Equal(b.t, 1, s.Stats().Renewals)
			require.Zero(b.t, s.Stats().Reconnects)
		})
	})
	t.Run("when the event is not received", func(t *testing.T) {
		t.Parallel()
		inBubble(t, func(b *bubble) {
			s := b.start(announced)
			b.sleep(10 * time.Hour)
			require.GreaterOrEqual(b.t, s.Stats().Renewals, 9)
			require.Zero(b.t, s.Stats().Reconnects)
		})
	})
	t.Run("immediately for a denied call", func(t *testing.T) {
		t.Parallel()
		inBubble(t, func(b *bubble) {
			s := b.start(announced)
			b.settle()
			b.contact.Customer.ExpireTokens()
			_, err := s.Send(b.t.Context(), "hello")
			require.NoError(b.t, err)
			require.IsType(b.t, chat.Message{}, b.next(s), "and the renewal is not announced")
		})
	})
}

func TestARenewalIsAnnouncedInTime(t *testing.T) {
	t.Parallel()
	for life, within := range map[time.Duration]time.Duration{
		75 * time.Second: 5 * time.Second, 3 * time.Minute: 5 * time.Second, 6 * time.Minute: 5 * time.Second,
		time.Hour: time.Minute, 66 * time.Minute: 5 * time.Minute,
	} {
		synctest.Test(t, func(t *testing.T) {
			b := newBubble(t, func(o *participanttest.Options) { o.ConnectionExpiryShown = life })
			s, begun := b.start(announced), time.Now()
			due := b.renewalDue(s)
			require.GreaterOrEqual(t, due.Within, within, life)
			require.Less(t, time.Since(begun)+due.Within, life)
			b.sleep(due.Within - time.Second)
			require.Zero(t, s.Stats().Renewals, life)
		})
	}
}

func TestRenewalsAreNotAnnouncedUnlessAskedFor(t *testing.T) {
	t.Parallel()
	inBubble(t, func(b *bubble) {
		s := b.start()
		b.nothing(s, 5*time.Hour)
		_, ok := chat.MetaOf(chat.RenewalDue{})
		require.False(b.t, ok)
	})
}

func TestRenewalsAreInvisible(t *testing.T) {
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

func TestIdleSessionCreatesFewConnections(t *testing.T) {
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
		require.GreaterOrEqual(t, perHour, 1.0, "only renewals replace an expiring token")
		t.Logf("%.3f CreateParticipantConnection per hour", perHour)
	})
}

func TestRenewalsLeakNoContext(t *testing.T) {
	t.Parallel()
	inBubble(t, func(b *bubble) {
		s := b.start()
		b.sleep(48 * time.Hour)
		synctest.Wait()
		children := reflect.ValueOf(s).Elem().FieldByName("life").Elem().Elem().FieldByName("children")
		require.Less(b.t, children.Len(), 10, "%d renewals", s.Stats().Renewals)
	})
}

func TestStaleRenewalDueIsDropped(t *testing.T) {
	t.Parallel()
	inBubble(t, func(b *bubble) {
		s := b.start(func(o *chat.Options) { o.RenewalEvents = true })
		b.sleep(70 * time.Minute) // the caller is busy, so the session renews without it
		require.Equal(b.t, 1, s.Stats().Renewals)
		for range 4 {
			ctx, cancel := context.WithTimeout(b.t.Context(), 10*time.Second)
			e, err := s.Next(ctx)
			t.Logf("%T %v", e, err)
			cancel()
		}
		require.Equal(b.t, 1, s.Stats().Renewals)
	})
}

// A call of Next that was already waiting doesn't decline the renewal that another call has returned.
func TestAWaitingCallOfNextDoesNotDeclineARenewal(t *testing.T) {
	t.Parallel()
	inBubble(t, func(b *bubble) {
		s := b.start(announced)
		b.settle()
		b.events(s, time.Second)
		due := make(chan chat.RenewalDue)
		for range 2 {
			go func() {
				if event, err := s.Next(b.t.Context()); err == nil {
					due <- event.(chat.RenewalDue)
				}
			}()
		}
		within := (<-due).Within
		b.sleep(within - time.Second)
		require.Zero(b.t, s.Stats().Renewals)
		b.sleep(2 * time.Second)
		require.Equal(b.t, 1, s.Stats().Renewals)
		require.NoError(b.t, s.Close())
	})
}
