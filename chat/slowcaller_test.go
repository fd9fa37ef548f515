// SPDX-License-Identifier: Apache-2.0

package chat_test

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/participant-go/connectparticipant/chat"
	"github.com/participant-go/connectparticipant/participanttest"
	"github.com/participant-go/connectparticipant/types"
)

// For hours, the chat has two messages per second and the caller receives one per second.
func TestCallerThatIsSlowForHoursGetsEveryItemOnce(t *testing.T) {
	t.Parallel()
	inBubble(t, func(b *bubble) {
		const count = 24_000
		s := b.start()
		b.settle()
		var chatting sync.WaitGroup
		chatting.Go(func() {
			for i := range count {
				b.contact.Agent.Say(strconv.Itoa(i))
				b.sleep(time.Second / 2)
			}
		})
		times := make([]int, count)
		for range count {
			b.sleep(time.Second)
			i, err := strconv.Atoi(b.message(s).Text)
			require.NoError(b.t, err)
			times[i]++
		}
		chatting.Wait()
		for i, n := range times {
			require.Equal(b.t, 1, n, "message %d", i)
		}
		b.nothing(s, time.Hour)
		require.Zero(b.t, s.Stats().Reconnects)
	})
}

// If the service rejects start times, the transcript is read backward, however many items were missed.
func TestABackwardPassOfManyItemsKeepsTheirOrder(t *testing.T) { //nolint:paralleltest // it measures memory
	inBubble(t, func(b *bubble) {
		const count = 20_000
		s := b.start()
		b.contact.Agent.Say("first")
		b.message(s)
		b.settle()
		refused := b.refuseSockets()
		b.contact.Customer.CutSockets()
		text := func(i int) string { return strconv.Itoa(i) + strings.Repeat(" long", 100) }
		for i := range count {
			b.contact.Agent.Say(text(i))
			b.sleep(30 * time.Millisecond) // few of them are within Overlap
		}
		_, before := memory()
		refused.Remove()
		b.sleep(2 * time.Minute) // the caller receives nothing
		_, after := memory()
		require.LessOrEqual(b.t, after-before, int64(16<<20), "the items themselves are 20 MB")
		for i := range count {
			m := b.message(s)
			require.Equal(b.t, text(i), m.Text)
			require.False(b.t, m.Late)
		}
		b.nothing(s, time.Hour)
	}, func(o *participanttest.Options) { o.RefuseStartTime = true })
}

// The push of the file is among those that are discarded.
func TestSendFileFromTheLoopOfASlowCaller(t *testing.T) {
	t.Parallel()
	inBubble(t, func(b *bubble) {
		b.contact = b.srv.NewChat(func(o *participanttest.ChatOptions) { o.ScanDelay = 20 * time.Second })
		s := b.start()
		b.settle()
		b.contact.Agent.Say("send me the file")
		b.message(s)
		said := map[string]int{}
		var chatting sync.WaitGroup
		chatting.Go(func() {
			for range 1000 {
				b.sleep(10 * time.Millisecond)
				said[b.contact.Agent.Say(strings.Repeat("and then ", 20))]++
			}
		})
		begun := time.Now()
		ctx, cancel := context.WithTimeout(b.t.Context(), 5*time.Minute)
		defer cancel()
		id, err := s.SendFile(ctx, chat.File{
			Name: "photo.png", ContentType: "image/png", Reader: strings.NewReader("photo"), WaitForScan: true,
		})
		chatting.Wait()
		require.NoError(b.t, err)
		require.LessOrEqual(b.t, time.Since(begun), 30*time.Second)
		events := b.events(s, 10*time.Minute)
		require.Positive(b.t, s.Stats().Behind)
		require.Len(b.t, ids(events), 1001)
		require.Len(b.t, events, 1001)
		for _, m := range only[chat.Message](events) {
			require.True(b.t, said[m.ID] == 1 || m.Attachments[0].ID == id)
		}
	})
}

// The queue is bounded even if the service returns more items than requested.
func TestPageLargerThanRequestedWaitsForTheCaller(t *testing.T) {
	t.Parallel()
	inBubble(t, func(b *bubble) {
		const count = 5000
		p := b.through(&pages{})
		s := b.start()
		b.settle()
		all := make([]json.RawMessage, count)
		for i := range all {
			at := time.Now().Add(time.Duration(i) * time.Millisecond).UTC().Format(isoMillis)
			all[i] = json.RawMessage(b.wireMessage("item-"+strconv.Itoa(i), at))
		}
		b.settle()
		p.respondWith(func(in pageRequest, fetch func(pageRequest) page) page {
			out := fetch(in)
			out.Transcript = append(out.Transcript, all...)
			return out
		})
		b.reconnect()
		b.sleep(10 * time.Second)
		require.Less(b.t, s.Stats().Recovered, 1200, "the caller receives nothing")
		for i := range count {
			require.Equal(b.t, "item-"+strconv.Itoa(i), b.message(s).ID)
		}
	})
}

func TestSlowCallerGetsEveryItem(t *testing.T) {
	t.Parallel()
	inBubble(t, func(b *bubble) {
		s := b.start()
		b.settle()
		const count = 5000
		for i := range count {
			b.contact.Agent.Say(strconv.Itoa(i))
			if i%100 == 0 {
				b.sleep(time.Second)
			}
		}
		for i := range count {
			m := b.message(s)
			require.Equal(b.t, strconv.Itoa(i), m.Text)
			require.False(b.t, m.Late)
		}
		require.Positive(b.t, s.Stats().Behind)
		require.Zero(b.t, s.Stats().Reconnects)
		b.contact.Agent.Say("live again")
		require.Equal(b.t, "live again", b.message(s).Text)
		b.settle()
		b.contact.Agent.Say("immediately")
		b.within(s, 0)
	})
}

// A pass for a slow caller may take as long as the caller, but one that fails delays live items no
// longer than CatchUpWait.
func TestSlowCallerDoesNotWaitForABrokenTranscript(t *testing.T) {
	t.Parallel()
	inBubble(t, func(b *bubble) {
		s := b.start()
		b.settle()
		const count = 2000
		for range count {
			b.contact.Agent.Say("unread")
		}
		b.settle()
		require.Positive(b.t, s.Stats().Behind)
		broken := b.srv.Inject(participanttest.Fault{On: "GetTranscript", Effect: participanttest.Fail(500, "InternalServerException")})
		for range count - s.Stats().Behind {
			require.False(b.t, b.message(s).Late)
		}
		b.settle()
		live := b.contact.Agent.Say("live")
		require.Equal(b.t, live, b.within(s, 31*time.Second).ID)
		broken.Remove()
		for range s.Stats().Behind {
			require.True(b.t, b.within(s, time.Minute).Late)
		}
	})
}

var inactiveItems = flag.Int("inactive.items", 20_000, "the number of items that TestInactiveCallerCostsLittleMemory sends, a multiple of 1,000")

// TestInactiveCallerCostsLittleMemory has sessions whose callers receive no events while items arrive.
// The memory of the fake is measured by the same chat without sessions. For the published number:
//
//	go test -run=InactiveCaller -v ./chat -args -inactive.items=100000
func TestInactiveCallerCostsLittleMemory(t *testing.T) { //nolint:paralleltest // it measures memory
	const sessions, burst = 2, 1000
	pushed := func(t *testing.T, sessions int, check func(b *bubble, inactive []*chat.Session)) (bytes int64) {
		t.Helper()
		synctest.Test(t, func(t *testing.T) {
			b := newBubble(t)
			inactive := b.inactive(sessions)
			_, before := memory()
			for range *inactiveItems / burst {
				for range burst {
					b.contact.Agent.Say("Is anybody there? I would be glad of a reply, whenever it suits you.")
				}
				b.sleep(10 * time.Second)
			}
			_, after := memory()
			bytes = after - before
			check(b, inactive)
		})
		return bytes
	}
	alone := pushed(t, 0, func(*bubble, []*chat.Session) {})
	with := pushed(t, sessions, func(b *bubble, inactive []*chat.Session) {
		for _, s := range inactive {
			require.NoError(b.t, s.Err())
			require.Zero(b.t, s.Stats().Reconnects)
			b.requireAll(s, *inactiveItems/burst*burst)
		}
	})
	t.Logf("%d bytes per session", (with-alone)/sessions)
	require.LessOrEqual(t, (with-alone)/sessions, int64(1<<20))
}

// inactive returns sessions of one chat, each of another participant, after their settle passes.
func (b *bubble) inactive(n int) (inactive []*chat.Session) {
	b.t.Helper()
	for range n {
		p := b.contact.AddParticipant(types.ParticipantRoleCustomBot, "Inactive")
		s, err := chat.Start(b.t.Context(), b.client, p.Token, b.options)
		require.NoError(b.t, err)
		b.t.Cleanup(func() { _ = s.Close() })
		inactive = append(inactive, s)
	}
	b.sleep(time.Minute)
	return inactive
}

// requireAll receives events until no more arrive, and requires n messages, each once.
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
			require.False(b.t, seen[m.ID], "a message was delivered twice")
			require.False(b.t, m.Late)
			seen[m.ID] = true
		}
	}
	require.Len(b.t, seen, n)
}
