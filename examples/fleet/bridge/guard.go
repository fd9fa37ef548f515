// SPDX-License-Identifier: Apache-2.0

package main

import (
	"crypto/sha256"
	"crypto/subtle"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strings"
)

// guard serves requests that have the bridge's token. It refuses what a web page can make a browser
// send: requests of other sites, and requests for a host name that such a site has pointed at this
// machine (DNS rebinding).
func guard(token string, hosts []string, next http.Handler) http.Handler {
	want := sha256.Sum256([]byte("Bearer " + token)) // comparing hashes hides the length of the token
	sameOrigin := http.NewCrossOriginProtection().Handler(next)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		got := sha256.Sum256([]byte(r.Header.Get("Authorization")))
		switch {
		case !isServed(r.Host, hosts):
			http.Error(w, "unknown host", http.StatusMisdirectedRequest)
		case subtle.ConstantTimeCompare(got[:], want[:]) != 1:
			w.Header().Set("WWW-Authenticate", "Bearer")
			http.Error(w, http.StatusText(http.StatusUnauthorized), http.StatusUnauthorized)
		default:
			sameOrigin.ServeHTTP(w, r)
		}
	})
}

// isServed reports whether a Host header is an IP address, which DNS can't point elsewhere, localhost,
// or one of names.
func isServed(host string, names []string) bool {
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	if _, err := netip.ParseAddr(strings.Trim(host, "[]")); err == nil || strings.EqualFold(host, "localhost") {
		return true
	}
	return slices.ContainsFunc(names, func(name string) bool { return strings.EqualFold(host, name) })
}
