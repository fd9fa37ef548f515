// SPDX-License-Identifier: Apache-2.0

package restjson

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestIsPlain(t *testing.T) {
	t.Parallel()
	for length := range 26 {
		b := bytes.Repeat([]byte{'a'}, length)
		require.True(t, isPlain(b))
		for i := range b {
			for c := range 256 {
				b[i] = byte(c)
				want := c >= ' ' && c != '\\' && c < 0x80
				require.Equal(t, want, isPlain(b), "byte %#x at %d of %d", c, i, length)
			}
			b[i] = 'a'
		}
	}
}

func TestIsPlainNextToBorrows(t *testing.T) {
	t.Parallel()
	// A subtraction over eight bytes carries from one byte into the next.
	for first := range 256 {
		for second := range 256 {
			b := []byte{' ', byte(first), byte(second), '~', '[', ']', ' ', 0x7f}
			require.Equal(t, isPlainBytes(b), isPlain(b), "% x", b)
		}
	}
}
