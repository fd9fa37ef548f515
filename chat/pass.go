// SPDX-License-Identifier: Apache-2.0

package chat

import (
	"log/slog"
	"time"
)

const (
	behindEvery = time.Second     // at most one pass for a slow caller
	soonEvery   = 5 * time.Second // the interval of passes for unreadable frames at first
	maxSoon     = time.Minute     // the interval later
	maxPassWait = 5 * time.Minute // the longest back-off after passes that got stuck
)

// passes schedules the passes over the transcript. At most one runs at a time.
type passes struct {
	running   bool
	kind      passKind
	completed bool // a pass has completed
	backward  bool // the service can't read forward from a time

	pageSize int32 // 0 is the largest
	failures int32 // in a row
	wanted   int32 // the number of calls of CatchUp
	served   int32 // how many of them are done
	serving  int32 // how many are done when the running pass completes
	streak   int32 // consecutive passes for unreadable frames

	begun    instant
	soonAt   instant // when a pass for an unreadable frame is due
	wantedAt instant // the soonAt of the newest such pass
	settleAt instant // when the settling pass after a connection is due
	behindAt instant // when the last pass for a slow caller began
	periodAt instant // when the next periodic pass is due
	retryAt  instant // no pass begins before
}

// passKind is the reason for a pass. Of the kinds that are due, the first in the list runs.
type passKind uint8

const (
	passFinal    passKind = iota // at the end of the session
	passCatchUp                  // after a loss, or for CatchUp
	passMissed                   // after a slow caller has made room, or for a missing item
	passSettle                   // to close a gap, for silent streams, or to shrink the ledger
	passPeriodic                 // to find items that were lost unnoticed
	passNone
)

func (k passKind) priority() Priority {
	switch k {
	case passFinal, passCatchUp:
		return PriorityHigh
	case passMissed:
		return PriorityNormal
	case passSettle:
		return PriorityLow
	default:
		return PriorityBackground
	}
}

// requestSoon makes a pass due for an unreadable frame, but not more often than every soonEvery. If
// such frames continue, the interval grows to maxSoon: a kind of frame that this version can't decode
// may appear in all chats.
func (p *passes) requestSoon(now instant) {
	if beingMade := p.running && !p.soonAt.After(p.begun); !p.soonAt.IsZero() && !beingMade {
		return
	}
	if now.Sub(p.wantedAt) > 2*maxSoon {
		p.streak = 0
	}
	p.soonAt = max(now, p.wantedAt.Add(min(soonEvery<<max(0, min(p.streak, 8)-1), maxSoon)))
	p.wantedAt = p.soonAt
	p.streak++
}

// stepPasses starts the pass that is due.
func (c *core) stepPasses(now instant, d *deadline) {
	p := &c.passes
	if !c.conn.isUp() || !c.isOpen() {
		if !p.running {
			c.inbox.hold.block(false, now)
		}
		return
	}
	kind := c.duePass(now, d)
	if p.running {
		if kind < p.kind && kind.priority() < p.kind.priority() {
			c.todo = append(c.todo, stopPass{}) // it may wait for the Limiter for a long time
		}
		return
	}
	blocked := kind != passNone && !c.inbox.queue.halfEmpty()
	c.inbox.hold.block(blocked, now)
	if kind != passNone && !blocked {
		c.beginPass(kind, now)
	}
}

// duePass returns the kind of pass that is due, and adds the times when others will be.
func (c *core) duePass(now instant, d *deadline) passKind {
	p, in := &c.passes, &c.inbox
	if now.Before(p.retryAt) {
		d.add(p.retryAt)
		return passNone
	}
	due := func(at instant) bool {
		if !at.IsZero() && now.Before(at) {
			d.add(at)
		}
		return !at.IsZero() && !now.Before(at)
	}
	silent, next := in.streams.silent(now)
	d.add(next)
	tooSoon := in.behind && !due(p.behindAt.Add(behindEvery))
	switch {
	case p.wanted > p.served, in.lost != 0 && !tooSoon:
		return passCatchUp
	case in.hold.catchingUp && !tooSoon, due(p.soonAt), due(in.self.overdue()):
		return passMissed
	case silent, in.ledger.fresh >= passAfter, due(p.settleAt), due(in.gap.closesAt(c.opts.Settle)):
		return passSettle
	case due(p.periodAt):
		return passPeriodic
	default:
		return passNone
	}
}

// beginPass starts a pass.
func (c *core) beginPass(kind passKind, now instant) {
	p := &c.passes
	p.running, p.kind, p.begun, p.serving = true, kind, now, p.wanted
	if c.inbox.behind {
		p.behindAt = now
		c.inbox.behind = false // from now on live items wait for the pass
	}
	c.inbox.streams.ask(now)
	c.inbox.ledger.beginPass()
	c.stats.Passes++
	start := startPass{backfill: c.newBackfill(kind)}
	if kind == passFinal {
		start.deadline = c.end.deadline
	}
	c.todo = append(c.todo, start)
}

// passEnded handles the end of a pass; err is nil if the pass is complete.
func (c *core) passEnded(read *reading, err error, now instant) {
	p := &c.passes
	p.running = false
	c.inbox.hold.block(false, now)
	if p.kind == passFinal {
		c.end.pass, c.end.complete = endPassDone, err == nil
	}
	switch {
	case err == nil:
		c.passCompleted(read, now)
	case err == errPartial: //nolint:errorlint // our own value
		p.failures = 0
	case err == errStopped || !c.isOpen() || !c.conn.isUp(): //nolint:errorlint // our own value
		c.inbox.streams.retry()
	default:
		c.passFailed(err, now)
	}
}

func (c *core) passCompleted(read *reading, now instant) {
	p := &c.passes
	p.completed, p.failures = true, 0
	p.served = max(p.served, p.serving)
	if !p.soonAt.After(p.begun) {
		p.soonAt = 0
	}
	if !p.settleAt.After(p.begun) {
		p.settleAt = 0
	}
	p.periodAt = now.Add(c.opts.ReadEvery).Add(upTo(c.opts.ReadEvery / 5))
	c.inbox.advance(read.fence())
	c.inbox.passed(p.begun, read.mark, now)
}

// passFailed schedules a retry. Live items wait for it no longer than CatchUpWait.
func (c *core) passFailed(err error, now instant) {
	p := &c.passes
	c.inbox.streams.retry()
	p.failures++
	wait := backoff(int(p.failures)+1, c.opts.maxBackoff)
	if err == errStuck { //nolint:errorlint // our own value
		wait = backoff(int(p.failures)+4, maxPassWait) // longer, because the pass made many calls
	}
	p.retryAt = now.Add(wait)
	c.inbox.hold.bound(now.Add(c.opts.CatchUpWait))
	c.log(slog.LevelWarn, "chat transcript could not be read", "error", err, "attempt", p.failures, "next", wait)
}
