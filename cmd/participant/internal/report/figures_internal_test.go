// SPDX-License-Identifier: Apache-2.0

package report

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestFigures(t *testing.T) {
	t.Parallel()
	for want, d := range map[string]time.Duration{
		"0 µs": 0, "999 µs": 999 * time.Microsecond, "1.00 ms": time.Millisecond, "9.94 ms": 9_940 * time.Microsecond, "10.0 ms": 9_960 * time.Microsecond,
		"99.5 ms": 99_490 * time.Microsecond, "100 ms": 99_600 * time.Microsecond, "1.23 s": 1_230 * time.Millisecond, "61.0 s": 61 * time.Second,
		"1 min 40 s": 100 * time.Second, "2 min": 2 * time.Minute, "3 h 5 min": 3*time.Hour + 5*time.Minute + 20*time.Second,
	} {
		require.Equal(t, want, duration(d))
	}
	for want, n := range map[string]int{"0": 0, "999": 999, "1,000": 1_000, "1,234,567": 1_234_567, "-100": -100, "-1,000": -1_000} {
		require.Equal(t, want, number(n))
	}
	for want, n := range map[string]uint64{"999 B": 999, "1.00 kB": 1_000, "52.1 kB": 52_100, "2.00 MB": 2_000_000, "3.00 GB": 3_000_000_000} {
		require.Equal(t, want, size(n))
	}
	require.Equal(t, "1 chat", count(1, "chat"))
	require.Equal(t, "2 other losses", count(2, "other loss"))
	for want, d := range map[string]time.Duration{"0 s": 0, "30 s": 30 * time.Second, "2 min": 2 * time.Minute, "1:30": 90 * time.Second, "2:05 h": 125 * time.Minute} {
		require.Equal(t, want, timeLabel(d))
	}
	for want, e := range map[string]int{"10 µs": -5, "1 ms": -3, "100 ms": -1, "1 s": 0, "1,000 s": 3} {
		require.Equal(t, want, power(e))
	}
}
