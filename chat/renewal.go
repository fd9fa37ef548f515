// SPDX-License-Identifier: Apache-2.0

package chat

import "time"

// renewalState is whether the caller knows of the planned renewal.
type renewalState uint8

const (
	renewalSilent    renewalState = iota
	renewalAnnounced              // the event is queued
	renewalOffered                // the caller has received it
)

// renewalWait is how long an announced renewal waits for the caller, if the life of the socket is
// unknown.
const renewalWait = time.Minute

// announceRenewal queues a RenewalDue and postpones the renewal.
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

// declineRenewal makes the renewal due if the caller has received the RenewalDue and calls Next
// again.
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

// offerRenewal reports whether an event is to be delivered. A RenewalDue is dropped if its
// connection has been renewed.
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
