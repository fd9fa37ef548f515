// SPDX-License-Identifier: Apache-2.0

package chat

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestTheQueueIsFirstInFirstOut(t *testing.T) {
	t.Parallel()
	var q queue
	next, taken := int64(0), int64(0)
	for range 100 {
		for range 7 {
			q.push(queued{at: next, size: 10})
			next++
		}
		for range 6 {
			require.Equal(t, taken, q.pop().at)
			taken++
		}
		waiting := q.waiting()
		require.Len(t, waiting, q.len())
		require.Equal(t, taken, waiting[0].at)
		require.Equal(t, 10*q.len(), q.bytes)
	}
	require.Less(t, cap(q.events), 400, "the room of removed events is reused")
	for q.len() > 0 {
		require.Equal(t, taken, q.pop().at)
		taken++
	}
	require.Equal(t, next, taken)
	require.Zero(t, q.bytes)
	require.Nil(t, q.events, "the memory is freed")
}

func TestASmallQueueKeepsItsMemory(t *testing.T) {
	t.Parallel()
	var q queue
	q.push(queued{})
	q.pop()
	require.NotNil(t, q.events)
}

func TestTheQueueDropsWhatWasTaken(t *testing.T) {
	t.Parallel()
	var q queue
	q.push(queued{event: Typing{}})
	q.push(queued{event: Typing{}})
	q.pop()
	require.Nil(t, q.events[0].event)
}

func TestTheQueueIsBoundedInEventsAndBytes(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		size       int
		half, full int
	}{
		"events": {0, 512, 1024}, "bytes": {1 << 10, 128, 256},
	} {
		var q queue
		for n := 1; n <= test.full; n++ {
			require.False(t, q.full(), name)
			q.push(queued{size: test.size})
			require.Equal(t, n <= test.half, q.halfEmpty(), "%s, %d", name, n)
		}
		require.True(t, q.full(), name)
	}
}
