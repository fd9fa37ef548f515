// SPDX-License-Identifier: Apache-2.0

package natsembedded_test

import (
	"context"
	"fmt"
	"log"
	"os/signal"
	"syscall"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/participant-go/connectparticipant"
	"github.com/participant-go/connectparticipant/chat"
	"github.com/participant-go/connectparticipant/fleet"
	"github.com/participant-go/connectparticipant/fleet/natsfleet"
	"github.com/participant-go/connectparticipant/fleet/natsfleet/natsembedded"
	"github.com/participant-go/connectparticipant/participanttest"
)

// A process of a fleet on NATS: it handles chats until SIGTERM, and then hands them over.
func Example() {
	srv, err := participanttest.New() // instead of the service
	if err != nil {
		log.Fatal(err)
	}
	defer srv.Close()
	contact := srv.NewChat()
	client := connectparticipant.New(connectparticipant.Options{BaseEndpoint: &srv.URL, HTTPClient: srv.Client()})
	server, err := natsembedded.Start("") // instead of a cluster
	if err != nil {
		log.Fatal(err)
	}
	defer server.Close()
	url, key := server.URL(), make([]byte, 32) // a secret of the deployment
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()

	nc, err := nats.Connect(url, nats.MaxReconnects(-1))
	if err != nil {
		log.Fatal(err)
	}
	defer nc.Close()
	store, err := natsfleet.Open(ctx, nc, "fleet")
	if err != nil {
		log.Fatal(err)
	}
	sealer, err := fleet.AESGCM(key)
	if err != nil {
		log.Fatal(err)
	}
	handle := func(ctx context.Context, held *fleet.Held, event chat.Event) error {
		message, ok := event.(chat.Message)
		if !ok || message.Own {
			return nil
		}
		_, err := held.Session.SendOnce(ctx, "reply-"+message.ID, "text/plain", "You said: "+message.Text)
		return err // after an error, the event is delivered again
	}
	member, err := fleet.Join(ctx, store, client, handle, func(o *fleet.Options) { o.Sealer = sealer })
	if err != nil {
		log.Fatal(err)
	}
	add := func(contactID, participantToken, participantID string) error { // for each new chat
		return member.Add(ctx, fleet.Chat{ID: contactID, ParticipantToken: participantToken, ParticipantID: participantID})
	}
	drain := func() error { // when ctx has ended
		draining, cancel := context.WithTimeout(context.Background(), 15*time.Second) // see A deployment
		defer cancel()
		return member.Drain(draining)
	}

	if err := add(contact.ID, contact.Customer.Token, contact.Customer.ID); err != nil {
		log.Fatal(err)
	}
	contact.Agent.Say("Hello?")
	if err := srv.WaitRequest(ctx, "SendMessage", 1); err != nil {
		log.Fatal(err)
	}
	fmt.Println("replies:", srv.Count("SendMessage"))
	other, err := fleet.Join(ctx, store, client, handle, func(o *fleet.Options) { o.Sealer = sealer })
	if err != nil {
		log.Fatal(err)
	}
	defer other.Close()
	fmt.Println("drained:", drain())
	// Output:
	// replies: 1
	// drained: <nil>
}

// A store on a server inside the process. Other processes on the machine connect to server.URL().
func ExampleStart() {
	ctx := context.Background()
	server, err := natsembedded.Start("") // or a directory
	if err != nil {
		log.Fatal(err)
	}
	defer server.Close()

	nc, err := nats.Connect(server.URL(), nats.MaxReconnects(-1))
	if err != nil {
		log.Fatal(err)
	}
	defer nc.Close()
	store, err := natsfleet.Open(ctx, nc, "fleet")
	if err != nil {
		log.Fatal(err)
	}

	if _, err := store.Put(ctx, "chat/1", []byte("value"), 0, 0); err != nil {
		log.Fatal(err)
	}
	value, _, err := store.Get(ctx, "chat/1")
	fmt.Println(string(value), err)
	// Output: value <nil>
}
