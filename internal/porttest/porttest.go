// SPDX-License-Identifier: Apache-2.0

// Package porttest finds ports for servers that tests restart.
package porttest

import (
	"math/rand/v2"
	"net"
)

// TB is the part of testing.TB that Free needs.
type TB interface {
	Helper()
	Fatal(args ...any)
}

// Free returns a port of 127.0.0.1 on which a server can be restarted: a free one outside the range
// that the system uses for outgoing connections.
func Free(t TB) int {
	t.Helper()
	for range 100 {
		port := 20000 + rand.IntN(10000)
		l, err := net.ListenTCP("tcp", &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: port})
		if err != nil {
			continue
		}
		if err := l.Close(); err != nil {
			t.Fatal(err)
		}
		return port
	}
	t.Fatal("no port is free")
	return 0
}
