// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"io"
	"time"

	"github.com/participant-go/connectparticipant/cmd/participant/internal/load"
)

// quietly is how often a load reports its progress outside a terminal.
const quietly = 10 * time.Second

// loadProgress shows the progress of a load: on a terminal as a line that changes, elsewhere as
// a line every 10 seconds.
type loadProgress struct {
	out      io.Writer
	terminal bool
	chats    int
	next     time.Duration // when the next line is due
	drawn    bool
	ending   bool
}

func newLoadProgress(out io.Writer, chats int) *loadProgress {
	return &loadProgress{out: out, terminal: isTerminal(out), chats: chats, next: quietly}
}

func (p *loadProgress) show(now load.Progress) {
	if now.Ending && !p.ending {
		p.ending = true
		p.end()
		fmt.Fprint(p.out, "Interrupted: the chats wait for their messages and leave. Interrupt again to end immediately.\n")
	}
	line := fmt.Sprintf("%s  %d/%d chats  %d sent  %d back  %d reconnects  %d × 429  p99 %s",
		now.Elapsed.Round(time.Second), now.Connected, p.chats, now.Sent, now.Delivered, now.Reconnects, now.Throttled, now.Push99.Round(10*time.Microsecond))
	if now.Failed > 0 {
		line += fmt.Sprintf("  %d failed", now.Failed)
	}
	switch {
	case p.terminal:
		p.drawn = true
		fmt.Fprintf(p.out, "\r\x1b[K%s", line)
	case now.Elapsed >= p.next:
		p.next += quietly
		fmt.Fprint(p.out, line+"\n")
	}
}

// end keeps the line as it is and begins a new one.
func (p *loadProgress) end() {
	if p.drawn {
		p.drawn = false
		fmt.Fprint(p.out, "\n")
	}
}
