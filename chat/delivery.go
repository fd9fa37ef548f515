package chat

import (
	"cmp"
	"slices"
	"time"

	"github.com/participant-go/connectparticipant/types"
)

const (
	keepAtLeast = 256    // ids that are remembered whatever their age
	keepAtMost  = 16_384 // ids that are remembered at all
	passAfter   = 512    // new ids after which a pass lets the old ones be forgotten
	keepLives   = 16     // ids of typing and other live-only items
	ownPatience = 2 * time.Second
)

// delivery decides which items become events, once each and in order. It does no I/O and
// knows the session's clock for waits only: all times in it are the service's.
type delivery struct {
	opts  *Options
	queue queue

	// fence is how far the transcript has been read, see reading.fence. Pushes never move
	// it: behind one that came, another may have been lost.
	fence int64
	top   int64 // the newest time that was released
	since int64 // when the first connection was made: what isn't older is no history; 0 if nobody told
	seen  map[uint64]entry
	fresh int      // new ids since the last completed pass
	lives []uint64 // the newest live-only items

	pending      []held // live items that wait
	pendingBytes int
	catchingUp   bool      // live items wait for a pass
	catchUntil   time.Time // but no longer
	behind       bool      // the caller is slow, and items are thrown away
	epoch        int       // counts what may have made a gap
	gap          bool      // items may be missing that no pass has looked for
	streams      streams

	own      string              // this participant's id, once it is known
	sent     map[uint64]struct{} // items of ours that haven't come yet, while it isn't
	sending  int                 // calls of Send under way
	ownUntil time.Time           // live items wait for their answer, but no longer

	ended       *item // chat.ended
	removed     bool  // our own participant.left came
	returnedTop int64 // the newest time that the caller has
	stats       Stats
	scans       map[string]chan types.ArtifactStatus // by attachment, for who waits for its scan
}

// entry is what is known of an item that was released.
type entry struct {
	at       int64
	revision uint32
	final    bool
	paged    bool // a page has shown it
}

// held is a live item that waits, until due or for a pass.
type held struct {
	*item

	due time.Time
}

// connected takes the time of a connection, by the service's clock.
func (d *delivery) connected(at time.Time) {
	if d.since == 0 && !at.IsZero() {
		d.since = at.UnixNano()
	}
}

// arrive takes a live item.
func (d *delivery) arrive(it *item, now time.Time) {
	if it.kind == kindEnded && d.ended == nil {
		d.ended = it
	}
	if d.behind || d.overflows() {
		d.discard()
		return
	}
	if it.chunk != nil {
		d.addChunk(it, now)
		return
	}
	if len(d.pending) == 0 && d.opts.HoldBack <= 0 && !d.waits(now) {
		d.merge(it, origin{})
		return
	}
	d.pending = append(d.pending, held{it, now.Add(d.opts.HoldBack)})
	d.pendingBytes += it.size()
	d.release(now)
}

// overflows tells whether there is no room for a live item.
func (d *delivery) overflows() bool {
	return d.queue.full() || len(d.pending) >= maxQueued || d.pendingBytes >= maxQueuedBytes
}

// discard leaves the item to a pass, which fetches it when the caller has caught up.
func (d *delivery) discard() {
	d.stats.Behind++
	if !d.behind {
		d.lose(time.Time{})
		d.behind = true
	}
}

// lose notes that items may have been missed. Live ones wait for a pass from now on,
// until the time if it isn't zero.
func (d *delivery) lose(until time.Time) {
	d.epoch++
	d.gap, d.catchingUp, d.catchUntil = true, true, until
}

// boundWait ends the wait for a pass at a time, if nothing has bounded it yet.
func (d *delivery) boundWait(until time.Time) bool {
	if !d.catchingUp || !d.catchUntil.IsZero() {
		return false
	}
	d.catchUntil = until
	return true
}

// waits tells whether live items wait for a pass, or for an answer that tells who we are.
func (d *delivery) waits(now time.Time) bool { return d.waitsForPass(now) || d.waitsForOwn(now) }

func (d *delivery) waitsForPass(now time.Time) bool {
	return d.catchingUp && (d.catchUntil.IsZero() || now.Before(d.catchUntil))
}

func (d *delivery) waitsForOwn(now time.Time) bool {
	return d.own == "" && d.sending > 0 && now.Before(d.ownUntil)
}

// release lets live items go whose wait is over, and those older than them.
func (d *delivery) release(now time.Time) {
	if len(d.pending) == 0 || d.waits(now) {
		return
	}
	upTo := int64(0)
	due := false
	for _, h := range d.pending {
		if !h.due.After(now) {
			upTo, due = max(upTo, h.at), true
		}
	}
	if due {
		d.releaseIf(func(h held) bool { return !h.due.After(now) || h.at < upTo })
	}
}

// releaseIf releases the pending items that are ripe, sorted by time.
func (d *delivery) releaseIf(ripe func(held) bool) {
	var out []held
	d.pending = slices.DeleteFunc(d.pending, func(h held) bool {
		if !ripe(h) {
			return false
		}
		out = append(out, h)
		return true
	})
	slices.SortStableFunc(out, func(a, b held) int { return cmp.Compare(a.at, b.at) })
	for _, h := range out {
		d.pendingBytes -= h.size()
		d.merge(h.item, origin{})
	}
}

// origin is where an item comes from.
type origin struct {
	page    bool
	history bool
	silent  bool // it is remembered, and becomes no event
}

// arrivePage takes items of a page or pass, the oldest first, between the live ones that
// wait. One that is among these itself goes as a live one: it wasn't missed.
func (d *delivery) arrivePage(items []*item, from origin) {
	for _, it := range items {
		if it.kind == kindEnded && d.ended == nil {
			d.ended = it
		}
		if it.at != 0 && len(d.pending) > 0 {
			d.releaseIf(func(h held) bool { return h.at < it.at || h.key == it.key && it.key != 0 })
		}
		d.merge(it, from)
	}
}

// merge makes an event of an item, unless it was released before.
func (d *delivery) merge(it *item, from origin) {
	if it.kind == kindEnded {
		return // the last event of the session
	}
	it.meta.Own = d.isOwn(it)
	if it.isMetadata() {
		d.mergeReceipts(it, from)
		return
	}
	if d.isNew(it, from) {
		d.deliver(it, from)
	}
	d.mergeReceipts(it, from)
	d.noteScan(it)
}

// isNew remembers an item and tells whether it was unknown. A new state of one that was
// known is delivered here.
func (d *delivery) isNew(it *item, from origin) bool {
	switch e, known := d.seen[it.key]; {
	case it.live:
		return d.isNewLive(it.key)
	case it.key == 0, !known:
		return true
	case e.revision == it.revision, e.final && !it.final:
		d.stats.Duplicates++
		if from.page && !e.paged {
			e.paged = true
			d.seen[it.key] = e
		}
		return false
	default:
		d.update(it, from)
		return false
	}
}

// isNewLive knows the last few: what both sockets of a renewal bring.
func (d *delivery) isNewLive(key uint64) bool {
	if key == 0 {
		return true
	}
	if slices.Contains(d.lives, key) {
		d.stats.Duplicates++
		return false
	}
	if len(d.lives) == keepLives {
		d.lives = slices.Delete(d.lives, 0, 1)
	}
	d.lives = append(d.lives, key)
	return true
}

// deliver puts a new item into the queue.
func (d *delivery) deliver(it *item, from origin) {
	it.meta.History = from.history
	switch {
	case it.live:
		d.queue.push(queued{event: it.event(), size: it.size()})
		return
	case from.silent:
		d.skip(it)
		return
	}
	d.streams.end(it.key)
	it.meta.Late = it.at != 0 && it.at < d.top
	d.count(it, from)
	d.remember(it, from, it.event())
}

func (d *delivery) count(it *item, from origin) {
	if it.meta.Late {
		d.stats.Late++
	}
	if from.page && d.fence != 0 { // the first pass looks for nothing that was lost
		d.stats.Recovered++
	}
	if it.kind == "event.participant.left" && d.own != "" && it.meta.From.ParticipantID == d.own {
		d.removed = true
	}
	d.top = max(d.top, it.at)
}

func (d *delivery) update(it *item, from origin) {
	it.meta.History = from.history
	d.remember(it, from, Updated{it.message()})
}

// remember puts an event into the queue and its item among those that are known.
func (d *delivery) remember(it *item, from origin, event Event) {
	q := queued{event: event, size: it.size(), at: it.at, top: true, key: it.key}
	if it.key != 0 {
		q.prior, q.known = d.note(it, from)
	}
	d.queue.push(q)
}

// note puts an item among those that are known and returns what stood there.
func (d *delivery) note(it *item, from origin) (prior entry, known bool) {
	prior, known = d.seen[it.key]
	if !known {
		d.fresh++
	}
	d.seen[it.key] = entry{at: it.at, revision: it.revision, final: it.final, paged: from.page || prior.paged}
	return prior, known
}

// skip remembers an item that becomes no event.
func (d *delivery) skip(it *item) {
	if it.key != 0 {
		d.note(it, origin{page: true})
	}
	d.top, d.returnedTop = max(d.top, it.at), max(d.returnedTop, it.at)
}

// Receipts are levels that only rise, for each message and reader.
const (
	levelDelivered = iota + 1
	levelRead
)

func (d *delivery) mergeReceipts(it *item, from origin) {
	for _, r := range it.receipts() {
		level := uint32(levelDelivered)
		if r.Read {
			level = levelRead
		}
		key := keyOf(r.MessageID, r.From.ParticipantID)
		prior, known := d.seen[key]
		if known && prior.revision >= level {
			continue
		}
		d.seen[key] = entry{at: r.latest(it.at), revision: level, final: true}
		r.Own = d.own != "" && r.From.ParticipantID == d.own
		r.History, r.Late = from.history, false
		if !from.silent {
			d.queue.push(queued{event: r, size: it.size(), at: it.at, key: key, prior: prior, known: known})
		}
	}
}

// isOwn tells whether we sent the item, and learns who we are.
func (d *delivery) isOwn(it *item) bool {
	if d.own == "" {
		if _, ok := d.sent[it.key]; ok && it.key != 0 {
			d.learnOwn(it.meta.From.ParticipantID)
			return true
		}
		return false
	}
	return it.meta.From.ParticipantID == d.own
}

func (d *delivery) learnOwn(id string) {
	if id != "" {
		d.own, d.sent = id, nil
	}
}

// beginSend lets live items wait, while nobody knows which ones are ours.
func (d *delivery) beginSend(now time.Time) {
	if d.sending++; d.sending == 1 {
		d.ownUntil = now.Add(ownPatience)
	}
}

// endSend takes the Id that the service gave our item, "" if it gave none.
func (d *delivery) endSend(id string, now time.Time) {
	d.sending--
	if id != "" && d.own == "" {
		if d.sent == nil {
			d.sent = map[uint64]struct{}{}
		}
		d.sent[keyOf(id)] = struct{}{}
		for _, h := range d.pending {
			if h.meta.ID == id {
				d.learnOwn(h.meta.From.ParticipantID)
				break
			}
		}
	}
	d.release(now)
}

// noteScan wakes who waits for the scan of an attachment.
func (d *delivery) noteScan(it *item) {
	if len(d.scans) == 0 || !it.final {
		return
	}
	for _, file := range it.message().Attachments {
		if scanned, ok := d.scans[file.ID]; ok {
			scanned <- file.Status // it has room
			delete(d.scans, file.ID)
		}
	}
}

// passed is the end of a pass that has read up to the fence. current says that nothing
// has been lost since its last page was asked for.
func (d *delivery) passed(fence int64, current bool, now time.Time) {
	d.advance(fence)
	d.fresh = 0
	if current && !d.behind {
		d.catchingUp, d.gap = false, false
		d.release(now) // but what is held back, or may be our own, still waits
	}
}

// advance moves the fence, and forgets what lies too far behind it.
func (d *delivery) advance(fence int64) {
	d.fence = max(d.fence, fence)
	d.trim()
}

// horizon is where the next pass begins: older items it doesn't show again. The service
// knows no less than milliseconds.
func horizon(fence int64, overlap time.Duration) int64 {
	at := fence - int64(overlap)
	return at - at%int64(time.Millisecond)
}

// trim forgets what no pass can bring again.
func (d *delivery) trim() {
	if len(d.seen) <= keepAtLeast {
		return
	}
	oldest := horizon(d.fence, d.opts.Overlap)
	type aged struct {
		key uint64
		at  int64
	}
	all := make([]aged, 0, len(d.seen))
	for key, e := range d.seen {
		all = append(all, aged{key, e.at})
	}
	slices.SortFunc(all, func(a, b aged) int { return cmp.Compare(b.at, a.at) })
	kept := make(map[uint64]entry, keepAtLeast) // a map never gives back what it once needed
	for i, a := range all[:min(len(all), keepAtMost)] {
		if i < keepAtLeast || a.at >= oldest {
			kept[a.key] = d.seen[a.key]
		}
	}
	d.seen = kept
}

// connectionChanged replaces a change that the caller hasn't taken yet, so that a slow one
// finds one and not hundreds.
func (d *delivery) connectionChanged(change ConnectionChanged) {
	if waiting := d.queue.waiting(); len(waiting) > 0 {
		if _, ok := waiting[len(waiting)-1].event.(ConnectionChanged); ok {
			waiting[len(waiting)-1].event = change
			return
		}
	}
	d.queue.push(queued{event: change})
}

// nextRelease is when a live item's wait ends by time; zero if none does.
func (d *delivery) nextRelease(now time.Time) time.Time {
	if len(d.pending) == 0 {
		return time.Time{}
	}
	var next time.Time
	switch {
	case d.waitsForPass(now):
		next = d.catchUntil // zero: a pass ends it
		if next.IsZero() {
			return next
		}
	case d.waitsForOwn(now):
		next = d.ownUntil
	default:
		next = d.pending[0].due
		for _, h := range d.pending {
			next = earlier(next, h.due)
		}
	}
	return next
}

// earlier returns the earlier of two times that aren't zero.
func earlier(a, b time.Time) time.Time {
	if a.IsZero() || !b.IsZero() && b.Before(a) {
		return b
	}
	return a
}
