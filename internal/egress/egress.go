// SPDX-License-Identifier: Apache-2.0

// Package egress restricts outgoing connections: no redirects, and localhost is this machine.
package egress

import (
	"context"
	"fmt"
	"net"
)

// Dial is the type of http.Transport.DialContext.
type Dial func(ctx context.Context, network, address string) (net.Conn, error)

// Local returns dial with a check that localhost is this machine: a resolver may return any address
// for the name, and plain http is permitted to localhost. The check runs before anything is sent.
func Local(dial Dial) Dial {
	if dial == nil {
		return nil
	}
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		conn, err := dial(ctx, network, address)
		if err != nil {
			return nil, err
		}
		remote, isTCP := conn.RemoteAddr().(*net.TCPAddr)
		if host, _, _ := net.SplitHostPort(address); host == "localhost" && isTCP && !remote.IP.IsLoopback() {
			_ = conn.Close()
			return nil, fmt.Errorf("localhost resolved to %s, which is not a loopback address", remote.IP)
		}
		return conn, nil
	}
}
