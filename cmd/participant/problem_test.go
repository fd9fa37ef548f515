// SPDX-License-Identifier: Apache-2.0

package main

import (
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/participant-go/connectparticipant/participanttest"
)

// otherServer is a server that isn't the service.
func otherServer(t *testing.T, overTLS bool, handle http.HandlerFunc) (url string) {
	t.Helper()
	server := httptest.NewUnstartedServer(handle)
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	if overTLS {
		server.StartTLS()
	} else {
		server.Start()
	}
	t.Cleanup(func() {
		server.CloseClientConnections()
		server.Close()
	})
	return server.URL
}

func status(code int) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(code) }
}

func TestResponsesOfOtherServersGetAnErrorInOneLine(t *testing.T) {
	t.Parallel()
	web := func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		_, _ = io.WriteString(w, "<p>Hello</p>")
	}
	hanging := make(chan struct{})
	silent := otherServer(t, false, func(_ http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body) // or the server doesn't see that the client has left
		select {
		case <-r.Context().Done():
		case <-hanging:
		}
	})
	t.Cleanup(func() { close(hanging) })
	plain := otherServer(t, false, status(http.StatusNotFound))
	for name, test := range map[string]struct{ url, want string }{
		"nothing":             {nobody, `127\.0\.0\.1:\d+ can't be reached: connection refused; check -endpoint`},
		"no host":             {"https://no-such-host.invalid", `there is no host no-such-host\.invalid: check -endpoint or -region|the host no-such-host\.invalid can't be looked up: check the network`},
		"a web page":          {otherServer(t, false, web), `the response is not one of the service: check -endpoint`},
		"another API":         {plain, `status 404, which the service would not return: check -endpoint`},
		"a redirect":          {otherServer(t, false, status(http.StatusFound)), `status 302, which the service would not return: check -endpoint`},
		"a broken gateway":    {otherServer(t, false, status(http.StatusBadGateway)), `the service failed with status 502: try again later`},
		"an unknown issuer":   {otherServer(t, true, web), `the server's certificate is not trusted: x509: certificate signed by unknown authority; -ca-file adds CA certificates to trust`},
		"http, not https":     {strings.Replace(plain, "http", "https", 1), `the server doesn't speak https: check -endpoint`},
		"a server that hangs": {silent, `no connection within [48]s: check -endpoint and the network, or raise -timeout`},
	} {
		// A session retries until -timeout, and single calls are attempted three times.
		for _, args := range [][]string{{"send", "-timeout", "8s", "Hello"}, {"chat", "-timeout", "4s"}} {
			t.Run(name+", "+args[0], func(t *testing.T) {
				t.Parallel()
				token := writeFile(t, "token", "made-up")
				args := append([]string{args[0], "-endpoint", test.url, "-token-file", token}, args[1:]...)
				code, stdout, stderr := runCommand(t, "", args...)
				require.Equal(t, exitFailed, code)
				require.Empty(t, stdout)
				require.Regexp(t, `^participant `+args[0]+`: (`+test.want+`)\n$`, stderr)
			})
		}
	}
}

func TestFailuresOfTheServiceGetAnErrorInOneLine(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		fault participanttest.Fault
		want  string
	}{
		"a refused token":   {participanttest.Fault{On: "SendMessage", Effect: participanttest.Fail(403, "AccessDeniedException")}, "send the message: the service refuses the token: it is wrong, expired or of another region, or the chat is over"},
		"an invalid member": {participanttest.Fault{On: "SendMessage", Effect: participanttest.Fail(400, "ValidationException")}, `send the message: the service refuses the request: .* \(ValidationException\)`},
		"too many calls":    {participanttest.Fault{On: "SendMessage", Effect: participanttest.Fail(429, "ThrottlingException")}, `send the message: the account makes more calls than its quota allows \(ThrottlingException\): try again later`},
		"a failure":         {participanttest.Fault{On: "SendMessage", Effect: participanttest.Fail(500, "InternalServerException")}, `send the message: the service failed \(InternalServerException\): try again later`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newScene(t)
			s.srv.Inject(test.fault)
			_, stdout, stderr := s.command(t, "", "send", "Hello")
			require.Empty(t, stdout)
			require.Regexp(t, `^participant send: `+test.want+`\n$`, stderr)
		})
	}
}

func TestRefusedTokensGetAnErrorInOneLine(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	for name, args := range commands(t) {
		args := append([]string{args[0], "-endpoint", s.srv.URL, "-token-file", writeFile(t, "token", "made-up")}, args[1:]...)
		code, _, stderr := runCommand(t, "", args...)
		require.Equal(t, exitRefused, code, name)
		require.Equal(t, "participant "+args[0]+": the service refuses the token: it is wrong, expired or of another region, or the chat is over\n", stderr, name)
	}
}

func TestAuthoritiesThatCannotBeRead(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	code, _, stderr := s.command(t, "", "transcript", "-ca-file", "no/such/file")
	require.Equal(t, exitFailed, code)
	require.Regexp(t, `^participant transcript: read -ca-file: open no/such/file: `, stderr)
	empty := filepath.Join(t.TempDir(), "empty.pem")
	require.NoError(t, os.WriteFile(empty, []byte("no certificate"), 0o600))
	_, _, stderr = s.command(t, "", "chat", "-ca-file", empty)
	require.Equal(t, "participant chat: read -ca-file: it contains no certificate in PEM format\n", stderr)
}
