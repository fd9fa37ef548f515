// SPDX-License-Identifier: Apache-2.0

package load

import (
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestHistogramIsExactTo1Point6PerCent(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(1, 2))
	var h Histogram
	var all []time.Duration
	for range 10_000 {
		d := time.Duration(random.Int64N(int64(1) << random.IntN(45))) // up to 10 hours
		h.Add(d)
		all = append(all, d)
	}
	slices.Sort(all)
	for _, q := range []float64{0, 0.001, 0.1, 0.5, 0.9, 0.99, 0.999, 1} {
		want := all[min(max(int(q*10_000)-1, 0), 9999)]
		got := h.Quantile(q)
		require.GreaterOrEqual(t, got, want, q)
		require.LessOrEqual(t, got.Seconds(), want.Seconds()*1.016+2e-6, q)
	}
	require.Equal(t, all[len(all)-1], h.Max())
	require.EqualValues(t, 10_000, h.Count())
	require.Less(t, len(h.counts), 2_500)
}

func TestHistogramOfFew(t *testing.T) {
	t.Parallel()
	var h Histogram
	require.Zero(t, h.Quantile(0.5))
	require.Zero(t, h.Max())
	h.Add(-time.Second)
	require.EqualValues(t, 1, h.Count())
	require.Zero(t, h.Quantile(0.5), "a clock that was set back")
	h.Add(3 * time.Second)
	require.Equal(t, 3*time.Second, h.Quantile(0.99))
	clone := h.clone()
	h.Add(time.Second)
	require.EqualValues(t, 2, clone.Count())
}
