// SPDX-License-Identifier: Apache-2.0

package chat

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"log/slog"
	"sync"
	"time"

	"github.com/participant-go/connectparticipant"
	"github.com/participant-go/connectparticipant/internal/fips"
)

// Session is a live chat. It keeps a socket to the service, replaces it before it expires and
// when it is lost, and delivers every item once. The package comment describes the guarantees.
// All methods may be called concurrently.
type Session struct {
	client connectparticipant.API
	token  *string // the participant token
	opts   Options
	life   context.Context // of the session's background work

	// The token and the mutable part are behind pointers: for a Session in an unexported field
	// of a printed struct, fmt doesn't call our Format method, but it doesn't follow pointers either.
	*running
}

// running is the mutable part of a session.
type running struct {
	wg     sync.WaitGroup
	loop   loop
	cancel context.CancelFunc // of life

	// Used by tasks only, which the loop runs one after the other.
	expediteDial, stopPass context.CancelFunc

	meter *sessionMeter // nil without Options.MeterProvider

	mu      sync.Mutex
	core    core
	waiters waiters
}

// Start joins the chat of a participant token from StartChatContact or CreateParticipant. The
// session first delivers the newest items of the chat (Options.History, 1,000 by default), then
// live ones. Start returns when the first socket is subscribed. ctx bounds only Start: temporary
// failures are retried until ctx ends, so give it a deadline. Sessions that start at the same time
// wait for their turn in the Limiter: add a sixth of a second to the deadline for each of them.
// Even if Start fails, the participant may have joined, and then stays in the chat. Close the
// session when done.
//
// The error is a *CloseError with one of these reasons: ErrAccessDenied for a wrong token or a chat
// that is over, after two denied requests a second or more apart; ErrGaveUp for a request that the
// service rejects, or that can't be sent at all; ErrChatEnded if the chat ends before Start
// returns. Otherwise it wraps ctx's error and the last failure.
//
// The session's own requests, those of Start included, are not part of a trace in ctx; those of
// Send and the other methods are.
func Start(ctx context.Context, client connectparticipant.API, participantToken string, optFns ...func(*Options)) (*Session, error) {
	return newSession(client, participantToken, withDefaults(optFns)).start(ctx)
}

// Resume is Start for a chat that another session has begun. state is the State of that session:
// Resume delivers the events after it, as after a lost connection. The caller must make sure that
// only one session resumes from a given state. With the zero State it is the same as Start. If
// state belongs to another chat, the session ends with ErrState once it has read a page of the
// transcript, usually after Resume has returned.
func Resume(ctx context.Context, client connectparticipant.API, participantToken string, state State, optFns ...func(*Options)) (*Session, error) {
	s := newSession(client, participantToken, withDefaults(optFns))
	if !state.isZero() {
		s.core.inbox.restore(&state)
	}
	return s.start(ctx)
}

func newSession(client connectparticipant.API, token string, opts Options) *Session {
	both := &struct { // one allocation: two objects of these sizes fragment the heap more
		Session
		running
	}{}
	s := &both.Session
	opts.takeClient(client)
	s.client, s.token, s.opts, s.running = client, &token, opts, &both.running
	s.core.init(&s.opts)
	s.loop = loop{step: s.step, wg: &s.wg}
	s.life, s.cancel = context.WithCancel(context.Background())
	return s
}

func (s *Session) start(ctx context.Context) (*Session, error) {
	if err := fips.Check(); err != nil {
		return nil, fmt.Errorf("start chat: %w", err)
	}
	instruments, err := instrumentsOf(s.opts.MeterProvider)
	if err != nil {
		return nil, fmt.Errorf("start chat: make the instruments of MeterProvider: %w", err)
	}
	if instruments != nil {
		s.meter = &sessionMeter{instruments: instruments}
	}
	s.update(func(c *core, now instant) { c.conn.begin(now) })
	err = s.wait(ctx, func(c *core, _ instant) (bool, error) { return !c.conn.ackedAt.IsZero(), c.startErr() })
	if err == nil {
		return s, nil
	}
	waiting := false
	s.view(func(c *core) { waiting = !c.conn.waitingSince.IsZero() || c.conn.limiterWait >= time.Second })
	_ = s.Close() // waits for the dial, which records its error
	if ctx.Err() != nil {
		err = s.startTimeout(err, waiting)
	}
	return nil, err
}

// startTimeout adds whether the start was waiting for the Limiter, and the last failure.
func (s *Session) startTimeout(err error, waiting bool) error {
	if waiting {
		what := createConnection
		if l, ok := s.opts.Limiter.(*QuotaLimiter); ok {
			what = l.describe(createConnection)
		}
		err = fmt.Errorf("%w while waiting for the Limiter (%s): allow more time when many sessions start", err, what)
	}
	var last error
	s.view(func(c *core) { last = c.conn.failure })
	switch {
	case last == nil, errors.Is(last, ErrClosed): // caused by our own Close
	case errors.Is(last, context.Canceled):
		err = fmt.Errorf("%w, during: %v", err, last) //nolint:errorlint // the caller didn't cancel
	default:
		err = fmt.Errorf("%w, after %w", err, last)
	}
	return fmt.Errorf("start chat: %w", err)
}

// update changes the state, and wakes the loop and all waiters.
func (s *Session) update(change func(c *core, now instant)) {
	s.change(change)
	s.loop.wake()
}

func (s *Session) change(change func(c *core, now instant)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	change(&s.core, now())
	s.waiters.notify(&s.core)
}

// view reads the state.
func (s *Session) view(read func(c *core)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	read(&s.core)
}

// wait calls try now and after each change until it returns true or an error, or ctx is done. try
// may change the state.
func (s *Session) wait(ctx context.Context, try func(c *core, now instant) (bool, error)) error {
	for {
		changed, err := s.try(try)
		if changed == nil {
			s.loop.wake()
			return err
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// try returns a channel that is closed at the next change, or nil when wait is over.
func (s *Session) try(try func(c *core, now instant) (bool, error)) (changed <-chan struct{}, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if ok, err := try(&s.core, now()); ok || err != nil {
		return nil, err
	}
	return s.waiters.changes.wait(), nil
}

// step is run by the loop.
func (s *Session) step(now instant) (next instant, over bool) {
	r := s.stepOnce(now)
	for _, t := range r.todo {
		t.do(s)
	}
	if s.meter != nil {
		s.meter.report(r.stats, r.live)
	}
	if r.over {
		s.cancel()
	}
	return r.next, r.over
}

// stepResult is the result of a step.
type stepResult struct {
	todo       []task
	next       instant
	live, over bool
	stats      Stats
}

func (s *Session) stepOnce(now instant) stepResult {
	s.mu.Lock()
	defer s.mu.Unlock()
	next := s.core.step(now)
	todo := s.core.todo
	s.core.todo = nil
	s.waiters.notify(&s.core)
	over := s.core.phase == phaseOver
	return stepResult{todo: todo, next: next, over: over, live: !s.core.conn.ackedAt.IsZero() && !over, stats: s.core.stats}
}

// Next waits for the next event. A queued event is returned even if ctx is done. After the end
// of the session, and once its events are drained, it returns the same *CloseError forever.
// Concurrent callers each receive different events.
func (s *Session) Next(ctx context.Context) (Event, error) {
	for again := false; ; again = true {
		event, arrived, err := s.take(ctx, again)
		if event != nil || err != nil {
			return event, err
		}
		select {
		case <-arrived:
		case <-ctx.Done():
			if event, _, err := s.take(ctx, true); event != nil || err != nil {
				return event, err
			}
			return nil, ctx.Err()
		}
	}
}

// take returns an event or the session's error; if there is neither, a channel that is closed when
// that may have changed. again is whether the same call of Next has tried before: only a new call
// declines a renewal.
func (s *Session) take(ctx context.Context, again bool) (event Event, arrived <-chan struct{}, err error) {
	q, wake, arrived, err := s.takeOnce(again)
	if wake {
		s.loop.wake()
	}
	if q.event != nil {
		s.meter.recordDelay(ctx, q.arrived)
	}
	return q.event, arrived, err
}

func (s *Session) takeOnce(again bool) (q queued, wake bool, arrived <-chan struct{}, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	declined := !again && s.core.declineRenewal(now())
	q, wake = s.core.takeEvent()
	wake = wake || declined
	switch err := s.core.err(); {
	case q.event != nil:
		if wake {
			s.waiters.changes.broadcast()
		}
		return q, wake, nil, nil
	case err != nil:
		return q, false, nil, err
	default:
		return q, wake, s.waiters.arrivals.wait(), nil
	}
}

// Events ranges over the events until the session is over. It yields an error and stops when ctx
// ends, or when the session ends with ErrAccessDenied, ErrRemoved, ErrGaveUp or ErrState; after
// ErrChatEnded, ErrLeft and ErrClosed it just stops. A lost connection is not an error. Breaking
// out of the loop doesn't end the session; call Events again to continue.
func (s *Session) Events(ctx context.Context) iter.Seq2[Event, error] {
	return func(yield func(Event, error) bool) {
		for {
			event, err := s.Next(ctx)
			if err != nil {
				if !isExpectedEnd(err) {
					yield(nil, err)
				}
				return
			}
			if !yield(event, nil) {
				return
			}
		}
	}
}

func isExpectedEnd(err error) bool {
	return errors.Is(err, ErrChatEnded) || errors.Is(err, ErrLeft) || errors.Is(err, ErrClosed)
}

// Err returns why the session is over, as a *CloseError, or nil if it isn't over.
func (s *Session) Err() (err error) {
	s.view(func(c *core) { err = c.err() })
	return err
}

// ParticipantID returns this participant's own ID, or "" if it isn't known yet.
func (s *Session) ParticipantID() (id string) {
	s.view(func(c *core) { id = c.inbox.self.id })
	return id
}

// Close ends the session within a second and leaves the participant in the chat, who can return
// with Resume. It may be called more than once. Events that have arrived can still be read; waiting
// receipts are not sent. It waits for a running call of Options.Logger, but not for calls such as
// SendFile, which end with their own ctx. It always returns nil.
func (s *Session) Close() error {
	s.update(func(c *core, now instant) { c.finish(CloseError{Reason: ErrClosed}, now) })
	s.wg.Wait()
	return nil
}

// Format shows the session to fmt without its tokens and contents, whatever the verb.
func (s *Session) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, s.summary()) }

// LogValue shows the session to log/slog without its tokens and contents.
func (s *Session) LogValue() slog.Value { return slog.StringValue(s.summary()) }

func (s *Session) summary() string {
	if s == nil {
		return "chat session <nil>"
	}
	return "chat session of participant " + s.ParticipantID()
}

// waiters wakes the goroutines that wait for a session. The session's mutex guards it.
type waiters struct {
	arrivals signal // an event has been queued, or the session is over
	changes  signal // anything else has changed
}

// notify wakes the goroutines whose condition may be true now.
func (w *waiters) notify(c *core) {
	if c.inbox.queue.len() > 0 || c.phase == phaseOver {
		w.arrivals.broadcast()
	}
	w.changes.broadcast()
}

// signal wakes all goroutines that wait for it. Without any it costs nothing.
type signal struct{ ch chan struct{} }

func (s *signal) wait() <-chan struct{} {
	if s.ch == nil {
		s.ch = make(chan struct{})
	}
	return s.ch
}

func (s *signal) broadcast() {
	if s.ch != nil {
		close(s.ch)
		s.ch = nil
	}
}
