// SPDX-License-Identifier: Apache-2.0

package chat_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/participant-go/connectparticipant/chat"
	"github.com/participant-go/connectparticipant/participanttest"
)

// plantImplausible adds a message with an implausible time to the transcript: at that time if it is
// ahead, and otherwise at the current time.
func (b *bubble) plantImplausible(p *pages, absoluteTime string) (id string) {
	b.t.Helper()
	shown := time.Now()
	if at, err := time.Parse(time.RFC3339, absoluteTime); err == nil && at.After(shown) {
		shown = at
	}
	p.plant(shown, b.wireMessage("odd", absoluteTime))
	return "odd"
}

// implausibleTimes are values of AbsoluteTime, relative to now.
func implausibleTimes(now time.Time) map[string]string {
	ahead := func(d time.Duration) string { return now.Add(d).UTC().Format(isoMillis) }
	return map[string]string{
		"ten minutes ahead":      ahead(10 * time.Minute),
		"a day ahead":            ahead(24 * time.Hour),
		"the last one in int64":  "2262-04-11T23:47:16.854Z",
		"after int64":            "2263-01-01T00:00:00.000Z",
		"the last year":          "9999-12-31T23:59:59.999Z",
		"before int64":           "1677-09-21T00:12:43.000Z",
		"the first one in int64": "1677-09-21T00:12:44.000Z",
		"the zero time":          "0001-01-01T00:00:00.000Z",
		"1970":                   "1970-01-01T00:00:00.000Z",
		"unreadable":             "yesterday",
		"none":                   "",
	}
}

// eachImplausibleTime runs a test for each implausible time, with such an item in the transcript.
func eachImplausibleTime(t *testing.T, test func(b *bubble, p *pages, s *chat.Session, odd string), optFns ...func(*participanttest.Options)) {
	t.Helper()
	for name := range implausibleTimes(time.Now()) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inBubble(t, func(b *bubble) {
				p := b.through(&pages{})
				s := b.start()
				for range 300 { // more than keepAtLeast
					b.contact.Agent.Say("before")
					b.message(s)
				}
				b.settle()
				test(b, p, s, b.plantImplausible(p, implausibleTimes(time.Now())[name]))
			}, optFns...)
		})
	}
}

func TestItemWithAnImplausibleTimeIsDeliveredOnce(t *testing.T) {
	t.Parallel()
	eachImplausibleTime(t, func(b *bubble, _ *pages, s *chat.Session, odd string) {
		var events []chat.Event
		for range 8 {
			b.reconnect()
			events = append(events, b.events(s, 11*time.Second)...)
		}
		require.GreaterOrEqual(b.t, s.Stats().Passes, 8)
		require.Equal(b.t, map[string]int{odd: 1}, ids(events))
		live := b.contact.Agent.Say("live")
		m := b.within(s, time.Minute)
		require.Equal(b.t, live, m.ID)
		require.False(b.t, m.Late, "an implausible time makes no other item Late")
	})
}

func TestPushedItemWithAnImplausibleTimeIsDeliveredOnce(t *testing.T) {
	t.Parallel()
	eachImplausibleTime(t, func(b *bubble, p *pages, s *chat.Session, odd string) {
		b.contact.PushFrame(envelope(string(p.planted[0].item)))
		require.Equal(b.t, odd, b.within(s, 0).ID)
		for range 8 {
			b.reconnect()
			require.Empty(b.t, b.events(s, 11*time.Second))
		}
		live := b.contact.Agent.Say("live")
		m := b.within(s, time.Minute)
		require.Equal(b.t, live, m.ID)
		require.False(b.t, m.Late, "an implausible time makes no other item Late")
	})
}

func TestItemWithAnImplausibleTimeHidesNoLostPushes(t *testing.T) {
	t.Parallel()
	eachImplausibleTime(t, func(b *bubble, _ *pages, s *chat.Session, odd string) {
		b.reconnect()
		require.Equal(b.t, map[string]int{odd: 1}, ids(b.events(s, 2*time.Minute)))
		for range 20 {
			b.lose()
			id := b.contact.Agent.Say("lost")
			b.sleep(time.Second)
			b.reconnect()
			events := b.events(s, time.Minute)
			require.Equal(b.t, map[string]int{id: 1}, ids(events))
			require.False(b.t, only[chat.Message](events)[0].Late)
		}
		b.contact.End()
		events, _ := b.toEnd(s, 5*time.Hour)
		ended := only[chat.ChatEnded](events)
		require.Len(b.t, ended, 1)
		require.False(b.t, ended[0].Gap, "no item is missing")
	})
}

func TestItemWithAnImplausibleTimeHidesNothingFromPeriodicPasses(t *testing.T) {
	t.Parallel()
	eachImplausibleTime(t, func(b *bubble, _ *pages, s *chat.Session, odd string) {
		require.Equal(b.t, map[string]int{odd: 1}, ids(b.events(s, 4*time.Minute)))
		for range 20 {
			b.lose()
			id := b.contact.Agent.Say("lost")
			require.Equal(b.t, map[string]int{id: 1}, ids(b.events(s, 4*time.Minute)))
		}
	})
}

// A backward pass must not end at an implausible time either.
func TestItemWithAnImplausibleTimeHidesNothingFromBackwardPasses(t *testing.T) {
	t.Parallel()
	eachImplausibleTime(t, func(b *bubble, _ *pages, s *chat.Session, odd string) {
		b.reconnect()
		require.Equal(b.t, map[string]int{odd: 1}, ids(b.events(s, 30*time.Second)))
		for range 20 {
			b.lose()
			id := b.contact.Agent.Say("lost")
			b.sleep(time.Second)
			b.reconnect()
			require.Equal(b.t, map[string]int{id: 1}, ids(b.events(s, 30*time.Second)))
		}
	}, func(o *participanttest.Options) { o.RefuseStartTime = true })
}

func TestItemWithAnImplausibleTimeHidesNothingAfterResume(t *testing.T) {
	t.Parallel()
	eachImplausibleTime(t, func(b *bubble, _ *pages, s *chat.Session, odd string) {
		b.reconnect()
		require.Equal(b.t, map[string]int{odd: 1}, ids(b.events(s, time.Minute)))
		for range 5 {
			state := s.State()
			require.NoError(b.t, s.Close())
			b.sleep(3 * time.Minute)
			id := b.contact.Agent.Say("in the meantime")
			b.sleep(3 * time.Minute)
			s = b.resume(state)
			events := ids(b.events(s, time.Minute))
			delete(events, odd) // may be delivered again after a restart
			require.Equal(b.t, map[string]int{id: 1}, events)
		}
	})
}

// An item with an implausible time may be the only item of the transcript.
func TestItemWithAnImplausibleTimeInTheHistoryHidesNothing(t *testing.T) {
	t.Parallel()
	for name := range implausibleTimes(time.Now()) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inBubble(t, func(b *bubble) {
				p := b.through(&pages{})
				before := b.contact.Agent.Say("before")
				b.sleep(time.Second)
				odd := b.plantImplausible(p, implausibleTimes(time.Now())[name])
				b.sleep(time.Second)
				s := b.start()
				require.Equal(b.t, map[string]int{before: 1, odd: 1}, ids(b.events(s, time.Minute)))
				for range 5 {
					b.lose()
					id := b.contact.Agent.Say("lost")
					b.sleep(time.Second)
					b.reconnect()
					require.Equal(b.t, map[string]int{id: 1}, ids(b.events(s, 2*time.Minute)))
				}
			})
		})
	}
}

// A gap must be reported even if an item is dated tomorrow.
func TestItemWithAnImplausibleTimeClosesNoGap(t *testing.T) {
	t.Parallel()
	eachImplausibleTime(t, func(b *bubble, _ *pages, s *chat.Session, odd string) {
		b.reconnect()
		require.Equal(b.t, map[string]int{odd: 1}, ids(b.events(s, time.Minute)))
		b.breakTranscript()
		b.contact.Customer.CutSockets()
		b.contact.Agent.Say("missed")
		require.NoError(b.t, b.contact.Customer.WaitSockets(b.t.Context(), 1))
		b.sleep(time.Minute)
		b.contact.End()
		events, _ := b.toEnd(s, 5*time.Hour)
		ended := only[chat.ChatEnded](events)
		require.Len(b.t, ended, 1)
		require.True(b.t, ended[0].Gap)
		require.True(b.t, b.end(s).Gap)
	})
}
