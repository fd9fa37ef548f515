// SPDX-License-Identifier: Apache-2.0

package interactive

import "unicode"

// graphemes finds the boundaries between user-perceived characters. The rules are those of UAX #29
// (Unicode Text Segmentation), simplified so that they join too much rather than too little.
type graphemes struct {
	last    rune
	flags   int // number of regional indicators directly before
	started bool
}

const (
	zeroWidthNonJoiner = 0x200c
	zeroWidthJoiner    = 0x200d
)

func (g *graphemes) add(r rune) {
	if isRegionalIndicator(r) {
		g.flags++
	} else {
		g.flags = 0
	}
	g.last, g.started = r, true
}

// joins reports whether r belongs to the previous character.
func (g *graphemes) joins(r rune) bool {
	switch {
	case !g.started:
		return false
	case g.last == '\r':
		return r == '\n'
	case unicode.IsControl(g.last):
		return false
	case extends(r), g.last == zeroWidthJoiner:
		return true
	case isRegionalIndicator(r):
		return g.flags%2 == 1
	case isVirama(g.last):
		return unicode.IsLetter(r)
	default:
		return isJamo(g.last) && isHangul(r)
	}
}

// extends reports whether a rune never begins a character.
func extends(r rune) bool {
	switch {
	case unicode.Is(unicode.M, r): // accents, vowel signs, variation selectors, key caps
		return true
	case r == zeroWidthJoiner, r == zeroWidthNonJoiner:
		return true
	case r >= 0x1f3fb && r <= 0x1f3ff: // skin tones
		return true
	case r >= 0xe0020 && r <= 0xe007f: // tags, as in the flag of Scotland
		return true
	case r == 0xff9e, r == 0xff9f: // half-width sound marks
		return true
	case r == 0x0e33, r == 0x0eb3: // the vowel am of Thai and Lao
		return true
	default:
		return r >= 0x1160 && r <= 0x11ff || r >= 0xd7b0 && r <= 0xd7ff // vowels and finals of Hangul
	}
}

func isRegionalIndicator(r rune) bool { return r >= 0x1f1e6 && r <= 0x1f1ff }

// isVirama reports whether a rune joins two consonants in Indic scripts.
func isVirama(r rune) bool {
	switch r {
	case 0x094d, 0x09cd, 0x0a4d, 0x0acd, 0x0b4d, 0x0c4d, 0x0ccd, 0x0d4d:
		return true
	default:
		return false
	}
}

// isJamo reports whether a rune is an initial of Hangul, which may precede a vowel or a syllable.
func isJamo(r rune) bool { return r >= 0x1100 && r <= 0x115f || r >= 0xa960 && r <= 0xa97f }

func isHangul(r rune) bool { return isJamo(r) || r >= 0xac00 && r <= 0xd7a3 }
