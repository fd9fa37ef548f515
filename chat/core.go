// SPDX-License-Identifier: Apache-2.0

package chat

import (
	"errors"
	"log/slog"
)

// core is the state of a session and makes all its decisions. It takes no lock, starts no
// goroutine and does no I/O: it appends tasks to todo. Session calls its methods with the mutex
// held and runs the tasks after unlocking.
type core struct {
	opts  *Options
	phase phase
	end   ending // in phaseEnding and phaseOver
	stats Stats

	conn     conn
	inbox    delivery
	passes   passes
	receipts receipts
	typed    instant // when Typing last sent an event

	todo []task
	logs *logs // nil without a logger
}

// phase is the session's stage of life. It only advances, except from leaving to live when Leave
// fails.
type phase uint8

const (
	phaseStarting phase = iota // until the first socket is subscribed
	phaseLive
	phaseLeaving // Leave is running
	phaseEnding  // the chat is over or the token was refused; the last pass is due or running
	phaseOver
)

// task is work to be done without the lock: I/O, starting a goroutine, calling the user's code.
type task interface{ do(s *Session) }

func (c *core) init(opts *Options) {
	c.opts, c.inbox = opts, newDelivery(opts)
	c.inbox.stats = &c.stats
	if opts.Logger != nil {
		c.logs = &logs{}
	}
}

// step does what is due, and returns the next deadline.
func (c *core) step(now instant) (next instant) {
	var d deadline
	c.stepEnd(now, &d)
	if c.phase < phaseOver {
		c.stepHeartbeat(now, &d)
		c.stepConn(now, &d)
		c.stepPasses(now, &d)
		c.stepReceipts(now, &d)
		c.inbox.release(now)
		c.inbox.addDeadlines(now, &d)
	}
	c.stepLogs()
	return d.instant
}

// isOpen reports whether the session still connects and reads the transcript. Nothing follows
// chat.ended.
func (c *core) isOpen() bool { return c.phase < phaseEnding && c.inbox.ended == nil }

// err returns why the session is over, nil until then.
func (c *core) err() error {
	if c.phase < phaseOver {
		return nil
	}
	return c.end.why
}

// startErr returns why the session ended before its first socket was subscribed.
func (c *core) startErr() error {
	if c.phase == phaseOver && c.conn.ackedAt.IsZero() {
		return c.err()
	}
	return nil
}

// takeEvent returns the next event, a zero one if there is none. wake reports that the queue now
// has the room that a pass waits for.
func (c *core) takeEvent() (q queued, wake bool) {
	for c.inbox.queue.len() > 0 {
		if q = c.inbox.pop(); c.offerRenewal(q.event) {
			return q, c.inbox.queue.halfEmpty() && (c.inbox.behind || c.inbox.hold.blocked)
		}
	}
	return queued{}, false
}

// receive handles a frame of a socket; wake reports that something is due now.
func (c *core) receive(k *socket, f *frame, it *item, now instant) (wake bool) {
	if h := c.conn.heartbeatOf(k); h != nil {
		h.alive()
		if f.topic == topicPing && h.pong(f.statusCode) {
			wake = true
		}
	}
	switch {
	case c.phase == phaseOver:
		return false
	case it != nil && it.past, it != nil && c.inbox.isForeignEnd(it):
	case it != nil:
		return c.arrive(it, now) || wake
	case f.unreadable:
		c.unreadable(now)
		return true
	}
	return wake
}

// arrive handles a live item.
func (c *core) arrive(it *item, now instant) (wake bool) {
	it.arrived = now
	wasBehind, wasFresh := c.inbox.behind, c.inbox.ledger.fresh
	c.inbox.arrive(it, now)
	c.watchMembership(it, now)
	return len(c.inbox.hold.items) > 0 || it.partial || c.inbox.behind != wasBehind || c.inbox.ended != nil ||
		wasFresh < passAfter && c.inbox.ledger.fresh >= passAfter || c.conn.doubt == doubtRaised
}

// unreadable treats a frame that can't be read as a loss: it may have contained an item.
func (c *core) unreadable(now instant) {
	c.stats.Unreadable++
	c.inbox.gap.openAt(now)
	c.passes.requestSoon(now)
	c.logUnreadable(now)
}

// watchMembership notices items which may mean that this participant was removed from the chat.
// The socket doesn't show it: it stays open and silent.
func (c *core) watchMembership(it *item, now instant) {
	left := it.kind == kindLeft && c.inbox.self.sent(it)
	switch {
	case c.phase == phaseLeaving:
		c.end.left = c.end.left || left
		c.end.chat = c.end.chat || left && endsChat[it.meta.From.Role]
	case c.phase != phaseLive:
	case left:
		c.inbox.removed = true
		c.conn.doubtMembership(now)
	case (it.kind == kindTransferred || it.kind == kindLeft) && c.inbox.self.id == "":
		c.conn.doubtMembership(now) // it may have been us
	}
}

// finish ends the session, unless it is over. Items that have arrived are delivered first.
func (c *core) finish(why CloseError, now instant) {
	if c.phase == phaseOver {
		return
	}
	c.inbox.releaseAll(now)
	if ended := c.inbox.ended; ended != nil && !errors.Is(why.Reason, ErrState) {
		ended.meta.Own = false
		c.inbox.queue.push(queued{event: ChatEnded{ended.meta, c.inbox.gap.open}})
	}
	why.Gap = why.Gap || c.inbox.gap.open
	hasBegun := !c.conn.ackedAt.IsZero() || c.inbox.ledger.resumed
	if errors.Is(why.Reason, ErrClosed) || !hasBegun {
		why.Gap = false // the participant can return with Resume, or nothing has been read
	}
	c.phase, c.end.why = phaseOver, &why
	c.conn.closeAll(&c.todo)
	c.flushUnreadable()
	c.log(slog.LevelInfo, "chat session over", "reason", why.Reason, "gap", why.Gap)
}
