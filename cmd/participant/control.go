// SPDX-License-Identifier: Apache-2.0

package main

import (
	"cmp"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"regexp"
	"strings"

	"github.com/participant-go/connectparticipant/participanttest"
	"github.com/participant-go/connectparticipant/participanttest/control"
)

// controlFlags are the flags of the control API.
type controlFlags struct {
	on   bool
	host string
}

var hostForm = regexp.MustCompile(`^[A-Za-z0-9_-]{1,63}(\.[A-Za-z0-9_-]{1,63})*$`)

// isHost reports whether the Host header of a request can contain a name.
func isHost(name string) bool { return hostForm.MatchString(name) || net.ParseIP(name) != nil }

// check refuses to expose the tokens of all chats to the network by accident.
func (f controlFlags) check(addr string) error {
	switch {
	case f.host != "" && !f.on:
		return usageError("-control-host needs -control")
	case f.host != "" && !isHost(f.host):
		return usageError("-control-host must be a host name such as fake, without http://, port and final dot")
	case f.on && f.host == "" && !isLoopback(addr):
		return usageError("-control listens on loopback only: use -addr 127.0.0.1:PORT, or -control-host NAME to let others use it as http://NAME:PORT")
	}
	return nil
}

func isLoopback(addr string) bool {
	host, _, err := net.SplitHostPort(addr)
	if err != nil {
		return true // the listener reports what is wrong with it
	}
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// mount serves the API and its page, and prints the URL of the page.
func (f controlFlags) mount(srv *participanttest.Server, address addresses, out io.Writer) {
	if !f.on {
		srv.Handle(control.Page, http.HandlerFunc(noPage))
		return
	}
	handler := control.Handler(srv, func(o *control.Options) {
		o.Endpoint = address.endpoint
		if f.host != "" {
			o.Hosts = []string{f.host}
		}
	})
	srv.Handle(control.Prefix, handler)
	srv.Handle(control.Page, handler)
	fmt.Fprintf(out, "Open %s in a browser to see the chats and the wire.\n", address.page)
}

// noPage responds at / without -control.
func noPage(w http.ResponseWriter, _ *http.Request) {
	http.Error(w, "This is the fake of the Amazon Connect Participant Service. Start it with -control for its page.", http.StatusNotFound)
}

// addresses are the URLs of a fake for its clients.
type addresses struct {
	endpoint string
	control  string // "" without the API
	page     string // "" without the API
}

// addresses returns URLs that begin with public, unless it is "". The API refuses a host that isn't
// allowed, so it is at the local address then.
func (f controlFlags) addresses(local, public string) addresses {
	out := addresses{endpoint: cmp.Or(public, local)}
	if !f.on {
		return out
	}
	base := local
	if u, err := url.Parse(public); err == nil && public != "" && f.allows(u.Hostname()) {
		base = public
	}
	out.control, out.page = base+control.Prefix+"v1", base+"/"
	return out
}

func (f controlFlags) allows(host string) bool {
	ip := net.ParseIP(host)
	return strings.EqualFold(host, "localhost") || strings.EqualFold(host, f.host) || ip != nil && ip.IsLoopback()
}
