package chat

import (
	"cmp"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"maps"
	"slices"
)

const (
	stateVersion = 1
	maxState     = 12_000 // bytes before base64, which makes them 16,000
	entrySize    = 8 + binary.MaxVarintLen64 + 4 + 1
)

// State is how far the caller of a session has got: what [Resume] goes on from. It holds
// no tokens and no contents, at most 16 kB as text, and the zero value means nothing yet.
//
// Save it with MarshalText, which encoding/json uses too.
type State struct {
	fence, top, since int64
	own               string
	seen              map[uint64]entry
}

// State returns how far the events go that Next and Events have returned.
//
// What was handled after the last save comes again after a crash, and nothing is skipped:
// handle an event, then save. To handle each exactly once, save the State in the
// transaction of its effect, or make the effect idempotent: by type and Meta.ID, where an
// Updated replaces what has its ID, and receipts only rise.
func (s *Session) State() State {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.d.state()
}

func (d *delivery) state() State {
	seen := maps.Clone(d.seen)
	fence := d.fence
	notReturned := func(at int64) {
		if at != 0 {
			fence = min(fence, at)
		}
	}
	waiting := d.queue.waiting()
	for i := len(waiting) - 1; i >= 0; i-- {
		q := &waiting[i]
		if q.key != 0 && q.known {
			seen[q.key] = q.prior
		} else {
			delete(seen, q.key)
		}
		notReturned(q.at)
	}
	for _, h := range d.pending {
		notReturned(h.at)
	}
	oldest := horizon(fence, d.opts.Overlap)
	maps.DeleteFunc(seen, func(_ uint64, e entry) bool { return e.at < oldest })
	return State{fence: fence, top: d.returnedTop, since: d.since, own: d.own, seen: seen}
}

// restore makes the delivery go on from a state.
func (d *delivery) restore(state State) {
	d.fence, d.top, d.returnedTop, d.since = state.fence, state.top, state.top, state.since
	if d.own == "" {
		d.own = state.own
	}
	if state.seen != nil {
		d.seen = maps.Clone(state.seen)
	}
}

// MarshalText writes the state in the letters of base64url.
func (state State) MarshalText() ([]byte, error) {
	b := []byte{stateVersion}
	b = binary.AppendVarint(b, state.fence)
	b = binary.AppendVarint(b, state.top)
	b = binary.AppendVarint(b, state.since)
	b = binary.AppendUvarint(b, uint64(len(state.own)))
	b = append(b, state.own...)
	last := state.top
	for _, key := range state.newestFirst() {
		if len(b) > maxState-entrySize {
			break // what is left out comes again: a repeat beats a loss
		}
		e := state.seen[key]
		b = binary.BigEndian.AppendUint64(b, key)
		b = binary.AppendVarint(b, last-e.at)
		b = binary.BigEndian.AppendUint32(b, e.revision)
		b = append(b, e.flags())
		last = e.at
	}
	return base64.RawURLEncoding.AppendEncode(nil, b), nil
}

func (state State) newestFirst() []uint64 {
	return slices.SortedFunc(maps.Keys(state.seen), func(a, b uint64) int {
		return cmp.Or(cmp.Compare(state.seen[b].at, state.seen[a].at), cmp.Compare(a, b))
	})
}

const (
	flagFinal = 1 << iota
	flagPaged
)

func (e entry) flags() (f byte) {
	if e.final {
		f |= flagFinal
	}
	if e.paged {
		f |= flagPaged
	}
	return f
}

var errState = errors.New("not a state of a chat session, or one of a newer version")

// UnmarshalText reads what MarshalText has written. An empty text is the zero State.
func (state *State) UnmarshalText(text []byte) error {
	*state = State{}
	if len(text) == 0 {
		return nil
	}
	b, err := base64.RawURLEncoding.AppendDecode(nil, text)
	if err != nil || len(b) == 0 || b[0] != stateVersion {
		return errState
	}
	r := stateReader{b: b[1:]}
	read := State{fence: r.varint(), top: r.varint(), since: r.varint(), own: r.text(), seen: map[uint64]entry{}}
	last := read.top
	for len(r.b) > 0 && !r.bad {
		key := r.fixed(8)
		last -= r.varint()
		revision, flags := r.fixed(4), r.fixed(1)
		read.seen[key] = entry{at: last, revision: uint32(revision), final: flags&flagFinal != 0, paged: flags&flagPaged != 0}
	}
	if r.bad {
		return errState
	}
	*state = read
	return nil
}

// stateReader reads numbers; the first that isn't there makes it bad.
type stateReader struct {
	b   []byte
	bad bool
}

func (r *stateReader) varint() int64 {
	v, n := binary.Varint(r.b)
	if n <= 0 {
		r.bad = true
		return 0
	}
	r.b = r.b[n:]
	return v
}

func (r *stateReader) text() string {
	n, read := binary.Uvarint(r.b)
	if read <= 0 || n > uint64(len(r.b)-read) {
		r.bad = true
		return ""
	}
	s := string(r.b[read : read+int(n)])
	r.b = r.b[read+int(n):]
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
