package chat

import (
	"context"
	"time"

	"github.com/participant-go/connectparticipant"
)

// freshWait is how long a call that was denied waits for a new token.
const freshWait = 30 * time.Second

// call calls an operation with the connection token. When the service denies the token it
// calls once more with a newer one, which one dial gets for all calls together; a second denial
// is the call's error and no more.
func call[O any](ctx context.Context, s *Session, operation string, priority Priority, do func(context.Context, *string) (O, error)) (O, error) {
	var used int
	out, err := attemptCall(ctx, s, operation, priority, func() (token string, over error) {
		token, used, over = s.numberedToken()
		return token, over
	}, do)
	if !connectparticipant.IsAccessDenied(err) || !s.freshToken(ctx, used) {
		return out, err
	}
	return attemptCall(ctx, s, operation, priority, s.currentToken, do)
}

func attemptCall[O any](ctx context.Context, s *Session, operation string, priority Priority, token func() (string, error), do func(context.Context, *string) (O, error)) (out O, err error) {
	if err := s.opts.Limiter.Wait(ctx, operation, priority); err != nil {
		return out, err
	}
	defer s.opts.Limiter.Done(operation)
	t, err := token()
	if err != nil {
		return out, err
	}
	out, err = do(ctx, &t)
	s.throttled(operation, err)
	return out, err
}

// currentToken returns the newest connection token, or the end of the session.
func (s *Session) currentToken() (string, error) {
	token, _, err := s.numberedToken()
	return token, err
}

// numberedToken tells also which connection the token is of.
func (s *Session) numberedToken() (token string, number int, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.over != nil {
		return "", 0, s.over
	}
	return s.link.conn.token, s.link.created, nil
}

func (s *Session) throttled(operation string, err error) {
	if !connectparticipant.IsThrottled(err) {
		return
	}
	s.opts.Limiter.Throttled(operation)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.d.stats.Throttled++
}

// freshToken waits for a newer token than that of connection number used. It reports
// false if there is none to be had: the token was new, or the session has ended.
func (s *Session) freshToken(ctx context.Context, used int) bool {
	if !s.askToken(used, time.Now()) {
		return false
	}
	ctx, cancel := context.WithTimeout(ctx, freshWait)
	defer cancel()
	err := s.wait(ctx, func() bool { return s.link.created != used || s.over != nil || s.ending != nil })
	return err == nil && s.createdNow() != used
}

// askToken asks for a renewal, unless there has been one just now.
func (s *Session) askToken(used int, now time.Time) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	l := &s.link
	if l.created != used {
		return true
	}
	if s.over != nil || s.ending != nil || l.leaving || now.Sub(l.conn.asked) < minRenewal && l.cur != nil {
		return false
	}
	if l.cur != nil && !l.dialing {
		l.renewAt = now
		s.rouse()
	}
	return true
}
