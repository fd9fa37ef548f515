// SPDX-License-Identifier: Apache-2.0

package participanttest_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/participant-go/connectparticipant/participanttest"
)

// A customer connects, the agent writes, and the customer reads the transcript. In a test
// participanttest.Start(t) takes the place of New and Close.
func Example() {
	srv, err := participanttest.New()
	if err != nil {
		fmt.Println(err)
		return
	}
	defer srv.Close()
	contact := srv.NewChat()

	var connection struct {
		ConnectionCredentials struct{ ConnectionToken string }
	}
	ask(srv, "/participant/connection", contact.Customer.Token,
		`{"Type":["CONNECTION_CREDENTIALS"],"ConnectParticipant":true}`, &connection)
	contact.Agent.Say("How can I help?")

	var page struct {
		Transcript []struct{ ParticipantRole, ContentType, Content string }
	}
	ask(srv, "/participant/transcript", connection.ConnectionCredentials.ConnectionToken, `{"SortOrder":"ASCENDING"}`, &page)
	for _, item := range page.Transcript {
		fmt.Printf("%s %s %q\n", item.ParticipantRole, item.ContentType, item.Content)
	}
	// Output:
	// CUSTOMER application/vnd.amazonaws.connect.event.participant.joined ""
	// AGENT text/plain "How can I help?"
}

// ask makes a call with a token, reads its response into out, and returns the status.
func ask(srv *participanttest.Server, path, token, body string, out any) (status int) {
	req, _ := http.NewRequest(http.MethodPost, srv.URL+path, strings.NewReader(body))
	req.Header.Set("X-Amz-Bearer", token)
	resp, err := srv.Client().Do(req)
	if err != nil {
		fmt.Println(err)
		return 0
	}
	defer func() { _ = resp.Body.Close() }()
	_ = json.NewDecoder(resp.Body).Decode(out)
	return resp.StatusCode
}

// The first call is throttled as by the service, the second succeeds.
func ExampleServer_Inject() {
	srv, err := participanttest.New()
	if err != nil {
		fmt.Println(err)
		return
	}
	defer srv.Close()
	contact := srv.NewChat()
	fault := srv.Inject(participanttest.Fault{
		On: "CreateParticipantConnection", Times: 1, Effect: participanttest.Fail(http.StatusTooManyRequests, "ThrottlingException"),
	})
	defer fault.Remove()

	for range 2 {
		fmt.Println(ask(srv, "/participant/connection", contact.Customer.Token, `{"Type":["CONNECTION_CREDENTIALS"]}`, new(any)))
	}
	fmt.Println(srv.Count("CreateParticipantConnection"), "calls")
	// Output:
	// 429
	// 200
	// 2 calls
}

// A day passes on the server's clock at no cost.
func ExampleServer_Advance() {
	srv, err := participanttest.New()
	if err != nil {
		fmt.Println(err)
		return
	}
	defer srv.Close()
	before := srv.Now()
	srv.Advance(24 * time.Hour)
	fmt.Println(srv.Now().Sub(before).Round(time.Hour))
	// Output: 24h0m0s
}

// Transcript returns every item that the transcript has, whatever the client under test has seen of it.
func ExampleContact_Transcript() {
	srv, err := participanttest.New()
	if err != nil {
		fmt.Println(err)
		return
	}
	defer srv.Close()
	contact := srv.NewChat()
	contact.Agent.Say("How can I help?")
	contact.Agent.ShareFile("order.txt", "text/plain", []byte("order 4711"))
	for _, item := range contact.Transcript() {
		fmt.Println(item.Type, item.Content, len(item.Attachments))
	}
	// Output:
	// MESSAGE How can I help? 0
	// ATTACHMENT  1
}
