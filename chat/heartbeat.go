// SPDX-License-Identifier: Apache-2.0

package chat

import "time"

const (
	heartbeatEvery = 10 * time.Second
	// deadAfter is how long after a heartbeat a socket without any frame counts as dead.
	deadAfter = heartbeatEvery - time.Second
	// maxTickDelay is the maximum delay of a tick that may find the socket dead. A later tick
	// means that the process was suspended, and the responses may still be in the socket's buffer.
	maxTickDelay   = 2 * time.Second
	maxPingsMissed = 2
)

// heartbeat decides when heartbeats are sent, and from the responses whether the socket is dead. Any
// frame proves that the gateway is reachable; only the response to a ping proves that the service is.
type heartbeat struct {
	begun        bool
	pinged       bool    // a ping has no response yet
	missed       int32   // pings in a row with no response or a bad one
	tick         instant // when the next heartbeat is due
	unackedSince instant // when the first heartbeat after the last frame was sent
}

// alive records that a frame has arrived.
func (h *heartbeat) alive() { h.unackedSince = 0 }

// silent reports whether the gateway, or the service behind it, has not responded for a while.
func (h *heartbeat) silent() bool {
	return !h.unackedSince.IsZero() || h.pinged && h.missed >= maxPingsMissed
}

// pong records the response to a ping, and reports whether it was a bad one.
func (h *heartbeat) pong(status int32) (bad bool) {
	const ok = 200
	h.pinged = false
	if status == ok {
		h.missed = 0
		return false
	}
	h.missed++
	return true
}

// beat reports whether the next heartbeats are to be sent now, or that the socket is dead.
func (h *heartbeat) beat(now instant) (send bool, err error) {
	if now.Before(h.tick) {
		return false, nil
	}
	delay := now.Sub(h.tick)
	h.tick = now.Add(h.interval())
	if delay > maxTickDelay {
		h.unackedSince, h.pinged = now, false
		return true, nil
	}
	if !h.unackedSince.IsZero() && now.Sub(h.unackedSince) >= deadAfter {
		return false, errSilent
	}
	if h.pinged {
		h.missed++
	}
	if h.unackedSince.IsZero() {
		h.unackedSince = now
	}
	h.pinged = true
	return true, nil
}

// interval returns the time until the next tick. The first one is random, so that sockets opened
// together don't send heartbeats together.
func (h *heartbeat) interval() time.Duration {
	if !h.begun {
		h.begun = true
		return upTo(heartbeatEvery)
	}
	return heartbeatEvery
}
