// SPDX-License-Identifier: Apache-2.0

package control_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"

	"github.com/participant-go/connectparticipant/participanttest"
	"github.com/participant-go/connectparticipant/participanttest/control"
)

// A Go program serves the fake with its control API and page, as participant serve -control does.
func ExampleHandler() {
	srv, err := participanttest.New()
	if err != nil {
		fmt.Println(err)
		return
	}
	defer srv.Close()
	handler := control.Handler(srv)
	srv.Handle(control.Prefix, handler)
	srv.Handle(control.Page, handler)

	request := func(method, path, body string, out any) {
		req, _ := http.NewRequest(method, srv.URL+"/_control/v1/"+path, strings.NewReader(body))
		req.Header.Set("X-Participant-Control", "1")
		resp, err := srv.Client().Do(req)
		if err != nil {
			fmt.Println(err)
			return
		}
		defer func() { _ = resp.Body.Close() }()
		_ = json.NewDecoder(resp.Body).Decode(out)
	}
	var chat struct{ ContactId string }
	request("POST", "chats", `{"AgentName":"Grace"}`, &chat)
	request("POST", "chats/"+chat.ContactId+"/participants/agent/messages", `{"Content":"How can I help?"}`, &struct{}{})
	var page struct {
		Items []struct{ DisplayName, Content string }
	}
	request("GET", "chats/"+chat.ContactId+"/items", "", &page)
	for _, item := range page.Items {
		fmt.Printf("%s: %s\n", item.DisplayName, item.Content)
	}
	// Output:
	// Grace: How can I help?
}
