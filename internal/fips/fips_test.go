// SPDX-License-Identifier: Apache-2.0

//go:build go1.26

package fips_test

import (
	"crypto/fips140"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/coder/websocket"
	"github.com/stretchr/testify/require"

	"github.com/participant-go/connectparticipant/internal/fips"
)

// inStrictMode runs the named test in a process that enforces FIPS 140-3.
func inStrictMode(t *testing.T, name string) {
	t.Helper()
	program, err := os.Executable()
	require.NoError(t, err)
	child := exec.CommandContext(t.Context(), program, "-test.run=^"+name+"$", "-test.count=1")
	child.Env = append(os.Environ(), "GODEBUG=fips140=only")
	out, err := child.CombinedOutput()
	require.NoError(t, err, "%s", out)
}

func TestWebSocketsInStrictMode(t *testing.T) {
	t.Parallel()
	if !fips140.Enforced() {
		inStrictMode(t, t.Name())
		return
	}
	require.NoError(t, fips.Check())
	for name, start := range map[string]func(http.Handler) *httptest.Server{"plain": httptest.NewServer, "TLS": httptest.NewTLSServer} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			srv := start(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				conn, err := fips.Accept(w, r, nil)
				if err == nil && fips140.Enforced() {
					_ = conn.Write(r.Context(), websocket.MessageText, []byte("hi"))
				}
			}))
			t.Cleanup(srv.Close)
			dialing := &enforcing{base: srv.Client().Transport}
			conn, response, err := fips.Dial(t.Context(), "ws"+strings.TrimPrefix(srv.URL, "http"), &websocket.DialOptions{
				HTTPClient: &http.Client{Transport: dialing},
			})
			require.NoError(t, err)
			require.Equal(t, http.StatusSwitchingProtocols, response.StatusCode)
			require.True(t, dialing.enforced, "only the package websocket is exempted")
			_, text, err := conn.Read(t.Context())
			require.NoError(t, err)
			require.Equal(t, "hi", string(text))
			require.NoError(t, conn.CloseNow())
		})
	}
}

// enforcing records whether FIPS 140-3 is enforced where its requests are sent.
type enforcing struct {
	base     http.RoundTripper
	enforced bool
}

func (e *enforcing) RoundTrip(request *http.Request) (*http.Response, error) {
	e.enforced = fips140.Enforced()
	return e.base.RoundTrip(request)
}

func TestFailedDialInStrictMode(t *testing.T) {
	t.Parallel()
	if !fips140.Enforced() {
		inStrictMode(t, t.Name())
		return
	}
	srv := httptest.NewServer(http.NotFoundHandler())
	t.Cleanup(srv.Close)
	_, response, err := fips.Dial(t.Context(), srv.URL, nil)
	require.Error(t, err)
	require.Equal(t, http.StatusNotFound, response.StatusCode)
	require.NoError(t, response.Body.Close())
	_, _, err = fips.Dial(t.Context(), "mailto:nobody", nil)
	require.Error(t, err, "a request was sent")
}
