// SPDX-License-Identifier: Apache-2.0

package chat

import (
	"errors"
	"time"
)

// The bounds of one pass. A transcript holds a week of chat at most; what exceeds these is a
// service that never comes to an end.
const (
	maxPassPages = 2_000
	maxPassItems = 200_000
	maxPassBytes = 512 << 20
	// maxIdlePages is how many pages in a row may show nothing new.
	maxIdlePages = 20
	// politePages is how many pages of a pass have its priority. Those after it have a low
	// one: the trouble of one chat must not starve the others.
	politePages = 20
)

var (
	errStuck   = errors.New("the transcript's pages don't come to an end")
	errPartial = errors.New("the rest is for another pass")
	errStopped = errors.New("the pass was stopped")
)

// reading is how far a pass has come.
type reading struct {
	newest int64 // the newest time read that the service's own doesn't contradict
	recent int64 // when the first page was read to which items may still be added; 0 is never
	begun  instant
	known  bool // a page showed an item that an earlier pass had shown
	mark   mark // of when the newest page was requested
	budget budget
}

// fence returns the time before which later passes need not read but for the overlap: all that
// was read, and what an item can't have that was added after its page was read.
func (r *reading) fence() int64 {
	if r.recent != 0 {
		return min(r.newest, r.recent)
	}
	return r.newest
}

// note takes the times of a page. The fence must not go beyond the service's own time: a single
// item dated ahead would hide whatever is lost until then.
func (r *reading) note(p *page, overlap time.Duration, now instant) {
	const second = int64(time.Second) // the resolution of Date
	newest := int64(0)
	for _, it := range p.items {
		if it.at < p.read+second {
			newest = max(newest, it.at)
		}
	}
	r.newest = max(r.newest, newest)
	if asked := p.asked(); newest > asked-int64(overlap) && (r.recent == 0 || asked < r.recent) {
		if r.recent == 0 {
			r.begun = now
		}
		r.recent = asked
	}
}

// isLong reports whether the pass has read recent items for so long that it should end: what
// it has to remember grows with the time that it takes, and the caller may be slow.
func (r *reading) isLong(overlap time.Duration, now instant) bool {
	return r.recent != 0 && now.Sub(r.begun) > overlap
}

// budget bounds a pass, so that a service which never ends its pages costs a bounded number of
// calls.
type budget struct {
	pages, items, bytes, idle int
	tokens                    map[uint64]struct{} // hashes of those that were followed
}

// spend counts a page, and reports errStuck if there is no end to them.
func (b *budget) spend(p *page, progress bool) error {
	b.pages++
	b.items += len(p.items)
	for _, it := range p.items {
		b.bytes += it.size()
	}
	b.idle++
	if progress {
		b.idle = 0
	}
	if b.pages > maxPassPages || b.items > maxPassItems || b.bytes > maxPassBytes || b.idle > maxIdlePages {
		return errStuck
	}
	return nil
}

// visited notes a token that is about to be followed, and reports whether it was before.
func (b *budget) visited(token string) bool {
	key := keyOf(token)
	if _, known := b.tokens[key]; known {
		return true
	}
	if b.tokens == nil {
		b.tokens = map[uint64]struct{}{}
	}
	b.tokens[key] = struct{}{}
	return false
}
