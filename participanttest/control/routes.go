// SPDX-License-Identifier: Apache-2.0

package control

import (
	_ "embed" // for openapi.json
	"net/http"

	"github.com/participant-go/connectparticipant/participanttest"
)

// base begins the path of every route of version 1.
const base = Prefix + "v1/"

const (
	get  = http.MethodGet
	post = http.MethodPost
	del  = http.MethodDelete

	chat        = "chats/{ContactId}"
	participant = chat + "/participants/{ParticipantId}"
	message     = "streams/{StreamId}"
	fault       = "faults/{FaultId}"
	wireItem    = "wire/{Sequence}"
)

// routes is the whole API: the handler serves these routes, and a test compares openapi.json with them.
var routes = []route{
	raw(get, base+"openapi.json", serveOpenAPI),
	handle(get, "server", describeServer),
	handle(get, "snapshot", snapshot),
	handle(post, "reset", reset),

	handle(get, "chats", listChats),
	handle(post, "chats", createChat),
	handle(get, chat, onChat(describeChat)),
	handle(get, chat+"/items", onChat(listItems)),
	handle(get, chat+"/participants", onChat(listParticipants)),
	handle(post, chat+"/participants", onChat(addParticipant)),
	handle(post, chat+"/invite", onChat(invite)),
	handle(post, chat+"/transfer", onChat(transfer)),
	handle(post, chat+"/fail-transfer", onChat(failTransfer)),
	handle(post, chat+"/end", onChat(endChat)),
	handle(post, chat+"/push", onChat(push)),
	handle(post, chat+"/push-frame", onChat(pushFrame)),
	handle(post, chat+"/publish", onChat(publish)),
	handle(post, chat+"/views", onChat(addView)),
	handle(post, chat+"/authentications", onChat(startAuthentication)),
	handle(post, chat+"/authentications/complete", onChat(completeAuthentication)),
	handle(post, chat+"/wait-sockets", waitChatSockets),

	handle(get, participant, onParticipant(describeParticipant)),
	handle(post, participant+"/join", action((*participanttest.Participant).Join)),
	handle(post, participant+"/leave", action((*participanttest.Participant).Leave)),
	handle(post, participant+"/typing", action((*participanttest.Participant).Typing)),
	handle(post, participant+"/idle", action((*participanttest.Participant).Idle)),
	handle(post, participant+"/return", action((*participanttest.Participant).Return)),
	handle(post, participant+"/auto-disconnect", action((*participanttest.Participant).AutoDisconnect)),
	handle(post, participant+"/rename", ifPresent(rename)),
	handle(post, participant+"/messages", ifPresent(say)),
	handle(post, participant+"/mark-delivered", ifPresent(markDelivered)),
	handle(post, participant+"/mark-read", ifPresent(markRead)),
	handle(post, participant+"/files", ifPresent(shareFile)),
	handle(post, participant+"/views", ifPresent(showView)),
	handle(post, participant+"/connection", ifPresent(newConnection)),
	handle(post, participant+"/expire-tokens", action((*participanttest.Participant).ExpireTokens)),
	handle(post, participant+"/close-sockets", onParticipant(closeSockets)),
	handle(post, participant+"/wait-sockets", waitSockets),
	handle(get, participant+"/requests/count", countOwn),
	handle(post, participant+"/requests/wait", waitOwn),

	handle(post, participant+"/streams", startStream),
	handle(post, message+"/chunks", addChunk),
	handle(post, message+"/complete", completeStream),

	handle(get, "faults", listFaults),
	handle(post, "faults", inject),
	handle(del, "faults", clearFaults),
	handle(get, fault, describeFault),
	handle(del, fault, removeFault),
	handle(post, fault+"/wait", waitFault),

	handle(get, "clock", readClock),
	handle(post, "clock/advance", advance),

	handle(get, "requests", listRequests),
	handle(get, "requests/count", count),
	handle(post, "requests/wait", waitRequest),

	handle(get, "wire", listWire),
	handle(get, wireItem, describeWireEvent),

	handle(get, "sns", fetchSNS),
	handle(post, "sns/subscription-confirmation", confirmation),
}

//go:embed openapi.json
var openAPI []byte

func serveOpenAPI(_ *control, w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	_, _ = w.Write(openAPI)
}
