// SPDX-License-Identifier: Apache-2.0

package chat

import "time"

// gap is what may have been missed and no pass has looked for yet.
type gap struct {
	open   bool
	number int     // counts what has opened it
	until  instant // what is newer can't have been missed; zero while more may be
}

// openAt notes that items may have been missed up to now.
func (g *gap) openAt(now instant) {
	g.open, g.until = true, now
	g.number++
}

// lose notes that items are being missed from now on.
func (g *gap) lose() { g.openAt(0) }

// closesAt is when a pass may begin that closes the gap: the transcript may show an item some
// time after its push. It is zero if there is nothing to close, or not yet.
func (g *gap) closesAt(settle time.Duration) instant {
	if !g.open || g.until.IsZero() {
		return 0
	}
	return g.until.Add(settle)
}

// passed closes the gap after a complete pass, if it began late enough and nothing was lost
// since the number was taken, when its last page was requested.
func (g *gap) passed(begun instant, number int, settle time.Duration) {
	if at := g.closesAt(settle); !at.IsZero() && !begun.Before(at) && number == g.number {
		g.open = false
	}
}
