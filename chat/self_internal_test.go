// SPDX-License-Identifier: Apache-2.0

package chat

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// from returns a message of a participant.
func from(participant, id string) *item {
	it := said(id, 0)
	it.meta.From.ParticipantID = participant
	return it
}

func TestTheOwnIDIsLearnedFromASentItem(t *testing.T) {
	t.Parallel()
	var s self
	mine := from("me", "mine")
	s.recognize(mine)
	require.Empty(t, s.id, "nothing was sent")
	s.begin(began)
	s.end(mine.key)
	s.recognize(from("agent", "other"))
	s.recognize(from("", "mine"))
	require.Empty(t, s.id)
	require.False(t, s.sent(from("", "anonymous")), "an empty id matches no participant")
	s.recognize(mine)
	require.Equal(t, "me", s.id)
	require.True(t, s.sent(from("me", "another")))
	require.False(t, s.sent(from("agent", "other")))
	s.end(from("agent", "x").key)
	s.recognize(from("agent", "x"))
	require.Equal(t, "me", s.id, "a known id doesn't change")
}

func TestFailedCallRecordsNoItem(t *testing.T) {
	t.Parallel()
	var s self
	s.begin(began)
	s.end(0)
	it := from("agent", "a")
	it.key = 0
	s.recognize(it)
	require.Empty(t, s.id)
}

func TestItemsAreUndecidedWhileASendIsInFlight(t *testing.T) {
	t.Parallel()
	var s self
	require.False(t, s.isUndecided(began))
	s.begin(began)
	s.begin(began.Add(time.Second)) // another call doesn't extend the wait
	require.True(t, s.isUndecided(began.Add(2*time.Second-1)))
	require.False(t, s.isUndecided(began.Add(2*time.Second)))
	s.end(0)
	require.True(t, s.isUndecided(began.Add(time.Second)))
	s.end(0)
	require.False(t, s.isUndecided(began.Add(time.Second)))
	s.begin(began.Add(time.Minute))
	require.True(t, s.isUndecided(began.Add(time.Minute+time.Second)))
	s.id = "me"
	require.False(t, s.isUndecided(began.Add(time.Minute+time.Second)))
}

func TestTheItemsSentAreBounded(t *testing.T) {
	t.Parallel()
	var s self
	for key := range uint64(1000) {
		s.begin(began)
		s.end(key + 1)
		s.expect(key+1, began)
	}
	require.LessOrEqual(t, len(s.items), 64)
	require.Len(t, s.echoes, 64)
}

// A message that the transcript doesn't show yet is searched again, at growing intervals.
func TestMessageWithoutAPushIsSearchedThreeTimes(t *testing.T) {
	t.Parallel()
	var s self
	require.Zero(t, s.overdue())
	s.expect(1, began)
	at := began
	for _, wait := range []time.Duration{5 * time.Second, 10 * time.Second, 15 * time.Second} {
		at = at.Add(wait)
		require.Equal(t, at, s.overdue())
		s.passed(at.Add(-1), at) // began before the message was overdue: doesn't count
		require.Equal(t, at, s.overdue())
		s.passed(at, at)
	}
	require.Zero(t, s.overdue())
	require.LessOrEqual(t, at.Sub(began), 30*time.Second)
}

func TestMessageThatArrivesIsNotSearched(t *testing.T) {
	t.Parallel()
	var s self
	s.expect(1, began)
	s.expect(2, began.Add(time.Second))
	s.arrived(3)
	require.Equal(t, began.Add(5*time.Second), s.overdue())
	s.arrived(1)
	require.Equal(t, began.Add(6*time.Second), s.overdue())
	s.arrived(2)
	require.Zero(t, s.overdue())
}

func TestALostPushOfAnOwnMessageMakesAPassDue(t *testing.T) {
	t.Parallel()
	for name, push := range map[string]bool{"lost": false, "arrived": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := connected(t)
			f.inbox.beginSend(f.now)
			f.inbox.endSend("mine", true, f.now)
			if push {
				f.arrives(from("me", "mine"))
				require.Equal(t, "me", f.inbox.self.id)
			}
			f.sleep(5*time.Second - 1)
			none[startPass](f)
			f.sleep(1)
			if push {
				none[startPass](f)
			} else {
				f.begin(passMissed)
			}
		})
	}
}

// The push may arrive before the response.
func TestHeldItemIsNotExpected(t *testing.T) {
	t.Parallel()
	f := connected(t)
	f.inbox.beginSend(f.now)
	f.arrives(from("me", "mine"))
	require.Empty(t, f.events(), "the item may be ours")
	f.inbox.endSend("mine", true, f.now)
	events := f.events()
	require.Len(t, events, 1)
	meta, _ := MetaOf(events[0])
	require.True(t, meta.Own)
	require.Zero(t, f.inbox.self.overdue())
	f.inbox.beginSend(f.now)
	f.inbox.endSend("mine", true, f.now)
	require.Zero(t, f.inbox.self.overdue(), "a delivered item is not expected")
	f.inbox.endSend("an event", false, f.now)
	require.Zero(t, f.inbox.self.overdue(), "an item that the transcript may lack is not expected")
}

func TestUndecidedItemIsDeliveredEventually(t *testing.T) {
	t.Parallel()
	f := connected(t)
	f.inbox.beginSend(f.now)
	f.arrives(said("a", 0))
	_, next := f.runStep()
	require.LessOrEqual(t, next, 2*time.Second)
	f.sleep(2 * time.Second)
	f.runStep()
	require.Equal(t, []string{"a"}, f.messages())
	f.inbox.endSend("", true, f.now)
	require.Empty(t, f.inbox.self.items, "the call failed")
	require.Zero(t, f.inbox.self.overdue())
}

func TestManyMissingMessagesAreFoundByOnePass(t *testing.T) {
	t.Parallel()
	f := connected(t)
	for n := range 2 * 64 {
		f.inbox.beginSend(f.now)
		f.inbox.endSend(fmt.Sprint("message ", n), true, f.now)
	}
	f.sleep(5 * time.Second)
	f.begin(passMissed)
	f.complete()
	none[startPass](f)
}

func TestManySendsKeepFewItems(t *testing.T) {
	t.Parallel()
	c := newTestCore()
	goLive(c)
	for i := range 100_000 {
		c.inbox.beginSend(now())
		c.inbox.endSend(fmt.Sprint("item-", i), true, now())
	}
	require.LessOrEqual(t, len(c.inbox.self.items), 10_000)
}
