// SPDX-License-Identifier: Apache-2.0

package connectparticipant_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"log/slog"
	"net/http"
	"os"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsmiddleware "github.com/aws/aws-sdk-go-v2/aws/middleware"

	"github.com/participant-go/connectparticipant"
	"github.com/participant-go/connectparticipant/participanttest"
	"github.com/participant-go/connectparticipant/types"
)

// startFake starts a fake of the service; its chats provide participant tokens, as StartChatContact
// does.
func startFake() *participanttest.Server {
	srv, err := participanttest.New()
	if err != nil {
		log.Fatal(err)
	}
	return srv
}

// connect joins a chat and returns the connection token.
func connect(ctx context.Context, client connectparticipant.API, participantToken string) (*string, error) {
	connection, err := client.CreateParticipantConnection(ctx, &connectparticipant.CreateParticipantConnectionInput{
		ParticipantToken:   &participantToken,
		ConnectParticipant: aws.Bool(true),
		Type:               []types.ConnectionType{types.ConnectionTypeConnectionCredentials},
	})
	if err != nil {
		return nil, err
	}
	return connection.ConnectionCredentials.ConnectionToken, nil
}

func Example() {
	srv := startFake()
	defer srv.Close()
	contact := srv.NewChat()
	participantToken := contact.Customer.Token
	ctx := context.Background()

	client := connectparticipant.New(connectparticipant.Options{
		Region:       "us-west-2",
		BaseEndpoint: aws.String(srv.URL), // leave this out for the real service
	})
	connection, err := client.CreateParticipantConnection(ctx, &connectparticipant.CreateParticipantConnectionInput{
		ParticipantToken:   &participantToken, // from StartChatContact
		ConnectParticipant: aws.Bool(true),
		Type:               []types.ConnectionType{types.ConnectionTypeConnectionCredentials},
	})
	if err != nil {
		log.Fatal(err)
	}
	token := connection.ConnectionCredentials.ConnectionToken // valid for a day
	_, err = client.SendMessage(ctx, &connectparticipant.SendMessageInput{
		ConnectionToken: token,
		ContentType:     aws.String("text/plain"),
		Content:         aws.String("Hello!"),
	})
	if err != nil {
		log.Fatal(err)
	}
	for item, err := range connectparticipant.Transcript(ctx, client, &connectparticipant.GetTranscriptInput{ConnectionToken: token}) {
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(aws.ToString(item.DisplayName), aws.ToString(item.ContentType), aws.ToString(item.Content))
	}
	// Output:
	// Customer text/plain Hello!
	// Customer application/vnd.amazonaws.connect.event.participant.joined
}

// greet is code under test.
func greet(ctx context.Context, client connectparticipant.API, token string) error {
	_, err := client.SendMessage(ctx, &connectparticipant.SendMessageInput{
		ConnectionToken: &token,
		ContentType:     aws.String("text/plain"),
		Content:         aws.String("Hello!"),
	})
	return err
}

// stub implements SendMessage. It embeds the interface for the other methods, so it still compiles
// when operations are added.
type stub struct {
	connectparticipant.API
	sent []string
}

func (s *stub) SendMessage(_ context.Context, in *connectparticipant.SendMessageInput, _ ...func(*connectparticipant.Options)) (*connectparticipant.SendMessageOutput, error) {
	s.sent = append(s.sent, *in.Content)
	return &connectparticipant.SendMessageOutput{Id: aws.String("item-1")}, nil
}

// A unit test of code that accepts an API stubs only the methods that the code calls.
func ExampleAPI() {
	var s stub
	err := greet(context.Background(), &s, "any token")
	fmt.Println(s.sent, err)
	// Output: [Hello!] <nil>
}

// A test with the fake runs the real client against a server in the same process.
func ExampleNew_test() {
	srv := startFake() // in a test: participanttest.Start(t)
	defer srv.Close()
	contact := srv.NewChat()
	ctx := context.Background()
	client := connectparticipant.New(connectparticipant.Options{BaseEndpoint: &srv.URL, HTTPClient: srv.Client()})
	token, err := connect(ctx, client, contact.Customer.Token)
	if err != nil {
		log.Fatal(err)
	}
	if err := greet(ctx, client, *token); err != nil {
		log.Fatal(err)
	}

	contact.End()
	err = greet(ctx, client, *token)
	fmt.Println("after the end:", connectparticipant.IsAccessDenied(err))
	// Output: after the end: true
}

// The fake can reproduce network and service failures. Here it stores a message and loses the
// response; the client retries with the same ClientToken, and the message is stored once.
func ExampleNew_faults() {
	srv := startFake()
	defer srv.Close()
	contact := srv.NewChat()
	ctx := context.Background()
	client := connectparticipant.New(connectparticipant.Options{BaseEndpoint: &srv.URL, HTTPClient: srv.Client()})
	token, err := connect(ctx, client, contact.Customer.Token)
	if err != nil {
		log.Fatal(err)
	}

	srv.Inject(participanttest.Fault{On: "SendMessage", Times: 1, Effect: participanttest.DropAfter()})
	err = greet(ctx, client, *token)

	fmt.Println(err, srv.Count("SendMessage"), "calls")
	for _, item := range contact.Transcript() {
		fmt.Printf("%s %q\n", item.Type, item.Content)
	}
	// Output:
	// <nil> 2 calls
	// EVENT ""
	// MESSAGE "Hello!"
}

// A file is sent to the signed URL with exactly the headers of the response, and without a token.
func ExampleClient_StartAttachmentUpload() {
	srv := startFake()
	defer srv.Close()
	contact := srv.NewChat()
	ctx := context.Background()
	client := connectparticipant.New(connectparticipant.Options{BaseEndpoint: &srv.URL})
	token, err := connect(ctx, client, contact.Customer.Token)
	if err != nil {
		log.Fatal(err)
	}
	file := []byte("order 4711")

	started, err := client.StartAttachmentUpload(ctx, &connectparticipant.StartAttachmentUploadInput{
		ConnectionToken:       token,
		AttachmentName:        aws.String("order.txt"),
		AttachmentSizeInBytes: int64(len(file)),
		ContentType:           aws.String("text/plain"),
	})
	if err != nil {
		log.Fatal(err)
	}
	put, err := http.NewRequestWithContext(ctx, http.MethodPut, *started.UploadMetadata.Url, bytes.NewReader(file))
	if err != nil {
		log.Fatal(err)
	}
	for name, value := range started.UploadMetadata.HeadersToInclude {
		put.Header.Set(name, value) // net/http sets Content-Length from the reader
	}
	response, err := http.DefaultClient.Do(put)
	if err != nil {
		log.Fatal(err)
	}
	_ = response.Body.Close()
	if response.StatusCode != http.StatusOK {
		log.Fatal("upload: ", response.Status)
	}
	_, err = client.CompleteAttachmentUpload(ctx, &connectparticipant.CompleteAttachmentUploadInput{
		ConnectionToken: token,
		AttachmentIds:   []string{*started.AttachmentId},
	})
	if err != nil {
		log.Fatal(err)
	}

	link, err := client.GetAttachment(ctx, &connectparticipant.GetAttachmentInput{
		ConnectionToken: token,
		AttachmentId:    started.AttachmentId,
	})
	if err != nil {
		log.Fatal(err)
	}
	response, err = http.Get(*link.Url)
	if err != nil {
		log.Fatal(err)
	}
	got, err := io.ReadAll(response.Body)
	_ = response.Body.Close()
	fmt.Printf("%s %v\n", got, err)
	// Output: order 4711 <nil>
}

func ExampleNewGetTranscriptPaginator() {
	srv := startFake()
	defer srv.Close()
	contact := srv.NewChat()
	ctx := context.Background()
	client := connectparticipant.New(connectparticipant.Options{BaseEndpoint: &srv.URL})
	token, err := connect(ctx, client, contact.Agent.Token)
	if err != nil {
		log.Fatal(err)
	}
	for _, line := range []string{"one", "two", "three"} {
		contact.Customer.Say(line)
	}

	pages := connectparticipant.NewGetTranscriptPaginator(client, &connectparticipant.GetTranscriptInput{
		ConnectionToken: token,
		MaxResults:      aws.Int32(2),
	})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println("a page")
		for _, item := range page.Transcript {
			fmt.Println(" ", item.Type, aws.ToString(item.Content))
		}
	}
	// Output:
	// a page
	//   MESSAGE three
	//   MESSAGE two
	// a page
	//   MESSAGE one
	//   EVENT
}

// How to handle an error depends on its kind.
func ExampleIsAccessDenied() {
	srv := startFake()
	defer srv.Close()
	contact := srv.NewChat()
	client := connectparticipant.New(connectparticipant.Options{BaseEndpoint: &srv.URL})

	// The participant token is valid for CreateParticipantConnection only.
	err := greet(context.Background(), client, contact.Customer.Token)

	var invalid *types.ValidationException
	switch {
	case connectparticipant.IsAccessDenied(err):
		fmt.Println("the token is wrong, or the chat has ended")
	case connectparticipant.IsThrottled(err):
		fmt.Println("wait before the next call")
	case errors.As(err, &invalid):
		fmt.Println("the service refused the request:", invalid.ErrorMessage())
	case err != nil:
		fmt.Println("report this, with the request id", connectparticipant.RequestID(err))
	}
	// Output: the token is wrong, or the chat has ended
}

// An AWS configuration provides region, HTTP client, retries and logging; its credentials are not
// used.
func ExampleNewFromConfig() {
	cfg := aws.Config{Region: "eu-west-2", RetryMaxAttempts: 5} // usually from config.LoadDefaultConfig
	client := connectparticipant.NewFromConfig(cfg, func(o *connectparticipant.Options) {
		o.APIOptions = append(o.APIOptions, awsmiddleware.AddUserAgentKeyValue("my-bridge", "1.2.0"))
	})
	fmt.Println(client.Options().Region, client.Options().Retryer.MaxAttempts())
	// Output: eu-west-2 5
}

func ExampleParseTime() {
	t, err := connectparticipant.ParseTime("2019-11-08T02:41:28.172Z")
	fmt.Println(t.Year(), t.Nanosecond()/1e6, err)
	// Output: 2019 172 <nil>
}

// Secrets and contents are hidden even if a slice is logged.
func ExampleRedacted() {
	transcript := []types.Item{
		{Id: aws.String("item-1"), ContentType: aws.String("text/plain"), Content: aws.String("My PIN is 1234"), DisplayName: aws.String("Jane")},
		{Id: aws.String("item-2"), ContentType: aws.String("application/vnd.amazonaws.connect.event.chat.ended")},
	}
	logger := slog.New(slog.NewJSONHandler(os.Stdout, &slog.HandlerOptions{ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
		if a.Key == slog.TimeKey {
			return slog.Attr{}
		}
		return a
	}}))
	logger.Info("read", "items", connectparticipant.Redacted(transcript))
	fmt.Printf("%s\n", connectparticipant.Redacted(map[string]any{"first": transcript[0]}))
	// Output:
	// {"level":"INFO","msg":"read","items":[{"Content":"[redacted, 14 bytes]","ContentType":"text/plain","DisplayName":"[redacted, 4 bytes]","Id":"item-1"},{"ContentType":"application/vnd.amazonaws.connect.event.chat.ended","Id":"item-2"}]}
	// [{"Content":"[redacted, 14 bytes]","ContentType":"text/plain","DisplayName":"[redacted, 4 bytes]","Id":"item-1"}]
}
