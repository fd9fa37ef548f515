// SPDX-License-Identifier: Apache-2.0

package report

import (
	_ "embed" // for the page
	"fmt"
	"html/template"
	"io"

	"github.com/participant-go/connectparticipant/cmd/participant/internal/load"
)

//go:embed page.html
var page string

var pageTemplate = template.Must(template.New("page").Funcs(template.FuncMap{
	"number": number[int],
}).Parse(page))

// HTML writes the report as one page, which needs no other file and no script.
func (r *Report) HTML(w io.Writer) error { return pageTemplate.Execute(w, view{r}) }

// view is what the page shows of a report.
type view struct{ *Report }

// tile is a headline figure.
type tile struct {
	Name, Figure, Detail string
	Bad                  bool
}

// Tiles are the figures that matter most.
func (v view) Tiles() []tile {
	return []tile{
		{Name: "Concurrent chats", Figure: number(v.Peak()), Detail: count(v.Started, "chat") + " in all"},
		{
			Name: "Lost or duplicated", Figure: number(v.Lost + v.Duplicated + v.Disordered),
			Detail: "of " + count(v.Sent, "message"), Bad: !v.Intact(),
		},
		latencyTile("Send to push", &v.Push),
		latencyTile("Catch-up", &v.CatchUp),
		{Name: "Responses 429", Figure: number(v.Throttled), Detail: "of " + count(v.requests(), "request"), Bad: v.Throttled > 0},
		{Name: "Memory per chat", Figure: size(v.HeapPerChat()), Detail: "of heap; CPU " + v.ProcessorPerChat()},
	}
}

func latencyTile(name string, h *load.Histogram) tile {
	if h.Count() == 0 {
		return tile{Name: name, Figure: "–", Detail: "not measured"}
	}
	return tile{Name: name, Figure: duration(h.Quantile(0.5)), Detail: "p50 · p99 " + duration(h.Quantile(0.99))}
}

func (v view) requests() (n int) {
	for _, c := range v.Calls {
		n += c.Requests
	}
	return n
}

// operation is a row of the table of requests.
type operation struct {
	load.Calls

	// Rate is the mean of the requests a second, Quota what the load kept to.
	Rate, Quota string
}

// Operations are the requests by operation.
func (v view) Operations() (rows []operation) {
	for _, c := range v.Calls {
		row := operation{Calls: c, Rate: digits(float64(c.Requests) / max(v.Elapsed.Seconds(), 1)), Quota: "none"}
		if q, limited := v.Quotas[c.Operation]; limited {
			row.Quota = fmt.Sprintf("%.4g", q.Rate)
		}
		rows = append(rows, row)
	}
	return rows
}
