// SPDX-License-Identifier: Apache-2.0

package redact_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"github.com/participant-go/connectparticipant/internal/redact"
)

const hidden = "HTTP client error hidden because it contains the signed URL"

// socketURL has a token with every kind of character that some encoding escapes.
func socketURL(t *testing.T) *url.URL {
	t.Helper()
	u, err := url.Parse("wss://example.com/hidden%2Fpath/ä?AuthToken=hidden%2btok%22en%5C%0Aä%3c%26&short=abc&raw=hid;den%zz")
	require.NoError(t, err)
	return u
}

func TestURLErrorHidesTheSecretInEveryEncoding(t *testing.T) {
	t.Parallel()
	u := socketURL(t)
	token := u.Query().Get("AuthToken")
	require.Equal(t, "hidden+tok\"en\\\nä<&", token)
	asJSON, err := json.Marshal(token)
	require.NoError(t, err)
	for name, text := range map[string]string{
		"the URL":                     u.String(),
		"the path":                    u.Path,
		"the path without its slash":  u.Path[1:],
		"the escaped path":            u.EscapedPath(),
		"the query":                   u.RawQuery,
		"the value":                   token,
		"the value as it was escaped": "hidden%2btok%22en%5C%0Aä%3c%26",
		"the value escaped":           url.QueryEscape(token),
		"the value escaped in a path": url.PathEscape(token),
		"the value in lower case":     strings.ToLower(url.QueryEscape(token)),
		"the value quoted":            fmt.Sprintf("%q", token),
		"the value quoted in ASCII":   fmt.Sprintf("%+q", token),
		"the value in JSON":           string(asJSON),
		"the path quoted":             strconv.QuoteToASCII(u.Path),
		"a value that isn't escaped":  "hid;den%zz",
		"a header":                    "hidden-header",
		"a header quoted":             `\"hidden-header\"`,
	} {
		cause := errors.New("x " + text + " y")
		got := redact.URLError(fmt.Errorf("dial: %w", cause), u, http.Header{"X-Amz-Meta": {"hidden-header"}})
		require.EqualError(t, got, hidden, name)
		require.ErrorIs(t, got, cause)
		require.NoError(t, errors.Unwrap(got))
	}
}

func TestURLErrorKeepsHarmlessText(t *testing.T) {
	t.Parallel()
	u := socketURL(t)
	for _, err := range []error{
		nil, io.EOF, errors.New("abc: example.com refused"), &net.OpError{Op: "dial", Err: syscall.ECONNREFUSED}, context.DeadlineExceeded,
	} {
		require.Equal(t, err, redact.URLError(err, u, nil))
	}
	plain, err := url.Parse("wss://example.com/prod?a=b&c=1234567")
	require.NoError(t, err)
	short := errors.New("b 1234567 /prod")
	require.Equal(t, short, redact.URLError(short, plain, http.Header{"X": {"prod", ""}}))
}

func TestURLErrorReturnsTheCauseOfAURLError(t *testing.T) {
	t.Parallel()
	u := socketURL(t)
	refused := &net.OpError{Op: "dial", Net: "tcp", Err: syscall.ECONNREFUSED}
	of := func(cause error) *url.Error { return &url.Error{Op: "Get", URL: u.String(), Err: cause} }
	for name, err := range map[string]error{
		"alone":           of(refused),
		"in another":      of(of(refused)),
		"wrapped":         fmt.Errorf("failed to dial: %w", of(refused)),
		"beside another":  errors.Join(errors.New(u.String()), of(refused)),
		"of another site": fmt.Errorf("failed to dial: %w", &url.Error{Op: "Get", URL: "https://elsewhere.example/hidden", Err: refused}),
	} {
		got := redact.URLError(err, u, nil)
		require.EqualError(t, got, "dial tcp: connection refused", name)
		require.ErrorIs(t, got, syscall.ECONNREFUSED, name)
		var inner *url.Error
		if errors.As(got, &inner) { // the text without the quoted URL
			require.NotContains(t, inner.Error(), "hidden", name)
		}
	}
	require.EqualError(t, redact.URLError(of(errors.New(u.Path)), u, nil), hidden)
	require.EqualError(t, redact.URLError(fmt.Errorf("dial: %w", of(errors.New(u.Path))), u, nil), hidden)
	require.EqualError(t, redact.URLError(fmt.Errorf("dial: %w", of(fmt.Errorf("proxy: %w", of(refused)))), u, nil), "dial tcp: connection refused")
	require.EqualError(t, redact.URLError(&url.Error{Op: "Get", URL: u.String()}, u, nil), hidden, "without a cause")
}

func TestURLErrorKeepsTimeOuts(t *testing.T) {
	t.Parallel()
	u := socketURL(t)
	for cause, want := range map[error]bool{os.ErrDeadlineExceeded: true, context.DeadlineExceeded: true, io.EOF: false} {
		for _, err := range []error{
			fmt.Errorf("%s: %w", u, cause),
			fmt.Errorf("dial: %w", &url.Error{Op: "Get", URL: u.String(), Err: cause}),
		} {
			got := redact.URLError(err, u, nil)
			require.ErrorIs(t, got, cause)
			var timeout net.Error
			require.ErrorAs(t, got, &timeout)
			require.Equal(t, want, timeout.Timeout(), "%v", cause)
			require.Equal(t, want, timeout.Temporary(), "%v", cause) //nolint:staticcheck // used by retry classifications
		}
	}
}

// FuzzURLError requires that no error shows a token as it is, escaped or quoted.
func FuzzURLError(f *testing.F) {
	f.Add("hidden-token", "x %s y")
	f.Add("a+b/c==&\"\\\n", `{"url":"%s"}`)
	f.Add("\xff\xfe täken\u2028<>", "%s")
	f.Fuzz(func(t *testing.T, token, text string) {
		const escaping = `%\&`
		switch {
		case len(token) < 8, strings.ContainsAny(token, escaping) && len(token) < 8*len(`&#x10ffff;`):
			return // it may be too short without its escapes
		case strings.ContainsAny(strings.ReplaceAll(text, "%s", ""), escaping), !utf8.ValidString(text):
			return // an escape, or a character, may start before a token
		}
		u := &url.URL{Scheme: "wss", Host: "example.com", Path: "/chat", RawQuery: url.Values{"AuthToken": {token}}.Encode()}
		for _, form := range []string{token, url.QueryEscape(token), url.PathEscape(token), strconv.Quote(token), strconv.QuoteToASCII(token), u.String()} {
			got := redact.URLError(errors.New(strings.ReplaceAll(text, "%s", form)+form), u, nil)
			require.EqualError(t, got, hidden)
		}
	})
}

func TestWordsErrorHidesWordsThatMayBeTokens(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"read tcp 127.0.0.1:50000->127.0.0.1:443: connection reset by peer":          "",
		"read tcp [2001:db8:85a3::8a2e:370:7334]:443: i/o timeout":                   "",
		"failed to read frame header: unexpected EOF":                                "",
		"read wss://example.com/?a=b: EOF":                                           "read [redacted] EOF",
		"token abcdefghijklmnopqrstuvwx is gone":                                     "token [redacted] is gone",
		"token abcdefghijklmnopqrstuvw is short":                                     "",
		`{"url":"wss%3A%2F%2Fexample%2Ecom%2Fabcdefgh","a":1}`:                       "[redacted]",
		"proxy: AuthToken=QVFJREFIaw+made/up_token-END== (abcdefghijklmnopqrstuvwx)": "proxy: [redacted] [redacted]",
	} {
		cause := errors.New(text)
		got := redact.WordsError(cause)
		require.ErrorIs(t, got, cause)
		if want == "" {
			require.Equal(t, cause, got)
			continue
		}
		require.EqualError(t, got, want)
		require.NotContains(t, fmt.Sprintf("%#v", got), text)
	}
}

func TestErrorMatchesTheOriginalError(t *testing.T) {
	t.Parallel()
	secrets := redact.Secrets{madeUpToken}
	harmless := errors.New("refused")
	require.Equal(t, harmless, secrets.Error(harmless))

	cause := fmt.Errorf("%s: %w", madeUpToken, &net.OpError{Op: "read", Net: "tcp", Err: os.ErrDeadlineExceeded})
	got := secrets.Error(&url.Error{Op: "Post " + madeUpToken, URL: "https://user:password@" + madeUpToken[:12] + ".example/path?query", Err: cause})
	require.EqualError(t, got, `Post [redacted] "https://QVFJREFIaw+m.example": [redacted]: read tcp: i/o timeout`)
	require.ErrorIs(t, got, os.ErrDeadlineExceeded)
	var op *net.OpError
	require.ErrorAs(t, got, &op)
	var sending *url.Error
	require.ErrorAs(t, got, &sending)
	require.True(t, sending.Timeout())
	require.NotContains(t, fmt.Sprintf("%#v", sending.Err), madeUpToken)
}
