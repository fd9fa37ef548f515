// SPDX-License-Identifier: Apache-2.0

package main

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// ownAddress is a loopback address for one test, where the system has more than one. On 127.0.0.1, a
// port that a server has left may be given to another test before the next server listens on it.
func ownAddress() string {
	if runtime.GOOS == "linux" {
		return "127.0.7.1:0"
	}
	return "127.0.0.1:0"
}

func TestServeContinuesAfterARestart(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	state, ca := filepath.Join(dir, "state.json"), filepath.Join(dir, "ca.pem")
	first := startServe(t, "-addr", ownAddress(), "-chats", "2", "-state", state, "-tls", ca)
	saved, err := os.Stat(state)
	require.NoError(t, err, "the tokens are printed before they are saved")
	if runtime.GOOS != "windows" {
		require.Equal(t, os.FileMode(0o600), saved.Mode().Perm())
	}
	token := writeFile(t, "token", first.Chats[0].Customer.ParticipantToken)
	flags := []string{"-endpoint", first.Endpoint, "-token-file", token, "-ca-file", ca}
	code, _, stderr := runCommand(t, "", append([]string{"send", "before"}, flags...)...)
	require.Equal(t, exitOK, code, stderr)
	code, _, stderr = runCommand(t, "", append([]string{"chat"}, append(flags, "-token-file", writeFile(t, "second", first.Chats[1].Customer.ParticipantToken))...)...)
	require.Equal(t, exitOK, code, stderr)
	require.Equal(t, exitOK, first.stop())

	addr := strings.TrimPrefix(first.Endpoint, "https://")
	authority, err := os.ReadFile(ca)
	require.NoError(t, err)
	second := startServe(t, "-addr", addr, "-chats", "5", "-state", state, "-tls", ca)
	require.Equal(t, first.line, second.line)
	again, err := os.ReadFile(ca)
	require.NoError(t, err)
	require.Equal(t, authority, again)
	code, stdout, stderr := runCommand(t, "", append([]string{"transcript"}, flags...)...)
	require.Equal(t, exitOK, code, stderr)
	require.Contains(t, stdout, "Customer: before\n")

	// The echo replies to messages after the restart, and not to those before it.
	code, _, stderr = runCommand(t, "", append([]string{"send", "after"}, flags...)...)
	require.Equal(t, exitOK, code, stderr)
	require.Eventually(t, func() bool {
		_, stdout, _ = runCommand(t, "", append([]string{"transcript"}, flags...)...)
		return strings.Contains(stdout, "You said: after")
	}, 20*time.Second, 100*time.Millisecond)
	require.Equal(t, 1, strings.Count(stdout, "You said: "), stdout)
	require.Equal(t, exitOK, second.stop())
	left, err := filepath.Glob(state + "*")
	require.NoError(t, err)
	require.Equal(t, []string{state}, left)
}

func TestServeStartsChatsWhereTheStateHasNone(t *testing.T) {
	t.Parallel()
	state, ca := filepath.Join(t.TempDir(), "state.json"), filepath.Join(t.TempDir(), "ca.pem")
	first := startServe(t, "-chats", "0", "-state", state, "-tls", ca)
	require.Empty(t, first.Chats)
	require.Equal(t, exitOK, first.stop())
	authority, err := os.ReadFile(ca)
	require.NoError(t, err)

	second := startServe(t, "-chats", "1", "-state", state, "-tls", ca)
	require.Len(t, second.Chats, 1)
	again, err := os.ReadFile(ca)
	require.NoError(t, err)
	require.Equal(t, authority, again)
	token := writeFile(t, "token", second.Chats[0].Customer.ParticipantToken)
	flags := []string{"-endpoint", second.Endpoint, "-token-file", token, "-ca-file", ca}
	code, _, stderr := runCommand(t, "", append([]string{"send", "/bye"}, flags...)...)
	require.Equal(t, exitOK, code, stderr)
	require.Eventually(t, func() bool {
		code, _, _ := runCommand(t, "", append([]string{"transcript"}, flags...)...)
		return code != exitOK
	}, 20*time.Second, 100*time.Millisecond, "the chat ends")
	require.Equal(t, exitOK, second.stop())

	third := startServe(t, "-chats", "1", "-state", state, "-tls", ca)
	require.Len(t, third.Chats, 1)
	require.NotEqual(t, second.Chats[0].ContactID, third.Chats[0].ContactID, "that one has ended")
}

func TestServeReportsANewAuthority(t *testing.T) {
	t.Parallel()
	state, ca := filepath.Join(t.TempDir(), "state.json"), filepath.Join(t.TempDir(), "ca.pem")
	for _, run := range []struct {
		args  []string
		isNew bool
	}{
		{nil, false},
		{nil, false},
		{[]string{"-public-url", "https://fake.example:8443"}, true},
		{[]string{"-public-url", "https://fake.example:8443"}, false},
		{nil, false},
		{[]string{"-control", "-control-host", "fake"}, true},
	} {
		s := startServe(t, append(run.args, "-chats", "0", "-state", state, "-tls", ca)...)
		require.Equal(t, exitOK, s.stop())
		require.Equal(t, run.isNew, strings.Contains(s.stderr.String(), "The CA certificate in "+ca+" is a new one"), s.stderr)
	}
}

func TestServeSavesWhileItRuns(t *testing.T) {
	t.Parallel()
	state := filepath.Join(t.TempDir(), "state.json")
	s := startServe(t, "-chats", "1", "-state", state, "-agent", "none")
	client := s.client(t)
	send(t, client, connectAs(t, client, s.Chats[0].Customer).ConnectionCredentials.ConnectionToken, "saved soon")
	require.Eventually(t, func() bool {
		data, err := os.ReadFile(state)
		return err == nil && strings.Contains(string(data), "saved soon")
	}, 20*time.Second, 100*time.Millisecond)
}

func TestServeStartsWithAnEmptyState(t *testing.T) {
	t.Parallel()
	state := writeFile(t, "state.json", "")
	require.Len(t, startServe(t, "-chats", "2", "-state", state).Chats, 2)
	saved, err := os.ReadFile(state)
	require.NoError(t, err)
	require.NotEmpty(t, saved)
}

func TestServeRefusesAStateThatAnotherProcessUses(t *testing.T) {
	t.Parallel()
	state := filepath.Join(t.TempDir(), "state.json")
	first := startServe(t, "-chats", "1", "-state", state)
	code, stdout, stderr := runCommand(t, "", "serve", "-state", state)
	require.Equal(t, exitFailed, code)
	require.Empty(t, stdout)
	require.Equal(t, "participant serve: lock "+state+": another process uses the file; name another one with -state\n", stderr)
	require.Equal(t, exitOK, first.stop())
	require.Equal(t, first.Chats, startServe(t, "-state", state).Chats)
}

func TestServeUsesAStateAfterACrash(t *testing.T) {
	t.Parallel()
	state := filepath.Join(t.TempDir(), "state.json")
	require.NoError(t, os.WriteFile(state+".lock", nil, 0o600)) // SIGKILL leaves it, without the lock
	require.Equal(t, exitOK, startServe(t, "-state", state).stop())
	require.NoFileExists(t, state+".lock")
}

func TestServePostsToATopic(t *testing.T) {
	t.Parallel()
	posted := make(chan string, 10) // more than are posted
	endpoint := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		posted <- r.Header.Get("X-Amz-Sns-Message-Type")
	}))
	t.Cleanup(endpoint.Close)
	arn := "arn:aws:sns:us-west-2:123456789012:chats"
	s := startServe(t, "-chats", "0", "-topic", arn+"="+endpoint.URL)
	call := func(method, path string, body map[string]any) (out struct{ ContactId, ParticipantToken string }) {
		data, err := json.Marshal(body)
		require.NoError(t, err)
		request, err := http.NewRequestWithContext(t.Context(), method, s.Endpoint+path, strings.NewReader(string(data)))
		require.NoError(t, err)
		request.Close = true
		response, err := http.DefaultTransport.RoundTrip(request)
		require.NoError(t, err)
		data, err = io.ReadAll(response.Body)
		require.NoError(t, err)
		require.NoError(t, response.Body.Close())
		require.Equal(t, http.StatusOK, response.StatusCode, string(data))
		require.NoError(t, json.Unmarshal(data, &out))
		return out
	}
	instance := "11111111-2222-3333-4444-555555555555"
	started := call(http.MethodPut, "/contact/chat", map[string]any{
		"InstanceId": instance, "ContactFlowId": instance, "ParticipantDetails": map[string]string{"DisplayName": "Jane"},
	})
	call(http.MethodPost, "/contact/start-streaming", map[string]any{
		"InstanceId": instance, "ContactId": started.ContactId, "ClientToken": "one",
		"ChatStreamingConfiguration": map[string]string{"StreamingEndpointArn": arn},
	})
	connectAs(t, s.client(t), readySide{started.ParticipantToken})
	for _, want := range []string{"SubscriptionConfirmation", "Notification"} {
		select {
		case got := <-posted:
			require.Equal(t, want, got)
		case <-time.After(20 * time.Second):
			require.Fail(t, "never posted: "+want)
		}
	}
}
