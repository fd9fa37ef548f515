// SPDX-License-Identifier: Apache-2.0

package redact

import "unicode/utf8"

// longestText is the maximum length, in bytes, of a foreign text in an error.
const longestText = 4 << 10

// Shorten cuts a text from a server or an HTTP client, between two characters, so that an error
// doesn't flood a log. Hide secrets first, because a secret that is cut is not found.
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
