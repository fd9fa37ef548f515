// SPDX-License-Identifier: Apache-2.0

package chat

import (
	"encoding/binary"
	"time"

	"github.com/google/uuid"
)

// stateReader decodes a state. It becomes bad when something is missing or invalid.
type stateReader struct {
	b   []byte
	bad bool
}

func (r *stateReader) state() State {
	version, format, unit := r.fixed(1), uint64(0), int64(1)
	if version == stateVersion {
		format = r.fixed(1)
	}
	if format&formatMillis != 0 {
		unit = int64(time.Millisecond)
	}
	if version != stateVersion && version != oldVersion || format > formatMillis|formatOwnUUID {
		r.bad = true
	}
	state := State{
		fence: r.varint(), top: r.varint(), since: r.varint(), chat: r.fixed(8), own: r.own(format),
		missing: map[uint64]int64{},
	}
	for range min(r.uvarint(), maxMissing) {
		key := r.fixed(8)
		state.missing[key] = state.top - r.varint()*unit
	}
	last := record{entry: entry{at: state.top}}
	if version == stateVersion && len(r.b) > 0 {
		last.at -= r.varint() * unit
	}
	for len(r.b) > 0 && !r.bad {
		if version == stateVersion {
			last = r.record(last.at, unit)
		} else {
			last = r.oldRecord(last.at)
		}
		if n := len(state.seen); n > 0 && state.seen[n-1].compare(last) >= 0 {
			r.bad = true
		}
		state.seen = append(state.seen, last)
	}
	return state
}

func (r *stateReader) own(format uint64) string {
	if format&formatOwnUUID == 0 {
		return r.text()
	}
	var id uuid.UUID
	binary.BigEndian.PutUint64(id[:8], r.fixed(8))
	binary.BigEndian.PutUint64(id[8:], r.fixed(8))
	return id.String()
}

// record reads a record; last is the time of the record before it.
func (r *stateReader) record(last, unit int64) record {
	out := record{key: r.fixed(8)}
	first := r.fixed(1)
	age := first >> ageShift & (1<<ageBits - 1)
	if first&flagMore != 0 {
		age |= r.uvarint() << ageBits
	}
	out.at = last - int64(age)*unit
	size := 4
	if first&flagSmall != 0 {
		size = 1
	}
	out.revision = uint32(r.fixed(size))
	out.setFlags(first)
	return out
}

// oldRecord reads a record of oldVersion.
func (r *stateReader) oldRecord(last int64) record {
	out := record{key: r.fixed(8)}
	out.at, out.revision = last-r.varint(), uint32(r.fixed(4))
	out.setFlags(r.fixed(1))
	return out
}

func (r *record) setFlags(flags uint64) {
	if r.final = flags&flagFinal != 0; flags&flagShown != 0 {
		r.shown = 1
	}
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

// advance skips n bytes, the result of a function of encoding/binary.
func (r *stateReader) advance(n int) {
	if n <= 0 {
		r.bad = true
		return
	}
	r.b = r.b[n:]
}
