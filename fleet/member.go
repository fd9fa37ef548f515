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
	// ErrClosed is returned by the methods of a Member after Close or Drain.
	ErrClosed = errors.New("the member was closed")
	// ErrUnknownChat is returned by Send and Do for a chat that was never added or is over.
	ErrUnknownChat = errors.New("the fleet has no such chat")
	// ErrFenced is the cause of a handler's context, see context.Cause, after the member has lost
	// its lease.
	ErrFenced = errors.New("the member has lost its lease")
	// ErrLost is the cause of a handler's context after another member has taken over the chat.
	ErrLost = errors.New("another member owns the chat")
)

// Chat is a chat of a fleet, see [Member.Add].
type Chat struct {
	// ID identifies the chat in the fleet: a contact ID, or an ID of your own, of 1 to 150 bytes.
	// Required.
	ID string
	// ParticipantToken is what StartChatContact or CreateParticipant returned. Required.
	ParticipantToken string
	// ParticipantID is what they returned with the token. The session needs it to set Meta.Own for
	// messages that other members have sent. Required.
	ParticipantID string
	// Data is for the handlers, in whichever member they run: for example, the chat's destination.
	// It is stored unencrypted and has at most 64 KiB.
	Data []byte
}

// Held is a chat that this member owns.
type Held struct {
	Chat

	// Epoch rises each time the owner of the chat changes. A handler that writes to another system
	// can pass it along and have that system refuse writes with a lower one.
	Epoch uint64
	// Session is the chat's session. The fleet calls its Next, Events, Close and State: don't call
	// them.
	Session *chat.Session
}

// Handler handles an event of a chat. It receives all events except chat.RenewalDue. If it returns
// nil, the event is handled. If it returns an error, it is called again with the same event, after
// growing pauses of up to 30 seconds, and later events of the chat wait. There is at most one call
// at a time for a chat; calls for different chats are concurrent. It may be called before [Join]
// has returned, if there are chats without an owner.
//
// To respond to an event, call [chat.Session.SendOnce] of held.Session with a token derived from
// Meta.ID: it sends one message even if the event is delivered again. Meta.History marks what was
// sent before the first session of the chat, which may include messages that arrived after Add. So
// skip such events only if you don't need the beginning of the chat. After a change of owner, such
// events may be delivered without it.
//
// ctx ends when the member loses its lease or the chat, see [ErrFenced] and [ErrLost], and 5
// seconds after a call of Close. A handler that continues after that may run concurrently with that
// of the next owner.
type Handler func(ctx context.Context, held *Held, event chat.Event) error

// Member is this process's membership in a fleet. All methods may be called concurrently.
type Member struct {
	name    string // unique to this process
	opts    Options
	store   Store
	client  connectparticipant.API
	handle  Handler
	limiter *limiter
	meter   *meter
	tokens  tokenCache
	log     *slog.Logger

	life      context.Context // ends when Close has released the chats
	end       context.CancelFunc
	loops     sync.WaitGroup
	tenures   sync.WaitGroup
	closed    chan struct{} // closed when Close is done
	reconcile chan struct{} // holds one if the directory should be read
	renewing  chan struct{} // holds one while a renewal is under way

	// Only keepDirectory uses these: the owners aren't read again before reassertAt, and the lease
	// isn't taken back before unfenceAt.
	reassertAt, unfenceAt time.Time

	mu       sync.Mutex
	phase    phase
	lease    lease
	others   map[string]memberRecord // by key
	held     map[string]*tenure      // by chat
	taking   map[string]int          // the chats, by ID, that calls may be about to make this member own, and how many calls
	freed    chan struct{}           // closed when a chat is released or a call of taking has ended
	stats    Stats
	orphaned bool // the last reading of the directory found chats that no member could take
}

// phase is a stage in the life of a member. Phases only rise.
type phase int

const (
	phaseOpen phase = iota
	phaseDraining
	phaseClosing
)

// Stats is a snapshot of a member.
type Stats struct {
	// ID is Options.ID.
	ID string
	// Members counts the live members, including this one.
	Members int
	// Held counts the chats that this member owns, and Waiting those whose sessions haven't started
	// yet.
	Held, Waiting int
	// Fenced reports that the member has no lease because it can't reach the store. A fenced member
	// handles no events.
	Fenced bool
	// Claimed counts the chats taken over from members that are gone or have handed them over.
	// HandedOver counts the chats handed over to others, and Lost those that others have taken.
	Claimed, HandedOver, Lost int
	// Saves counts the States written, and Retried the events delivered again because the handler
	// returned an error.
	Saves, Retried int
}

// Join makes this process a member of the fleet that shares the store. From then on, the member
// owns chats that are new or whose owner is gone, and calls handle for their events. client makes
// the calls of the sessions; don't limit its rate, see Options.Quotas.
//
// Join returns when the member is registered in the store; ctx bounds only that. It returns the
// store's error, an error that names an invalid option, or ctx's error if another process with the
// same ID is still running.
func Join(ctx context.Context, store Store, client connectparticipant.API, handle Handler, optFns ...func(*Options)) (*Member, error) {
	opts, err := withDefaults(optFns)
	if err != nil {
		return nil, fmt.Errorf("join fleet: %w", err)
	}
	meter, err := newMeter(opts.MeterProvider)
	if err != nil {
		return nil, fmt.Errorf("join fleet: %w", err)
	}
	life, end := context.WithCancel(context.Background())
	m := &Member{
		life: life, end: end, name: opts.ID + "." + uuid.NewString()[:8], opts: opts, store: store, client: client, handle: handle, meter: meter,
		limiter: newLimiter(life, opts.Quotas), closed: make(chan struct{}), reconcile: make(chan struct{}, 1), renewing: make(chan struct{}, 1), log: opts.Logger.With("member", opts.ID),
		others: map[string]memberRecord{}, held: map[string]*tenure{}, taking: map[string]int{}, freed: make(chan struct{}),
	}
	m.tokens.known = map[string]string{}
	m.lease.changed = make(chan struct{})
	if err := m.checkSealer(ctx); err != nil {
		end()
		return nil, fmt.Errorf("join fleet: %w", err)
	}
	if err := m.enter(ctx); err != nil {
		end()
		return nil, fmt.Errorf("join fleet: %w", err)
	}
	for _, loop := range []func(context.Context){m.renewLease, m.guardLease, m.watch, m.keepDirectory, m.shareQuotas} {
		m.loops.Go(func() { loop(m.life) })
	}
	return m, nil
}

// Limiter returns the limiter that keeps the fleet within the account's quotas. Use it for your own
// calls. Each member has a part of each quota, which grows and shrinks with its needs. When the member
// has closed, Wait returns ErrClosed.
func (m *Member) Limiter() chat.Limiter { return m.limiter }

// Stats returns a snapshot of the member.
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

// Close releases all chats and returns when no handler is running. Running handlers have 5 seconds
// before their contexts end. The other members take over the chats immediately; if there are none,
// the next member that joins does. The chats continue: no participant leaves. Close may be called
// more than once, but not from a handler. It always returns nil.
func (m *Member) Close() error {
	m.close()
	return nil
}

// close closes the member, and reports whether no other call does.
func (m *Member) close() (first bool) {
	if !m.beginClosing() {
		<-m.closed
		return false
	}
	m.releaseAll()
	m.awaitTaken() // their chats have no owner once the member has left
	m.end()
	m.loops.Wait()
	m.announceLeft()
	close(m.closed)
	return true
}

// beginClosing reports whether this call is the one that closes the member.
func (m *Member) beginClosing() bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	first := m.phase < phaseClosing
	m.phase = max(m.phase, phaseClosing)
	return first
}

// closeGrace is how long running handlers have when the member closes.
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

// snapshot returns the current tenures.
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

// backoff returns the pause after failure n, counted from 0: first, doubled for each later one.
func backoff(n int, first, longest time.Duration) time.Duration {
	return min(longest, first<<min(n, 20))
}

// pause waits for d or the end of ctx, and reports whether ctx is still live.
func pause(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
	return ctx.Err() == nil
}
