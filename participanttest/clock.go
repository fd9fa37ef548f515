// SPDX-License-Identifier: Apache-2.0

package participanttest

import (
	"container/heap"
	"time"
)

// isoMillis is the format of every time on the wire, as the API reference documents it.
const isoMillis = "2006-01-02T15:04:05.000Z"

// never is the delay of something that no timer triggers.
const never = time.Duration(1<<63 - 1)

type timer struct {
	due   time.Time
	set   int // counts all timers: those due at the same time fire in the order of setting
	act   func()
	index int // in the heap
}

// timers is a heap, the next one due first.
type timers []*timer

func (t timers) Len() int           { return len(t) }
func (t timers) Less(i, j int) bool { return t[i].before(t[j]) }

func (t timers) Swap(i, j int) {
	t[i], t[j] = t[j], t[i]
	t[i].index, t[j].index = i, j
}

func (t *timers) Push(x any) {
	last := x.(*timer)
	last.index = len(*t)
	*t = append(*t, last)
}

func (t *timers) Pop() any {
	last := (*t)[len(*t)-1]
	(*t)[len(*t)-1] = nil // its closure may hold much
	*t = (*t)[:len(*t)-1]
	return last
}

func (t *timer) before(other *timer) bool {
	if order := t.due.Compare(other.due); order != 0 {
		return order < 0
	}
	return t.set < other.set
}

// now is the server's time: real time plus what Advance added, in whole milliseconds.
func (s *Server) now() time.Time {
	return time.Now().Add(time.Duration(s.offset.Load())).UTC().Truncate(time.Millisecond)
}

// Now returns the server's time, which is real time plus what Advance added.
func (s *Server) Now() time.Time { return s.now() }

// Advance moves the server's clock forward. When it returns, everything that was due until then has
// happened, in order and each at its own time.
func (s *Server) Advance(d time.Duration) {
	if d <= 0 {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	end := s.offset.Load() + int64(d)
	for len(s.timers) > 0 {
		step := max(0, int64(s.timers[0].due.Sub(s.now())))
		if s.offset.Load()+step > end {
			break
		}
		s.offset.Add(step)
		s.fireDue()
	}
	s.offset.Store(end)
	s.wakeKeeper()
}

// after runs act, with the mutex held, when d has passed on the server's clock.
func (s *Server) after(d time.Duration, act func()) *timer { return s.at(s.now().Add(d), act) }

// at runs act, with the mutex held, at a time, which may have passed.
func (s *Server) at(due time.Time, act func()) *timer {
	s.timersSet++
	t := &timer{due: due, set: s.timersSet, act: act}
	heap.Push(&s.timers, t)
	s.wakeKeeper()
	return t
}

// stop cancels a timer, which may be nil or have fired.
func (s *Server) stop(t *timer) {
	if t != nil && t.index < len(s.timers) && s.timers[t.index] == t {
		heap.Remove(&s.timers, t.index)
	}
}

func (s *Server) wakeKeeper() {
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

// keepTime fires the timers until the server closes.
func (s *Server) keepTime() {
	for {
		alarm, stop := newAlarm(s.untilNext())
		select {
		case <-s.closing:
			stop()
			return
		case <-s.wake:
			stop()
		case <-alarm:
		}
	}
}

// newAlarm sets no timer for never. In a bubble in which every goroutine waits, the clock would advance
// to that timer, and synctest would not report the deadlock.
func newAlarm(d time.Duration) (alarm <-chan time.Time, stop func()) {
	if d == never {
		return nil, func() {}
	}
	timer := time.NewTimer(d)
	return timer.C, func() { timer.Stop() }
}

func (s *Server) untilNext() time.Duration {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.fireDue()
	if len(s.timers) == 0 {
		return never
	}
	// now drops the fraction of a millisecond, so the alarm is never early for it.
	return s.timers[0].due.Sub(s.now())
}

// fireDue fires the timers that are due. Their functions may set further timers.
func (s *Server) fireDue() {
	for len(s.timers) > 0 && !s.timers[0].due.After(s.now()) {
		heap.Pop(&s.timers).(*timer).act()
	}
}
