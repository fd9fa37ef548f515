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
	// slotPoll is how often the calls at the front check for a slot. A dial takes longer.
	slotPoll = 50 * time.Millisecond
	// noticeAfter, scattered up to 250 ms, is how often the calls at the front check whether the
	// quota was changed.
	noticeAfter = 200 * time.Millisecond
	// likelyRate is the rate to which any quota can be raised without a long queue noticing it late.
	likelyRate = 100
	// checkEvery makes all calls of a long queue together check about 1,000 times per second.
	checkEvery            = time.Millisecond
	minPause, maxPause    = 500 * time.Millisecond, 8 * time.Second
	scatterMin, scatterBy = 0.75, 0.5
)

// bucket limits the calls of one operation. Each waiting call sleeps on its own timer and checks again
// when it wakes. A timer or channel in the bucket would tie the limiter to one synctest bubble, and a
// goroutine would need to be closed.
type bucket struct {
	slots int // how many calls may be between Wait and Done; 0 is any number

	mu          sync.Mutex
	now         time.Time // when the clock was last read
	tokens      tokens
	background  tokens   // how many of them PriorityBackground may use
	highest     float64  // the highest rate of tokens so far
	used        int      // calls between Wait and Done
	queue       []ticket // in the order of compare
	issued      uint64   // the number of tickets so far
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

// newBucket returns a full bucket.
func newBucket(perSecond, burst float64) *bucket {
	b := &bucket{}
	b.set(perSecond, burst)
	b.tokens.left, b.background.left = b.tokens.most, b.background.most
	return b
}

// set changes rate and burst. It adds no tokens, because another limiter may have used them just
// before.
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

// waiting returns how many calls wait, without those of PriorityBackground.
func (b *bucket) waiting() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.position(ticket{priority: PriorityBackground})
}

// queueUp sleeps until t is admitted.
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
		if delay = b.check(t); delay == 0 {
			return nil
		}
		timer.Reset(delay)
	}
}

// enter admits a new call, or puts it into the queue and returns how long it sleeps.
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

// check admits t, or returns how long it sleeps.
func (b *bucket) check(t ticket) time.Duration {
	b.mu.Lock()
	defer b.mu.Unlock()
	position := b.position(t)
	delay := b.admit(t, position)
	if delay == 0 {
		b.remove(position)
	}
	return delay
}

// leave removes t from the queue. The calls behind it notice at their next check.
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

// throttled pauses the bucket. It also empties it, because the service's bucket is empty; both then
// refill during the pause.
func (b *bucket) throttled() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.readClock()
	if b.now.Before(b.pausedUntil) {
		return // the response to a call from before the pause
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
		b.queue = b.queue[1:] // the usual case; slices.Delete would move up to 10,000 tickets
		return
	}
	b.queue = slices.Delete(b.queue, position, position+1)
}

// admit takes a token and a slot for t at its position and returns 0, or returns how long to sleep
// before the next check.
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

// readClock adds the tokens of the time that has passed. If the clock is earlier than before, it is
// that of another synctest bubble, and no time has passed.
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

// delay returns how long t must wait. It leaves tokens and slots for the calls ahead of it, which may
// be about to wake.
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

// longestSleep limits how late a call notices that others have left the queue, or that the rate was
// raised. Calls at the front notice soon. Calls behind them sleep longer, to save CPU time: until
// their turn at the highest rate so far, but in a queue of 10,000 not longer than about 10 s, in case
// many have left. These 10 s are lost once of the 28 min that 10,000 calls of
// CreateParticipantConnection take.
func (b *bucket) longestSleep(position int) time.Duration {
	turn := seconds(float64(position) / max(b.highest, likelyRate))
	return max(scatter(noticeAfter), min(turn, scatter(time.Duration(len(b.queue))*checkEvery)))
}

// tokens are a token bucket: each call takes one.
type tokens struct {
	rate float64 // added per second
	most float64 // kept at most
	left float64
}

// add adds the tokens for the time that has passed.
func (t *tokens) add(passed time.Duration) {
	t.left = min(t.most, t.left+t.rate*max(0, passed).Seconds())
}

// until returns how long it takes until n tokens are available, at most an hour. A wait of less than
// 1 ns counts as none, so that no call sleeps for 0 ns over and over.
func (t *tokens) until(n int) time.Duration {
	missing := float64(n) - t.left
	if missing <= 0 {
		return 0
	}
	return seconds(min(missing/t.rate, time.Hour.Seconds()))
}

func seconds(s float64) time.Duration { return time.Duration(s * float64(time.Second)) }

// scatter returns 0.75 to 1.25 times d, so that calls which arrived together don't stay together.
func scatter(d time.Duration) time.Duration {
	return time.Duration(float64(d) * (scatterMin + scatterBy*rand.Float64()))
}
