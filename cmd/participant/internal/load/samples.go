// SPDX-License-Identifier: Apache-2.0

package load

import (
	"context"
	"time"
)

const (
	// watchEvery is how often the load is sampled.
	watchEvery = time.Second
	// maxSamples is the maximum number of samples: a plot has no more points.
	maxSamples = 1000
)

// Sample is the state of a load at a moment. Counts are totals since its start.
type Sample struct {
	Counts
	Process

	Elapsed time.Duration
}

// samples keeps a series of at most maxSamples. When it is full, every other one is dropped, and
// from then on they are twice as far apart.
type samples struct {
	kept  []Sample
	every int // keep one of so many
	seen  int
}

func newSamples() *samples { return &samples{every: 1} }

func (s *samples) add(sample Sample) {
	s.seen++
	if (s.seen-1)%s.every != 0 {
		return
	}
	if len(s.kept) == maxSamples {
		for i := range maxSamples / 2 {
			s.kept[i] = s.kept[2*i]
		}
		s.kept = s.kept[:maxSamples/2]
		s.every *= 2
	}
	s.kept = append(s.kept, sample)
}

// watch takes samples and reports progress until the load is over.
func (r *runner) watch(talking context.Context, over <-chan struct{}) {
	ticker := time.NewTicker(watchEvery)
	defer ticker.Stop()
	for {
		r.sample(talking.Err() != nil)
		select {
		case <-over:
			r.sample(talking.Err() != nil)
			return
		case <-ticker.C:
		}
	}
}

func (r *runner) sample(ending bool) {
	counts, push99 := r.meter.snapshot()
	elapsed := time.Since(r.start)
	r.samples.add(Sample{Counts: counts, Process: readProcess(), Elapsed: elapsed})
	if r.opts.Watch != nil {
		r.opts.Watch(Progress{Counts: counts, Elapsed: elapsed, Push99: push99, Ending: ending})
	}
}
