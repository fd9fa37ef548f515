// SPDX-License-Identifier: Apache-2.0

package egress

import (
	"fmt"
	"net/http"
)

// LastResponse is a CheckRedirect of http.Client that follows no redirect: the response that names
// one is returned.
func LastResponse(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }

// RequireDirect returns an error if whoever has made the request followed a redirect, even one
// to the same host, which may lead from https to http, or one that came back. Its RetryableError
// method returns false: each retry would show the secrets of the request once more.
func RequireDirect(response *http.Response) error {
	if response == nil || response.Request == nil || response.Request.Response == nil {
		return nil
	}
	first := response.Request // of those that redirects have made
	for before := first.Response.Request; before != nil && before.Response != nil; before = before.Response.Request {
		first = before
	}
	return &redirectError{to: first.URL.Scheme + "://" + first.URL.Host}
}

type redirectError struct{ to string }

func (e *redirectError) Error() string {
	return fmt.Sprintf("the HTTP client followed a redirect to %s and took the token or the signed URL along: it must not follow redirects", e.to)
}

// RetryableError is what aws/retry asks first.
func (*redirectError) RetryableError() bool { return false }
