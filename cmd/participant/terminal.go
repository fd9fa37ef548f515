package main

import (
	"io/fs"
	"os"
	"strings"
	"unicode"
)

// isTerminal tells whether a stream is one that a person sits at.
func isTerminal(stream any) bool {
	file, ok := stream.(interface{ Stat() (fs.FileInfo, error) })
	if !ok {
		return false
	}
	info, err := file.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}

// printable replaces in a text of one line what a terminal could take for a command.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\t':
			return ' '
		case isHostile(r):
			return unicode.ReplacementChar
		default:
			return r
		}
	}, s)
}

// printableLines is printable for a text of several lines.
func printableLines(s string) []string {
	lines := strings.Split(strings.ReplaceAll(s, "\r\n", "\n"), "\n")
	for i := range lines {
		lines[i] = printable(lines[i])
	}
	return lines
}

// isHostile names the control characters, with which escape sequences begin, and those
// that let a text be read in another order than it is written.
func isHostile(r rune) bool {
	return unicode.IsControl(r) || r >= '\u202a' && r <= '\u202e' || r >= '\u2066' && r <= '\u2069'
}
