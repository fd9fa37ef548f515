// SPDX-License-Identifier: Apache-2.0

package chat

// The bounds of what waits for the caller. A page of the transcript may exceed them once.
const (
	maxQueued      = 1024
	maxQueuedBytes = 256 << 10
)

// queued is an event that waits for the caller, with what State needs to count it as not
// delivered yet.
type queued struct {
	event Event
	size  int
	at    int64  // of its item
	top   bool   // the time counts as the newest
	key   uint64 // in the ledger; 0 for none
	prior entry  // what the ledger knew before
	known bool   // whether it knew anything

	late    bool
	receipt bool
	arrived instant // zero for what is no item
}

// queue grows on demand and gives its memory back when it is empty.
type queue struct {
	events []queued
	head   int
	bytes  int
}

func (q *queue) len() int { return len(q.events) - q.head }

func (q *queue) full() bool { return q.len() >= maxQueued || q.bytes >= maxQueuedBytes }

// isOverfull reports whether even the last pass, which doesn't wait for the caller, must end.
func (q *queue) isOverfull() bool {
	const times = 16
	return q.len() >= times*maxQueued || q.bytes >= times*maxQueuedBytes
}

func (q *queue) halfEmpty() bool { return q.len() <= maxQueued/2 && q.bytes <= maxQueuedBytes/2 }

func (q *queue) push(e queued) {
	if q.head > 0 && len(q.events) == cap(q.events) {
		n := copy(q.events, q.events[q.head:])
		clear(q.events[n:])
		q.events, q.head = q.events[:n], 0
	}
	q.events = append(q.events, e)
	q.bytes += e.size
}

func (q *queue) pop() queued {
	e := q.events[q.head]
	q.events[q.head] = queued{}
	q.head++
	q.bytes -= e.size
	if q.head == len(q.events) {
		q.head = 0
		q.events = q.events[:0]
		if cap(q.events) > 16 {
			q.events = nil
		}
	}
	return e
}

// waiting returns the events, the oldest first.
func (q *queue) waiting() []queued { return q.events[q.head:] }
