package endpoint

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
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
		return fmt.Errorf("the endpoint's scheme is %q, not %s", u.Scheme, strings.Join(schemes, " or "))
	case permitted || IsLoopback(u.Hostname()):
		return nil
	}
	return fmt.Errorf("plain %s to %s would show the token to the network: use %s, or set EndpointOptions.DisableHTTPS",
		u.Scheme, u.Host, secure)
}

// Proxy keeps what may be plain http or ws, names under localhost among it, away from a proxy
// on another machine. net/http does so for localhost itself only.
func Proxy(r *http.Request) (*url.URL, error) {
	if IsLoopback(r.URL.Hostname()) {
		return nil, nil //nolint:nilnil // no proxy, as http.Transport.Proxy has it
	}
	return http.ProxyFromEnvironment(r)
}

// IsLoopback reports whether a host, a name or an address without a port, is this
// machine: localhost and the names under it, 127.0.0.0/8 and ::1.
func IsLoopback(host string) bool {
	host = strings.ToLower(strings.TrimSuffix(host, "."))
	if host == "localhost" || strings.HasSuffix(host, ".localhost") {
		return true
	}
	ip := net.ParseIP(host)
	return ip != nil && ip.IsLoopback()
}
