// SPDX-License-Identifier: Apache-2.0

package redact

import (
	"bytes"
	"cmp"
	"encoding/base64"
	"net/http"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

const (
	// shortest is the length of the shortest secret that is searched for; shorter ones would match
	// common words.
	shortest = 8
	// part is the number of bytes at the beginning or end of a longer secret that are found.
	part = 16
)

// Secrets are texts that must not be shown, such as a token or a message's content.
type Secrets []string

// Beginning returns the beginning of a secret that Hide finds.
func Beginning(secret string) string { return secret[:min(part, len(secret))] }

// AddHeaders adds the values of all but the harmless headers.
func (s *Secrets) AddHeaders(h http.Header) {
	for name, values := range h {
		if !harmlessHeaders[name] {
			*s = append(*s, values...)
		}
	}
}

// Hide replaces the secrets in a text, whole or in part: a part must contain the first or last 16
// bytes. It ignores case, and also finds secrets in base64 and secrets escaped for a URL, JSON,
// HTML or a Go string, up to four layers deep. It does not find secrets shorter than 8 bytes. It
// also replaces what the service's validation quotes from a request.
func (s Secrets) Hide(text string) string {
	return withoutQuotes(s.hide(text))
}

// FoundIn reports whether Hide would change the text. It modifies text.
func (s Secrets) FoundIn(text []byte) bool {
	quotes := bytes.Contains(text, []byte("Value '")) && bytes.Contains(text, []byte("' at '"))
	return quotes || len(s.find(text)) > 0
}

func (s Secrets) hide(text string) string { return withoutSpans(text, s.find([]byte(text))) }

// find modifies text.
func (s Secrets) find(text []byte) (found []span) {
	var (
		room  [maxLayers + 1]view
		views []view
		run   int
		form  []byte
	)
	for _, secret := range s {
		if len(secret) < shortest || len(text) < min(len(secret), part) {
			continue
		}
		if views == nil {
			run = longestRun(text)
			views = viewsOf(room[:0], text)
		}
		if len(secret) > 2*probe {
			// A token may be long. Its ends show whether the complete token can occur.
			tail := secret[(len(secret)-probe)/3*3:] // base64 encodes it like the end of the complete secret
			begins, form2 := appears(views, form, secret[:probe], head)
			ends, form3 := appears(views, form2, tail, last)
			if form = form3; !begins && !ends {
				continue
			}
		}
		for _, appendForm := range formsIn(run, secret) {
			form = appendForm(form[:0], secret)
			for i := range views {
				found = views[i].find(found, form)
			}
		}
	}
	return found
}

// formsIn returns the forms of a secret that can occur in a text whose longest run of base64
// characters is run.
func formsIn(run int, secret string) []func([]byte, string) []byte {
	if run < min(part, (len(secret)-2)*8/6) {
		return forms[:2]
	}
	return forms[:]
}

// longestRun returns the length of the longest run of base64 characters in a text; for a text with
// escapes, the length of the text.
func longestRun(text []byte) (longest int) {
	if bytes.ContainsAny(text, escaping) {
		return len(text)
	}
	run := 0
	for _, c := range text {
		if run++; !isBase64[c] {
			run = 0
		}
		longest = max(longest, run)
	}
	return longest
}

var isBase64 = func() (table [256]bool) {
	for _, c := range []byte("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/-_") {
		table[c] = true
	}
	return table
}()

// probe is the number of bytes at each end of a long secret that are searched for first: even if
// they contain escapes, a part remains when these are removed. It is a multiple of 3, so it starts
// and ends at a character of base64.
const probe = 96

func head(form []byte) []byte { return form[:min(part, len(form))] }

func last(form []byte) []byte { return form[max(0, len(form)-part):] }

// appears reports whether a view contains the given end of one of the secret's forms. It also
// returns form for reuse.
func appears(views []view, form []byte, secret string, end func([]byte) []byte) (bool, []byte) {
	for _, appendForm := range forms {
		form = appendForm(form[:0], secret)
		for i := range views {
			if len(form) >= shortest && bytes.Contains(views[i].folded, end(form)) {
				return true, form
			}
		}
	}
	return false, form
}

// forms append the forms of a secret that can occur in a text without escapes, folded.
var forms = [...]func(form []byte, secret string) []byte{
	func(form []byte, secret string) []byte { return fold(append(form, secret...)) },
	func(form []byte, secret string) []byte { return fold(append(form, unescaped(secret)...)) },
	func(form []byte, secret string) []byte { return appendBase64(form, secret) },
	func(form []byte, secret string) []byte { return appendBase64(form, secret[1:]) },
	func(form []byte, secret string) []byte { return appendBase64(form, secret[2:]) },
}

// appendBase64 omits a last character that also holds bits of the following text. The position of
// the groups of three bytes depends on what the secret was encoded with.
func appendBase64(form []byte, secret string) []byte {
	form = base64.RawStdEncoding.AppendEncode(form, []byte(secret))
	return fold(form[:len(secret)*8/6])
}

// fold converts letters to lower case, unless that changes their length, and unifies the two
// alphabets of base64 and the two escapes of a space. It modifies text.
func fold(text []byte) []byte {
	for i := 0; i < len(text); {
		if text[i] < utf8.RuneSelf {
			text[i] = folded[text[i]]
			i++
			continue
		}
		r, size := utf8.DecodeRune(text[i:])
		// Via upper case, which two letters may share, such as the two small sigmas.
		if lower := unicode.ToLower(unicode.ToUpper(r)); utf8.RuneLen(lower) == size {
			utf8.EncodeRune(text[i:], lower)
		}
		i += size
	}
	return text
}

var folded = func() (table [256]byte) {
	for i := range table {
		table[i] = byte(i)
	}
	for c := 'A'; c <= 'Z'; c++ {
		table[c] += 'a' - 'A'
	}
	table['-'], table['+'], table['_'] = ' ', ' ', '/'
	return table
}()

// span is a part of a text.
type span struct{ begin, end int }

// find appends the positions of a form of a secret, or of its beginning or its end.
func (v *view) find(found []span, form []byte) []span {
	if len(form) < shortest {
		return found
	}
	head, tail := head(form), last(form)
	for i := 0; ; {
		at := bytes.Index(v.folded[i:], head)
		if at < 0 {
			break
		}
		at += i
		i = at + commonPrefix(v.folded[at:], form)
		found = append(found, v.span(at, i))
	}
	for i := 0; len(form) > part; {
		at := bytes.Index(v.folded[i:], tail)
		if at < 0 {
			break
		}
		at += i + part
		begin := at - commonSuffix(v.folded[i:at], form)
		i = at
		found = append(found, v.span(begin, i))
	}
	return found
}

func commonPrefix(a, b []byte) int {
	n := min(len(a), len(b))
	for i := range n {
		if a[i] != b[i] {
			return i
		}
	}
	return n
}

func commonSuffix(a, b []byte) int {
	n := min(len(a), len(b))
	for i := range n {
		if a[len(a)-1-i] != b[len(b)-1-i] {
			return i
		}
	}
	return n
}

func withoutSpans(text string, spans []span) string {
	if len(spans) == 0 {
		return text
	}
	slices.SortFunc(spans, func(a, b span) int { return cmp.Compare(a.begin, b.begin) })
	var public strings.Builder
	end := -1 // of the last span
	for _, s := range spans {
		if s.begin > end {
			public.WriteString(text[max(end, 0):s.begin])
			public.WriteString(Mark)
		}
		end = max(end, s.end)
	}
	public.WriteString(text[end:])
	return public.String()
}

// withoutQuotes removes the values of members that the service's validation quotes. A regular
// expression would add 200 kB to each program.
func withoutQuotes(text string) string {
	var public strings.Builder
	for {
		before, rest, found := strings.Cut(text, "Value '")
		_, after, closed := strings.Cut(rest, "' at '")
		if !found || !closed {
			break
		}
		public.WriteString(before + "Value " + Mark + " at '")
		text = after
	}
	return public.String() + text
}
