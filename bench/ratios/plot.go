// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"math"
	"os"
	"strings"
)

// The plot has a row per work and contender. Its axis is logarithmic, so that twice as fast is as
// far from the floor as twice as slow.
const (
	plotWidth              = 760
	plotLeft, plotRight    = 230, 690
	plotTop, rowHeight     = 64, 16
	groupGap               = 18
	lowestRatio, mostRatio = 1.0 / 32, 8.0
)

// bars are the contenders that the plot shows beside the floor, with their classes in plotStyle.
var bars = []struct{ by, class, title string }{
	{"this", "this", "this client"},
	{officialName, "official", "official client"},
	{"sdk-v1", "v1", "aws-sdk-go v1"},
	{"net-http", "bare", "net/http alone, which reads nothing"},
}

const plotStyle = `
text { font: 12px system-ui, sans-serif; fill: #1f2328 }
.title { font-weight: 600 } .note { fill: #59636e }
.axis { stroke: #d1d9e0 } .floor { stroke: #1f2328; stroke-dasharray: 4 3 }
.this { fill: #0072b2 } .official { fill: #009e73 } .v1 { fill: #e69f00 } .bare { fill: #9aa4af }
@media (prefers-color-scheme: dark) {
  text { fill: #e6edf3 } .note { fill: #9198a1 } .axis { stroke: #3d444d } .floor { stroke: #e6edf3 }
  .this { fill: #56b4e9 }
}
`

// writePlot writes the ratios of the calls over memory as an SVG.
func (r *results) writePlot(file string) error {
	var body strings.Builder
	y := plotTop
	for _, g := range r.groups() {
		if g.over != "memory" || strings.HasPrefix(g.work, "Error429") && g.work != "Error429" {
			continue
		}
		fmt.Fprintf(&body, `<text class="title" x="%d" y="%d" text-anchor="end">%s</text>`+"\n", plotLeft-12, y+12, g.work)
		for _, b := range bars {
			if values := r.values[g][b.by]; values != nil {
				y = plotBar(&body, y, b.class, ratios(values[wall], r.values[g][floor][wall]))
			}
		}
		y += groupGap
	}
	var svg strings.Builder
	fmt.Fprintf(&svg, `<svg xmlns="http://www.w3.org/2000/svg" width="%d" height="%d" viewBox="0 0 %d %d" role="img">`+"\n",
		plotWidth, y+24, plotWidth, y+24)
	svg.WriteString("<title>Time of a call, as a ratio to net/http with encoding/json</title>\n<style>" + plotStyle + "</style>\n")
	r.plotLegend(&svg)
	for ratio := lowestRatio; ratio <= mostRatio; ratio *= 2 {
		class := "axis"
		if ratio == 1 {
			class = "floor"
		}
		fmt.Fprintf(&svg, `<line class="%s" x1="%.1f" x2="%.1f" y1="%d" y2="%d"/>`, class, position(ratio), position(ratio), plotTop-8, y)
		fmt.Fprintf(&svg, `<text class="note" x="%.1f" y="%d" text-anchor="middle">%s</text>`+"\n", position(ratio), y+16, fraction(ratio))
	}
	svg.WriteString(body.String() + "</svg>\n")
	return os.WriteFile(file, []byte(svg.String()), 0o600)
}

func plotBar(to *strings.Builder, y int, class string, ratios []float64) (below int) {
	ratio := summary(ratios).Center
	from, until := min(position(ratio), position(1)), max(position(ratio), position(1))
	fmt.Fprintf(to, `<rect class="%s" x="%.1f" y="%d" width="%.1f" height="%d"/>`, class, from, y+2, until-from, rowHeight-4)
	x, anchor := until+5, "start"
	if ratio < 1 {
		x, anchor = from-5, "end"
	}
	fmt.Fprintf(to, `<text class="note" x="%.1f" y="%d" text-anchor="%s">%.2f</text>`+"\n", x, y+12, anchor, ratio)
	return y + rowHeight
}

func (r *results) plotLegend(to *strings.Builder) {
	to.WriteString(`<text class="title" x="12" y="18">Time of a call: less is better; 1 is net/http with encoding/json</text>` + "\n")
	x := 12
	for _, b := range bars {
		if !r.has(b.by) {
			continue
		}
		fmt.Fprintf(to, `<rect class="%s" x="%d" y="30" width="12" height="12"/><text x="%d" y="40">%s</text>`+"\n", b.class, x, x+17, b.title)
		x += 40 + 7*len(b.title)
	}
}

// has reports whether there are results of a contender.
func (r *results) has(by string) bool {
	for _, values := range r.values {
		if values[by] != nil {
			return true
		}
	}
	return false
}

// position returns the place of a ratio on the axis.
func position(ratio float64) float64 {
	ratio = min(max(ratio, lowestRatio), mostRatio)
	return plotLeft + (plotRight-plotLeft)*math.Log2(ratio/lowestRatio)/math.Log2(mostRatio/lowestRatio)
}

func fraction(ratio float64) string {
	if ratio < 1 {
		return fmt.Sprintf("1/%.0f", 1/ratio)
	}
	return fmt.Sprintf("%.0f", ratio)
}
