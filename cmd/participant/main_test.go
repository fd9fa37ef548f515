// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
)

// asProgram makes the test binary act as the program, so that it can run on a terminal.
const asProgram = "PARTICIPANT_TEST_AS_PROGRAM"

func TestMain(m *testing.M) {
	if os.Getenv(asProgram) != "" {
		main()
		return
	}
	goleak.VerifyTestMain(m)
}

// runCommand runs the command with a context that ends with the test.
func runCommand(t *testing.T, stdin string, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	var out, errs bytes.Buffer
	code = run(t.Context(), args, strings.NewReader(stdin), &out, &errs)
	return code, out.String(), errs.String()
}

func TestDemo(t *testing.T) {
	t.Parallel()
	code, stdout, stderr := runCommand(t, "", "demo")
	require.Equal(t, exitOK, code, stderr)
	require.Empty(t, stderr)
	for _, line := range strings.Split(strings.TrimSpace(string(dialogue)), "\n") {
		_, text, _ := strings.Cut(line, ": ")
		require.Equal(t, 2, strings.Count(stdout, text), "said once, and once in the transcript: %s", text)
		require.Contains(t, stdout, text+"  ✓✓ read")
	}
	sums := regexp.MustCompile(`SHA-256 [0-9a-f]{64}`).FindAllString(stdout, -1)
	require.Len(t, sums, 2)
	require.Equal(t, sums[0], sums[1])
	require.Contains(t, stdout, "StartChatContact has started the chat, contact ")
	require.Contains(t, stdout, "11 items")
	require.Contains(t, stdout, "Nothing was lost: 3 of 3 messages, each once and in order")
	require.Contains(t, stdout, "[file] dialogue.txt (APPROVED)")
	require.NotContains(t, stdout, "token.", "a token was printed")
}

func TestDemoWithLinesAndAFile(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "photo of a \"cat\".png")
	require.NoError(t, os.WriteFile(file, bytes.Repeat([]byte("\x00\xff\n"), 100_000), 0o600))
	lines := filepath.Join(t.TempDir(), "lines.txt")
	require.NoError(t, os.WriteFile(lines, []byte("one\r\n\n  \ntwo\nCustomer: three\ncustomer: note: four\nfive"), 0o600))
	code, stdout, stderr := runCommand(t, "", "demo", "-in", lines, "-attach", file)
	require.Equal(t, exitOK, code, stderr)
	for _, want := range []string{"Customer  one\n", "Agent     two\n", "Customer  three\n", "Customer  note: four\n", "Agent     five\n", `photo of a "cat".png, 300000 bytes`} {
		require.Contains(t, stdout, want)
	}
}

func TestDemoReadsStandardInput(t *testing.T) {
	t.Parallel()
	code, stdout, stderr := runCommand(t, "Is anybody there?\n", "demo", "-in", "-")
	require.Equal(t, exitOK, code, stderr)
	require.Contains(t, stdout, "Customer  Is anybody there?")
}

func TestDemoReportsWhichStepFailed(t *testing.T) {
	t.Parallel()
	odd := filepath.Join(t.TempDir(), "program.exe")
	require.NoError(t, os.WriteFile(odd, []byte("MZ"), 0o600))
	for name, test := range map[string]struct {
		stdin string
		args  []string
		want  string
	}{
		"no such dialogue":   {"", []string{"-in", "no/such/file"}, "read the dialogue: open no/such/file"},
		"an empty dialogue":  {" \n\n", []string{"-in", "-"}, "read the dialogue: the input has no lines"},
		"no such attachment": {"", []string{"-attach", "no/such/file"}, "read the attachment: open no/such/file"},
		"a refused file":     {"", []string{"-attach", odd}, "exchange a file: the service refuses the request: Value at 'AttachmentName'"},
		"a line too long":    {strings.Repeat("x", 16385), []string{"-in", "-"}, "hold the conversation: the service refuses the request: Value at 'Content'"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			code, _, stderr := runCommand(t, test.stdin, append([]string{"demo"}, test.args...)...)
			require.Equal(t, exitFailed, code)
			require.Contains(t, stderr, "participant demo: "+test.want)
		})
	}
}

func TestDemoStopsWithItsContext(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	var stderr bytes.Buffer
	require.Equal(t, exitFailed, run(ctx, []string{"demo"}, strings.NewReader(""), &bytes.Buffer{}, &stderr))
	require.Equal(t, "participant demo: start a chat: interrupted\n", stderr.String())
}

func TestUsage(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		args []string
		code int
		want string
	}{
		"nothing":              {nil, exitUsage, "Usage: participant COMMAND"},
		"help":                 {[]string{"help"}, exitOK, "Usage: participant COMMAND"},
		"an unknown command":   {[]string{"dance"}, exitUsage, "participant: there is no command \"dance\"\nRun \"participant help\" for details.\n"},
		"an argument too many": {[]string{"demo", "x"}, exitUsage, "participant demo: it takes flags only, no arguments\nRun \"participant help demo\" for details.\n"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			code, stdout, stderr := runCommand(t, "", test.args...)
			require.Equal(t, test.code, code)
			require.Contains(t, stdout+stderr, test.want)
		})
	}
}
