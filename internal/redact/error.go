// SPDX-License-Identifier: Apache-2.0

package redact

import (
	"errors"
	"net/http"
	"net/url"
	"strings"
)

// Error returns err, of an HTTP client, with a text without the secrets, and with URLs cut to
// scheme and host. The result matches what err matches, and is a time-out if err is one.
func (s Secrets) Error(err error) error {
	if outer, ok := err.(*url.Error); ok && outer.Err != nil { //nolint:errorlint // a wrapped one is handled below
		return &url.Error{Op: s.Hide(outer.Op), URL: s.Hide(siteOf(outer.URL)), Err: s.Error(outer.Err)}
	}
	text := Shorten(s.Hide(err.Error()))
	var inner *url.Error
	if errors.As(err, &inner) || text != err.Error() {
		return safe(text, err)
	}
	return err
}

// siteOf returns the scheme and host of a URL.
func siteOf(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return Mark
	}
	return u.Scheme + "://" + u.Host
}

// URLError returns err, an HTTP client's error about a request for the signed URL u with these
// headers, in a form that can be shown. A *url.Error, which quotes the whole URL, is replaced by
// its cause. If the text still contains a part of the URL that Secrets.Hide finds, the whole text
// is hidden. The result matches what err matches, and is a time-out if err is one.
func URLError(err error, u *url.URL, headers http.Header) error {
	if outer, ok := err.(*url.Error); ok && outer.Err != nil { //nolint:errorlint // a wrapped one is handled below
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

// urlSecrets returns the secrets of a request for a signed URL. They include the unparsed query,
// because url.Values omits what it can't parse.
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
			secrets = append(secrets, name) // chosen by the service; net/http quotes a malformed name
		}
	}
	secrets.AddHeaders(headers)
	return secrets
}

// WordsError returns err with a text in which every word that may be a token or a URL is replaced:
// a word with "://" or with 24 consecutive characters of base64 or escaped URLs. It is for errors
// whose secret is no longer known.
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

// safeError is an error whose text has no secrets. It matches what the original error matches, but
// doesn't unwrap to it, because that would expose the original text.
type safeError struct {
	text  string
	cause func() error // a function, so that printing all fields doesn't reach it
}

func safe(text string, err error) error {
	return &safeError{text: text, cause: func() error { return err }}
}

func (e *safeError) Error() string { return e.text }

// Is matches the original error.
func (e *safeError) Is(target error) bool { return errors.Is(e.cause(), target) }

// As searches the original error and returns its *url.Error without path and query.
func (e *safeError) As(target any) bool {
	if !errors.As(e.cause(), target) {
		return false
	}
	if found, ok := target.(**url.Error); ok {
		*found = &url.Error{Op: (*found).Op, URL: siteOf((*found).URL), Err: errors.New(e.text)}
	}
	return true
}

// Timeout reports whether the original error is a time-out; url.Error calls this method. Together
// with Temporary it implements net.Error.
func (e *safeError) Timeout() bool {
	var cause interface{ Timeout() bool }
	return errors.As(e.cause(), &cause) && cause.Timeout()
}

// Temporary returns the result of the original error.
func (e *safeError) Temporary() bool {
	var cause interface{ Temporary() bool }
	return errors.As(e.cause(), &cause) && cause.Temporary()
}
