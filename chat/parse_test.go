// SPDX-License-Identifier: Apache-2.0

package chat_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/participant-go/connectparticipant/chat"
	"github.com/participant-go/connectparticipant/participanttest"
	"github.com/participant-go/connectparticipant/types"
)

func TestParseItem(t *testing.T) {
	t.Parallel()
	const prefix = `{"Id":"i-1","AbsoluteTime":"2026-11-02T08:15:30.120Z","ParticipantId":"p-1","ParticipantRole":"AGENT","DisplayName":"Ann","ContactId":"c-2","InitialContactId":"c-1",`
	meta := chat.Meta{
		ID: "i-1", Time: time.Date(2026, 11, 2, 8, 15, 30, 120e6, time.UTC), AbsoluteTime: "2026-11-02T08:15:30.120Z",
		From:      chat.From{ParticipantID: "p-1", Role: types.ParticipantRoleAgent, DisplayName: "Ann"},
		ContactID: "c-2", InitialContactID: "c-1",
	}
	for name, test := range map[string]struct {
		raw  string
		want func(m chat.Meta) []chat.Event
	}{
		"a message": {`"Type":"MESSAGE","ContentType":"text/plain","Content":"Hello"}`, func(m chat.Meta) []chat.Event {
			return []chat.Event{chat.Message{Meta: m, ContentType: "text/plain", Text: "Hello"}}
		}},
		"an attachment": {`"Type":"ATTACHMENT","Attachments":[{"AttachmentId":"a-1","AttachmentName":"a.txt","ContentType":"text/plain","Status":"APPROVED"}]}`, func(m chat.Meta) []chat.Event {
			return []chat.Event{chat.Message{Meta: m, Attachments: []chat.Attachment{{ID: "a-1", Name: "a.txt", ContentType: "text/plain", Status: types.ArtifactStatusApproved}}}}
		}},
		"a chunk": {`"Type":"MESSAGE","ContentType":"text/plain","Content":"Hel","MessageMetadata":{"MessageCompleted":false,"ChunkNumber":2}}`, func(m chat.Meta) []chat.Event {
			return []chat.Event{chat.Progress{Meta: m, Text: "Hel", Chunk: 2}}
		}},
		"typing": {`"Type":"EVENT","ContentType":"application/vnd.amazonaws.connect.event.typing"}`, func(m chat.Meta) []chat.Event {
			return []chat.Event{chat.Typing{Meta: m}}
		}},
		"the end": {`"Type":"EVENT","ContentType":"application/vnd.amazonaws.connect.event.chat.ended"}`, func(m chat.Meta) []chat.Event {
			return []chat.Event{chat.ChatEnded{Meta: m}}
		}},
		"an unknown event": {`"Type":"EVENT","ContentType":"application/vnd.amazonaws.connect.event.hologram","Content":"{}"}`, func(m chat.Meta) []chat.Event {
			return []chat.Event{chat.Other{Meta: m, Type: "EVENT", ContentType: "application/vnd.amazonaws.connect.event.hologram", Content: "{}"}}
		}},
		"nothing but metadata": {`"Type":"MESSAGEMETADATA","ContentType":"application/vnd.amazonaws.connect.event.message.metadata"}`, func(chat.Meta) []chat.Event { return nil }},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			events, err := chat.ParseItem([]byte(prefix + test.raw))
			require.NoError(t, err)
			m := meta
			m.Raw = []byte(prefix + test.raw)
			require.Equal(t, test.want(m), events)
		})
	}
}

func TestParseItemRejectsInvalidItems(t *testing.T) {
	t.Parallel()
	for _, raw := range []string{"", "null", "{}", "[]", `"text"`, `{"Id":{}}`, `{"Id":"i-1"`, "secret text"} {
		events, err := chat.ParseItem([]byte(raw))
		require.Error(t, err, raw)
		require.Empty(t, events)
		require.NotContains(t, err.Error(), "secret")
	}
}

// ParseItem of Raw returns the same event.
func TestParseItemOfRaw(t *testing.T) {
	t.Parallel()
	inBubble(t, func(b *bubble) {
		b.contact.Agent.Join()
		s := b.start()
		sent, err := s.Send(b.t.Context(), "mine")
		require.NoError(b.t, err)
		b.contact.Agent.MarkRead(sent.ID)
		b.contact.Agent.ShareFile("a.txt", "text/plain", []byte("hello"))
		b.contact.Agent.Typing()
		b.contact.Push(participanttest.Item{Type: "HOLOGRAM", ContentType: "application/x-hologram", Content: "{}"})
		for range 5 {
			event := b.next(s)
			m, ok := chat.MetaOf(event)
			require.True(b.t, ok)
			events, err := chat.ParseItem(m.Raw)
			require.NoError(b.t, err)
			again := events[len(events)-1]
			require.IsType(b.t, event, again)
			n, _ := chat.MetaOf(again)
			require.Equal(b.t, [...]any{m.ID, m.Time, m.From}, [...]any{n.ID, n.Time, n.From})
		}
	})
}
