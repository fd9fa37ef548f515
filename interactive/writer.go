// SPDX-License-Identifier: Apache-2.0

package interactive

import (
	"maps"
	"slices"
	"strings"
)

// writer writes an object. It writes unchanged members as they were parsed.
type writer struct {
	parsed  bool
	members map[string]string // as parsed; written members are removed
	out     *[]string
}

func writeNode(n node) string {
	if n == nil {
		return "null"
	}
	raw := n.origin().raw
	return write(raw, raw != "", n.visit)
}

// write returns the object that visit describes, with the members of raw that visit doesn't. It
// returns raw, which may be empty, if nothing is set and raw isn't an object. parsed reports
// whether the members that raw lacks were omitted by its sender.
func write(raw string, parsed bool, visit func(visitor)) string {
	members, isObject := object(raw)
	w := writer{parsed: parsed, members: members, out: new([]string)}
	visit(w)
	if len(*w.out) == 0 && !isObject {
		return raw
	}
	for _, name := range slices.Sorted(maps.Keys(members)) {
		w.add(name, members[name])
	}
	return "{" + strings.Join(*w.out, ",") + "}"
}

func (w writer) rule(string, bool, string) {}
func (w writer) raw(name string) string    { return w.members[name] }

func (w writer) add(name, json string) {
	if json != "" {
		*w.out = append(*w.out, quote(name)+":"+json)
	}
}

// take removes a member and returns it as it was parsed.
func (w writer) take(name string) string {
	raw := w.members[name]
	delete(w.members, name)
	return raw
}

func (w writer) member(name string, v value, l limit) {
	raw := w.take(name)
	switch {
	case w.parsed && v.reads(raw):
		w.add(name, raw)
	case v.json() == "" && l.required:
		w.add(name, v.zero())
	default:
		w.add(name, v.json())
	}
}

func (w writer) constant(name, s string) {
	raw := w.take(name)
	if !w.parsed {
		raw = quote(s)
	}
	w.add(name, raw)
}

func (w writer) object(name string, _ limit, visit func(visitor)) {
	w.add(name, write(w.take(name), w.parsed, visit))
}

func (w writer) part(name string, p pointer, _ limit) {
	raw := w.take(name)
	switch n := p.node(); {
	case n != nil:
		w.add(name, writeNode(n))
	case !isObject(raw):
		w.add(name, raw)
	}
}

func (w writer) list(name string, p parts, l limit) {
	raw := w.take(name)
	if p.len() == 0 {
		elements, _ := array(raw)
		switch removed := len(elements) > 0; {
		case l.required && (removed || !w.parsed):
			w.add(name, "[]")
		case !removed:
			w.add(name, raw)
		}
		return
	}
	elements := make([]string, p.len())
	for i := range elements {
		elements[i] = writeNode(p.node(i))
	}
	w.add(name, "["+strings.Join(elements, ",")+"]")
}
