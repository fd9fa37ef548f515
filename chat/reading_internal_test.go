// SPDX-License-Identifier: Apache-2.0

package chat

import (
	"fmt"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/stretchr/testify/require"
)

const overlap = 2 * time.Minute

// pageAt returns a page that was read some time after noon, by a request that took a second.
func pageAt(read time.Duration, items ...*item) *page {
	return &page{items: items, read: at(read), took: time.Second}
}

func TestTheFenceIsTheNewestTimeRead(t *testing.T) {
	t.Parallel()
	var r reading
	require.Zero(t, r.fence())
	r.note(pageAt(time.Hour, said("a", 0), said("b", time.Minute)), overlap, began)
	require.Equal(t, at(time.Minute), r.fence())
	r.note(pageAt(time.Hour, said("older", 0)), overlap, began)
	require.Equal(t, at(time.Minute), r.fence())
	r.note(pageAt(time.Hour), overlap, began)
	require.Equal(t, at(time.Minute), r.fence())
}

// Items may still be added to a page with recent items, so the fence stays before its request.
func TestTheFenceIsNotBeyondTheRequestOfARecentPage(t *testing.T) {
	t.Parallel()
	var r reading
	r.note(pageAt(time.Hour, said("a", time.Hour-overlap-time.Second)), overlap, began)
	require.Zero(t, r.recent, "the page has no recent items")
	r.note(pageAt(time.Hour, said("b", time.Hour-time.Second)), overlap, began)
	require.Equal(t, at(time.Hour-time.Second), r.recent)
	r.note(pageAt(2*time.Hour, said("c", 2*time.Hour-time.Second)), overlap, began.Add(time.Hour))
	require.Equal(t, at(2*time.Hour-time.Second), r.newest)
	require.Equal(t, at(time.Hour-time.Second), r.fence())
	r.note(pageAt(time.Minute, said("d", time.Minute)), overlap, began.Add(time.Hour))
	require.Equal(t, at(time.Minute-time.Second), r.fence(), "the earliest request counts")
}

// A single item dated ahead would hide all losses until that date.
func TestItemDatedAheadDoesNotMoveTheFence(t *testing.T) {
	t.Parallel()
	for ahead, counts := range map[time.Duration]bool{
		0: true, 999 * time.Millisecond: true, time.Second: false, 10 * time.Minute: false,
	} {
		var r reading
		r.note(pageAt(time.Hour, said("a", 0), said("ahead", time.Hour+ahead)), overlap, began)
		require.Equal(t, counts, r.newest != at(0), "%v ahead", ahead)
		require.LessOrEqual(t, r.fence(), at(time.Hour))
	}
}

func TestAPassIsLongWhenItHasReadRecentItemsForTheOverlap(t *testing.T) {
	t.Parallel()
	var r reading
	r.note(pageAt(time.Hour, said("old", 0)), overlap, began)
	require.False(t, r.isLong(overlap, began.Add(time.Hour)), "old items may take any time")
	r.note(pageAt(time.Hour, said("a", time.Hour)), overlap, began)
	r.note(pageAt(time.Hour, said("b", time.Hour)), overlap, began.Add(time.Minute))
	require.False(t, r.isLong(overlap, began.Add(overlap)))
	require.True(t, r.isLong(overlap, began.Add(overlap+1)))
}

func TestAPassIsBounded(t *testing.T) {
	t.Parallel()
	one := said("a", 0)
	big := said("big", 0)
	big.meta.Raw = make([]byte, 1<<20)
	for name, test := range map[string]struct {
		items []*item
		pages int
	}{
		"pages": {[]*item{one}, 2000},
		"bytes": {[]*item{big, big, big}, 85},
	} {
		var b budget
		for n := range test.pages {
			require.NoError(t, b.spend(&page{items: test.items}, true), "%s, page %d", name, n)
		}
		require.ErrorIs(t, b.spend(&page{items: test.items}, true), errStuck, name)
	}
}

func TestAPassIsBoundedInItems(t *testing.T) {
	t.Parallel()
	b := budget{items: maxPassItems - 1}
	require.NoError(t, b.spend(&page{items: []*item{said("a", 0)}}, true))
	require.ErrorIs(t, b.spend(&page{items: []*item{said("b", 0)}}, true), errStuck)
}

func TestPagesWithoutProgressAreBounded(t *testing.T) {
	t.Parallel()
	var b budget
	for range 20 {
		require.NoError(t, b.spend(&page{}, false))
	}
	require.NoError(t, b.spend(&page{}, true))
	for range 20 {
		require.NoError(t, b.spend(&page{}, false))
	}
	require.ErrorIs(t, b.spend(&page{}, false), errStuck)
}

func TestATokenIsFollowedOnce(t *testing.T) {
	t.Parallel()
	var b budget
	for n := range 10 {
		require.False(t, b.visited(fmt.Sprint(n)))
	}
	for n := range 10 {
		require.True(t, b.visited(fmt.Sprint(n)))
	}
}

func TestPagesAreRequestedInMilliseconds(t *testing.T) {
	t.Parallel()
	c := cursor{start: at(0) + 1_999_999}
	require.Equal(t, aws.String("2026-01-01T12:00:00.001Z"), c.forward(7).StartPosition.AbsoluteTime)
	require.EqualValues(t, 7, *c.forward(7).MaxResults)
}
