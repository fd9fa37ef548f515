// SPDX-License-Identifier: Apache-2.0

package chat

import (
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/participant-go/connectparticipant/types"
)

// delivery decides which items become events, each once and in order. It is part of core: all its
// methods need the session's mutex.
type delivery struct {
	opts   *Options
	stats  *Stats
	queue  queue
	ledger ledger
	hold   hold
	gap    gap
	self   self
	clock  serviceClock

	streams streams
	scans   map[string]types.ArtifactStatus // by attachment, for calls that wait for its scan

	lost     int   // the hold.catchUps of the newest loss of the socket; 0 once a pass has searched
	behind   bool  // the caller is slow, and live items are left to a pass
	ended    *item // chat.ended
	removed  bool  // our own participant.left has arrived
	returned int64 // the newest time of an event that the caller has received
}

func newDelivery(opts *Options) delivery {
	d := delivery{
		opts: opts, hold: hold{opts: opts}, ledger: ledger{seen: map[uint64]entry{}}, self: self{id: opts.ParticipantID},
	}
	d.lose() // live items wait for the history
	return d
}

// restore continues from a state.
func (d *delivery) restore(state *State) {
	d.ledger.restore(state)
	d.returned = state.top
	if len(state.missing) > 0 {
		d.ledger.floor = horizon(state.fence, d.opts.Overlap)
	}
	if d.self.id == "" {
		d.self.id = state.own
	}
}

// connected handles the creation of a connection, at made by the service's clock.
func (d *delivery) connected(made time.Time, now instant) {
	if d.ledger.since == 0 {
		d.ledger.since = made.UnixNano()
	}
	d.ledger.capFence(d.clock.latest(now))
}

// lose handles the loss of the socket: live items wait for the next pass.
func (d *delivery) lose() {
	d.gap.lose()
	d.hold.catchUp()
	d.lost = d.hold.catchUps
}

// subscribed handles a new socket after a loss: from now on no item is missed.
func (d *delivery) subscribed(now instant) {
	d.gap.openAt(now)
	d.hold.catchUp()
	d.lost = d.hold.catchUps
	d.hold.bound(now.Add(d.opts.CatchUpWait))
}

// arrive handles a live item.
func (d *delivery) arrive(it *item, now instant) {
	d.inspect(it)
	switch full := d.behind || d.queue.full() || d.hold.isFull(); {
	case full && it.live: // lost, since no pass can bring it
	case full:
		d.discard(now)
	case it.partial:
		d.addChunk(it, now)
	case len(d.hold.items) == 0 && !d.self.isUndecided(now) && !d.hold.isHeld(now, now):
		d.merge(it, origin{}, now)
	default:
		d.hold.add(it, now)
		d.release(now)
	}
}

// inspect notices chat.ended and the results of scans, even if the item has to wait or is discarded.
func (d *delivery) inspect(it *item) {
	if it.kind == kindEnded && d.ended == nil {
		d.ended = it
	}
	if len(d.scans) > 0 && it.final {
		for _, file := range it.Attachments {
			if id := aws.ToString(file.AttachmentId); d.awaitsScan(id) {
				d.scans[id] = file.Status
			}
		}
	}
}

// isForeignEnd reports whether an item is the chat.ended of another chat.
func (d *delivery) isForeignEnd(it *item) bool {
	id := it.meta.InitialContactID
	return it.kind == kindEnded && id != "" && d.ledger.chat != 0 && keyOf(id) != d.ledger.chat
}

func (d *delivery) awaitsScan(id string) bool {
	_, awaited := d.scans[id]
	return awaited
}

// discard leaves an item to a pass, which begins when the caller has made room.
func (d *delivery) discard(now instant) {
	d.stats.Behind++
	d.gap.openAt(now)
	if !d.behind {
		d.behind = true
		d.hold.catchUp()
	}
}

// release delivers the live items whose wait is over, and older ones.
func (d *delivery) release(now instant) {
	if len(d.hold.items) == 0 || d.self.isUndecided(now) {
		return
	}
	for _, it := range d.hold.due(now) {
		d.merge(it, origin{}, now)
	}
}

// releaseAll delivers all live items, at the end.
func (d *delivery) releaseAll(now instant) {
	for _, it := range d.hold.removeAll() {
		d.merge(it, origin{}, now)
	}
}

// addDeadlines adds when live items are due.
func (d *delivery) addDeadlines(now instant, next *deadline) {
	if d.self.isUndecided(now) {
		next.add(d.self.until)
		return
	}
	d.hold.addDeadlines(now, next)
}

// origin is where an item comes from.
type origin struct {
	page    bool
	first   bool // of the first pass, whose items were not lost before
	history bool
	silent  bool // the item is remembered, but becomes no event
}

// showsOrder reports whether the time of an item counts for Late. That of a pushed event which may
// not appear in the transcript doesn't: a pass may already have delivered newer items.
func (o origin) showsOrder(it *item) bool { return o.page || !it.unknownEvent }

// arrivePage delivers the items of a page, the oldest first, and between them the waiting live items
// that are older. An item that waits itself is delivered as a live one: it wasn't missed.
func (d *delivery) arrivePage(items []*item, from origin, now instant) {
	for _, it := range items {
		d.inspect(it)
		if it.at != 0 && len(d.hold.items) > 0 {
			for _, live := range d.hold.remove(func(h held) bool { return h.at < it.at || h.key == it.key }) {
				d.merge(live, origin{}, now)
			}
		}
		d.merge(it, from, now)
	}
}

// merge queues the events of an item, unless they were queued before.
func (d *delivery) merge(it *item, from origin, now instant) {
	if it.kind == kindEnded {
		return // finish delivers it last
	}
	d.self.recognize(it)
	d.self.arrived(it.key)
	it.meta.Own = d.self.sent(it)
	if !it.isMetadata() {
		d.mergeItem(it, from, now)
	}
	d.mergeReceipts(it, from)
	if len(d.ledger.seen) > 2*keepAtMost { // no pass has completed for a long time
		d.trim()
	}
}

func (d *delivery) mergeItem(it *item, from origin, now instant) {
	switch d.ledger.judge(it, from) {
	case itemKnown:
		d.stats.Duplicates++
		if from.page {
			d.ledger.show(it)
		}
	case itemChanged:
		it.meta.History = from.history
		d.push(it, from, Updated{it.message()}, now)
	case itemNew:
		d.deliver(it, from, now)
	}
}

// deliver queues the event of a new item.
func (d *delivery) deliver(it *item, from origin, now instant) {
	it.meta.History = from.history
	switch {
	case it.live:
		d.ledger.noteLive(it.key)
		d.queue.push(queued{event: it.event(), size: it.size(), arrived: it.arrived})
		return
	case from.silent:
		d.ledger.note(it, from, 0)
		d.ledger.top, d.returned = max(d.ledger.top, it.at), max(d.returned, it.at)
		return
	}
	d.streams.end(it.key)
	it.meta.Late = it.at != 0 && it.at < d.ledger.top && from.showsOrder(it)
	if it.meta.Late {
		d.stats.Late++
	}
	if from.page && !from.first {
		d.stats.Recovered++
	}
	if d.movesTop(it, from, now) {
		d.ledger.top = it.at
	}
	d.push(it, from, it.event(), now)
}

// movesTop reports whether an older item that arrives later will be Late. An item dated ahead of the
// service's clock makes no other item Late.
func (d *delivery) movesTop(it *item, from origin, now instant) bool {
	return it.at > d.ledger.top && it.at <= d.clock.latest(now) && from.showsOrder(it)
}

// push queues an event and records its item in the ledger. The event keeps the entry before that.
func (d *delivery) push(it *item, from origin, event Event, now instant) {
	q := queued{event: event, size: it.size(), at: it.at, key: it.key, late: it.meta.Late, arrived: it.arrived}
	q.prior, q.known = d.ledger.note(it, from, d.clock.at(now))
	q.top = it.at <= d.ledger.top
	d.queue.push(q)
}

// The levels of receipts. For each message and reader the level only rises.
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
		if prior, known := d.ledger.seen[key]; known && prior.revision >= level {
			continue
		}
		prior, known := d.ledger.put(key, entry{at: r.latest(it.at), revision: level, final: true})
		r.Own = d.self.id != "" && r.From.ParticipantID == d.self.id
		r.History, r.Late = from.history, false
		if !from.silent {
			d.queue.push(queued{event: r, size: it.size(), at: it.at, key: key, prior: prior, known: known, receipt: true, arrived: it.arrived})
		}
	}
}

// beginSend makes live items wait if it is unknown which ones are ours.
func (d *delivery) beginSend(now instant) { d.self.begin(now) }

// endSend handles the end of a call of Send. id is the ID of the message, "" if the call failed.
func (d *delivery) endSend(id string, expected bool, now instant) {
	key := keyOf(id)
	if id == "" {
		key = 0
	}
	d.self.end(key)
	waiting := false
	for _, h := range d.hold.items {
		if h.key == key {
			waiting = true
			d.self.recognize(h.item)
		}
	}
	if _, arrived := d.ledger.seen[key]; expected && key != 0 && !arrived && !waiting {
		d.self.expect(key, now)
	}
	d.release(now)
}

// mark counts the losses until some time. A pass finds the items of the losses before the mark that
// it took when it requested its last page.
type mark struct{ gaps, catchUps int }

func (d *delivery) mark() mark { return mark{d.gap.number, d.hold.catchUps} }

// passed handles the end of a complete pass.
func (d *delivery) passed(begun instant, m mark, now instant) {
	d.ledger.passed()
	d.streams.passed()
	d.trim()
	d.self.passed(begun, now)
	d.gap.passed(begun, m.gaps, d.opts.Settle)
	if m.catchUps >= d.lost {
		d.lost = 0
	}
	if m.catchUps == d.hold.catchUps && !d.behind {
		d.hold.caughtUp()
		d.release(now)
	}
}

// advance moves the fence during a pass.
func (d *delivery) advance(fence int64) {
	d.ledger.fence = max(d.ledger.fence, fence)
	if len(d.ledger.seen) > keepAtMost+passAfter {
		d.trim()
	}
}

// trim drops the ledger entries that neither a pass nor a State needs. After Resume, the items that
// wait for the caller now are delivered again, and newer items arrive with them.
func (d *delivery) trim() {
	oldest := horizon(d.ledger.fence, d.opts.Overlap)
	for i := range d.queue.waiting() {
		if q := &d.queue.waiting()[i]; q.at != 0 && !q.late {
			oldest = min(oldest, q.at)
		}
	}
	d.ledger.trim(oldest)
}

// pop returns the next event for the caller.
func (d *delivery) pop() queued {
	q := d.queue.pop()
	if q.top {
		d.returned = max(d.returned, q.at)
	}
	return q
}

// connectionChanged queues a change. It replaces the newest event if that is a change too, so that a
// slow caller doesn't get hundreds.
func (d *delivery) connectionChanged(change ConnectionChanged) {
	if waiting := d.queue.waiting(); len(waiting) > 0 {
		if _, ok := waiting[len(waiting)-1].event.(ConnectionChanged); ok {
			waiting[len(waiting)-1].event = change
			return
		}
	}
	d.queue.push(queued{event: change})
}
