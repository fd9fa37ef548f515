// SPDX-License-Identifier: Apache-2.0

package redact_test

import (
	"errors"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"github.com/participant-go/connectparticipant/internal/redact"
)

func TestShorten(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"", "short", strings.Repeat("x", 4096), strings.Repeat("ü", 2048)} {
		require.Equal(t, text, redact.Shorten(text))
	}
	require.Equal(t, strings.Repeat("x", 4096)+"…", redact.Shorten(strings.Repeat("x", 4097)))
	for _, char := range []string{"ü", "€", "😀"} {
		for shift := range 4 {
			got := redact.Shorten(strings.Repeat("x", shift) + strings.Repeat(char, 4096))
			require.True(t, utf8.ValidString(got), "%s, %d", char, shift)
			require.LessOrEqual(t, len(got), 4096+len("…"))
			require.Greater(t, len(got), 4090)
		}
	}
	require.Len(t, redact.Shorten(strings.Repeat("\x80", 5000)), 4092+len("…"), "invalid UTF-8")
}

func TestURLErrorIsShort(t *testing.T) {
	t.Parallel()
	u := &url.URL{Scheme: "https", Host: "example.com", Path: "/made-up-path"}
	cause := errors.New(strings.Repeat("x", 1<<20))
	err := redact.URLError(&url.Error{Op: "Get", URL: u.String(), Err: cause}, u, http.Header{})
	require.ErrorIs(t, err, cause)
	require.LessOrEqual(t, len(err.Error()), 4100)
}
