package chat

import (
	"log/slog"
	"time"
)

const pingReplaceGap = 5 * time.Minute

// looks are how a session works: it looks what is due, does it, and sets a timer for what
// will be. One look goes on at a time, and only looks start dials and passes and send
// heartbeats. While nothing is due there is no goroutine for them, which would need 4 kB.
// The session's mutex guards them.
type looks struct {
	running bool
	again   bool // somebody has found more to do meanwhile
	over    bool
	timer   *time.Timer // the session waits for it as for a goroutine, until it is stopped
}

// rouse makes the session look what is to be done. The mutex is held.
func (s *Session) rouse() {
	switch {
	case s.looks.over:
	case s.looks.running:
		s.looks.again = true
	default:
		s.looks.running = true
		s.wg.Go(s.look)
	}
}

func (s *Session) look() {
	for {
		next, beating, over := s.step(time.Now())
		s.writeLog()
		if over {
			s.closeSockets()
			return
		}
		if beating != nil {
			s.sendHeartbeat(beating)
		}
		if s.rest(next) {
			return
		}
	}
}

// rest ends the look until a time, unless another one is wanted.
func (s *Session) rest(until time.Time) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.looks.again {
		s.looks.again = false
		return false
	}
	s.looks.running = false
	if until.IsZero() {
		return true
	}
	s.wg.Add(1)
	if wait := max(0, time.Until(until)); s.looks.timer == nil {
		s.looks.timer = time.AfterFunc(wait, s.timeIsUp)
	} else {
		s.looks.timer.Reset(wait)
	}
	return true
}

func (s *Session) timeIsUp() {
	defer s.wg.Done()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.rouse()
}

func (s *Session) stopTimer() {
	if s.looks.timer != nil && s.looks.timer.Stop() {
		s.wg.Done()
	}
}

// step does what is due and returns when more is, and a socket to send heartbeats on.
func (s *Session) step(now time.Time) (next time.Time, beating *socket, over bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.stopTimer()
	if s.over == nil {
		next = s.stepEnding(now)
	}
	if s.over != nil {
		s.looks.over = true
		return time.Time{}, nil, true
	}
	due, beating := s.stepHeartbeat(now)
	next = earlier(next, due)
	next = earlier(next, s.stepLink(now))
	next = earlier(next, s.stepPasses(now))
	next = earlier(next, s.stepReceipts(now))
	s.d.release(now)
	s.arrived()
	return earlier(next, s.d.nextRelease(now)), beating, false
}

func (s *Session) stepHeartbeat(now time.Time) (next time.Time, beating *socket) {
	k := s.link.cur
	if k == nil {
		return time.Time{}, nil
	}
	send, err := k.beat(now)
	if err != nil {
		s.lose(k, err, now)
		return time.Time{}, nil
	}
	if k.missed >= maxPingsMissed && now.Sub(s.link.pingRenewed) >= pingReplaceGap {
		s.log(slog.LevelWarn, "chat socket reaches the gateway only", "pings missed", k.missed)
		s.link.pingRenewed, s.link.renewAt = now, now
	}
	if !send {
		k = nil
	}
	return s.link.cur.tick, k
}

// sendHeartbeat sends both kinds. That a socket is broken its reader finds out.
func (s *Session) sendHeartbeat(k *socket) {
	if k.write(s.life, heartbeatFrame) == nil {
		_ = k.write(s.life, pingFrame)
	}
}
