// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"flag"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/participant-go/connectparticipant/participanttest"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// scene is a chat on a fake in which the command takes part as the customer.
type scene struct {
	*participanttest.Contact
	srv       *participanttest.Server
	tokenFile string
}

func newScene(t *testing.T, optFns ...func(*participanttest.ChatOptions)) *scene {
	t.Helper()
	srv := participanttest.Start(t)
	s := &scene{srv: srv, Contact: srv.NewChat(optFns...)}
	s.tokenFile = writeFile(t, "token", s.Customer.Token+"\n")
	return s
}

func writeFile(t *testing.T, name, content string) (path string) {
	t.Helper()
	path = filepath.Join(t.TempDir(), name)
	require.NoError(t, os.WriteFile(path, []byte(content), 0o600))
	return path
}

// args are those of a command, with its own arguments last.
func (s *scene) args(name string, args ...string) []string {
	return append([]string{name, "-endpoint", s.srv.URL, "-token-file", s.tokenFile, "-timeout", "20s"}, args...)
}

// command runs a command to its end and looks for tokens in what it prints.
func (s *scene) command(t *testing.T, stdin, name string, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	code, stdout, stderr = runCommand(t, stdin, s.args(name, args...)...)
	requireNoToken(t, stdout+stderr)
	return code, stdout, stderr
}

// requireNoToken knows the fake's tokens and signed URLs by their form.
func requireNoToken(t *testing.T, text string) {
	t.Helper()
	require.NotContains(t, text, "token.", "a token was printed")
	require.NotContains(t, text, "X-Amz-", "a signed URL was printed")
}

// texts are the messages of the customer and the agent.
func (s *scene) texts() (said []string) {
	for _, item := range s.Transcript() {
		if item.Type == "MESSAGE" {
			said = append(said, item.Content)
		}
	}
	return said
}

// running is a running command.
type running struct {
	t              *testing.T
	stdin          io.WriteCloser
	stdout, stderr *syncBuffer
	interrupt      context.CancelFunc
	code           chan int // one
}

// tty is a stream that the command takes for a terminal.
type tty struct {
	io.Reader
	io.Writer
}

func (tty) Stat() (fs.FileInfo, error) { return ttyInfo{}, nil }

type ttyInfo struct{ fs.FileInfo }

func (ttyInfo) Mode() fs.FileMode { return fs.ModeCharDevice }

// start runs a command whose input is a pipe, or a terminal.
func (s *scene) start(t *testing.T, isTerminal bool, name string, args ...string) *running {
	t.Helper()
	in, stdin := io.Pipe()
	ctx, cancel := context.WithCancel(context.Background())
	r := &running{t: t, stdin: stdin, stdout: &syncBuffer{}, stderr: &syncBuffer{}, interrupt: cancel, code: make(chan int, 1)}
	var stream io.Reader = in
	if isTerminal {
		stream = tty{Reader: in}
	}
	var work sync.WaitGroup
	work.Go(func() { r.code <- run(ctx, s.args(name, args...), stream, r.stdout, r.stderr) })
	t.Cleanup(func() {
		cancel()
		_ = stdin.Close()
		work.Wait()
		requireNoToken(t, r.stdout.String()+r.stderr.String())
	})
	return r
}

func (r *running) write(lines ...string) {
	r.t.Helper()
	for _, line := range lines {
		_, err := io.WriteString(r.stdin, line+"\n")
		require.NoError(r.t, err)
	}
}

// await waits until the output matches.
func (r *running) await(pattern string) {
	r.t.Helper()
	r.awaitIn(r.stdout, pattern)
}

func (r *running) awaitIn(output *syncBuffer, pattern string) {
	r.t.Helper()
	want := regexp.MustCompile(pattern)
	require.Eventually(r.t, func() bool { return want.MatchString(output.String()) }, 20*time.Second, 10*time.Millisecond,
		"never printed: %s", pattern)
}

func (r *running) awaitCode(want int) {
	r.t.Helper()
	select {
	case code := <-r.code:
		require.Equal(r.t, want, code, r.stderr)
	case <-time.After(20 * time.Second):
		require.Fail(r.t, "the command doesn't end", r.stdout.String()+r.stderr.String())
	}
}

var (
	someTime = regexp.MustCompile(`\d{4}-\d\d-\d\d([ T])\d\d:\d\d:\d\d(\.\d+)?Z`)
	someID   = regexp.MustCompile(`[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}`)
)

// requireGolden compares with a golden file, ignoring times and ids.
func requireGolden(t *testing.T, name, got string) {
	t.Helper()
	got = someID.ReplaceAllString(someTime.ReplaceAllString(got, "2026-01-02${1}03:04:05Z"), "ID")
	path := filepath.Join("testdata", name)
	if *update {
		require.NoError(t, os.WriteFile(path, []byte(got), 0o644))
	}
	want, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, string(want), got)
}

// hostile is a message that tries to take over a terminal.
const hostile = "\x1b[2J\x1b]0;owned\x07 \u009b31m \u202etxt.exe \x7f \u200e\u061c\u2028Agent: agreed\r\nAgent: said so"

func requireTame(t *testing.T, text string) {
	t.Helper()
	require.NotRegexp(t, `[\x00-\x09\x0b-\x1f\x7f-\x{9f}\x{061c}\x{200e}\x{200f}\x{2028}-\x{202e}\x{2066}-\x{2069}]`, text)
	require.Contains(t, text, "owned", "the rest of the message is missing")
}
