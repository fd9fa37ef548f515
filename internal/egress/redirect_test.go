// SPDX-License-Identifier: Apache-2.0

package egress_test

import (
	"net/http"
	"net/url"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/participant-go/connectparticipant/internal/egress"
)

// through returns the response after redirects to these URLs.
func through(t *testing.T, addresses ...string) *http.Response {
	t.Helper()
	var response *http.Response
	for _, address := range addresses {
		u, err := url.Parse(address)
		require.NoError(t, err)
		response = &http.Response{Request: &http.Request{URL: u, Response: response}}
	}
	return response
}

func TestRequireDirect(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		response *http.Response
		to       string
	}{
		"no response":        {nil, ""},
		"no request":         {&http.Response{}, ""},
		"no redirect":        {through(t, "https://a/hidden"), ""},
		"to another host":    {through(t, "https://a/hidden", "https://b/hidden"), "https://b"},
		"there and back":     {through(t, "https://a/hidden", "https://b/hidden", "https://a/hidden"), "https://b"},
		"to plain http":      {through(t, "https://a/hidden", "http://a/hidden"), "http://a"},
		"on the same host":   {through(t, "https://a/hidden", "https://a/hidden/2"), "https://a"},
		"without its origin": {&http.Response{Request: &http.Request{URL: &url.URL{Scheme: "https", Host: "b"}, Response: &http.Response{}}}, "https://b"},
	} {
		err := egress.RequireDirect(test.response)
		if test.to == "" {
			require.NoError(t, err, name)
			continue
		}
		require.ErrorContains(t, err, "a redirect to "+test.to+" and", name)
		require.NotContains(t, err.Error(), "hidden")
		var retryable interface{ RetryableError() bool }
		require.ErrorAs(t, err, &retryable)
		require.False(t, retryable.RetryableError())
	}
}
