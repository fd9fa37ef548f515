// SPDX-License-Identifier: Apache-2.0

// Package report formats the result of a load, as text and as a page of HTML.
package report

import (
	"fmt"
	"strings"
	"time"

	"github.com/participant-go/connectparticipant/chat"
	"github.com/participant-go/connectparticipant/cmd/participant/internal/load"
)

// Report is the result of a load and its circumstances.
type Report struct {
	*load.Result

	// Service names the service that the load ran against.
	Service string
	// Command is the command line, Version that of the command, and Machine what it ran on.
	Command, Version, Machine string
	// Quotas are the quotas that the load kept to, by operation; empty for none.
	Quotas map[string]chat.Quota
	// FakeInside reports that the service was a fake in the same process, whose memory and
	// computing are part of the figures.
	FakeInside bool
}

// latency is one distribution, with its name and description.
type latency struct {
	Name, Meaning string
	*load.Histogram
}

// row is a latency as text.
type row struct {
	Name, Meaning, Count, P50, P90, P99, Max string
}

// Rows returns the latencies that were measured, as text.
func (v view) Rows() []row {
	var rows []row
	for _, l := range v.distributions() {
		if l.Count() == 0 {
			continue
		}
		q := func(q float64) string { return duration(l.Quantile(q)) }
		rows = append(rows, row{l.Name, l.Meaning, number(l.Count()), q(0.5), q(0.9), q(0.99), duration(l.Max())})
	}
	return rows
}

func (r *Report) distributions() []latency {
	return []latency{
		{"Send", "from the request until the service has accepted a message", &r.Send},
		{"Send to push", "from the request until the session delivers the message", &r.Push},
		{"Connect", "from the request until the socket is subscribed", &r.Connect},
		{"Reconnect", "from a cut until the socket is subscribed again", &r.Reconnect},
		{"Catch-up", "from a cut until a message sent right after it is delivered", &r.CatchUp},
		{"Quota wait", "how long requests to connect and to send waited for the quotas", &r.Quota},
	}
}

// Verdict returns a sentence about the success of the load.
func (r *Report) Verdict() string {
	switch {
	case !r.Intact():
		return fmt.Sprintf("Of %s messages %s lost, %s duplicated and %s out of order",
			number(r.Sent), were(r.Lost), were(r.Duplicated), were(r.Disordered))
	case r.Started == 0 && r.Failed > 0:
		return "No chat could be started"
	case r.Failed > 0:
		return fmt.Sprintf("Of %s %s failed; all %s messages that the service accepted arrived once and in order",
			count(r.Planned, "chat"), number(r.Failed), number(r.Sent))
	case r.SendErrors > 0:
		return fmt.Sprintf("%s could not be sent; all %s that the service accepted arrived once and in order",
			count(r.SendErrors, "message"), number(r.Sent))
	case r.Sent == 0:
		return "No message was sent"
	case r.Sent == 1:
		return "The only message arrived once"
	default:
		return fmt.Sprintf("All %s messages arrived once and in order", number(r.Sent))
	}
}

func were(n int) string {
	if n == 1 {
		return "1 was"
	}
	return number(n) + " were"
}

// Title names the load.
func (r *Report) Title() string { return "Load of " + count(r.Planned, "chat") }

// When returns when the load ran, and how long it took.
func (r *Report) When() string {
	text := r.Start.UTC().Format("2 January 2006, 15:04 UTC") + ", for " + span(r.Elapsed)
	if r.Interrupted {
		text += ", interrupted"
	}
	return text
}

// number groups the digits of a number.
func number[N int | int64](n N) string {
	text := fmt.Sprint(n)
	for i := len(text) - 3; i > 0 && text[i-1] != '-'; i -= 3 {
		text = text[:i] + "," + text[i:]
	}
	return text
}

// count is a number of things.
func count(n int, thing string) string {
	if n == 1 {
		return "1 " + thing
	}
	if strings.HasSuffix(thing, "s") {
		thing += "e"
	}
	return number(n) + " " + thing + "s"
}

// duration is a latency with two or three digits.
func duration(d time.Duration) string {
	switch {
	case d < time.Millisecond:
		return fmt.Sprintf("%d µs", d.Microseconds())
	case d < time.Second:
		return digits(float64(d)/float64(time.Millisecond)) + " ms"
	case d < 100*time.Second:
		return digits(d.Seconds()) + " s"
	default:
		return span(d)
	}
}

func digits(x float64) string {
	switch {
	case x < 9.95:
		return fmt.Sprintf("%.2f", x)
	case x < 99.5:
		return fmt.Sprintf("%.1f", x)
	default:
		return fmt.Sprintf("%.0f", x)
	}
}

// span is a longer time, in whole seconds.
func span(d time.Duration) string {
	d = d.Round(time.Second)
	h, m, s := int(d.Hours()), int(d.Minutes())%60, int(d.Seconds())%60
	switch {
	case h > 0:
		return fmt.Sprintf("%d h %d min", h, m)
	case m > 0 && s > 0:
		return fmt.Sprintf("%d min %d s", m, s)
	case m > 0:
		return fmt.Sprintf("%d min", m)
	default:
		return fmt.Sprintf("%d s", s)
	}
}

// size is a number of bytes.
func size[N uint64 | float64](bytes N) string {
	x := float64(bytes)
	switch {
	case x < 1e3:
		return fmt.Sprintf("%.0f B", x)
	case x < 1e6:
		return digits(x/1e3) + " kB"
	case x < 1e9:
		return digits(x/1e6) + " MB"
	default:
		return digits(x/1e9) + " GB"
	}
}

// MemoryPerChat is the growth of the memory by a chat.
func (r *Report) MemoryPerChat() string {
	text := size(r.HeapPerChat()) + " of heap"
	if rss := r.RSSPerChat(); rss > 0 {
		text = size(rss) + ", " + text
	}
	return text
}

// ProcessorPerChat is the computing of a chat.
func (r *Report) ProcessorPerChat() string {
	share := r.CPUPerChat() * 100
	if share == 0 {
		return "not known"
	}
	return fmt.Sprintf("%.2g %% of a core", share)
}

// Reconnections returns how often chats reconnected, and why.
func (r *Report) Reconnections() string {
	text := fmt.Sprintf("%s after %s", number(r.Reconnects), count(r.Cuts, "cut"))
	if r.Losses > 0 {
		text += " and " + count(r.Losses, "other loss")
	}
	return text
}
