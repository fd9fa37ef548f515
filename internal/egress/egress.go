// SPDX-License-Identifier: Apache-2.0

// Package egress is how connections leave this machine, and how they don't.
package egress

import (
	"context"
	"fmt"
	"net"
)

// Dial is what http.Transport.DialContext is.
type Dial func(ctx context.Context, network, address string) (net.Conn, error)

// Local returns dial, but fails if localhost is another machine: a resolver may return any
// address for the name, and plain http is permitted to it. Nothing is sent by then.
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
			return nil, fmt.Errorf("localhost was resolved to %s, which is not a loopback address", remote.IP)
		}
		return conn, nil
	}
}
