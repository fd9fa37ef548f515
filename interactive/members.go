// SPDX-License-Identifier: Apache-2.0

package interactive

import "fmt"

// visitor visits the members of an object, with one call for each. A type describes its JSON in its
// method visit, which reading, writing and checking share.
type visitor interface {
	// member visits a string, a number …
	member(name string, v value, l limit)
	// constant visits a string with a fixed value.
	constant(name, s string)
	// object visits the members of an object without a Go type.
	object(name string, l limit, visit func(visitor))
	// part visits an object with a Go type.
	part(name string, p pointer, l limit)
	// list visits an array of objects.
	list(name string, p parts, l limit)
	// raw returns a member as it was parsed, or "" if it wasn't parsed.
	raw(name string) string
	// rule reports a violation of a rule other than the limits, unless kept.
	rule(name string, kept bool, what string)
}

// node is an object with a Go type.
type node interface {
	visit(v visitor)
	origin() *source
}

// source is the JSON that an object was parsed from, or empty. It keeps the members that the Go
// type doesn't have.
type source struct{ raw string }

func (s *source) origin() *source { return s }

// pointer is a node that may be absent.
type pointer interface {
	node() node // nil if absent
	make() node
}

// parts are the elements of an array.
type parts interface {
	len() int
	read(elements []string)
	node(i int) node // nil if absent
}

type nodeOf[T any] interface {
	*T
	node
}

type pointerTo[T any, N nodeOf[T]] struct{ p **T }

func (p pointerTo[T, N]) node() node {
	if *p.p == nil {
		return nil
	}
	return N(*p.p)
}

func (p pointerTo[T, N]) make() node {
	*p.p = new(T)
	return N(*p.p)
}

type sliceOf[T any, N nodeOf[T]] struct{ p *[]T }

func (s sliceOf[T, N]) len() int        { return len(*s.p) }
func (s sliceOf[T, N]) node(i int) node { return N(&(*s.p)[i]) }

func (s sliceOf[T, N]) read(elements []string) {
	*s.p = make([]T, len(elements))
	for i, raw := range elements {
		readNode(s.node(i), raw)
	}
}

func one[T any, N nodeOf[T]](v visitor, name string, p **T, l limit) {
	v.part(name, pointerTo[T, N]{p}, l)
}

func many[T any, N nodeOf[T]](v visitor, name string, p *[]T, l limit) {
	v.list(name, sliceOf[T, N]{p}, l)
}

// limit is the length of a member in characters or elements, or the range of a number.
type limit struct {
	required bool
	min, max float64
	oneOf    []string
}

var (
	free     limit // no limit
	notEmpty = limit{min: 1}
)

func between(least, most float64) limit { return limit{min: least, max: most} }
func atMost(most float64) limit         { return limit{max: most} }
func oneOf(values ...string) limit      { return limit{oneOf: values} }

func (l limit) must() limit {
	l.required = true
	return l
}

// includes reports whether n is in the range. A maximum of 0 means no maximum.
func (l limit) includes(n float64) bool {
	return n >= l.min && (n <= l.max || l.max == 0) || l.min == 0 && l.max == 0
}

func (l limit) String() string {
	if l.max == 0 {
		return fmt.Sprintf("at least %v", l.min)
	}
	return fmt.Sprintf("%v to %v", l.min, l.max)
}

// reader sets the fields of an object from its members.
type reader struct{ members map[string]string }

func readNode(n node, raw string) {
	n.origin().raw = raw
	if members, ok := object(raw); ok {
		n.visit(reader{members})
	}
}

func (r reader) member(name string, v value, _ limit) { v.read(r.members[name]) }
func (r reader) constant(string, string)              {}
func (r reader) raw(string) string                    { return "" } // nothing was parsed before
func (r reader) rule(string, bool, string)            {}

func (r reader) object(name string, _ limit, visit func(visitor)) {
	if members, ok := object(r.members[name]); ok {
		visit(reader{members})
	}
}

func (r reader) part(name string, p pointer, _ limit) {
	if raw := r.members[name]; isObject(raw) {
		readNode(p.make(), raw)
	}
}

func (r reader) list(name string, p parts, _ limit) {
	if elements, ok := array(r.members[name]); ok {
		p.read(elements)
	}
}

func isObject(raw string) bool { return raw != "" && raw[0] == '{' }
