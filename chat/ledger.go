// SPDX-License-Identifier: Apache-2.0

package chat

import (
	"cmp"
	"maps"
	"slices"
	"time"
)

const (
	keepAtLeast = 256    // ids that are remembered whatever their age
	keepAtMost  = 16_384 // ids that are remembered at all
	keepLives   = 16     // ids of typing and other live-only items
	passAfter   = 512    // new ids that make a pass due, after which old ids can be dropped
)

// ledger records which items have been released, by a hash of their ids, and how far the transcript
// has been read. All its times are the service's, in ns.
type ledger struct {
	// fence is how far the transcript has been read, see reading.fence. A push never moves it,
	// because an older push may have been lost.
	fence int64
	top   int64  // the newest time that was released
	since int64  // of the first connection: older items are history; 0 if unknown
	chat  uint64 // a hash of the chat's InitialContactId; 0 if unknown
	seen  map[uint64]entry
	lives []uint64 // the newest live-only items
	fresh int32    // new ids since the last complete pass
	pass  uint16   // the number of the newest pass; 0 is none
	whole uint16   // the number of the newest complete pass

	// After Resume: items older than floor have been handled, except those in missing.
	floor   int64
	missing map[uint64]int64
	resumed bool // no page has been read since
}

// entry is what is known of an item that was released, or of a receipt.
type entry struct {
	at       int64
	revision uint32
	shown    uint16 // the number of the last pass that has shown it
	final    bool
}

// verdict is the result of judge.
type verdict int

const (
	itemNew     verdict = iota
	itemChanged         // known in another state
	itemKnown
)

// judge compares an item with the ledger, without changing it.
func (l *ledger) judge(it *item, from origin) verdict {
	if it.live {
		if slices.Contains(l.lives, it.key) {
			return itemKnown
		}
		return itemNew
	}
	e, known := l.seen[it.key]
	switch {
	case !known && from.page && l.isHandled(it):
		return itemKnown
	case !known:
		return itemNew
	case e.revision == it.revision, e.final && !it.final:
		return itemKnown
	default:
		return itemChanged
	}
}

// isHandled reports whether an unknown item was handled before Resume.
func (l *ledger) isHandled(it *item) bool {
	_, missing := l.missing[it.key]
	return it.at != 0 && it.at < l.floor && !missing
}

// isShownBefore reports whether an item is known, and whether a pass before the current one has shown
// it.
func (l *ledger) isShownBefore(it *item) (known, shown bool) {
	e, known := l.seen[it.key]
	return known || l.isHandled(it), known && e.shown != 0 && e.shown != l.pass
}

// rewind sets the fence back when the service's clock was set back by more than the overlap, because
// new items get times before the fence. Known items may be delivered again.
func (l *ledger) rewind(at int64, overlap time.Duration) {
	if l.fence > at+int64(overlap) {
		l.fence, l.top = at, min(l.top, at)
	}
}

// checkChat reports whether the chat of the first page after Resume differs from that of the state.
// If not, it records the chat.
func (l *ledger) checkChat(chat uint64) (differs bool) {
	if chat == 0 {
		return false
	}
	other := l.resumed && l.chat != 0 && l.chat != chat
	if !other {
		l.chat, l.resumed = chat, false
	}
	return other
}

// show records that a pass has shown a known item.
func (l *ledger) show(it *item) {
	if e, known := l.seen[it.key]; known {
		e.shown = l.pass
		l.seen[it.key] = e
	}
}

// noteLive remembers the last few live-only items, because both sockets of a renewal bring them.
func (l *ledger) noteLive(key uint64) {
	if len(l.lives) == keepLives {
		l.lives = slices.Delete(l.lives, 0, 1)
	}
	l.lives = append(l.lives, key)
}

// note records an item and returns the entry before. arrived replaces a missing time.
func (l *ledger) note(it *item, from origin, arrived int64) (prior entry, known bool) {
	e := entry{at: cmp.Or(it.at, horizon(arrived, 0)), revision: it.revision, final: it.final}
	if from.page {
		e.shown = l.pass
	}
	prior, known = l.put(it.key, e)
	delete(l.missing, it.key)
	return prior, known
}

func (l *ledger) put(key uint64, e entry) (prior entry, known bool) {
	if prior, known = l.seen[key]; !known {
		l.fresh++
	} else if e.shown == 0 {
		e.shown = prior.shown
	}
	l.seen[key] = e
	return prior, known
}

// horizon returns where a pass begins, in whole milliseconds as the service's times are.
func horizon(fence int64, overlap time.Duration) int64 {
	at := fence - int64(overlap)
	return at - at%int64(time.Millisecond)
}

// start returns where the next pass begins.
func (l *ledger) start(overlap time.Duration) int64 {
	at := horizon(l.fence, overlap)
	for _, missing := range l.missing {
		at = min(at, horizon(missing, 0))
	}
	return at
}

// hasShownItem reports whether an earlier pass has shown an item that is not older than start. A
// forward pass must show that item again; otherwise StartPosition didn't work as expected.
func (l *ledger) hasShownItem(start int64) bool {
	for _, e := range l.seen {
		if e.shown != 0 && e.at >= start {
			return true
		}
	}
	return false
}

// beginPass numbers a pass.
func (l *ledger) beginPass() {
	if l.pass++; l.pass == 0 {
		l.pass = 1
	}
}

// passed records a complete pass.
func (l *ledger) passed() {
	l.whole, l.fresh = l.pass, 0
	l.floor, l.missing = 0, nil
}

// trim drops entries that no later pass can show. It keeps those from oldest on, and those that the
// last complete pass has shown, because the next pass shows them too.
func (l *ledger) trim(oldest int64) {
	if len(l.seen) <= keepAtLeast {
		return
	}
	type aged struct {
		key uint64
		at  int64
	}
	all := make([]aged, 0, len(l.seen))
	for key, e := range l.seen {
		all = append(all, aged{key, e.at})
	}
	slices.SortFunc(all, func(a, b aged) int { return cmp.Compare(b.at, a.at) })
	kept := make(map[uint64]entry, keepAtLeast) // a map never shrinks
	for i, a := range all[:min(len(all), keepAtMost)] {
		if e := l.seen[a.key]; i < keepAtLeast || a.at >= oldest || l.isShown(e) {
			kept[a.key] = e
		}
	}
	l.seen = kept
}

// isShown reports whether the newest pass, or the newest complete one, has shown an entry.
func (l *ledger) isShown(e entry) bool {
	return e.shown != 0 && (e.shown == l.pass || e.shown == l.whole)
}

// restore continues from a state. If an item was dated ahead, the fence may be ahead of the service's
// time; connected then corrects it.
func (l *ledger) restore(state *State) {
	l.fence, l.top, l.since, l.chat = state.fence, state.top, state.since, state.chat
	l.missing, l.resumed = maps.Clone(state.missing), true
	for _, r := range state.seen {
		r.shown = min(r.shown, 1) // by pass 1, which stands for all before the state
		l.seen[r.key] = r.entry
	}
	l.pass, l.whole = 1, 1
}

// capFence discards a restored fence that is ahead of the service's time: the next pass begins at the
// time of the first connection.
func (l *ledger) capFence(latest int64) {
	if l.resumed && l.fence > latest {
		l.fence, l.top = l.since, min(l.top, latest)
	}
}
