// SPDX-License-Identifier: Apache-2.0

package streaming_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/participant-go/connectparticipant"
	"github.com/participant-go/connectparticipant/chat"
	"github.com/participant-go/connectparticipant/participanttest"
	"github.com/participant-go/connectparticipant/streaming"
	"github.com/participant-go/connectparticipant/types"
)

// A bot as a Lambda function, for an SQS queue or for the topic itself. Pass the handler to
// lambda.Start.
func Example() {
	client, botToken, notified, done := startBot()
	defer done()

	seen := streaming.Memory(10_000)
	handler := func(ctx context.Context, payload json.RawMessage) (streaming.BatchResponse, error) {
		return streaming.BatchResponseOf(streaming.Handle(ctx, payload, seen, func(ctx context.Context, n streaming.Notification) error {
			m, ok := n.Event.(chat.Message)
			if !ok || m.From.Role != types.ParticipantRoleCustomer {
				return nil
			}
			_, err := client.SendMessage(ctx, &connectparticipant.SendMessageInput{
				ConnectionToken: botToken,
				ClientToken:     aws.String(n.Key()),
				ContentType:     aws.String("text/plain"),
				Content:         aws.String("You said: " + m.Text),
			})
			return err
		}))
	}

	response, err := handler(context.Background(), participanttest.LambdaSQS(notified("Hello"), notified("Anybody?"), []byte("broken")))
	fmt.Println(response.BatchItemFailures, err)
	// Output:
	// customer: Hello
	// customer: Anybody?
	// [{message-2}] <nil>
	// bot: You said: Hello
	// bot: You said: Anybody?
}

// startBot starts the fake with a chat that a bot has joined. notified sends a message from the
// customer and returns its notification; done prints the messages of the bot.
func startBot() (client *connectparticipant.Client, botToken *string, notified func(text string) []byte, done func()) {
	published := make(chan []byte, 10)
	srv, err := participanttest.New(func(o *participanttest.Options) {
		o.Stream = func(payload []byte) { published <- payload }
	})
	if err != nil {
		log.Fatal(err)
	}
	contact := srv.NewChat(func(o *participanttest.ChatOptions) { o.Streaming = true })
	bot := contact.AddParticipant(types.ParticipantRoleCustomBot, "Bot")
	client = connectparticipant.New(connectparticipant.Options{BaseEndpoint: &srv.URL, HTTPClient: srv.Client()})
	out, err := client.CreateParticipantConnection(context.Background(), &connectparticipant.CreateParticipantConnectionInput{
		ParticipantToken: &bot.Token, ConnectParticipant: aws.Bool(true), Type: []types.ConnectionType{types.ConnectionTypeConnectionCredentials},
	})
	if err != nil {
		log.Fatal(err)
	}
	<-published // the bot's joining
	notified = func(text string) []byte {
		fmt.Println("customer:", text)
		contact.Customer.Say(text)
		return <-published
	}
	done = func() {
		defer srv.Close()
		for _, item := range contact.Transcript() {
			if item.ParticipantId == bot.ID && item.Type == "MESSAGE" {
				fmt.Println("bot:", item.Content)
			}
		}
	}
	return client, out.ConnectionCredentials.ConnectionToken, notified, done
}

// An HTTPS endpoint. SNS retries after a response of 429 or 5xx, and drops the notification after others.
func ExampleVerifier() {
	verifier := &streaming.Verifier{TopicARNs: []string{"arn:aws:sns:us-west-2:111122223333:chat-messages"}}
	handler := func(w http.ResponseWriter, r *http.Request) {
		payload, err := io.ReadAll(http.MaxBytesReader(w, r.Body, 1<<20))
		if err == nil {
			err = verifier.Verify(r.Context(), payload)
		}
		switch {
		case err != nil: // see below
		case r.Header.Get("X-Amz-Sns-Message-Type") == "SubscriptionConfirmation":
			err = verifier.Confirm(r.Context(), payload)
		default:
			err = streaming.Handle(r.Context(), payload, nil, func(context.Context, streaming.Notification) error { return nil })
		}
		switch {
		case errors.Is(err, streaming.ErrNotVerified):
			w.WriteHeader(http.StatusForbidden)
		case err != nil:
			w.WriteHeader(http.StatusServiceUnavailable)
		}
	}

	response := httptest.NewRecorder()
	handler(response, httptest.NewRequest(http.MethodPost, "/sns", strings.NewReader(`{"Type":"Notification","TopicArn":"another"}`)))
	fmt.Println(response.Code)
	// Output: 403
}

// A function that processes messages before they are delivered.
func ExampleProcessMessages() {
	handler := streaming.ProcessMessages(func(_ context.Context, c streaming.ChatContent) (streaming.ChatContent, streaming.ProcessingStatus, error) {
		if c.ParticipantRole != string(types.ParticipantRoleCustomer) {
			return c, streaming.StatusApproved, nil
		}
		c.Content = "[redacted]"
		return c, streaming.StatusProcessed, nil
	})

	result, err := handler(context.Background(), streaming.ProcessingEvent{
		ChatContent: streaming.ChatContent{Content: "my card is …", ContentType: "text/plain", ParticipantRole: "CUSTOMER"},
	})
	response, _ := json.Marshal(result)
	fmt.Println(string(response), err)
	// Output: {"status":"PROCESSED","result":{"processedChatContent":{"content":"[redacted]","contentType":"text/plain"}}} <nil>
}

// A message is shown while it is written. Its chunks arrive in any order.
func ExampleAssembler() {
	var assembler streaming.Assembler
	chunk := func(number int, text string) streaming.Notification {
		return streaming.Notification{Event: chat.Progress{Meta: chat.Meta{ID: "one"}, Chunk: number, Text: text}}
	}
	for _, n := range [][]streaming.Notification{{chunk(2, ", cruel")}, {chunk(1, "Hello")}, {chunk(3, " world")}} {
		for _, n := range assembler.Add(n...) {
			fmt.Println(n.Event.(chat.Progress).Text)
		}
	}
	// Output:
	// Hello
	// Hello, cruel
	// Hello, cruel world
}
