// SPDX-License-Identifier: Apache-2.0

package chat

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

var aPage = origin{page: true}

func newLedger() *ledger { return &ledger{seen: map[uint64]entry{}} }

func keys(n int, format string) []uint64 {
	keys := make([]uint64, n)
	for i := range keys {
		keys[i] = keyOf(fmt.Sprintf(format, i))
	}
	return keys
}

func TestAnItemIsNewOnce(t *testing.T) {
	t.Parallel()
	l := newLedger()
	it := said("a", 0)
	require.Equal(t, itemNew, l.judge(it, origin{}))
	require.Equal(t, itemNew, l.judge(it, origin{}), "judge changes nothing")
	_, known := l.note(it, origin{}, 0)
	require.False(t, known)
	require.Equal(t, itemKnown, l.judge(it, origin{}))
	require.Equal(t, itemKnown, l.judge(it, aPage))
	require.EqualValues(t, 1, l.fresh)
	_, known = l.note(it, origin{}, 0)
	require.True(t, known)
	require.EqualValues(t, 1, l.fresh)
}

func TestAnItemChangesUntilItIsFinal(t *testing.T) {
	t.Parallel()
	it := func(revision uint32, final bool) *item {
		it := said("a", 0)
		it.revision, it.final = revision, final
		return it
	}
	for name, test := range map[string]struct {
		known, next *item
		want        verdict
	}{
		"a new state":           {it(1, false), it(2, false), itemChanged},
		"the final state":       {it(1, false), it(2, true), itemChanged},
		"another final state":   {it(1, true), it(2, true), itemChanged},
		"an old state after it": {it(2, true), it(1, false), itemKnown},
		"the same":              {it(1, false), it(1, false), itemKnown},
	} {
		l := newLedger()
		l.note(test.known, origin{}, 0)
		require.Equal(t, test.want, l.judge(test.next, origin{}), name)
	}
}

func TestOnlyTheNewestLiveOnlyItemsAreRemembered(t *testing.T) {
	t.Parallel()
	l := newLedger()
	typing := func(n int) *item {
		it := happened(kindTyping, fmt.Sprint(n), 0)
		require.True(t, it.live)
		return it
	}
	for n := range 16 + 1 {
		require.Equal(t, itemNew, l.judge(typing(n), origin{}))
		l.noteLive(typing(n).key)
	}
	require.Equal(t, itemNew, l.judge(typing(0), origin{}))
	require.Equal(t, itemKnown, l.judge(typing(1), origin{}))
	require.Len(t, l.lives, 16)
	require.Zero(t, l.fresh, "live-only items need no pass")
}

func TestItemsHandledBeforeResumeAreKnown(t *testing.T) {
	t.Parallel()
	l := newLedger()
	l.floor = at(0)
	missing := said("missing", -time.Minute)
	l.missing = map[uint64]int64{missing.key: missing.at}
	timeless := said("timeless", 0)
	timeless.at = 0
	require.Equal(t, itemKnown, l.judge(said("old", -time.Second), aPage))
	require.Equal(t, itemNew, l.judge(said("old", -time.Second), origin{}), "a push is new: a duplicate is better than a loss")
	require.Equal(t, itemNew, l.judge(missing, aPage))
	require.Equal(t, itemNew, l.judge(said("at the floor", 0), aPage))
	require.Equal(t, itemNew, l.judge(timeless, aPage))
	l.note(missing, aPage, 0)
	require.Empty(t, l.missing)
	require.Equal(t, itemKnown, l.judge(missing, aPage))
}

func TestShownItemIsOneOfAnEarlierPass(t *testing.T) {
	t.Parallel()
	l := newLedger()
	it := said("a", 0)
	shown := func() bool { _, shown := l.isShownBefore(it); return shown }
	l.note(it, origin{}, 0)
	l.show(said("unknown", 0))
	require.Len(t, l.seen, 1)
	require.False(t, l.hasShownItem(0), "the item was only pushed")
	l.beginPass()
	l.show(it)
	known, _ := l.isShownBefore(it)
	require.True(t, known)
	require.False(t, shown(), "only the current pass has shown it")
	require.True(t, l.hasShownItem(at(0)))
	require.False(t, l.hasShownItem(at(0)+1), "the pass begins after the item")
	l.beginPass()
	require.True(t, shown())
	l.note(it, origin{}, 0)
	require.True(t, shown(), "a push doesn't change that")
	l.note(it, aPage, 0)
	require.False(t, shown())
}

func TestTheNumberOfAPassIsNeverZero(t *testing.T) {
	t.Parallel()
	l := newLedger()
	l.pass = 1<<16 - 1
	l.beginPass()
	require.EqualValues(t, 1, l.pass)
}

func TestPassBeginsAtFenceMinusOverlap(t *testing.T) {
	t.Parallel()
	l := newLedger()
	l.fence = at(0) + 999_999 // the service's times have milliseconds
	require.Equal(t, at(-2*time.Minute), l.start(2*time.Minute))
	l.missing = map[uint64]int64{1: at(-time.Hour) + 1, 2: at(-time.Minute)}
	require.Equal(t, at(-time.Hour), l.start(2*time.Minute), "a missing item is older")
}

func TestCompletePassClearsMissing(t *testing.T) {
	t.Parallel()
	l := newLedger()
	l.floor, l.missing, l.fresh = at(0), map[uint64]int64{1: at(-time.Hour)}, 9
	l.beginPass()
	l.passed()
	require.Zero(t, l.floor)
	require.Empty(t, l.missing)
	require.Zero(t, l.fresh)
	require.Equal(t, l.pass, l.whole)
}

func TestTrimKeepsWhatAPassCanShow(t *testing.T) {
	t.Parallel()
	l := newLedger()
	for i, key := range keys(1000, "new %d") {
		l.put(key, entry{at: at(time.Duration(i) * time.Second)})
	}
	for i, key := range keys(1000, "old %d") {
		l.put(key, entry{at: at(-time.Duration(i+1) * time.Second)})
	}
	l.trim(at(0))
	require.Len(t, l.seen, 1000)
	for _, key := range keys(1000, "new %d") {
		require.Contains(t, l.seen, key)
	}
	l.trim(at(2000 * time.Second))
	require.Len(t, l.seen, 256)
	require.Contains(t, l.seen, keyOf("new 999"))
	require.NotContains(t, l.seen, keyOf("new 743"))
	require.Contains(t, l.seen, keyOf("new 744"))
	l.trim(at(time.Hour))
	require.Len(t, l.seen, 256)
}

func TestTrimKeepsWhatTheLastPassesHaveShown(t *testing.T) {
	t.Parallel()
	l := newLedger()
	for _, key := range keys(256, "new %d") {
		l.put(key, entry{at: at(time.Hour)})
	}
	l.pass, l.whole = 7, 5
	for shown := range uint16(9) {
		l.put(uint64(shown), entry{at: at(0), shown: shown})
	}
	l.trim(at(time.Minute))
	require.Len(t, l.seen, 256+2)
	require.Contains(t, l.seen, uint64(5))
	require.Contains(t, l.seen, uint64(7))
}

func TestTrimIsBounded(t *testing.T) {
	t.Parallel()
	l := newLedger()
	for i := range int64(16_384 + 100) {
		l.put(uint64(i), entry{at: at(0) + i})
	}
	l.trim(at(0))
	require.Len(t, l.seen, 16_384)
	require.Contains(t, l.seen, uint64(16_384+99))
	require.NotContains(t, l.seen, uint64(99))
	require.Contains(t, l.seen, uint64(100))
}

func TestAStateOfAnotherChatIsRecognized(t *testing.T) {
	t.Parallel()
	l := newLedger()
	l.restore(&State{chat: 1})
	require.False(t, l.checkChat(0), "the response has no InitialContactId")
	require.True(t, l.checkChat(2))
	require.False(t, l.checkChat(1))
	require.False(t, l.checkChat(2), "later pages are not checked")

	l = newLedger()
	l.restore(&State{})
	require.False(t, l.checkChat(2), "the state has no chat")
	require.EqualValues(t, 2, l.chat)
	require.False(t, newLedger().checkChat(2))
}

// One item dated ahead must not hide the losses until that date.
func TestRestoredFenceAheadOfTheServiceIsDiscarded(t *testing.T) {
	t.Parallel()
	l := newLedger()
	l.restore(&State{fence: at(time.Hour), top: at(2 * time.Hour), since: at(-time.Hour)})
	l.capFence(at(time.Hour))
	require.Equal(t, at(time.Hour), l.fence)
	l.capFence(at(time.Hour) - 1)
	require.Equal(t, at(-time.Hour), l.fence)
	require.Equal(t, at(time.Hour)-1, l.top)

	l = newLedger()
	l.fence = at(time.Hour)
	l.capFence(at(0))
	require.Equal(t, at(time.Hour), l.fence, "the fence of this session is limited elsewhere")
}

func TestTheFenceFollowsAClockThatIsSetBack(t *testing.T) {
	t.Parallel()
	l := newLedger()
	l.fence, l.top = at(time.Hour), at(time.Hour)
	l.rewind(at(time.Hour-2*time.Minute), 2*time.Minute)
	require.Equal(t, at(time.Hour), l.fence, "the overlap covers the difference")
	l.rewind(at(50*time.Minute), 2*time.Minute)
	require.Equal(t, at(50*time.Minute), l.fence)
	require.Equal(t, at(50*time.Minute), l.top)
	l.rewind(at(2*time.Hour), 2*time.Minute)
	require.Equal(t, at(50*time.Minute), l.fence, "pages move the fence ahead")
}
