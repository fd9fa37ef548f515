// SPDX-License-Identifier: Apache-2.0

package participanttest_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

const (
	authURLPath = "/participant/authentication-url"
	cancelPath  = "/participant/cancel-authentication"
	redirectURI = "https://shop.example/back?from=chat"
)

func sessionRefused(t *testing.T, a response) {
	t.Helper()
	refused(t, a, http.StatusBadRequest, "ValidationException", "'SessionId'")
}

func TestAuthenticationURLOncePerSession(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	id := b.contact.StartAuthentication(b.contact.Customer)
	require.Len(t, id, 36)
	query := body(t, "SessionId", id, "RedirectUri", redirectURI)
	sessionRefused(t, post(t, b.srv, authURLPath, b.agent, query))
	out := ok(t, b.srv, authURLPath, b.customer, query)
	u, err := url.Parse(out["AuthenticationUrl"].(string))
	require.NoError(t, err)
	require.Equal(t, redirectURI, u.Query().Get("redirect_uri"))
	require.NotEmpty(t, u.Query().Get("state"))
	sessionRefused(t, post(t, b.srv, authURLPath, b.customer, query))
}

func TestAuthenticationURLWithinAMinute(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	query := body(t, "SessionId", b.contact.StartAuthentication(b.contact.Customer), "RedirectUri", redirectURI)
	b.srv.Advance(time.Minute)
	sessionRefused(t, post(t, b.srv, authURLPath, b.customer, query))
}

func TestAuthenticationURLMembers(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	id := b.contact.StartAuthentication(b.contact.Customer)
	for _, session := range []any{nil, "short", strings.Repeat("x", 36), strings.Repeat("x", 37)} {
		sessionRefused(t, post(t, b.srv, authURLPath, b.customer, body(t, "SessionId", session, "RedirectUri", redirectURI)))
		sessionRefused(t, post(t, b.srv, cancelPath, b.customer, body(t, "SessionId", session)))
	}
	for _, redirect := range []any{nil, "", strings.Repeat("x", 1025), strings.Repeat("/", 1024)} {
		a := post(t, b.srv, authURLPath, b.customer, body(t, "SessionId", id, "RedirectUri", redirect))
		refused(t, a, http.StatusBadRequest, "ValidationException", "'RedirectUri'")
	}
	ok(t, b.srv, authURLPath, b.customer, body(t, "SessionId", id, "RedirectUri", strings.Repeat("x", 1024)))
}

func TestAuthenticationIsCancelledOnce(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	id := b.contact.StartAuthentication(b.contact.Customer)
	ok(t, b.srv, authURLPath, b.customer, body(t, "SessionId", id, "RedirectUri", redirectURI))
	sessionRefused(t, post(t, b.srv, cancelPath, b.agent, body(t, "SessionId", id)))
	require.Empty(t, ok(t, b.srv, cancelPath, b.customer, body(t, "SessionId", id)))
	sessionRefused(t, post(t, b.srv, cancelPath, b.customer, body(t, "SessionId", id)))
	sessionRefused(t, post(t, b.srv, authURLPath, b.customer, body(t, "SessionId", id, "RedirectUri", redirectURI)))
}

func TestAuthenticationOfAChatThatHasEnded(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.contact.End()
	id := b.contact.StartAuthentication(b.contact.Customer)
	denied(t, post(t, b.srv, authURLPath, b.customer, body(t, "SessionId", id, "RedirectUri", redirectURI)))
}
