// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"
)

func TestShow(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var out bytes.Buffer
		require.NoError(t, run(t.Context(), nil, secrets{}, nil, &out, t.Output()))
		require.Equal(t, `-- a new chat
the agent reads: "Hello!\nI would like some tea."
WhatsApp shows a list: "Which tea?" [Assam] [Darjeeling] [Peppermint]
the agent reads: "Darjeeling"
WhatsApp shows a button: "With milk?" [Yes] [No]
the agent reads: "No"
WhatsApp shows a text: "All about tea. All a… (4094 characters)"
WhatsApp shows a text: "All about tea. All a… (1904 characters)"
WhatsApp shows a document: "tea.pdf"
the agent reads: "whatsapp.jpg"
WhatsApp shows a text: "The chat has ended. Write again to start a new one."
-- a new chat
the agent reads: "One more question …"
`, out.String())
	})
}

// noChats is a starter that never starts a chat.
type noChats struct{}

func (noChats) start(context.Context, string, string) (participantToken, participantID string, err error) {
	return "", "", io.EOF
}

func TestRunServesTheWebhook(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	stdout, in := io.Pipe()
	ended := make(chan error, 1)
	args := []string{"-region", "eu-west-2", "-phone-number-id", "made-up", "-addr", "127.0.0.1:0"}
	go func() { ended <- run(ctx, args, secrets{"made-up", "made-up", "made-up"}, noChats{}, in, t.Output()) }()
	line := make([]byte, 100)
	n, err := stdout.Read(line)
	require.NoError(t, err)
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	response, err := client.Get(strings.TrimSpace(string(line[:n])) + "?hub.mode=subscribe&hub.verify_token=made-up&hub.challenge=7")
	require.NoError(t, err)
	body, err := io.ReadAll(response.Body)
	require.NoError(t, err)
	require.NoError(t, response.Body.Close())
	require.Equal(t, "7", string(body))
	cancel()
	require.NoError(t, <-ended)
}

func TestRunReportsWhatIsMissing(t *testing.T) {
	t.Parallel()
	all := secrets{"made-up", "made-up", "made-up"}
	for want, test := range map[string]struct {
		args    []string
		secrets secrets
		starter starter
	}{
		"set -region and":      {[]string{"-region", "eu-west-2"}, all, noChats{}},
		"set WHATSAPP_TOKEN":   {[]string{"-region", "eu-west-2", "-phone-number-id", "made-up"}, secrets{"made-up", "", "made-up"}, noChats{}},
		"no starter for chats": {[]string{"-region", "eu-west-2", "-phone-number-id", "made-up"}, all, nil},
		"not defined":          {[]string{"-unknown"}, all, noChats{}},
	} {
		require.ErrorContains(t, run(t.Context(), test.args, test.secrets, test.starter, io.Discard, io.Discard), want)
	}
}
