// SPDX-License-Identifier: Apache-2.0

package chat_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"sync"
	"time"

	"github.com/participant-go/connectparticipant/chat"
	"github.com/participant-go/connectparticipant/participanttest"
	"github.com/participant-go/connectparticipant/types"
)

// startBoth starts sessions of the customer and the agent of a chat on the fake.
func startBoth(ctx context.Context) (srv *participanttest.Server, contact *participanttest.Contact, customer, agent *chat.Session) {
	srv, contact, client := fake()
	customer, err := chat.Start(ctx, client, contact.Customer.Token)
	if err != nil {
		log.Fatal(err)
	}
	agent, err = chat.Start(ctx, client, contact.Agent.Token)
	if err != nil {
		log.Fatal(err)
	}
	return srv, contact, customer, agent
}

// next returns the next event of type E, and skips others.
func next[E chat.Event](ctx context.Context, s *chat.Session) E {
	for {
		event, err := s.Next(ctx)
		if err != nil {
			log.Fatal(err)
		}
		if e, ok := event.(E); ok {
			return e
		}
	}
}

// An echo bot. The loop ends with the chat.
func ExampleSession_Events() {
	ctx := context.Background()
	srv, contact, client := fake()
	defer srv.Close()
	participantToken := contact.Customer.Token
	var agent sync.WaitGroup
	agent.Go(func() {
		_ = contact.Customer.WaitSockets(ctx, 1)
		contact.Agent.Say("Hello")
		_ = srv.WaitRequest(ctx, "SendMessage", 1)
		contact.End()
	})
	defer agent.Wait()

	starting, cancel := context.WithTimeout(ctx, time.Minute) // for n chats started together, add n*time.Second/6
	defer cancel()
	session, err := chat.Start(starting, client, participantToken)
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
			if e.Own || e.History || e.Text == "" {
				continue // skip our own messages, the history, and files
			}
			if _, err := session.Send(ctx, "You said: "+e.Text); err != nil {
				log.Print(err) // if the session is over, the loop ends with the reason
			}
		case chat.ChatEnded:
			fmt.Println("chat ended, items may be missing:", e.Gap)
		}
	}
	for _, item := range contact.Transcript() {
		if item.Type == "MESSAGE" {
			fmt.Println(item.DisplayName+":", item.Content)
		}
	}
	// Output:
	// chat ended, items may be missing: false
	// Agent: Hello
	// Customer: You said: Hello
}

// The sender receives its own message too, with Own set.
func ExampleSession_Send() {
	ctx := context.Background()
	srv, _, customer, agent := startBoth(ctx)
	defer srv.Close()
	defer customer.Close()
	defer agent.Close()

	sent, err := customer.Send(ctx, "Where is my parcel?")
	if err != nil {
		log.Fatal(err)
	}
	mine, theirs := next[chat.Message](ctx, customer), next[chat.Message](ctx, agent)
	fmt.Println(mine.Own, mine.ID == sent.ID)
	fmt.Println(theirs.Own, theirs.From.DisplayName, theirs.Text)
	// Output:
	// true true
	// false Customer Where is my parcel?
}

// A gateway uses the message ID of the system that it connects as the client token. A call that is
// retried, even after a restart, then sends one message.
func ExampleSession_SendOnce() {
	ctx := context.Background()
	srv, contact, customer, agent := startBoth(ctx)
	defer srv.Close()
	defer customer.Close()
	defer agent.Close()

	for range 2 {
		if _, err := customer.SendOnce(ctx, "sms-4711", "text/plain", "Where is my parcel?"); err != nil {
			log.Fatal(err)
		}
	}
	for _, item := range contact.Transcript() {
		if item.Type == "MESSAGE" {
			fmt.Println(item.Content)
		}
	}
	// Output: Where is my parcel?
}

// Meta is common to most events, for a log or to remember which items have been handled.
func ExampleMetaOf() {
	for _, event := range []chat.Event{
		chat.Message{Meta: chat.Meta{ID: "item-1", From: chat.From{DisplayName: "Agent"}}, Text: "Hello"},
		chat.ConnectionChanged{Connected: true},
	} {
		meta, ok := chat.MetaOf(event)
		fmt.Println(ok, meta.ID, meta.From.DisplayName)
	}
	// Output:
	// true item-1 Agent
	// false
}

// Typing may be called on each keystroke: it sends an event at most every 10 seconds.
func ExampleSession_Typing() {
	ctx := context.Background()
	srv, _, customer, agent := startBoth(ctx)
	defer srv.Close()
	defer customer.Close()
	defer agent.Close()

	for range 100 {
		if err := agent.Typing(ctx); err != nil {
			log.Fatal(err)
		}
	}
	fmt.Println(next[chat.Typing](ctx, customer).From.Role, srv.Count("SendEvent"))
	// Output: AGENT 1
}

// Receipts are for messages of other participants. They are sent in the background.
func ExampleSession_MarkRead() {
	ctx := context.Background()
	srv, _, customer, agent := startBoth(ctx)
	defer srv.Close()
	defer customer.Close()
	defer agent.Close()

	sent, err := customer.Send(ctx, "Hello!")
	if err != nil {
		log.Fatal(err)
	}
	agent.MarkRead(next[chat.Message](ctx, agent).ID)
	receipt := next[chat.Receipt](ctx, customer)
	fmt.Println(receipt.MessageID == sent.ID, receipt.Read)
	// Output: true true
}

// Next is for programs that handle events one by one. After the end of the session it returns the same
// error forever.
func ExampleSession_Next() {
	ctx := context.Background()
	srv, contact, customer, agent := startBoth(ctx)
	defer srv.Close()
	defer customer.Close()
	defer agent.Close()
	contact.Agent.Say("Bye!")
	contact.End()

	for {
		event, err := customer.Next(ctx)
		if errors.Is(err, chat.ErrChatEnded) {
			fmt.Println("over")
			return
		}
		if err != nil {
			log.Fatal(err)
		}
		if m, ok := event.(chat.Message); ok {
			fmt.Println(m.Text)
		}
	}
	// Output:
	// Bye!
	// over
}

// A customer who leaves ends the chat.
func ExampleSession_Leave() {
	ctx := context.Background()
	srv, _, customer, agent := startBoth(ctx)
	defer srv.Close()
	defer agent.Close()

	fmt.Println(customer.Leave(ctx), errors.Is(customer.Err(), chat.ErrLeft))
	next[chat.ChatEnded](ctx, agent)
	fmt.Println("the agent was informed")
	// Output:
	// <nil> true
	// the agent was informed
}

// Transcript ranges over the newest item first, and includes past contacts of a persistent chat.
func ExampleSession_Transcript() {
	ctx := context.Background()
	srv, contact, customer, agent := startBoth(ctx)
	defer srv.Close()
	defer customer.Close()
	defer agent.Close()
	contact.Agent.Say("Good morning!")
	contact.Customer.Say("Good morning.")

	for item, err := range customer.Transcript(ctx) {
		if err != nil {
			log.Fatal(err)
		}
		if item.Type == types.ChatItemTypeMessage {
			fmt.Println(*item.DisplayName+":", *item.Content)
		}
	}
	// Output:
	// Customer: Good morning.
	// Agent: Good morning!
}

// A lost socket appears in the counters, and as a ConnectionChanged event. Messages sent in the meantime
// are delivered.
func ExampleSession_Stats() {
	ctx := context.Background()
	srv, contact, customer, agent := startBoth(ctx)
	defer srv.Close()
	defer customer.Close()
	defer agent.Close()

	contact.Agent.Say("Hello")
	fmt.Println(next[chat.Message](ctx, customer).Text)
	contact.Customer.CutSockets()
	contact.Agent.Say("Are you still there?")
	fmt.Println(next[chat.Message](ctx, customer).Text)
	fmt.Println("reconnects:", customer.Stats().Reconnects)
	// Output:
	// Hello
	// Are you still there?
	// reconnects: 1
}

// Two processes share the quotas of an account.
func ExampleNewLimiter() {
	ctx := context.Background()
	srv, contact, client := fake()
	defer srv.Close()
	half := chat.NewLimiter(0.5) // one for all sessions of the process

	session, err := chat.Start(ctx, client, contact.Customer.Token, func(o *chat.Options) {
		o.Limiter = half
		o.History = chat.HistoryNone
		o.GiveUpAfter = 10 * time.Minute
	})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(session.Err(), session.Close())
	// Output: <nil> <nil>
}
