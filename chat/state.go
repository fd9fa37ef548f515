// SPDX-License-Identifier: Apache-2.0

package chat

import (
	"cmp"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"maps"
	"slices"
)

const (
	stateVersion = 2
	maxState     = 12_000 // bytes before base64, which makes them 16,000
	checksumSize = 4
	entrySize    = 8 + binary.MaxVarintLen64 + 4 + 1
	// maxMissing is how many events that wait for the caller, and are older than what the next
	// pass reads, a State lists one by one.
	maxMissing = 128
)

// ErrState is the error of a State that can't be used: its text is damaged or of another
// version, or it is the State of another chat.
var ErrState = errors.New("not a usable state of this chat session")

// State is how far the caller of a session has got: what [Resume] continues from. It holds
// neither tokens nor message contents: times, the participant's own ID, and hashes of the IDs
// of items and of the chat. As text it has at most 16 kB. The zero value is a session that has
// not begun.
//
// Save it with MarshalText, which encoding/json uses too.
type State struct {
	fence, top, since int64
	chat              uint64
	own               string
	seen              map[uint64]entry
	missing           map[uint64]int64 // older events that have not been returned
}

// State returns how far the events reach that Next and Events have returned.
//
// Handle an event, then save the State: after a crash, what was handled after the last save is
// delivered again, and nothing is skipped. To handle each event exactly once, save the State in
// the transaction of its effect, or make the effect idempotent, by type and Meta.ID: an Updated
// replaces what has its ID, and receipts only rise. If more than about 600 items came within
// Options.Overlap, some of them may be delivered again too.
func (s *Session) State() (state State) {
	s.view(func(c *core) { state = c.inbox.state() })
	return state
}

func (state *State) isZero() bool {
	return state.since == 0 && state.fence == 0 && len(state.seen) == 0 && len(state.missing) == 0
}

func (d *delivery) state() State {
	l := &d.ledger
	state := State{fence: l.fence, top: d.returned, since: l.since, chat: l.chat, own: d.self.id}
	state.seen, state.missing = maps.Clone(l.seen), maps.Clone(l.missing)
	if state.missing == nil {
		state.missing = map[uint64]int64{}
	}
	oldest := horizon(l.fence, d.opts.Overlap)
	d.takeBack(&state, oldest)
	if len(state.missing) > maxMissing {
		for _, at := range state.missing {
			state.fence = min(state.fence, at+int64(d.opts.Overlap))
		}
		state.missing, oldest = nil, horizon(state.fence, d.opts.Overlap)
	}
	maps.DeleteFunc(state.seen, func(key uint64, e entry) bool {
		_, missing := state.missing[key]
		return e.at < oldest && !missing && !l.isShown(e)
	})
	return state
}

// takeBack makes the events that wait for the caller unknown again, and lists those that a pass
// from oldest on would not show.
func (d *delivery) takeBack(state *State, oldest int64) {
	waiting := d.queue.waiting()
	for i := len(waiting) - 1; i >= 0; i-- {
		q := &waiting[i]
		if q.known {
			state.seen[q.key] = q.prior
		} else {
			delete(state.seen, q.key)
		}
		if q.at != 0 && q.at < oldest && !q.receipt {
			state.missing[q.key] = q.at
		}
	}
	for _, h := range d.hold.items {
		if h.at != 0 && h.at < oldest {
			state.missing[h.key] = h.at
		}
	}
}

// MarshalText returns the state as base64url, with a checksum.
func (state State) MarshalText() ([]byte, error) {
	b := []byte{stateVersion}
	b = binary.AppendVarint(b, state.fence)
	b = binary.AppendVarint(b, state.top)
	b = binary.AppendVarint(b, state.since)
	b = binary.BigEndian.AppendUint64(b, state.chat)
	b = binary.AppendUvarint(b, uint64(len(state.own)))
	b = append(b, state.own...)
	b = binary.AppendUvarint(b, uint64(len(state.missing)))
	for _, key := range slices.Sorted(maps.Keys(state.missing)) {
		b = binary.BigEndian.AppendUint64(b, key)
		b = binary.AppendVarint(b, state.top-state.missing[key])
	}
	last := state.top
	for _, key := range state.newestFirst() {
		if len(b) > maxState-entrySize-checksumSize {
			break // what is left out is delivered again: a repeat beats a loss
		}
		e := state.seen[key]
		b = binary.BigEndian.AppendUint64(b, key)
		b = binary.AppendVarint(b, last-e.at)
		b = binary.BigEndian.AppendUint32(b, e.revision)
		b = append(b, e.flags())
		last = e.at
	}
	b = binary.BigEndian.AppendUint32(b, crc32.ChecksumIEEE(b))
	return base64.RawURLEncoding.AppendEncode(nil, b), nil
}

func (state State) newestFirst() []uint64 {
	return slices.SortedFunc(maps.Keys(state.seen), func(a, b uint64) int {
		return cmp.Or(cmp.Compare(state.seen[b].at, state.seen[a].at), cmp.Compare(a, b))
	})
}

const (
	flagFinal = 1 << iota
	flagShown
)

func (e entry) flags() (f byte) {
	if e.final {
		f |= flagFinal
	}
	if e.shown != 0 {
		f |= flagShown
	}
	return f
}

// UnmarshalText reads what MarshalText has written; anything else is ErrState. An empty text is
// the zero State.
func (state *State) UnmarshalText(text []byte) error {
	*state = State{}
	if len(text) == 0 {
		return nil
	}
	b, err := base64.RawURLEncoding.Strict().AppendDecode(nil, text)
	if err != nil || len(b) <= checksumSize || b[0] != stateVersion {
		return ErrState
	}
	b, sum := b[:len(b)-checksumSize], binary.BigEndian.Uint32(b[len(b)-checksumSize:])
	if crc32.ChecksumIEEE(b) != sum {
		return ErrState
	}
	r := stateReader{b: b[1:]}
	read := r.state()
	if r.bad {
		return ErrState
	}
	*state = read
	return nil
}

// stateReader reads what a state consists of; the first thing that isn't there makes it bad.
type stateReader struct {
	b   []byte
	bad bool
}

func (r *stateReader) state() State {
	state := State{
		fence: r.varint(), top: r.varint(), since: r.varint(), chat: r.fixed(8), own: r.text(),
		seen: map[uint64]entry{}, missing: map[uint64]int64{},
	}
	for range min(r.uvarint(), maxMissing) {
		key := r.fixed(8)
		state.missing[key] = state.top - r.varint()
	}
	last := state.top
	for len(r.b) > 0 && !r.bad {
		key := r.fixed(8)
		last -= r.varint()
		e := entry{at: last, revision: uint32(r.fixed(4))}
		flags := r.fixed(1)
		if e.final = flags&flagFinal != 0; flags&flagShown != 0 {
			e.shown = 1
		}
		state.seen[key] = e
	}
	return state
}

func (r *stateReader) varint() int64 {
	v, n := binary.Varint(r.b)
	r.advance(n)
	return v
}

func (r *stateReader) uvarint() uint64 {
	v, n := binary.Uvarint(r.b)
	r.advance(n)
	return v
}

func (r *stateReader) text() string {
	n := r.uvarint()
	if n > uint64(len(r.b)) {
		r.bad = true
		return ""
	}
	s := string(r.b[:n])
	r.b = r.b[n:]
	return s
}

func (r *stateReader) fixed(n int) (v uint64) {
	if len(r.b) < n {
		r.bad = true
		return 0
	}
	for _, c := range r.b[:n] {
		v = v<<8 | uint64(c)
	}
	r.b = r.b[n:]
	return v
}

// advance skips what a function of encoding/binary has read; n is as it returned it.
func (r *stateReader) advance(n int) {
	if n <= 0 {
		r.bad = true
		return
	}
	r.b = r.b[n:]
}
