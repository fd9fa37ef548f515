// SPDX-License-Identifier: Apache-2.0

package chat

import "time"

// renewalState is how far the planned renewal has been announced to the caller.
type renewalState uint8

const (
	renewalSilent    renewalState = iota
	renewalAnnounced              // the event is queued
	renewalOffered                // the caller has taken it
)

// renewalWait is how long a caller has for a renewal that was announced, if the life of the
// socket isn't known.
const renewalWait = time.Minute

// announceRenewal lets the caller use the moment of a planned renewal.
func (c *core) announceRenewal(now instant, d *deadline) {
	l := &c.conn
	within := renewalWait
	if l.creds.life > 0 {
		end := l.creds.asked.Add(l.creds.life)
		within = max(l.expires().Sub(now), end.Sub(now)/2, 0) // half for a short life
	}
	l.renewal, l.dialAt = renewalAnnounced, now.Add(within)
	d.add(l.dialAt)
	c.inbox.queue.push(queued{event: RenewalDue{Within: within, generation: l.generation}})
}

// declineRenewal renews the connection if the caller was offered the moment and has not used it:
// Next is called again.
func (c *core) declineRenewal(now instant) (wake bool) {
	l := &c.conn
	if l.renewal != renewalOffered {
		return false
	}
	l.renewal = renewalAnnounced
	if l.isUp() && l.dial == dialIdle {
		l.dialAt, wake = now, true
	}
	return wake
}

// offerRenewal reports whether an event may be delivered: not a RenewalDue for a connection that
// has been renewed since.
func (c *core) offerRenewal(event Event) bool {
	due, ok := event.(RenewalDue)
	switch {
	case !ok:
		return true
	case due.generation != c.conn.generation:
		return false
	}
	c.conn.renewal = renewalOffered
	return true
}
