package redact

import (
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"strings"
)

// shortestSecret is the length below which a value is not looked for: the words of everyday
// errors would match.
const shortestSecret = 8

// URLError returns err, an HTTP client's error about a request for u with these headers, in a
// form that can be shown. A *url.Error, which quotes the whole URL, is replaced by its cause.
// A text that still contains the path, the query, one of its values, or the value of a
// header, also escaped or quoted, is hidden. errors.Is finds what err matches, and a
// time-out remains one.
func URLError(err error, u *url.URL, headers http.Header) error {
	if outer, ok := err.(*url.Error); ok && outer.Err != nil { //nolint:errorlint // one further down is taken below
		return URLError(outer.Err, u, headers)
	}
	if err == nil {
		return nil
	}
	var inner *url.Error
	switch {
	case errors.As(err, &inner) && inner.Err != nil:
		return &safeError{text: URLError(inner.Err, u, headers).Error(), err: err}
	case inner != nil, containsSecret(err.Error(), u, headers):
		return &safeError{text: "HTTP client error hidden because it contains the signed URL", err: err}
	}
	return err
}

// containsSecret ignores case: escapes are written in both.
func containsSecret(text string, u *url.URL, headers http.Header) bool {
	lower := strings.ToLower(text)
	for _, secret := range urlSecrets(u, headers) {
		for _, form := range formsOf(secret) {
			if len(form) >= shortestSecret && (strings.Contains(text, form) || strings.Contains(lower, strings.ToLower(form))) {
				return true
			}
		}
	}
	return false
}

// urlSecrets returns what must not be shown of a request. The query is taken as it is
// written too: url.Values leaves out what it can't parse.
func urlSecrets(u *url.URL, headers http.Header) []string {
	secrets := []string{u.Path, u.EscapedPath(), strings.TrimPrefix(u.Path, "/"), strings.TrimPrefix(u.EscapedPath(), "/"), u.RawQuery}
	for pair := range strings.SplitSeq(u.RawQuery, "&") {
		_, value, _ := strings.Cut(pair, "=")
		secrets = append(secrets, value)
	}
	for _, values := range u.Query() {
		secrets = append(secrets, values...)
	}
	for _, values := range headers {
		secrets = append(secrets, values...)
	}
	return secrets
}

// formsOf returns a secret as it is and as an error's text may escape or quote it. All of a
// short secret's forms are left out.
func formsOf(secret string) []string {
	if len(secret) < shortestSecret {
		return nil
	}
	forms := []string{
		secret, url.QueryEscape(secret), url.PathEscape(secret),
		unquoted(strconv.Quote(secret)), unquoted(strconv.QuoteToASCII(secret)),
	}
	for _, escapeHTML := range []bool{true, false} {
		var text strings.Builder
		encoder := json.NewEncoder(&text)
		encoder.SetEscapeHTML(escapeHTML)
		if encoder.Encode(secret) == nil {
			forms = append(forms, unquoted(strings.TrimSuffix(text.String(), "\n")))
		}
	}
	return forms
}

func unquoted(quoted string) string { return quoted[1 : len(quoted)-1] }

// safeError has the text of an error without its secrets. It matches what the error matches,
// but doesn't unwrap to it, which would show its text.
type safeError struct {
	text string
	err  error
}

func (e *safeError) Error() string { return e.text }

// Is looks into the other error.
func (e *safeError) Is(target error) bool { return errors.Is(e.err, target) }

// Timeout reports whether the other error is a time-out. With Temporary it makes a net.Error.
func (e *safeError) Timeout() bool {
	var cause interface{ Timeout() bool }
	return errors.As(e.err, &cause) && cause.Timeout()
}

// Temporary reports what the other error does.
func (e *safeError) Temporary() bool {
	var cause interface{ Temporary() bool }
	return errors.As(e.err, &cause) && cause.Temporary()
}
