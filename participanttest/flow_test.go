// SPDX-License-Identifier: Apache-2.0

package participanttest_test

import (
	"context"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"

	"github.com/participant-go/connectparticipant/participanttest"
)

// flows counts those that run and sends each chat whose flow has started or returned.
type flows struct {
	started, returned chan *participanttest.Contact
}

func newFlows() flows {
	return flows{make(chan *participanttest.Contact, 100), make(chan *participanttest.Contact, 100)}
}

func (f flows) play(o *participanttest.Options) {
	o.Flow = func(ctx context.Context, c *participanttest.Contact) {
		c.System.Say("Welcome, " + c.Customer.DisplayName)
		f.started <- c
		<-ctx.Done()
		f.returned <- c
	}
}

func TestTheFlowStartsWhenTheCustomerIsConnected(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := newFlows()
		srv := participanttest.Start(t, participanttest.InMemory(), f.play)
		srv.NewChat().Customer.Join()
		contact, _ := startChat(t, srv, nil)
		contact.Agent.Join()
		synctest.Wait()
		require.Empty(t, f.started)

		token(t, srv, contact.Customer)
		require.Same(t, contact, <-f.started)
		token(t, srv, contact.Customer)
		dial(t, srv, socketURL(t, srv, contact.Customer))
		kept := contact.Transcript()
		require.Equal(t, "Welcome, Ana", kept[len(kept)-1].Content)
		require.Empty(t, f.returned)

		contact.End()
		require.Same(t, contact, <-f.returned)
		require.Empty(t, f.started, "it started twice")
	})
}

func TestTheFlowWaitsForTheSubscriptionOfASocket(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := newFlows()
		srv := participanttest.Start(t, participanttest.InMemory(), f.play)
		contact, _ := startChat(t, srv, nil)
		conn := dial(t, srv, socketURL(t, srv, contact.Customer))
		synctest.Wait()
		require.Equal(t, []string{contact.Customer.ID}, whoJoined(contact))
		require.Empty(t, f.started)
		send(t, conn, subscribe)
		receive(t, conn)
		require.Equal(t, "Welcome, Ana", pushed(t, conn)["Content"])
		require.Same(t, contact, <-f.started)
	})
}

func TestTheFlowStartsAgainAfterARestart(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := newFlows()
		srv := participanttest.Start(t, participanttest.InMemory(), f.play)
		contact, _ := startChat(t, srv, nil)
		listen(t, srv, contact.Customer)
		require.Same(t, contact, <-f.started)
		srv = restart(t, srv, f.play)
		synctest.Wait()
		require.Empty(t, f.started)
		contact = srv.Contact(contact.ID)
		listen(t, srv, contact.Customer)
		require.Same(t, contact, <-f.started)
	})
}

func TestCloseAndResetEndFlowsAndCloseWaits(t *testing.T) {
	t.Parallel()
	for name, end := range map[string]func(*participanttest.Server){
		"Close": (*participanttest.Server).Close,
		"Reset": func(srv *participanttest.Server) {
			srv.Reset()
			srv.Close()
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFlows()
			srv := participanttest.Start(t, f.play)
			for range 10 {
				contact, _ := startChat(t, srv, nil)
				contact.Customer.Join()
				<-f.started
			}
			late, _ := startChat(t, srv, nil)
			end(srv)
			require.Len(t, f.returned, 10)
			late.Customer.Join()
			require.Empty(t, f.started)
		})
	}
}
