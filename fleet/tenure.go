// SPDX-License-Identifier: Apache-2.0

package fleet

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/participant-go/connectparticipant/chat"
)

// tenure is the time during which this member owns a chat. Only its goroutine uses the fields
// without a comment.
type tenure struct {
	m    *Member
	held Held // Session is written with Member.mu held

	since uint64 // the epoch under which the chat was added

	life      context.Context // ends when the chat is lost, or when Close stops waiting
	end       context.CancelCauseFunc
	waiting   context.Context // ends when the chat should be released, between two events
	stop      context.CancelFunc
	done      chan struct{} // closed when the tenure has ended
	successor string        // the member that gets the chat after stop; Member.mu guards it
	// cancelHandler ends the context of the running handler; Member.mu guards it.
	cancelHandler context.CancelCauseFunc

	given    bool // the chat was handed over at a renewal
	adrift   bool // the store may still name this member as the owner after the tenure
	stateRev uint64
	dirty    bool       // state isn't saved
	state    chat.State // after the last event that was handled, if dirty
	saveAt   time.Time  // when state is due to be saved
	token    string     // the newest published token
	tokenDue time.Time  // until when a renewal may bring a new token
}

// hold starts the tenure of a chat that this member owns. It returns false if the member is closing
// or the chat already has a tenure of this epoch.
func (m *Member) hold(c Chat, record chatRecord) bool {
	t := &tenure{m: m, held: Held{Chat: c, Epoch: record.Epoch}, since: record.Since, done: make(chan struct{})}
	t.life, t.end = context.WithCancelCause(context.Background())
	t.waiting, t.stop = context.WithCancel(t.life)
	before, ok := m.begin(t)
	if !ok {
		t.end(ErrClosed)
		return false
	}
	if before != nil {
		before.end(ErrLost)
	}
	m.meter.held(1)
	return true
}

// begin registers a tenure and starts it when the previous one, of a lower epoch, has ended.
func (m *Member) begin(t *tenure) (before *tenure, ok bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	before = m.held[t.held.ID]
	if m.phase >= phaseClosing || before != nil && before.held.Epoch >= t.held.Epoch {
		return nil, false
	}
	m.held[t.held.ID] = t
	m.tenures.Go(func() {
		if before != nil {
			<-before.done
		}
		t.run()
		m.forget(t)
	})
	return before, true
}

// forget removes a tenure that has ended.
func (m *Member) forget(t *tenure) {
	t.end(nil)
	close(t.done)
	m.meter.held(-1)
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.held[t.held.ID] == t {
		delete(m.held, t.held.ID)
	}
	if t.adrift || m.orphaned && m.owned() == m.opts.MaxChats-1 {
		m.wake()
	}
	m.noteFreed()
}

// noteFreed wakes Drain, which waits until the member owns no chats. m.mu is held.
func (m *Member) noteFreed() {
	close(m.freed)
	m.freed = make(chan struct{})
}

// release asks the tenure to end after the current event, and to hand the chat over to successor
// unless that is empty.
func (t *tenure) release(successor string) {
	t.m.mu.Lock()
	if successor != "" {
		t.successor = successor
	}
	t.m.mu.Unlock()
	t.stop()
}

// lose ends the tenure of a chat that another member owns.
func (t *tenure) lose(owner string) {
	if t.life.Err() == nil {
		t.m.log.Warn("lost a chat to another member", "chat", t.held.ID, "epoch", t.held.Epoch, "owner", owner)
		t.m.count(func(s *Stats) { s.Lost++ })
	}
	t.end(ErrLost)
}

// stopHandler ends the context of the running handler. Member.mu is held.
func (t *tenure) stopHandler(cause error) {
	if t.cancelHandler != nil {
		t.cancelHandler(cause)
	}
}

// run serves the chat until it is over or should be released.
func (t *tenure) run() {
	if !t.resume() {
		return
	}
	defer t.closeSession()
	t.over(t.handleEvents())
}

// resume starts the session, and reports whether it could. It is separate from run to free its part
// of the stack while the chat is idle.
//
//go:noinline
func (t *tenure) resume() bool {
	state, err := t.takeState()
	if err != nil {
		t.finish()
		return false
	}
	session, err := chat.Resume(t.waiting, t.m.client, t.held.ParticipantToken, state, t.m.sessionOptions(t.held.Chat))
	if err != nil {
		if !isEnd(err) && t.waiting.Err() == nil {
			t.m.log.Error("could not start a session", "chat", t.held.ID, "error", err)
		}
		t.over(err)
		return false
	}
	t.started(session)
	return true
}

func (t *tenure) closeSession() { _ = t.held.Session.Close() }

func (m *Member) sessionOptions(c Chat) func(*chat.Options) {
	return func(o *chat.Options) {
		o.Limiter = m.limiter
		if m.opts.Chat != nil {
			m.opts.Chat(o)
		}
		o.ParticipantID, o.RenewalEvents = c.ParticipantID, true
	}
}

// started notes the session, and saves its first state: for the next owner too, messages from now
// on are not history.
func (t *tenure) started(session *chat.Session) {
	t.m.mu.Lock()
	t.held.Session = session
	t.m.mu.Unlock()
	t.publishToken()
	t.dirty, t.state = true, session.State()
	t.saveAt = time.Now()
}

// over ends the tenure after its session or its events have ended.
func (t *tenure) over(err error) {
	if t.given {
		return
	}
	var reason *chat.CloseError
	if !errors.As(err, &reason) || errors.Is(err, chat.ErrClosed) || t.waiting.Err() != nil {
		t.finish()
		return
	}
	if t.m.awaitLease(t.waiting) != nil {
		t.finish()
		return
	}
	if !t.callEnded(reason) {
		t.adrift = true // its next owner calls Ended again
		return
	}
	t.remove(reason)
}

// callEnded calls Options.Ended, and reports whether its context was live until it returned.
func (t *tenure) callEnded(reason *chat.CloseError) bool {
	if t.m.opts.Ended == nil {
		return true
	}
	ctx, done := t.handlerContext()
	defer done()
	t.m.opts.Ended(ctx, &t.held, reason)
	return ctx.Err() == nil
}

// finish saves the state, and hands the chat over to its successor if it has one.
func (t *tenure) finish() {
	if context.Cause(t.life) == ErrLost { //nolint:errorlint // it is never wrapped
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), storeTimeout)
	defer cancel()
	if t.dirty && persist(ctx, t.save) != nil {
		t.adrift = t.waiting.Err() != nil
		return
	}
	t.m.mu.Lock()
	successor := t.successor
	t.m.mu.Unlock()
	t.adrift = successor != "" && persist(ctx, func(ctx context.Context) error { return t.give(ctx, successor) }) != nil
}

// persist calls write until it succeeds, the chat is lost or ctx ends.
func persist(ctx context.Context, write func(ctx context.Context) error) error {
	for n := 0; ; n++ {
		err := write(ctx)
		if err == nil || errors.Is(err, ErrLost) || !pause(ctx, backoff(n, 50*time.Millisecond, time.Second)) {
			return err
		}
	}
}

// handleEvents passes the events to the handler until the chat is over, lost, handed over or should
// be released.
func (t *tenure) handleEvents() error {
	if err := t.saveIfDue(); err != nil {
		return err
	}
	for {
		event, err := t.next()
		if err != nil {
			return err
		}
		if due, ok := event.(chat.RenewalDue); ok {
			if t.given = t.handOver(); t.given {
				return nil
			}
			t.tokenDue = time.Now().Add(due.Within + tokenPatience)
			continue
		}
		if err := t.deliver(event); err != nil {
			return err
		}
		if err := t.handled(); err != nil {
			return err
		}
	}
}

// next waits for the next event. While it waits, it saves and publishes what is due.
func (t *tenure) next() (chat.Event, error) {
	for {
		t.publishToken()
		event, err := t.nextBy(t.deadline())
		switch {
		case err == nil:
			return event, nil
		case t.waiting.Err() != nil || isEnd(err) || !errors.Is(err, context.DeadlineExceeded):
			return nil, err
		}
		if err := t.saveIfDue(); err != nil {
			return nil, err
		}
	}
}

// isEnd reports whether an error is the end of the session, regardless of the cause.
func isEnd(err error) bool {
	var reason *chat.CloseError
	return errors.As(err, &reason)
}

func (t *tenure) nextBy(deadline time.Time) (chat.Event, error) {
	if deadline.IsZero() {
		return t.held.Session.Next(t.waiting)
	}
	ctx, cancel := context.WithDeadline(t.waiting, deadline)
	defer cancel()
	return t.held.Session.Next(ctx)
}

// deadline returns when next has other work than events, or the zero time.
func (t *tenure) deadline() (at time.Time) {
	now := time.Now()
	if t.dirty {
		at = t.saveAt
	}
	if now.Before(t.tokenDue) && (at.IsZero() || at.After(now.Add(time.Second))) {
		at = now.Add(time.Second)
	}
	return at
}

// maxRetryPause is the longest pause before an event is delivered to the handler again.
const maxRetryPause = 30 * time.Second

// deliver calls the handler with an event until it has handled it.
func (t *tenure) deliver(event chat.Event) error {
	for n := 0; ; n++ {
		if err := t.m.awaitLease(t.waiting); err != nil {
			return err
		}
		err := t.call(event)
		if err == nil {
			return nil
		}
		t.m.count(func(s *Stats) { s.Retried++ })
		t.m.meter.count(t.m.meter.retries)
		t.m.log.Warn("the handler failed: its event will be delivered again", "chat", t.held.ID, "event", event, "attempt", n+1, "error", err)
		if err := t.saveIfDue(); err != nil {
			return err
		}
		if !pause(t.waiting, backoff(n, 100*time.Millisecond, maxRetryPause)) {
			return t.waiting.Err()
		}
	}
}

// call calls the handler once, while the lease lasts.
func (t *tenure) call(event chat.Event) error {
	ctx, done := t.handlerContext()
	defer done()
	if err := ctx.Err(); err != nil {
		return err
	}
	return t.m.handle(ctx, &t.held, event)
}

// handlerContext returns a context that ends with the lease, with the tenure and with done.
func (t *tenure) handlerContext() (ctx context.Context, done func()) {
	ctx, cancel := context.WithCancelCause(t.life)
	t.m.mu.Lock()
	defer t.m.mu.Unlock()
	if !t.m.lease.isHeld(time.Now()) {
		cancel(ErrFenced)
	}
	t.cancelHandler = cancel
	return ctx, func() {
		t.m.mu.Lock()
		t.cancelHandler = nil
		t.m.mu.Unlock()
		cancel(nil)
	}
}

// remove removes a chat that is over. Its record is kept for a while, for members that were away.
// It retries until it succeeds, at most for storeTimeout after the tenure should end.
func (t *tenure) remove(reason *chat.CloseError) {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	defer context.AfterFunc(t.waiting, func() {
		pause(ctx, storeTimeout)
		cancel()
	})()
	for n := 0; ; n++ {
		err := t.removeOnce(ctx)
		if err == nil {
			break
		}
		t.m.log.Warn("could not remove an ended chat", "chat", t.held.ID, "error", err)
		if !pause(ctx, backoff(n, 50*time.Millisecond, 2*time.Second)) {
			t.adrift = true // its next owner removes it
			return
		}
	}
	t.m.log.Info("chat ended", "chat", t.held.ID, "reason", fmt.Sprint(reason.Reason), "gap", reason.Gap)
}

func (t *tenure) removeOnce(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 2*storeTimeout)
	defer cancel()
	record, rev, err := t.m.readChat(ctx, t.held.ID)
	gone := errors.Is(err, ErrNotFound) // expired after an incomplete removal
	if !gone && (err != nil || record.Owner != t.m.name || record.Epoch != t.held.Epoch) {
		return err
	}
	if !gone && !record.Ended {
		record.Ended, record.Data = true, nil
		if err := t.m.putChat(ctx, record, rev); err != nil {
			return err
		}
	}
	return errors.Join(t.m.store.Delete(ctx, stateKey(t.held.ID), 0), t.m.store.Delete(ctx, tokenKey(t.held.ID), 0))
}
