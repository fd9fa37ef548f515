// SPDX-License-Identifier: Apache-2.0

package participanttest_test

import (
	"testing"
	"time"

	"github.com/coder/websocket"
	"github.com/stretchr/testify/require"

	"github.com/participant-go/connectparticipant/participanttest"
)

func goesAway(t *testing.T, p *participanttest.Participant, conn *websocket.Conn) {
	t.Helper()
	require.NoError(t, p.WaitSockets(t.Context(), 0))
	_, _, err := conn.Read(t.Context())
	require.Equal(t, websocket.StatusGoingAway, websocket.CloseStatus(err), "%v", err)
}

func TestSocketsCloseAtTheirConnectionExpiry(t *testing.T) {
	t.Parallel()
	inBubble(t, func(w world) {
		t := w.t
		customer := w.srv.NewChat().Customer
		address := socketURL(t, w.srv, customer)
		w.srv.Advance(time.Minute)
		conn := dial(t, w.srv, address)
		send(t, conn, subscribe)
		receive(t, conn)
		w.srv.Advance(65*time.Minute - time.Second)
		silent(t, conn)
		w.srv.Advance(time.Second)
		goesAway(t, customer, conn)
	}, func(o *participanttest.Options) { o.CloseAtConnectionExpiry = true })
}

func TestSocketsCloseAtTheConnectionExpiryShown(t *testing.T) {
	t.Parallel()
	inBubble(t, func(w world) {
		t := w.t
		id := w.srv.NewChat().ID
		address := socketURL(t, w.srv, w.srv.Contact(id).Customer)
		srv := restart(t, w.srv, soonExpired)
		customer := srv.Contact(id).Customer
		conn := dial(t, srv, address)
		send(t, conn, subscribe)
		receive(t, conn)
		srv.Advance(5*time.Minute - time.Second)
		silent(t, conn)
		srv.Advance(time.Second)
		goesAway(t, customer, conn)
	}, soonExpired)
}

func soonExpired(o *participanttest.Options) {
	o.CloseAtConnectionExpiry, o.ConnectionExpiryShown = true, 5*time.Minute
}

func TestGatewayClosesIdleSockets(t *testing.T) {
	t.Parallel()
	inBubble(t, func(w world) {
		t := w.t
		contact := w.srv.NewChat()
		conn := listen(t, w.srv, contact.Customer)
		w.srv.Advance(9 * time.Minute)
		silent(t, conn) // a heartbeat
		w.srv.Advance(9 * time.Minute)
		contact.Agent.Say("hello")
		require.Equal(t, "hello", pushed(t, conn)["Content"])
		w.srv.Advance(10*time.Minute - time.Second)
		require.Equal(t, 1, contact.Customer.Sockets())
		w.srv.Advance(time.Second)
		goesAway(t, contact.Customer, conn)
	}, func(o *participanttest.Options) { o.GatewayLimits = true })
}

func TestGatewayClosesSocketsAfterTwoHours(t *testing.T) {
	t.Parallel()
	inBubble(t, func(w world) {
		t := w.t
		customer := w.srv.NewChat().Customer
		conn := listen(t, w.srv, customer)
		for range 23 {
			w.srv.Advance(5 * time.Minute)
			silent(t, conn)
		}
		w.srv.Advance(5*time.Minute - time.Second)
		silent(t, conn)
		w.srv.Advance(time.Second)
		goesAway(t, customer, conn)
		again := listen(t, w.srv, customer)
		w.srv.Advance(9 * time.Minute)
		silent(t, again)
	}, func(o *participanttest.Options) { o.GatewayLimits = true })
}
