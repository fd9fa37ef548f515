// SPDX-License-Identifier: Apache-2.0

package participanttest_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"

	"github.com/participant-go/connectparticipant/participanttest"
)

// The code under test starts a chat, as in production, and the flow greets its customer.
func Example_startChatContact() {
	greeted := make(chan *participanttest.Contact)
	srv, err := participanttest.New(func(o *participanttest.Options) {
		o.Flow = func(ctx context.Context, c *participanttest.Contact) {
			c.System.Say("Welcome, " + c.Customer.DisplayName + ". Your order is " + c.Attributes()["order"] + ".")
			select {
			case greeted <- c:
			case <-ctx.Done():
			}
		}
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer srv.Close()

	// An official client with srv.URL as its endpoint sends the same.
	req, _ := http.NewRequest(http.MethodPut, srv.URL+"/contact/chat", strings.NewReader(`{
		"InstanceId": "my-instance", "ContactFlowId": "my-flow",
		"ParticipantDetails": {"DisplayName": "Ana"}, "Attributes": {"order": "4711"}
	}`))
	resp, err := srv.Client().Do(req)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer func() { _ = resp.Body.Close() }()
	var started struct{ ContactId, ParticipantToken string }
	_ = json.NewDecoder(resp.Body).Decode(&started)
	ask(srv, "/participant/connection", started.ParticipantToken, `{"Type":["CONNECTION_CREDENTIALS"],"ConnectParticipant":true}`, new(any))

	contact := <-greeted
	fmt.Println(contact == srv.Contact(started.ContactId), contact.FlowID)
	for _, item := range contact.Transcript() {
		fmt.Printf("%s %q\n", item.ParticipantRole, item.Content)
	}
	// Output:
	// true my-flow
	// CUSTOMER ""
	// SYSTEM "Welcome, Ana. Your order is 4711."
}
