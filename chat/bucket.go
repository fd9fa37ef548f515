// SPDX-License-Identifier: Apache-2.0

package chat

import (
	"cmp"
	"context"
	"math/rand/v2"
	"slices"
	"sync"
	"time"
)

const (
	// slotPoll is how often those at the front look for a slot. A dial takes longer.
	slotPoll = 50 * time.Millisecond
	// noticeAfter, scattered to 250 ms at most, is how often those at the front look whether the
	// quota was changed.
	noticeAfter = 200 * time.Millisecond
	// likelyRate is one to which any quota may be raised without a long queue noticing it late.
	likelyRate = 100
	// lookEvery gives a long queue about 1,000 looks a second altogether.
	lookEvery             = time.Millisecond
	minPause, maxPause    = 500 * time.Millisecond, 8 * time.Second
	scatterMin, scatterBy = 0.75, 0.5
)

// bucket holds the calls of one operation back. Those that wait sleep on timers of their
// own and look again when they wake: a timer or channel kept here would tie the limiter
// to one synctest bubble, and a goroutine would have to be ended.
type bucket struct {
	slots int // calls between Wait and Done at a time; 0 is any number

	mu          sync.Mutex
	now         time.Time // of the last look
	tokens      tokens
	background  tokens   // what PriorityBackground may use of them
	highest     float64  // rate of tokens so far
	used        int      // calls between Wait and Done
	queue       []ticket // in the order of compare
	issued      uint64   // tickets
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

// newBucket returns a full one.
func newBucket(perSecond, burst float64) *bucket {
	b := &bucket{}
	b.set(perSecond, burst)
	b.tokens.left, b.background.left = b.tokens.most, b.background.most
	return b
}

// set changes rate and burst. It adds no tokens: those of another limiter may have been in use
// until now.
func (b *bucket) set(perSecond, burst float64) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.readClock()
	b.tokens.rate, b.tokens.most = perSecond, burst
	b.background.rate, b.background.most = perSecond/2, max(min(1, burst), burst/2)
	b.highest = max(b.highest, perSecond)
}

// load returns the rate and how many calls wait.
func (b *bucket) load() (perSecond float64, waiting int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.tokens.rate, len(b.queue)
}

// waiting returns how many calls wait, without those of the background.
func (b *bucket) waiting() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.position(ticket{priority: PriorityBackground})
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
	b.tokens.left = min(b.tokens.left, 0)
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
		b.tokens.left--
		b.used++
		if t.priority >= PriorityBackground {
			b.background.left--
		}
	}
	return delay
}

// readClock makes the bucket follow the clock, also one that stands earlier than the
// last, which is another synctest bubble's: then no time has passed.
func (b *bucket) readClock() {
	now := time.Now()
	passed := now.Sub(b.now)
	if passed < 0 {
		b.pausedUntil = b.pausedUntil.Add(passed)
	}
	b.tokens.add(passed)
	b.background.add(passed)
	b.now = now
}

// delay leaves tokens and slots for those further ahead, who may be about to wake.
func (b *bucket) delay(t ticket, position int) time.Duration {
	wait := max(b.tokens.until(position+1), b.pausedUntil.Sub(b.now))
	if t.priority >= PriorityBackground {
		ahead := position - b.position(ticket{priority: PriorityBackground})
		wait = max(wait, b.background.until(ahead+1))
	}
	if wait > 0 {
		return min(wait, b.longestSleep(position))
	}
	if b.slots > 0 && b.used+position >= b.slots {
		return scatter(slotPoll)
	}
	return 0
}

// longestSleep bounds how late one notices that others have left, or that the rate was raised.
// Those in front notice soon. Those behind them sleep longer, to spare the processor: no rate so
// far has served so many earlier, and if it was many that left, of 10,000 each looks every
// 10 s. These 10 s are lost once, of the 28 min that CreateParticipantConnection takes for so many.
func (b *bucket) longestSleep(position int) time.Duration {
	turn := seconds(float64(position) / max(b.highest, likelyRate))
	return max(scatter(noticeAfter), min(turn, scatter(time.Duration(len(b.queue))*lookEvery)))
}

// tokens are what calls need: one each.
type tokens struct {
	rate float64 // that come a second
	most float64 // that are kept
	left float64
}

// add adds those of a time, and drops those that are too many.
func (t *tokens) add(passed time.Duration) {
	t.left = min(t.most, t.left+t.rate*max(0, passed).Seconds())
}

// until returns how long it takes until n are left, or an hour if it takes longer. A shortage
// under 1 ns is none, so that nobody sleeps 0 ns over and over.
func (t *tokens) until(n int) time.Duration {
	missing := float64(n) - t.left
	if missing <= 0 {
		return 0
	}
	return seconds(min(missing/t.rate, time.Hour.Seconds()))
}

func seconds(s float64) time.Duration { return time.Duration(s * float64(time.Second)) }

// scatter returns 0.75 to 1.25 times d: those who came together don't stay together.
func scatter(d time.Duration) time.Duration {
	return time.Duration(float64(d) * (scatterMin + scatterBy*rand.Float64()))
}
