// SPDX-License-Identifier: Apache-2.0

package control_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/participant-go/connectparticipant/participanttest"
	"github.com/participant-go/connectparticipant/participanttest/control"
)

func TestOnlyTestsOfThisMachineAreAdmitted(t *testing.T) {
	t.Parallel()
	srv := participanttest.Start(t)
	handler := control.Handler(srv, func(o *control.Options) { o.Hosts = []string{"fake"} })
	header := map[string]string{"X-Participant-Control": "1"}
	with := func(name, value string) map[string]string {
		return map[string]string{"X-Participant-Control": "1", name: value}
	}
	for name, c := range map[string]struct {
		method, host string
		header       map[string]string
		message      string // empty: admitted
	}{
		"read by address":          {"GET", "127.0.0.1:8080", nil, ""},
		"read by another loopback": {"GET", "127.1.2.3", nil, ""},
		"read by IPv6":             {"GET", "[::1]:8080", nil, ""},
		"read by IPv6, no port":    {"GET", "[::1]", nil, ""},
		"read by name":             {"GET", "LOCALHOST:8080", nil, ""},
		"read by an allowed name":  {"GET", "fake:8080", nil, ""},
		"write":                    {"POST", "localhost:8080", header, ""},
		"write from its own page":  {"POST", "localhost:8080", with("Origin", "http://localhost:8080"), ""},
		"typed into the browser":   {"GET", "localhost:8080", with("Sec-Fetch-Site", "none"), ""},
		"fetched by its own page":  {"POST", "localhost:8080", with("Sec-Fetch-Site", "same-origin"), ""},

		"write without the header":     {"POST", "localhost:8080", nil, "POST needs the header X-Participant-Control: 1"},
		"write with another value":     {"POST", "localhost:8080", map[string]string{"X-Participant-Control": "yes"}, "needs the header"},
		"preflight":                    {"OPTIONS", "localhost:8080", map[string]string{"Origin": "http://localhost:8080"}, "OPTIONS needs the header"},
		"read by a rebound name":       {"GET", "evil.example:8080", nil, `Host "evil.example:8080" is neither`},
		"read by a name like one":      {"GET", "localhost.evil.example", nil, "is neither"},
		"read by another address":      {"GET", "192.0.2.1:8080", nil, "is neither"},
		"read by every address":        {"GET", "0.0.0.0:8080", nil, "is neither"},
		"read without a host":          {"GET", "", nil, "is neither"},
		"write from another port":      {"POST", "localhost:8080", with("Origin", "http://localhost:3000"), "Origin"},
		"write from another host":      {"POST", "localhost:8080", with("Origin", "http://evil.example"), "Origin"},
		"write from a sandboxed frame": {"POST", "localhost:8080", with("Origin", "null"), "Origin"},
		"read by another site":         {"GET", "localhost:8080", with("Sec-Fetch-Site", "cross-site"), "Sec-Fetch-Site"},
		"read by another port":         {"GET", "localhost:8080", with("Sec-Fetch-Site", "same-site"), "Sec-Fetch-Site"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			req := httptest.NewRequestWithContext(t.Context(), c.method, "/_control/v1/chats", strings.NewReader("{}"))
			req.Host = c.host
			for name, value := range c.header {
				req.Header.Set(name, value)
			}
			w := httptest.NewRecorder()
			handler.ServeHTTP(w, req)
			for header := range w.Header() {
				require.NotContains(t, strings.ToLower(header), "access-control")
			}
			if c.message == "" {
				require.Equal(t, http.StatusOK, w.Code, w.Body)
				return
			}
			require.Equal(t, http.StatusForbidden, w.Code)
			require.Contains(t, w.Body.String(), `"message"`)
			require.Contains(t, strings.ReplaceAll(w.Body.String(), `\"`, `"`), c.message)
		})
	}
}
