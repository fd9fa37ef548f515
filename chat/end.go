// SPDX-License-Identifier: Apache-2.0

package chat

import (
	"errors"
	"time"

	"github.com/participant-go/connectparticipant/types"
)

const (
	endReading     = 2 * time.Second // how long the sockets are read after chat.ended
	endPassTimeout = 5 * time.Second
)

// ending is the state of the last seconds of a session, when a last pass searches for missed items.
type ending struct {
	why       *CloseError
	readUntil instant // the sockets are read until then
	deadline  instant // of the last pass
	pass      endPass
	complete  bool // the last pass has read the transcript to its end
	left      bool // our own participant.left arrived after Leave had begun
	chat      bool // and chat.ended follows it
	leaves    int8 // running calls of Leave
}

// endsChat are the roles whose departure ends the chat.
var endsChat = map[types.ParticipantRole]bool{types.ParticipantRoleCustomer: true, types.ParticipantRoleAgent: true}

// endPass is the progress of the last pass.
type endPass uint8

const (
	endPassDue endPass = iota
	endPassRunning
	endPassDone
)

// stepEnd begins the end when chat.ended has arrived, and concludes it when the last pass is done.
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

// endChat begins the end after chat.ended. If the session is ending for another reason, that
// reason becomes ErrChatEnded.
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
		c.end.pass = endPassDone // no token to read the transcript with
	}
	c.phase = phaseEnding
}

// refused begins the end after the service has refused the participant token. doubted means that
// this participant may have been removed from the chat. If chat.ended was missed, the last pass,
// with the old connection token, may still find it.
func (c *core) refused(err error, doubted bool, now instant) {
	switch {
	case c.phase == phaseLeaving: // the chat ended, or we were removed, before our request arrived
		c.beginEnd(CloseError{Reason: ErrLeft}, now)
		c.end.pass = endPassDone
	case c.inbox.removed || doubted:
		c.beginEnd(CloseError{Reason: ErrRemoved, Cause: err}, now)
	default:
		c.beginEnd(CloseError{Reason: ErrAccessDenied, Cause: err}, now)
	}
}

// stepFinalPass starts the last pass, after stopping another that is running.
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

// conclude ends the session after the last pass.
func (c *core) conclude(now instant) {
	why := *c.end.why
	if c.inbox.ended == nil && !c.end.left && !c.end.complete {
		why.Gap = true // the newest items are unknown
	}
	c.finish(why, now)
}

// beginLeave records that a call of Leave has begun. If the session is over, it returns why.
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

// leaveFailed records that a call of Leave has failed. It returns false if the session is ending
// anyway, because the chat is over or the token was refused.
func (c *core) leaveFailed(now instant) (stays bool) {
	if c.phase != phaseLeaving || c.inbox.ended != nil {
		return false
	}
	if c.end.leaves--; c.end.leaves > 0 {
		return true
	}
	c.phase = phaseLive
	if c.end.left { // the request took effect although it returned an error
		c.end.left, c.inbox.removed = false, true
		c.conn.doubtMembership(now)
	}
	return true
}

// left ends the session after Leave. If neither chat.ended nor our own participant.left has
// arrived, the socket may have been dead, so that items may be missing.
func (c *core) left(now instant) {
	if c.phase == phaseEnding {
		c.conclude(now)
		return
	}
	c.finish(CloseError{Reason: ErrLeft, Gap: c.inbox.ended == nil && !c.end.left}, now)
}
