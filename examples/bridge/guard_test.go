// SPDX-License-Identifier: Apache-2.0

package main

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/participant-go/connectparticipant/participanttest"
)

func TestGuardRefusesOtherCallers(t *testing.T) {
	t.Parallel()
	srv, r := participanttest.Start(t), newReceiver(t)
	contact := srv.NewChat()
	b := start(t, srv, r, t.TempDir())
	b.add(t, "one", contact.Customer.Token)
	r.next(t, "participant")
	for name, test := range map[string]struct {
		headers []string
		status  int
	}{
		"no token":                 {[]string{"Authorization", ""}, http.StatusUnauthorized},
		"another token":            {[]string{"Authorization", "Bearer " + made.webhook}, http.StatusUnauthorized},
		"the token alone":          {[]string{"Authorization", made.token}, http.StatusUnauthorized},
		"a page of another site":   {[]string{"Content-Type", "text/plain", "Origin", "https://evil.example", "Sec-Fetch-Site", "cross-site"}, http.StatusForbidden},
		"a page of an old browser": {[]string{"Origin", "https://evil.example"}, http.StatusForbidden},
		"a rebound name":           {[]string{"Host", "evil.example:8090", "Origin", "http://evil.example:8090", "Sec-Fetch-Site", "same-origin"}, http.StatusMisdirectedRequest},
		"a rebound name, no port":  {[]string{"Host", "evil.example"}, http.StatusMisdirectedRequest},
		"a name under localhost":   {[]string{"Host", "evil.localhost"}, http.StatusMisdirectedRequest},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for path, body := range map[string]string{"/chats/one/messages": `{"text":"Hello"}`, "/chats": `{"name":"two","token":"made-up"}`} {
				status, content := b.post(t, path, body, test.headers...)
				require.Equal(t, test.status, status, content)
			}
		})
	}
	t.Cleanup(func() { require.Zero(t, srv.Count("SendMessage")) })
}

func TestGuardAcceptsTheConfiguredHosts(t *testing.T) {
	t.Parallel()
	srv, r := participanttest.Start(t), newReceiver(t)
	b := start(t, srv, r, t.TempDir())
	for _, host := range []string{"localhost", "LOCALHOST:8090", "127.0.0.1", "[::1]:8090", "[::1]", "192.0.2.1:80", "bridge.example", "Other.Example:443"} {
		status, content := b.post(t, "/chats/one/messages", `{"text":"Hello"}`, "Host", host)
		require.Equal(t, http.StatusNotFound, status, host+": "+content)
	}
}

func TestSignatureCoversTimestampAndBody(t *testing.T) {
	t.Parallel()
	// printf '%s' '1700000000.{"chat":"one"}' | openssl dgst -sha256 -hmac 'made-up-secret-of-32-characters!!'
	const secret = "made-up-secret-of-32-characters!!"
	const want = "v1=78a767fc36441d12eaffa03d4355c2e971eba85408759d307df95dd7c391f485"
	require.Equal(t, want, sign(secret, "1700000000", []byte(`{"chat":"one"}`)))
	require.NotEqual(t, want, sign(secret, "1700000001", []byte(`{"chat":"one"}`)))
	require.NotEqual(t, want, sign(secret, "1700000000", []byte(`{"chat":"two"}`)))
	require.NotEqual(t, want, sign(secret+"x", "1700000000", []byte(`{"chat":"one"}`)))
}
