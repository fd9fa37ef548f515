// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"io"
	"strings"

	"github.com/participant-go/connectparticipant/internal/terminal"
)

// progress is a bar that shows how much of a file has been transferred. It is for one goroutine at a
// time.
type progress struct {
	out   io.Writer // nil for none
	name  string
	total int64
	sent  int64
	drawn string
}

// newProgress only draws if out is a terminal.
func newProgress(out io.Writer, name string, total int64) *progress {
	p := &progress{name: terminal.Line(name), total: total}
	if isTerminal(out) {
		p.out = out
	}
	return p
}

// set updates the number of bytes that have been transferred.
func (p *progress) set(sent int64) {
	p.sent = sent
	if p.out == nil {
		return
	}
	if bar := p.bar(); bar != p.drawn {
		p.drawn = bar
		fmt.Fprintf(p.out, "\r%s  %s", p.name, bar)
	}
}

// Write counts what is written.
func (p *progress) Write(b []byte) (int, error) {
	p.set(p.sent + int64(len(b)))
	return len(b), nil
}

// end keeps the bar as it is and begins a new line.
func (p *progress) end() {
	if p.drawn != "" {
		fmt.Fprint(p.out, "\n")
	}
}

// bar changes at most a hundred times, or once per megabyte if the total isn't known.
func (p *progress) bar() string {
	const width, mega = 25, 1 << 20
	if p.total <= 0 {
		return fmt.Sprintf("%d MiB", p.sent/mega)
	}
	percent := min(p.sent, p.total) * 100 / p.total
	full := int(percent) * width / 100
	return fmt.Sprintf("[%s%s] %3d %%", strings.Repeat("=", full), strings.Repeat(" ", width-full), percent)
}
