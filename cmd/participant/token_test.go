// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"io"
	"os"
	"os/exec"
	"runtime"
	"testing"

	"github.com/stretchr/testify/require"
)

// onTerminal runs the command on a terminal of its own.
func (s *scene) onTerminal(t *testing.T, command string) *running {
	t.Helper()
	if runtime.GOOS != "linux" {
		t.Skip("needs script of util-linux")
	}
	script, err := exec.LookPath("script")
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(context.Background())
	r := &running{t: t, stdout: &syncBuffer{}, stderr: &syncBuffer{}, interrupt: cancel, code: make(chan int, 1)}
	program := exec.CommandContext(ctx, script, "-qec", command, os.DevNull)
	program.Env = append(os.Environ(), asProgram+"=1", "PROGRAM="+os.Args[0], "ENDPOINT="+s.srv.URL)
	program.Stdout, program.Stderr = r.stdout, r.stderr
	stdin, err := program.StdinPipe()
	require.NoError(t, err)
	require.NoError(t, program.Start())
	r.stdin = stdin
	go func() {
		_ = program.Wait()
		r.code <- program.ProcessState.ExitCode()
	}()
	t.Cleanup(cancel)
	return r
}

func TestATypedTokenIsNotShown(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	s.Agent.Say("Good morning")
	r := s.onTerminal(t, `"$PROGRAM" transcript -endpoint "$ENDPOINT" -token-file -; stty -a`)
	r.await(`Participant token: $`)
	r.write(s.Customer.Token)
	r.awaitCode(exitOK)
	require.NotContains(t, r.stdout.String(), s.Customer.Token)
	require.Regexp(t, `(?s)^Participant token: \r\n.*Good morning`, r.stdout)
	require.Regexp(t, ` echo `, r.stdout, "the echo stays off")
}

func TestAnInterruptTurnsTheEchoOnAgain(t *testing.T) {
	t.Parallel()
	r := newScene(t).onTerminal(t, `trap : INT; "$PROGRAM" transcript -endpoint "$ENDPOINT" -token-file -; stty -a`)
	r.await(`Participant token: $`)
	_, err := io.WriteString(r.stdin, "\x03")
	require.NoError(t, err)
	r.awaitCode(exitOK)
	require.Contains(t, r.stdout.String(), "read the participant token: interrupted")
	require.Regexp(t, ` echo `, r.stdout, "the echo stays off")
}

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
