// SPDX-License-Identifier: Apache-2.0

package chat

import (
	"cmp"
	"slices"
)

// hold is the live items that wait: for a pass that brings older ones, for HoldBack, or for the
// response that shows whether they are our own.
type hold struct {
	opts  *Options
	items []held
	bytes int

	catchingUp bool    // items wait for a pass
	catchUps   int     // counts how often that began
	until      instant // when that wait ends at the latest, unless it is zero
	blocked    bool    // the pass waits until the caller has taken other events
	continued  instant // when the pass last continued
}

type held struct {
	*item

	arrived instant
}

func (h *hold) isFull() bool { return len(h.items) >= maxQueued || h.bytes >= maxQueuedBytes }

func (h *hold) add(it *item, now instant) {
	h.items = append(h.items, held{it, now})
	h.bytes += it.size()
}

// catchUp makes items wait for a pass, each for at most CatchUpWait from its own arrival.
func (h *hold) catchUp() {
	h.catchingUp, h.until = true, 0
	h.catchUps++
}

// bound sets when the wait for a pass ends for all items.
func (h *hold) bound(until instant) {
	if h.until.IsZero() {
		h.until = until
	}
}

// block records whether the pass waits for the caller. That time doesn't count toward CatchUpWait.
func (h *hold) block(blocked bool, now instant) {
	if h.blocked && !blocked {
		h.continued = now
	}
	h.blocked = blocked
}

// caughtUp ends the wait for a pass.
func (h *hold) caughtUp() { h.catchingUp = false }

// waitsForPass reports whether an item that arrived at that time waits for a pass.
func (h *hold) waitsForPass(arrived, now instant) bool {
	return h.catchingUp && (h.blocked || now.Before(h.passWait(arrived)))
}

// passWait returns when the wait for a pass ends for an item that arrived at that time.
func (h *hold) passWait(arrived instant) instant {
	if h.continued.After(arrived) {
		arrived = h.continued
	}
	end := deadline{h.until}
	end.add(arrived.Add(h.opts.CatchUpWait))
	return end.instant
}

// isHeld reports whether an item waits for a pass or for HoldBack.
func (h *hold) isHeld(arrived, now instant) bool {
	return h.waitsForPass(arrived, now) || now.Before(arrived.Add(h.opts.HoldBack))
}

// due removes and returns the items whose wait is over, and those older than them.
func (h *hold) due(now instant) []*item {
	var newest int64
	some := false
	for _, one := range h.items {
		if !h.isHeld(one.arrived, now) {
			some, newest = true, max(newest, one.at)
		}
	}
	if !some {
		return nil
	}
	return h.remove(func(one held) bool { return one.at < newest || !h.isHeld(one.arrived, now) })
}

// remove removes the items that which selects, and returns them sorted by time.
func (h *hold) remove(which func(held) bool) (out []*item) {
	h.items = slices.DeleteFunc(h.items, func(one held) bool {
		if !which(one) {
			return false
		}
		h.bytes -= one.size()
		out = append(out, one.item)
		return true
	})
	slices.SortStableFunc(out, func(a, b *item) int { return cmp.Compare(a.at, b.at) })
	return out
}

// removeAll removes and returns all items, sorted by time.
func (h *hold) removeAll() []*item { return h.remove(func(held) bool { return true }) }

// addDeadlines adds when the wait of each item ends. A blocked pass has no deadline: the caller
// unblocks it.
func (h *hold) addDeadlines(now instant, d *deadline) {
	for _, one := range h.items {
		switch {
		case !h.waitsForPass(one.arrived, now):
			d.add(one.arrived.Add(h.opts.HoldBack))
		case !h.blocked:
			d.add(h.passWait(one.arrived))
		}
	}
}
