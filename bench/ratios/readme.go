// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// The figures in a README are between these lines.
const (
	figuresBegin = "<!-- figures -->\n"
	figuresEnd   = "<!-- end of figures -->\n"
)

// columns are the contenders of the table with their titles.
var columns = []struct{ by, title string }{
	{floor, "`net/http` + `encoding/json`"},
	{"net-http", "`net/http` alone"},
	{"sdk-v1", "aws-sdk-go v1"},
	{officialName, "official client"},
	{"this", "this client"},
}

// plotFile is the name of the plot, which is in the folder of the README.
const plotFile = "figures.svg"

// writeReadme replaces the figures in a file: the medians of the ratios, as a plot and as tables,
// and the memory of idle sessions.
func (r *results) writeReadme(ctx context.Context, file, machine string) error {
	old, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	before, rest, found := bytes.Cut(old, []byte(figuresBegin))
	_, after, closed := bytes.Cut(rest, []byte(figuresEnd))
	if !found || !closed {
		return fmt.Errorf("no lines for figures in %s", file)
	}
	idle, err := idleTable(ctx)
	if err != nil {
		return err
	}
	if err := r.writePlot(filepath.Join(filepath.Dir(file), plotFile)); err != nil {
		return err
	}
	var table strings.Builder
	fmt.Fprintf(&table, "![Time of a call beside its peers](%s)\n\n```\n%s```\n%s", plotFile, machine, idle)
	over := ""
	for _, g := range r.groups() {
		if g.over != over {
			over = g.over
			table.WriteString("\n| Over " + over + " |")
			for _, c := range columns {
				table.WriteString(" " + c.title + " |")
			}
			table.WriteString("\n|---|" + strings.Repeat("---|", len(columns)) + "\n")
		}
		table.WriteString("| " + g.work + " |")
		for _, c := range columns {
			table.WriteString(" " + r.cell(g, c.by) + " |")
		}
		table.WriteString("\n")
	}
	return os.WriteFile(file, []byte(string(before)+figuresBegin+table.String()+figuresEnd+string(after)), 0o600)
}

// cell returns the wall time and the allocations of one contender.
func (r *results) cell(g group, by string) string {
	values, base := r.values[g][by], r.values[g][floor]
	if values == nil {
		return "not available"
	}
	if by == floor {
		return fmt.Sprintf("1 (%s), %.0f", duration(base[wall]), median(base[allocs]))
	}
	ratio, _, _ := strings.Cut(ratio(values[wall], base[wall]), " ")
	return fmt.Sprintf("%s, %.0f", ratio, median(values[allocs]))
}
