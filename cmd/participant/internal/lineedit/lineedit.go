// SPDX-License-Identifier: Apache-2.0

// Package lineedit reads lines from a terminal in raw mode, while other output is printed above the
// line that is being typed.
package lineedit

import (
	"errors"
	"io"
	"slices"
	"strings"
	"sync"
)

// ErrInterrupted means that Ctrl-C was typed.
var ErrInterrupted = errors.New("interrupted")

const (
	// maxLine bounds a line, with those pasted before it, in runes; the terminal beeps for more.
	maxLine = 64 << 10
	// maxHistory bounds the lines to which the arrow up returns.
	maxHistory = 100
)

// Editor edits one line at a time in one row of the terminal, which shows the part around the
// cursor of a line that is longer. One goroutine may call ReadLine; all other methods may be called
// concurrently with it.
//
// The terminal itself determines the cursor's column: the row is written up to the end, and again up to
// the cursor. How wide a character is, on which terminals differ, only matters for what fits.
type Editor struct {
	in     io.Reader
	width  func() int
	prompt string
	unread []byte // read, but not yet a complete key

	mu      sync.Mutex
	out     io.Writer
	drawn   bool
	closed  bool
	line    []rune
	cursor  int
	pasted  []rune // the lines of a paste before the one that is being edited
	pasting bool
	history []string
	recall  int    // of history; its length for the new line
	draft   []rune // the new line while an older one is shown
}

// New returns an editor on a terminal in raw mode. Width returns its columns.
func New(in io.Reader, out io.Writer, width func() int, prompt string) *Editor {
	return &Editor{in: in, out: out, width: width, prompt: prompt}
}

// ReadLine returns the next line that ends with Enter. A paste doesn't end it: its lines are one,
// with line breaks in it, where the terminal knows bracketed paste. Ctrl-D in an empty line returns
// io.EOF, and Ctrl-C ErrInterrupted.
func (e *Editor) ReadLine() (string, error) {
	e.draw()
	buffer := make([]byte, 4096)
	for {
		line, done, err := e.edit()
		if done || err != nil {
			return line, err
		}
		n, err := e.in.Read(buffer)
		e.unread = append(e.unread, buffer[:n]...)
		if n == 0 && err != nil {
			return "", err
		}
	}
}

// edit handles the keys that have been read, up to one that ends the line.
func (e *Editor) edit() (line string, done bool, err error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	for !done && err == nil {
		k, size := nextKey(e.unread)
		if size == 0 {
			break
		}
		e.unread = e.unread[size:]
		line, done, err = e.press(k)
	}
	_ = e.redraw("")
	return line, done, err
}

// Write prints above the line. A line break belongs at the end of what is written.
func (e *Editor) Write(p []byte) (int, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	return len(p), e.redraw(string(p))
}

// Close removes the line from the terminal. What is written afterwards is printed unchanged.
func (e *Editor) Close() {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.closed {
		return
	}
	e.closed = true
	if e.drawn {
		_, _ = io.WriteString(e.out, eraseRow+pasteOff)
	}
}

func (e *Editor) draw() {
	e.mu.Lock()
	defer e.mu.Unlock()
	if !e.drawn && !e.closed {
		e.drawn = true
		_, _ = io.WriteString(e.out, pasteOn)
	}
	_ = e.redraw("")
}

// The terminal marks the beginning and the end of a paste in between.
const (
	pasteOn  = "\x1b[?2004h"
	pasteOff = "\x1b[?2004l"
)

// eraseRow moves the cursor to the beginning of the row and empties it.
const eraseRow = "\r\x1b[K"

// redraw prints a text above the line, in a single Write, so that the terminal never shows half of it.
func (e *Editor) redraw(above string) error {
	above = strings.ReplaceAll(above, "\n", "\r\n")
	if e.drawn && !e.closed {
		before, after := e.visible()
		above = eraseRow + above + e.prompt + before + after
		if after != "" {
			above += "\r" + e.prompt + before
		}
	}
	if above == "" {
		return nil
	}
	_, err := io.WriteString(e.out, above)
	return err
}

// visible returns what fits into the row, before and after the cursor.
func (e *Editor) visible() (before, after string) {
	room := max(e.width()-len(e.prompt)-1, 2)
	from := e.cursor
	for used := 0; from > 0; from-- {
		if used += columns(e.line[from-1]); used > room {
			break
		}
	}
	room -= allColumns(e.line[from:e.cursor])
	to := e.cursor
	for ; to < len(e.line); to++ {
		if room -= columns(e.line[to]); room < 0 {
			break
		}
	}
	return shown(e.line[from:e.cursor]), shown(e.line[e.cursor:to])
}

// submit ends the line.
func (e *Editor) submit() string {
	e.leaveRow()
	text := strings.TrimRight(string(append(e.pasted, e.line...)), "\n")
	e.pasted, e.line, e.cursor = nil, nil, 0
	if text == "" {
		return ""
	}
	if n := len(e.history); n == 0 || e.history[n-1] != text {
		e.history = append(e.history, text)
	}
	e.history = e.history[max(0, len(e.history)-maxHistory):]
	e.recall = len(e.history)
	return text
}

// leaveRow keeps the row on the terminal, whole, and goes to the next one.
func (e *Editor) leaveRow() {
	if !e.closed {
		_, _ = io.WriteString(e.out, eraseRow+e.prompt+shown(e.line)+"\r\n")
	}
}

// paste ends a line of a paste.
func (e *Editor) paste() {
	if e.full() {
		return
	}
	e.leaveRow()
	e.pasted = append(append(e.pasted, e.line...), '\n')
	e.line, e.cursor = nil, 0
}

func (e *Editor) full() bool {
	full := len(e.line)+len(e.pasted) >= maxLine
	if full {
		_, _ = io.WriteString(e.out, "\a")
	}
	return full
}

// insert adds a character at the cursor.
func (e *Editor) insert(r rune) {
	if e.full() {
		return
	}
	e.line = slices.Insert(e.line, e.cursor, r)
	e.cursor++
}

// cut removes what is between two places and leaves the cursor there.
func (e *Editor) cut(from, to int) {
	e.line = slices.Delete(e.line, from, to)
	e.cursor = from
}

// show shows the line of the history at a place.
func (e *Editor) show(at int) {
	if at < 0 || at > len(e.history) {
		return
	}
	if e.recall == len(e.history) {
		e.draft = e.line
	}
	e.recall = at
	e.line = slices.Clone(e.draft)
	if at < len(e.history) {
		e.line = []rune(e.history[at])
	}
	e.cursor = len(e.line)
}
