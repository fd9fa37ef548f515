package participanttest

import (
	"slices"
	"time"
)

// isoMillis is the form of every time on the wire, as the API reference gives it.
const isoMillis = "2006-01-02T15:04:05.000Z"

// never is how long the time keeper sleeps when no timer is set.
const never = time.Duration(1<<63 - 1)

type timer struct {
	due time.Time
	act func()
}

// now is the server's time: real time plus what Advance added, in whole milliseconds.
func (s *Server) now() time.Time {
	return time.Now().Add(time.Duration(s.offset.Load())).UTC().Truncate(time.Millisecond)
}

// Advance moves the server's clock forward. What falls due meanwhile has happened, in
// order, when Advance returns. A negative duration does nothing.
func (s *Server) Advance(d time.Duration) {
	if d <= 0 {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.offset.Add(int64(d))
	s.fireDue()
	s.wakeKeeper()
}

// after lets act run, with the mutex held, when d has passed on the server's clock.
func (s *Server) after(d time.Duration, act func()) {
	s.timers = append(s.timers, timer{due: s.now().Add(d), act: act})
	s.wakeKeeper()
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
		alarm := time.NewTimer(s.untilNext())
		select {
		case <-s.closing:
			alarm.Stop()
			return
		case <-s.wake:
			alarm.Stop()
		case <-alarm.C:
		}
	}
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

// fireDue leaves the timers sorted. An act may set further timers.
func (s *Server) fireDue() {
	for {
		slices.SortStableFunc(s.timers, func(a, b timer) int { return a.due.Compare(b.due) })
		if len(s.timers) == 0 || s.timers[0].due.After(s.now()) {
			return
		}
		act := s.timers[0].act
		s.timers = slices.Delete(s.timers, 0, 1)
		act()
	}
}
