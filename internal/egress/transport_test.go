// SPDX-License-Identifier: Apache-2.0

package egress_test

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/participant-go/connectparticipant/internal/egress"
)

type roundTripper struct{ http.RoundTripper }

func TestChatClient(t *testing.T) {
	t.Parallel()
	calls, chats := &http.Transport{}, &http.Transport{}
	require.Same(t, calls, egress.ChatClient(&http.Client{Transport: calls}).Transport)
	require.Same(t, chats, egress.ChatClient(&http.Client{Transport: &egress.Transport{RoundTripper: calls, Chats: chats}}).Transport)
	for _, other := range []any{nil, struct{}{}, &http.Client{}, &http.Client{Transport: roundTripper{calls}}} {
		require.Nil(t, egress.ChatClient(other))
	}
}

func TestChatClientFollowsNoRedirects(t *testing.T) {
	t.Parallel()
	client := egress.ChatClient(&http.Client{Transport: &http.Transport{}})
	require.Equal(t, http.ErrUseLastResponse, client.CheckRedirect(nil, nil))
	require.Zero(t, client.Timeout)
}

// closer counts calls of CloseIdleConnections.
type closer struct {
	http.RoundTripper

	closed int
}

func (c *closer) CloseIdleConnections() { c.closed++ }

func TestCloseIdleConnections(t *testing.T) {
	t.Parallel()
	calls := &closer{}
	(&http.Client{Transport: &egress.Transport{RoundTripper: calls, Chats: &http.Transport{}}}).CloseIdleConnections()
	require.Equal(t, 1, calls.closed)
	(&http.Client{Transport: &egress.Transport{RoundTripper: roundTripper{}, Chats: &http.Transport{}}}).CloseIdleConnections()
}
