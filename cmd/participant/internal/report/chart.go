// SPDX-License-Identifier: Apache-2.0

package report

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"time"
)

// The margins of a chart, in the units of its drawing: room for the labels of the axes, and of
// the lines at their right ends.
const (
	marginLeft, marginRight  = 62, 104
	marginTop, marginBottom  = 14, 34
	labelHeight              = 15
	cutsHeight               = 26 // of the lane with the cuts
	narrow, wide, lineHeight = 500, 1020, 250
)

// chart is a drawing for the template.
type chart struct {
	Title, Unit   string // Unit is the label of the y axis
	Width, Height int
	Left, Right   float64 // of the plot
	Top, Bottom   float64
	XTicks        []tick
	YTicks        []tick
	XTitle        string
	Lines         []line
	Bars          []bar // the cuts, below the plot
	BarsTop       float64
	BarsLabel     string
	BarsMost      string // the label of the highest bar
}

type tick struct {
	At    float64
	Label string
}

// line is a series, with its label at the right end.
type line struct {
	Name   string
	Class  string // of the style sheet: s1, s2, s3
	Path   string
	Area   string // the same closed at the bottom; empty for none
	LabelX float64
	LabelY float64
	EndX   float64
	EndY   float64
	Leader string // joins the end with the label, where they are apart; empty for none
}

type bar struct{ X, Y, Width, Height float64 }

// series are the points of a line.
type series struct {
	name   string // empty where the title says it
	class  string
	filled bool
	points []point
}

type point struct{ x, y float64 }

// scale maps values to the drawing.
type scale struct {
	low, high float64
	from, to  float64
	log       bool
}

func (s scale) at(v float64) float64 {
	low, high := s.low, s.high
	if s.log {
		v, low, high = math.Log10(max(v, low)), math.Log10(low), math.Log10(high)
	}
	return s.from + (v-low)/(high-low)*(s.to-s.from)
}

func newChart(title, unit, xTitle string, width int) *chart {
	c := &chart{Title: title, Unit: unit, XTitle: xTitle, Width: width, Height: lineHeight}
	c.Left, c.Right = marginLeft, float64(width-marginRight)
	c.Top, c.Bottom = marginTop, lineHeight-marginBottom
	return c
}

// draw adds the lines, and their labels where they don't cover each other.
func (c *chart) draw(all []series, x, y scale) {
	for _, s := range all {
		if len(s.points) == 0 {
			continue
		}
		var path strings.Builder
		for i, p := range s.points {
			fmt.Fprintf(&path, "%c%.1f %.1f", "ML"[min(i, 1)], x.at(p.x), y.at(p.y))
		}
		last := s.points[len(s.points)-1]
		l := line{Name: s.name, Class: s.class, Path: path.String(), EndX: x.at(last.x), EndY: y.at(last.y)}
		l.LabelX, l.LabelY = c.Right+9, l.EndY
		if s.filled {
			l.Area = fmt.Sprintf("%sL%.1f %.1fL%.1f %.1fZ", l.Path, l.EndX, c.Bottom, x.at(s.points[0].x), c.Bottom)
		}
		c.Lines = append(c.Lines, l)
	}
	c.spreadLabels()
}

// spreadLabels moves labels apart, and keeps them within the plot.
func (c *chart) spreadLabels() {
	order := make([]*line, len(c.Lines))
	for i := range c.Lines {
		order[i] = &c.Lines[i]
	}
	slices.SortFunc(order, func(a, b *line) int { return int(math.Copysign(1, a.EndY-b.EndY)) })
	floor := c.Bottom
	for i := len(order) - 1; i >= 0; i-- {
		order[i].LabelY = min(order[i].LabelY, floor)
		floor = order[i].LabelY - labelHeight
	}
	ceiling := c.Top
	for _, l := range order {
		l.LabelY = max(l.LabelY, ceiling)
		ceiling = l.LabelY + labelHeight
		if c.Right-l.EndX > labelHeight {
			l.Leader = fmt.Sprintf("M%.1f %.1fL%.1f %.1f", l.EndX+5, l.EndY, c.Right+5, l.LabelY)
		}
	}
}

// linear returns a scale from 0 to a round number, and its ticks.
func (c *chart) linear(high float64, label func(float64) string) scale {
	step := niceStep(max(high, 1e-9) / 4)
	top := math.Ceil(high/step-1e-9) * step
	if top == 0 {
		top = step
	}
	s := scale{low: 0, high: top, from: c.Bottom, to: c.Top}
	for i := 0; float64(i)*step <= top*(1+1e-9); i++ {
		v := float64(i) * step
		c.YTicks = append(c.YTicks, tick{s.at(v), label(v)})
	}
	return s
}

// niceStep returns 1, 2 or 5 times a power of ten that is at least x.
func niceStep(x float64) float64 {
	power := math.Pow(10, math.Floor(math.Log10(x)))
	for _, m := range []float64{1, 2, 5, 10} {
		if m*power >= x*(1-1e-9) {
			return m * power
		}
	}
	return 10 * power
}

// logarithmic returns a scale of seconds in powers of ten, and its ticks.
func (c *chart) logarithmic(low, high float64) scale {
	from, to := math.Floor(math.Log10(low)+1e-9), math.Ceil(math.Log10(high)-1e-9)
	if to <= from {
		to = from + 1
	}
	s := scale{low: math.Pow(10, from), high: math.Pow(10, to), from: c.Bottom, to: c.Top, log: true}
	for e := from; e <= to; e++ {
		v := math.Pow(10, e)
		c.YTicks = append(c.YTicks, tick{s.at(v), power(int(e))})
	}
	return s
}

// power names a power of ten of seconds.
func power(e int) string {
	unit := "s"
	switch {
	case e < -3:
		e, unit = e+6, "µs"
	case e < 0:
		e, unit = e+3, "ms"
	}
	return number(int(math.Pow10(e))) + " " + unit
}

// elapsed returns the scale of the time since the start, and its ticks.
func (c *chart) elapsed(total time.Duration) scale {
	total = max(total, time.Second)
	s := scale{low: 0, high: total.Seconds(), from: c.Left, to: c.Right}
	step := timeStep(total * 100 / time.Duration(c.Width)) // 100 is the room of a label, and more
	for t := time.Duration(0); t <= total; t += step {
		c.XTicks = append(c.XTicks, tick{s.at(t.Seconds()), timeLabel(t)})
	}
	return s
}

func timeStep(least time.Duration) time.Duration {
	for _, seconds := range []int64{1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800} {
		if step := time.Duration(seconds) * time.Second; step >= least {
			return step
		}
	}
	return (least + time.Hour - 1).Truncate(time.Hour)
}

func timeLabel(t time.Duration) string {
	switch {
	case t >= time.Hour:
		return fmt.Sprintf("%d:%02d h", int(t.Hours()), int(t.Minutes())%60)
	case t >= time.Minute && t%time.Minute == 0:
		return fmt.Sprintf("%d min", int(t.Minutes()))
	case t >= time.Minute:
		return fmt.Sprintf("%d:%02d", int(t.Minutes()), int(t.Seconds())%60)
	default:
		return fmt.Sprintf("%d s", int(t.Seconds()))
	}
}

// BarsMostX is where BarsMost begins.
func (c *chart) BarsMostX() float64 { return c.Right + 9 }

// LabelX is where the labels of the y axis end.
func (c *chart) LabelX() float64 { return c.Left - 8 }

// LabelY is the position of the labels of the x axis, below TickEnd.
func (c *chart) LabelY() float64 { return c.Bottom + 16 }

// TickEnd is the lower end of the ticks.
func (c *chart) TickEnd() float64 { return c.Bottom + 5 }

// BarsMiddle is the position of the label of the bars.
func (c *chart) BarsMiddle() float64 { return c.BarsTop + cutsHeight/2 }
