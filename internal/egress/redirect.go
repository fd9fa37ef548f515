// SPDX-License-Identifier: Apache-2.0

package egress

import (
	"fmt"
	"net/http"
)

// LastResponse is an http.Client.CheckRedirect that follows no redirect; the client returns the
// redirect response.
func LastResponse(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }

// RequireDirect returns an error if the HTTP client followed a redirect. This includes a redirect
// to the same host, which may lead from https to http, and one that led back to the original host.
// The error's RetryableError method returns false, because each retry would expose the secrets of
// the request again.
func RequireDirect(response *http.Response) error {
	if response == nil || response.Request == nil || response.Request.Response == nil {
		return nil
	}
	first := response.Request // the first request after a redirect
	for before := first.Response.Request; before != nil && before.Response != nil; before = before.Response.Request {
		first = before
	}
	return &redirectError{to: first.URL.Scheme + "://" + first.URL.Host}
}

type redirectError struct{ to string }

func (e *redirectError) Error() string {
	return fmt.Sprintf("the HTTP client followed a redirect to %s and sent the token or the signed URL: it must not follow redirects", e.to)
}

// RetryableError is the first check of aws/retry.
func (*redirectError) RetryableError() bool { return false }
