// SPDX-License-Identifier: Apache-2.0

package chat

import (
	"cmp"
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// Priority orders the calls that wait for the same operation in a [Limiter].
type Priority int

// The priorities that a Session uses. Calls of the same priority are admitted in the order in
// which they came.
const (
	PriorityHigh       Priority = iota // Start, the first pass after a loss, and whatever a caller waits for
	PriorityNormal                     // reconnecting, catching up after a slow caller
	PriorityLow                        // planned renewals, the passes after them and after reconnects
	PriorityBackground                 // periodic passes: at most half of the rate
)

// Limiter keeps the calls of all sessions that share it within the service's quotas,
// which are shared by all chats of an account too. Operations go by their API names,
// such as "GetTranscript". Its methods may be called concurrently.
type Limiter interface {
	// Wait returns nil when the operation may be called, or else ctx's error. If it returns an
	// error, make no call and do not call Done.
	Wait(ctx context.Context, operation string, priority Priority) error
	// Done reports that a call which Wait admitted is over, successful or not. That of
	// CreateParticipantConnection includes the dial of its socket.
	Done(operation string)
	// Throttled reports a response with status 429. Each retry of a session's call waits anew.
	Throttled(operation string)
}

// NewLimiter returns a Limiter for a share of the service's published default quotas:
// 0.5 where two processes share the account, 3 for quotas raised threefold. 0 or less is 1.
//
// Each operation has the published rate and about two thirds of the published burst;
// operations without a published quota never wait. At most 32 calls of
// CreateParticipantConnection, their dials included, run at a time, whatever the share.
// A 429 stops the operation for all: for 0.5 s, doubling to 8 s with those that follow.
//
// Waiting calls are admitted by priority; a steady stream of higher-priority calls starves
// lower ones, and PriorityBackground has at most half of the rate. The Limiter needs no
// closing, and may be shared by testing/synctest bubbles.
func NewLimiter(share float64) Limiter { return NewQuotaLimiter(share, nil) }

// Quota is how many calls of one operation an account may make.
type Quota struct {
	// Rate is the calls a second, and Burst how many may come together, as AWS publishes or
	// has set them. Burst defaults to one and a half times Rate.
	Rate, Burst float64
}

// NewQuotaLimiter returns a Limiter for a share of an account's quotas, some of which AWS has
// raised. The keys are the operations' API names, such as "SendMessage": an operation that is not
// listed, or has a Rate of 0 or less, has the published default quota, and one without a default,
// such as "GetAuthenticationUrl", may be given a quota. Other names are ignored. The share is that
// of NewLimiter and applies to all quotas, and everything else is as there.
func NewQuotaLimiter(share float64, raised map[string]Quota) Limiter {
	if !(share > 0) { // NaN too
		share = 1
	}
	share = min(max(share, 1e-3), 1e8)
	l := make(limiter, len(quotas)+len(raised))
	for operation, q := range quotas {
		l[operation] = newBucket(q.rate*share, max(1, int(float64(q.burst)*share)))
	}
	for operation, q := range raised {
		if !(q.Rate > 0) {
			continue
		}
		if !(q.Burst > 0) {
			q.Burst = 1.5 * q.Rate
		}
		rate := min(max(q.Rate*share, 1e-3), 1e9) // durations and bursts stay in range
		l[operation] = newBucket(rate, max(1, int(min(q.Burst*share, 1e9)*burstShare)))
	}
	l[createConnection].slots = dialSlots
	return l
}

// burstShare is the part of a published burst that is used, see quotas.
const burstShare = 2.0 / 3

// Unlimited admits every call immediately, for tests.
var Unlimited Limiter = unlimited{}

// defaultLimiter is the one of a process: the quotas know no sessions.
var defaultLimiter = NewLimiter(1)

const (
	dialSlots = 32
	// slotPoll is how often those at the front look for a slot. A dial takes longer.
	slotPoll = 50 * time.Millisecond
	// lookEvery gives a long queue 1,000 looks a second altogether.
	lookEvery             = time.Millisecond
	minPause, maxPause    = 500 * time.Millisecond, 8 * time.Second
	scatterMin, scatterBy = 0.75, 0.5
)

// quotas are the published calls a second (Amazon Connect administrator guide, "Amazon
// Connect service quotas") and a burst for us: 6 where 9, 12 or 15 is published, 3 for 5.
// Calls leave here evenly and arrive in bunches: at the published bursts the service
// answers 429. With these, CreateParticipantConnection draws none while the network's
// delays differ by at most (9 - 6) / 6 = 0.5 s, and the others while by at most 0.66 s.
var quotas = map[string]struct {
	rate  float64
	burst int
}{
	"CreateParticipantConnection": {6, 6},
	"DisconnectParticipant":       {3, 3},
	"GetTranscript":               {8, 6},
	"SendMessage":                 {10, 6},
	"SendEvent":                   {10, 6},
	"StartAttachmentUpload":       {2, 3},
	"CompleteAttachmentUpload":    {2, 3},
	"GetAttachment":               {8, 6},
}

type unlimited struct{}

func (unlimited) Wait(ctx context.Context, _ string, _ Priority) error { return ctx.Err() }
func (unlimited) Done(string)                                          {}
func (unlimited) Throttled(string)                                     {}

// limiter has a bucket for each operation with a quota.
type limiter map[string]*bucket

func (l limiter) Wait(ctx context.Context, operation string, priority Priority) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	b := l[operation]
	if b == nil {
		return nil
	}
	t, delay := b.enter(priority)
	if delay == 0 {
		return nil
	}
	return b.queueUp(ctx, t, delay)
}

func (l limiter) Done(operation string) {
	if b := l[operation]; b != nil {
		b.done()
	}
}

func (l limiter) Throttled(operation string) {
	if b := l[operation]; b != nil {
		b.throttled()
	}
}

// bucket holds the calls of one operation back. Those that wait sleep on timers of their
// own and look again when they wake: a timer or channel kept here would tie the limiter
// to one synctest bubble, and a goroutine would have to be ended.
type bucket struct {
	rate  float64       // tokens a second
	fill  time.Duration // what it takes to fill when empty
	slots int           // calls between Wait and Done at a time; 0 is any number

	mu          sync.Mutex
	now         time.Time // of the last look
	tokens      *rate.Limiter
	background  *rate.Limiter // what PriorityBackground may use of them
	used        int           // calls between Wait and Done
	queue       []ticket      // in the order of compare
	issued      uint64        // tickets
	pause       time.Duration
	pausedUntil time.Time
}

// ticket is a place in the queue.
type ticket struct {
	priority Priority
	number   uint64
}

func (t ticket) compare(u ticket) int {
	return cmp.Or(cmp.Compare(t.priority, u.priority), cmp.Compare(t.number, u.number))
}

func newBucket(perSecond float64, burst int) *bucket {
	return &bucket{
		rate:   perSecond,
		fill:   seconds(float64(burst) / perSecond),
		tokens: rate.NewLimiter(rate.Limit(perSecond), burst),

		background: rate.NewLimiter(rate.Limit(perSecond/2), max(1, burst/2)),
	}
}

// describe says what a call waits for.
func (l limiter) describe(operation string) string {
	b := l[operation]
	if b == nil {
		return operation
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	return fmt.Sprintf("%g calls of %s a second, %d waiting", b.rate, operation, len(b.queue))
}

// queueUp sleeps until t is let through.
func (b *bucket) queueUp(ctx context.Context, t ticket, delay time.Duration) error {
	timer := time.NewTimer(delay)
	defer timer.Stop()
	for {
		select {
		case <-timer.C:
		case <-ctx.Done():
		}
		if err := ctx.Err(); err != nil {
			b.leave(t)
			return err
		}
		if delay = b.look(t); delay == 0 {
			return nil
		}
		timer.Reset(delay)
	}
}

// enter lets a newcomer through, or gives it a place in the queue and a time to sleep.
func (b *bucket) enter(priority Priority) (ticket, time.Duration) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.issued++
	t := ticket{priority, b.issued}
	position := b.position(t)
	delay := b.admit(t, position)
	if delay > 0 {
		b.queue = slices.Insert(b.queue, position, t)
	}
	return t, delay
}

// look lets t through, or returns how long it sleeps.
func (b *bucket) look(t ticket) time.Duration {
	b.mu.Lock()
	defer b.mu.Unlock()
	position := b.position(t)
	delay := b.admit(t, position)
	if delay == 0 {
		b.remove(position)
	}
	return delay
}

// leave gives t's place up. Those behind find out when they look.
func (b *bucket) leave(t ticket) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.remove(b.position(t))
}

func (b *bucket) done() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.used = max(0, b.used-1)
}

// throttled pauses the bucket. It is emptied as well, since the service's is: what has
// come in by the end of the pause is then there too.
func (b *bucket) throttled() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.readClock()
	if b.now.Before(b.pausedUntil) {
		return // answers to calls from before the pause
	}
	if b.now.Before(b.pausedUntil.Add(2 * b.pause)) {
		b.pause = min(2*b.pause, maxPause)
	} else {
		b.pause = minPause
	}
	b.pausedUntil = b.now.Add(scatter(b.pause))
	b.tokens.AllowN(b.now, int(b.tokens.TokensAt(b.now)))
}

func (b *bucket) position(t ticket) int {
	position, _ := slices.BinarySearchFunc(b.queue, t, ticket.compare)
	return position
}

func (b *bucket) remove(position int) {
	if position == 0 {
		b.queue = b.queue[1:] // where nearly all go from; Delete would move 10,000
		return
	}
	b.queue = slices.Delete(b.queue, position, position+1)
}

// admit takes token and slot together for t at its position and returns 0, or returns how long
// to sleep before the next look.
func (b *bucket) admit(t ticket, position int) time.Duration {
	b.readClock()
	delay := b.delay(t, position)
	if delay == 0 {
		b.tokens.AllowN(b.now, 1)
		b.used++
		if t.priority >= PriorityBackground {
			b.background.AllowN(b.now, 1)
		}
	}
	return delay
}

// readClock makes the bucket follow the clock, also one that stands earlier than the
// last, which is another synctest bubble's: then no time has passed.
func (b *bucket) readClock() {
	now := time.Now()
	if back := b.now.Sub(now); back > 0 {
		b.pausedUntil = b.pausedUntil.Add(-back)
	}
	b.tokens.AllowN(now, 0) // without this, a rate.Limiter waits for its old time to come back
	b.background.AllowN(now, 0)
	b.now = now
}

// delay leaves tokens and slots for those further ahead, who may be about to wake. A
// shortage under 1 ns is none, here as in AllowN, so that nobody sleeps 0 ns over and over.
func (b *bucket) delay(t ticket, position int) time.Duration {
	missing := float64(position+1) - b.tokens.TokensAt(b.now)
	wait := max(seconds(missing/b.rate), b.pausedUntil.Sub(b.now))
	if t.priority >= PriorityBackground {
		ahead := position - b.position(ticket{priority: PriorityBackground})
		missing := float64(ahead+1) - b.background.TokensAt(b.now)
		wait = max(wait, seconds(missing/float64(b.background.Limit())))
	}
	if wait > 0 {
		return min(wait, scatter(b.longestSleep()))
	}
	if b.slots > 0 && b.used+position >= b.slots {
		return scatter(slotPoll)
	}
	return 0
}

// longestSleep bounds how late one notices that others have left. For the time in which
// the bucket fills that costs nothing: the tokens wait. A longer queue sleeps longer, to
// spare the processor. Of 10,000 each looks every 10 s, and when most of them leave, these
// 10 s are lost once, of the 28 min that CreateParticipantConnection takes for so many.
func (b *bucket) longestSleep() time.Duration {
	return max(b.fill, time.Duration(len(b.queue))*lookEvery)
}

func seconds(s float64) time.Duration { return time.Duration(s * float64(time.Second)) }

// scatter returns 0.75 to 1.25 times d: those who came together don't stay together.
func scatter(d time.Duration) time.Duration {
	return time.Duration(float64(d) * (scatterMin + scatterBy*rand.Float64()))
}
