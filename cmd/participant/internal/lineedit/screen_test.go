// SPDX-License-Identifier: Apache-2.0

package lineedit_test

import (
	"strings"
	"sync"
	"unicode"
)

// screen is a terminal of endless height and a width, as far as the editor uses one. A row that is
// full continues in the next.
type screen struct {
	mu     sync.Mutex
	width  int
	rows   [][]string // a wide character is followed by an empty cell
	row    int
	column int
	rest   string // an escape sequence, so far
}

func newScreen(width int) *screen { return &screen{width: width, rows: [][]string{nil}} }

func (s *screen) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, r := range string(p) {
		s.put(r)
	}
	return len(p), nil
}

func (s *screen) put(r rune) {
	switch {
	case s.rest != "" || r == 0x1b:
		s.escape(r)
	case r == '\r':
		s.column = 0
	case r == '\n':
		s.feed()
	case unicode.Is(unicode.M, r):
		s.rows[s.row][s.column-1] += string(r)
	case r >= 0x1100:
		s.cell(string(r), 2)
		s.cell("", 1)
	case r >= ' ':
		s.cell(string(r), 1)
	}
}

func (s *screen) feed() {
	s.row++
	if s.row == len(s.rows) {
		s.rows = append(s.rows, nil)
	}
}

func (s *screen) cell(text string, columns int) {
	if s.column+columns > s.width {
		s.column = 0
		s.feed()
	}
	for len(s.rows[s.row]) <= s.column {
		s.rows[s.row] = append(s.rows[s.row], " ")
	}
	s.rows[s.row][s.column] = text
	s.column++
}

func (s *screen) escape(r rune) {
	s.rest += string(r)
	if len(s.rest) < 3 || r < '@' || r > '~' {
		return
	}
	if s.rest == "\x1b[K" && s.column < len(s.rows[s.row]) {
		s.rows[s.row] = s.rows[s.row][:s.column]
	}
	s.rest = ""
}

// String returns the rows, with the cursor as a bar.
func (s *screen) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var b strings.Builder
	for i, row := range s.rows {
		for column, text := range row {
			if i == s.row && column == s.column {
				b.WriteString("|")
			}
			b.WriteString(text)
		}
		if i == s.row && s.column >= len(row) {
			b.WriteString("|")
		}
		b.WriteString("\n")
	}
	return b.String()
}
