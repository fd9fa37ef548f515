// SPDX-License-Identifier: Apache-2.0

package participanttest

import "sync"

const (
	// maxWireBody is the size up to which a body or frame is kept.
	maxWireBody = 64 << 10
	// maxWireBytes bounds all bodies, frames and headers together.
	maxWireBytes = 16 << 20
)

// wireLog has the last events of the wire.
type wireLog struct {
	mu      sync.Mutex
	limit   int
	events  []WireEvent // oldest first
	bytes   int
	last    uint64
	changed chan struct{} // closed, and replaced, when an event is added
}

// add returns the Sequence of the event.
func (l *wireLog) add(e WireEvent) (sequence uint64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.last++
	e.Sequence = l.last
	if e.Kind == WireRequest {
		e.Exchange = e.Sequence
	}
	l.events = append(l.events, e)
	l.bytes += e.weight()
	l.trim()
	close(l.changed)
	l.changed = make(chan struct{})
	return e.Sequence
}

func (l *wireLog) trim() {
	for len(l.events) > 0 && (len(l.events) > l.limit || l.bytes > maxWireBytes) {
		l.bytes -= l.events[0].weight()
		l.events[0] = WireEvent{} // what it refers to can be collected
		l.events = l.events[1:]
	}
}

// weight estimates the memory of an event.
func (e *WireEvent) weight() int {
	n := 512 + len(e.Body) + len(e.URL)
	for name, values := range e.Header {
		n += 64 + len(name)
		for _, value := range values {
			n += 16 + len(value)
		}
	}
	return n
}

func (l *wireLog) resize(limit int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.limit = limit
	l.trim()
}

func (l *wireLog) clear() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.events, l.bytes = nil, 0
}

func (l *wireLog) since(after uint64) []WireEvent {
	l.mu.Lock()
	defer l.mu.Unlock()
	for i := range l.events {
		if l.events[i].Sequence > after {
			return append([]WireEvent(nil), l.events[i:]...)
		}
	}
	return nil
}

// state returns the Sequence of the newest event that is kept, 0 if none is, and a channel that
// closes when an event is added.
func (l *wireLog) state() (newest uint64, changed <-chan struct{}) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if n := len(l.events); n > 0 {
		newest = l.events[n-1].Sequence
	}
	return newest, l.changed
}
