// SPDX-License-Identifier: Apache-2.0

package chat

import (
	"errors"
	"time"
)

const (
	endReading     = 2 * time.Second // how long sockets are read after chat.ended
	endPassTimeout = 5 * time.Second
)

// ending is the last seconds of a session: what was missed is looked for once more.
type ending struct {
	why       *CloseError
	readUntil instant // the sockets are read until then
	deadline  instant // of the last pass
	pass      endPass
	complete  bool // the last pass has read the transcript to its end
	left      bool // our own participant.left came after Leave had begun
	leaves    int8 // calls of Leave under way
}

// endPass is how far the last pass is.
type endPass uint8

const (
	endPassDue endPass = iota
	endPassRunning
	endPassDone
)

// stepEnd begins the end when chat.ended has come, and concludes it.
func (c *core) stepEnd(now instant, d *deadline) {
	if c.inbox.ended != nil && c.phase < phaseOver {
		c.endChat(now)
	}
	if c.phase != phaseEnding {
		return
	}
	c.stepFinalPass(now)
	e := &c.end
	switch {
	case now.Before(e.readUntil):
		d.add(e.readUntil)
	case e.pass != endPassDone && now.Before(e.deadline):
		d.add(e.deadline)
	default:
		c.conclude(now)
	}
}

// endChat begins the end of the chat, or makes that of what looked like another end.
func (c *core) endChat(now instant) {
	e := &c.end
	switch {
	case c.phase == phaseLeaving:
		c.beginEnd(CloseError{Reason: ErrLeft}, now)
		e.readUntil, e.pass = now, endPassDone
	case c.phase < phaseEnding:
		c.beginEnd(CloseError{Reason: ErrChatEnded}, now)
		e.readUntil = now.Add(endReading)
	case !errors.Is(e.why.Reason, ErrLeft) && !errors.Is(e.why.Reason, ErrChatEnded):
		e.why = &CloseError{Reason: ErrChatEnded}
	}
}

func (c *core) beginEnd(why CloseError, now instant) {
	c.end.why, c.end.readUntil, c.end.deadline = &why, now, now.Add(endPassTimeout)
	c.end.pass = endPassDue
	if c.conn.generation == 0 {
		c.end.pass = endPassDone // there is no token to read with
	}
	c.phase = phaseEnding
}

// refused begins the end for a participant token that the service doesn't accept any more. doubted
// means that this participant may have been taken out of the chat. If chat.ended was missed, the old
// connection token may still show it.
func (c *core) refused(err error, doubted bool, now instant) {
	switch {
	case c.phase == phaseLeaving: // somebody else was faster
		c.beginEnd(CloseError{Reason: ErrLeft}, now)
		c.end.pass = endPassDone
	case c.inbox.removed || doubted:
		c.beginEnd(CloseError{Reason: ErrRemoved, Cause: err}, now)
	default:
		c.beginEnd(CloseError{Reason: ErrAccessDenied, Cause: err}, now)
	}
}

// stepFinalPass reads the transcript a last time, if the service still shows it.
func (c *core) stepFinalPass(now instant) {
	switch {
	case c.end.pass != endPassDue:
	case c.passes.running:
		c.todo = append(c.todo, stopPass{})
	default:
		c.end.pass = endPassRunning
		c.beginPass(passFinal, now)
	}
}

// conclude ends the session after its last seconds.
func (c *core) conclude(now instant) {
	why := *c.end.why
	c.inbox.releaseAll(now)
	if ended := c.inbox.ended; ended != nil {
		ended.meta.Own = false
		c.inbox.queue.push(queued{event: ChatEnded{ended.meta, c.inbox.gap.open}})
	} else if !c.end.complete {
		why.Gap = true // nothing shows what came last
	}
	c.finish(why, now)
}

// beginLeave notes that Leave is under way, and returns why the session is over if it is.
func (c *core) beginLeave() error {
	switch c.phase {
	case phaseOver:
		return c.err()
	case phaseEnding:
		if c.inbox.ended == nil {
			c.end.why = &CloseError{Reason: ErrLeft}
		}
	default:
		c.phase = phaseLeaving
		c.end.leaves++
	}
	return nil
}

// leaveFailed notes that a call of Leave has failed. It reports false if the session is ending
// all the same: the chat is over, or the token refused.
func (c *core) leaveFailed(now instant) (stays bool) {
	if c.phase != phaseLeaving || c.inbox.ended != nil {
		return false
	}
	if c.end.leaves--; c.end.leaves > 0 {
		return true
	}
	c.phase = phaseLive
	if c.end.left { // in spite of the error
		c.end.left, c.inbox.removed = false, true
		c.conn.doubtMembership(now)
	}
	return true
}

// left ends the session after Leave. Without chat.ended or our own participant.left, nothing
// shows that the socket was alive until then.
func (c *core) left(now instant) {
	if c.phase == phaseEnding {
		c.conclude(now)
		return
	}
	c.finish(CloseError{Reason: ErrLeft, Gap: c.inbox.ended == nil && !c.end.left}, now)
}
