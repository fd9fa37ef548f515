// SPDX-License-Identifier: Apache-2.0

package participanttest

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"
)

// checkPublicURL accepts a scheme and a host, with or without a port.
func checkPublicURL(base string) error {
	u, err := url.Parse(base)
	if err == nil && (u.Scheme == "http" || u.Scheme == "https") && u.Hostname() != "" && base == u.Scheme+"://"+u.Host {
		return nil
	}
	return errors.New("Options.PublicURL must be http:// or https:// and a host, with or without a port, and nothing else")
}

// checkTLSHosts accepts addresses, and names without scheme, port and path.
func checkTLSHosts(hosts []string) error {
	for _, host := range hosts {
		if net.ParseIP(host) == nil && (host == "" || strings.ContainsAny(host, ":/[]")) {
			return fmt.Errorf("Options.TLSHosts: %q is neither a host name nor an IP address", host)
		}
	}
	return nil
}

// baseOf returns scheme and host of the URLs in the response to a request: those by which the
// client has reached the server.
func (s *Server) baseOf(r *http.Request) string {
	u, err := url.Parse("//" + r.Host)
	switch {
	case s.opts.PublicURL != "":
		return s.opts.PublicURL
	case err != nil || u.Host != r.Host || u.Hostname() == "":
		return s.URL
	case r.TLS != nil:
		return "https://" + r.Host
	default:
		return "http://" + s.byAddress(u)
	}
}

// byAddress replaces localhost by the loopback address that the server listens on: ChatJS accepts
// a WebSocket URL without TLS for 127.0.0.1 only.
func (s *Server) byAddress(u *url.URL) string {
	local, err := url.Parse(s.URL)
	if err != nil || u.Hostname() != "localhost" || !net.ParseIP(local.Hostname()).IsLoopback() {
		return u.Host
	}
	return strings.TrimSuffix(net.JoinHostPort(local.Hostname(), u.Port()), ":")
}

// base returns scheme and host of a URL that the running request, or a test, asks for.
func (s *Server) base() string {
	switch {
	case s.running != nil && s.running.base != "":
		return s.running.base
	case s.opts.PublicURL != "":
		return s.opts.PublicURL
	default:
		return s.URL
	}
}

// host returns what follows the scheme.
func host(base string) string {
	_, host, _ := strings.Cut(base, "://")
	return host
}
