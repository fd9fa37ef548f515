// SPDX-License-Identifier: Apache-2.0

package terminal_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/participant-go/connectparticipant/internal/terminal"
)

func TestLineReplacesTerminalControls(t *testing.T) {
	t.Parallel()
	for _, r := range []rune{
		0, '\a', '\b', '\n', '\v', '\f', '\r', 0x1b, 0x1f, 0x7f, 0x80, 0x85, 0x9b, 0x9d, 0x9f,
		0x061c, 0x200e, 0x200f, 0x2028, 0x2029, 0x202a, 0x202b, 0x202c, 0x202d, 0x202e, 0x2066, 0x2067, 0x2068, 0x2069,
	} {
		require.Equal(t, "a\ufffdb", terminal.Line("a"+string(r)+"b"), "%U", r)
	}
	require.Equal(t, "a b", terminal.Line("a\tb"))
	require.Equal(t, "a\ufffd31mb", terminal.Line("a\x9b31mb"), "a control character of 8-bit terminals")
}

func TestLineKeepsText(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"", "Hello, world!", "Grüße €", "שלום عليكم", "می\u200cخواهم", "👩\u200d🚀", "a\u00a0b\u200bc\ufeff"} {
		require.Equal(t, text, terminal.Line(text))
	}
}

func TestLinesSplitsAtLineBreaks(t *testing.T) {
	t.Parallel()
	require.Equal(t, []string{"a", "b", "", "c\ufffdd\ufffde"}, terminal.Lines("a\r\nb\n\nc\rd\u2028e"))
	require.Equal(t, []string{""}, terminal.Lines(""))
}
