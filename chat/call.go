// SPDX-License-Identifier: Apache-2.0

package chat

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/participant-go/connectparticipant"
)

const (
	// tokenWait is how long a denied call waits for a newer token.
	tokenWait = 30 * time.Second
	// maxAttempts is the maximum number of attempts for a call that fails temporarily.
	maxAttempts = 5
)

// call calls an operation with the connection token. It retries in place of the client's retryer,
// so that retries go through the Limiter and are counted. If the service denies the token, the
// call is made once more with a newer one, which all denied calls get from the same dial. A second
// denial is returned as the call's error; it doesn't end the session.
func call[O any](ctx context.Context, s *Session, operation string, priority Priority, do func(context.Context, *string) (O, error)) (O, error) {
	renewed := false
	var last error
	for n := 1; ; n++ {
		var used int32
		out, err := attempt(ctx, s, operation, priority, func(ctx context.Context) (out O, err error) {
			token, generation, err := s.connectionToken()
			if err != nil {
				return out, err
			}
			used = generation
			return do(ctx, &token)
		})
		switch {
		case err == nil:
			if renewed {
				s.change(func(c *core, _ instant) { c.conn.tokenAccepted(operation) })
			}
			return out, nil
		case isOver(err): // its Cause may be an error that would be retried
			return out, err
		case connectparticipant.IsAccessDenied(err) && renewed:
			s.noteDenied(operation)
			return out, err
		case last != nil && errors.Is(err, ctx.Err()):
			return out, fmt.Errorf("%w, after %w", err, last)
		case connectparticipant.IsAccessDenied(err) && s.awaitToken(ctx, operation, used):
			renewed = true
		case !connectparticipant.IsRetryable(err) || n >= maxAttempts:
			return out, err
		case !s.sleep(ctx, callBackoff(n, s.opts.maxBackoff)):
			return out, fmt.Errorf("%w, after %w", ctx.Err(), err)
		}
		last = err
	}
}

// sleep waits for d, or until the session is over. It returns false if ctx ends before that.
func (s *Session) sleep(ctx context.Context, d time.Duration) bool {
	waiting, cancel := s.whileLive(ctx)
	defer cancel()
	return sleep(waiting, d) || ctx.Err() == nil
}

// whileLive returns a context that also ends with the session.
func (s *Session) whileLive(ctx context.Context) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancel(ctx)
	stop := context.AfterFunc(s.life, cancel)
	return ctx, func() {
		stop()
		cancel()
	}
}

// isOver reports whether err is the end of the session.
func isOver(err error) bool {
	var over *CloseError
	return errors.As(err, &over)
}

// attempt makes one call within the Limiter.
func attempt[O any](ctx context.Context, s *Session, operation string, priority Priority, do func(context.Context) (O, error)) (out O, err error) {
	if err := s.waitForLimiter(ctx, operation, priority, now()); err != nil {
		return out, err
	}
	defer s.opts.Limiter.Done(operation)
	out, err = do(ctx)
	s.countThrottled(operation, err)
	return out, err
}

// waitForLimiter waits until the Limiter admits a call of the operation, or the session is over. begun
// is when the call began to wait.
func (s *Session) waitForLimiter(ctx context.Context, operation string, priority Priority, begun instant) error {
	if err := s.Err(); err != nil {
		return err
	}
	waiting, cancel := s.whileLive(ctx)
	defer cancel()
	if err := s.opts.Limiter.Wait(waiting, operation, priority); err != nil {
		if over := s.Err(); over != nil {
			return over
		}
		return err
	}
	s.meter.recordWait(ctx, operation, now().Sub(begun))
	return nil
}

// once turns the client's own retries off.
func once(o *connectparticipant.Options) { o.Retryer = aws.NopRetryer{} }

// countThrottled reports a 429 response to the Limiter, which slows down all its sessions.
func (s *Session) countThrottled(operation string, err error) {
	if connectparticipant.IsThrottled(err) && !isOver(err) {
		s.opts.Limiter.Throttled(operation)
		s.meter.countThrottled(operation)
		s.update(func(c *core, _ instant) { c.stats.Throttled++ })
	}
}

// connectionToken returns the newest token and the generation of its connection, or the session's
// CloseError.
func (s *Session) connectionToken() (token string, generation int32, err error) {
	s.view(func(c *core) { token, generation, err = c.conn.creds.token, c.conn.generation, c.err() })
	return token, generation, err
}

// ConnectionToken returns the newest connection token and its expiry by the service's clock, zero if
// unknown. It is for operations of the client that Session has no method for. If used is the newest
// token, ConnectionToken waits for the next one, which each renewal brings, about every hour; with
// "" it returns immediately. The error is ctx's or the session's CloseError.
//
// The token permits everything that the participant may do: keep it out of logs.
func (s *Session) ConnectionToken(ctx context.Context, used string) (token string, expiry time.Time, err error) {
	err = s.wait(ctx, func(c *core, _ instant) (bool, error) {
		token, expiry = c.conn.creds.token, c.conn.creds.expires()
		return token != "" && token != used, c.err()
	})
	if err != nil {
		return "", time.Time{}, err
	}
	return token, expiry, nil
}

// noteDenied records that an operation was denied with a new token too.
func (s *Session) noteDenied(operation string) {
	s.change(func(c *core, now instant) { c.conn.tokenDenied(operation, now) })
}

// awaitToken waits for a newer token than that of the generation used. It returns false if none
// is available, because the token was new or the session has ended.
func (s *Session) awaitToken(ctx context.Context, operation string, used int32) bool {
	ctx, cancel := context.WithTimeout(ctx, tokenWait)
	defer cancel()
	ok, newer := false, false
	s.update(func(c *core, now instant) { ok = c.requestToken(operation, used, now) })
	if !ok {
		return false
	}
	err := s.wait(ctx, func(c *core, _ instant) (bool, error) {
		newer = c.conn.generation != used
		return newer || !c.isOpen(), c.err()
	})
	return err == nil && newer
}
