// SPDX-License-Identifier: Apache-2.0

package chunks_test

import (
	"math"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/participant-go/connectparticipant/internal/chunks"
)

func TestTextJoinsConsecutiveChunks(t *testing.T) {
	t.Parallel()
	var text chunks.Text
	require.False(t, text.Add(0, "zero"))
	require.False(t, text.Add(2, "two"))
	require.True(t, text.IsAhead(2))
	require.True(t, text.Add(1, "one"))
	require.False(t, text.Add(1, "one"))
	require.False(t, text.IsAhead(2))
	require.True(t, text.Follows(2))
	require.True(t, text.Add(2, " two"))
	require.False(t, text.Add(math.MinInt32, "x"))
	require.False(t, text.Add(math.MaxInt32, "x"))
	require.Equal(t, "one two", text.String())
}

func TestTextIsLimited(t *testing.T) {
	t.Parallel()
	var text chunks.Text
	require.False(t, text.Add(1, strings.Repeat("x", chunks.MaxBytes+1)))
	require.True(t, text.Add(1, strings.Repeat("x", chunks.MaxBytes)))
	require.False(t, text.Add(2, "x"))
	require.True(t, text.Follows(2))
}
