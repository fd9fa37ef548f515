// SPDX-License-Identifier: Apache-2.0

package control

import (
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

const headerControl = "X-Participant-Control"

// guard refuses requests that may come from a web page of another origin in the developer's browser.
// Such a page can't set the header without CORS. A page whose host name was made to resolve to this
// machine (DNS rebinding) has the same origin for the browser, but Host contains its name.
func (c *control) guard(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if err := c.admit(r); err != nil {
			writeError(w, err)
			return
		}
		w.Header().Set("Cache-Control", "no-store")
		w.Header().Set("X-Content-Type-Options", "nosniff")
		w.Header().Set("Cross-Origin-Resource-Policy", "same-origin")
		next.ServeHTTP(w, r)
	})
}

func (c *control) admit(r *http.Request) error {
	if !c.knowsHost(r.Host) {
		return errorf(http.StatusForbidden, "Host %q is neither localhost nor a loopback address; participant serve -control-host allows another name", r.Host)
	}
	if origin := r.Header.Get("Origin"); origin != "" && !sameOrigin(origin, r.Host) {
		return errorf(http.StatusForbidden, "Origin %q isn't the server's: only pages of this server may use the control API", origin)
	}
	if site := r.Header.Get("Sec-Fetch-Site"); site != "" && site != "same-origin" && site != "none" {
		return errorf(http.StatusForbidden, "Sec-Fetch-Site is %q: only pages of this server may use the control API", site)
	}
	if !isSafe(r.Method) && r.Header.Get(headerControl) != "1" {
		return errorf(http.StatusForbidden, "%s needs the header %s: 1", r.Method, headerControl)
	}
	return nil
}

func isSafe(method string) bool { return method == http.MethodGet || method == http.MethodHead }

func (c *control) knowsHost(hostPort string) bool {
	host := hostPort
	if h, _, err := net.SplitHostPort(hostPort); err == nil {
		host = h
	}
	host = strings.TrimSuffix(strings.TrimPrefix(host, "["), "]")
	if ip := net.ParseIP(host); ip != nil && ip.IsLoopback() {
		return true
	}
	same := func(name string) bool { return strings.EqualFold(name, host) }
	return same("localhost") || slices.ContainsFunc(c.opts.Hosts, same)
}

// sameOrigin doesn't compare the scheme, because a port serves only one.
func sameOrigin(origin, host string) bool {
	u, err := url.Parse(origin)
	return err == nil && u.Host != "" && strings.EqualFold(u.Host, host)
}
