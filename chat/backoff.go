// SPDX-License-Identifier: Apache-2.0

package chat

import (
	"context"
	"math/rand/v2"
	"time"
)

const (
	firstBackoff = 500 * time.Millisecond
	maxBackoff   = 30 * time.Second
)

// backoff returns how long to wait before attempt n, counted from 1: a random time up to a bound
// that doubles each time.
func backoff(n int, longest time.Duration) time.Duration { return upTo(backoffBound(n, longest)) }

// callBackoff is backoff with at least half of the bound, so that the five attempts of a call
// outlast an outage of 3.75 s. With backoff, one call in sixty would fail in an outage of 1.2 s.
func callBackoff(n int, longest time.Duration) time.Duration {
	bound := backoffBound(n, longest)
	return between(bound/2, bound)
}

func backoffBound(n int, longest time.Duration) time.Duration {
	if n < 16 {
		return min(longest, firstBackoff<<max(0, n-1))
	}
	return longest
}

// upTo returns a random duration below d.
func upTo(d time.Duration) time.Duration { return rand.N(max(1, d)) }

// between returns a random duration from low to high.
func between(low, high time.Duration) time.Duration { return low + upTo(high-low) }

// sleep waits for d. It returns false if ctx ends before that.
func sleep(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}
