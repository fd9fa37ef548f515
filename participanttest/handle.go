// SPDX-License-Identifier: Apache-2.0

package participanttest

import "net/http"

// Handle serves additional paths with h, such as the control API of package control. The pattern is one
// of http.ServeMux, and an invalid or conflicting one panics as there. It takes precedence over the
// service's own paths: register "/{$}" rather than "/". Requests to these paths aren't in Requests, no
// fault matches them, and their responses get no CORS headers. Close waits for h, so h must return when
// the request's context is done.
func (s *Server) Handle(pattern string, h http.Handler) { s.further.Handle(pattern, h) }

// serveFurther reports whether the request was for a handler of Handle.
func (s *Server) serveFurther(w http.ResponseWriter, r *http.Request) bool {
	if _, pattern := s.further.Handler(r); pattern == "" {
		return false
	}
	s.further.ServeHTTP(w, r)
	return true
}
