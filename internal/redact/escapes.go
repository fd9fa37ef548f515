// SPDX-License-Identifier: Apache-2.0

package redact

import (
	"bytes"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// view is a text with some layers of escapes removed.
type view struct {
	folded []byte
	at     []int // offset in the text of each byte, and the end of the last; nil if nothing was removed
}

// span returns the part of the text that corresponds to the bytes from begin to end.
func (v *view) span(begin, end int) span {
	if v.at == nil {
		return span{begin, end}
	}
	return span{v.at[begin], v.at[end]}
}

// maxLayers is the maximum number of layers of escapes that are removed.
const maxLayers = 4

// viewsOf appends views of a text: unchanged, with one layer of escapes removed, with two, and so
// on. It modifies text.
func viewsOf(views []view, text []byte) []view {
	if !bytes.ContainsAny(text, escaping) {
		return append(views, view{folded: fold(text)})
	}
	plain, at := bytes.Clone(text), []int(nil)
	views = append(views, view{folded: fold(text)})
	for len(views) <= maxLayers {
		next, nextAt, changed := unescape(plain, at)
		if !changed {
			break
		}
		plain, at = next, nextAt
		views = append(views, view{fold(bytes.Clone(plain)), at})
	}
	return views
}

// unescaped returns a text without any escapes, or "" if it has none.
func unescaped(text string) (plain string) {
	if !strings.ContainsAny(text, escaping) {
		return ""
	}
	rest := []byte(text)
	for range maxLayers {
		next, _, changed := unescape(rest, nil)
		if !changed {
			break
		}
		rest, plain = next, string(next)
	}
	return plain
}

// escaping are the characters that start an escape.
const escaping = `%\&`

// unescape removes one layer of escapes: those of URLs, of strings in JSON and Go, and of HTML. at
// holds the offset of each byte of text in another text.
func unescape(text []byte, at []int) (plain []byte, plainAt []int, changed bool) {
	if !bytes.ContainsAny(text, escaping) {
		return text, at, false
	}
	where := func(i int) int {
		if at == nil {
			return i
		}
		return at[i]
	}
	plain, plainAt = make([]byte, 0, len(text)), make([]int, 0, len(text)+1)
	for i := 0; i < len(text); {
		before := len(plain)
		var n int
		plain, n = appendUnescaped(plain, text[i:])
		changed = changed || n > 1
		for range len(plain) - before {
			plainAt = append(plainAt, where(i))
		}
		i += n
	}
	return plain, append(plainAt, where(len(text))), changed
}

// appendUnescaped appends the first character of text, and returns the number of bytes it consumed.
func appendUnescaped(plain, text []byte) ([]byte, int) {
	switch text[0] {
	case '%':
		if c, ok := hex(text[1:], 2); ok {
			return append(plain, byte(c)), 3
		}
	case '\\':
		return appendBackslashed(plain, text)
	case '&':
		if end := bytes.IndexByte(text[:min(len(text), 12)], ';'); end > 0 {
			if r, ok := entity(string(text[1:end])); ok {
				return utf8.AppendRune(plain, r), end + 1
			}
		}
	}
	return append(plain, text[0]), 1
}

var backslashed = map[byte]byte{
	'a': '\a', 'b': '\b', 'f': '\f', 'n': '\n', 'r': '\r', 't': '\t', 'v': '\v', '\\': '\\', '/': '/', '"': '"', '\'': '\'',
}

func appendBackslashed(plain, text []byte) ([]byte, int) {
	if len(text) < 2 {
		return append(plain, text...), 1
	}
	if c, ok := backslashed[text[1]]; ok {
		return append(plain, c), 2
	}
	digits := map[byte]int{'x': 2, 'u': 4, 'U': 8}[text[1]]
	r, ok := hex(text[2:], digits)
	switch {
	case digits == 0, !ok:
		return append(plain, text[0]), 1
	case digits == 2:
		return append(plain, byte(r)), 4
	}
	if utf16.IsSurrogate(r) && len(text) > 8 && text[6] == '\\' && text[7] == 'u' {
		if second, ok := hex(text[8:], 4); ok {
			return utf8.AppendRune(plain, utf16.DecodeRune(r, second)), 12
		}
	}
	return utf8.AppendRune(plain, r), 2 + digits
}

// entity returns the character of an HTML reference. Of the named references it knows those of XML.
func entity(name string) (rune, bool) {
	if r, ok := map[string]rune{"amp": '&', "lt": '<', "gt": '>', "quot": '"', "apos": '\''}[name]; ok {
		return r, true
	}
	if name == "" || name[0] != '#' {
		return 0, false
	}
	digits, base := name[1:], 10
	if digits != "" && digits[0]|0x20 == 'x' {
		digits, base = digits[1:], 16
	}
	n, err := strconv.ParseUint(digits, base, 31)
	return rune(n), err == nil
}

// hex reads the given number of hexadecimal digits.
func hex(text []byte, digits int) (rune, bool) {
	if len(text) < digits {
		return 0, false
	}
	n, err := strconv.ParseUint(string(text[:digits]), 16, 32)
	return rune(n), err == nil
}
