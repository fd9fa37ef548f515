// SPDX-License-Identifier: Apache-2.0

package egress_test

import (
	"context"
	"errors"
	"net"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/participant-go/connectparticipant/internal/egress"
)

// conn is a connection to an address.
type conn struct {
	net.Conn

	remote net.Addr
	closed bool
}

func (c *conn) RemoteAddr() net.Addr { return c.remote }

func (c *conn) Close() error {
	c.closed = true
	return nil
}

func tcp(ip string) net.Addr { return &net.TCPAddr{IP: net.ParseIP(ip), Port: 80} }

func TestLocal(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		address string
		remote  net.Addr
		refused bool
	}{
		"localhost is 127.0.0.1":          {"localhost:80", tcp("127.0.0.1"), false},
		"localhost is ::1":                {"localhost:80", tcp("::1"), false},
		"localhost is another machine":    {"localhost:80", tcp("10.0.0.1"), true},
		"localhost is another, IPv6":      {"localhost:80", tcp("fd00::1"), true},
		"localhost is any address":        {"localhost:80", tcp("0.0.0.0"), true},
		"another name, another machine":   {"example.com:443", tcp("10.0.0.1"), false},
		"localhost without a TCP address": {"localhost:80", &net.UnixAddr{Name: "@", Net: "unix"}, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dialed := &conn{remote: test.remote}
			got, err := egress.Local(func(context.Context, string, string) (net.Conn, error) { return dialed, nil })(t.Context(), "tcp", test.address)
			require.Equal(t, test.refused, dialed.closed)
			if test.refused {
				require.ErrorContains(t, err, "not a loopback address")
				require.Nil(t, got)
				return
			}
			require.NoError(t, err)
			require.Same(t, dialed, got)
		})
	}
}

func TestLocalReturnsTheErrorOfADial(t *testing.T) {
	t.Parallel()
	cause := errors.New("refused")
	_, err := egress.Local(func(context.Context, string, string) (net.Conn, error) { return nil, cause })(t.Context(), "tcp", "localhost:80")
	require.Equal(t, cause, err)
	require.Nil(t, egress.Local(nil), "the dialer of net/http is kept")
}
