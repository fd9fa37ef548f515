package chat_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// Each character of the longest message may be escaped twice: once in the item, and once more
// in the string that holds it.
func TestTheLargestLegalFrameIsRead(t *testing.T) {
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

func TestAFrameBeyondTheLimitCostsTheSocket(t *testing.T) {
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
