// SPDX-License-Identifier: Apache-2.0

package endpoint_test

import (
	"context"
	"net"
	"net/http"
	"net/url"
	"testing"

	awsmiddleware "github.com/aws/aws-sdk-go-v2/aws/middleware"
	"github.com/aws/smithy-go/middleware"
	smithyhttp "github.com/aws/smithy-go/transport/http"
	"github.com/stretchr/testify/require"

	"github.com/participant-go/connectparticipant/internal/endpoint"
)

const secretParts = "/hidden-path?hidden=query#hidden"

func TestRequireSecure(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name, address string
		http, socket  string // errors of RequireSecureHTTP and RequireSecure
	}{
		{"https is secure", "https://example.com", "", ""},
		{"wss is secure for a socket", "wss://example.com", `the endpoint's scheme is "wss", not https`, ""},
		{"http to this machine", "http://127.0.0.1:80", "", ""},
		{"ws to this machine", "ws://[::1]:80", `the endpoint's scheme is "ws", not https`, ""},
		{
			"http to another machine", "http://example.com:80",
			"plain http to example.com:80 would expose the token to the network: use https, or set EndpointOptions.DisableHTTPS",
			"plain http to example.com:80 would expose the token to the network: use https, or set EndpointOptions.DisableHTTPS",
		},
		{
			"ws to another machine", "ws://example.com",
			`the endpoint's scheme is "ws", not https`,
			"plain ws to example.com would expose the token to the network: use wss, or set EndpointOptions.DisableHTTPS",
		},
		{"another scheme", "ftp://example.com", `the endpoint's scheme is "ftp", not https`, `the endpoint's scheme is "ftp", not https or wss`},
		{
			"a scheme that may be a token", "hiddentoken://example.com",
			`the endpoint's scheme is "hiddent", not https`, `the endpoint's scheme is "hiddent", not https or wss`,
		},
		{"a scheme that is one letter short", "w://example.com", `the endpoint's scheme is "w", not https`, `the endpoint's scheme is "w", not https or wss`},
		{"no scheme", "//example.com", `the endpoint's scheme is "", not https`, `the endpoint's scheme is "", not https or wss`},
		{"no host", "https:", "the endpoint has no host", "the endpoint has no host"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			u, err := url.Parse(test.address + secretParts)
			require.NoError(t, err)
			requireError(t, test.http, endpoint.RequireSecureHTTP(u, false))
			requireError(t, test.socket, endpoint.RequireSecure(u, false))
		})
	}
}

func requireError(t *testing.T, want string, err error) {
	t.Helper()
	if want == "" {
		require.NoError(t, err)
		return
	}
	require.EqualError(t, err, want)
}

func TestRequireSecureWithPermission(t *testing.T) {
	t.Parallel()
	plain := &url.URL{Scheme: "http", Host: "example.com"}
	require.NoError(t, endpoint.RequireSecure(plain, true))
	require.NoError(t, endpoint.RequireSecureHTTP(plain, true))
	socket := &url.URL{Scheme: "ws", Host: "example.com"}
	require.NoError(t, endpoint.RequireSecure(socket, true))
	require.Error(t, endpoint.RequireSecureHTTP(socket, true))
	require.Error(t, endpoint.RequireSecure(&url.URL{Scheme: "ftp", Host: "example.com"}, true))
}

var loopback = []string{"localhost", "127.0.0.1", "127.8.9.1", "::1", "::ffff:127.0.0.1"}

func TestIsLoopback(t *testing.T) {
	t.Parallel()
	for _, host := range loopback {
		require.True(t, endpoint.IsLoopback(host), "%q", host)
	}
	for _, host := range []string{
		"", ".", "LOCALHOST", "localhost.", "fake.localhost", "fake.LocalHost.", "example.com", "localhost.example.com", "notlocalhost",
		"10.0.0.1", "0.0.0.0", "::", "128.0.0.1", "127.0.0.1:80", "127.1", "0x7f000001", "::1%lo",
	} {
		require.False(t, endpoint.IsLoopback(host), "%q", host)
	}
}

// Requests that may use plain http are never sent to a proxy of the environment.
func TestLoopbackRequestsBypassTheEnvironmentsProxy(t *testing.T) {
	t.Setenv("HTTP_PROXY", "http://proxy.example.com:1") // net/http reads these once, here
	t.Setenv("HTTPS_PROXY", "http://proxy.example.com:1")
	t.Setenv("NO_PROXY", "")
	t.Setenv("no_proxy", "")
	t.Setenv("REQUEST_METHOD", "")
	for _, scheme := range []string{"http", "https"} {
		proxy, err := http.ProxyFromEnvironment(&http.Request{URL: &url.URL{Scheme: scheme, Host: "example.com:80"}})
		require.NoError(t, err)
		require.NotNil(t, proxy)
		for _, host := range loopback {
			proxy, err := http.ProxyFromEnvironment(&http.Request{URL: &url.URL{Scheme: scheme, Host: net.JoinHostPort(host, "80")}})
			require.NoError(t, err)
			require.Nil(t, proxy, host)
		}
	}
}

func TestRequireNoDowngrade(t *testing.T) {
	t.Parallel()
	over := func(scheme string) middleware.Metadata {
		return rawResponse(&smithyhttp.Response{Response: &http.Response{Request: &http.Request{URL: &url.URL{Scheme: scheme, Host: "example.com"}}}})
	}
	for _, test := range []struct {
		name     string
		metadata middleware.Metadata
		refused  bool
	}{
		{"over https", over("https"), true},
		{"over plain http", over("http"), false},
		{"of an unknown origin", rawResponse(&smithyhttp.Response{Response: &http.Response{}}), true},
		{"of a request without a URL", rawResponse(&smithyhttp.Response{Response: &http.Response{Request: &http.Request{}}}), true},
		{"of a stub", middleware.Metadata{}, false},
		{"of a stub with an empty one", rawResponse(&smithyhttp.Response{}), false},
		{"of a stub with none", rawResponse((*smithyhttp.Response)(nil)), false},
	} {
		for _, scheme := range []string{"http", "HTTP", "ws"} {
			err := endpoint.RequireNoDowngrade(scheme+"://127.0.0.1:80"+secretParts, test.metadata)
			require.Equal(t, test.refused, err != nil, test.name)
			if test.refused {
				require.ErrorIs(t, err, endpoint.ErrDowngrade)
				require.NotContains(t, err.Error(), "hidden")
			}
		}
		for _, address := range []string{"https://example.com", "wss://example.com", "", "%zz"} {
			require.NoError(t, endpoint.RequireNoDowngrade(address, test.metadata), "%s, %q", test.name, address)
		}
	}
}

func rawResponse(response *smithyhttp.Response) middleware.Metadata {
	handler := middleware.DeserializeHandlerFunc(func(context.Context, middleware.DeserializeInput) (middleware.DeserializeOutput, middleware.Metadata, error) {
		return middleware.DeserializeOutput{RawResponse: response}, middleware.Metadata{}, nil
	})
	_, metadata, _ := (&awsmiddleware.AddRawResponse{}).HandleDeserialize(context.Background(), middleware.DeserializeInput{}, handler)
	return metadata
}
