package chat

import "time"

const (
	// clockSlack is how far an estimate of the service's time may be behind: a response that
	// was under way for long shows an old one.
	clockSlack = 30 * time.Second
	// aheadBy is how far beyond the estimate an item's time is still believed.
	aheadBy = 5 * time.Second
)

// serviceClock estimates the service's time from the Date of its responses and the time that
// has passed here since. Our own clock may be wrong.
type serviceClock struct{ date, seen time.Time }

// set takes the Date of a response that came at now. An estimate that is a little ahead of it
// stays: this response was slower.
func (k *serviceClock) set(date, now time.Time) {
	if ahead := k.at(now).Sub(date); k.seen.IsZero() || ahead < 0 || ahead > clockSlack {
		k.date, k.seen = date, now
	}
}

// refine takes the Date of a response that came at now, zero if it had none, and returns it with
// what the estimate knows better: Date has seconds.
func (k *serviceClock) refine(date, now time.Time) time.Time {
	if date.IsZero() {
		return k.at(now)
	}
	k.set(date, now)
	if estimate := k.at(now); estimate.Before(date.Add(time.Second)) {
		return estimate
	}
	return date
}

// at estimates the service's time at now; without any Date it is our own.
func (k *serviceClock) at(now time.Time) time.Time {
	if k.seen.IsZero() {
		return now
	}
	return k.date.Add(now.Sub(k.seen))
}

// latest is the newest time that an item may have at now, in ns.
func (k *serviceClock) latest(now time.Time) int64 { return k.at(now).Add(aheadBy).UnixNano() }
