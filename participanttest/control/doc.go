// SPDX-License-Identifier: Apache-2.0

// Package control makes a participanttest.Server usable from any language: an HTTP API,
// with JSON, that does what a Go test does with the server's methods. It starts chats, acts
// for participants, injects faults, moves the clock and returns what the client under test
// did. "participant serve -control" serves it; a Go program mounts it as follows:
//
//	handler := control.Handler(srv)
//	srv.Handle(control.Prefix, handler)
//	srv.Handle(control.Page, handler) // optional
//
// GET /_control/v1/openapi.json describes every path (OpenAPI 3.1). Members have names in
// PascalCase, as those of the service; unknown ones are refused. An error has a status and the
// body {"message": "…"}.
//
// # Protection
//
// The API returns every token of the fake, so only tests on this machine should reach
// it: listen on loopback. Requests from web pages of other origins are refused: every method
// but GET needs the header X-Participant-Control: 1, no response has CORS headers, and the
// Host must be localhost, a loopback address, or one of Options.Hosts.
package control
