// SPDX-License-Identifier: Apache-2.0

package control

import (
	"net/http"
	"sync"

	"github.com/participant-go/connectparticipant/participanttest"
)

// Prefix is the pattern under which Handler is mounted with Server.Handle.
const Prefix = "/_control/"

// Options configure a Handler.
type Options struct {
	// Hosts are additional host names, without port, that are allowed in the Host header, such as the
	// name of a container; localhost and loopback addresses always are. With a host name, every client
	// that reaches the port can use the API. Defaults to none.
	Hosts []string
	// Endpoint is the URL of the server for clients under test, which GET server returns and the page
	// shows, such as Options.PublicURL of participanttest. Defaults to Server.URL.
	Endpoint string
}

// control is the API of one server.
type control struct {
	srv  *participanttest.Server
	opts Options

	mu      sync.Mutex
	streams map[string]stream
}

// Handler returns the control API of a server, for Server.Handle with Prefix, and its page, for
// Server.Handle with Page. It may be called concurrently. It makes the server record the last 2,000
// events of the wire.
func Handler(srv *participanttest.Server, optFns ...func(*Options)) http.Handler {
	srv.RecordWire(wireLimit)
	c := &control{srv: srv, streams: map[string]stream{}}
	for _, fn := range optFns {
		fn(&c.opts)
	}
	mux := http.NewServeMux()
	for _, r := range routes {
		mux.Handle(r.method+" "+r.path, r.handler(c))
	}
	servePage(mux)
	mux.Handle("/", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		writeError(w, errorf(http.StatusNotFound, "%s %s is not a path of the control API; see %sopenapi.json", r.Method, r.URL.Path, base))
	}))
	return c.guard(mux)
}
