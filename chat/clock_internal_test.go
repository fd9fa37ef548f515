// SPDX-License-Identifier: Apache-2.0

package chat

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestTheServiceClockAdvancesWithOurs(t *testing.T) {
	t.Parallel()
	var k serviceClock
	k.set(noon, began)
	require.Equal(t, at(0), k.at(began))
	require.Equal(t, at(time.Hour), k.at(began.Add(time.Hour)))
	require.Equal(t, at(time.Hour+30*time.Second), k.latest(began.Add(time.Hour)))
}

func TestServiceClockWithoutADateIsOurs(t *testing.T) {
	t.Parallel()
	var k serviceClock
	require.InDelta(t, time.Now().UnixNano(), k.at(began), float64(time.Minute))
	require.InDelta(t, time.Now().UnixNano(), k.refine(time.Time{}, began), float64(time.Minute))
	require.False(t, k.known)
}

// A slow response shows an old time, a faster one a newer time.
func TestTheServiceClockTrustsTheFastestResponse(t *testing.T) {
	t.Parallel()
	for change, taken := range map[time.Duration]bool{
		time.Nanosecond: true, time.Hour: true, -time.Nanosecond: false, -30 * time.Second: false, -30*time.Second - 1: true, -time.Hour: true,
	} {
		var k serviceClock
		k.set(noon, began)
		k.set(noon.Add(time.Minute+change), began.Add(time.Minute))
		want := at(time.Minute)
		if taken {
			want += int64(change)
		}
		require.Equal(t, want, k.at(began.Add(time.Minute)), "a date that differs by %v", change)
	}
}

// Date has whole seconds; within that second the estimate is more precise.
func TestADateIsRefinedWithinItsSecond(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct{ date, after, want time.Duration }{
		"the same second":        {0, 300 * time.Millisecond, 300 * time.Millisecond},
		"the date is older":      {0, 5 * time.Second, time.Second - 1},
		"the date is newer":      {5 * time.Second, time.Second, 5 * time.Second},
		"the end of its second":  {0, time.Second - 1, time.Second - 1},
		"the clock was set back": {-time.Hour, 0, -time.Hour},
	} {
		var k serviceClock
		k.set(noon, began)
		require.Equal(t, at(test.want), k.refine(noon.Add(test.date), began.Add(test.after)), name)
	}
}

func TestResponseWithoutADateKeepsTheEstimate(t *testing.T) {
	t.Parallel()
	var k serviceClock
	k.set(noon, began)
	require.Equal(t, at(time.Minute), k.refine(time.Time{}, began.Add(time.Minute)))
}
