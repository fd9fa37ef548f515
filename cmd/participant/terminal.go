// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"
	"sync"

	"golang.org/x/term"

	"github.com/participant-go/connectparticipant/cmd/participant/internal/lineedit"
)

// isTerminal reports whether a stream is a terminal.
func isTerminal(stream any) bool {
	if file, ok := stream.(*os.File); ok {
		return term.IsTerminal(int(file.Fd()))
	}
	file, ok := stream.(interface{ Stat() (fs.FileInfo, error) })
	if !ok {
		return false
	}
	info, err := file.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}

// hasSequences reports whether a stream is a terminal that supports escape sequences. The console of
// Windows sets no TERM.
func hasSequences(stream any) bool {
	kind := os.Getenv("TERM")
	return kind != "" && kind != "dumb" && isTerminal(stream)
}

func hasColours(stream any) bool { return hasSequences(stream) && os.Getenv("NO_COLOR") == "" }

// readHidden reads a line without showing it on the terminal.
func readHidden(ctx context.Context, s streams, prompt string) (string, error) {
	next := scanLines(s.in)
	if file, ok := s.in.(*os.File); ok {
		before, err := term.GetState(int(file.Fd()))
		if err != nil {
			return "", err
		}
		next = func() (string, error) {
			line, err := term.ReadPassword(int(file.Fd()))
			return string(line), err
		}
		defer func() {
			_ = term.Restore(int(file.Fd()), before) // ReadPassword doesn't return after an interrupt
			fmt.Fprint(s.err, "\n")                  // the line break of the input was hidden too
		}()
	} else {
		prompt = "(cannot be hidden here) " + prompt
	}
	fmt.Fprint(s.err, prompt)
	in := readInput(ctx, 1, next)
	select {
	case line, ok := <-in.lines:
		if !ok {
			return "", in.err
		}
		return line, nil
	case <-ctx.Done():
		return "", ctx.Err()
	}
}

// The colors of what is printed, as terminals number them.
const (
	colourOwn    = "36" // cyan
	colourOthers = ""   // the terminal's own
	colourSystem = "2"  // faint
	colourError  = "31" // red
)

// paint returns a text, with or without a line break at its end, in a color.
func paint(color, text string) string {
	if color == "" || text == "" {
		return text
	}
	text, broken := strings.CutSuffix(text, "\n")
	text = "\x1b[" + color + "m" + text + "\x1b[0m"
	if broken {
		text += "\n"
	}
	return text
}

// console is where a person types, and where a chat is printed.
type console struct {
	streams
	next                func() (string, error) // the next line, or io.EOF
	paintOut, paintErrs func(color, text string) string
	close               func() // leaves the terminal as it was
}

// openConsole makes lines editable, and prints above the line that is being typed, if both input and
// output are a terminal. interrupt is called for Ctrl-C, which isn't a signal then.
func openConsole(s streams, interrupt func()) *console {
	plain := func(_, text string) string { return text }
	c := &console{streams: s, next: scanLines(s.in), paintOut: plain, paintErrs: plain, close: func() {}}
	if hasColours(s.out) {
		c.paintOut = paint
	}
	if hasColours(s.err) {
		c.paintErrs = paint
	}
	in, inIsFile := s.in.(*os.File)
	out, outIsFile := s.out.(*os.File)
	if !inIsFile || !outIsFile || !isTerminal(in) || !hasSequences(out) {
		return c
	}
	before, err := term.MakeRaw(int(in.Fd()))
	if err != nil {
		return c
	}
	editor := lineedit.New(in, out, func() int { return widthOf(out) }, "> ")
	c.out = editor
	if isTerminal(s.err) {
		c.err = editor
	}
	c.close = sync.OnceFunc(func() {
		editor.Close()
		_ = term.Restore(int(in.Fd()), before)
	})
	c.next = func() (string, error) {
		defer c.restoreOnPanic()
		line, err := editor.ReadLine()
		if errors.Is(err, lineedit.ErrInterrupted) {
			interrupt()
			err = io.EOF
		}
		return line, err
	}
	return c
}

// restoreOnPanic, deferred, leaves the terminal usable after a panic of a goroutine.
func (c *console) restoreOnPanic() {
	if p := recover(); p != nil {
		c.close()
		panic(p)
	}
}

// widthOf returns the columns of a terminal.
func widthOf(terminal *os.File) int {
	width, _, err := term.GetSize(int(terminal.Fd()))
	if err != nil || width == 0 {
		return 80
	}
	return width
}
