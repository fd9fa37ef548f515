// SPDX-License-Identifier: Apache-2.0

package redact

import (
	"errors"
	"net/http"
	"net/url"
	"strings"
)

// Error returns err, of an HTTP client, with a text that shows none of the secrets, and no URL
// but its scheme and host. It matches what err matches, and is a time-out if err is one.
func (s Secrets) Error(err error) error {
	if outer, ok := err.(*url.Error); ok && outer.Err != nil { //nolint:errorlint // one further down is found below
		return &url.Error{Op: s.Hide(outer.Op), URL: s.Hide(siteOf(outer.URL)), Err: s.Error(outer.Err)}
	}
	text := Shorten(s.Hide(err.Error()))
	var inner *url.Error
	if errors.As(err, &inner) || text != err.Error() {
		return safe(text, err)
	}
	return err
}

// siteOf returns scheme and host of a URL.
func siteOf(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return Mark
	}
	return u.Scheme + "://" + u.Host
}

// URLError returns err, an HTTP client's error about a request for the signed URL u with these
// headers, in a form that can be shown. A *url.Error, which quotes the whole URL, is replaced by
// its cause. A text that still contains a part of the URL that Secrets.Hide finds is hidden as a
// whole. It matches what err matches, and is a time-out if err is one.
func URLError(err error, u *url.URL, headers http.Header) error {
	if outer, ok := err.(*url.Error); ok && outer.Err != nil { //nolint:errorlint // one further down is found below
		return URLError(outer.Err, u, headers)
	}
	if err == nil {
		return nil
	}
	var inner *url.Error
	switch {
	case errors.As(err, &inner) && inner.Err != nil:
		return safe(URLError(inner.Err, u, headers).Error(), err)
	case inner != nil, urlSecrets(u, headers).hide(err.Error()) != err.Error():
		return safe("HTTP client error hidden because it contains the signed URL", err)
	case len(err.Error()) > longestText:
		return safe(Shorten(err.Error()), err)
	}
	return err
}

// urlSecrets returns what must not be shown of a request for a signed URL. The query is taken as
// it is written too: url.Values leaves out what it can't parse.
func urlSecrets(u *url.URL, headers http.Header) Secrets {
	secrets := Secrets{strings.TrimPrefix(u.Path, "/"), strings.TrimPrefix(u.EscapedPath(), "/"), u.RawQuery}
	for pair := range strings.SplitSeq(u.RawQuery, "&") {
		_, value, _ := strings.Cut(pair, "=")
		secrets = append(secrets, value)
	}
	for _, values := range u.Query() {
		secrets = append(secrets, values...)
	}
	for name := range headers {
		if !harmlessHeaders[name] {
			secrets = append(secrets, name) // chosen by the service, and net/http quotes one that is malformed
		}
	}
	secrets.AddHeaders(headers)
	return secrets
}

// WordsError returns err with a text in which each word is replaced that may be a token or a URL:
// one that contains "://", or 24 characters in a row as base64 and escaped URLs have. It is for an
// error where the secret isn't known any more.
func WordsError(err error) error {
	words := strings.Split(err.Error(), " ")
	hidden := false
	for i, word := range words {
		if strings.Contains(word, "://") || hasRun(word) {
			words[i], hidden = Mark, true
		}
	}
	if !hidden {
		return err
	}
	return safe(strings.Join(words, " "), err)
}

func hasRun(word string) bool {
	const longest = 24
	isOther := func(r rune) bool {
		return (r < 'A' || r > 'Z') && (r < 'a' || r > 'z') && (r < '0' || r > '9') && !strings.ContainsRune("+/=_%-", r)
	}
	for run := range strings.FieldsFuncSeq(word, isOther) {
		if len(run) >= longest {
			return true
		}
	}
	return false
}

// safeError has the text of an error without its secrets. It matches what the error matches, but
// doesn't unwrap to it, which would show its text.
type safeError struct {
	text  string
	cause func() error // a function keeps it from what prints all fields of an error
}

func safe(text string, err error) error {
	return &safeError{text: text, cause: func() error { return err }}
}

func (e *safeError) Error() string { return e.text }

// Is looks into the other error.
func (e *safeError) Is(target error) bool { return errors.Is(e.cause(), target) }

// As looks into the other error, whose *url.Error it returns without path and query.
func (e *safeError) As(target any) bool {
	if !errors.As(e.cause(), target) {
		return false
	}
	if found, ok := target.(**url.Error); ok {
		*found = &url.Error{Op: (*found).Op, URL: siteOf((*found).URL), Err: errors.New(e.text)}
	}
	return true
}

// Timeout reports whether the other error is a time-out: url.Error asks by this method. With
// Temporary it makes a net.Error.
func (e *safeError) Timeout() bool {
	var cause interface{ Timeout() bool }
	return errors.As(e.cause(), &cause) && cause.Timeout()
}

// Temporary reports what the other error does.
func (e *safeError) Temporary() bool {
	var cause interface{ Temporary() bool }
	return errors.As(e.cause(), &cause) && cause.Temporary()
}
