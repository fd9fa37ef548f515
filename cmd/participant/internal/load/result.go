// SPDX-License-Identifier: Apache-2.0

package load

import (
	"math"
	"regexp"
	"time"
)

// Result is what a load has measured.
type Result struct {
	Counts
	Latencies

	// Planned is how many chats there were to be.
	Planned int
	Start   time.Time
	// Elapsed is how long it took, and Interrupted whether it was stopped.
	Elapsed     time.Duration
	Interrupted bool
	// Lost counts the messages that the service has accepted and that were never delivered,
	// Duplicated those that were delivered more than once, and Disordered those that were
	// delivered after a later one.
	Lost, Duplicated, Disordered int
	// Calls are the requests by operation, and Errors what failed, the most frequent first.
	Calls  []Calls
	Errors []ErrorCount
	// Samples are the states of the load from its start to its end.
	Samples []Sample
}

// OK reports that no message was lost, duplicated or out of order, and that no chat and no message
// failed.
func (r *Result) OK() bool { return r.Intact() && r.Failed == 0 && r.SendErrors == 0 }

// Intact reports that every message was delivered once and in order.
func (r *Result) Intact() bool { return r.Lost == 0 && r.Duplicated == 0 && r.Disordered == 0 }

// Peak returns the largest number of chats that were connected at a time.
func (r *Result) Peak() int {
	peak := 0
	for i := range r.Samples {
		peak = max(peak, r.Samples[i].Connected)
	}
	return peak
}

// HeapPerChat returns what the heap has grown by for each chat, in bytes, when most were
// connected; 0 if there were none.
func (r *Result) HeapPerChat() uint64 {
	return r.perChat(func(s *Sample) uint64 { return s.Heap })
}

// RSSPerChat is HeapPerChat for the memory of the process.
func (r *Result) RSSPerChat() uint64 {
	return r.perChat(func(s *Sample) uint64 { return s.RSS })
}

// perChat takes the lowest of the samples with nearly all chats: a heap that was just collected.
func (r *Result) perChat(bytes func(*Sample) uint64) uint64 {
	peak, least := r.Peak(), math.Inf(1)
	for i := range r.Samples {
		s := &r.Samples[i]
		if s.Connected > 0 && s.Connected*10 >= peak*9 {
			least = min(least, (float64(bytes(s))-float64(bytes(&r.Samples[0])))/float64(s.Connected))
		}
	}
	if math.IsInf(least, 1) {
		return 0
	}
	return uint64(max(least, 0))
}

// CPUPerChat returns the computing that one connected chat took, as a share of one core.
func (r *Result) CPUPerChat() float64 {
	var connected, cpu float64 // seconds
	for i := 1; i < len(r.Samples); i++ {
		a, b := &r.Samples[i-1], &r.Samples[i]
		connected += float64(a.Connected+b.Connected) / 2 * (b.Elapsed - a.Elapsed).Seconds()
		cpu += (b.CPU - a.CPU).Seconds()
	}
	if connected == 0 {
		return 0
	}
	return cpu / connected
}

var someID = regexp.MustCompile(`[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}`)

// withoutIDs makes the same text of errors that differ by the ids of chats and requests only.
func withoutIDs(text string) string { return someID.ReplaceAllString(text, "…") }
