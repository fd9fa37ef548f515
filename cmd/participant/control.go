// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"io"
	"net"
	"regexp"

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
func (f controlFlags) mount(srv *participanttest.Server, out io.Writer) {
	if !f.on {
		return
	}
	handler := control.Handler(srv, func(o *control.Options) {
		if f.host != "" {
			o.Hosts = []string{f.host}
		}
	})
	srv.Handle(control.Prefix, handler)
	srv.Handle(control.Page, handler)
	fmt.Fprintf(out, "Open %s in a browser to see the chats and the wire.\n", f.page(srv.URL))
}

// address returns the URL of the API, or "" without the API.
func (f controlFlags) address(endpoint string) string {
	if !f.on {
		return ""
	}
	return endpoint + control.Prefix + "v1"
}

// page returns the URL of the page, or "" without the API.
func (f controlFlags) page(endpoint string) string {
	if !f.on {
		return ""
	}
	return endpoint + "/"
}
