// SPDX-License-Identifier: Apache-2.0

package interactive

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
)

// value is a member without members of its own. JSON is in strings; an absent member is the empty
// string.
type value interface {
	read(raw string)       // sets the zero value if raw has another form
	reads(raw string) bool // reports whether reading raw would return the current value
	exact(raw string) bool // reports whether raw has the documented form
	form() string          // the documented form, such as "a string"
	json() string          // empty for the zero value
	zero() string
	problem(l limit) string // empty if the limit is met
}

// match is how well JSON matches the form of a kind.
type match int

const (
	other match = iota
	loose       // such as a number in a string
	exact
)

func exactIf(is bool) match {
	if is {
		return exact
	}
	return loose
}

// kind defines how values of a Go type are read and written.
type kind[T any] struct {
	form    string
	zero    string
	read    func(raw string) (T, match) // the zero value for another form
	json    func(T) string
	problem func(T, limit) string
}

type field[T any] struct {
	*kind[T]
	p *T
}

func (f field[T]) read(raw string)        { *f.p, _ = f.kind.read(raw) }
func (f field[T]) exact(raw string) bool  { _, m := f.kind.read(raw); return m == exact }
func (f field[T]) form() string           { return f.kind.form }
func (f field[T]) json() string           { return f.kind.json(*f.p) }
func (f field[T]) zero() string           { return f.kind.zero }
func (f field[T]) problem(l limit) string { return f.kind.problem(*f.p, l) }

func (f field[T]) reads(raw string) bool {
	v, _ := f.kind.read(raw)
	return f.kind.json(v) == f.json()
}

func text(p *string) value              { return field[string]{&textKind, p} }
func flag(p *bool) value                { return field[bool]{&flagKind, p} }
func optionalFlag(p **bool) value       { return field[*bool]{&optionalFlagKind, p} }
func whole(p *int) value                { return field[int]{&wholeKind, p} }
func optionalWhole(p **int) value       { return field[*int]{&optionalWholeKind, p} }
func number(p *float64) value           { return field[float64]{&numberKind, p} }
func texts(p *[]string) value           { return field[[]string]{&textsKind, p} }
func anything(p *json.RawMessage) value { return field[json.RawMessage]{&anythingKind, p} }

func unlimited[T any](T, limit) string { return "" }

func rangeProblem(n float64, l limit) string {
	if l.includes(n) {
		return ""
	}
	return "must be " + l.String()
}

func lengthProblem(s string, l limit) string {
	switch n := length(s); {
	case l.oneOf != nil && !slices.Contains(l.oneOf, s):
		return fmt.Sprintf("must be one of %q", l.oneOf)
	case !l.includes(float64(n)):
		return fmt.Sprintf("must be %v characters, has %d", l, n)
	default:
		return ""
	}
}

func unlessZero[T comparable](v, zero T, s string) string {
	if v == zero {
		return ""
	}
	return s
}

var (
	textKind = kind[string]{
		form: "a string", zero: `""`, read: readText,
		json:    func(s string) string { return unlessZero(s, "", quote(s)) },
		problem: lengthProblem,
	}
	flagKind = kind[bool]{
		form: "true or false", zero: "false", read: readFlag, problem: unlimited[bool],
		json: func(b bool) string { return unlessZero(b, false, "true") },
	}
	wholeKind = kind[int]{
		form: "a whole number", zero: "0", read: readWhole,
		json:    func(n int) string { return unlessZero(n, 0, strconv.Itoa(n)) },
		problem: func(n int, l limit) string { return rangeProblem(float64(n), l) },
	}
	numberKind = kind[float64]{
		form: "a number", zero: "0", read: readNumber,
		json:    func(n float64) string { return unlessZero(n, 0, strconv.FormatFloat(n, 'g', -1, 64)) },
		problem: rangeProblem,
	}
	textsKind = kind[[]string]{
		form: "an array of strings", zero: "[]", read: readTexts, problem: unlimited[[]string],
		json: func(s []string) string {
			if len(s) == 0 {
				return ""
			}
			quoted := make([]string, len(s))
			for i := range s {
				quoted[i] = quote(s[i])
			}
			return "[" + strings.Join(quoted, ",") + "]"
		},
	}
	anythingKind = kind[json.RawMessage]{
		form: "JSON", zero: "null", problem: unlimited[json.RawMessage],
		read: func(raw string) (json.RawMessage, match) {
			if raw == "" {
				return nil, other
			}
			return json.RawMessage(raw), exact
		},
		json: func(m json.RawMessage) string {
			if len(m) > 0 && !json.Valid(m) {
				return "not JSON" // which makes the message invalid, as Marshal reports
			}
			return string(m)
		},
	}
	optionalFlagKind  = optional(&flagKind, strconv.FormatBool)
	optionalWholeKind = optional(&wholeKind, strconv.Itoa)
)

// optional returns a kind that distinguishes the zero value from an absent one.
func optional[T any](k *kind[T], format func(T) string) kind[*T] {
	return kind[*T]{
		form: k.form, zero: k.zero,
		read: func(raw string) (*T, match) {
			v, m := k.read(raw)
			if m == other {
				return nil, other
			}
			return &v, m
		},
		json: func(p *T) string {
			if p == nil {
				return ""
			}
			return format(*p)
		},
		problem: func(p *T, l limit) string {
			if p == nil {
				return ""
			}
			return k.problem(*p, l)
		},
	}
}

func readText(raw string) (string, match) {
	s, ok := unquote(raw)
	switch {
	case ok:
		return s, exact
	case raw == "", raw == "null", raw[0] == '{', raw[0] == '[':
		return "", other
	default:
		return raw, loose
	}
}

func readFlag(raw string) (bool, match) {
	s, quoted := unquote(raw)
	if !quoted {
		s = raw
	}
	switch strings.ToLower(s) {
	case "true":
		return true, exactIf(!quoted)
	case "false":
		return false, exactIf(!quoted)
	default:
		return false, other
	}
}

func readWhole(raw string) (int, match) {
	n, m := readNumber(raw)
	if m == other || n != math.Trunc(n) || math.Abs(n) > 1<<53 {
		return 0, other
	}
	return int(n), exactIf(m == exact && !strings.ContainsAny(raw, ".eE"))
}

func readNumber(raw string) (float64, match) {
	s, quoted := unquote(raw)
	if !quoted {
		s = raw
	}
	n, err := strconv.ParseFloat(strings.TrimSpace(s), 64)
	if err != nil || math.IsNaN(n) || math.IsInf(n, 0) {
		return 0, other
	}
	return n, exactIf(!quoted)
}

func readTexts(raw string) (s []string, m match) {
	elements, ok := array(raw)
	if !ok {
		return nil, other
	}
	m = exact
	for _, element := range elements {
		one, of := readText(element)
		s, m = append(s, one), min(m, of)
	}
	return s, m
}

func unquote(raw string) (s string, ok bool) {
	if raw == "" || raw[0] != '"' {
		return "", false
	}
	err := json.Unmarshal([]byte(raw), &s)
	return s, err == nil
}

// quote doesn't escape <, > and &, to keep messages short.
func quote(s string) string {
	var b bytes.Buffer
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	_ = encoder.Encode(s) // encoding a string never fails
	return strings.TrimSuffix(b.String(), "\n")
}

// object returns the members of a JSON object.
func object(raw string) (members map[string]string, ok bool) {
	var m map[string]json.RawMessage
	if err := json.Unmarshal([]byte(raw), &m); err != nil || m == nil {
		return nil, false
	}
	members = make(map[string]string, len(m))
	for name, member := range m {
		members[name] = string(member)
	}
	return members, true
}

// array returns the elements of a JSON array.
func array(raw string) (elements []string, ok bool) {
	var a []json.RawMessage
	if raw == "" || raw[0] != '[' || json.Unmarshal([]byte(raw), &a) != nil {
		return nil, false
	}
	for _, element := range a {
		elements = append(elements, string(element))
	}
	return elements, true
}
