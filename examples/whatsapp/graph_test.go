// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"
)

// transport is a Graph API as a function.
type transport func(*http.Request) (status int, body string, err error)

func (f transport) RoundTrip(r *http.Request) (*http.Response, error) {
	status, body, err := f(r)
	if err != nil {
		return nil, err
	}
	header := http.Header{"Location": {"https://elsewhere.example/"}}
	return &http.Response{StatusCode: status, Header: header, Body: io.NopCloser(strings.NewReader(body)), Request: r}, nil
}

func TestGraphRetries(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		statuses []int // of the attempts, 0 for no response
		want     string
	}{
		"success":             {[]int{200}, ""},
		"a temporary failure": {[]int{503, 429, 200}, ""},
		"a permanent failure": {[]int{500, 500, 500}, "status 500, code 7"},
		"a refusal":           {[]int{400}, "status 400, code 7"},
		"a redirect":          {[]int{302}, "status 302, code 7"},
		"no response at all":  {[]int{0}, "connection refused"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				calls := 0
				g := newGraph("https://graph.example/v1", "made-up-id", "made-up-token", transport(func(r *http.Request) (int, string, error) {
					require.Equal(t, "https://graph.example/v1/made-up-id/messages", r.URL.String())
					body, err := io.ReadAll(r.Body)
					require.NoError(t, err)
					require.JSONEq(t, `{"messaging_product":"whatsapp","recipient_type":"individual","to":"15550100","type":"text","text":{"body":"secret words"}}`, string(body))
					calls++
					if test.statuses[calls-1] == 0 {
						return 0, "", errors.New("connection refused")
					}
					return test.statuses[calls-1], `{"error":{"code":7,"message":"secret words"}}`, nil
				}))
				err := g.text(t.Context(), "15550100", "secret words")
				require.Len(t, test.statuses, calls)
				if test.want == "" {
					require.NoError(t, err)
					return
				}
				require.EqualError(t, err, test.want)
			})
		})
	}
}

func TestDownloadsAreOverHTTPSAndLimited(t *testing.T) {
	t.Parallel()
	for address, want := range map[string]string{
		"http://media.example/secret":  "no https URL",
		"https://media.example/secret": "more than",
	} {
		g := newGraph("https://graph.example", "made-up-id", "made-up-token", transport(func(r *http.Request) (int, string, error) {
			if r.URL.Host == "media.example" {
				return http.StatusOK, strings.Repeat("x", maxFile+1), nil
			}
			require.Equal(t, "/..%2Fother", r.URL.EscapedPath())
			return http.StatusOK, `{"url":"` + address + `"}`, nil
		}))
		_, err := g.download(t.Context(), "../other")
		require.ErrorContains(t, err, want)
		require.NotContains(t, err.Error(), "secret")
	}
}
