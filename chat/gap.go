// SPDX-License-Identifier: Apache-2.0

package chat

import "time"

// gap records that items may have been missed which no pass has searched for yet.
type gap struct {
	open   bool
	number int     // counts how often it was opened
	until  instant // no newer item was missed; zero while items are still being missed
}

// openAt records that items may have been missed until now.
func (g *gap) openAt(now instant) {
	g.open, g.until = true, now
	g.number++
}

// lose records that items are being missed from now on.
func (g *gap) lose() { g.openAt(0) }

// closesAt returns the earliest beginning of a pass that closes the gap, since the transcript may
// show an item some time after its push. It is zero if no pass can close the gap, or none is open.
func (g *gap) closesAt(settle time.Duration) instant {
	if !g.open || g.until.IsZero() {
		return 0
	}
	return g.until.Add(settle)
}

// passed closes the gap after a complete pass, if the pass began late enough and the gap has not
// been opened again since the last page was requested, when the number was read.
func (g *gap) passed(begun instant, number int, settle time.Duration) {
	if at := g.closesAt(settle); !at.IsZero() && !begun.Before(at) && number == g.number {
		g.open = false
	}
}
