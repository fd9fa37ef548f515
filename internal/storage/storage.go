// SPDX-License-Identifier: Apache-2.0

// Package storage uploads files to and downloads files from the signed URLs of attachments.
package storage

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"

	"github.com/participant-go/connectparticipant/internal/egress"
	"github.com/participant-go/connectparticipant/internal/endpoint"
	"github.com/participant-go/connectparticipant/internal/redact"
)

// Size returns the number of bytes left in r, by Seek, whose position it restores, or by a method
// Len() int like that of bytes.Buffer; ok is false if neither works.
func Size(r io.Reader) (n int64, ok bool) {
	if _, n, ok := seekable(r); ok {
		return n, true
	}
	if r, ok := r.(interface{ Len() int }); ok {
		return int64(r.Len()), true
	}
	return 0, false
}

// seekable returns the position of r and the number of bytes after it. Not every Seeker can seek: a
// pipe is an *os.File too.
func seekable(r io.Reader) (start, left int64, ok bool) {
	seeker, ok := r.(io.Seeker)
	if !ok {
		return 0, 0, false
	}
	start, err := seeker.Seek(0, io.SeekCurrent)
	if err != nil {
		return 0, 0, false
	}
	end, err := seeker.Seek(0, io.SeekEnd)
	if err != nil {
		return 0, 0, false
	}
	_, err = seeker.Seek(start, io.SeekStart)
	return start, max(end-start, 0), err == nil
}

// newRequest refuses a URL with a user, because net/http would send it as an Authorization header.
func newRequest(ctx context.Context, method, address string, plain bool) (*http.Request, error) {
	request, err := http.NewRequestWithContext(ctx, method, address, http.NoBody)
	if err != nil || request.URL.User != nil {
		return nil, fmt.Errorf("%s: the signed URL is malformed", method) // err contains the URL
	}
	if err := endpoint.RequireSecureHTTP(request.URL, plain); err != nil {
		return nil, fmt.Errorf("%s: %w", method, err)
	}
	return request, nil
}

// do sends a request without following redirects. Its errors contain no secrets.
func do(client *http.Client, request *http.Request) (*http.Response, error) {
	c := *client
	c.Transport = noRedirects{client.Transport}
	response, err := c.Do(request)
	if err != nil {
		return nil, failure(request, redact.URLError(err, request.URL, request.Header))
	}
	if err := egress.RequireDirect(response); err != nil { // the transport followed one, violating its contract
		_ = response.Body.Close()
		return nil, failure(request, err)
	}
	return response, nil
}

// noRedirects makes a redirect an ordinary response. CheckRedirect runs too late: before it,
// net/http adds a Location that it can't parse, which may be a signed URL, to its error.
type noRedirects struct{ next http.RoundTripper }

func (t noRedirects) RoundTrip(request *http.Request) (*http.Response, error) {
	next := t.next
	if next == nil {
		next = http.DefaultTransport
	}
	response, err := next.RoundTrip(request)
	if response != nil {
		response.Header.Del("Location")
	}
	return response, err
}

// failure adds the request to an error, and the error of its context if net/http returns only the
// cause.
func failure(request *http.Request, err error) error {
	if ended := request.Context().Err(); ended != nil && !errors.Is(err, ended) {
		err = fmt.Errorf("%w: %w", ended, err)
	}
	return fmt.Errorf("%s %s: %w", request.Method, request.URL.Host, err)
}
