// SPDX-License-Identifier: Apache-2.0

package chat_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/participant-go/connectparticipant/participanttest"
)

func TestReceiptsAreCoalesced(t *testing.T) {
	t.Parallel()
	inBubble(t, func(b *bubble) {
		b.contact.Agent.Join()
		s := b.start()
		b.settle()
		var last string
		for range 50 {
			last = b.contact.Agent.Say("read this")
			m := b.message(s)
			s.MarkDelivered(m.ID)
			s.MarkRead(m.ID)
			b.sleep(time.Second)
		}
		b.sleep(10 * time.Second)
		require.LessOrEqual(b.t, b.contact.Customer.Count("SendEvent"), 12)
		for _, item := range b.contact.Transcript() {
			if item.Id == last {
				require.NotEmpty(b.t, item.MessageMetadata.Receipts[0].ReadTimestamp)
				return
			}
		}
		require.Fail(b.t, "the last message is missing")
	})
}

func TestHangingReceiptDoesNotBlockTheNext(t *testing.T) {
	t.Parallel()
	inBubble(t, func(b *bubble) {
		b.contact.Agent.Join()
		s := b.start()
		b.settle()
		b.srv.Inject(participanttest.Fault{On: "SendEvent", Times: 1, Effect: participanttest.Ignore()})
		b.contact.Agent.Say("its receipt hangs")
		s.MarkRead(b.message(s).ID)
		b.sleep(time.Second)
		last := b.contact.Agent.Say("read this too")
		s.MarkRead(b.message(s).ID)
		b.sleep(30 * time.Second)
		_, read := b.receiptOf(last)
		require.NotEmpty(b.t, read)
	})
}

func TestDeliveredReceiptOfAnUnknownMessageIsSent(t *testing.T) {
	t.Parallel()
	inBubble(t, func(b *bubble) {
		b.contact.Agent.Join()
		s := b.start()
		b.settle()
		b.contact.Agent.Say("first")
		s.MarkRead(b.message(s).ID) // sent immediately; later receipts wait
		b.sleep(100 * time.Millisecond)
		known := b.contact.Agent.Say("second")
		require.Equal(b.t, known, b.message(s).ID)
		b.srv.Inject(participanttest.Fault{On: participanttest.OnPush, Times: 1, Effect: participanttest.Lose()})
		unknown := b.contact.Agent.Say("known from another source")
		s.MarkDelivered(unknown)
		s.MarkRead(known)
		b.sleep(15 * time.Second)
		_, read := b.receiptOf(known)
		require.NotEmpty(b.t, read)
		delivered, _ := b.receiptOf(unknown)
		require.NotEmpty(b.t, delivered)
	})
}
