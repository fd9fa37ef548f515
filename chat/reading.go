// SPDX-License-Identifier: Apache-2.0

package chat

import (
	"errors"
	"time"
)

// The limits of one pass. A transcript contains at most a week of chat, which is far below them: if
// they are exceeded, the service's pages never end.
const (
	maxPassPages = 2_000
	maxPassItems = 200_000
	maxPassBytes = 512 << 20
	// maxIdlePages is how many pages in a row may show nothing new.
	maxIdlePages = 20
	// priorityPages is how many pages of a pass have the priority of its kind. Later ones have
	// PriorityLow, so that a long pass of one chat doesn't starve the others.
	priorityPages = 20
)

var (
	errStuck   = errors.New("the pages of the transcript do not end")
	errPartial = errors.New("the next pass reads the rest")
	errStopped = errors.New("the pass was stopped")
)

// reading is the progress of a pass.
type reading struct {
	newest int64   // the newest time read, without items dated ahead of the service's clock
	recent int64   // when the first page was requested that has recent items; 0 if none has
	begun  instant // when that page was taken
	known  bool    // a page showed an item that an earlier pass had shown
	mark   mark    // of when the newest page was requested
	budget budget
}

// fence returns how far the transcript has been read: apart from the overlap, later passes need not
// read older items. While recent items are read, more may be added to pages that are already read;
// they are newer than recent.
func (r *reading) fence() int64 {
	if r.recent != 0 {
		return min(r.newest, r.recent)
	}
	return r.newest
}

// note records the times of a page. The fence must not go beyond the service's time: otherwise one
// item dated ahead would hide all losses until that date.
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

// isLong reports whether the pass has read recent items for so long, perhaps because of a slow
// caller, that it should end: the ids to be remembered grow with its duration.
func (r *reading) isLong(overlap time.Duration, now instant) bool {
	return r.recent != 0 && now.Sub(r.begun) > overlap
}

// budget limits a pass, in case the service's pages never end.
type budget struct {
	pages, items, bytes, idle int
	tokens                    map[uint64]struct{} // hashes of the tokens that were followed
}

// spend counts a page, and returns errStuck if a limit is exceeded.
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

// visited records a token that is about to be followed, and reports whether it was recorded before.
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
