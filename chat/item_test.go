// SPDX-License-Identifier: Apache-2.0

package chat_test

import (
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/participant-go/connectparticipant/chat"
	"github.com/participant-go/connectparticipant/participanttest"
	"github.com/participant-go/connectparticipant/types"
)

// metadata returns an item with receipts as JSON, without empty members.
func metadata(id, messageID, receipts string) string {
	about := map[string]any{"Receipts": json.RawMessage(receipts)}
	if messageID != "" {
		about["MessageId"] = messageID
	}
	item, _ := json.Marshal(map[string]any{
		"Id": id, "Type": "MESSAGEMETADATA", "ContentType": "application/vnd.amazonaws.connect.event.message.metadata",
		"AbsoluteTime": time.Now().UTC().Format(isoMillis), "MessageMetadata": about,
	})
	return string(item)
}

// readBy returns the receipt of a participant that has read the message.
func readBy(participantID string) string {
	return fmt.Sprintf(`{"ReadTimestamp":%q,"RecipientParticipantId":%q}`, time.Now().UTC().Format(isoMillis), participantID)
}

func TestReceiptsWithoutMessageIdAreForTheirOwnItem(t *testing.T) {
	t.Parallel()
	inBubble(t, func(b *bubble) {
		s := b.start()
		b.settle()
		for _, id := range []string{"message-1", "message-2"} {
			b.contact.PushFrame(envelope(metadata(id, "", "["+readBy("agent")+"]")))
		}
		receipts := only[chat.Receipt](b.events(s, time.Minute))
		require.Len(b.t, receipts, 2)
		for i, id := range []string{"message-1", "message-2"} {
			require.Equal(b.t, id, receipts[i].MessageID)
			require.True(b.t, receipts[i].Read)
			require.Equal(b.t, "agent", receipts[i].From.ParticipantID)
		}
	})
}

func TestEmptyReceiptsAreNotEvents(t *testing.T) {
	t.Parallel()
	for name, receipts := range map[string]string{
		"null in the list":        `[null]`,
		"an empty object":         `[{}]`,
		"no times":                `[{"RecipientParticipantId":"agent"}]`,
		"times that are empty":    `[{"DeliveredTimestamp":"","ReadTimestamp":"","RecipientParticipantId":"agent"}]`,
		"an empty list":           `[]`,
		"null in place of a list": `null`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inBubble(t, func(b *bubble) {
				s := b.start()
				b.settle()
				b.contact.PushFrame(envelope(metadata("receipt-1", "message-1", receipts)))
				require.Empty(b.t, b.events(s, time.Minute))
				b.contact.PushFrame(envelope(metadata("receipt-2", "message-1", "[null,"+readBy("agent")+"]")))
				require.Len(b.t, only[chat.Receipt](b.events(s, time.Minute)), 1, "the other receipts in the list are events")
			})
		})
	}
}

func TestEmptyReceiptsInTheTranscriptAreNotEvents(t *testing.T) {
	t.Parallel()
	inBubble(t, func(b *bubble) {
		p := b.through(&pages{})
		s := b.start()
		b.settle()
		message := b.wireMessage("message-1", time.Now().UTC().Format(isoMillis))
		p.plant(time.Now(), message[:len(message)-1]+`,"MessageMetadata":{"MessageId":"message-1","Receipts":[null,{"RecipientParticipantId":"agent"}]}}`)
		require.Equal(b.t, map[string]int{"message-1": 1}, ids(b.passes(s, 6)))
	})
}

func TestReceiptsOfItemsWithoutMessageIdAreKeptApart(t *testing.T) {
	t.Parallel()
	inBubble(t, func(b *bubble) {
		p := b.through(&pages{})
		s := b.start()
		b.settle()
		for _, id := range []string{"message-1", "message-2"} {
			message := b.wireMessage(id, time.Now().UTC().Format(isoMillis))
			p.plant(time.Now(), message[:len(message)-1]+`,"MessageMetadata":{"Receipts":[`+readBy("agent")+`]}}`)
		}
		events := b.passes(s, 6)
		require.Len(b.t, only[chat.Message](events), 2)
		receipts := map[string]int{}
		for _, r := range only[chat.Receipt](events) {
			receipts[r.MessageID]++
		}
		require.Equal(b.t, map[string]int{"message-1": 1, "message-2": 1}, receipts)
	})
}

func TestReceiptsGoFromDeliveredToRead(t *testing.T) {
	t.Parallel()
	inBubble(t, func(b *bubble) {
		b.contact.Agent.Join()
		s := b.start()
		sent, err := s.Send(b.t.Context(), "read me")
		require.NoError(b.t, err)
		b.message(s)
		b.contact.Agent.MarkDelivered(sent.ID)
		r := b.next(s).(chat.Receipt)
		require.Equal(b.t, sent.ID, r.MessageID)
		require.False(b.t, r.Read)
		require.Equal(b.t, b.contact.Agent.ID, r.From.ParticipantID)
		b.settle()
		b.contact.Customer.CutSockets()
		b.contact.Agent.MarkRead(sent.ID)
		r = b.next(s).(chat.Receipt)
		require.True(b.t, r.Read, "the transcript has the receipt too")
		b.contact.Agent.MarkDelivered(sent.ID)
		b.nothing(s, 2*time.Hour)
	})
}

// The transcript shows a receipt before its push arrives. The ledger keeps it even if it drops its old
// message.
func TestReceiptForAnOldMessageIsDeliveredOnce(t *testing.T) {
	t.Parallel()
	inBubble(t, func(b *bubble) {
		b.contact.Agent.Join()
		s := b.start()
		sent, err := s.Send(b.t.Context(), "read me")
		require.NoError(b.t, err)
		b.message(s)
		b.sleep(5 * time.Minute)
		b.srv.Inject(participanttest.Fault{On: participanttest.OnPush, Times: 1, Effect: participanttest.Delay(90 * time.Second)})
		b.contact.Agent.MarkRead(sent.ID)
		const count = 600 // makes a pass due
		for range count {
			b.contact.Agent.Say("and then")
		}
		messages, receipts := 0, 0
		for messages+receipts < count+1 {
			switch b.next(s).(type) {
			case chat.Message:
				messages++
			case chat.Receipt:
				receipts++
			}
		}
		require.Equal(b.t, 1, receipts)
		b.nothing(s, time.Hour)
	})
}

func TestUnknownItemsAreDeliveredAsOther(t *testing.T) {
	t.Parallel()
	inBubble(t, func(b *bubble) {
		s := b.start()
		b.settle()
		b.contact.Push(participanttest.Item{Type: "HOLOGRAM", ContentType: "application/x-hologram", Content: "{}"})
		other := b.next(s).(chat.Other)
		require.Equal(b.t, types.ChatItemType("HOLOGRAM"), other.Type)
		require.Equal(b.t, "{}", other.Content)
		require.Contains(b.t, string(other.Raw), `"Type":"HOLOGRAM"`)
		b.contact.Push(participanttest.Item{Type: "MESSAGE", ContentType: "text/plain", Content: "when?", AbsoluteTime: "yesterday"})
		m := b.message(s)
		require.True(b.t, m.Time.IsZero())
		require.False(b.t, m.Late)
	})
}
