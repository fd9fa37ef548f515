// SPDX-License-Identifier: Apache-2.0

package chat_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/participant-go/connectparticipant/chat"
	"github.com/participant-go/connectparticipant/participanttest"
)

// Each round loses the socket, or a response, in another way.
func TestNothingIsLostOverTLS(t *testing.T) {
	t.Parallel()
	inBubble(t, func(b *bubble) {
		s := b.start()
		customer := b.contact.Customer
		once := func(on string, effect participanttest.Effect) {
			b.srv.Inject(participanttest.Fault{On: on, Participant: customer, Times: 1, Effect: effect})
		}
		losses := []func(){
			customer.CutSockets,
			func() { customer.CloseSockets(1001, "going away") },
			func() { b.blackhole(customer) },
			func() { once(participanttest.OnHeartbeat, participanttest.Unread()) },
			func() { once(participanttest.OnHeartbeat, participanttest.Close(0)) },
			func() { once(participanttest.OnUpgrade, participanttest.DropBefore()); customer.CutSockets() },
			func() { once("GetTranscript", participanttest.Truncate()); customer.CutSockets() },
			func() { once("GetTranscript", participanttest.DropAfter()); customer.CutSockets() },
			func() { once(sendMessage, participanttest.Truncate()) },
			func() { once(sendMessage, participanttest.DropAfter()) },
		}
		for _, lose := range losses {
			lose()
			b.contact.Agent.Say("during the loss")
			_, err := s.Send(b.t.Context(), "sent in spite of it")
			require.NoError(b.t, err)
			b.settle()
			b.contact.Agent.Say("after the loss")
		}
		require.Equal(b.t, len(losses)-2, s.Stats().Reconnects, "all but the losses of SendMessage")

		b.contact.End()
		events, end := b.toEnd(s, time.Hour)
		require.ErrorIs(b.t, end, chat.ErrChatEnded)
		require.Equal(b.t, b.messages(), messageIDs(events), "each once, in order")
		require.Len(b.t, messageIDs(events), 3*len(losses)+1, "blackhole sends one more")
	}, overTLS)
}
