// SPDX-License-Identifier: Apache-2.0

package connectparticipant_test

import (
	"context"
	"fmt"
	"log"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws/retry"

	"github.com/participant-go/connectparticipant"
	"github.com/participant-go/connectparticipant/participanttest"
)

// greetInOutage sends a message in 150 chats at the same time, while each call fails twice, and
// returns the number of messages that were not sent.
func greetInOutage(srv *participanttest.Server, clientOf func() *connectparticipant.Client) int32 {
	var (
		failed atomic.Int32
		all    sync.WaitGroup
		ready  = make(chan struct{})
	)
	for range 150 {
		contact, client := srv.NewChat(), clientOf()
		token, err := connect(context.Background(), client, contact.Customer.Token)
		if err != nil {
			log.Fatal(err)
		}
		srv.Inject(participanttest.Fault{On: "SendMessage", Contact: contact, Times: 2, Effect: participanttest.RespondHTML(http.StatusServiceUnavailable)})
		all.Go(func() {
			<-ready
			if greet(context.Background(), client, *token) != nil {
				failed.Add(1)
			}
		})
	}
	close(ready)
	all.Wait()
	return failed.Load()
}

// The calls of a client share a retry quota. Give each chat its own client, and therefore its own
// quota, with a shared HTTPClient, and therefore shared connections. The sessions of package chat
// need only one client.
func ExampleNew_manyChats() {
	srv := startFake()
	defer srv.Close()
	options := connectparticipant.Options{BaseEndpoint: &srv.URL, HTTPClient: srv.Client()}
	quick := func(o *connectparticipant.Options) {
		o.Retryer = retry.AddWithMaxBackoffDelay(o.Retryer, time.Millisecond)
	}

	one := connectparticipant.New(options, quick)
	failed := greetInOutage(srv, func() *connectparticipant.Client { return one })
	fmt.Println("one client for all chats, some messages not sent:", failed > 0)

	failed = greetInOutage(srv, func() *connectparticipant.Client { return connectparticipant.New(options, quick) })
	fmt.Println("a client for each chat, messages not sent:", failed)
	// Output:
	// one client for all chats, some messages not sent: true
	// a client for each chat, messages not sent: 0
}
