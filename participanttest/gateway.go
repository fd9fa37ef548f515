package participanttest

import (
	"bytes"
	"encoding/json"

	"github.com/coder/websocket"
	"github.com/google/uuid"
)

const (
	topicChat      = "aws/chat"
	topicSubscribe = "aws/subscribe"
	topicHeartbeat = "aws/heartbeat"
	topicPing      = "aws/ping"
)

// incoming is a frame of a client. Content is read by those that need it.
type incoming struct {
	Topic   string          `json:"topic"`
	Content json.RawMessage `json:"content"`
}

// acknowledgement answers a subscription. Its content is an object, unlike a push's.
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

// gatewayError has no topic, which is how a client knows it.
type gatewayError struct {
	Message      string `json:"message"`
	ConnectionID string `json:"connectionId"`
	RequestID    string `json:"requestId"`
}

// receive takes a frame in: every frame of every client enters here. One that is no
// text, no JSON or of no known topic gets the gateway's error.
func (s *Server) receive(k *socket, kind websocket.MessageType, text []byte) {
	var in incoming
	if kind == websocket.MessageText {
		in = parseFrame(text)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.count(in.Topic, k.participant)
	switch in.Topic {
	case topicSubscribe:
		k.answer(acknowledgement{topicSubscribe, k.subscribe(in.Content)})
	case topicHeartbeat:
		k.answer(heartbeat{topicHeartbeat})
	case topicPing:
		k.answer(pong{topicPing, 200, "OK"})
	default:
		k.answer(gatewayError{"Forbidden", k.id, uuid.NewString()})
	}
}

// parseFrame ignores what follows the JSON: the iOS client ends its subscription with a
// stray bracket. What is no object has no topic.
func parseFrame(text []byte) incoming {
	var in incoming
	if json.NewDecoder(bytes.NewReader(text)).Decode(&in) != nil {
		return incoming{}
	}
	return in
}

// subscribe knows one topic. From here on pushes reach the socket.
func (k *socket) subscribe(content json.RawMessage) subscription {
	var in struct {
		Topics []string `json:"topics"`
	}
	if json.Unmarshal(content, &in) != nil || len(in.Topics) != 1 || in.Topics[0] != topicChat {
		return subscription{"failure", append([]string{}, in.Topics...)}
	}
	k.subscribed = true
	k.srv.changed()
	return subscription{"success", in.Topics}
}

func (k *socket) answer(value any) { k.enqueue(frame{text: encode(value)}) }
