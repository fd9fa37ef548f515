// SPDX-License-Identifier: Apache-2.0

package chat

import "time"

const (
	// clockSlack is how far an estimate of the service's time may be behind: a response that
	// was under way for long shows an old one.
	clockSlack = 30 * time.Second
	// aheadBy is how far beyond the estimate an item's time is still believed.
	aheadBy = 30 * time.Second
)

// serviceClock estimates the service's time, in ns, from the Date of its responses and the time
// that has passed here since. Our own wall clock may be wrong.
type serviceClock struct {
	offset int64 // from our instants
	known  bool
}

// set takes the service's time as a response showed it that came at now. An estimate that is a
// little ahead of it stays: this response was slower.
func (k *serviceClock) set(date time.Time, now instant) {
	offset := date.UnixNano() - int64(now)
	if ahead := k.offset - offset; !k.known || ahead < 0 || ahead > int64(clockSlack) {
		k.offset, k.known = offset, true
	}
}

// refine takes the Date of a response that came at now, zero if it had none, and returns it with
// what the estimate knows better: Date has seconds.
func (k *serviceClock) refine(date time.Time, now instant) int64 {
	if date.IsZero() {
		return k.at(now)
	}
	k.set(date, now)
	return min(k.at(now), date.Add(time.Second-1).UnixNano())
}

// at estimates the service's time at now; without any Date it is that of our wall clock.
func (k *serviceClock) at(now instant) int64 {
	if !k.known {
		return time.Now().UnixNano()
	}
	return int64(now) + k.offset
}

// latest is the newest time that an item may have at now.
func (k *serviceClock) latest(now instant) int64 { return k.at(now) + int64(aheadBy) }
