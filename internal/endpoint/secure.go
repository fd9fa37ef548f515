// SPDX-License-Identifier: Apache-2.0

package endpoint

import (
	"errors"
	"fmt"
	"net"
	"net/url"
	"slices"
	"strings"

	awsmiddleware "github.com/aws/aws-sdk-go-v2/aws/middleware"
	"github.com/aws/smithy-go/middleware"
	smithyhttp "github.com/aws/smithy-go/transport/http"
)

// RequireSecure returns an error if a URL would expose a secret, a token or a signed URL, to the
// network: it accepts https and wss, and http and ws to this machine or if permitted. Its errors
// contain only the scheme and the host of the URL.
func RequireSecure(u *url.URL, permitted bool) error {
	return requireSecure(u, permitted, "https", "wss")
}

// RequireSecureHTTP is RequireSecure without sockets: it refuses wss and ws.
func RequireSecureHTTP(u *url.URL, permitted bool) error {
	return requireSecure(u, permitted, "https")
}

func requireSecure(u *url.URL, permitted bool, schemes ...string) error {
	secure := u.Scheme + "s"
	switch {
	case u.Host == "":
		return errors.New("the endpoint has no host")
	case slices.Contains(schemes, u.Scheme):
		return nil
	case !slices.Contains(schemes, secure):
		// Shortened, because the scheme may be text of the service.
		return fmt.Errorf("the endpoint's scheme is %.7q, not %s", u.Scheme, strings.Join(schemes, " or "))
	case permitted || IsLoopback(u.Hostname()):
		return nil
	}
	return fmt.Errorf("plain %s to %s would expose the token to the network: use %s, or set EndpointOptions.DisableHTTPS",
		u.Scheme, u.Host, secure)
}

// ErrDowngrade reports a plain URL in a response that came over https.
var ErrDowngrade = errors.New("a response over https must not lead to plain http")

// RequireNoDowngrade returns an error for a plain URL in a response that came over https; otherwise
// the service could direct requests to any server on this machine. A response without a raw
// response in its metadata, as of a stub, is accepted.
func RequireNoDowngrade(address string, metadata middleware.Metadata) error {
	u, err := url.Parse(address)
	if err != nil || u.Scheme != "http" && u.Scheme != "ws" {
		return nil //nolint:nilerr // refused when the URL is used
	}
	response, ok := awsmiddleware.GetRawResponse(metadata).(*smithyhttp.Response)
	if !ok || response == nil || response.Response == nil {
		return nil
	}
	if request := response.Request; request != nil && request.URL != nil && request.URL.Scheme == "http" {
		return nil
	}
	return fmt.Errorf("%w: its URL is %s://%s", ErrDowngrade, u.Scheme, u.Host)
}

// IsLoopback reports whether a host, a name or an address without a port, is this machine:
// 127.0.0.0/8, ::1, and the name localhost only. Names below it, and localhost with a dot or
// capitals, are resolved by DNS, and net/http sends requests for them to a proxy.
func IsLoopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}
