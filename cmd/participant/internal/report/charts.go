// SPDX-License-Identifier: Apache-2.0

package report

import (
	"fmt"
	"math"
	"time"

	"github.com/participant-go/connectparticipant/cmd/participant/internal/load"
)

// maxSteps is how many points a rate over time has at most.
const maxSteps = 120

// Curves are the latencies by percentile: of messages, and of connections.
func (v view) Curves() []*chart {
	var charts []*chart
	all := v.distributions()
	for _, group := range []struct {
		title  string
		shares []latency
	}{{"Messages", all[0:2]}, {"Connections", all[2:5]}} {
		if c := curves(group.title, group.shares); c != nil {
			charts = append(charts, c)
		}
	}
	return charts
}

// curves draws each distribution by its percentiles, on a scale that gives the last per cent the
// room of the others; nil if nothing was measured.
func curves(title string, latencies []latency) *chart {
	var all []series
	var most int64
	low, high := math.Inf(1), 0.0
	for i, l := range latencies {
		if l.Count() == 0 {
			continue
		}
		s := series{name: l.Name, class: fmt.Sprintf("s%d", i+1), points: percentiles(l.Histogram)}
		all = append(all, s)
		most = max(most, l.Count())
		low, high = min(low, s.points[0].y), max(high, s.points[len(s.points)-1].y)
	}
	if all == nil {
		return nil
	}
	c := newChart(title, "", "percentile", narrow)
	x := scale{low: 0, high: max(nines(most), 1), from: c.Left, to: c.Right}
	for _, q := range []struct {
		nines float64
		label string
	}{{0, "0"}, {math.Log10(2), "p50"}, {1, "p90"}, {2, "p99"}, {3, "p99.9"}, {4, "p99.99"}, {5, "p99.999"}} {
		if q.nines <= x.high {
			c.XTicks = append(c.XTicks, tick{x.at(q.nines), q.label})
		}
	}
	c.draw(all, x, c.logarithmic(low, high))
	return c
}

// nines is the position of the longest of n durations: 1 at the 90th percentile, 2 at the 99th.
func nines(n int64) float64 { return math.Log10(float64(max(n, 1))) }

// percentiles are the points of a curve, the y in seconds.
func percentiles(h *load.Histogram) []point {
	const steps = 30 // for each nine
	var points []point
	end := nines(h.Count())
	for i := 0; float64(i)/steps < end; i++ {
		x := float64(i) / steps
		points = append(points, point{x, seconds(h.Quantile(1 - math.Pow(10, -x)))})
	}
	return append(points, point{end, seconds(h.Max())})
}

// seconds keeps to what a logarithmic scale can show.
func seconds(d time.Duration) float64 { return max(d, 10*time.Microsecond).Seconds() }

// Chats are the connected chats over time, and the cuts.
func (v view) Chats() *chart {
	c := newChart("Connected chats", "", "", wide)
	s := series{class: "s1", filled: true}
	for i := range v.Samples {
		s.points = append(s.points, point{v.Samples[i].Elapsed.Seconds(), float64(v.Samples[i].Connected)})
	}
	x := c.elapsed(v.Elapsed)
	c.draw([]series{s}, x, c.linear(float64(v.Peak()), count0))
	if v.Cuts > 0 || v.Losses > 0 {
		c.addCuts(v.steps(), x)
	}
	return c
}

// addCuts draws how many sockets were lost, as bars in a lane below the plot.
func (c *chart) addCuts(steps []step, x scale) {
	var most float64
	for _, s := range steps {
		most = max(most, s.rate(func(n *load.Sample) float64 { return float64(n.Cuts + n.Losses) }))
	}
	c.BarsTop = float64(c.Height)
	c.BarsLabel, c.BarsMost = "cuts", "max. "+digits(most)+"/s"
	c.Height += cutsHeight + 8
	for _, s := range steps {
		rate := s.rate(func(n *load.Sample) float64 { return float64(n.Cuts + n.Losses) })
		if rate <= 0 {
			continue
		}
		height := max(2, rate/most*cutsHeight)
		left, right := x.at(s.from.Elapsed.Seconds()), x.at(s.to.Elapsed.Seconds())
		c.Bars = append(c.Bars, bar{left, c.BarsTop + cutsHeight - height, max(1, right-left-1), height})
	}
}

// count0 labels an axis of numbers.
func count0(v float64) string {
	if v != math.Trunc(v) {
		return fmt.Sprintf("%.4g", v)
	}
	return number(int64(v))
}

// Messages are the messages a second over time, with the quota if they came near it.
func (v view) Messages() *chart {
	sent := v.rates(func(n *load.Sample) float64 { return float64(n.Sent) })
	all := []series{
		{name: "sent", class: "s1", filled: true, points: sent},
		{name: "delivered", class: "s2", points: v.rates(func(n *load.Sample) float64 { return float64(n.Delivered) })},
	}
	if v.Replies > 0 {
		all = append(all, series{name: "replies", class: "s3", points: v.rates(func(n *load.Sample) float64 { return float64(n.Replies) })})
	}
	if q := v.Quotas["SendMessage"].Rate; q > 0 && highest(sent) > q/2 {
		all = append(all, series{name: "quota", class: "limit", points: []point{{0, q}, {v.Elapsed.Seconds(), q}}})
	}
	return v.overTime("Messages", "a second", wide, count0, all...)
}

// Refusals are the responses 429 and the other failed requests a second over time; nil if there
// were none.
func (v view) Refusals() *chart {
	if v.Throttled == 0 && v.Retried == 0 {
		return nil
	}
	return v.overTime("Responses 429 and retries", "a second", wide, count0,
		series{name: "429", class: "s3", points: v.rates(func(n *load.Sample) float64 { return float64(n.Throttled) })},
		series{name: "retries", class: "s1", points: v.rates(func(n *load.Sample) float64 { return float64(n.Retried) })})
}

// Memory is that of this process over time.
func (v view) Memory() *chart {
	heap, rss := series{name: "heap", class: "s1", filled: true}, series{name: "process", class: "s2"}
	for i := range v.Samples {
		n := &v.Samples[i]
		heap.points = append(heap.points, point{n.Elapsed.Seconds(), float64(n.Heap)})
		if n.RSS > 0 {
			rss.points = append(rss.points, point{n.Elapsed.Seconds(), float64(n.RSS)})
		}
	}
	return v.overTime("Memory", "MB", narrow, func(v float64) string { return count0(v / 1e6) }, heap, rss)
}

// Processor is the computing of this process over time; nil if it isn't known.
func (v view) Processor() *chart {
	points := v.rates(func(n *load.Sample) float64 { return n.CPU.Seconds() * 100 })
	if v.CPUPerChat() == 0 {
		return nil
	}
	return v.overTime("CPU", "% of a core", narrow, count0, series{class: "s1", filled: true, points: points})
}

func (v view) overTime(title, unit string, width int, label func(float64) string, all ...series) *chart {
	c := newChart(title, unit, "", width)
	var high float64
	for _, s := range all {
		high = max(high, highest(s.points))
	}
	c.draw(all, c.elapsed(v.Elapsed), c.linear(high, label))
	return c
}

func highest(points []point) (high float64) {
	for _, p := range points {
		high = max(high, p.y)
	}
	return high
}

// step is a part of the time.
type step struct{ from, to *load.Sample }

// rate returns by how much a value grew a second.
func (s step) rate(value func(*load.Sample) float64) float64 {
	return (value(s.to) - value(s.from)) / (s.to.Elapsed - s.from.Elapsed).Seconds()
}

// steps divides the time into at most maxSteps.
func (v view) steps() (steps []step) {
	stride := (len(v.Samples) + maxSteps - 1) / maxSteps
	for i := 0; i < len(v.Samples)-1; i += stride {
		s := step{&v.Samples[i], &v.Samples[min(i+stride, len(v.Samples)-1)]}
		if s.to.Elapsed-s.from.Elapsed >= time.Second/2 { // the last one may be too short to show a rate
			steps = append(steps, s)
		}
	}
	return steps
}

func (v view) rates(value func(*load.Sample) float64) (points []point) {
	for _, s := range v.steps() {
		points = append(points, point{(s.from.Elapsed + s.to.Elapsed).Seconds() / 2, s.rate(value)})
	}
	return points
}
