// SPDX-License-Identifier: Apache-2.0

package chat_test

import (
	"net/http"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/participant-go/connectparticipant"
	"github.com/participant-go/connectparticipant/chat"
	"github.com/participant-go/connectparticipant/participanttest"
)

// movable is a transport that can be switched to another fake.
type movable struct {
	to atomic.Pointer[participanttest.Server]
}

func (m *movable) RoundTrip(r *http.Request) (*http.Response, error) {
	return m.to.Load().Client().Transport.RoundTrip(r)
}

func overTLS(o *participanttest.Options) { o.TLS = true }

func TestSessionContinuesAfterARestartOfTheFake(t *testing.T) {
	t.Parallel()
	inBubble(t, func(b *bubble) {
		var transport movable
		transport.to.Store(b.srv)
		moving := &http.Client{Transport: &transport}
		b.client = connectparticipant.New(connectparticipant.Options{BaseEndpoint: &b.srv.URL, HTTPClient: moving})
		s := b.start(func(o *chat.Options) { o.HTTPClient = moving })
		b.contact.Agent.Say("before")

		state, err := b.srv.Snapshot()
		require.NoError(b.t, err)
		b.srv.Close()
		after := participanttest.Start(b.t, overTLS, participanttest.InMemory(), func(o *participanttest.Options) { o.Snapshot = state })
		transport.to.Store(after)
		agent := after.Contact(b.contact.ID).Agent
		agent.Say("after")
		require.Equal(b.t, []string{"before", "after"}, []string{b.message(s).Text, b.message(s).Text})
		_, err = s.Send(b.t.Context(), "I am back")
		require.NoError(b.t, err)
		require.Equal(b.t, "I am back", b.message(s).Text)
	}, overTLS)
}

func TestSessionStaysWithinTheLimitsOfTheGateway(t *testing.T) {
	t.Parallel()
	inBubble(t, func(b *bubble) {
		s := b.start()
		for range 12 {
			b.sleep(25 * time.Minute)
			id := b.contact.Agent.Say("still here")
			require.Equal(b.t, id, b.message(s).ID)
		}
		require.Zero(b.t, s.Stats().Reconnects, "the session renews in time")
	}, func(o *participanttest.Options) { o.CloseAtConnectionExpiry, o.GatewayLimits = true, true })
}
