// SPDX-License-Identifier: Apache-2.0

package restjson

import (
	"bytes"
	"encoding/binary"
	"strconv"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/participant-go/connectparticipant/types"
)

// stringToken reads a string and returns its bytes, which are valid until the next token. As in
// encoding/json, invalid UTF-8 and unpaired surrogates become U+FFFD, and an unescaped control
// character is an error.
func (r *Reader) stringToken() []byte {
	if r.err != nil {
		return nil
	}
	if r.peek() != '"' {
		r.fail("expected a string")
		return nil
	}
	rest := r.data[r.pos+1:]
	if end := bytes.IndexByte(rest, '"'); end >= 0 && isPlain(rest[:end]) {
		r.pos += end + 2
		return rest[:end]
	}
	r.pos++
	return r.decodeString()
}

// isPlain reports whether b is ASCII without escapes and control characters, so that it needs no
// decoding.
func isPlain(b []byte) bool {
	const lows, highs = 0x0101010101010101, 0x8080808080808080
	for len(b) >= 8 {
		x := binary.LittleEndian.Uint64(b)
		backslash := x ^ ('\\' * lows)
		// The high bit of a byte is set if the byte is not ASCII, is below 0x20, or is a backslash.
		// A borrow can only cause a false positive.
		if (x|(x-0x20*lows)|(backslash-lows))&highs != 0 {
			return isPlainBytes(b)
		}
		b = b[8:]
	}
	return isPlainBytes(b)
}

func isPlainBytes(b []byte) bool {
	for _, c := range b {
		if c < ' ' || c == '\\' || c >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

// decodeString decodes the rest of a string after its opening quote.
func (r *Reader) decodeString() []byte {
	out := r.scratch[:0]
	for r.pos < len(r.data) {
		switch c := r.data[r.pos]; {
		case c == '"':
			r.pos++
			r.scratch = out
			return out
		case c == '\\':
			out = r.appendEscaped(out)
			if r.err != nil {
				return nil
			}
		case c < ' ':
			r.fail("control character in a string")
			return nil
		case c < utf8.RuneSelf:
			out = append(out, c)
			r.pos++
		default:
			char, size := utf8.DecodeRune(r.data[r.pos:])
			out = utf8.AppendRune(out, char)
			r.pos += size
		}
	}
	r.fail("unexpected end")
	return nil
}

var simpleEscapes = [256]byte{
	'"': '"', '\\': '\\', '/': '/', 'b': '\b', 'f': '\f', 'n': '\n', 'r': '\r', 't': '\t',
}

// appendEscaped decodes the escape at the current position.
func (r *Reader) appendEscaped(out []byte) []byte {
	r.pos++
	if r.pos >= len(r.data) {
		r.fail("unexpected end")
		return nil
	}
	c := r.data[r.pos]
	if c == 'u' {
		r.pos++
		return utf8.AppendRune(out, r.escapedRune())
	}
	plain := simpleEscapes[c]
	if plain == 0 {
		r.fail("unknown escape in a string")
		return nil
	}
	r.pos++
	return append(out, plain)
}

// escapedRune reads the digits of a \u escape, and of a second one if they form a surrogate pair.
func (r *Reader) escapedRune() rune {
	first, ok := hex4(r.data[r.pos:])
	if !ok {
		r.fail("bad \\u escape in a string")
		return 0
	}
	r.pos += 4
	if !utf16.IsSurrogate(first) {
		return first
	}
	if rest := r.data[r.pos:]; len(rest) >= 6 && rest[0] == '\\' && rest[1] == 'u' {
		if second, ok := hex4(rest[2:]); ok {
			if pair := utf16.DecodeRune(first, second); pair != utf8.RuneError {
				r.pos += 6
				return pair
			}
		}
	}
	return utf8.RuneError
}

func hex4(b []byte) (rune, bool) {
	if len(b) < 4 {
		return 0, false
	}
	n, err := strconv.ParseUint(string(b[:4]), 16, 16)
	return rune(n), err == nil
}

// enumValues holds values that responses repeat, so that reading one doesn't allocate.
var enumValues = func() map[string]string {
	values := map[string]string{"MESSAGEMETADATA": "MESSAGEMETADATA"}
	addValues(values, types.ArtifactStatus("").Values())
	addValues(values, types.ChatItemType("").Values())
	addValues(values, types.ParticipantRole("").Values())
	addValues(values, types.MessageProcessingStatus("").Values())
	addValues(values, types.MeetingFeatureStatus("").Values())
	return values
}()

func addValues[T ~string](values map[string]string, list []T) {
	for _, v := range list {
		values[string(v)] = string(v)
	}
}
