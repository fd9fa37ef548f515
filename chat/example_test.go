// SPDX-License-Identifier: Apache-2.0

package chat_test

import (
	"context"
	"fmt"
	"io"
	"log"
	"strings"
	"time"

	"github.com/participant-go/connectparticipant"
	"github.com/participant-go/connectparticipant/chat"
	"github.com/participant-go/connectparticipant/participanttest"
)

// An echo bot that skips its own messages. Here it is the customer, and the fake's agent talks to it.
func ExampleStart() {
	ctx := context.Background()
	srv, contact, client := fake()
	defer srv.Close()

	contact.Agent.Say("Hello")

	starting, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	session, err := chat.Start(starting, client, contact.Customer.Token)
	if err != nil {
		log.Fatal(err)
	}
	defer session.Close()
	for event, err := range session.Events(ctx) {
		if err != nil {
			log.Fatal(err)
		}
		switch e := event.(type) {
		case chat.Message:
			if e.Own {
				fmt.Println("bot:  ", e.Text)
				contact.Agent.Leave() // an agent who leaves ends the chat
				continue
			}
			fmt.Println("agent:", e.Text)
			if _, err := session.Send(ctx, "You said: "+e.Text); err != nil {
				log.Fatal(err)
			}
		case chat.ChatEnded:
			fmt.Println("chat ended, items may be missing:", e.Gap)
		}
	}
	fmt.Println(session.Err())
	// Output:
	// agent: Hello
	// bot:   You said: Hello
	// chat ended, items may be missing: false
	// chat session: the chat has ended
}

// A bridge forwards each message and then saves the State. After a crash or a restart it continues from
// there.
func ExampleResume() {
	ctx := context.Background()
	srv, contact, client := fake()
	defer srv.Close()

	var saved []byte // in a database, in the transaction that forwards the message
	bridge := func(count int) {
		var state chat.State
		if err := state.UnmarshalText(saved); err != nil {
			log.Fatal(err)
		}
		session, err := chat.Resume(ctx, client, contact.Customer.Token, state)
		if err != nil {
			log.Fatal(err)
		}
		defer session.Close()
		for count > 0 {
			event, err := session.Next(ctx)
			if err != nil {
				log.Fatal(err)
			}
			if m, ok := event.(chat.Message); ok {
				fmt.Println("forwarded:", m.Text)
				count--
			}
			if saved, err = session.State().MarshalText(); err != nil {
				log.Fatal(err)
			}
		}
	}
	contact.Agent.Say("one")
	contact.Agent.Say("two")
	contact.Agent.Say("three")
	bridge(2) // then the process crashes
	contact.Agent.Say("four")
	bridge(2)
	// Output:
	// forwarded: one
	// forwarded: two
	// forwarded: three
	// forwarded: four
}

// The other participants receive a file as a message with an attachment.
func ExampleSession_SendFile() {
	ctx := context.Background()
	srv, contact, client := fake()
	defer srv.Close()
	customer, err := chat.Start(ctx, client, contact.Customer.Token)
	if err != nil {
		log.Fatal(err)
	}
	defer customer.Close()
	agent, err := chat.Start(ctx, client, contact.Agent.Token)
	if err != nil {
		log.Fatal(err)
	}
	defer agent.Close()

	_, err = customer.SendFile(ctx, chat.File{
		Name: "order.txt", ContentType: "text/plain", Reader: strings.NewReader("two of each"), WaitForScan: true,
	})
	if err != nil {
		log.Fatal(err)
	}
	for {
		event, err := agent.Next(ctx)
		if err != nil {
			log.Fatal(err)
		}
		m, ok := event.(chat.Message)
		if !ok || len(m.Attachments) == 0 {
			continue
		}
		file, err := agent.OpenAttachment(ctx, m.Attachments[0].ID, 1<<20)
		if err != nil {
			log.Fatal(err)
		}
		defer file.Close()
		content, err := io.ReadAll(file)
		fmt.Println(m.Attachments[0].Name, string(content), err)
		return
	}
	// Output: order.txt two of each <nil>
}

func fake() (*participanttest.Server, *participanttest.Contact, *connectparticipant.Client) {
	srv, err := participanttest.New()
	if err != nil {
		log.Fatal(err)
	}
	client := connectparticipant.New(connectparticipant.Options{BaseEndpoint: &srv.URL, HTTPClient: srv.Client()})
	return srv, srv.NewChat(), client
}
