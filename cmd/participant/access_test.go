// SPDX-License-Identifier: Apache-2.0

package main

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/participant-go/connectparticipant/participanttest"
)

// commands are the commands that need a token, each with its required arguments.
func commands(t *testing.T) map[string][]string {
	t.Helper()
	return map[string][]string{
		"chat":               {"chat"},
		"transcript":         {"transcript"},
		"transcript -follow": {"transcript", "-follow"},
		"send":               {"send", "Hello"},
		"upload":             {"upload", writeFile(t, "a.txt", "text")},
		"download":           {"download", "-o", "-", "an-id"},
	}
}

func TestTokenSources(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	for name, test := range map[string]struct {
		stdin string
		args  []string
		code  int
		want  string
	}{
		"a file":                        {"", []string{"send", "-token-file", s.tokenFile, "Hello"}, exitOK, ""},
		"standard input":                {" " + s.Customer.Token + "\n", []string{"send", "-token-file", "-", "Hello"}, exitOK, ""},
		"an empty input":                {"\n", []string{"transcript", "-token-file", "-"}, exitUsage, "there is no participant token: set PARTICIPANT_TOKEN"},
		"nothing":                       {"", []string{"transcript"}, exitUsage, "there is no participant token: set PARTICIPANT_TOKEN"},
		"an input that is the message":  {s.Customer.Token, []string{"send", "-token-file", "-"}, exitUsage, "standard input is what is to be sent"},
		"an input that is the chat":     {s.Customer.Token, []string{"chat", "-token-file", "-"}, exitUsage, "standard input is what is to be sent"},
		"a token for the file's name":   {"", []string{"transcript", "-token-file", s.Customer.Token}, exitFailed, "read the participant token: open the file: no such file"},
		"a token for a flag's name":     {"", []string{"transcript", "-token=" + s.Customer.Token}, exitUsage, "flag provided but not defined: -token"},
		"a token for an argument":       {"", []string{"transcript", s.Customer.Token}, exitUsage, "it takes flags only, no arguments"},
		"a file that is something else": {"", []string{"transcript", "-token-file", writeFile(t, "big", strings.Repeat("x", maxToken+1))}, exitFailed, "too long for a token"},
		"two tokens in a file":          {"", []string{"transcript", "-token-file", writeFile(t, "two", "made-up-one\nmade-up-two")}, exitUsage, "the participant token has a line break"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			args := append([]string{test.args[0], "-endpoint", s.srv.URL}, test.args[1:]...)
			code, stdout, stderr := runCommand(t, test.stdin, args...)
			require.Equal(t, test.code, code, stderr)
			require.Contains(t, stderr, test.want)
			requireNoToken(t, stdout+stderr)
			require.NotContains(t, stdout+stderr, "made-up")
		})
	}
}

func TestTokenFromTheEnvironment(t *testing.T) {
	s := newScene(t)
	t.Setenv("PARTICIPANT_TOKEN", s.Customer.Token)
	code, stdout, stderr := runCommand(t, "", "send", "-endpoint", s.srv.URL, "Hello")
	require.Equal(t, exitOK, code, stderr)
	require.Equal(t, []string{"Hello"}, s.texts())
	requireNoToken(t, stdout+stderr)

	t.Setenv("PARTICIPANT_TOKEN", "made-up")
	code, _, stderr = runCommand(t, "", "send", "-endpoint", s.srv.URL, "-token-file", s.tokenFile, "Hello")
	require.Equal(t, exitOK, code, "the file goes before the environment: "+stderr)
}

func TestWrongToken(t *testing.T) {
	t.Parallel()
	srv := participanttest.Start(t)
	for name, args := range commands(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			args := append([]string{args[0], "-endpoint", srv.URL, "-token-file", writeFile(t, "token", "made-up")}, args[1:]...)
			code, stdout, stderr := runCommand(t, "", args...)
			require.Equal(t, exitRefused, code, stderr)
			require.Empty(t, stdout)
			require.Contains(t, stderr, "participant "+args[0]+": ")
			require.NotContains(t, stderr, "made-up")
		})
	}
}

func TestEndedChat(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	s.Customer.Join()
	s.End()
	for name, args := range commands(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			code, stdout, stderr := s.command(t, "", args[0], args[1:]...)
			require.Equal(t, exitRefused, code, stderr)
			require.Empty(t, stdout)
		})
	}
}

// nobody is where no server listens. A port that a test has closed may be given to another one.
const nobody = "http://127.0.0.1:1"

func TestDeadServer(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	for name, args := range commands(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			code, stdout, stderr := s.command(t, "", args[0], append([]string{"-endpoint", nobody, "-timeout", "300ms"}, args[1:]...)...)
			require.Equal(t, exitFailed, code)
			require.Empty(t, stdout)
			require.Contains(t, stderr, "connect")
		})
	}
}

func TestCallsThatCannotWork(t *testing.T) {
	t.Parallel()
	file := writeFile(t, "token", "made-up")
	for name, test := range map[string]struct {
		args []string
		code int
		want string
	}{
		"neither region nor endpoint":       {[]string{"transcript"}, exitUsage, "-region or -endpoint is missing"},
		"no time":                           {[]string{"transcript", "-region", "eu-west-2", "-timeout", "0s"}, exitUsage, "-timeout must be"},
		"an unknown format":                 {[]string{"transcript", "-format", "xml"}, exitUsage, "text, json or markdown"},
		"an argument for chat":              {[]string{"chat", "x"}, exitUsage, "flags only"},
		"no file":                           {[]string{"upload"}, exitUsage, "name one file to send"},
		"no attachment":                     {[]string{"download"}, exitUsage, "name one attachment id"},
		"no output":                         {[]string{"download", "id"}, exitUsage, "-o is missing"},
		"plain http to somewhere else":      {[]string{"transcript", "-endpoint", "http://example.com"}, exitUsage, "-endpoint must be https, or http on a loopback address"},
		"a session on plain http":           {[]string{"chat", "-endpoint", "http://example.com"}, exitUsage, "-endpoint must be https, or http on a loopback address"},
		"a region that could not be one":    {[]string{"send", "-region", "a/b", "Hello"}, exitUsage, "-region must be"},
		"an endpoint that could not be one": {[]string{"send", "-endpoint", "::", "Hello"}, exitUsage, "-endpoint must be a URL"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			args := append([]string{test.args[0], "-token-file", file}, test.args[1:]...)
			code, stdout, stderr := runCommand(t, "", args...)
			require.Equal(t, test.code, code, stderr)
			require.Empty(t, stdout)
			require.Contains(t, stderr, test.want)
			require.Equal(t, test.code == exitUsage, strings.Contains(stderr, "Run \"participant help "))
			require.NotContains(t, stderr, "made-up")
		})
	}
}
