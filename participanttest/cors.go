// SPDX-License-Identifier: Apache-2.0

package participanttest

import "net/http"

// allowOrigin allows any page to read the response, including the two headers that clients use.
func allowOrigin(w http.ResponseWriter, r *http.Request) {
	if r.Header.Get("Origin") == "" {
		return
	}
	w.Header().Set("Access-Control-Allow-Origin", "*")
	w.Header().Set("Access-Control-Expose-Headers", "x-amzn-errortype, x-amzn-requestid, etag")
}

// isPreflight reports whether a browser asks for permission to send a request to another origin.
func isPreflight(r *http.Request) bool {
	return r.Method == http.MethodOptions && r.Header.Get("Access-Control-Request-Method") != ""
}

// respondPreflight allows every header that is asked for: each SDK adds its own, and an upload carries
// whatever HeadersToInclude names.
func respondPreflight(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Access-Control-Allow-Methods", "GET, POST, PUT")
	if names := r.Header.Get("Access-Control-Request-Headers"); names != "" {
		w.Header().Set("Access-Control-Allow-Headers", names)
	}
	w.Header().Set("Access-Control-Max-Age", "3600")
	w.WriteHeader(http.StatusNoContent)
}
