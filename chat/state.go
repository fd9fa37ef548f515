// SPDX-License-Identifier: Apache-2.0

package chat

import (
	"cmp"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"maps"
	"math"
	"slices"
	"time"

	"github.com/google/uuid"
)

const (
	stateVersion  = 3
	oldVersion    = 2      // read, but not written
	maxState      = 12_000 // bytes before base64, which makes them 16,000
	checksumSize  = 4
	maxRecordSize = 8 + 1 + binary.MaxVarintLen64 + 4
	// maxMissing is how many waiting events, older than the start of the next pass, a State lists
	// one by one.
	maxMissing = 128
)

// ErrState means that a State can't be used: it is damaged, belongs to another chat, or was written
// by an incompatible version.
var ErrState = errors.New("not a usable state of this chat session")

// State is the caller's position in a chat, from which [Resume] continues. It contains neither
// tokens nor message contents, only times, the participant's own ID, and hashes of the IDs of the
// items and of the chat. As text it has at most 16 kB. With the zero value, Resume is the same as
// Start.
//
// Save it with MarshalBinary, or as text with MarshalText, which encoding/json uses too. It may be
// copied: only the Unmarshal methods change it.
type State struct {
	fence, top, since int64
	chat              uint64
	own               string
	seen              []record
	missing           map[uint64]int64 // older events that have not been returned
}

// record is an entry with its key.
type record struct {
	key uint64
	entry
}

// compare sorts the newest first.
func (r record) compare(s record) int {
	return cmp.Or(cmp.Compare(s.at, r.at), cmp.Compare(r.key, s.key))
}

// State returns the position after the last event that Next and Events have returned.
//
// Handle an event, then save the State: after a crash, events handled after the last save are
// delivered again, and none is skipped. To handle each event exactly once, save the State in
// the transaction of its effect, or make the effect idempotent by type and Meta.ID: an Updated
// replaces the message with its ID, and a receipt never goes from read back to delivered. If more
// than about 800 items arrived within Options.Overlap, some of them may be delivered again too.
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
	oldest := horizon(l.fence, d.opts.Overlap)
	state.missing = d.missing(oldest)
	if len(state.missing) > maxMissing {
		for _, at := range state.missing {
			state.fence = min(state.fence, at+int64(d.opts.Overlap))
		}
		state.missing, oldest = nil, horizon(state.fence, d.opts.Overlap)
	}
	add := func(key uint64, e entry) {
		keep := e.at >= oldest || l.isShown(e)
		if !keep {
			_, keep = state.missing[key]
		}
		if keep {
			state.seen = append(state.seen, record{key, e})
		}
	}
	waiting := d.firstWaiting()
	for key, e := range l.seen {
		if _, waits := waiting[key]; !waits {
			add(key, e)
		}
	}
	for key, q := range waiting {
		if q.known {
			add(key, q.prior)
		}
	}
	return state
}

// firstWaiting returns the first queued event of each item. The ledger entry from before that event
// is what the caller knows.
func (d *delivery) firstWaiting() map[uint64]*queued {
	waiting := d.queue.waiting()
	if len(waiting) == 0 {
		return nil
	}
	first := make(map[uint64]*queued, len(waiting))
	for i := len(waiting) - 1; i >= 0; i-- {
		first[waiting[i].key] = &waiting[i]
	}
	return first
}

// missing lists the events that wait for the caller and that a pass starting at oldest would not
// find.
func (d *delivery) missing(oldest int64) map[uint64]int64 {
	missing := maps.Clone(d.ledger.missing)
	add := func(key uint64, at int64) {
		if at == 0 || at >= oldest {
			return
		}
		if missing == nil {
			missing = map[uint64]int64{}
		}
		missing[key] = at
	}
	for _, q := range slices.Backward(d.queue.waiting()) {
		if !q.receipt {
			add(q.key, q.at)
		}
	}
	for _, h := range d.hold.items {
		add(h.key, h.at)
	}
	return missing
}

// MarshalBinary encodes the state, with a checksum, in at most 12 kB; 1 kB for a chat with a message
// every 2 s. The error is always nil.
func (state State) MarshalBinary() ([]byte, error) { return state.AppendBinary(nil) }

// AppendBinary is MarshalBinary that appends to b.
func (state State) AppendBinary(b []byte) ([]byte, error) {
	begin := len(b)
	format, unit := state.format()
	b = slices.Grow(b, min(maxState, 128+len(state.own)+16*len(state.missing)+16*len(state.seen)))
	b = append(b, stateVersion, format)
	b = binary.AppendVarint(b, state.fence)
	b = binary.AppendVarint(b, state.top)
	b = binary.AppendVarint(b, state.since)
	b = binary.BigEndian.AppendUint64(b, state.chat)
	b = state.appendOwn(b, format)
	b = binary.AppendUvarint(b, uint64(len(state.missing)))
	for _, key := range slices.Sorted(maps.Keys(state.missing)) {
		b = binary.BigEndian.AppendUint64(b, key)
		b = binary.AppendVarint(b, (state.top-state.missing[key])/unit)
	}
	last := state.top
	seen := slices.Clone(state.seen)
	slices.SortFunc(seen, record.compare)
	for i, r := range seen {
		if i == 0 {
			b = binary.AppendVarint(b, (state.top-r.at)/unit)
			last = r.at
		}
		if len(b)-begin > maxState-maxRecordSize-checksumSize {
			break // the rest is delivered again, which is better than a loss
		}
		b = r.append(b, uint64(last-r.at)/uint64(unit))
		last = r.at
	}
	return binary.BigEndian.AppendUint32(b, crc32.ChecksumIEEE(b[begin:])), nil
}

// The bits of a state's format.
const (
	formatMillis  = 1 << iota // the times of items are in ms, not in ns
	formatOwnUUID             // the own ID is a UUID in its usual form
)

func (state State) format() (format byte, unit int64) {
	if id, err := uuid.Parse(state.own); err == nil && id.String() == state.own {
		format |= formatOwnUUID
	}
	millis := isMillis(state.top)
	for _, at := range state.missing {
		millis = millis && isMillis(at)
	}
	for _, r := range state.seen {
		millis = millis && isMillis(r.at)
	}
	if millis {
		return format | formatMillis, int64(time.Millisecond)
	}
	return format, 1
}

// isMillis reports whether a time is in whole milliseconds, as the service writes them, and not
// negative, so that differences between such times don't overflow.
func isMillis(at int64) bool { return at >= 0 && at%int64(time.Millisecond) == 0 }

func (state State) appendOwn(b []byte, format byte) []byte {
	if format&formatOwnUUID != 0 {
		id := uuid.MustParse(state.own)
		return append(b, id[:]...)
	}
	b = binary.AppendUvarint(b, uint64(len(state.own)))
	return append(b, state.own...)
}

// The byte after the key of a record consists of flags and of the low bits of the record's age
// relative to the record before it. flagMore means that the other bits of the age follow.
const (
	flagFinal = 1 << iota
	flagShown
	flagSmall // the revision has one byte, as for events and receipts
	flagMore  = 1 << 7

	ageShift, ageBits = 3, 4
)

func (r record) append(b []byte, age uint64) []byte {
	first := byte(age&(1<<ageBits-1)) << ageShift
	if r.final {
		first |= flagFinal
	}
	if r.shown != 0 {
		first |= flagShown
	}
	if r.revision <= math.MaxUint8 {
		first |= flagSmall
	}
	b = binary.BigEndian.AppendUint64(b, r.key)
	if age >>= ageBits; age > 0 {
		b = binary.AppendUvarint(append(b, first|flagMore), age)
	} else {
		b = append(b, first)
	}
	if first&flagSmall != 0 {
		return append(b, byte(r.revision))
	}
	return binary.BigEndian.AppendUint32(b, r.revision)
}

// MarshalText is MarshalBinary in base64url.
func (state State) MarshalText() ([]byte, error) {
	b, err := state.AppendBinary(nil)
	return base64.RawURLEncoding.AppendEncode(nil, b), err
}

// UnmarshalText decodes the output of MarshalText; the error for any other text is ErrState. An
// empty text is the zero State.
func (state *State) UnmarshalText(text []byte) error {
	b, err := base64.RawURLEncoding.Strict().AppendDecode(nil, text)
	if err != nil || len(b) == 0 && len(text) > 0 { // the decoder skips line ends
		*state = State{}
		return ErrState
	}
	return state.UnmarshalBinary(b)
}

// UnmarshalBinary decodes the output of MarshalBinary; the error for any other input is ErrState. An
// empty input is the zero State.
func (state *State) UnmarshalBinary(b []byte) error {
	*state = State{}
	if len(b) == 0 {
		return nil
	}
	if len(b) <= checksumSize {
		return ErrState
	}
	b, sum := b[:len(b)-checksumSize], binary.BigEndian.Uint32(b[len(b)-checksumSize:])
	if crc32.ChecksumIEEE(b) != sum {
		return ErrState
	}
	r := stateReader{b: b}
	read := r.state()
	if r.bad {
		return ErrState
	}
	*state = read
	return nil
}
