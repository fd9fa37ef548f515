// SPDX-License-Identifier: Apache-2.0

package main

import (
	"os"
	"runtime"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestATokenIsReadWhereItCannotBeHidden(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	r := s.start(t, true, "transcript", "-token-file", "-")
	r.awaitIn(r.stderr, `\(cannot be hidden here\) Participant token: $`)
	r.write(s.Customer.Token)
	r.awaitCode(exitOK)
}

func TestATokenFileOfOthersIsWarnedAbout(t *testing.T) {
	t.Parallel()
	if runtime.GOOS == "windows" {
		t.Skip("has no such modes")
	}
	s := newScene(t)
	for mode, warned := range map[os.FileMode]bool{0o600: false, 0o400: false, 0o640: true, 0o604: true, 0o644: true} {
		require.NoError(t, os.Chmod(s.tokenFile, mode))
		code, _, stderr := s.command(t, "", "transcript")
		require.Equal(t, exitOK, code, stderr)
		if warned {
			require.Equal(t, "participant: warning: other users can read the token file; chmod 600 makes it yours only\n", stderr)
		} else {
			require.Empty(t, stderr)
		}
	}
}
