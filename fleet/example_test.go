// SPDX-License-Identifier: Apache-2.0

package fleet_test

import (
	"context"
	"fmt"
	"log"
	"os"
	"time"

	"github.com/participant-go/connectparticipant"
	"github.com/participant-go/connectparticipant/chat"
	"github.com/participant-go/connectparticipant/fleet"
	"github.com/participant-go/connectparticipant/participanttest"
)

// Two members share a store. The first one owns the chat. When it closes, the second one takes the
// chat over. Either can send a message.
func Example() {
	ctx := context.Background()
	srv, err := participanttest.New()
	if err != nil {
		log.Fatal(err)
	}
	defer srv.Close()
	contact := srv.NewChat()
	client := connectparticipant.New(connectparticipant.Options{BaseEndpoint: &srv.URL, HTTPClient: srv.Client()})

	handled := make(chan string)
	join := func(store fleet.Store, name string) *fleet.Member {
		handle := func(ctx context.Context, held *fleet.Held, event chat.Event) error {
			if message, ok := event.(chat.Message); ok && !message.Own {
				handled <- name + " handles: " + message.Text
			}
			return nil // after an error, the event is delivered again
		}
		member, err := fleet.Join(ctx, store, client, handle, func(o *fleet.Options) {
			o.ID, o.Sealer = name, fleet.Plaintext // for real tokens, fleet.AESGCM
			o.Lease, o.Renew = 3*time.Second, 500*time.Millisecond
		})
		if err != nil {
			log.Fatal(err)
		}
		return member
	}

	store := fleet.Memory() // for more than one process, natsfleet or dynamofleet
	first := join(store, "first")
	err = first.Add(ctx, fleet.Chat{
		ID:               contact.ID,
		ParticipantToken: contact.Customer.Token, // from StartChatContact
		ParticipantID:    contact.Customer.ID,    // from StartChatContact
	})
	if err != nil {
		log.Fatal(err)
	}
	contact.Agent.Say("How can I help?")
	fmt.Println(<-handled)

	second := join(store, "second")
	defer second.Close()
	if _, err := second.Send(ctx, contact.ID, "message-1", "text/plain", "I have a question."); err != nil {
		log.Fatal(err)
	}
	first.Close() // the other members take over its chats
	contact.Agent.Say("I am listening.")
	fmt.Println(<-handled)
	// Output:
	// first handles: How can I help?
	// second handles: I am listening.
}

// What a process does at its start, and for each new chat.
func ExampleJoin() {
	ctx := context.Background()
	srv, err := participanttest.New()
	if err != nil {
		log.Fatal(err)
	}
	defer srv.Close()
	contact := srv.NewChat()
	contactID, token, participantID := contact.ID, contact.Customer.Token, contact.Customer.ID // from StartChatContact
	client := connectparticipant.New(connectparticipant.Options{BaseEndpoint: &srv.URL, HTTPClient: srv.Client()})
	store, sealer := fleet.Memory(), fleet.Plaintext
	joined := make(chan bool)
	handle := func(ctx context.Context, held *fleet.Held, event chat.Event) error {
		if e, ok := event.(chat.Participant); ok && e.Change == chat.ParticipantJoined {
			joined <- true
		}
		return nil
	}

	member, err := fleet.Join(ctx, store, client, handle, func(o *fleet.Options) { o.Sealer = sealer })
	if err != nil {
		log.Fatal(err)
	}
	err = member.Add(ctx, fleet.Chat{ID: contactID, ParticipantToken: token, ParticipantID: participantID})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("joined:", <-joined, "chats:", member.Stats().Held)
	fmt.Println(member.Close())
	// Output:
	// joined: true chats: 1
	// <nil>
}

// A process that is about to stop hands each chat over when its connection would be renewed, and the
// remaining ones after an hour.
func ExampleMember_Drain() {
	member, err := fleet.Join(context.Background(), fleet.Memory(), nil, nil, func(o *fleet.Options) { o.Sealer = fleet.Plaintext })
	if err != nil {
		log.Fatal(err)
	}
	// On SIGTERM:
	ctx, cancel := context.WithTimeout(context.Background(), time.Hour)
	defer cancel()
	fmt.Println(member.Drain(ctx))
	// Output:
	// <nil>
}

// The key of a Sealer is 32 random bytes that all members share, from a secret of the deployment.
func ExampleAESGCM() {
	key := []byte(os.Getenv("FLEET_KEY"))
	if len(key) == 0 {
		key = make([]byte, 32) // for this example only
	}
	sealer, err := fleet.AESGCM(key)
	if err != nil {
		log.Fatal(err)
	}
	sealed, err := sealer.Seal([]byte("a participant token"), "chat/1")
	if err != nil {
		log.Fatal(err)
	}
	token, err := sealer.Open(sealed, "chat/1")
	fmt.Println(string(token), err)
	// Output:
	// a participant token <nil>
}
