package participanttest_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"

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

	call := func(path, token, body string, out any) {
		req, _ := http.NewRequest(http.MethodPost, srv.URL+path, strings.NewReader(body))
		req.Header.Set("X-Amz-Bearer", token)
		resp, err := srv.Client().Do(req)
		if err != nil {
			fmt.Println(err)
			return
		}
		defer func() { _ = resp.Body.Close() }()
		_ = json.NewDecoder(resp.Body).Decode(out)
	}

	var connection struct {
		ConnectionCredentials struct{ ConnectionToken string }
	}
	call("/participant/connection", contact.Customer.Token,
		`{"Type":["CONNECTION_CREDENTIALS"],"ConnectParticipant":true}`, &connection)
	contact.Agent.Say("How can I help?")

	var page struct {
		Transcript []struct{ ParticipantRole, ContentType, Content string }
	}
	call("/participant/transcript", connection.ConnectionCredentials.ConnectionToken, `{"SortOrder":"ASCENDING"}`, &page)
	for _, item := range page.Transcript {
		fmt.Printf("%s %s %q\n", item.ParticipantRole, item.ContentType, item.Content)
	}
	// Output:
	// CUSTOMER application/vnd.amazonaws.connect.event.participant.joined ""
	// AGENT text/plain "How can I help?"
}
