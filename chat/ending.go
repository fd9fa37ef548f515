package chat

import (
	"context"
	"time"
)

const (
	endReading     = 2 * time.Second // how long sockets are read after chat.ended
	endPassTimeout = 5 * time.Second
)

// ending is the last seconds of a session.
type ending struct {
	why       CloseError
	readUntil time.Time
	deadline  time.Time
	passed    bool // the last pass is over
	passing   bool // or under way
}

// stepEnding begins the end when chat.ended is there, and concludes it.
func (s *Session) stepEnding(now time.Time) (next time.Time) {
	if s.d.ended != nil {
		s.endChat(now)
	}
	e := s.ending
	if e == nil {
		return time.Time{}
	}
	s.stepEndPass()
	if now.Before(e.readUntil) {
		return e.readUntil
	}
	if !e.passed && now.Before(e.deadline) {
		return e.deadline
	}
	s.conclude()
	return time.Time{}
}

// endChat begins the end, or makes what looked like another one the end of the chat.
func (s *Session) endChat(now time.Time) {
	if s.ending == nil {
		s.ending = &ending{readUntil: now.Add(endReading), deadline: now.Add(endPassTimeout), passed: s.link.created == 0}
	}
	if e := s.ending; e.why.Reason != ErrLeft { //nolint:errorlint // our own value
		e.why = CloseError{Reason: ErrChatEnded}
		if s.link.leaving {
			e.why.Reason = ErrLeft
			e.readUntil, e.passed = now, true
		}
	}
}

// stepEndPass reads the transcript a last time, if the service still shows it.
func (s *Session) stepEndPass() {
	e := s.ending
	if e.passed || e.passing {
		return
	}
	if s.passes.running {
		s.passes.stop()
		return
	}
	e.passing = true
	ctx, cancel := context.WithDeadline(s.life, e.deadline)
	s.startPass(ctx, cancel, passEnd)
}

func (s *Session) conclude() {
	s.d.catchingUp = false
	s.d.releaseIf(func(held) bool { return true })
	if s.d.ended != nil {
		s.d.ended.meta.Own = false
		s.d.queue.push(queued{event: ChatEnded{s.d.ended.meta, s.d.gap}})
	}
	s.finish(&s.ending.why)
}
