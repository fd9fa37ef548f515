// SPDX-License-Identifier: Apache-2.0

package chat

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestTheSizeOfPages(t *testing.T) {
	t.Parallel()
	f := connected(t)
	size := func() int {
		t, _ := f.admitPage(passCatchUp, f.now)
		return t.pageSize
	}
	take := func(took time.Duration) {
		_, ok := f.takePage(passCatchUp, &page{took: took}, aPage, &reading{}, f.now)
		require.True(t, ok)
	}
	require.Equal(t, 100, size())
	take(time.Hour)
	require.Equal(t, 100, size())
	f.passes.pageSize = 25 // as after two slow pages
	take(5 * time.Second)
	require.Equal(t, 25, size())
	for _, want := range []int{50, 100, 100} {
		take(5*time.Second - 1)
		require.Equal(t, want, size())
	}
}

func TestAPageOfAnotherChatEndsTheSession(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.inbox.restore(&State{chat: 1})
	f.connect()
	f.arrives(said("of chat 2", 0))
	_, ok := f.takePage(passCatchUp, &page{chat: 2}, aPage, &reading{}, f.now)
	require.False(t, ok)
	require.ErrorIs(t, f.err(), ErrState)
	require.True(t, f.end.why.Gap)
	require.Empty(t, f.messages())
}

func TestAPageWaitsForTheCallerAndForSend(t *testing.T) {
	t.Parallel()
	f := connected(t)
	p := &page{items: []*item{said("a", 0)}}
	f.inbox.beginSend(f.now)
	_, ok := f.takePage(passCatchUp, p, aPage, &reading{}, f.now)
	require.False(t, ok, "the item may be ours")
	f.inbox.endSend("", false, f.now)
	for !f.inbox.queue.full() {
		f.inbox.queue.push(queued{event: Typing{}})
	}
	_, ok = f.takePage(passCatchUp, p, aPage, &reading{}, f.now)
	require.False(t, ok)
	require.True(t, f.inbox.hold.blocked)
	f.events()
	fresh, ok := f.takePage(passCatchUp, p, aPage, &reading{}, f.now)
	require.True(t, ok)
	require.Equal(t, 1, fresh)
	fresh, _ = f.takePage(passCatchUp, p, aPage, &reading{}, f.now)
	require.Zero(t, fresh)
	require.Equal(t, []string{"a"}, f.messages())
	require.Equal(t, 1, f.stats.Recovered)
	require.Equal(t, 1, f.stats.Duplicates)
}

// Without a known item, the pages may not reach back to those of the last pass.
func TestFenceMovesDuringAPassOnlyAfterAKnownItem(t *testing.T) {
	t.Parallel()
	f := connected(t)
	fence := f.inbox.ledger.fence
	f.sleep(time.Minute)
	f.inbox.ledger.beginPass()
	var r reading
	take := func(from origin, items ...*item) {
		_, ok := f.takePage(passCatchUp, &page{items: items, date: f.time(), arrived: f.now}, from, &r, f.now)
		require.True(t, ok)
	}
	witness := said("witness", time.Second)
	take(aPage, witness, said("a", 20*time.Second))
	require.False(t, r.known)
	require.Equal(t, fence, f.inbox.ledger.fence)
	f.inbox.ledger.beginPass()
	take(origin{page: true, first: true}, witness)
	require.True(t, r.known)
	require.Equal(t, fence, f.inbox.ledger.fence, "the first pass reads from the newest item")
	take(aPage, witness)
	require.Equal(t, at(20*time.Second), f.inbox.ledger.fence)
}

func TestUnreadableItemsAreCountedOnce(t *testing.T) {
	t.Parallel()
	f := connected(t)
	odd := malformedItem([]byte(`{"Id":"odd","Content":[]}`))
	for range 2 {
		_, ok := f.takePage(passCatchUp, &page{items: []*item{odd, said("a", 0)}}, aPage, &reading{}, f.now)
		require.True(t, ok)
	}
	require.Equal(t, 1, f.stats.Unreadable)
}

func TestNewBackfill(t *testing.T) {
	t.Parallel()
	f := newFixture(t, func(o *Options) { o.History = 7 })
	f.connect()
	b := f.newBackfill(passCatchUp)
	require.True(t, b.backward)
	require.Zero(t, b.start)
	require.Equal(t, 7, b.history)
	require.Equal(t, at(0), b.since)
	f.pass(passCatchUp)
	b = f.newBackfill(passPeriodic)
	require.True(t, b.backward, "no page has shown an item")
	require.Equal(t, at(-2*time.Minute), b.start)
	require.Equal(t, at(0), b.fence)
	f.inbox.ledger.note(said("witness", 0), aPage, 0)
	require.False(t, f.newBackfill(passPeriodic).backward)
	require.Equal(t, HistoryAll, f.newBackfill(passPeriodic).history, "the ledger knows the items that the first pass has skipped")
	f.passes.backward = true
	require.True(t, f.newBackfill(passPeriodic).backward)
	none := newFixture(t, func(o *Options) { o.History = HistoryNone })
	require.Zero(t, none.newBackfill(passCatchUp).history)
}
