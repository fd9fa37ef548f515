// SPDX-License-Identifier: Apache-2.0

package interactive_test

import (
	"strings"
	"testing"
	"unicode/utf16"

	"github.com/stretchr/testify/require"

	"github.com/participant-go/connectparticipant/interactive"
)

func TestSplit(t *testing.T) {
	t.Parallel()
	const family = "👨‍👩‍👧"
	for name, test := range map[string]struct {
		text  string
		limit int
		want  []string
	}{
		"nothing":                   {"", 5, nil},
		"white space":               {" \n\t ", 5, nil},
		"short enough":              {" abcde ", 5, []string{"abcde"}},
		"no limit":                  {"a b. c", 0, []string{"a b. c"}},
		"behind a sentence":         {"One. Two three", 12, []string{"One.", "Two three"}},
		"behind the last sentence":  {"A. B! C? D", 9, []string{"A. B! C?", "D"}},
		"behind a quotation":        {`He said "no." Then more`, 20, []string{`He said "no."`, "Then more"}},
		"behind a line":             {"1. One\n2. Two or three", 14, []string{"1. One", "2. Two or", "three"}},
		"behind a line of Windows":  {"One\r\nTwo three four", 10, []string{"One", "Two three", "four"}},
		"behind a Chinese sentence": {"你好。再见了", 5, []string{"你好。", "再见了"}},
		"between words":             {"one two three", 9, []string{"one two", "three"}},
		"on the limit":              {"one two", 3, []string{"one", "two"}},
		"white space between":       {"one   \n  two", 4, []string{"one", "two"}},
		"no break":                  {"10\u00a0000 km", 6, []string{"10\u00a0000", "km"}},
		"a number":                  {"3.14159 26", 8, []string{"3.14159", "26"}},
		"a long word":               {"abcdefgh", 3, []string{"abc", "def", "gh"}},
		"an accent":                 {"abe\u0301f", 3, []string{"ab", "e\u0301f"}},
		"a skin tone":               {"a👍🏽b", 4, []string{"a", "👍🏽", "b"}},
		"a family":                  {"ab" + family + "c", 9, []string{"ab", family + "c"}},
		"a family too long":         {family, 5, []string{"👨\u200d👩", "\u200d👧"}},
		"flags":                     {"🇩🇪🇫🇷🇮🇹", 9, []string{"🇩🇪🇫🇷", "🇮🇹"}},
		"a flag of tags":            {"a🏴󠁧󠁢󠁳󠁣󠁴󠁿", 14, []string{"a", "🏴󠁧󠁢󠁳󠁣󠁴󠁿"}},
		"a key cap":                 {"ab1️⃣", 4, []string{"ab", "1️⃣"}},
		"a heart":                   {"ab❤️", 3, []string{"ab", "❤️"}},
		"Hangul":                    {"a\u1112\u1161\u11ab", 3, []string{"a", "\u1112\u1161\u11ab"}},
		"Hangul and a syllable":     {"a\u1112\uac00b", 2, []string{"a", "\u1112\uac00", "b"}},
		"Hindi":                     {"अक्ष", 3, []string{"अ", "क्ष"}},
		"Thai":                      {"กกำ", 2, []string{"ก", "กำ"}},
		"half-width":                {"ｱｶﾞ", 2, []string{"ｱ", "ｶﾞ"}},
		"surrogates count":          {"😀😀😀", 4, []string{"😀😀", "😀"}},
		"a limit of one":            {"a😀b", 1, []string{"a", "😀", "b"}},
		"not UTF-8":                 {"a\xff\xfeb", 2, []string{"a\xff", "\xfeb"}},
		"lines end in a character":  {"a\r\nb", 2, []string{"a", "b"}},
		"a mark after a newline":    {"ab\n\u0301c", 3, []string{"ab", "\u0301c"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			require.Equal(t, test.want, interactive.Split(test.text, test.limit))
		})
	}
}

func TestSplitIsFast(t *testing.T) {
	t.Parallel()
	for _, piece := range []string{"a", "a ", `"`, `" `, "e\u0301", "\u0301", "😀", "a. "} {
		text := strings.Repeat(piece, 200_000)
		for _, part := range interactive.Split(text, 1000) {
			require.LessOrEqual(t, len(utf16.Encode([]rune(part))), 1000)
		}
	}
}
