// SPDX-License-Identifier: Apache-2.0

package chat

import (
	"github.com/participant-go/connectparticipant/internal/restjson"
)

const (
	topicChat      = "aws/chat"
	topicSubscribe = "aws/subscribe"
	topicHeartbeat = "aws/heartbeat"
	topicPing      = "aws/ping"

	subscribeFrame = `{"topic":"aws/subscribe","content":{"topics":["aws/chat"]}}`
	heartbeatFrame = `{"topic":"aws/heartbeat"}`
	pingFrame      = `{"topic":"aws/ping"}`
)

// frame is one message of the socket.
type frame struct {
	topic      string // "" if it has none
	content    []byte // an item: the JSON in the string
	status     string // of a subscription
	statusCode int32  // of a ping
	gateway    bool   // an error of the gateway
	unreadable bool   // may have contained an item, but can't be decoded
}

func parseFrame(data []byte) (f frame) {
	err := restjson.Decode(data, f.read)
	switch f.topic {
	case topicChat:
		f.unreadable = err != nil || len(f.content) == 0
	case "":
		f.unreadable = err != nil
	}
	return f
}

// parseItem returns the item of a frame. If it can't be decoded, it marks the frame unreadable and
// returns nil.
func (f *frame) parseItem() *item {
	it, err := liveItem(f.content)
	if err != nil || it.isEmpty() {
		f.unreadable = true
		return nil
	}
	return it
}

func (f *frame) refusal() error {
	if f.status != "success" {
		return errRefused
	}
	return nil
}

func (f *frame) read(r *restjson.Reader) {
	for name := range r.Members() {
		switch string(name) {
		case "topic":
			f.topic = r.Text()
		case "message", "connectionId":
			f.gateway = true
		case "content":
			f.readContent(r)
		case "statusCode":
			var code *int32
			if r.Int32(&code); code != nil {
				f.statusCode = *code
			}
		}
	}
}

// readContent reads a string that contains an item, or the object of an acknowledgement.
func (f *frame) readContent(r *restjson.Reader) {
	switch r.Kind() {
	case '"':
		f.content = r.Bytes()
	case '{':
		for name := range r.Members() {
			if string(name) == "status" && r.Kind() == '"' {
				f.status = r.Text()
			}
		}
	}
}
