// SPDX-License-Identifier: Apache-2.0

//go:build unix

package main

import (
	"context"
	"io"
	"os"
	"os/exec"
	"reflect"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/creack/pty"
	"github.com/stretchr/testify/require"
	"golang.org/x/term"

	"github.com/participant-go/connectparticipant/participanttest"
)

// onTerminal is a run on a separate terminal.
type onTerminal struct {
	*running
	process  *os.Process
	terminal *os.File
	before   *term.State
}

// startOnTerminal runs a command on a terminal, with a pipe for standard output if there is one.
func (s *scene) startOnTerminal(t *testing.T, env []string, pipe io.Writer, args ...string) *onTerminal {
	t.Helper()
	keys, terminal, err := pty.Open()
	require.NoError(t, err)
	require.NoError(t, pty.Setsize(keys, &pty.Winsize{Rows: 24, Cols: 60}))
	before, err := term.GetState(int(terminal.Fd()))
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(context.Background())
	program := exec.CommandContext(ctx, os.Args[0], args...)
	program.Env = append(append(os.Environ(), asProgram+"=1", "TERM=xterm", "NO_COLOR="), env...)
	program.Stdin, program.Stdout, program.Stderr = terminal, terminal, terminal
	if pipe != nil {
		program.Stdout = pipe
	}
	program.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
	require.NoError(t, program.Start())
	r := &onTerminal{process: program.Process, terminal: terminal, before: before}
	r.running = &running{t: t, stdin: keys, stdout: &syncBuffer{}, stderr: &syncBuffer{}, interrupt: cancel, code: make(chan int, 1)}
	var work sync.WaitGroup
	work.Go(func() { _, _ = io.Copy(r.stdout, keys) })
	work.Go(func() {
		_ = program.Wait()
		r.code <- program.ProcessState.ExitCode()
	})
	t.Cleanup(func() {
		cancel()
		_ = terminal.Close()
		_ = keys.Close()
		work.Wait()
	})
	return r
}

// chatOnTerminal runs the command chat on a terminal.
func (s *scene) chatOnTerminal(t *testing.T, env ...string) *onTerminal {
	t.Helper()
	r := s.startOnTerminal(t, env, nil, s.args("chat")...)
	require.NoError(t, s.Customer.WaitSockets(t.Context(), 1))
	s.Agent.Say("Good morning")
	r.await(`Agent: Good morning`)
	return r
}

// types sends keys to the terminal.
func (r *onTerminal) types(keys string) {
	r.t.Helper()
	_, err := io.WriteString(r.stdin, keys)
	require.NoError(r.t, err)
}

// requireRestored requires that the terminal is in its original mode.
func (r *onTerminal) requireRestored() {
	r.t.Helper()
	after, err := term.GetState(int(r.terminal.Fd()))
	require.NoError(r.t, err)
	require.Equal(r.t, r.before, after)
}

func TestMessagesArePrintedAboveTheLineBeingTyped(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	r := s.chatOnTerminal(t, "NO_COLOR=1")
	r.types("Hel日")
	r.await(`\r\x1b\[K> Hel日$`)
	s.Agent.Say("How are you?")
	r.await(`\r\x1b\[K\d\d:\d\d:\d\d  Agent: How are you\?\r\n> Hel日$`)
	r.types("\x7flo\x01¡\r")
	r.await(`Customer: ¡Hello\r\n> $`)
	r.types("\x1b[A!\r\x1b[200~two\rlines\x1b[201~\r")
	r.await(`Customer: two\r\n    lines\r\n> $`)
	require.Equal(t, []string{"Good morning", "How are you?", "¡Hello", "¡Hello!", "two\nlines"}, s.texts())
	require.NotContains(t, r.stdout.String(), "\x1b[3", "colors, with NO_COLOR")
}

func TestTerminalIsRestored(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		end  func(*scene, *onTerminal)
		code int
	}{
		"Ctrl-C":               {func(_ *scene, r *onTerminal) { r.types("\x03") }, exitOK},
		"Ctrl-C within a line": {func(_ *scene, r *onTerminal) { r.types("Hel\x1a\x03") }, exitOK},
		"Ctrl-D":               {func(_ *scene, r *onTerminal) { r.types("\x04") }, exitOK},
		"/quit":                {func(_ *scene, r *onTerminal) { r.types("/quit\r") }, exitOK},
		"the end of the chat":  {func(s *scene, _ *onTerminal) { s.Agent.Leave() }, exitOK},
		"a removal":            {func(s *scene, _ *onTerminal) { s.Customer.Leave(); s.Customer.CutSockets() }, exitRefused},
		"SIGTERM":              {func(_ *scene, r *onTerminal) { _ = r.process.Signal(syscall.SIGTERM) }, exitOK},
		"SIGINT":               {func(_ *scene, r *onTerminal) { _ = r.process.Signal(syscall.SIGINT) }, exitOK},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newScene(t)
			r := s.chatOnTerminal(t)
			raw, err := term.GetState(int(r.terminal.Fd()))
			require.NoError(t, err)
			require.NotEqual(t, r.before, raw)
			test.end(s, r)
			r.awaitCode(test.code)
			r.requireRestored()
			r.await(`\r\x1b\[K\x1b\[\?2004l`)
		})
	}
}

func TestCtrlCDoesNotWaitForWhatWasSent(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	r := s.chatOnTerminal(t)
	s.srv.Inject(participanttest.Fault{On: "SendMessage", Effect: participanttest.Ignore()})
	r.types("Hello\r")
	require.NoError(t, s.Customer.WaitRequest(t.Context(), "SendMessage", 1))
	r.types("\x03")
	r.awaitCode(exitFailed) // the message may not have arrived
	r.await(`participant chat: send the message: interrupted\r\n$`)
	r.requireRestored()
}

func TestAPanicRestoresTheTerminal(t *testing.T) {
	t.Parallel()
	closed := false
	c := &console{close: func() { closed = true }}
	require.PanicsWithValue(t, "a mistake", func() {
		defer c.restoreOnPanic()
		panic("a mistake")
	})
	require.True(t, closed)
}

func TestColoursOfAChat(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	r := s.chatOnTerminal(t)
	r.types("mine\r/dance\r")
	r.await(`\x1b\[36m\d\d:\d\d:\d\d  Customer: mine\x1b\[0m\r\n`)
	r.await(`\x1b\[31mparticipant chat: unknown command.*\x1b\[0m\r\n`)
	require.Regexp(t, `\x1b\[K\d\d:\d\d:\d\d  Agent: Good morning\r\n`, r.stdout.String())
	require.Regexp(t, `\x1b\[2m\d\d:\d\d:\d\d  \* Customer: participant joined\x1b\[0m\r\n`, r.stdout.String())
}

func TestADumbTerminalGetsPlainLines(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	r := s.chatOnTerminal(t, "TERM=dumb")
	r.types("Hello\n")
	r.await(`Customer: Hello\r\n`)
	r.requireRestored()
	require.NotContains(t, r.stdout.String(), "\x1b")
	r.types("\x03")
	r.awaitCode(exitOK)
}

func TestOutputToAPipeIsPlain(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	out := &syncBuffer{}
	r := s.startOnTerminal(t, nil, out, s.args("chat")...)
	r.types("Hello\n")
	r.awaitIn(out, `(?m)^\d\d:\d\d:\d\d  Customer: Hello\n`)
	require.NotContains(t, out.String(), "\x1b")
	r.types("/dance\n\x04")
	r.awaitCode(exitOK)
	r.await(`\x1b\[31mparticipant chat: unknown command`)
}

func TestATypedTokenIsNotShown(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	s.Agent.Say("Good morning")
	r := s.startOnTerminal(t, nil, nil, "transcript", "-endpoint", s.srv.URL, "-token-file", "-")
	r.await(`Participant token: $`)
	r.awaitHidden()
	r.types(s.Customer.Token + "\n")
	r.awaitCode(exitOK)
	r.await(`(?s)^Participant token: \r\n.*Good morning`)
	require.NotContains(t, r.stdout.String(), s.Customer.Token)
	r.requireRestored()
}

// awaitHidden waits until the terminal hides the input.
func (r *onTerminal) awaitHidden() {
	r.t.Helper()
	require.Eventually(r.t, func() bool {
		now, err := term.GetState(int(r.terminal.Fd()))
		return err == nil && !reflect.DeepEqual(r.before, now)
	}, 20*time.Second, 10*time.Millisecond)
}

func TestAnInterruptTurnsTheEchoOnAgain(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	r := s.startOnTerminal(t, nil, nil, "transcript", "-endpoint", s.srv.URL, "-token-file", "-")
	r.await(`Participant token: $`)
	r.awaitHidden()
	r.types("\x03")
	r.awaitCode(exitFailed)
	r.await(`\r\nparticipant transcript: read the participant token: interrupted\r\n$`)
	r.requireRestored()
}
