// SPDX-License-Identifier: Apache-2.0

package interactive

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// Split splits a text into parts of at most limit characters, for channels with short messages. It
// splits after a line or a sentence if possible, otherwise between words, otherwise between
// user-perceived characters, such as an emoji with a skin tone. It only splits such a character if
// the character alone is longer than the limit. White space at a split is dropped; nothing else is
// lost.
//
// A character is a UTF-16 code unit, as in Java and JavaScript: most emoji have two or more. So a
// part also has at most limit Unicode code points and at most 3*limit bytes. A code point with two
// code units may exceed a limit below 2. If limit isn't positive, Split returns the text as a
// whole. It returns no parts for a text of white space.
func Split(text string, limit int) []string {
	var parts []string
	for text = strings.TrimFunc(text, isSpace); text != ""; text = strings.TrimLeftFunc(text, isSpace) {
		part := text
		if limit > 0 {
			part = text[:cut(text, limit)]
		}
		text = text[len(part):]
		parts = append(parts, strings.TrimRightFunc(part, isSpace))
	}
	return parts
}

// cut returns the end of the first part of a text, in bytes.
func cut(text string, limit int) int {
	var sentence, word, cluster, size int
	var g graphemes
	for i, r := range text {
		if i > 0 && !g.joins(r) {
			cluster = i
			switch before, _ := utf8.DecodeLastRuneInString(text[:i]); {
			case isSpace(r):
				word = i
				if r == '\n' || r == '\r' || endsSentence(text[:i]) {
					sentence = i
				}
			case isFullStop(before):
				sentence = i
			}
		}
		if size += units(r); size > limit {
			return firstCut(sentence, word, cluster, i, utf8.RuneLen(r))
		}
		g.add(r)
	}
	return len(text)
}

// firstCut returns the first place that isn't 0.
func firstCut(places ...int) int {
	for _, place := range places {
		if place > 0 {
			return place
		}
	}
	return 1
}

// isSpace is false for non-breaking spaces.
func isSpace(r rune) bool {
	return unicode.IsSpace(r) && r != 0xa0 && r != 0x2007 && r != 0x202f
}

// endsSentence ignores closing quotes and brackets, and doesn't treat the number of a choice as a
// sentence.
func endsSentence(s string) bool {
	s = strings.TrimRight(s, `"')]»”’`)
	if s == "" || !strings.ContainsRune(".!?…", lastRune(s)) {
		return false
	}
	before := strings.TrimRight(s[:len(s)-1], "0123456789")
	return len(before) == len(s)-1 || before != "" && lastRune(before) != '\n'
}

func lastRune(s string) rune {
	r, _ := utf8.DecodeLastRuneInString(s)
	return r
}

// isFullStop reports whether a rune ends a sentence without a following space.
func isFullStop(r rune) bool { return strings.ContainsRune("。！？", r) }

// length returns the length in UTF-16 code units.
func length(s string) (n int) {
	for _, r := range s {
		n += units(r)
	}
	return n
}

func units(r rune) int {
	if r > 0xffff {
		return 2
	}
	return 1
}
