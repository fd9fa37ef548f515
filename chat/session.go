package chat

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"log/slog"
	"sync"
	"time"

	"github.com/participant-go/connectparticipant"
)

// Session is a live chat: it keeps a socket to the service, replaces it before it ends
// and when it is lost, and delivers every item once. See the package comment for what is
// guaranteed. All methods may be called concurrently.
type Session struct {
	client connectparticipant.API
	token  string // the participant token
	opts   Options
	plain  bool // the client permits plain http
	wg     sync.WaitGroup
	life   context.Context // of what goes on beside the caller
	cancel context.CancelFunc

	mu       sync.Mutex
	looks    looks
	d        delivery
	arrivals signal // there may be an event
	logged   []logRecord
	changes  signal // anything else that somebody may wait for
	started  bool   // the first socket was acknowledged
	over     *CloseError

	link     link
	passes   passes
	ending   *ending
	receipts receipts
	typed    time.Time // when Typing last sent
}

// Start joins the chat of a participant token, which StartChatContact or
// CreateParticipant gave, and delivers the newest of its items (Options.History, 1,000 by
// default), then what happens. It
// returns when the first socket is subscribed. ctx bounds only that: what fails for a
// passing reason is tried again until ctx ends, so give it a deadline. The participant may
// have joined by then, and stays in the chat.
//
// The error is a *CloseError for ErrAccessDenied (a wrong token, or the chat is over), which
// is asked for twice, a second or more apart, and for ErrGaveUp (a request that the service
// never takes), or for ErrChatEnded if the chat ends meanwhile. Close the session when done.
//
// What the session does by itself, the calls of the start included, is not part of a trace in
// ctx; Send and the other methods are.
func Start(ctx context.Context, client connectparticipant.API, participantToken string, optFns ...func(*Options)) (*Session, error) {
	return newSession(client, participantToken, withDefaults(optFns)).start(ctx)
}

// Resume is Start for a chat whose events up to state have been handled: it delivers
// those that came after, as after a lost connection. Only one session may go on from a
// state; it is the caller's to see to that. With the zero State it is Start.
func Resume(ctx context.Context, client connectparticipant.API, participantToken string, state State, optFns ...func(*Options)) (*Session, error) {
	s := newSession(client, participantToken, withDefaults(optFns))
	s.d.restore(state)
	return s.start(ctx)
}

func newSession(client connectparticipant.API, token string, opts Options) *Session {
	s := &Session{client: client, token: token, opts: opts}
	s.d = delivery{opts: &s.opts, seen: map[uint64]entry{}, own: opts.ParticipantID}
	s.d.lose(time.Time{}) // the history goes before what the first socket brings
	if c, ok := client.(interface {
		Options() connectparticipant.Options
	}); ok {
		s.plain = c.Options().EndpointOptions.DisableHTTPS
	}
	return s
}

func (s *Session) start(ctx context.Context) (*Session, error) {
	s.life, s.cancel = context.WithCancel(context.Background())
	s.begin(time.Now())
	if err := s.wait(ctx, func() bool { return s.started || s.over != nil }); err != nil {
		last := s.lastFailure()
		_ = s.Close()
		if last != nil {
			err = fmt.Errorf("%w, after %w", err, last)
		}
		return nil, fmt.Errorf("start chat: %w", err)
	}
	if err := s.startError(); err != nil {
		_ = s.Close()
		return nil, err
	}
	return s, nil
}

func (s *Session) startError() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.started && s.over != nil {
		return s.over
	}
	return nil
}

func (s *Session) lastFailure() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.link.failure
}

// Next waits for the next event. One that is there goes before the end of ctx. After the
// end of the session, and once its events are drained, it returns the same *CloseError
// for ever. Of several callers each event goes to one.
func (s *Session) Next(ctx context.Context) (Event, error) {
	for {
		event, arrived, err := s.take()
		if event != nil || err != nil {
			return event, err
		}
		select {
		case <-arrived:
		case <-ctx.Done():
			if event, _, err := s.take(); event != nil || err != nil {
				return event, err
			}
			return nil, ctx.Err()
		}
	}
}

// take returns an event or the end, or else what closes when there is one.
func (s *Session) take() (event Event, arrived <-chan struct{}, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.d.queue.len() > 0 {
		q := s.d.queue.pop()
		if q.top {
			s.d.returnedTop = max(s.d.returnedTop, q.at)
		}
		if s.d.queue.halfEmpty() {
			s.caughtUp()
		}
		return q.event, nil, nil
	}
	if s.over != nil {
		return nil, nil, s.over
	}
	return nil, s.arrivals.wait(), nil
}

// caughtUp tells those that wait for room.
func (s *Session) caughtUp() {
	s.changes.broadcast()
	if s.d.behind || s.passes.blocked {
		s.rouse()
	}
}

// Events ranges over the events, for as long as the session lives. It yields an error,
// and ends, when ctx ends and when the session is over for ErrAccessDenied, ErrRemoved or
// ErrGaveUp; after ErrChatEnded, ErrLeft and ErrClosed it just ends. A lost connection is
// no error. Leaving the loop ends nothing: a later one goes on.
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

// Err says why the session is over, as a *CloseError, and is nil while it lives.
func (s *Session) Err() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.over == nil {
		return nil
	}
	return s.over
}

// ParticipantID is this participant's own id, or "" while it isn't known.
func (s *Session) ParticipantID() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.d.own
}

// Close ends this end of the session within a second, and leaves the chat as it is: the
// participant can come back with Resume. It may be called more than once. Events that
// have arrived can still be read; receipts that wait are not sent. It always returns nil.
func (s *Session) Close() error {
	s.end(&CloseError{Reason: ErrClosed})
	s.wg.Wait()
	return nil
}

// end is the end of the session, for the first reason given.
func (s *Session) end(why *CloseError) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.finish(why)
}

func (s *Session) finish(why *CloseError) {
	if s.over != nil {
		return
	}
	why.Gap = why.Gap || s.d.gap && !errors.Is(why.Reason, ErrClosed)
	s.over = why
	s.cancel()
	s.arrivals.broadcast()
	s.changes.broadcast()
	s.rouse()
	s.log(slog.LevelInfo, "chat session over", "reason", why.Reason, "gap", why.Gap)
}

// wait waits until something holds, or for ctx's end.
func (s *Session) wait(ctx context.Context, holds func() bool) error {
	for {
		changed := s.unless(holds)
		if changed == nil {
			return nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// unless returns nil if something holds, or else what closes when it may.
func (s *Session) unless(holds func() bool) <-chan struct{} {
	s.mu.Lock()
	defer s.mu.Unlock()
	if holds() {
		return nil
	}
	return s.changes.wait()
}

// signal wakes all who wait. It costs nothing while nobody does.
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
