// SPDX-License-Identifier: Apache-2.0

// Package control makes a participanttest.Server usable from any language: it provides an HTTP API
// with JSON, through which tests start chats, act for participants, inject faults, move the clock
// and read what the client under test did, as a Go test does with the server's methods.
// "participant serve -control" serves it; a Go program mounts it as follows:
//
//	handler := control.Handler(srv)
//	srv.Handle(control.Prefix, handler)
//	srv.Handle(control.Page, handler) // optional
//
// GET /_control/v1/openapi.json describes every path (OpenAPI 3.1). Member names are in PascalCase,
// like the service's. A request is refused if a member is unknown, null, given twice or in another
// case. An error response has the body
// {"message": "…"}.
//
// # Protection
//
// The API returns every token of the fake, so only tests on the same machine should be able to
// reach it: let the server listen on a loopback address. Requests from web pages of other origins
// are refused: every method but GET needs the header X-Participant-Control: 1, no response has CORS
// headers, and the Host must be localhost, a loopback address, or one of Options.Hosts.
package control
