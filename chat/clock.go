// SPDX-License-Identifier: Apache-2.0

package chat

import "time"

const (
	// clockSlack is how far the Date of a response may be behind the service's time, because the
	// response was slow.
	clockSlack = 30 * time.Second
	// aheadBy is how far ahead of the estimate an item's time may be.
	aheadBy = 30 * time.Second
)

// serviceClock estimates the service's time, in ns, from the Date of its responses and the monotonic
// time since. Our own wall clock may be wrong.
type serviceClock struct {
	offset int64 // added to an instant
	known  bool
}

// set adjusts the estimate to the date of a response that arrived at now. An estimate that is ahead
// by up to clockSlack is kept, because this response may have been slower.
func (k *serviceClock) set(date time.Time, now instant) {
	offset := date.UnixNano() - int64(now)
	if ahead := k.offset - offset; !k.known || ahead < 0 || ahead > int64(clockSlack) {
		k.offset, k.known = offset, true
	}
}

// refine adjusts the estimate to the Date of a response that arrived at now, zero if it had none. It
// returns that time with the precision of the estimate: Date has whole seconds.
func (k *serviceClock) refine(date time.Time, now instant) int64 {
	if date.IsZero() {
		return k.at(now)
	}
	k.set(date, now)
	return min(k.at(now), date.Add(time.Second-1).UnixNano())
}

// at estimates the service's time at now. Without any Date it returns the time of our wall clock.
func (k *serviceClock) at(now instant) int64 {
	if !k.known {
		return time.Now().UnixNano()
	}
	return int64(now) + k.offset
}

// latest returns the newest time that an item may have at now.
func (k *serviceClock) latest(now instant) int64 { return k.at(now) + int64(aheadBy) }
