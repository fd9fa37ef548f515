// SPDX-License-Identifier: Apache-2.0

package chat_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/participant-go/connectparticipant/chat"
	"github.com/participant-go/connectparticipant/participanttest"
)

func TestChunksAreOneMessage(t *testing.T) {
	t.Parallel()
	for name, progress := range map[string]bool{"": false, "with progress": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inBubble(t, func(b *bubble) {
				s := b.start(func(o *chat.Options) { o.Progress = progress })
				b.settle()
				stream := b.contact.System.StartStream()
				stream.Chunk("I ")
				stream.ChunkNumber(3, "chunks")
				stream.ChunkNumber(2, "speak ")
				stream.Complete()
				if progress {
					require.Equal(b.t, "I ", b.next(s).(chat.Progress).Text)
					require.Equal(b.t, "I speak ", b.next(s).(chat.Progress).Text)
				}
				require.Equal(b.t, "I speak chunks", b.message(s).Text)
				b.nothing(s, 2*time.Hour)
			})
		})
	}
}

func TestMessageWithALostLastChunkIsReadFromTheTranscript(t *testing.T) {
	t.Parallel()
	inBubble(t, func(b *bubble) {
		s := b.start()
		b.settle()
		stream := b.contact.System.StartStream()
		stream.Chunk("half ")
		b.srv.Inject(participanttest.Fault{On: participanttest.OnPush, Times: 1, Effect: participanttest.Lose()})
		stream.Skip("a message")
		stream.Complete()
		require.Equal(b.t, "half a message", b.within(s, 31*time.Second).Text)
	})
}

func TestSilentStreamOfASlowCallerIsReadFromTheTranscript(t *testing.T) {
	t.Parallel()
	inBubble(t, func(b *bubble) {
		s := b.start()
		b.settle()
		for range 50 {
			b.contact.Agent.Say(strings.Repeat("unread ", 200))
		}
		b.settle()
		stream := b.contact.System.StartStream()
		stream.Chunk("half ")
		b.srv.Inject(participanttest.Fault{On: participanttest.OnPush, Times: 1, Effect: participanttest.Lose()})
		stream.Skip("a message")
		stream.Complete()
		b.sleep(time.Minute)
		require.Zero(b.t, s.Stats().Behind)
		for range 50 {
			b.message(s)
		}
		require.Equal(b.t, "half a message", b.within(s, time.Second).Text)
	})
}
