// SPDX-License-Identifier: Apache-2.0

package chat

import "time"

const (
	heartbeatEvery = 10 * time.Second
	// judgeAfter is how old an unanswered heartbeat must be to prove a socket dead.
	judgeAfter = heartbeatEvery - time.Second
	// maxTickDelay is how late a tick may be and still judge: a later one means that the
	// process was suspended, and the responses may be in the socket's buffer.
	maxTickDelay   = 2 * time.Second
	maxPingsMissed = 2
)

// heart judges a socket by the responses to its heartbeats. Any frame proves the way to the
// gateway; only the response to a ping proves the way through to the service.
type heart struct {
	begun      bool
	pinged     bool    // a ping has no response yet
	missed     int32   // pings in a row with no response or a bad one
	tick       instant // when the next heartbeat is due
	unanswered instant // when the oldest heartbeat without any frame after it was sent
}

// alive notes a frame.
func (h *heart) alive() { h.unanswered = 0 }

// pong notes the response to a ping, and reports whether it was a bad one.
func (h *heart) pong(status int32) (bad bool) {
	const ok = 200
	h.pinged = false
	if status == ok {
		h.missed = 0
		return false
	}
	h.missed++
	return true
}

// beat judges the last heartbeats and reports whether the next ones are to be sent now.
func (h *heart) beat(now instant) (send bool, err error) {
	if now.Before(h.tick) {
		return false, nil
	}
	delay := now.Sub(h.tick)
	h.tick = now.Add(h.interval())
	if delay > maxTickDelay {
		h.unanswered, h.pinged = now, false
		return true, nil
	}
	if !h.unanswered.IsZero() && now.Sub(h.unanswered) >= judgeAfter {
		return false, errSilent
	}
	if h.pinged {
		h.missed++
	}
	if h.unanswered.IsZero() {
		h.unanswered = now
	}
	h.pinged = true
	return true, nil
}

// interval until the next tick: the first is random, so that sockets opened together don't
// beat together.
func (h *heart) interval() time.Duration {
	if !h.begun {
		h.begun = true
		return upTo(heartbeatEvery)
	}
	return heartbeatEvery
}
