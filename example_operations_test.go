// SPDX-License-Identifier: Apache-2.0

package connectparticipant_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"net/http"
	"net/url"

	"github.com/aws/aws-sdk-go-v2/aws"
	smithyendpoints "github.com/aws/smithy-go/endpoints"
	"github.com/aws/smithy-go/middleware"

	"github.com/participant-go/connectparticipant"
	"github.com/participant-go/connectparticipant/participanttest"
	"github.com/participant-go/connectparticipant/types"
)

// joinFake starts the fake and connects the customer of a chat.
func joinFake() (srv *participanttest.Server, contact *participanttest.Contact, client *connectparticipant.Client, token *string) {
	srv = startFake()
	contact = srv.NewChat()
	client = connectparticipant.New(connectparticipant.Options{BaseEndpoint: &srv.URL, HTTPClient: srv.Client()})
	token, err := connect(context.Background(), client, contact.Customer.Token)
	if err != nil {
		log.Fatal(err)
	}
	return srv, contact, client, token
}

// Only needed without package chat, whose sessions connect themselves: the socket's URL is valid
// for 100 seconds, the token until its Expiry.
func ExampleClient_CreateParticipantConnection() {
	srv := startFake()
	defer srv.Close()
	contact := srv.NewChat()
	client := connectparticipant.New(connectparticipant.Options{BaseEndpoint: &srv.URL})

	connection, err := client.CreateParticipantConnection(context.Background(), &connectparticipant.CreateParticipantConnectionInput{
		ParticipantToken: &contact.Customer.Token, // from StartChatContact
		Type:             []types.ConnectionType{types.ConnectionTypeWebsocket, types.ConnectionTypeConnectionCredentials},
	})
	if err != nil {
		log.Fatal(err)
	}
	address, err := url.Parse(*connection.Websocket.Url)
	if err != nil {
		log.Fatal(err)
	}
	expiry, err := connectparticipant.ParseTime(*connection.ConnectionCredentials.Expiry)
	fmt.Println(address.Scheme, expiry.Sub(srv.Now()).Hours() > 23, err)
	// Output: ws true <nil>
}

func ExampleClient_SendMessage() {
	srv, contact, client, token := joinFake()
	defer srv.Close()
	ctx := context.Background()

	sent, err := client.SendMessage(ctx, &connectparticipant.SendMessageInput{
		ConnectionToken: token,
		ContentType:     aws.String("text/markdown"),
		Content:         aws.String("I would like to **change** my order."),
		ClientToken:     aws.String("order-4711-1"), // retries with this token send no second message
	})
	if err != nil {
		log.Fatal(err)
	}
	kept := contact.Transcript()
	fmt.Println(kept[len(kept)-1].Content, kept[len(kept)-1].Id == *sent.Id)
	// Output: I would like to **change** my order. true
}

// A receipt names the message as JSON.
func ExampleClient_SendEvent() {
	srv, contact, client, token := joinFake()
	defer srv.Close()
	ctx := context.Background()
	contact.Agent.Join()
	message := contact.Agent.Say("How can I help?")

	for _, event := range []struct{ contentType, content string }{
		{"application/vnd.amazonaws.connect.event.typing", ""},
		{"application/vnd.amazonaws.connect.event.message.read", fmt.Sprintf(`{"messageId":%q}`, message)},
	} {
		in := &connectparticipant.SendEventInput{ConnectionToken: token, ContentType: aws.String(event.contentType)}
		if event.content != "" {
			in.Content = aws.String(event.content)
		}
		_, err := client.SendEvent(ctx, in)
		fmt.Println(err)
	}
	// Output:
	// <nil>
	// <nil>
}

// The newest two items, in ascending order.
func ExampleClient_GetTranscript() {
	srv, contact, client, token := joinFake()
	defer srv.Close()
	ctx := context.Background()
	contact.Agent.Say("Good morning!")
	contact.Agent.Say("How can I help?")

	page, err := client.GetTranscript(ctx, &connectparticipant.GetTranscriptInput{
		ConnectionToken: token,
		MaxResults:      aws.Int32(2),
		SortOrder:       types.SortKeyAscending,
	})
	if err != nil {
		log.Fatal(err)
	}
	for _, item := range page.Transcript {
		fmt.Println(*item.DisplayName, *item.Content)
	}
	fmt.Println("there is more:", aws.ToString(page.NextToken) != "")
	// Output:
	// Agent Good morning!
	// Agent How can I help?
	// there is more: true
}

// Transcript follows the pages, the newest item first.
func ExampleTranscript() {
	srv, contact, client, token := joinFake()
	defer srv.Close()
	ctx := context.Background()
	for i := range 250 {
		contact.Agent.Say(fmt.Sprint("line ", i))
	}

	lines := 0
	for item, err := range connectparticipant.Transcript(ctx, client, &connectparticipant.GetTranscriptInput{ConnectionToken: token}) {
		if err != nil {
			log.Fatal(err)
		}
		if item.Type == types.ChatItemTypeMessage {
			lines++
		}
	}
	fmt.Println(lines, "lines in", srv.Count("GetTranscript"), "pages")
	// Output: 250 lines in 3 pages
}

// The URL of a file is signed: it needs no token, and is as secret as a token.
func ExampleClient_GetAttachment() {
	srv, contact, client, token := joinFake()
	defer srv.Close()
	ctx := context.Background()
	id := contact.Agent.ShareFile("order.txt", "text/plain", []byte("order 4711"))

	link, err := client.GetAttachment(ctx, &connectparticipant.GetAttachmentInput{
		ConnectionToken:    token,
		AttachmentId:       &id,
		UrlExpiryInSeconds: aws.Int32(60),
	})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(*link.AttachmentSizeInBytes, "bytes")
	// Output: 10 bytes
}

// Completing a file that was never uploaded fails. See ExampleClient_StartAttachmentUpload for a
// complete upload; Session.SendFile of package chat does it in one call.
func ExampleClient_CompleteAttachmentUpload() {
	srv, _, client, token := joinFake()
	defer srv.Close()
	ctx := context.Background()

	_, err := client.CompleteAttachmentUpload(ctx, &connectparticipant.CompleteAttachmentUploadInput{
		ConnectionToken: token,
		AttachmentIds:   []string{"11111111-2222-3333-4444-555555555555"},
	})
	var invalid *types.ValidationException
	fmt.Println(errors.As(err, &invalid))
	// Output: true
}

// The view token is part of an interactive message.
func ExampleClient_DescribeView() {
	srv, contact, client, token := joinFake()
	defer srv.Close()
	ctx := context.Background()
	viewToken := contact.AddView(participanttest.View{ID: "form", Name: "Address form", Version: 3})

	out, err := client.DescribeView(ctx, &connectparticipant.DescribeViewInput{ConnectionToken: token, ViewToken: &viewToken})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(*out.View.Name, "version", *out.View.Version)
	// Output: Address form version 3
}

// A customer who must sign in opens this URL in a browser.
func ExampleClient_GetAuthenticationUrl() {
	srv, contact, client, token := joinFake()
	defer srv.Close()
	ctx := context.Background()
	sessionID := contact.StartAuthentication(contact.Customer) // the event's SessionId

	out, err := client.GetAuthenticationUrl(ctx, &connectparticipant.GetAuthenticationUrlInput{
		ConnectionToken: token,
		SessionId:       &sessionID,
		RedirectUri:     aws.String("https://shop.example/logged-in"),
	})
	if err != nil {
		log.Fatal(err)
	}
	page, err := url.Parse(*out.AuthenticationUrl)
	fmt.Println(page.Query().Get("redirect_uri"), err)
	// Output: https://shop.example/logged-in <nil>
}

func ExampleClient_CancelParticipantAuthentication() {
	srv, contact, client, token := joinFake()
	defer srv.Close()
	ctx := context.Background()
	sessionID := contact.StartAuthentication(contact.Customer)

	_, err := client.CancelParticipantAuthentication(ctx, &connectparticipant.CancelParticipantAuthenticationInput{
		ConnectionToken: token,
		SessionId:       &sessionID,
	})
	fmt.Println(err)
	// Output: <nil>
}

// If the customer leaves, the chat ends and all tokens become invalid.
func ExampleClient_DisconnectParticipant() {
	srv, _, client, token := joinFake()
	defer srv.Close()
	ctx := context.Background()

	_, err := client.DisconnectParticipant(ctx, &connectparticipant.DisconnectParticipantInput{ConnectionToken: token})
	fmt.Println(err)
	err = greet(ctx, client, *token)
	fmt.Println("afterwards:", connectparticipant.IsAccessDenied(err))
	// Output:
	// <nil>
	// afterwards: true
}

// The client has already retried the call. The quota belongs to the account: all its chats and
// processes share it.
func ExampleIsThrottled() {
	srv, _, client, token := joinFake()
	defer srv.Close()
	ctx := context.Background()
	srv.Inject(participanttest.Fault{On: "SendMessage", Effect: participanttest.Fail(http.StatusTooManyRequests, "ThrottlingException")})

	err := greet(ctx, connectparticipant.New(client.Options(), func(o *connectparticipant.Options) { o.Retryer = aws.NopRetryer{} }), *token)
	fmt.Println(connectparticipant.IsThrottled(err))
	// Output: true
}

// A message whose response was lost may or may not have been stored. If it is sent again later with
// the same ClientToken, it is stored once.
func ExampleIsRetryable() {
	srv, contact, client, token := joinFake()
	defer srv.Close()
	srv.Inject(participanttest.Fault{On: "SendMessage", Times: 4, Effect: participanttest.DropAfter()})
	message := &connectparticipant.SendMessageInput{
		ConnectionToken: token,
		ClientToken:     aws.String("order-4711-shipped"),
		Content:         aws.String("Your parcel is on its way."),
		ContentType:     aws.String("text/plain"),
	}

	_, err := client.SendMessage(context.Background(), message)
	for connectparticipant.IsRetryable(err) {
		fmt.Println("retrying later") // a queue would do that after some minutes
		_, err = client.SendMessage(context.Background(), message)
	}
	kept := contact.Transcript()
	fmt.Println(err, len(kept), kept[1].Content)
	// Output:
	// retrying later
	// <nil> 2 Your parcel is on its way.
}

// AWS Support asks for the request ID.
func ExampleRequestID() {
	srv, _, client, _ := joinFake()
	defer srv.Close()
	ctx := context.Background()

	err := greet(ctx, client, "a wrong token")
	fmt.Println(len(connectparticipant.RequestID(err)))
	// Output: 36
}

// A middleware for one call. The IDs of the stack are listed in testdata/stack.txt.
func ExampleWithAPIOptions() {
	srv, _, client, token := joinFake()
	defer srv.Close()
	announce := middleware.InitializeMiddlewareFunc("Announce", func(ctx context.Context, in middleware.InitializeInput, next middleware.InitializeHandler) (middleware.InitializeOutput, middleware.Metadata, error) {
		fmt.Println("calling", middleware.GetOperationName(ctx))
		return next.HandleInitialize(ctx, in)
	})

	_, err := client.GetTranscript(context.Background(), &connectparticipant.GetTranscriptInput{ConnectionToken: token},
		connectparticipant.WithAPIOptions(func(s *middleware.Stack) error { return s.Initialize.Add(announce, middleware.After) }))
	fmt.Println(err)
	// Output:
	// calling GetTranscript
	// <nil>
}

// gateway sends requests for the service to another host.
type gateway struct {
	connectparticipant.EndpointResolverV2
}

func (g gateway) ResolveEndpoint(ctx context.Context, params connectparticipant.EndpointParameters) (smithyendpoints.Endpoint, error) {
	resolved, err := g.EndpointResolverV2.ResolveEndpoint(ctx, params)
	resolved.URI.Host = "egress.example"
	return resolved, err
}

// A custom resolver can start from the endpoint of the service's rules.
func ExampleWithEndpointResolverV2() {
	resolver := gateway{connectparticipant.NewDefaultEndpointResolverV2()}
	client := connectparticipant.New(connectparticipant.Options{Region: "eu-central-1"}, connectparticipant.WithEndpointResolverV2(resolver))

	resolved, err := client.Options().EndpointResolverV2.ResolveEndpoint(context.Background(), connectparticipant.EndpointParameters{Region: aws.String("eu-central-1")})
	fmt.Println(resolved.URI.String(), err)
	// Output: https://egress.example <nil>
}

// The endpoint of a region.
func ExampleNewDefaultEndpointResolverV2() {
	resolved, err := connectparticipant.NewDefaultEndpointResolverV2().ResolveEndpoint(context.Background(), connectparticipant.EndpointParameters{
		Region: aws.String("us-gov-west-1"), UseFIPS: aws.Bool(true),
	})
	fmt.Println(resolved.URI.String(), err)
	// Output: https://participant.connect.us-gov-west-1.amazonaws.com <nil>
}
