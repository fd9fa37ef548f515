// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/participant-go/connectparticipant/participanttest"
	"github.com/participant-go/connectparticipant/types"
)

func TestChatThroughAPipe(t *testing.T) {
	t.Parallel()
	s := newScene(t, func(o *participanttest.ChatOptions) { o.ScanDelay = 300 * time.Millisecond })
	file := writeFile(t, "order.txt", "two of each")
	code, stdout, stderr := s.command(t, "Hello\r\n\n  \n//path\n/typing\n/file "+file+"\nlast", "chat")
	require.Equal(t, exitOK, code, stderr)
	require.Empty(t, stderr)
	require.Equal(t, []string{"Hello", "/path", "last"}, s.texts())
	clock := `\d\d:\d\d:\d\d  `
	require.Regexp(t, `(?m)^`+clock+`Customer: Hello$`, stdout)
	require.Regexp(t, `(?m)^`+clock+`Customer: last$`, stdout)
	require.Regexp(t, `(?m)^`+clock+`Customer: \[file\] order\.txt \(text/plain, APPROVED, id [0-9a-f-]{36}\)$`, stdout)
	require.False(t, slices.ContainsFunc(s.Transcript(), isEnd), "the end of the input ended the chat")
}

func isEnd(item participanttest.Item) bool {
	return strings.HasSuffix(item.ContentType, "chat.ended") || strings.HasSuffix(item.ContentType, "participant.left")
}

func TestChatOnATerminal(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	s.Agent.Join()
	s.Agent.Say("before you came")
	r := s.start(t, true, "chat")
	r.await(`Agent: before you came\n`)
	s.Agent.Typing()
	r.await(`\* Agent: typing\n`)
	id := s.Agent.Say("Hello\nthere")
	r.await(`(?m)^\d\d:\d\d:\d\d  Agent: Hello\n    there$`)
	r.write("/read")
	require.NoError(t, s.Customer.WaitRequest(t.Context(), "SendEvent", 1))
	require.Eventually(t, func() bool {
		i := slices.IndexFunc(s.Transcript(), func(item participanttest.Item) bool { return item.Id == id })
		metadata := s.Transcript()[i].MessageMetadata
		return metadata != nil && metadata.Receipts[0].ReadTimestamp != ""
	}, 10*time.Second, 10*time.Millisecond)

	r.write("mine")
	r.await(`Customer: mine\n`)
	s.Agent.MarkRead(s.Transcript()[len(s.Transcript())-1].Id)
	r.await(`\* Agent: message read\n`)
	s.Agent.Rename("Bob")
	s.Agent.Say("I am Bob")
	r.await(`Bob: I am Bob\n`)

	r.write("/dance", "/file no/such/file", "/help", "after the mistakes")
	r.await(`Customer: after the mistakes\n`)
	require.Contains(t, r.stderr.String(), "participant chat: unknown command")
	require.Contains(t, r.stderr.String(), "participant chat: stat no/such/file: no such file")
	require.Contains(t, r.stderr.String(), "/nologin    cancel the authentication")
	r.write("/quit")
	r.awaitCode(exitOK)
	require.False(t, slices.ContainsFunc(s.Transcript(), isEnd), "/quit left the chat")
}

func TestChatEscapesTextOfOthers(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	s.Agent.Rename("A\x1b[31mgent\n")
	s.Agent.Say(hostile)
	s.Agent.ShareFile("\x1b[2Jowned.txt", "text/plain", []byte("x"))
	s.Agent.SendContent("application/json", "{\"a\":\"\u009b\"}")
	r := s.start(t, true, "chat")
	r.await(`\{"a":`)
	r.write("/quit")
	r.awaitCode(exitOK)
	requireTame(t, r.stdout.String())
	require.Contains(t, r.stdout.String(), "  A\ufffd[31mgent\ufffd: \ufffd[2J\ufffd]0;owned\ufffd")
	require.Contains(t, r.stdout.String(), "\n    Agent: said so\n", "a line of a message looks like a message")
}

func TestChatLosesNothingWithItsSocket(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	r := s.start(t, false, "chat")
	r.write("before")
	r.await(`Customer: before\n`)
	s.Customer.CutSockets()
	var want strings.Builder
	for i := range 20 {
		text := fmt.Sprintf("while you were away %02d", i)
		s.Agent.Say(text)
		fmt.Fprintf(&want, "Agent: %s\n", text)
	}
	r.await(`\d\d:\d\d:\d\d  \* connection lost: the connection broke: .+\n`)
	r.await(`\* connected again\n`)
	r.write("after")
	require.NoError(t, r.stdin.Close())
	r.awaitCode(exitOK)
	var got strings.Builder
	for line := range strings.Lines(r.stdout.String()) {
		if _, text, found := strings.Cut(line, "  Agent: "); found {
			got.WriteString("Agent: " + text)
		}
	}
	require.Equal(t, want.String(), got.String(), "lost, duplicated, or out of order")
	require.Contains(t, r.stdout.String(), "Customer: after\n")
}

func TestChatEnds(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		terminal bool
		end      func(*scene, *running)
		code     int
		want     string
	}{
		"with the chat, on a terminal":        {true, func(s *scene, _ *running) { s.Agent.Leave() }, exitOK, `\* Agent: participant left\n.*\* chat ended\n`},
		"with the chat, before the pipe":      {false, func(s *scene, _ *running) { s.End() }, exitRefused, `\* chat ended\n`},
		"with /leave":                         {true, func(_ *scene, r *running) { r.write("/leave") }, exitOK, `Customer: Hello\n`},
		"with an interrupt":                   {true, func(_ *scene, r *running) { r.interrupt() }, exitOK, `Customer: Hello\n`},
		"with an interrupt, through a pipe":   {false, func(_ *scene, r *running) { r.interrupt() }, exitOK, `Customer: Hello\n`},
		"with the last line, of a pipe":       {false, func(_ *scene, r *running) { r.write("bye"); _ = r.stdin.Close() }, exitOK, `Customer: bye\n`},
		"with a mistake, through a pipe":      {false, func(_ *scene, r *running) { r.write("/dance") }, exitFailed, `Customer: Hello\n`},
		"with a line too long":                {false, func(_ *scene, r *running) { r.write(strings.Repeat("x", 16385)) }, exitFailed, `Customer: Hello\n`},
		"with the removal of the participant": {true, func(s *scene, _ *running) { s.Customer.Leave(); s.Customer.CutSockets() }, exitRefused, `Customer: Hello\n`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newScene(t)
			s.Agent.Join()
			second := s.AddParticipant(types.ParticipantRoleCustomer, "Second") // keeps the chat going
			second.Join()
			r := s.start(t, test.terminal, "chat")
			r.write("Hello")
			r.await(`Customer: Hello\n`)
			test.end(s, r)
			r.awaitCode(test.code)
			require.Regexp(t, test.want, r.stdout.String())
		})
	}
}

func TestChatLeaves(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	code, _, stderr := s.command(t, "Hello\n/leave\nnever\n", "chat")
	require.Equal(t, exitOK, code, stderr)
	require.Equal(t, []string{"Hello"}, s.texts())
	require.True(t, isEnd(s.Transcript()[len(s.Transcript())-1]))
}

func TestChatStopsAtTheFirstFailureOfAPipe(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	s.srv.Inject(participanttest.Fault{On: "SendMessage", Skip: 1, Effect: participanttest.Fail(400, "ValidationException")})
	code, stdout, stderr := s.command(t, "one\ntwo\nthree\n", "chat")
	require.Equal(t, exitFailed, code)
	require.Equal(t, []string{"one"}, s.texts())
	require.Contains(t, stderr, "participant chat: send the message: the service refuses the request: ")
	require.NotContains(t, stdout+stderr, "two")
}

func TestChatReportsWhatDidNotArrive(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		options func(*participanttest.ChatOptions)
		line    string
		want    string
	}{
		"a rejected file": {func(o *participanttest.ChatOptions) { o.ScanVerdict = types.ArtifactStatusRejected }, "/file FILE", "rejected by the scan"},
		"a withheld message": {func(o *participanttest.ChatOptions) {
			o.Processor = func(string) (string, types.MessageProcessingStatus) { return "", types.MessageProcessingStatusRejected }
		}, "Hello", "the service withheld a message"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newScene(t, test.options)
			file := writeFile(t, "order.txt", "two of each")
			code, _, stderr := s.command(t, strings.ReplaceAll(test.line, "FILE", file), "chat")
			require.Equal(t, exitFailed, code)
			require.Contains(t, stderr, test.want)
		})
	}
}

func TestReadWithoutAMessageIsAnError(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	code, _, stderr := s.command(t, "/read\n", "chat")
	require.Equal(t, exitFailed, code)
	require.Contains(t, stderr, "there is no message of another participant")
}

func TestChatReportsWhatWasNotSeen(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	s.srv.Inject(participanttest.Fault{On: participanttest.OnPush, ContentType: "text/plain", Effect: participanttest.Lose()})
	s.srv.Inject(participanttest.Fault{On: participanttest.OnTranscript, ContentType: "text/plain", Effect: participanttest.LagForever()})
	r := s.start(t, false, "chat")
	r.write("lost", "/help") // which comes when the line before it has been sent
	r.awaitIn(r.stderr, "/help +print this list")
	require.NoError(t, r.stdin.Close())
	r.await("participant joined")
	s.End()
	r.awaitCode(exitRefused)
	require.Contains(t, r.stderr.String(), "what was sent has not appeared in the chat: 1 of 1")
}

func TestChatReportsAGap(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	s.srv.Inject(participanttest.Fault{On: "GetTranscript", Effect: participanttest.Fail(500, "InternalServerException")})
	r := s.start(t, true, "chat")
	r.write("/typing") // sent once the session has started
	require.NoError(t, s.Customer.WaitRequest(t.Context(), "SendEvent", 1))
	s.End()
	r.awaitCode(exitFailed)
	require.Contains(t, r.stdout.String(), "chat ended\n    something may be missing before this\n")
	require.Contains(t, r.stderr.String(), "its last items may be missing")
}

func TestChatEndsWithItsInputOrOutput(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	code, _, stderr := s.command(t, strings.Repeat("x", maxInput+1), "chat")
	require.Equal(t, exitFailed, code)
	require.Contains(t, stderr, "read the input: a line is longer than the service accepts")

	closed, out := io.Pipe()
	require.NoError(t, closed.Close())
	var errs bytes.Buffer
	in, stdin := io.Pipe()
	t.Cleanup(func() { _ = stdin.Close() })
	require.Equal(t, exitFailed, run(t.Context(), s.args("chat"), in, out, &errs))
	require.Contains(t, errs.String(), "print what happens: ")
}
