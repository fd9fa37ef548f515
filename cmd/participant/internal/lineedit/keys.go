// SPDX-License-Identifier: Apache-2.0

package lineedit

import (
	"io"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/participant-go/connectparticipant/internal/terminal"
)

// key is a character, or a special key with a name.
type key struct {
	name string
	char rune
}

// controls are the keys that send one byte.
var controls = map[byte]string{
	0x01: "home", 0x02: "left", 0x03: "interrupt", 0x04: "end of input", 0x05: "end", 0x06: "right", 0x08: "backspace",
	'\n': "enter", 0x0b: "cut to end", 0x0c: "clear", '\r': "enter", 0x0e: "down", 0x10: "up", 0x15: "cut to start",
	0x17: "cut word", 0x7f: "backspace",
}

// sequences are the keys that send an escape sequence, by what follows ESC.
var sequences = map[string]string{
	"[A": "up", "[B": "down", "[C": "right", "[D": "left", "[H": "home", "[F": "end",
	"OA": "up", "OB": "down", "OC": "right", "OD": "left", "OH": "home", "OF": "end",
	"[1~": "home", "[7~": "home", "[4~": "end", "[8~": "end", "[3~": "delete",
	"[1;5C": "word right", "[1;3C": "word right", "f": "word right",
	"[1;5D": "word left", "[1;3D": "word left", "b": "word left",
	"\x7f": "cut word", "[200~": "paste", "[201~": "pasted",
}

// nextKey returns the first key and how many bytes it has, 0 if not all of it has been read.
func nextKey(b []byte) (k key, size int) {
	if len(b) == 0 {
		return key{}, 0
	}
	if b[0] == 0x1b {
		size = sequenceSize(b)
		if size == 0 {
			return key{}, 0
		}
		return key{name: nameOr(sequences[string(b[1:size])])}, size
	}
	if b[0] < ' ' && b[0] != '\t' || b[0] == 0x7f {
		return key{name: nameOr(controls[b[0]])}, 1
	}
	if !utf8.FullRune(b) {
		return key{}, 0
	}
	r, size := utf8.DecodeRune(b)
	if r == utf8.RuneError && size == 1 {
		return key{name: "unknown"}, 1
	}
	return key{char: r}, size
}

func nameOr(name string) string {
	if name == "" {
		return "unknown"
	}
	return name
}

// maxSequence is more than any key sends.
const maxSequence = 32

// sequenceSize is how long an escape sequence is, with its ESC, 0 if its end has not been read.
func sequenceSize(b []byte) int {
	switch {
	case len(b) < 2:
		return 0
	case b[1] == 'O':
		return min(len(b)/3, 1) * 3
	case b[1] != '[':
		return 2
	}
	for i := 2; i < len(b); i++ {
		if b[i] >= '@' && b[i] <= '~' || i == maxSequence {
			return i + 1
		}
	}
	return 0
}

// press changes the line. Done means that it is complete.
func (e *Editor) press(k key) (line string, done bool, err error) {
	switch {
	case k.name == "" && (k.char != '\t' || e.pasting):
		e.insert(k.char)
	case k.name == "paste" || k.name == "pasted":
		e.pasting = k.name == "paste"
	case k.name == "interrupt":
		return "", false, ErrInterrupted
	case e.pasting && k.name == "enter":
		e.paste()
	case e.pasting: // special keys in a paste are ignored
	case k.name == "enter":
		return e.submit(), true, nil
	case k.name == "end of input" && len(e.line) == 0 && len(e.pasted) == 0:
		return "", false, io.EOF
	default:
		e.move(k.name)
	}
	return "", false, nil
}

// move handles the keys that move the cursor or remove something.
func (e *Editor) move(name string) {
	switch name {
	case "left":
		e.cursor = e.previous(e.cursor)
	case "right":
		e.cursor = e.next(e.cursor)
	case "home":
		e.cursor = 0
	case "end":
		e.cursor = len(e.line)
	case "word left":
		e.cursor = e.previousWord()
	case "word right":
		e.cursor = e.nextWord()
	case "up":
		e.show(e.recall - 1)
	case "down":
		e.show(e.recall + 1)
	case "backspace":
		e.cut(e.previous(e.cursor), e.cursor)
	case "delete", "end of input":
		e.cut(e.cursor, e.next(e.cursor))
	case "cut word":
		e.cut(e.previousWord(), e.cursor)
	case "cut to start":
		e.pasted = nil
		e.cut(0, e.cursor)
	case "cut to end":
		e.cut(e.cursor, len(e.line))
	case "clear":
		_, _ = io.WriteString(e.out, "\x1b[H\x1b[2J")
	}
}

// previous is where the character before a place begins, with the marks that belong to it.
func (e *Editor) previous(at int) int {
	for at = max(at-1, 0); at > 0 && e.isInside(at); at-- {
	}
	return at
}

func (e *Editor) next(at int) int {
	for at = min(at+1, len(e.line)); at < len(e.line) && e.isInside(at); at++ {
	}
	return at
}

const zeroWidthJoiner = '\u200d'

// isInside reports whether a place is in the middle of what is seen as one character.
func (e *Editor) isInside(at int) bool {
	r := e.line[at]
	return unicode.Is(unicode.M, r) || r == zeroWidthJoiner || e.line[at-1] == zeroWidthJoiner || r >= 0x1f3fb && r <= 0x1f3ff
}

func (e *Editor) previousWord() int {
	at := e.cursor
	for ; at > 0 && unicode.IsSpace(e.line[at-1]); at-- {
	}
	for ; at > 0 && !unicode.IsSpace(e.line[at-1]); at-- {
	}
	return at
}

func (e *Editor) nextWord() int {
	at := e.cursor
	for ; at < len(e.line) && unicode.IsSpace(e.line[at]); at++ {
	}
	for ; at < len(e.line) && !unicode.IsSpace(e.line[at]); at++ {
	}
	return at
}

// columns is the most columns that a terminal uses for a character.
func columns(r rune) int {
	switch {
	case unicode.Is(unicode.M, r):
		return 0
	case unicode.IsControl(r):
		return 2 // for what shown prints instead
	case r < 0x300:
		return 1
	default:
		return 2
	}
}

func allColumns(line []rune) (sum int) {
	for _, r := range line {
		sum += columns(r)
	}
	return sum
}

// shown returns a line for printing: a pasted character must not control the terminal.
func shown(line []rune) string {
	text := strings.ReplaceAll(string(line), "\n", "⏎")
	return terminal.Line(text)
}
