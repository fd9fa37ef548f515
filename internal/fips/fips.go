// SPDX-License-Identifier: Apache-2.0

// Package fips opens WebSockets in programs that enforce FIPS 140-3 (GODEBUG=fips140=only). The
// handshake uses SHA-1, which is not approved; it does not use it for security (RFC 6455, section
// 10.8).
package fips

import (
	"context"
	"net/http"
	"sync"

	"github.com/coder/websocket"
)

// Dial is websocket.Dial with an exemption for SHA-1.
func Dial(ctx context.Context, address string, opts *websocket.DialOptions) (*websocket.Conn, *http.Response, error) {
	if !enforced() {
		return websocket.Dial(ctx, address, opts)
	}
	return dialExempt(ctx, address, opts)
}

// dialExempt exempts only the package websocket. Code that the transport runs, such as TLS, would
// inherit the exemption, so the transport runs on a goroutine without it.
func dialExempt(ctx context.Context, address string, opts *websocket.DialOptions) (conn *websocket.Conn, response *http.Response, err error) {
	var o websocket.DialOptions
	if opts != nil {
		o = *opts
	}
	var client http.Client
	if o.HTTPClient != nil {
		client = *o.HTTPClient
	}
	r := &relay{base: client.Transport, requests: make(chan *http.Request), results: make(chan result)}
	if r.base == nil {
		r.base = http.DefaultTransport
	}
	client.Transport, o.HTTPClient = r, &client
	var dialing sync.WaitGroup
	dialing.Go(func() {
		defer close(r.requests)
		withoutEnforcement(func() { conn, response, err = websocket.Dial(ctx, address, &o) }) //nolint:bodyclose // as with websocket.Dial
	})
	r.run()
	dialing.Wait()
	return conn, response, err
}

// relay is a transport that sends its requests on the goroutine of run.
type relay struct {
	base     http.RoundTripper
	requests chan *http.Request
	results  chan result
}

type result struct {
	response *http.Response
	err      error
}

// RoundTrip passes the request to run and waits for the response.
func (r *relay) RoundTrip(request *http.Request) (*http.Response, error) {
	r.requests <- request
	result := <-r.results
	return result.response, result.err
}

func (r *relay) run() {
	for request := range r.requests {
		response, err := r.base.RoundTrip(request) //nolint:bodyclose // the client closes it
		r.results <- result{response, err}
	}
}

// Accept is websocket.Accept with an exemption for SHA-1, which also covers the methods of w.
func Accept(w http.ResponseWriter, r *http.Request, opts *websocket.AcceptOptions) (conn *websocket.Conn, err error) {
	withoutEnforcement(func() { conn, err = websocket.Accept(w, r, opts) })
	return conn, err
}
