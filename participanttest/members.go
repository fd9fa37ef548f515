// SPDX-License-Identifier: Apache-2.0

package participanttest

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"
	"unicode/utf8"
)

// members are the members of a JSON object in a request. Names are case-sensitive and null is absent,
// as with the service; encoding/json would be less strict with a struct. err is the first violated
// constraint; readers continue with zero values.
type members struct {
	raw    map[string]json.RawMessage
	prefix string // of an inner object, for error texts
	err    *wireError
}

func parseMembers(body []byte) *members {
	m := &members{}
	if len(bytes.TrimSpace(body)) == 0 {
		return m
	}
	if err := json.Unmarshal(body, &m.raw); err != nil {
		m.err = invalid("body", "Body must be a JSON object")
	}
	return m
}

// read decodes a member and reports whether it is present.
func (m *members) read(name string, into any, kind string) bool {
	raw, ok := m.raw[name]
	if !ok || string(raw) == "null" {
		return false
	}
	if err := json.Unmarshal(raw, into); err != nil {
		m.fail(name, "Member must be %s", kind)
		return false
	}
	return true
}

func (m *members) fail(name, format string, args ...any) {
	if m.err == nil {
		m.err = invalid(m.prefix+name, format, args...)
	}
}

// text reads a string of min to max characters; an absent one is empty.
func (m *members) text(name string, minimum, maximum int) string {
	var value string
	if m.read(name, &value, "a string") {
		m.bound(name, "length", utf8.RuneCountInString(value), minimum, maximum)
	}
	return value
}

// requiredText is text for a required member.
func (m *members) requiredText(name string, minimum, maximum int) string {
	m.require(name)
	return m.text(name, minimum, maximum)
}

func (m *members) require(name string) {
	if !m.has(name) {
		m.fail(name, "Member must not be null")
	}
}

func (m *members) has(name string) bool {
	raw, ok := m.raw[name]
	return ok && string(raw) != "null"
}

func (m *members) bound(name, what string, value, minimum, maximum int) {
	switch {
	case value < minimum:
		m.fail(name, "Member must have %s greater than or equal to %d", what, minimum)
	case value > maximum:
		m.fail(name, "Member must have %s less than or equal to %d", what, maximum)
	}
}

// enum reads one of the values; an absent one is empty.
func (m *members) enum(name string, values ...string) string {
	var value string
	if m.read(name, &value, "a string") {
		m.oneOf(name, value, values)
	}
	return value
}

func (m *members) oneOf(name, value string, values []string) {
	if !slices.Contains(values, value) {
		m.fail(name, "Member must satisfy enum value set: [%s]", strings.Join(values, ", "))
	}
}

// integer reads a whole number from minimum to maximum; an absent one is fallback.
func (m *members) integer(name string, minimum, maximum, fallback int) int {
	value := fallback
	if m.read(name, &value, "an integer") {
		m.bound(name, "value", value, minimum, maximum)
	}
	return value
}

func (m *members) flag(name string) bool {
	var value bool
	m.read(name, &value, "a boolean")
	return value
}

// list reads strings and reports whether the member is present.
func (m *members) list(name string) ([]string, bool) {
	var values []string
	ok := m.read(name, &values, "a list of strings")
	return values, ok
}

// values reads a list of allowed values, which must not be empty if it is present.
func (m *members) values(name string, allowed ...string) []string {
	list, ok := m.list(name)
	if ok && len(list) == 0 {
		m.fail(name, "Member must have length greater than or equal to 1")
	}
	for _, value := range list {
		m.oneOf(name, value, allowed)
	}
	return list
}

// object reads an inner object, empty if absent. Its errors are separate until joined.
func (m *members) object(name string) *members {
	inner := &members{prefix: m.prefix + name + "."}
	m.read(name, &inner.raw, "an object")
	return inner
}

func (m *members) join(inner *members) {
	if m.err == nil {
		m.err = inner.err
	}
}
