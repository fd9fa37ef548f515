// SPDX-License-Identifier: Apache-2.0

package types_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/participant-go/connectparticipant/types"
)

func TestIsContentType(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		got, want string
		is        bool
	}{
		{"text/plain", types.ContentTypeTextPlain, true},
		{"Text/PLAIN", types.ContentTypeTextPlain, true},
		{"text/plain; charset=utf-8", types.ContentTypeTextPlain, true},
		{" text/plain ;x=y", types.ContentTypeTextPlain, true},
		{"application/vnd.amazonaws.connect.Message.Interactive", types.ContentTypeInteractive, true},
		{types.ContentTypeInteractiveResponse, types.ContentTypeInteractive, false},
		{"text/plainer", types.ContentTypeTextPlain, false},
		{"", types.ContentTypeTextPlain, false},
		{"", "", true},
	} {
		require.Equal(t, test.is, types.IsContentType(test.got, test.want), "%q %q", test.got, test.want)
		require.Equal(t, test.is, types.IsContentType(test.want, test.got), "%q %q", test.want, test.got)
	}
}
