// SPDX-License-Identifier: Apache-2.0

package load

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// A load of days has no more samples than one of half an hour, evenly spaced.
func TestSamplesAreThinnedOut(t *testing.T) {
	t.Parallel()
	s := newSamples()
	for n := range 100_000 {
		s.add(Sample{Elapsed: time.Duration(n) * time.Second})
	}
	require.LessOrEqual(t, len(s.kept), maxSamples)
	require.GreaterOrEqual(t, len(s.kept), maxSamples/2)
	step := s.kept[1].Elapsed
	for i, sample := range s.kept {
		require.Equal(t, time.Duration(i)*step, sample.Elapsed)
	}
	require.Greater(t, s.kept[len(s.kept)-1].Elapsed+step, 99_999*time.Second)
}

func TestCostsPerChat(t *testing.T) {
	t.Parallel()
	r := &Result{}
	require.Zero(t, r.HeapPerChat())
	require.Zero(t, r.CPUPerChat())
	for i := range 11 {
		s := Sample{Elapsed: time.Duration(i) * time.Second, Process: Process{Heap: 1_000_000, RSS: 2_000_000, CPU: time.Duration(i) * 100 * time.Millisecond}}
		s.Connected = min(10*i, 50)
		s.Heap += uint64(s.Connected) * 20_000
		s.RSS += uint64(s.Connected) * 30_000
		if i == 8 {
			s.Heap += 5_000_000 // garbage
		}
		r.Samples = append(r.Samples, s)
	}
	require.Equal(t, 50, r.Peak())
	require.EqualValues(t, 20_000, r.HeapPerChat())
	require.EqualValues(t, 30_000, r.RSSPerChat())
	require.InDelta(t, 1.0/(50*5+125), r.CPUPerChat(), 1e-6, "a second of computing, for chats of 375 seconds in all")
}
