// SPDX-License-Identifier: Apache-2.0

package chat_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/participant-go/connectparticipant/chat"
	"github.com/participant-go/connectparticipant/participanttest"
)

// Each character of the longest message may be escaped twice: in the item, and in the string that
// contains the item.
func TestLargestValidFrameIsRead(t *testing.T) {
	t.Parallel()
	inBubble(t, func(b *bubble) {
		s := b.start()
		b.settle()
		long := strings.Repeat("\x01", 16_384)
		b.contact.Agent.Say(long)
		require.Equal(b.t, long, b.within(s, 0).Text)
		require.Zero(b.t, s.Stats().Reconnects)
	})
}

func TestFrameBeyondTheLimitClosesTheSocket(t *testing.T) {
	t.Parallel()
	inBubble(t, func(b *bubble) {
		s := b.start()
		b.settle()
		item := b.wireMessage("huge", time.Now().UTC().Format(isoMillis))
		b.contact.PushFrame(envelope(item + strings.Repeat(" ", 256<<10)))
		b.nothing(s, time.Minute)
		require.Equal(b.t, 1, s.Stats().Reconnects)
		id := b.contact.Agent.Say("afterwards")
		require.Equal(b.t, id, b.within(s, 0).ID)
	})
}

func TestUnneededSocketIsClosed(t *testing.T) {
	t.Parallel()
	inBubble(t, func(b *bubble) {
		s := b.start()
		b.settle()
		b.srv.Inject(participanttest.Fault{On: "SendMessage", Times: 1, Effect: participanttest.Fail(http.StatusForbidden, "AccessDeniedException")})
		b.srv.Inject(participanttest.Fault{On: participanttest.OnUpgrade, Effect: participanttest.Delay(time.Second)})
		_, err := s.Send(b.t.Context(), "renews the token")
		require.NoError(b.t, err)                                         // the dial continues with its socket
		b.contact.PushFrame(envelope(b.eventItem("ended", "chat.ended"))) // the service still accepts sockets
		_, end := b.toEnd(s, 3*time.Second)
		require.ErrorIs(b.t, end, chat.ErrChatEnded)
		require.Equal(b.t, 2, b.srv.Count(create), "the dial had begun")
		begun := time.Now()
		require.NoError(b.t, s.Close())
		require.LessOrEqual(b.t, time.Since(begun), time.Second)
		b.sleep(time.Millisecond)
		require.Zero(b.t, b.contact.Customer.Sockets())
	})
}

func TestFramesWithoutATopicKeepTheSocket(t *testing.T) {
	t.Parallel()
	inBubble(t, func(b *bubble) {
		s := b.start()
		b.settle()
		for _, frame := range []string{"{}", "null", `{"Topic":"aws/chat"}`, `{"keepAlive":1}`, `""`} {
			b.contact.PushFrame(frame)
			b.sleep(time.Second)
		}
		require.Zero(b.t, s.Stats().Reconnects)
		b.contact.PushFrame(`{"message":"Internal server error","connectionId":"made-up","requestId":"made-up"}`)
		b.sleep(2 * time.Second)
		require.Equal(b.t, 1, s.Stats().Reconnects, "after an error of the gateway")
	})
}
