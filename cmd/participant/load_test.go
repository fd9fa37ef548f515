// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/participant-go/connectparticipant/cmd/participant/internal/load"
	"github.com/participant-go/connectparticipant/participanttest"
)

func TestLoadOnAFakeInTheProcess(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "load.html")
	// A cut comes a tenth of the time before the end at the latest, and the message after it must be sent.
	code, stdout, stderr := runCommand(t, "", "load", "-chats", "4", "-duration", "8s", "-messages", "120", "-report", file)
	require.Equal(t, exitOK, code, stderr)
	require.Contains(t, stderr, "4 chats on a fake in this process, 3 a second, each for 8s: about 9s\n")
	require.Contains(t, stdout, "Load of 4 chats, ")
	require.Contains(t, stdout, "messages arrived once and in order\n")
	require.Regexp(t, `(?m)^Reconnects +4 after 4 cuts$`, stdout)
	require.Regexp(t, `(?m)^Responses 429 +0$`, stdout)
	require.Contains(t, stdout, "The report is in "+file+"\n")
	page, err := os.ReadFile(file)
	require.NoError(t, err)
	require.Contains(t, string(page), "<h1>Load of 4 chats</h1>")
	require.Contains(t, string(page), "<pre>participant load -chats=4 -duration=8s -messages=120 -report=")
	requireNoToken(t, stdout+stderr+string(page))
}

func TestLoadWithTokensOfAFile(t *testing.T) {
	t.Parallel()
	srv := participanttest.Start(t)
	tokens := srv.NewChat().Customer.Token + "\n\n  " + srv.NewChat().Customer.Token + "\r\n"
	code, stdout, stderr := runCommand(t, tokens, "load", "-endpoint", srv.URL, "-tokens", "-", "-chats", "2", "-duration", "1s", "-unlimited")
	require.Equal(t, exitOK, code, stderr)
	requireNoToken(t, stdout+stderr)
	require.Zero(t, srv.Count("StartChatContact"))
	require.Equal(t, 2, srv.Count("DisconnectParticipant"))
}

// A message that is neither pushed nor in the transcript is reported as lost.
func TestLoadFailsWhenAMessageIsLost(t *testing.T) {
	t.Parallel()
	srv := participanttest.Start(t)
	srv.Inject(participanttest.Fault{On: participanttest.OnPush, ContentType: "text/plain", Times: 1, Effect: participanttest.Lose()})
	srv.Inject(participanttest.Fault{On: participanttest.OnTranscript, ContentType: "text/plain", Times: 1, Effect: participanttest.LagForever()})
	code, stdout, stderr := runCommand(t, "", "load", "-endpoint", srv.URL+"/", "-chats", "1", "-duration", "1s", "-messages", "600", "-reconnects", "0")
	require.Equal(t, exitFailed, code, stderr)
	require.Contains(t, stdout, " messages 1 was lost, 0 were duplicated and 0 were out of order\n")
}

func TestLoadReportsWhyChatsCannotStart(t *testing.T) {
	t.Parallel()
	srv := participanttest.Start(t)
	srv.Inject(participanttest.Fault{On: "StartChatContact", Effect: participanttest.Fail(403, "AccessDeniedException")})
	code, stdout, _ := runCommand(t, "", "load", "-endpoint", srv.URL, "-chats", "2", "-duration", "1s")
	require.Equal(t, exitFailed, code)
	require.Contains(t, stdout, "No chat could be started\n")
	require.Contains(t, stdout, "2 × StartChatContact: status 403 AccessDeniedException\n")
}

func TestLoadOverTLS(t *testing.T) {
	t.Parallel()
	srv := participanttest.Start(t, func(o *participanttest.Options) { o.TLS = true })
	authority := writeFile(t, "authority.pem", string(srv.AuthorityPEM()))
	code, stdout, stderr := runCommand(t, "", "load", "-endpoint", srv.URL, "-ca-file", authority, "-chats", "2", "-duration", "8s")
	require.Equal(t, exitOK, code, stderr)
	require.Regexp(t, `(?m)^Reconnects +2 after 2 cuts$`, stdout)
}

// An interrupted load reports what it has measured so far.
func TestLoadThatIsInterrupted(t *testing.T) {
	t.Parallel()
	srv := participanttest.Start(t)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var interrupting sync.WaitGroup
	defer interrupting.Wait()
	interrupting.Go(func() {
		_ = srv.WaitRequest(ctx, "StartChatContact", 3)
		for _, contact := range srv.Contacts() { // a chat that is still starting would not leave
			_ = contact.Customer.WaitRequest(ctx, "SendMessage", 1)
		}
		cancel()
	})
	var stdout, stderr bytes.Buffer
	code := run(ctx, []string{"load", "-endpoint", srv.URL, "-chats", "3", "-duration", "1h", "-messages", "60", "-reconnects", "0"}, strings.NewReader(""), &stdout, &stderr)
	require.Equal(t, exitOK, code, stdout.String())
	require.Contains(t, stderr.String(), "Interrupted: the chats wait for their messages and leave.")
	require.Contains(t, stdout.String(), ", interrupted\n")
	require.Equal(t, srv.Count("StartChatContact"), srv.Count("DisconnectParticipant"), "all chats were left")
}

func TestLoadRefusesWrongFlags(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct{ args, want string }{
		"an argument":                     {"more", "it takes flags only, no arguments"},
		"no chat":                         {"-chats 0", "-chats must be between 1 and 1000000"},
		"a rate that isn't a number":      {"-rate NaN", "-rate must be between 0.001 and 10000"},
		"too many messages":               {"-messages 1e9", "-messages must be between 0.001 and 60000, or 0"},
		"no time":                         {"-duration 0s", "-duration must be 1s or more"},
		"fewer than no cuts":              {"-reconnects -1", "-reconnects must be between 0 and 10000"},
		"an unknown operation":            {"-quota Dance=3", `"Dance" is not an operation with a quota`},
		"a quota without figures":         {"-quota SendMessage", "use OPERATION=RATE or OPERATION=RATE/BURST, such as SendMessage=50/75"},
		"a quota of nothing":              {"-quota SendEvent=1,SendMessage=0", "use OPERATION=RATE or OPERATION=RATE/BURST, such as SendMessage=50/75"},
		"quotas and none":                 {"-quota SendMessage=50 -unlimited", "-unlimited and -quota exclude each other"},
		"a service without -real":         {"-region eu-west-2 -tokens x", "-real is missing"},
		"an endpoint without -real":       {"-endpoint https://example.com", "-real is missing"},
		"no region":                       {"-real -tokens x -region EU!", "-region must be the name of an AWS region"},
		"-real without a service":         {"-real", "-real goes with -region, or with an -endpoint outside this machine"},
		"-real and a fake":                {"-real -endpoint http://127.0.0.1:8080", "-real goes with -region, or with an -endpoint outside this machine"},
		"a service without tokens":        {"-real -region eu-west-2", "-region needs -tokens"},
		"two services":                    {"-region eu-west-2 -endpoint http://127.0.0.1:8080", "-region and -endpoint exclude each other"},
		"no URL":                          {"-endpoint 127.0.0.1:8080", "-endpoint must be a URL such as "},
		"plain http":                      {"-real -endpoint http://example.com", "-endpoint must be https, or http on a loopback address"},
		"a URL with a password":           {"-endpoint http://user:secret@127.0.0.1:8080", "-endpoint must not have a user name"},
		"tokens of a fake in the process": {"-tokens x", "-tokens needs -region or -endpoint"},
		"an authority without https":      {"-ca-file x", "-ca-file needs -endpoint or -region"},
		"too few tokens":                  {"-endpoint http://127.0.0.1:8080 -tokens - -chats 2", "there are 2 -chats, but only 1 of -tokens"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			code, stdout, stderr := runCommand(t, "token\n", append([]string{"load"}, strings.Fields(test.args)...)...)
			require.Equal(t, exitUsage, code)
			require.Empty(t, stdout)
			require.Contains(t, stderr, "participant load: ")
			require.Contains(t, stderr, test.want)
			require.Equal(t, 2, strings.Count(stderr, "\n"), "one line, and the command for help")
			require.NotContains(t, stderr, "secret")
		})
	}
}

func TestLoadRefusesFilesThatItCannotOpen(t *testing.T) {
	t.Parallel()
	for _, args := range [][]string{{"-report", "no/such/file"}, {"-endpoint", "http://127.0.0.1:1", "-tokens", "no/such/file"}} {
		code, _, stderr := runCommand(t, "", append([]string{"load"}, args...)...)
		require.Equal(t, exitFailed, code)
		require.Contains(t, stderr, "open no/such/file: ")
	}
}

func TestLoadReportsWhichQuotasSlowItDown(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		args string
		want []string
	}{
		"none":             {"-chats 50", nil},
		"messages":         {"-chats 500 -duration 5m", []string{"The load needs 51.7 SendMessage a second, of which the quota allows 10: it will be slower."}},
		"messages, raised": {"-chats 500 -duration 5m -quota SendMessage=60", nil},
		"unlimited":        {"-chats 500 -unlimited", nil},
		"starts": {"-chats 500 -rate 20 -reconnects 0 -messages 0", []string{
			"The load needs 20 CreateParticipantConnection a second, of which the quota allows 6: it will be slower.",
			"The load needs 20 StartChatContact a second, of which the quota allows 5: it will be slower.",
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ctx, cancel := context.WithCancel(t.Context())
			cancel()
			var stderr bytes.Buffer
			run(ctx, append([]string{"load"}, strings.Fields(test.args)...), strings.NewReader(""), &bytes.Buffer{}, &stderr)
			var held []string
			for line := range strings.Lines(stderr.String()) {
				if strings.Contains(line, "the quota allows") {
					held = append(held, strings.TrimSpace(line))
				}
			}
			require.Equal(t, test.want, held)
		})
	}
}

func TestProgressOfALoad(t *testing.T) {
	t.Parallel()
	now := load.Progress{Elapsed: 9 * time.Second, Counts: load.Counts{Connected: 4, Sent: 20, Delivered: 19}, Push99: 1_234_567}
	var pipe, terminal bytes.Buffer
	for _, p := range []*loadProgress{newLoadProgress(&pipe, 5), newLoadProgress(tty{Writer: &terminal}, 5)} {
		p.show(now)
		later := now
		later.Elapsed, later.Failed = 10*time.Second, 1
		p.show(later)
		later.Elapsed += time.Second
		p.show(later)
		p.end()
	}
	require.Equal(t, "10s  4/5 chats  20 sent  19 back  0 reconnects  0 × 429  p99 1.23ms  1 failed\n", pipe.String())
	require.Equal(t, 3, strings.Count(terminal.String(), "\r\x1b[K"))
	require.Equal(t, 1, strings.Count(terminal.String(), "\n"))
}

func TestCommandLineIsQuotedForAShell(t *testing.T) {
	t.Parallel()
	task := &loadTask{raised: quotaFlag{}}
	flags := flagsOf("load", task)
	_, err := parse(flags, []string{
		"-report", "it's my load.html", "-endpoint", "http://[::1]:80", "-unlimited",
		"-quota", "SendMessage=50,SendEvent=3/9", "-quota", "GetTranscript=0.5",
	})
	require.NoError(t, err)
	require.Equal(t, `participant load -endpoint='http://[::1]:80' -quota=GetTranscript=0.5/1,SendEvent=3/9,SendMessage=50/75 -report='it'\''s my load.html' -unlimited=true`,
		task.commandLine())
}
