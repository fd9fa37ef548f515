// SPDX-License-Identifier: Apache-2.0

package chat

import "time"

// instant is a time on the process's monotonic clock, in ns; 0 means none. A session has thirty of
// them, and a time.Time takes three times the memory.
type instant int64

// epoch is the reference time. The clock of a testing/synctest bubble starts decades before it.
var epoch = time.Now()

const (
	atEpoch instant = 1 << 61 // so large that no time before epoch becomes 0
	never   instant = 1<<63 - 1
)

func now() instant { return atEpoch + instant(time.Since(epoch)) }

// IsZero reports whether t is unset.
func (t instant) IsZero() bool { return t == 0 }

// Add returns t+d, or never on overflow.
func (t instant) Add(d time.Duration) instant {
	if sum := t + instant(d); d <= 0 || sum > t {
		return sum
	}
	return never
}

// Sub returns t-u.
func (t instant) Sub(u instant) time.Duration { return time.Duration(t - u) }

// Before reports whether t is before u.
func (t instant) Before(u instant) bool { return t < u }

// After reports whether t is after u.
func (t instant) After(u instant) bool { return t > u }

// until returns the time from now until t.
func (t instant) until() time.Duration { return t.Sub(now()) }

// deadline is the earliest of the instants added to it; zero means none.
type deadline struct{ instant }

func (d *deadline) add(t instant) {
	if !t.IsZero() && (d.IsZero() || t.Before(d.instant)) {
		d.instant = t
	}
}
