package chat

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"sync"
	"time"
)

const (
	goodLife  = 30 * time.Second // after which a lost socket begins the back-off anew
	lingering = 2 * time.Second  // how long a replaced socket is read
)

// link is the connection to the service. The session's mutex guards it.
type link struct {
	conn     connection // what the newest CreateParticipantConnection gave
	created  int        // counts them
	cur, old *socket    // old is read a little longer than it need be
	oldUntil time.Time

	dialing bool
	hurry   context.CancelFunc // makes a renewal urgent
	waiting bool               // the dial waits for the limiter
	dialAt  time.Time          // of the next attempt, while there is no socket
	renewAt time.Time          // while there is one

	attempts    int // failed in a row, or made sockets that didn't live long
	denied      int // how often in a row CreateParticipantConnection was denied
	failure     error
	ackedAt     time.Time
	lostAt      time.Time
	excused     time.Duration // spent in the limiter since
	pingRenewed time.Time
	leaving     bool
}

func (s *Session) begin(now time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.link.dialAt, s.link.lostAt = now, now
	s.rouse()
}

// stepLink ends the replaced socket and starts the next dial.
func (s *Session) stepLink(now time.Time) (next time.Time) {
	l := &s.link
	if l.old != nil && !now.Before(l.oldUntil) {
		s.retire(l.old)
		l.old = nil
	}
	if l.old != nil {
		next = l.oldUntil
	}
	if l.dialing || s.ending != nil {
		return earlier(next, s.stepGiveUp(now))
	}
	at, priority := l.renewAt, PriorityLow
	if l.cur == nil {
		at, priority = l.dialAt, PriorityNormal
		if !s.started {
			priority = PriorityHigh
		}
	}
	if now.Before(at) {
		return earlier(earlier(next, at), s.stepGiveUp(now))
	}
	s.startDial(priority)
	return earlier(next, s.stepGiveUp(now))
}

// stepGiveUp ends the session when it has been without a connection for too long.
func (s *Session) stepGiveUp(now time.Time) (next time.Time) {
	l := &s.link
	if s.opts.GiveUpAfter <= 0 || l.cur != nil || l.waiting || s.ending != nil {
		return time.Time{}
	}
	at := l.lostAt.Add(l.excused + s.opts.GiveUpAfter)
	if now.Before(at) {
		return at
	}
	s.finish(&CloseError{Reason: ErrGaveUp, Cause: l.failure})
	return time.Time{}
}

func (s *Session) startDial(priority Priority) {
	l := &s.link
	l.dialing = true
	urgent, hurry := context.WithCancel(s.life)
	if priority == PriorityLow && l.conn.life > 0 {
		urgent, hurry = context.WithDeadline(s.life, l.conn.asked.Add(l.conn.life-connectionMargin))
	}
	l.hurry = hurry
	s.wg.Go(func() {
		defer hurry()
		k, err := s.dial(s.life, urgent, priority)
		s.dialed(k, err, time.Now())
	})
}

// waits notes whether the dial waits for the limiter, which doesn't count as an outage.
func (s *Session) waits(waiting bool, waited time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.link.waiting = waiting
	s.link.excused += waited
	s.rouse()
}

// connected takes what CreateParticipantConnection gave: the newest token is used from
// now on.
func (s *Session) connected(c connection) {
	s.mu.Lock()
	defer s.mu.Unlock()
	c.token, c.url = strings.Clone(c.token), "" // the answer is one string, and the URL is used once
	s.link.conn, s.link.denied = c, 0
	s.link.created++
	s.d.connected(c.made)
	s.changes.broadcast()
}

func (s *Session) dialed(k *socket, err error, now time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.link.dialing, s.link.hurry = false, nil
	s.rouse()
	switch {
	case err == nil && (s.over != nil || s.ending != nil):
		s.retire(k)
	case s.over != nil || s.ending != nil:
	case err == nil && k.dead:
		s.dialFailed(errors.New("the socket was lost at once"), now)
	case err == nil:
		s.attach(k, now)
	default:
		s.dialFailed(err, now)
	}
}

func (s *Session) dialFailed(err error, now time.Time) {
	l := &s.link
	l.failure = err
	s.changes.broadcast()
	var failed *dialError
	created := errors.As(err, &failed) && failed.created
	var wait time.Duration
	switch {
	case created && isDenied(err):
		if l.denied++; l.denied > 1 {
			s.refused(err, now)
			return
		}
		wait = between(time.Second, 3*time.Second)
	case created && isFinal(err):
		s.finish(&CloseError{Reason: ErrGaveUp, Cause: err})
		return
	default:
		l.attempts++
		wait = backoff(l.attempts, s.opts.maxBackoff)
	}
	l.dialAt, l.renewAt = now.Add(wait), now.Add(wait)
	s.log(slog.LevelWarn, "chat connection failed", "error", err, "attempt", l.attempts, "next", wait)
}

// refused is the end for a token that the service doesn't take any more. If chat.ended
// was missed, the old connection token may still show it.
func (s *Session) refused(err error, now time.Time) {
	reason := ErrAccessDenied
	if s.d.removed {
		reason = ErrRemoved
	}
	s.ending = &ending{why: CloseError{Reason: reason, Cause: err}, readUntil: now, deadline: now.Add(endPassTimeout)}
	s.ending.passed = s.link.created == 0
}

// attach makes a subscribed socket the session's.
func (s *Session) attach(k *socket, now time.Time) {
	l := &s.link
	k.tick = now
	renewal := l.cur != nil
	if renewal {
		if l.old != nil {
			s.retire(l.old)
		}
		l.old, l.oldUntil = l.cur, now.Add(lingering)
	}
	l.cur, l.ackedAt, l.excused = k, now, 0
	l.renewAt = now.Add(l.conn.renewIn)
	s.passes.settleAt = now.Add(s.opts.Settle)
	s.log(slog.LevelDebug, "chat socket subscribed", "renewal", renewal, "renewed in", l.conn.renewIn)
	if renewal {
		s.d.stats.Renewals++
		return
	}
	s.d.lose(now.Add(s.opts.CatchUpWait))
	s.passes.wanted = true
	if s.started {
		s.d.stats.Reconnects++
		s.d.connectionChanged(ConnectionChanged{Connected: true})
		s.arrived()
	}
	s.started = true
	s.changes.broadcast()
}

// lost is told by the reader of a socket that has come to its end.
func (s *Session) lost(k *socket, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.lose(k, err, time.Now())
}

func (s *Session) lose(k *socket, err error, now time.Time) {
	if k.dead {
		return
	}
	k.dead = true
	k.cancel()
	switch k {
	case s.link.old:
		s.link.old = nil
	case s.link.cur:
		s.disconnect(err, now)
	}
}

func (s *Session) disconnect(err error, now time.Time) {
	l := &s.link
	l.cur, l.lostAt = nil, now
	s.rouse()
	if s.ending != nil || s.over != nil {
		return
	}
	s.d.lose(time.Time{})
	s.log(slog.LevelInfo, "chat socket lost", "error", withoutURL(err), "lived", now.Sub(l.ackedAt))
	s.d.connectionChanged(ConnectionChanged{Cause: withoutURL(err)})
	s.arrived()
	if l.dialing {
		l.hurry()
	}
	if now.Sub(l.ackedAt) >= goodLife {
		l.attempts = 0
	}
	wait := upTo(min(time.Second, s.opts.maxBackoff))
	if l.attempts > 0 {
		wait = backoff(l.attempts, s.opts.maxBackoff)
	}
	l.attempts++
	l.dialAt = now.Add(wait)
}

// retire closes a socket that isn't needed any more.
func (s *Session) retire(k *socket) {
	k.dead = true
	s.wg.Go(k.close)
}

// closeSockets says goodbye on all sockets, within Close's second.
func (s *Session) closeSockets() {
	cur, old := s.lastSockets()
	var closing sync.WaitGroup
	for _, k := range []*socket{cur, old} {
		if k != nil {
			closing.Go(k.close)
		}
	}
	closing.Wait()
}

func (s *Session) lastSockets() (cur, old *socket) {
	s.mu.Lock()
	defer s.mu.Unlock()
	cur, old = s.link.cur, s.link.old
	s.link.cur, s.link.old = nil, nil
	return cur, old
}
