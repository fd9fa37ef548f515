// SPDX-License-Identifier: Apache-2.0

package control

import (
	_ "embed" // for openapi.json
	"net/http"
)

// base begins the path of every route of version 1.
const base = Prefix + "v1/"

const (
	get  = http.MethodGet
	post = http.MethodPost
	del  = http.MethodDelete

	chat        = "chats/{ContactId}"
	participant = chat + "/participants/{ParticipantId}"
)

// routes is the whole API: the handler serves these, and a test holds openapi.json
// against them.
var routes = []route{
	raw(get, base+"openapi.json", serveOpenAPI),

	handle(get, "chats", listChats),
	handle(post, "chats", createChat),
	handle(get, chat, describeChat),
	handle(get, chat+"/items", listItems),
	handle(post, chat+"/end", endChat),

	handle(get, participant, describeParticipant),
}

//go:embed openapi.json
var openAPI []byte

func serveOpenAPI(_ *control, w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	_, _ = w.Write(openAPI)
}
