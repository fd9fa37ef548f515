// SPDX-License-Identifier: Apache-2.0

package chat

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/participant-go/connectparticipant"
	"github.com/participant-go/connectparticipant/types"
)

// maxHeld limits the items that a backward pass keeps in memory, in bytes: about two thousand
// messages. Further pages are requested again when they are delivered.
const maxHeld = 2 << 20

// maxTimeless is how many items without a time, beyond the history, the first pass reads before it
// ends.
const maxTimeless = 1000

// descent is the first half of a backward pass, from the newest item to the oldest one needed.
type descent struct {
	pages      []step
	held       int   // bytes of the items in memory
	next       int   // the newest page, after the first, whose items are in memory
	generation int32 // of the connection of the page tokens
	mark       mark
	oldest     int64 // the oldest time so far
	placed     int64 // where the last page by time began
	newest     int64 // the newest time, without items dated ahead of the service's clock
	history    int   // the number of items older than the session
	counted    int64 // the time of the oldest of them that is delivered
	keys       map[uint64]struct{}
}

// step is one page of a descent, and how it was requested.
type step struct {
	position

	size int
	page *page // nil if its items were dropped
}

// readBackward reads from the newest item back to the first that is old enough, and then delivers
// the items, the oldest first.
func (b *backfill) readBackward(ctx context.Context) error {
	d, err := b.descend(ctx)
	for restarts := 0; errors.Is(err, errRestart) && restarts < maxRestarts; restarts++ {
		d, err = b.descend(ctx)
	}
	switch {
	case errors.Is(err, errRestart), errors.Is(err, errStuck):
		b.read.known = false // older items may be missing, so the fence must not move
		if err := b.ascend(ctx, d); err != nil {
			return err
		}
		return errStuck
	case err != nil:
		return err
	}
	return b.ascend(ctx, d)
}

// errRestart means that the page tokens can't be used any more.
var errRestart = errors.New("the pages must be read again")

// descend requests pages until one ends with an item that is old enough.
func (b *backfill) descend(ctx context.Context) (d descent, err error) {
	b.read = reading{known: true, budget: budget{pages: b.read.budget.pages}}
	d.next = 1
	for at := (position{}); ; {
		t, err := b.admit(ctx)
		if err != nil {
			return d, err
		}
		if len(d.pages) == 0 {
			d.generation, d.mark = t.generation, t.mark
		}
		if t.generation != d.generation {
			return d, errRestart
		}
		p, err := b.fetch(ctx, t, b.priority(), at.input(t.pageSize))
		switch {
		case errors.Is(err, errAgain):
			continue
		case isInvalid(err) && at.token != "" && d.continueByTime(&at):
			continue
		case isInvalid(err) && at != position{}:
			return d, errRestart
		case err != nil:
			return d, err
		}
		d.dropRepeated(p)
		stuck := b.read.budget.spend(p, len(p.items) > 0)
		if b.visit(&d, step{at, t.pageSize, p}) || p.next == "" {
			return d, nil
		}
		at = position{token: p.next}
		if stuck != nil || b.read.budget.visited(p.next) && !d.continueByTime(&at) {
			return d, errStuck
		}
	}
}

// position is where a page begins: at a token, at a time in ns, or, if it is zero, at the newest
// item.
type position struct {
	token  string
	before int64
}

// continueByTime replaces a token that can't be used by the oldest time so far. It returns false if
// that was tried before.
func (d *descent) continueByTime(at *position) bool {
	if d.oldest == 0 || d.placed != 0 && d.oldest >= d.placed {
		return false
	}
	d.placed = d.oldest
	*at = position{before: d.oldest + int64(time.Millisecond)}
	return true
}

func (at position) input(size int) *connectparticipant.GetTranscriptInput {
	in := &connectparticipant.GetTranscriptInput{
		ScanDirection: types.ScanDirectionBackward, SortOrder: types.SortKeyDescending, MaxResults: aws.Int32(int32(size)),
	}
	switch {
	case at.token != "":
		in.NextToken = aws.String(at.token)
	case at.before != 0:
		in.StartPosition = startAt(at.before)
	}
	return in
}

// dropRepeated drops the items that an earlier page of the descent has shown.
func (d *descent) dropRepeated(p *page) {
	if d.keys == nil {
		d.keys = make(map[uint64]struct{}, len(p.items))
	}
	p.items = slices.DeleteFunc(p.items, func(it *item) bool {
		_, known := d.keys[it.key]
		d.keys[it.key] = struct{}{}
		return known
	})
}

// visit adds a page to the descent, without the items that are not needed, and reports whether it is
// the last one.
func (b *backfill) visit(d *descent, s step) (end bool) {
	p := s.page
	asked := p.asked()
	for i, it := range p.items {
		if it.past || b.fence == 0 && b.isEnough(d, it) {
			p.items, end = p.items[:i], true
			break
		}
		d.newest = max(d.newest, min(it.at, asked))
		if it.at != 0 && (d.oldest == 0 || it.at < d.oldest) {
			d.oldest = it.at
		}
		if it.isHistory(b.since) {
			if d.history++; d.history <= b.history && it.at != 0 {
				d.counted = it.at
			}
		}
	}
	if b.fence != 0 {
		end = b.dropRead(p) || end
	}
	for _, it := range p.items {
		d.held += it.size()
	}
	d.pages = append(d.pages, s)
	d.limit()
	return end
}

// isEnough reports whether the first pass may end at an item: it has the items to be delivered, and
// those that later passes show again.
func (b *backfill) isEnough(d *descent, it *item) bool {
	switch {
	case !it.isHistory(b.since) || d.history < max(b.history, 1):
		return false
	case it.at == 0:
		return d.history-maxTimeless >= b.history
	case b.history > 0:
		return it.at < min(horizon(d.newest, b.overlap), horizon(d.counted, 0))
	default:
		return it.at < horizon(d.newest, b.overlap)
	}
}

// isRead reports whether earlier passes have read an item.
func (b *backfill) isRead(it *item) bool { return it.at != 0 && it.at < b.start }

// dropRead drops the items of a page that earlier passes have read, and reports whether the page
// ended with one. One before the end may have a wrong time.
func (b *backfill) dropRead(p *page) (end bool) {
	if n := len(p.items); n > 0 {
		end = b.isRead(p.items[n-1])
	}
	p.items = slices.DeleteFunc(p.items, b.isRead)
	return end
}

// limit drops the items of the newest pages, which are delivered last, until the rest fits into
// maxHeld. It keeps those of the first page, which has no token and could not be requested again
// unchanged.
func (d *descent) limit() {
	for d.held > maxHeld && d.next < len(d.pages)-1 {
		s := &d.pages[d.next]
		for _, it := range s.page.items {
			d.held -= it.size()
		}
		s.page = nil
		d.next++
	}
}

// ascend delivers the pages, the oldest first.
func (b *backfill) ascend(ctx context.Context, d descent) error {
	b.read.mark = d.mark
	silent := 0 // the number of history items that are not delivered
	if b.fence == 0 {
		silent = max(0, d.history-b.history)
	}
	for _, s := range slices.Backward(d.pages) {
		p, err := b.pageOf(ctx, &d, s)
		if err != nil {
			return err
		}
		slices.Reverse(p.items)
		if err := b.deliver(ctx, p, &silent); err != nil {
			return err
		}
	}
	return nil
}

// pageOf returns the page of a step. It requests the page again if its items were dropped.
func (b *backfill) pageOf(ctx context.Context, d *descent, s step) (*page, error) {
	t, err := b.admit(ctx)
	switch {
	case err != nil:
		return nil, err
	case s.page != nil:
		return s.page, nil
	case t.generation != d.generation:
		return nil, errPartial
	}
	p, err := b.fetch(ctx, t, b.priority(), s.input(s.size))
	switch {
	case errors.Is(err, errAgain):
		return nil, errPartial
	case err != nil:
		return nil, err
	}
	b.read.budget.pages++
	p.items = slices.DeleteFunc(p.items, func(it *item) bool {
		return it.past || b.fence != 0 && b.isRead(it)
	})
	return p, nil
}

// deliver delivers a page in parts: the items before the history, the history, and the rest.
func (b *backfill) deliver(ctx context.Context, p *page, silent *int) error {
	for items := p.items; ; {
		part := *p
		var from origin
		part.items, from = b.part(items, *silent)
		if _, err := b.take(ctx, &part, from, &b.read); err != nil {
			return err
		}
		if from.silent {
			*silent -= len(part.items)
		}
		if items = items[len(part.items):]; len(items) == 0 {
			return nil
		}
	}
}

// part returns the first items with the same origin.
func (b *backfill) part(items []*item, silent int) ([]*item, origin) {
	from := origin{page: true, first: b.fence == 0}
	if !from.first || len(items) == 0 {
		return items, from
	}
	from.history = items[0].isHistory(b.since)
	from.silent = from.history && silent > 0
	n := slices.IndexFunc(items, func(it *item) bool { return it.isHistory(b.since) != from.history })
	if n < 0 {
		n = len(items)
	}
	if from.silent {
		n = min(n, silent)
	}
	return items[:n], from
}
