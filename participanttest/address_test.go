// SPDX-License-Identifier: Apache-2.0

package participanttest_test

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/participant-go/connectparticipant/internal/fips"
	"github.com/participant-go/connectparticipant/participanttest"
)

// at posts to an address that leads to the server, as a mapped port or a proxy does.
func at(t *testing.T, srv *participanttest.Server, host, path, bearer, body string) object {
	t.Helper()
	req := request(t, http.MethodPost, srv.URL+path, bearer, body)
	req.Host = host
	a := do(t, srv.Client(), req)
	require.Equal(t, http.StatusOK, a.status, "%s", a.body)
	return a.object(t)
}

func TestURLsHaveTheHostOfTheRequest(t *testing.T) {
	t.Parallel()
	srv := participanttest.Start(t, func(o *participanttest.Options) { o.Addr = "0.0.0.0:0" })
	own := strings.TrimPrefix(srv.URL, "http://")
	for sent, want := range map[string]string{
		"fake.example:8443": "fake.example:8443", "fake.example": "fake.example", "192.0.2.1:80": "192.0.2.1:80", "[2001:db8::1]:80": "[2001:db8::1]:80",
		"localhost:9000": "127.0.0.1:9000", "localhost": "127.0.0.1", "user@fake.example": own, "fake.example/path": own, ":80": own,
	} {
		out := at(t, srv, sent, "/participant/connection", srv.NewChat().Customer.Token, `{"Type":["WEBSOCKET"]}`)
		u, err := url.Parse(out["Websocket"].(object)["Url"].(string))
		require.NoError(t, err)
		require.Equal(t, "ws://"+want, u.Scheme+"://"+u.Host, sent)
	}
	connection := srv.NewChat().Customer.NewConnection()
	require.Contains(t, connection.URL, "ws://"+own+"/")
}

func TestURLsOfAServerOnLoopbackIPv6(t *testing.T) {
	t.Parallel()
	srv, err := participanttest.New(func(o *participanttest.Options) { o.Addr = "[::1]:0" })
	if err != nil {
		require.ErrorContains(t, err, "assign", "a machine without IPv6")
		return
	}
	defer srv.Close()
	out := at(t, srv, "localhost:9000", "/participant/connection", srv.NewChat().Customer.Token, `{"Type":["WEBSOCKET"]}`)
	require.Contains(t, out["Websocket"].(object)["Url"], "ws://[::1]:9000/")
}

func TestSignedURLsOfAnotherHostAreValidThereOnly(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	out := at(t, b.srv, "fake.example:8080", startPath, b.customer, body(t, "AttachmentName", "plan.PDF",
		"ContentType", "application/pdf", "AttachmentSizeInBytes", len(content), "ClientToken", "c"))
	metadata := out["UploadMetadata"].(object)
	require.Contains(t, metadata["Url"], "http://fake.example:8080/")
	put := func(host string) response {
		u := upload{bench: b, headers: map[string]string{}, url: strings.Replace(metadata["Url"].(string), "http://fake.example:8080", b.srv.URL, 1)}
		for name, value := range metadata["HeadersToInclude"].(object) {
			u.headers[name] = value.(string)
		}
		req := u.put(t)
		req.Host = host
		return do(t, b.srv.Client(), req)
	}
	storageRefused(t, put(""), http.StatusForbidden, "SignatureDoesNotMatch")
	require.Equal(t, http.StatusOK, put("fake.example:8080").status)
}

func TestPublicURL(t *testing.T) {
	t.Parallel()
	srv := participanttest.Start(t, func(o *participanttest.Options) { o.PublicURL = "https://fake.example:8443" })
	require.Regexp(t, `^http://127\.0\.0\.1:`, srv.URL)
	contact := srv.NewChat()
	b := bench{srv, contact, token(t, srv, contact.Customer), token(t, srv, contact.Agent)}
	require.Contains(t, contact.Customer.NewConnection().URL, "wss://fake.example:8443/")
	address := socketURL(t, srv, contact.Customer)
	require.Contains(t, address, "wss://fake.example:8443/")

	// A proxy passes the rest of the URL on, and may change the host.
	conn, _, err := fips.Dial(t.Context(), strings.Replace(address, "wss://fake.example:8443", srv.URL, 1), nil)
	require.NoError(t, err)
	_ = conn.CloseNow()
	u := start(t, b)
	require.Contains(t, u.url, "https://fake.example:8443/")
	u.url = strings.Replace(u.url, "https://fake.example:8443", srv.URL, 1)
	u.send(t)
	require.Equal(t, http.StatusOK, u.complete(t, b.customer).status)
	require.Contains(t, ok(t, srv, getPath, b.agent, body(t, "AttachmentId", u.id))["Url"], "https://fake.example:8443/")
}

func TestNewChecksPublicURL(t *testing.T) {
	t.Parallel()
	for _, wrong := range []string{
		"fake.example", "fake.example:8443", "ws://fake.example", "https://", "https://:8443", "https://fake.example/", "https://fake.example/path",
		"https://fake.example?a=b", "https://user@fake.example", "https://fake.example#f", "https://fake.example:port", "HTTPS://fake.example",
	} {
		_, err := participanttest.New(func(o *participanttest.Options) { o.PublicURL = wrong })
		require.ErrorContains(t, err, "start participant service: Options.PublicURL must be", wrong)
	}
}

func TestNewChecksTLSHosts(t *testing.T) {
	t.Parallel()
	for _, wrong := range []string{"", "fake:8080", "https://fake", "fake/path", "[::1]"} {
		_, err := participanttest.New(withTLS, func(o *participanttest.Options) { o.TLSHosts = []string{"fake", wrong} })
		require.ErrorContains(t, err, fmt.Sprintf("Options.TLSHosts: %q is neither a host name nor an IP address", wrong))
	}
}
