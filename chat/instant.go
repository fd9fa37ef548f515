// SPDX-License-Identifier: Apache-2.0

package chat

import "time"

// instant is a moment of this process's monotonic clock, in ns; 0 is none. A session has thirty
// of them, and a time.Time takes three times the memory.
type instant int64

// epoch is a moment of the process. A testing/synctest bubble lives decades before it.
var epoch = time.Now()

const (
	atEpoch instant = 1 << 61 // no moment is as early as 0
	never   instant = 1<<63 - 1
)

func now() instant { return atEpoch + instant(time.Since(epoch)) }

// IsZero reports whether there is no such moment.
func (t instant) IsZero() bool { return t == 0 }

// Add returns the moment d later. A moment too late to be told is never.
func (t instant) Add(d time.Duration) instant {
	if sum := t + instant(d); d <= 0 || sum > t {
		return sum
	}
	return never
}

// Sub returns the time since u.
func (t instant) Sub(u instant) time.Duration { return time.Duration(t - u) }

// Before reports whether the moment is before u.
func (t instant) Before(u instant) bool { return t < u }

// After reports whether the moment is after u.
func (t instant) After(u instant) bool { return t > u }

// until returns the time until the moment, by the clock.
func (t instant) until() time.Duration { return t.Sub(now()) }

// deadline is the earliest of the moments given to it; zero is none.
type deadline struct{ instant }

func (d *deadline) add(t instant) {
	if !t.IsZero() && (d.IsZero() || t.Before(d.instant)) {
		d.instant = t
	}
}
