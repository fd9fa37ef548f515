// SPDX-License-Identifier: Apache-2.0

package chat_test

import (
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/participant-go/connectparticipant/chat"
)

// metadata is an item with receipts, as JSON; members without a value are left out.
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

// readBy is a receipt of a participant who has read the message.
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

func TestReceiptsThatSayNothingAreNoEvents(t *testing.T) {
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
				require.Len(b.t, only[chat.Receipt](b.events(s, time.Minute)), 1, "the others in the list are events")
			})
		})
	}
}

func TestReceiptsOfATranscriptThatSayNothingAreNoEvents(t *testing.T) {
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
