// SPDX-License-Identifier: Apache-2.0

package restjson

import (
	"fmt"
	"iter"
	"sync"
)

const (
	// maxDepth limits the nesting of a response, as encoding/json does. Each level uses stack; the
	// service's own responses nest six deep.
	maxDepth = 10_000
	// maxElements limits the list elements of a response that are kept: each may take 50 times its
	// bytes of JSON. A page of the service has 100 items.
	maxElements = 100_000
)

// SyntaxError reports that a response isn't the expected JSON. Its text contains no part of the
// response, which may be secret.
type SyntaxError struct {
	Offset  int    // in bytes, from the start of the document
	Message string // for example "expected a string"
	Member  string // the member being read, if any
}

// Error returns the message with the offset and the member.
func (e *SyntaxError) Error() string {
	if e.Member != "" {
		return fmt.Sprintf("invalid JSON at offset %d, member %s: %s", e.Offset, e.Member, e.Message)
	}
	return fmt.Sprintf("invalid JSON at offset %d: %s", e.Offset, e.Message)
}

// Reader reads one JSON document in one pass. A caller iterates over it with Members and Elements
// and reads the values that it knows; all others are checked and skipped. After the first error,
// everything reads as empty.
//
// Strings are collected and stored together, with one string copy and one slab of pointers per
// Store, so the strings of one Store share no memory with the rest of the document.
type Reader struct {
	data    []byte
	pos     int
	depth   int
	kept    int // list elements
	err     *SyntaxError
	scratch []byte // the last string token, if it was decoded
	text    []byte // the bytes of the strings not stored yet
	pending []pendingString
	odd     *OddItems // nil if odd items are errors

	skipping bool // inside a value that is not read
	unknown  bool // a member was skipped
	recorder *recorder
}

// pendingString is a string that was read but not stored yet; start is -1 for null.
type pendingString struct {
	target     **string
	start, end int
}

var readers = sync.Pool{New: func() any { return new(Reader) }}

// Decode reads the document data with read. A null or empty document reads as an empty object. data
// isn't kept.
func Decode(data []byte, read func(*Reader)) error {
	_, err := decode(data, nil, nil, read)
	return err
}

// decode also reports whether there was a member that read skips.
func decode(data []byte, odd *OddItems, rec *recorder, read func(*Reader)) (unknown bool, err error) {
	r := readers.Get().(*Reader)
	defer r.release()
	r.data, r.odd, r.recorder = data, odd, rec
	if r.peek() == 0 && r.pos == len(data) {
		return false, nil
	}
	if !r.Null() {
		read(r)
	}
	r.Store(0)
	if r.peek(); r.pos < len(r.data) {
		r.fail("unexpected data after the document")
	}
	if r.err == nil {
		return r.unknown, nil // a nil *SyntaxError in an error would not be nil
	}
	return false, r.err
}

// release empties the reader and returns it to the pool, unless a huge document has grown its
// buffers.
func (r *Reader) release() {
	clear(r.pending)
	if cap(r.text) > 1<<18 || cap(r.scratch) > 1<<18 || cap(r.pending) > 1<<14 {
		return
	}
	*r = Reader{scratch: r.scratch[:0], text: r.text[:0], pending: r.pending[:0]}
	readers.Put(r)
}

// Members iterates over an object. A member whose value the loop's body doesn't read is skipped.
// The name is valid until the next read.
func (r *Reader) Members() iter.Seq[[]byte] {
	return func(yield func(name []byte) bool) {
		if !r.open('{', "expected an object") {
			return
		}
		for first := true; r.next(&first, '}'); {
			r.peek()
			nameStart := r.pos
			name := r.stringToken()
			nameEnd := r.pos
			if r.expect(':'); r.err != nil {
				return
			}
			r.peek()
			start := r.pos
			r.recorder.enter(name)
			if !yield(name) {
				return
			}
			if r.err != nil {
				r.addMember(nameStart, nameEnd)
				return
			}
			if r.pos == start {
				r.skipMember()
			}
			r.recorder.leave()
		}
	}
}

// Elements iterates over a list. An element that the loop's body doesn't read is skipped.
func (r *Reader) Elements() iter.Seq[int] {
	return func(yield func(int) bool) {
		if !r.open('[', "expected a list") {
			return
		}
		i := 0
		for first := true; r.next(&first, ']'); i++ {
			r.peek()
			start := r.pos
			r.recorder.enterElement(i)
			if !yield(i) {
				return
			}
			if r.err == nil && r.pos == start {
				r.Skip()
			}
			r.recorder.leave()
		}
	}
}

// Null reads a null, and reports whether there was one.
func (r *Reader) Null() bool {
	if r.peek() != 'n' {
		return false
	}
	r.literal("null")
	return true
}

// String reads a string into *target at the next Store; null makes it nil.
func (r *Reader) String(target **string) {
	if r.Null() {
		r.pending = append(r.pending, pendingString{target: target, start: -1})
		return
	}
	token := r.stringToken()
	start := len(r.text)
	r.text = append(r.text, token...)
	r.pending = append(r.pending, pendingString{target: target, start: start, end: len(r.text)})
}

// Text reads a string immediately; null is "". Values of the service's enumerations don't allocate.
func (r *Reader) Text() string {
	if r.Null() {
		return ""
	}
	token := r.stringToken()
	if known, ok := enumValues[string(token)]; ok {
		return known
	}
	return string(token)
}

// Bytes reads a string into a new slice; null is nil.
func (r *Reader) Bytes() []byte {
	if r.Null() {
		return nil
	}
	return append([]byte{}, r.stringToken()...)
}

// Bool reads true or false into *target; null makes it nil.
func (r *Reader) Bool(target **bool) {
	*target = nil
	v := r.peek() == 't'
	switch {
	case r.Null():
		return
	case v:
		r.literal("true")
	default:
		r.literal("false")
	}
	*target = &v
}

// Int32 reads an integer into *target; null makes it nil.
func (r *Reader) Int32(target **int32) {
	*target = nil
	if n, ok := r.integer(32); ok {
		v := int32(n)
		*target = &v
	}
}

// Int64 reads an integer into *target; null makes it nil.
func (r *Reader) Int64(target **int64) {
	*target = nil
	if n, ok := r.integer(64); ok {
		*target = &n
	}
}

// Mark returns the position from which a later Store stores.
func (r *Reader) Mark() int { return len(r.pending) }

// Store stores the strings read since mark.
func (r *Reader) Store(mark int) {
	pending := r.pending[mark:]
	if len(pending) == 0 {
		return
	}
	first := r.firstStart(pending)
	text := string(r.text[first:])
	slab := make([]string, len(pending))
	for i, p := range pending {
		if p.start < 0 {
			*p.target = nil
			continue
		}
		slab[i] = text[p.start-first : p.end-first]
		*p.target = &slab[i]
	}
	clear(pending)
	r.pending, r.text = r.pending[:mark], r.text[:first]
}

// Skip reads a value of any kind and checks that it is valid.
func (r *Reader) Skip() {
	outer := r.skipping
	r.skipping = true
	switch r.peek() {
	case '{':
		for range r.Members() { // an empty body skips each member
		}
	case '[':
		for range r.Elements() { // an empty body skips each element
		}
	case '"':
		r.stringToken()
	case 't':
		r.literal("true")
	case 'f':
		r.literal("false")
	case 'n':
		r.literal("null")
	default:
		r.number()
	}
	r.skipping = outer
}

// keep counts a list element that the caller will keep.
func (r *Reader) keep() {
	if r.kept++; r.kept > maxElements {
		r.fail("too many list elements")
	}
}

// Kind returns the first byte of the next value: one of {["tfn-, a digit, or 0 at
// the end of the document.
func (r *Reader) Kind() byte { return r.peek() }

// firstStart returns where the text of the pending strings starts, even if all of them are null.
func (r *Reader) firstStart(pending []pendingString) int {
	for _, p := range pending {
		if p.start >= 0 {
			return p.start
		}
	}
	return len(r.text)
}

// peek skips white space and returns the following byte, 0 at the end.
func (r *Reader) peek() byte {
	for r.pos < len(r.data) {
		switch c := r.data[r.pos]; c {
		case ' ', '\t', '\n', '\r':
			r.pos++
		default:
			return c
		}
	}
	return 0
}

func (r *Reader) open(bracket byte, message string) bool {
	if r.err != nil {
		return false
	}
	if r.peek() != bracket {
		r.fail(message)
		return false
	}
	if r.depth++; r.depth > maxDepth {
		r.fail("nested too deep")
		return false
	}
	r.pos++
	return true
}

// next advances to the next member or element. It returns false at the end of the object or list,
// and after an error.
func (r *Reader) next(first *bool, bracket byte) bool {
	if r.err != nil {
		return false
	}
	if r.peek() == bracket {
		r.pos++
		r.depth--
		return false
	}
	if !*first {
		r.expect(',')
	}
	*first = false
	return r.err == nil
}

func (r *Reader) expect(c byte) {
	if r.err != nil {
		return
	}
	if r.peek() != c {
		r.fail("expected '" + string(rune(c)) + "'")
		return
	}
	r.pos++
}

func (r *Reader) literal(word string) {
	if r.err != nil {
		return
	}
	if end := r.pos + len(word); end > len(r.data) || string(r.data[r.pos:end]) != word {
		r.fail("expected " + word)
		return
	}
	r.pos += len(word)
}

// addMember adds the name of the member whose value could not be read to the error. The name is no
// secret, because only members that the service defines are read.
func (r *Reader) addMember(nameStart, nameEnd int) {
	if r.err.Member == "" {
		r.err.Member = string(r.data[nameStart+1 : nameEnd-1])
	}
}

func (r *Reader) fail(message string) {
	if r.err != nil {
		return
	}
	if r.pos >= len(r.data) {
		message = "unexpected end"
	}
	r.err = &SyntaxError{Offset: r.pos, Message: message}
}
