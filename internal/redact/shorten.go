// SPDX-License-Identifier: Apache-2.0

package redact

import "unicode/utf8"

// longestText is how much of a foreign text an error shows, in bytes.
const longestText = 4 << 10

// Shorten cuts a text that a server or an HTTP client has made, between two characters, so
// that an error doesn't flood a log. Hide secrets first: one that is cut isn't found.
func Shorten(text string) string {
	if len(text) <= longestText {
		return text
	}
	end := longestText
	for end > longestText-utf8.UTFMax && !utf8.RuneStart(text[end]) {
		end--
	}
	return text[:end] + "…"
}
