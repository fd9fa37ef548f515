// SPDX-License-Identifier: Apache-2.0

package interactive

import (
	"fmt"
	"strings"
)

// maxSize is the limit of flows, in bytes of JSON (Administrator Guide, "Add interactive messages
// to chat": less than 20 KB).
const maxSize = 20*1024 - 1

// CheckError lists the violations of a message. Its text contains no content of the message.
type CheckError struct {
	Violations []Violation
}

// Violation is a limit that a message violates.
type Violation struct {
	// Path is the path of the member, such as data.content.elements[3].title, or empty for the
	// message as a whole.
	Path string
	// Limit describes the limit and, for a number of elements or characters, the actual value:
	// "must be 1 to 10 elements, has 11".
	Limit string
}

func (e *CheckError) Error() string {
	texts := make([]string, len(e.Violations))
	for i, v := range e.Violations {
		texts[i] = strings.TrimPrefix(v.Path+": "+v.Limit, ": ")
	}
	return "check interactive message: " + strings.Join(texts, "; ")
}

// Check returns a [*CheckError] with every documented limit that the message violates, or nil if it
// violates none: required members, types, lengths, ranges, numbers of elements, and the total size,
// which must be less than 20 KB (20,480 bytes). It doesn't check members that this version doesn't
// know, or the content of an [Other].
//
// The limits are the newest documented ones. A client or a channel may have others; see the package
// comment. A character is a UTF-16 code unit, as in Java and JavaScript. A null member counts as
// absent.
func Check(m Message) error {
	content, err := Marshal(m)
	if err != nil {
		return err
	}
	c := &checker{found: new([]Violation)}
	if len(content) > maxSize {
		c.report("", fmt.Sprintf("must be less than 20,480 bytes, has %d", len(content)))
	}
	c.node("", m)
	if len(*c.found) == 0 {
		return nil
	}
	return &CheckError{*c.found}
}

// checker collects the violations of an object.
type checker struct {
	path    string
	parsed  bool
	members map[string]string
	found   *[]Violation
}

func (c *checker) report(path, limit string) {
	*c.found = append(*c.found, Violation{path, limit})
}

func (c *checker) at(name string) string {
	return strings.Trim(c.path+"."+name, ".")
}

func (c *checker) node(path string, n node) {
	raw := n.origin().raw
	c.visit(path, raw, raw != "", n.visit)
}

func (c *checker) visit(path, raw string, parsed bool, visit func(visitor)) {
	members, _ := object(raw)
	visit(&checker{path, parsed, members, c.found})
}

func (c *checker) raw(name string) string { return c.members[name] }

func (c *checker) rule(name string, kept bool, what string) {
	if !kept {
		c.report(c.at(name), what)
	}
}

func (c *checker) constant(name, s string) {
	raw := c.members[name]
	switch got, _ := unquote(raw); {
	case !c.parsed || got == s:
	case raw == "" || raw == "null":
		c.report(c.at(name), "is required")
	default:
		c.report(c.at(name), fmt.Sprintf("must be %q", s))
	}
}

func (c *checker) member(name string, v value, l limit) {
	raw := c.members[name]
	unchanged := c.parsed && v.reads(raw)
	missing := v.json() == "" && v.zero() != "0"
	if unchanged {
		missing = raw == "" || raw == "null"
	}
	switch {
	case missing:
		c.rule(name, !l.required, "is required")
	case unchanged && !v.exact(raw):
		c.report(c.at(name), "must be "+v.form())
	default:
		problem := v.problem(l)
		c.rule(name, problem == "", problem)
	}
}

func (c *checker) object(name string, l limit, visit func(visitor)) {
	raw := c.members[name]
	if json := write(raw, c.parsed, visit); isObject(json) {
		c.visit(c.at(name), raw, c.parsed, visit)
	} else {
		c.missing(name, '{', "an object", l)
	}
}

func (c *checker) part(name string, p pointer, l limit) {
	if n := p.node(); n != nil {
		c.node(c.at(name), n)
	} else {
		c.missing(name, '{', "an object", l)
	}
}

// missing reports a member that has another form or is missing although it is required.
func (c *checker) missing(name string, bracket byte, form string, l limit) {
	switch raw := c.members[name]; {
	case raw == "", raw == "null", raw[0] == bracket:
		c.rule(name, !l.required, "is required")
	default:
		c.report(c.at(name), "must be "+form)
	}
}

func (c *checker) list(name string, p parts, l limit) {
	n := p.len()
	elements, isArray := array(c.members[name])
	if n == 0 && (!isArray || len(elements) > 0) {
		c.missing(name, '[', "an array", l)
		return
	}
	c.rule(name, l.includes(float64(n)), fmt.Sprintf("must be %v elements, has %d", l, n))
	for i := range n {
		path := fmt.Sprintf("%s[%d]", c.at(name), i)
		if element := p.node(i); isObject(writeNode(element)) {
			c.node(path, element)
		} else {
			c.report(path, "must be an object")
		}
	}
}
