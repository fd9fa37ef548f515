// SPDX-License-Identifier: Apache-2.0

package chat_test

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/participant-go/connectparticipant/chat"
	"github.com/participant-go/connectparticipant/participanttest"
)

// endless returns transcripts whose pages never end.
func endless() map[string]func(in pageRequest, fetch func(pageRequest) page) page {
	return map[string]func(in pageRequest, fetch func(pageRequest) page) page{
		"a repeated token": cycle("a"), "two tokens in turn": cycle("a", "b"), "five tokens in turn": cycle("a", "b", "c", "d", "e"),
		"two tokens in turn after the first page": cycleAfterFirst(), "empty pages": emptyPages(), "a repeated page": repeatedPages(),
	}
}

// cycle returns the tokens in turn. The first page is the fake's, the others are empty.
func cycle(tokens ...string) func(in pageRequest, fetch func(pageRequest) page) page {
	return func(in pageRequest, fetch func(pageRequest) page) page {
		n, out := turn(in, fetch)
		out.NextToken = fmt.Sprintf("%s-%d", tokens[n%len(tokens)], n%len(tokens))
		return out
	}
}

// turn returns the number of a page, taken from the token, and the page: the first one is the fake's,
// the others are empty.
func turn(in pageRequest, fetch func(pageRequest) page) (n int, out page) {
	if in.NextToken == "" {
		return 0, fetch(in)
	}
	_, number, _ := strings.Cut(in.NextToken, "-")
	n, _ = strconv.Atoi(number)
	return n + 1, page{}
}

// cycleAfterFirst returns tokens in a cycle that doesn't include the first one.
func cycleAfterFirst() func(in pageRequest, fetch func(pageRequest) page) page {
	return func(in pageRequest, fetch func(pageRequest) page) page {
		next, ok := map[string]string{"": "begin", "begin": "a", "a": "b", "b": "a"}[in.NextToken]
		if !ok || in.NextToken != "" {
			return page{NextToken: next}
		}
		out := fetch(in)
		out.NextToken = next
		return out
	}
}

// emptyPages returns empty pages, each with a new token.
func emptyPages() func(in pageRequest, fetch func(pageRequest) page) page {
	return func(in pageRequest, fetch func(pageRequest) page) page {
		n, out := turn(in, fetch)
		out.NextToken = fmt.Sprintf("token-%d", n)
		return out
	}
}

// repeatedPages returns the first page again and again, each time with a new token.
func repeatedPages() func(in pageRequest, fetch func(pageRequest) page) page {
	return func(in pageRequest, fetch func(pageRequest) page) page {
		n, _ := turn(in, func(pageRequest) page { return page{} })
		in.NextToken = ""
		out := fetch(in)
		out.NextToken = fmt.Sprintf("token-%d", n)
		return out
	}
}

func TestEndlessPagesDelayNoItems(t *testing.T) {
	t.Parallel()
	for name, respond := range endless() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inBubble(t, func(b *bubble) {
				p := b.through(&pages{respond: respond, delay: quick})
				before := b.contact.Agent.Say("before")
				b.sleep(time.Second)
				s := b.start()
				require.Equal(b.t, before, b.within(s, 2*time.Minute).ID, "the items that were read are delivered")
				for range 10 {
					live := b.contact.Agent.Say("live")
					require.Equal(b.t, live, b.within(s, 30*time.Second+slack).ID)
					require.Empty(b.t, b.events(s, time.Minute))
				}
				require.Less(b.t, p.count(), 600, "in 12 minutes; the quota is 8 per second")
				b.lose()
				lost := b.contact.Agent.Say("lost")
				b.reconnect()
				require.Equal(b.t, lost, b.within(s, 5*time.Minute).ID)
				require.NoError(b.t, s.Err())
			})
		})
	}
}

// quick returns the delay of a normal page.
func quick(pageRequest) time.Duration { return 100 * time.Millisecond }

// A chat with a broken transcript must leave the quota to the other chats of the process, including
// their passes of low priority.
func TestEndlessPagesLeaveTheQuotaToOthers(t *testing.T) {
	t.Parallel()
	for name, respond := range endless() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inBubble(t, func(b *bubble) {
				limiter := chat.NewLimiter(1)
				limited := func(o *chat.Options) { o.Limiter = limiter }
				healthy := b.client
				b.through(&pages{respond: respond})
				b.start(limited)
				b.sleep(time.Minute)
				b.client, b.contact = healthy, b.srv.NewChat()
				b.contact.Agent.Say("before")
				b.sleep(time.Second)
				s := b.start(limited)
				b.within(s, 5*time.Second)
				for range 5 {
					b.sleep(time.Minute)
					b.srv.Inject(participanttest.Fault{On: participanttest.OnTranscript, Times: 1, Effect: participanttest.Lag(5 * time.Second)})
					b.contact.Customer.CutSockets()
					id := b.contact.Agent.Say("shown to the settle pass")
					require.Equal(b.t, id, b.within(s, 30*time.Second).ID)
				}
			})
		})
	}
}

// untimed returns pages of new items without a time, each with a new token.
type untimed struct {
	size int // of the content of each item
	made atomic.Int64
}

func (u *untimed) respond(in pageRequest, fetch func(pageRequest) page) page {
	n, out := turn(in, fetch)
	for range 100 {
		id := u.made.Add(1)
		out.Transcript = append(out.Transcript, json.RawMessage(fmt.Sprintf(
			`{"Id":"untimed-%d","Type":"MESSAGE","ContentType":"text/plain","Content":%q}`, id, strings.Repeat("x", u.size))))
	}
	out.NextToken = fmt.Sprintf("token-%d", n)
	return out
}

func TestEndlessNewItemsDelayNoOtherSession(t *testing.T) {
	t.Parallel()
	inBubble(t, func(b *bubble) {
		limiter := chat.NewLimiter(1)
		limited := func(o *chat.Options) { o.Limiter = limiter }
		healthy, u := b.client, untimed{size: 10}
		b.through(&pages{respond: u.respond})
		flooded := b.start(limited)
		b.sleep(20 * time.Second)
		for range 2 {
			live := b.contact.Agent.Say("live")
			require.Contains(b.t, ids(b.events(flooded, 30*time.Second+slack)), live)
		}
		require.NoError(b.t, flooded.Err())
		var reading sync.WaitGroup
		ctx, cancel := context.WithCancel(b.t.Context())
		reading.Go(func() { (&arrivals{at: map[string]time.Time{}}).note(ctx, flooded) })
		defer reading.Wait()
		defer cancel()

		b.client, b.contact = healthy, b.srv.NewChat()
		b.contact.Agent.Say("before")
		b.sleep(time.Second)
		s := b.start(limited)
		b.within(s, 5*time.Second)
		b.lose()
		id := b.contact.Agent.Say("lost")
		b.sleep(time.Second)
		b.contact.Customer.CutSockets()
		require.Equal(b.t, id, b.within(s, 10*time.Second).ID)
	})
}

func TestEndlessNewItemsTakeLittleMemory(t *testing.T) { //nolint:paralleltest // it measures memory
	inBubble(t, func(b *bubble) {
		u := untimed{size: 1000}
		b.through(&pages{respond: u.respond, delay: quick})
		_, before := memory()
		s := b.start()
		b.sleep(10 * time.Minute) // the caller receives nothing
		_, after := memory()
		require.LessOrEqual(b.t, after-before, int64(16<<20))
		require.NoError(b.t, s.Err())
	})
}

// At 250 ms per item, a page of 100 items exceeds the timeout.
func TestSlowPagesAreRequestedInSmallerSizes(t *testing.T) {
	t.Parallel()
	inBubble(t, func(b *bubble) {
		p := b.through(&pages{delay: func(in pageRequest) time.Duration {
			return time.Duration(in.MaxResults) * 250 * time.Millisecond
		}})
		before := b.contact.Agent.Say("before")
		b.sleep(time.Second)
		s := b.start()
		require.Equal(b.t, before, b.within(s, 2*time.Minute).ID)
		b.sleep(5 * time.Minute)
		refused := b.refuseSockets()
		b.contact.Customer.CutSockets()
		var missed []string
		for range 200 {
			missed = append(missed, b.contact.Agent.Say("missed"))
			b.sleep(50 * time.Millisecond)
		}
		refused.Remove()
		var got []string
		for range missed {
			got = append(got, b.within(s, 5*time.Minute).ID)
		}
		require.Equal(b.t, missed, got)
		b.sleep(time.Hour)
		require.Less(b.t, p.count(), 300)
	})
}
