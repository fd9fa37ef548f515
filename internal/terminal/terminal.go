// SPDX-License-Identifier: Apache-2.0

// Package terminal makes text from others safe to print on a terminal.
package terminal

import (
	"strings"
	"unicode"
)

// Line returns s as one line without the characters that IsUnsafe reports: a tab becomes a space;
// the others and bytes that aren't UTF-8 become U+FFFD.
func Line(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\t':
			return ' '
		case IsUnsafe(r):
			return unicode.ReplacementChar
		default:
			return r
		}
	}, s)
}

// Lines splits s at its line breaks and applies Line to each line.
func Lines(s string) []string {
	lines := strings.Split(strings.ReplaceAll(s, "\r\n", "\n"), "\n")
	for i := range lines {
		lines[i] = Line(lines[i])
	}
	return lines
}

// IsUnsafe reports whether r can control a terminal or change the order or line in which text
// appears: control characters, which start escape sequences, characters that set the direction of
// text, and Unicode line breaks.
func IsUnsafe(r rune) bool {
	return unicode.In(r, unicode.Cc, unicode.Bidi_Control, unicode.Zl, unicode.Zp)
}
