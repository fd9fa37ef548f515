// SPDX-License-Identifier: Apache-2.0

package chat_test

import (
	"context"
	"fmt"
	"log"
	"time"

	"github.com/aws/smithy-go/metrics"

	"github.com/participant-go/connectparticipant"
	"github.com/participant-go/connectparticipant/chat"
	"github.com/participant-go/connectparticipant/participanttest"
	"github.com/participant-go/connectparticipant/types"
)

// An agent isn't connected by its socket alone.
func ExampleOptions_connectParticipant() {
	ctx := context.Background()
	srv, contact, client := fake()
	defer srv.Close()

	agent, err := chat.Start(ctx, client, contact.Agent.Token, func(o *chat.Options) { o.ConnectParticipant = true })
	if err != nil {
		log.Fatal(err)
	}
	defer agent.Close()
	for event, err := range agent.Events(ctx) {
		if err != nil {
			log.Fatal(err)
		}
		if e, ok := event.(chat.Participant); ok {
			fmt.Println(e.From.Role, e.Change)
			break
		}
	}
	// Output:
	// AGENT joined
}

// StartChatContact can return a connection together with the participant token.
func ExampleOptions_connection() {
	ctx := context.Background()
	srv, contact, client := fake()
	defer srv.Close()

	started := contact.Customer.NewConnection() // of StartChatContact
	session, err := chat.Start(ctx, client, contact.Customer.Token, func(o *chat.Options) {
		o.Connection = &chat.Connection{
			ConnectionToken: started.ConnectionToken, Expiry: started.Expiry,
			URL: started.URL, ConnectionExpiry: started.ConnectionExpiry,
		}
	})
	if err != nil {
		log.Fatal(err)
	}
	defer session.Close()
	fmt.Println("CreateParticipantConnection calls:", srv.Count("CreateParticipantConnection"))
	// Output:
	// CreateParticipantConnection calls: 0
}

// A process that is going to stop hands each chat over when its connection is due for renewal, within an
// hour.
func ExampleRenewalDue() {
	ctx := context.Background()
	srv, contact, client := fake()
	defer srv.Close()

	session, err := chat.Start(ctx, client, contact.Customer.Token, func(o *chat.Options) { o.RenewalEvents = true })
	if err != nil {
		log.Fatal(err)
	}
	for event, err := range session.Events(ctx) {
		if err != nil {
			log.Fatal(err)
		}
		if _, ok := event.(chat.RenewalDue); ok {
			break // another call of Next would renew the connection
		}
	}
	state := session.State()
	session.Close()

	session, err = chat.Resume(ctx, client, contact.Customer.Token, state) // in another process
	if err != nil {
		log.Fatal(err)
	}
	defer session.Close()
}

// The connection token is for calls with options that no method of Session has, such as a link that shows
// a file in the browser.
func ExampleSession_ConnectionToken() {
	ctx := context.Background()
	srv, contact, client := fake()
	defer srv.Close()
	file := contact.Agent.ShareFile("plan.pdf", "application/pdf", []byte("%PDF-1.7"))

	session, err := chat.Start(ctx, client, contact.Customer.Token)
	if err != nil {
		log.Fatal(err)
	}
	defer session.Close()
	token, expiry, err := session.ConnectionToken(ctx, "")
	if err != nil {
		log.Fatal(err)
	}
	link, err := client.GetAttachment(ctx, &connectparticipant.GetAttachmentInput{
		ConnectionToken: &token, AttachmentId: &file, UrlContentDisposition: types.UrlContentDispositionInline,
	})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(*link.AttachmentSizeInBytes, "bytes - the token is valid for", time.Until(expiry).Round(time.Hour))
	// Output:
	// 8 bytes - the token is valid for 24h0m0s
}

// A flow shows a view to the customer. The view token is in an interactive message.
func ExampleSession_DescribeView() {
	ctx := context.Background()
	srv, contact, client := fake()
	defer srv.Close()
	viewToken := contact.AddView(participanttest.View{Name: "Address"}) // in an interactive message

	session, err := chat.Start(ctx, client, contact.Customer.Token)
	if err != nil {
		log.Fatal(err)
	}
	defer session.Close()
	view, err := session.DescribeView(ctx, viewToken)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(*view.Name)
	// Output:
	// Address
}

// A webhook receives events as JSON, with names that later versions don't change.
func ExampleMarshalEvent() {
	event, err := chat.MarshalEvent(chat.Message{
		Meta:        chat.Meta{ID: "4711", From: chat.From{Role: types.ParticipantRoleAgent, DisplayName: "Bob"}},
		ContentType: "text/plain", Text: "Hello",
	})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(string(event))
	// Output:
	// {"kind":"message","id":"4711","from":{"role":"AGENT","displayName":"Bob"},"contentType":"text/plain","text":"Hello"}
}

// ParseItem converts an item from SNS or from a store to the events that a session would deliver.
func ExampleParseItem() {
	events, err := chat.ParseItem([]byte(`{"Id":"4711","Type":"MESSAGE","ContentType":"text/plain","Content":"Hello","ParticipantRole":"AGENT"}`))
	if err != nil {
		log.Fatal(err)
	}
	for _, event := range events {
		if e, ok := event.(chat.Message); ok {
			fmt.Println(e.From.Role, "says", e.Text)
		}
	}
	// Output:
	// AGENT says Hello
}

// Three processes share the quotas of an account, one of which AWS has raised.
func ExampleNewQuotaLimiter() {
	limiter := chat.NewQuotaLimiter(1.0/3, map[string]chat.Quota{"SendMessage": {Rate: 100, Burst: 150}})
	options := func(o *chat.Options) { o.Limiter = limiter }
	_ = options // for Start and Resume
}

// All sessions with the same MeterProvider share its instruments.
func ExampleOptions_meterProvider() {
	var provider metrics.MeterProvider = metrics.NopMeterProvider{} // smithyotelmetrics.Adapt(otel.GetMeterProvider())
	options := func(o *chat.Options) { o.MeterProvider = provider }
	_ = options // for Start and Resume
}

// greeter accepts an interface, so that tests can pass a stub.
func greeter(ctx context.Context, session chat.API) error {
	_, err := session.Send(ctx, "Welcome!")
	return err
}

// stub is a session that only sends.
type stub struct {
	chat.API

	sent []string
}

func (s *stub) Send(_ context.Context, text string) (chat.Sent, error) {
	s.sent = append(s.sent, text)
	return chat.Sent{}, nil
}

// A stub implements only the methods that are called.
func ExampleAPI() {
	s := &stub{}
	if err := greeter(context.Background(), s); err != nil {
		log.Fatal(err)
	}
	fmt.Println(s.sent)
	// Output:
	// [Welcome!]
}
