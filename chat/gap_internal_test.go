// SPDX-License-Identifier: Apache-2.0

package chat

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

const settle = 10 * time.Second

func TestAGapIsClosedByAPassThatBeginsAfterSettle(t *testing.T) {
	t.Parallel()
	for begun, open := range map[time.Duration]bool{
		0: true, settle - 1: true, settle: false, time.Hour: false,
	} {
		var g gap
		g.openAt(began)
		require.Equal(t, began.Add(settle), g.closesAt(settle))
		g.passed(began.Add(begun), g.number, settle)
		require.Equal(t, open, g.open, "%v later", begun)
	}
}

func TestALossDuringThePassKeepsTheGapOpen(t *testing.T) {
	t.Parallel()
	var g gap
	g.openAt(began)
	number := g.number
	g.openAt(began.Add(time.Second))
	g.passed(began.Add(time.Hour), number, settle)
	require.True(t, g.open)
	require.Equal(t, began.Add(time.Second+settle), g.closesAt(settle), "the newest loss counts")
	g.passed(began.Add(time.Hour), g.number, settle)
	require.False(t, g.open)
}

func TestNoPassClosesAGapWhileItemsAreBeingMissed(t *testing.T) {
	t.Parallel()
	var g gap
	g.lose()
	require.Zero(t, g.closesAt(settle))
	g.passed(began.Add(time.Hour), g.number, settle)
	require.True(t, g.open)
}

func TestAClosedGapHasNothingToClose(t *testing.T) {
	t.Parallel()
	var g gap
	require.Zero(t, g.closesAt(settle))
	g.openAt(began)
	g.passed(began.Add(settle), g.number, settle)
	require.Zero(t, g.closesAt(settle))
}
