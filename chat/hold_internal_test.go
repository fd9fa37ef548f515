// SPDX-License-Identifier: Apache-2.0

package chat

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func newHold(holdBack time.Duration) *hold {
	return &hold{opts: &Options{CatchUpWait: 30 * time.Second, HoldBack: holdBack}}
}

// dueIDs removes the due items, and returns their IDs.
func (h *hold) dueIDs(after time.Duration) (ids []string) {
	for _, it := range h.due(began.Add(after)) {
		ids = append(ids, it.meta.ID)
	}
	return ids
}

// deadlineAfter returns when the next item is due, counted from began.
func (h *hold) deadlineAfter(now time.Duration) time.Duration {
	var d deadline
	h.addDeadlines(began.Add(now), &d)
	if d.IsZero() {
		return nothing
	}
	return d.Sub(began)
}

func TestItemsAreNotHeldWithoutAReason(t *testing.T) {
	t.Parallel()
	h := newHold(0)
	require.False(t, h.isHeld(began, began))
	require.Equal(t, nothing, h.deadlineAfter(0))
	require.Nil(t, h.due(began))
}

func TestEachItemWaitsForAPassFromItsOwnArrival(t *testing.T) {
	t.Parallel()
	h := newHold(0)
	h.catchUp()
	h.add(said("a", 0), began)
	h.add(said("b", 10*time.Second), began.Add(10*time.Second))
	require.Equal(t, 30*time.Second, h.deadlineAfter(10*time.Second))
	require.Empty(t, h.dueIDs(30*time.Second-1))
	require.Equal(t, []string{"a"}, h.dueIDs(30*time.Second))
	require.Equal(t, 40*time.Second, h.deadlineAfter(30*time.Second))
	require.Equal(t, []string{"b"}, h.dueIDs(40*time.Second))
}

func TestLossDoesNotRestartTheWait(t *testing.T) {
	t.Parallel()
	h := newHold(0)
	h.catchUp()
	h.add(said("a", 0), began)
	for range 3 { // the socket flaps
		h.catchUp()
		h.bound(began.Add(50 * time.Second))
	}
	require.Equal(t, 4, h.catchUps)
	require.Equal(t, []string{"a"}, h.dueIDs(30*time.Second))
}

func TestTheWaitForAPassIsBoundedForAllItems(t *testing.T) {
	t.Parallel()
	h := newHold(0)
	h.catchUp()
	h.bound(began.Add(20 * time.Second))
	h.bound(began.Add(25 * time.Second)) // ignored: the first bound counts
	h.add(said("a", 0), began.Add(15*time.Second))
	require.Equal(t, 20*time.Second, h.deadlineAfter(15*time.Second))
	require.Empty(t, h.dueIDs(20*time.Second-1))
	require.Equal(t, []string{"a"}, h.dueIDs(20*time.Second))
	require.False(t, h.isHeld(began.Add(21*time.Second), began.Add(21*time.Second)), "a later item doesn't wait")
	h.catchUp()
	require.True(t, h.isHeld(began.Add(21*time.Second), began.Add(21*time.Second)), "after another loss it waits")
}

func TestACompletedPassEndsTheWait(t *testing.T) {
	t.Parallel()
	h := newHold(0)
	h.catchUp()
	h.add(said("a", 0), began)
	h.caughtUp()
	require.Equal(t, []string{"a"}, h.dueIDs(0))
}

// Time that a pass waits for the caller doesn't count.
func TestItemsWaitAsLongAsTheCallerBlocksThePass(t *testing.T) {
	t.Parallel()
	h := newHold(0)
	h.catchUp()
	h.add(said("a", 0), began)
	h.block(true, began)
	require.Empty(t, h.dueIDs(time.Hour))
	require.Equal(t, nothing, h.deadlineAfter(time.Hour))
	h.block(true, began.Add(time.Hour-time.Second))
	h.block(false, began.Add(time.Hour))
	require.Equal(t, time.Hour+30*time.Second, h.deadlineAfter(time.Hour))
	require.Empty(t, h.dueIDs(time.Hour+30*time.Second-1))
	h.block(false, began.Add(time.Hour+time.Second)) // it wasn't blocked, so no wait restarts
	require.Equal(t, []string{"a"}, h.dueIDs(time.Hour+30*time.Second))
}

func TestHoldBackSortsItems(t *testing.T) {
	t.Parallel()
	h := newHold(time.Second)
	h.add(said("b", 2*time.Second), began)
	h.add(said("a", time.Second), began.Add(500*time.Millisecond))
	h.add(said("c", 3*time.Second), began.Add(600*time.Millisecond))
	require.Equal(t, time.Second, h.deadlineAfter(600*time.Millisecond))
	require.Equal(t, []string{"a", "b"}, h.dueIDs(time.Second), "the older item is released with it")
	require.Equal(t, 1600*time.Millisecond, h.deadlineAfter(time.Second))
	require.Equal(t, []string{"c"}, h.dueIDs(1600*time.Millisecond))
}

func TestHoldBackIsKeptAfterAPass(t *testing.T) {
	t.Parallel()
	h := newHold(time.Minute)
	h.catchUp()
	h.add(said("a", 0), began)
	require.Equal(t, 30*time.Second, h.deadlineAfter(0), "then only HoldBack counts")
	h.caughtUp()
	require.Equal(t, time.Minute, h.deadlineAfter(0))
	require.Empty(t, h.dueIDs(time.Minute-1))
	require.Equal(t, []string{"a"}, h.dueIDs(time.Minute))
}

func TestItemsOfTheSameTimeKeepTheOrderOfArrival(t *testing.T) {
	t.Parallel()
	h := newHold(0)
	for _, id := range []string{"c", "a", "b"} {
		h.add(said(id, 0), began)
	}
	require.Equal(t, []string{"c", "a", "b"}, h.dueIDs(0))
}

func TestAnItemWithoutATimeIsHeldLikeOthers(t *testing.T) {
	t.Parallel()
	h := newHold(time.Second)
	odd := said("odd", 0)
	odd.at = 0
	h.add(odd, began)
	h.add(said("a", 0), began.Add(500*time.Millisecond))
	require.Equal(t, []string{"odd"}, h.dueIDs(time.Second), "no other item is older")
	require.Equal(t, []string{"a"}, h.dueIDs(1500*time.Millisecond))
}

func TestHoldIsBounded(t *testing.T) {
	t.Parallel()
	h := newHold(time.Second)
	for n := 1; !h.isFull(); n++ {
		require.Less(t, h.bytes, maxQueuedBytes)
		require.LessOrEqual(t, n, maxQueued)
		h.add(said("a", 0), began)
	}
	require.NotEmpty(t, h.due(began.Add(time.Second)))
	require.Zero(t, h.bytes)
	require.False(t, h.isFull())
	big := said("big", 0)
	big.meta.Raw = make([]byte, maxQueuedBytes/2)
	h.add(big, began)
	require.True(t, h.isFull())
}
