// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestServePrintsTheURLOfTheControlAPI(t *testing.T) {
	t.Parallel()
	s := startServe(t, "-control", "-chats", "1", "-agent", "none")
	require.Equal(t, s.Endpoint+"/_control/v1", s.Control)
	resp, err := http.Get(s.Control + "/chats")
	require.NoError(t, err)
	defer func() { _ = resp.Body.Close() }()
	var out struct {
		Chats []struct {
			ContactId string
			Customer  struct{ ParticipantToken string }
		}
	}
	require.NoError(t, json.NewDecoder(resp.Body).Decode(&out))
	require.Len(t, out.Chats, 1)
	require.Equal(t, s.Chats[0].ContactID, out.Chats[0].ContactId)
	require.Equal(t, s.Chats[0].Customer.ParticipantToken, out.Chats[0].Customer.ParticipantToken)
}

func TestServePrintsTheAddressOfThePage(t *testing.T) {
	t.Parallel()
	s := startServe(t, "-control", "-chats", "1", "-agent", "none")
	require.Equal(t, s.Endpoint+"/", s.Page)
	require.Contains(t, s.stderr.String(), "Open "+s.Page+" in a browser")
	resp, err := http.Get(s.Page)
	require.NoError(t, err)
	defer func() { _ = resp.Body.Close() }()
	require.Equal(t, "text/html; charset=utf-8", resp.Header.Get("Content-Type"))
}

func TestServeHasNoPageWithoutControl(t *testing.T) {
	t.Parallel()
	s := startServe(t, "-chats", "1")
	require.NotContains(t, s.line, "page")
	resp, err := http.Get(s.Endpoint + "/")
	require.NoError(t, err)
	defer func() { _ = resp.Body.Close() }()
	require.Equal(t, http.StatusNotFound, resp.StatusCode)
	body, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	require.Contains(t, string(body), "Start it with -control for its page.")
}

func TestServeHasNoControlAPIByDefault(t *testing.T) {
	t.Parallel()
	s := startServe(t, "-chats", "1")
	require.Empty(t, s.Control)
	resp, err := http.Get(s.Endpoint + "/_control/v1/chats")
	require.NoError(t, err)
	defer func() { _ = resp.Body.Close() }()
	require.Equal(t, http.StatusNotFound, resp.StatusCode)
}

func TestServeKeepsTheControlAPIOnLoopback(t *testing.T) {
	t.Parallel()
	for args, want := range map[string]string{
		"-control -addr 0.0.0.0:0":              "-control listens on loopback only",
		"-control -addr :0":                     "-control listens on loopback only",
		"-control -addr [::]:0":                 "-control-host NAME",
		"-control -addr fake:0":                 "-addr 127.0.0.1:PORT",
		"-control-host fake -addr 127.0.0.1:0":  "-control-host needs -control",
		"-control -control-host fake:8080":      "-control-host must be a host name such as fake, without http://, port and final dot",
		"-control -control-host http://fake:80": "-control-host must be a host name",
		"-control -control-host fake.":          "-control-host must be a host name",
		"-control -control-host [::1]":          "-control-host must be a host name",
	} {
		t.Run(args, func(t *testing.T) {
			t.Parallel()
			var stdout, stderr bytes.Buffer
			code := run(t.Context(), append([]string{"serve"}, strings.Fields(args)...), strings.NewReader(""), &stdout, &stderr)
			require.Equal(t, exitUsage, code)
			require.Contains(t, stderr.String(), want)
			require.Empty(t, stdout.String())
		})
	}
}

func TestServeIsCertifiedForTheNameOfTheControlAPI(t *testing.T) {
	t.Parallel()
	for _, host := range []string{"fake", "my_fake.test", "192.0.2.1", "2001:db8::1"} {
		ca := filepath.Join(t.TempDir(), "ca.pem")
		s := startServe(t, "-control", "-control-host", host, "-tls", ca, "-chats", "0")
		roots := x509.NewCertPool()
		authority, err := os.ReadFile(ca)
		require.NoError(t, err)
		require.True(t, roots.AppendCertsFromPEM(authority))
		conn, err := tls.Dial("tcp", strings.TrimPrefix(s.Endpoint, "https://"), &tls.Config{RootCAs: roots, ServerName: host})
		require.NoError(t, err, host)
		require.NoError(t, conn.Close())
	}
}

func TestServeServesTheControlAPIUnderAnAllowedName(t *testing.T) {
	t.Parallel()
	s := startServe(t, "-control", "-control-host", "fake", "-addr", "0.0.0.0:0", "-chats", "1")
	for host, status := range map[string]int{"fake:8080": http.StatusOK, "other": http.StatusForbidden} {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.Control+"/chats", nil)
		require.NoError(t, err)
		req.Host = host
		resp, err := http.DefaultClient.Do(req)
		require.NoError(t, err)
		_ = resp.Body.Close()
		require.Equal(t, status, resp.StatusCode, host)
	}
}
