// SPDX-License-Identifier: Apache-2.0

package participanttest

import (
	"bytes"
	"encoding/json"
	"net/http"

	"github.com/coder/websocket"
)

const (
	topicChat      = "aws/chat"
	topicSubscribe = "aws/subscribe"
	topicHeartbeat = "aws/heartbeat"
	topicPing      = "aws/ping"
)

// incoming is a frame of a client. Only some topics decode Content.
type incoming struct {
	Topic   string          `json:"topic"`
	Content json.RawMessage `json:"content"`
}

// acknowledgement is the response to a subscription. Its content is an object, unlike a push's.
type acknowledgement struct {
	Topic   string       `json:"topic"`
	Content subscription `json:"content"`
}

type subscription struct {
	Status string   `json:"status"`
	Topics []string `json:"topics"`
}

type heartbeat struct {
	Topic string `json:"topic"`
}

type pong struct {
	Topic         string `json:"topic"`
	StatusCode    int    `json:"statusCode"`
	StatusContent string `json:"statusContent"`
}

// gatewayError has no topic; clients recognize it by that.
type gatewayError struct {
	Message      string `json:"message"`
	ConnectionID string `json:"connectionId"`
	RequestID    string `json:"requestId"`
}

// receive handles every frame of every client. A frame that isn't text, isn't JSON or has an unknown
// topic gets the gateway's error.
func (s *Server) receive(k *socket, kind websocket.MessageType, text []byte) {
	var in incoming
	if kind == websocket.MessageText {
		in = parseFrame(text)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	k.used = s.now()
	s.count(in.Topic, k.participant)
	e := s.faultOn(k.target(in.Topic))
	k.recordReceived(in.Topic, text, e)
	if k.interfere(e, in) {
		return
	}
	k.respond(in)
}

// respond sends the response to a frame.
func (k *socket) respond(in incoming) {
	switch in.Topic {
	case topicSubscribe:
		k.sendResponse(topicSubscribe, acknowledgement{topicSubscribe, k.subscribe(in.Content)})
	case topicHeartbeat:
		k.sendResponse(topicHeartbeat, heartbeat{topicHeartbeat})
	case topicPing:
		k.sendResponse(topicPing, pong{topicPing, 200, "OK"})
	default:
		k.sendResponse("", k.gatewayError())
	}
}

// parseFrame ignores what follows the JSON: the iOS client ends its subscription with a stray bracket.
// The result has no topic if the frame isn't an object or its topic is unknown.
func parseFrame(text []byte) incoming {
	var in incoming
	if json.NewDecoder(bytes.NewReader(text)).Decode(&in) != nil {
		return incoming{}
	}
	switch in.Topic {
	case topicSubscribe, topicHeartbeat, topicPing:
		return in
	default:
		return incoming{}
	}
}

// subscribe accepts one topic. From then on the socket gets pushes.
func (k *socket) subscribe(content json.RawMessage) subscription {
	var in struct {
		Topics []string `json:"topics"`
	}
	if json.Unmarshal(content, &in) != nil || len(in.Topics) != 1 || in.Topics[0] != topicChat {
		return subscription{"failure", append([]string{}, in.Topics...)}
	}
	k.subscribed = true
	k.srv.changed()
	k.participant.startFlow()
	return subscription{"success", in.Topics}
}

func (k *socket) sendResponse(topic string, value any) {
	k.enqueue(frame{text: encode(value), event: k.newFrame(topic, "", Effect{})})
}

func (k *socket) target(on string) target {
	h := k.participant.target(on)
	h.socket = k.number
	return h
}

// interfere applies an effect in place of the response to a frame. It reports whether the response must
// not be sent.
func (k *socket) interfere(e Effect, in incoming) bool {
	switch {
	case e.kind == effectIgnore:
	case e.kind == effectDelay:
		k.srv.after(e.delay, func() { k.respond(in) })
	case e.kind == effectRefuse && in.Topic == topicSubscribe:
		k.sendResponse(topicSubscribe, acknowledgement{topicSubscribe, subscription{"failure", []string{topicChat}}})
	case e.kind == effectFail && in.Topic == topicPing:
		k.sendResponse(topicPing, pong{topicPing, e.status, http.StatusText(e.status)})
	case e.kind == effectGatewayError:
		k.sendResponse("", k.gatewayError())
	case e.kind == effectClose:
		k.end(e.closeCode, "")
	default:
		k.transport.apply(e)
		return false
	}
	return true
}

func (k *socket) gatewayError() gatewayError {
	return gatewayError{"Forbidden", k.id, newUUID()}
}
