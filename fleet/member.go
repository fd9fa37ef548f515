// SPDX-License-Identifier: Apache-2.0

package fleet

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/google/uuid"

	"github.com/participant-go/connectparticipant"
	"github.com/participant-go/connectparticipant/chat"
)

var (
	// ErrClosed is the error of the methods of a Member after Close or Drain.
	ErrClosed = errors.New("the member was closed")
	// ErrUnknownChat is the error of Send and Do for a chat that was never added, or is over.
	ErrUnknownChat = errors.New("the fleet has no such chat")
	// ErrFenced is the cause with which a handler's context ends when the member has lost its
	// lease, see context.Cause.
	ErrFenced = errors.New("the member has lost its lease")
	// ErrLost is the cause with which a handler's context ends when another member has taken the
	// chat over.
	ErrLost = errors.New("another member holds the chat")
)

// Chat is a chat that the fleet holds, as [Member.Add] takes it.
type Chat struct {
	// ID names the chat in the fleet: a contact id, or the caller's own, of 1 to 150 bytes.
	// Required.
	ID string
	// ParticipantToken is what StartChatContact or CreateParticipant returned. Required.
	ParticipantToken string
	// ParticipantID is what they returned beside it: by it each member knows messages that
	// another one has sent as the chat's own. Required.
	ParticipantID string
	// Data is the caller's, at most 64 KiB: what a handler needs to know on any machine, such as
	// where the chat leads to. It is kept in the store as it is.
	Data []byte
}

// Held is a chat that this member holds.
type Held struct {
	Chat

	// Epoch rises each time the chat changes hands. A handler that writes elsewhere can send it
	// along, and have writes with a lower one refused.
	Epoch uint64
	// Session is the chat's session. Its Next and Events belong to the fleet, and so do Close
	// and State.
	Session *chat.Session
}

// Handler handles an event of a chat. If it returns nil the event is handled, else it is called
// with the same event again, with growing pauses of up to 30 seconds, and later events of the chat
// wait. It is called for one event of a chat at a time, and concurrently for different chats; also
// before [Join] has returned, if there are chats without an owner.
//
// held.Session answers: [chat.Session.SendOnce] with a token made of Meta.ID sends one message,
// although the event may come again. What was said before the chat's first session has
// Meta.History; after a change of owner nothing has, so that a handler may only skip the history if
// the chat's beginning doesn't concern it.
//
// ctx ends when the member loses its lease or the chat, see [ErrFenced] and [ErrLost], and some
// seconds after Close was called. A handler that continues after that may run beside the one of
// the next owner.
type Handler func(ctx context.Context, held *Held, event chat.Event) error

// Member is this process's part in a fleet. All methods may be called concurrently.
type Member struct {
	name    string // of this process, used once
	opts    Options
	store   Store
	client  connectparticipant.API
	handle  Handler
	limiter *limiter
	meter   *meter
	tokens  tokenCache
	log     *slog.Logger

	life      context.Context // ends when Close has let go of the chats
	end       context.CancelFunc
	loops     sync.WaitGroup
	tenures   sync.WaitGroup
	closed    chan struct{} // closed when Close is done
	reconcile chan struct{} // holds one: that the directory should be read
	renewing  chan struct{} // holds one while a renewal is under way

	// Only keepDirectory uses these: before reassertAt the owners aren't read again, and before
	// unfenceAt the lease isn't taken back.
	reassertAt, unfenceAt time.Time

	mu       sync.Mutex
	phase    phase
	lease    lease
	others   map[string]memberRecord // by key
	held     map[string]*tenure      // by chat
	freed    chan struct{}           // closed when a chat was let go of
	stats    Stats
	orphaned bool // the last reading of the directory has found chats that nobody took
}

// phase is how far the life of a member has got.
type phase int

const (
	phaseOpen phase = iota
	phaseDraining
	phaseClosing
)

// Stats is what a member holds and has done.
type Stats struct {
	// ID is Options.ID.
	ID string
	// Members counts the members that are there, with this one.
	Members int
	// Held counts the chats of this member, and Waiting those of them that have no session yet.
	Held, Waiting int
	// Fenced reports that the member has no lease, because it can't reach the store: nothing is
	// handled.
	Fenced bool
	// Claimed counts the chats taken over: of members that are gone, or handed over. Given counts
	// those handed over to others, and Lost those that others have taken.
	Claimed, Given, Lost int
	// Saves counts the States written, Retried the events that came again because the handler
	// returned an error.
	Saves, Retried int
}

// Join makes this process a member of the fleet that shares the store: from then on it holds
// chats, its own and those of members that are gone, and calls handle for their events. client
// makes the sessions; it needs no limit of its own, see Options.Quotas.
//
// It returns when the member is entered in the store. ctx bounds only that. The error is the
// store's, that of Options, or ctx's while another process has the same ID.
func Join(ctx context.Context, store Store, client connectparticipant.API, handle Handler, optFns ...func(*Options)) (*Member, error) {
	opts, err := withDefaults(optFns)
	if err != nil {
		return nil, fmt.Errorf("join fleet: %w", err)
	}
	meter, err := newMeter(opts.MeterProvider)
	if err != nil {
		return nil, fmt.Errorf("join fleet: %w", err)
	}
	m := &Member{
		name: opts.ID + "." + uuid.NewString()[:8], opts: opts, store: store, client: client, handle: handle, meter: meter,
		limiter: newLimiter(opts.Quotas), closed: make(chan struct{}), reconcile: make(chan struct{}, 1), renewing: make(chan struct{}, 1), log: opts.Logger.With("member", opts.ID),
		others: map[string]memberRecord{}, held: map[string]*tenure{}, freed: make(chan struct{}),
	}
	m.tokens.known = map[string]string{}
	m.lease.changed = make(chan struct{})
	if err := m.checkSealer(ctx); err != nil {
		return nil, fmt.Errorf("join fleet: %w", err)
	}
	if err := m.enter(ctx); err != nil {
		return nil, fmt.Errorf("join fleet: %w", err)
	}
	m.life, m.end = context.WithCancel(context.Background())
	for _, loop := range []func(context.Context){m.renewLease, m.guardLease, m.watch, m.keepDirectory, m.shareQuotas} {
		m.loops.Go(func() { loop(m.life) })
	}
	return m, nil
}

// Limiter returns what keeps the fleet's calls within the account's quotas, for calls of one's
// own: each member has its part of each quota, which follows what the members need.
func (m *Member) Limiter() chat.Limiter { return m.limiter }

// Stats returns what the member holds and has done.
func (m *Member) Stats() Stats {
	m.mu.Lock()
	defer m.mu.Unlock()
	s := m.stats
	s.ID, s.Members, s.Held, s.Fenced = m.opts.ID, 1, len(m.held), !m.lease.isHeld(time.Now())
	for _, record := range m.others {
		if !record.Left {
			s.Members++
		}
	}
	for _, t := range m.held {
		if t.held.Session == nil {
			s.Waiting++
		}
	}
	return s
}

// Close lets go of all chats, and returns when no handler runs any more: those under way have 5
// seconds before their contexts end. The other members take the chats over immediately, or who
// joins next. The chats continue; nobody leaves them. Close may be called more than once, but not from
// a handler. It always returns nil.
func (m *Member) Close() error {
	if !m.beginClosing() {
		<-m.closed
		return nil
	}
	m.releaseAll()
	m.end()
	m.loops.Wait()
	m.sayLeft()
	close(m.closed)
	return nil
}

// beginClosing reports whether this call is the one that closes.
func (m *Member) beginClosing() bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	first := m.phase < phaseClosing
	m.phase = max(m.phase, phaseClosing)
	return first
}

// closeGrace is how long handlers under way have when the member closes.
const closeGrace = 5 * time.Second

// releaseAll ends all tenures and waits for them.
func (m *Member) releaseAll() {
	for _, t := range m.snapshot() {
		t.release("")
	}
	done := make(chan struct{})
	m.loops.Go(func() {
		m.tenures.Wait()
		close(done)
	})
	grace := time.NewTimer(closeGrace)
	defer grace.Stop()
	select {
	case <-done:
		return
	case <-grace.C:
	}
	for _, t := range m.snapshot() {
		t.end(ErrClosed)
	}
	<-done
}

// snapshot returns the tenures of now.
func (m *Member) snapshot() []*tenure {
	m.mu.Lock()
	defer m.mu.Unlock()
	all := make([]*tenure, 0, len(m.held))
	for _, t := range m.held {
		all = append(all, t)
	}
	return all
}

// wake asks for a reading of the directory.
func (m *Member) wake() {
	select {
	case m.reconcile <- struct{}{}:
	default:
	}
}

// count changes the stats.
func (m *Member) count(change func(s *Stats)) {
	m.mu.Lock()
	defer m.mu.Unlock()
	change(&m.stats)
}

// backoff is the pause after the n-th failure, counted from 0: first, then twice that each time.
func backoff(n int, first, longest time.Duration) time.Duration {
	return min(longest, first<<min(n, 20))
}

// pause waits, and reports whether ctx lives on.
func pause(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
	return ctx.Err() == nil
}
