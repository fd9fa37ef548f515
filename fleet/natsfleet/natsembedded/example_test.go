// SPDX-License-Identifier: Apache-2.0

package natsembedded_test

import (
	"context"
	"fmt"
	"log"

	"github.com/nats-io/nats.go"

	"github.com/participant-go/connectparticipant/fleet/natsfleet"
	"github.com/participant-go/connectparticipant/fleet/natsfleet/natsembedded"
)

// A store on a server inside the process. Other processes of the machine connect to server.URL().
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
