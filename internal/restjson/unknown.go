// SPDX-License-Identifier: Apache-2.0

package restjson

import (
	"bytes"
	"encoding/json"
	"strconv"
	"strings"
)

// maxUnknown limits the size of responses that are kept for their unknown members.
const maxUnknown = 1 << 20

// skipMember skips a member that the caller of Members doesn't read, and records it unless it is
// inside another skipped member.
func (r *Reader) skipMember() {
	known, start := r.skipping, r.pos
	if r.Skip(); known || r.err != nil {
		return
	}
	r.unknown = true
	if r.recorder != nil {
		r.recorder.members[strings.Join(r.recorder.path, "")] = bytes.Clone(r.data[start:r.pos])
	}
}

// recorder collects the unknown members of a document. A nil recorder does nothing.
type recorder struct {
	path    []string // of the current value
	members map[string]json.RawMessage
}

func (rec *recorder) enter(name []byte) {
	switch {
	case rec == nil:
	case len(rec.path) == 0:
		rec.path = append(rec.path, string(name))
	default:
		rec.path = append(rec.path, "."+string(name))
	}
}

func (rec *recorder) enterElement(i int) {
	if rec != nil {
		rec.path = append(rec.path, "["+strconv.Itoa(i)+"]")
	}
}

func (rec *recorder) leave() {
	if rec != nil {
		rec.path = rec.path[:len(rec.path)-1]
	}
}

// UnknownMembers returns the members of a document that read skips, by their paths, such as
// Websocket.Region or Transcript[0].Language.
func UnknownMembers(data []byte, read func(*Reader)) map[string]json.RawMessage {
	rec := &recorder{members: map[string]json.RawMessage{}}
	_, _ = decode(data, new(OddItems), rec, read)
	return rec.members
}
