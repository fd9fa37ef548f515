// SPDX-License-Identifier: Apache-2.0

package participanttest

import (
	"fmt"
	"net/http"
	"time"

	"github.com/coder/websocket"
)

// Effect is what a Fault does. Each constructor says where it makes sense; elsewhere it
// does nothing.
type Effect struct {
	kind        effectKind
	status      int
	code        string
	contentType string
	body        string
	delay       time.Duration
	closeCode   websocket.StatusCode
	fault       uint64 // the Injected whose effect it is, once it has struck
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

// Fail answers an operation, an upload, a download or an upgrade with a status and an
// error code of the service, without doing anything else. On a ping it answers with the
// status in the frame.
func Fail(status int, code string) Effect {
	checkStatus(status)
	return Effect{kind: effectFail, status: status, code: code}
}

// Respond answers an operation, an upload, a download or an upgrade with a body of your
// own and no error type, as a proxy does.
func Respond(status int, contentType, body string) Effect {
	checkStatus(status)
	return Effect{kind: effectRespond, status: status, contentType: contentType, body: body}
}

// checkStatus panics where net/http would, later.
func checkStatus(status int) {
	if status < 200 || status > 599 {
		panic(fmt.Sprintf("participanttest: no answer has status %d", status))
	}
}

// RespondHTML answers as a proxy without manners does.
func RespondHTML(status int) Effect {
	return Respond(status, "text/html", "<html><body><h1>"+http.StatusText(status)+"</h1></body></html>")
}

// Truncate does what the operation asks for and cuts the connection in the middle of
// the response's body. A notification ends in the middle.
func Truncate() Effect { return Effect{kind: effectTruncate} }

// Delay lets an operation, an upload, a download or an upgrade wait for d in real time,
// the answer to a frame, a push or a notification for d on the server's clock. What waits happens also if
// the client has gone meanwhile.
func Delay(d time.Duration) Effect { return Effect{kind: effectDelay, delay: d} }

// DropBefore cuts the connection of an operation, an upload, a download or an upgrade
// before anything is done.
func DropBefore() Effect { return Effect{kind: effectDropBefore} }

// DropAfter does what the operation asks for and cuts the connection without an answer.
func DropAfter() Effect { return Effect{kind: effectDropAfter} }

// Ignore leaves a frame unanswered, a subscription not made; an operation or an upgrade
// without an answer until the client gives up.
func Ignore() Effect { return Effect{kind: effectIgnore} }

// Refuse answers a subscription with status failure.
func Refuse() Effect { return Effect{kind: effectRefuse} }

// GatewayError puts the gateway's error object in place of the answer to a frame, or
// before a push.
func GatewayError() Effect { return Effect{kind: effectGatewayError} }

// Close closes the socket in place of the answer to a frame, or of a push: with the code
// in a close frame, or with 0 by a reset of the connection.
func Close(code int) Effect { return Effect{kind: effectClose, closeCode: websocket.StatusCode(code)} }

// Silent makes the socket noPushes-mute from now on: it reads and never writes. It can
// strike an upgrade, a frame or a push.
func Silent() Effect { return Effect{kind: effectSilent} }

// Unread stops the server from reading the socket, from now on.
func Unread() Effect { return Effect{kind: effectUnread} }

// Blackhole is Silent and Unread: a host that has vanished without a word.
func Blackhole() Effect { return Effect{kind: effectBlackhole} }

// Lose loses a push on one socket, or a notification; the item is in the transcript all the same.
func Lose() Effect { return Effect{kind: effectLose} }

// Duplicate pushes or publishes an item twice; the notification has the same MessageId then.
func Duplicate() Effect { return Effect{kind: effectDuplicate} }

// Reorder holds a push back until the next one on the same socket that it doesn't strike
// has gone out, or for a second on the server's clock: give the fault Times or Chance. A
// notification waits for the next one of the chat.
func Reorder() Effect { return Effect{kind: effectReorder} }

// Lag hides an item from GetTranscript until d has passed on the server's clock, as a
// transcript that lags behind the pushes does. It goes with OnTranscript.
func Lag(d time.Duration) Effect { return Effect{kind: effectLag, delay: d} }

// LagForever keeps an item out of the transcript for good.
func LagForever() Effect { return Effect{kind: effectLag, delay: never} }

// Forge replaces the signature of a notification by another text's. It goes with OnPublish.
func Forge() Effect { return Effect{kind: effectForge} }
