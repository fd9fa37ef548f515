// SPDX-License-Identifier: Apache-2.0

package main

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestVersion(t *testing.T) {
	t.Parallel()
	code, stdout, stderr := runCommand(t, "", "version")
	require.Equal(t, exitOK, code, stderr)
	require.Regexp(t, `^participant \S+, go1\.\S+\n$`, stdout)
	code, stdout, stderr = runCommand(t, "", "version", "-licenses")
	require.Equal(t, exitOK, code, stderr)
	require.Contains(t, stdout, "github.com/coder/websocket v")
	require.Contains(t, stdout, "Permission to use, copy, modify, and distribute this software")
	code, stdout, stderr = runCommand(t, "", "version", "all")
	require.Equal(t, exitUsage, code)
	require.Empty(t, stdout)
	require.Contains(t, stderr, "flags only")
}
