// SPDX-License-Identifier: Apache-2.0

package load

import (
	"sync"
	"time"
)

// ledger compares what one chat has sent with what its session has delivered. Messages are
// numbered from 1. Its methods may be called concurrently.
type ledger struct {
	mu       sync.Mutex
	sent     int               // the number of the newest message
	admitted time.Time         // when the first request of it was; zero before
	highest  int               // the highest number that was delivered
	waiting  map[int]*outgoing // sent and not delivered yet
	doubtful map[int]bool      // the request failed: the message may be delivered or not
	settled  chan struct{}     // closed when nothing waits; nil until complete is called

	duplicated, disordered int
}

// outgoing is a message on its way.
type outgoing struct {
	admitted time.Time // when its first request was
	cut      time.Time // when the socket was lost before it arrived; zero if it wasn't
	probe    bool      // it measures the catch-up after the cut
}

func newLedger() *ledger {
	return &ledger{waiting: map[int]*outgoing{}, doubtful: map[int]bool{}}
}

// send returns the number of the next message. A chat sends one at a time.
func (l *ledger) send(out outgoing) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.sent++
	l.admitted = time.Time{}
	l.waiting[l.sent] = &out
	return l.sent
}

// admit records that the request of the newest message may be sent. Retries don't count.
func (l *ledger) admit(at time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !l.admitted.IsZero() {
		return
	}
	l.admitted = at
	if out := l.waiting[l.sent]; out != nil {
		out.admitted = at
	}
}

// admission returns when the newest message was admitted.
func (l *ledger) admission() time.Time {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.admitted
}

// doubt records that the request of a message failed. It reports whether the message has been
// delivered nevertheless.
func (l *ledger) doubt(n int) (delivered bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.waiting[n] == nil {
		return true
	}
	delete(l.waiting, n)
	l.doubtful[n] = true
	l.settle()
	return false
}

// lose records when the socket was lost: waiting messages can't arrive as pushes.
func (l *ledger) lose(at time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, out := range l.waiting {
		if out.cut.IsZero() {
			out.cut = at
		}
	}
}

// arrival classifies a delivered message.
type arrival int

const (
	expected   arrival = iota
	unexpected         // its request failed
	duplicated         // it was delivered before, or never sent
)

// deliver takes the number of a message that the session has delivered. It returns the message
// if it was expected.
func (l *ledger) deliver(n int) (out outgoing, was arrival) {
	l.mu.Lock()
	defer l.mu.Unlock()
	switch waiting := l.waiting[n]; {
	case waiting != nil:
		out = *waiting
		delete(l.waiting, n)
	case l.doubtful[n]:
		was = unexpected
		delete(l.doubtful, n)
	default:
		l.duplicated++
		return outgoing{}, duplicated
	}
	if n < l.highest {
		l.disordered++
	}
	l.highest = max(l.highest, n)
	l.settle()
	return out, was
}

func (l *ledger) settle() {
	if l.settled != nil && len(l.waiting) == 0 {
		close(l.settled)
		l.settled = nil
	}
}

// complete returns a channel that is closed when all that was sent has been delivered.
func (l *ledger) complete() <-chan struct{} {
	l.mu.Lock()
	defer l.mu.Unlock()
	done := make(chan struct{})
	l.settled = done
	l.settle()
	return done
}

// account counts the messages of a chat that weren't delivered correctly.
type account struct{ lost, duplicated, disordered int }

func (l *ledger) account() account {
	l.mu.Lock()
	defer l.mu.Unlock()
	return account{lost: len(l.waiting), duplicated: l.duplicated, disordered: l.disordered}
}
