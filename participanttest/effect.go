// SPDX-License-Identifier: Apache-2.0

package participanttest

import (
	"fmt"
	"net/http"
	"time"

	"github.com/coder/websocket"
)

// Effect is what a Fault does. Each constructor documents where it works; Server.Inject panics if
// Fault.On names another place. Operations are those of the service and of Amazon Connect.
type Effect struct {
	kind        effectKind
	status      int
	code        string
	contentType string
	body        string
	delay       time.Duration
	closeCode   websocket.StatusCode
	fault       uint64 // the ID of the Injected, once it has been applied
}

type effectKind int

const (
	effectNone effectKind = iota
	effectFail
	effectRespond
	effectTruncate
	effectDelay
	effectDropBefore
	effectDropAfter
	effectIgnore
	effectRefuse
	effectGatewayError
	effectClose
	effectSilent
	effectUnread
	effectBlackhole
	effectLose
	effectDuplicate
	effectReorder
	effectLag
	effectForge
)

// Fail responds to an operation, an upload, a download or an upgrade with a status from 400 to 599 and an
// error code of the service, and does nothing else. With an empty code the response doesn't name an
// error. For OnPing the status is in the frame of the response. Fail panics for any other status.
func Fail(status int, code string) Effect {
	checkStatus(status, minFailure)
	return Effect{kind: effectFail, status: status, code: code}
}

// Respond responds to an operation, an upload, a download or an upgrade with the given body and without
// an error type, as a proxy does. It panics for a status that isn't from 200 to 599.
func Respond(status int, contentType, body string) Effect {
	checkStatus(status, minStatus)
	return Effect{kind: effectRespond, status: status, contentType: contentType, body: body}
}

const (
	minStatus  = 200 // net/http panics below it
	minFailure = 400
	maxStatus  = 599
)

func checkStatus(status, lowest int) {
	if status < lowest || status > maxStatus {
		panic(fmt.Sprintf("participanttest: status %d isn't from %d to %d", status, lowest, maxStatus))
	}
}

// RespondHTML responds with an HTML page, as a misconfigured proxy does.
func RespondHTML(status int) Effect {
	return Respond(status, "text/html", "<html><body><h1>"+http.StatusText(status)+"</h1></body></html>")
}

// Truncate performs the operation and cuts the connection in the middle of the response body. A
// notification is cut in the middle.
func Truncate() Effect { return Effect{kind: effectTruncate} }

// Delay delays an operation, an upload, a download or an upgrade by d in real time; the response to a
// frame, a push or a notification by d on the server's clock. A delayed operation is performed even if
// the client has disconnected in the meantime.
func Delay(d time.Duration) Effect { return Effect{kind: effectDelay, delay: d} }

// DropBefore cuts the connection of an operation, an upload, a download or an upgrade before anything
// is done.
func DropBefore() Effect { return Effect{kind: effectDropBefore} }

// DropAfter performs the operation and cuts the connection without a response. It works on operations.
func DropAfter() Effect { return Effect{kind: effectDropAfter} }

// Ignore sends no response to an operation, an upload, a download, an upgrade or a frame, and doesn't
// make a subscription. A request waits until the client gives up.
func Ignore() Effect { return Effect{kind: effectIgnore} }

// Refuse responds to a subscription with status failure.
func Refuse() Effect { return Effect{kind: effectRefuse} }

// GatewayError sends the gateway's error object instead of the response to a frame, or before a push.
func GatewayError() Effect { return Effect{kind: effectGatewayError} }

// Close closes the socket instead of responding to a frame or pushing an item. The code is sent in a
// close frame; 0 resets the connection.
func Close(code int) Effect { return Effect{kind: effectClose, closeCode: websocket.StatusCode(code)} }

// Silent makes the server stop writing to the socket, while it continues to read from it. It works on
// an upgrade, a frame or a push.
func Silent() Effect { return Effect{kind: effectSilent} }

// Unread makes the server stop reading from the socket, while it continues to write to it. It works in
// the same places as Silent.
func Unread() Effect { return Effect{kind: effectUnread} }

// Blackhole combines Silent and Unread, as if the server had lost its network. It works in the same
// places.
func Blackhole() Effect { return Effect{kind: effectBlackhole} }

// Lose drops a push on one socket, or a notification. The transcript still has the item.
func Lose() Effect { return Effect{kind: effectLose} }

// Duplicate pushes or publishes an item twice. Both notifications have the same MessageId.
func Duplicate() Effect { return Effect{kind: effectDuplicate} }

// Reorder holds a push back until the next push on the same socket has been sent, or for a second on
// the server's clock. The next push must not match the fault too: set Times or Chance. A notification
// waits for the next one of the chat.
func Reorder() Effect { return Effect{kind: effectReorder} }

// Lag hides an item from GetTranscript until d has passed on the server's clock, as a transcript that
// lags behind the pushes does. It works on OnTranscript.
func Lag(d time.Duration) Effect { return Effect{kind: effectLag, delay: d} }

// LagForever hides an item from GetTranscript forever. It works on OnTranscript.
func LagForever() Effect { return Effect{kind: effectLag, delay: never} }

// Forge replaces the signature of a notification by the signature of another text. It works on
// OnPublish.
func Forge() Effect { return Effect{kind: effectForge} }
