// SPDX-License-Identifier: Apache-2.0

package chat_test

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/participant-go/connectparticipant/participanttest"
)

// wireMessage returns a message of the agent as JSON, with a unique id and this AbsoluteTime.
func (b *bubble) wireMessage(id, absoluteTime string) string {
	b.t.Helper()
	item, err := json.Marshal(participanttest.Item{
		Id: id, Type: "MESSAGE", ContentType: "text/plain", Content: "with an implausible time", AbsoluteTime: absoluteTime,
		ContactId: b.contact.ID, ParticipantId: b.contact.Agent.ID, ParticipantRole: "AGENT",
	})
	require.NoError(b.t, err)
	return string(item)
}

// eventItem returns an item of type EVENT as JSON.
func (b *bubble) eventItem(id, kind string) string {
	b.t.Helper()
	item, err := json.Marshal(participanttest.Item{
		Id: id, Type: "EVENT", ContentType: "application/vnd.amazonaws.connect.event." + kind, Content: "{}",
		AbsoluteTime: time.Now().UTC().Format(isoMillis), ContactId: b.contact.ID,
	})
	require.NoError(b.t, err)
	return string(item)
}

// envelope returns a frame with an item.
func envelope(item string) string {
	content, _ := json.Marshal(item)
	return fmt.Sprintf(`{"topic":"aws/chat","contentType":"application/json","content":%s}`, content)
}

const isoMillis = "2006-01-02T15:04:05.000Z"
