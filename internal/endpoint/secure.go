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

// RequireSecure refuses to show a secret, a token or a signed URL, to the network: it
// accepts https and wss, and http and ws to this machine or where that is permitted.
// Its errors name the scheme and the host, nothing else of the URL.
func RequireSecure(u *url.URL, permitted bool) error {
	return requireSecure(u, permitted, "https", "wss")
}

// RequireSecureHTTP is RequireSecure for what isn't a socket: it refuses wss and ws.
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
		// Not all of a scheme, which may be the service's text.
		return fmt.Errorf("the endpoint's scheme is %.7q, not %s", u.Scheme, strings.Join(schemes, " or "))
	case permitted || IsLoopback(u.Hostname()):
		return nil
	}
	return fmt.Errorf("plain %s to %s would show the token to the network: use %s, or set EndpointOptions.DisableHTTPS",
		u.Scheme, u.Host, secure)
}

// ErrDowngrade is a plain URL in a response that came over https.
var ErrDowngrade = errors.New("a response over https must not lead to plain http")

// RequireNoDowngrade refuses a plain URL in a response that came over https: else the service
// could lead requests to whatever listens on this machine. A response of a stub, which has no
// raw response in its metadata, passes.
func RequireNoDowngrade(address string, metadata middleware.Metadata) error {
	u, err := url.Parse(address)
	if err != nil || u.Scheme != "http" && u.Scheme != "ws" {
		return nil //nolint:nilerr // whoever uses the URL refuses it
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
// 127.0.0.0/8, ::1, and of all names localhost alone. Names under it, and localhost with a dot
// or capitals, are looked up in DNS, and net/http sends requests for them to a proxy.
func IsLoopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}
