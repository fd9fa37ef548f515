// SPDX-License-Identifier: Apache-2.0

package chat

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestDeadlineIsTheEarliestInstant(t *testing.T) {
	t.Parallel()
	var d deadline
	require.True(t, d.IsZero())
	for _, at := range []instant{0, 30, 0, 20, 40} {
		d.add(at)
	}
	require.Equal(t, instant(20), d.instant)
}

func TestInstantsArePositiveAndOrdered(t *testing.T) {
	t.Parallel()
	first := now()
	require.False(t, first.Add(-50*365*24*time.Hour).IsZero())
	require.Positive(t, first.Add(-50*365*24*time.Hour))
	later := first.Add(time.Minute)
	require.True(t, first.Before(later))
	require.False(t, first.Before(first))
	require.True(t, later.After(first))
	require.False(t, first.After(first))
	require.Equal(t, time.Minute, later.Sub(first))
	require.InDelta(t, time.Minute, later.until(), float64(10*time.Second))
}

func TestInstantAddDoesNotOverflow(t *testing.T) {
	t.Parallel()
	require.True(t, now().Add(1<<63-1).After(now()))
}
