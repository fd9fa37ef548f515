// SPDX-License-Identifier: Apache-2.0

package chat

// The limits of the queue. One page of the transcript may exceed them.
const (
	maxQueued      = 1024
	maxQueuedBytes = 256 << 10
)

// queued is an event that waits for the caller, with the information by which State treats it as not
// yet delivered.
type queued struct {
	event Event
	size  int
	at    int64  // the time of its item
	top   bool   // the time may become delivery.returned
	key   uint64 // in the ledger; 0 for none
	prior entry  // the ledger's entry before this event
	known bool   // whether there was such an entry

	late    bool
	receipt bool
	arrived instant // zero if the event is not for an item
}

// queue grows on demand and frees its memory when it becomes empty.
type queue struct {
	events []queued
	head   int
	bytes  int
}

func (q *queue) len() int { return len(q.events) - q.head }

func (q *queue) full() bool { return q.len() >= maxQueued || q.bytes >= maxQueuedBytes }

// isOverfull reports whether even the last pass, which doesn't wait for the caller, must stop.
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

// waiting returns the queued events, the oldest first.
func (q *queue) waiting() []queued { return q.events[q.head:] }
