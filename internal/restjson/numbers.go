// SPDX-License-Identifier: Apache-2.0

package restjson

import "strconv"

// int32IfAny is Int32 for a member that may hold any value: one that isn't a 32-bit integer leaves
// *target unchanged.
func (r *Reader) int32IfAny(target **int32) {
	switch kind := r.Kind(); {
	case kind == 'n':
		r.Int32(target)
	case kind == '-', '0' <= kind && kind <= '9':
		if n, err := strconv.ParseInt(string(r.number()), 10, 32); err == nil {
			v := int32(n)
			*target = &v
		}
	default:
		r.Skip()
	}
}

func (r *Reader) integer(bits int) (int64, bool) {
	if r.Null() {
		return 0, false
	}
	start := r.pos
	token := r.number()
	if r.err != nil {
		return 0, false
	}
	n, err := strconv.ParseInt(string(token), 10, bits)
	if err != nil {
		r.pos = start
		r.fail("expected an integer of " + strconv.Itoa(bits) + " bits")
		return 0, false
	}
	return n, true
}

func (r *Reader) number() []byte {
	if r.err != nil {
		return nil
	}
	r.peek()
	n := numberLength(r.data[r.pos:])
	if n == 0 {
		r.fail("expected a value")
		return nil
	}
	token := r.data[r.pos : r.pos+n]
	r.pos += n
	return token
}

// numberLength returns the length of the JSON number at the start of b, or 0.
func numberLength(b []byte) int {
	i := 0
	if i < len(b) && b[i] == '-' {
		i++
	}
	switch n := digits(b[i:]); {
	case n == 0:
		return 0
	case b[i] == '0':
		i++
	default:
		i += n
	}
	if i < len(b) && b[i] == '.' {
		n := digits(b[i+1:])
		if n == 0 {
			return 0
		}
		i += 1 + n
	}
	if i < len(b) && (b[i] == 'e' || b[i] == 'E') {
		n := exponentLength(b[i:])
		if n == 0 {
			return 0
		}
		i += n
	}
	return i
}

func exponentLength(b []byte) int {
	i := 1
	if i < len(b) && (b[i] == '+' || b[i] == '-') {
		i++
	}
	n := digits(b[i:])
	if n == 0 {
		return 0
	}
	return i + n
}

func digits(b []byte) int {
	n := 0
	for n < len(b) && '0' <= b[n] && b[n] <= '9' {
		n++
	}
	return n
}
