// SPDX-License-Identifier: Apache-2.0

package report

import (
	"fmt"
	"io"
	"strings"

	"github.com/participant-go/connectparticipant/internal/terminal"
)

// Text writes the report for a terminal.
func (r *Report) Text(w io.Writer) error {
	var b strings.Builder
	fmt.Fprintf(&b, "%s, %s concurrent, %s\n%s\n\n", r.Title(), number(r.Peak()), r.When(), r.Verdict())
	fmt.Fprintf(&b, "%-14s %9s %9s %9s %9s %9s\n", "", "count", "p50", "p90", "p99", "max")
	for _, row := range (view{r}).Rows() {
		fmt.Fprintf(&b, "%-14s %9s %9s %9s %9s %9s\n", row.Name, row.Count, row.P50, row.P90, row.P99, row.Max)
	}
	b.WriteByte('\n')
	for _, fact := range [][2]string{
		{"Messages", fmt.Sprintf("%s sent, %s lost, %s duplicated, %s out of order", number(r.Sent), number(r.Lost), number(r.Duplicated), number(r.Disordered))},
		{"Replies", number(r.Replies)},
		{"Responses 429", number(r.Throttled)},
		{"Retries", number(r.Retried)},
		{"Reconnects", r.Reconnections()},
		{"Memory/chat", r.MemoryPerChat()},
		{"CPU/chat", r.ProcessorPerChat()},
	} {
		fmt.Fprintf(&b, "%-14s %s\n", fact[0], fact[1])
	}
	if r.FakeInside {
		b.WriteString("Memory and CPU include those of the fake, which ran in this process.\n")
	}
	for _, e := range r.Errors {
		fmt.Fprintf(&b, "%s × %s\n", number(e.Count), terminal.Line(e.Text))
	}
	_, err := io.WriteString(w, b.String())
	return err
}
