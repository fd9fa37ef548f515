// SPDX-License-Identifier: Apache-2.0

package load

import (
	"math"
	"math/bits"
	"time"
)

// subBuckets is how many buckets the numbers below a power of two have: values are kept to 1.6 %.
const subBuckets = 128

// Histogram counts durations in a few kilobytes, however many they are. Quantiles are exact to
// 1.6 %, the maximum is exact. The zero value is empty. It is for one goroutine at a time.
type Histogram struct {
	counts []int64 // by bucket, up to the largest
	count  int64
	max    time.Duration
}

// Add counts a duration. A negative one counts as 0.
func (h *Histogram) Add(d time.Duration) {
	d = max(d, 0)
	i := bucketOf(uint64(d.Microseconds()))
	for len(h.counts) <= i {
		h.counts = append(h.counts, 0)
	}
	h.counts[i]++
	h.count++
	h.max = max(h.max, d)
}

// Count returns how many durations there are.
func (h *Histogram) Count() int64 { return h.count }

// Max returns the longest duration.
func (h *Histogram) Max() time.Duration { return h.max }

// Quantile returns the duration that a share q of all don't exceed, such as 0.99; 0 if there are
// none.
func (h *Histogram) Quantile(q float64) time.Duration {
	rank := int64(math.Ceil(q * float64(h.count)))
	if rank >= h.count {
		return h.max
	}
	var below int64
	for i, n := range h.counts {
		if below += n; below >= max(rank, 1) {
			return min(upperBound(i), h.max)
		}
	}
	return h.max
}

func (h *Histogram) clone() Histogram {
	c := *h
	c.counts = append([]int64(nil), h.counts...)
	return c
}

// bucketOf returns the bucket of a number of microseconds: one for each number below subBuckets,
// then subBuckets/2 for each power of two.
func bucketOf(us uint64) int {
	shift := max(bits.Len64(us)-bits.Len64(subBuckets-1), 0)
	return shift*subBuckets/2 + int(us>>shift)
}

// upperBound returns the largest duration of a bucket.
func upperBound(bucket int) time.Duration {
	shift := max(bucket/(subBuckets/2)-1, 0)
	mantissa := uint64(bucket - shift*subBuckets/2)
	return time.Duration((mantissa+1)<<shift-1)*time.Microsecond + 999
}
