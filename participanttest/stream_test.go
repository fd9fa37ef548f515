// SPDX-License-Identifier: Apache-2.0

package participanttest_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/participant-go/connectparticipant/participanttest"
)

// piece has the members that differ between the chunks of a stream.
func piece(it object) []any {
	metadata := it["MessageMetadata"].(object)
	return []any{metadata["ChunkNumber"], metadata["MessageCompleted"], it["Content"]}
}

func TestStreamedMessage(t *testing.T) {
	t.Parallel()
	everywhere(t, func(w world) {
		t := w.t
		st := newStage(t, w.srv)
		id := st.contact.System.SayInChunks("Hel", "lo", "!")
		var first object
		for i, want := range [][]any{{1.0, false, "Hel"}, {2.0, false, "lo"}, {3.0, false, "!"}, {4.0, true, "Hello!"}} {
			it := st.both(t)
			require.Equal(t, id, it["Id"])
			require.Equal(t, id, it["MessageMetadata"].(object)["MessageId"])
			require.Equal(t, "SYSTEM", it["ParticipantRole"])
			require.Equal(t, want, piece(it))
			if i == 0 {
				first = it
			} else {
				require.Greater(t, it["AbsoluteTime"], first["AbsoluteTime"])
			}
		}
		last := st.shown(t)[2]
		require.Equal(t, id, last["Id"])
		require.Equal(t, "Hello!", last["Content"])
		require.NotContains(t, last, "MessageMetadata")
	})
}

func TestStreamWithSkippedAndSwappedChunks(t *testing.T) {
	t.Parallel()
	st := newStage(t, participanttest.Start(t))
	stream := st.contact.System.StartStream()
	stream.ChunkNumber(2, "b")
	stream.ChunkNumber(1, "a")
	stream.Skip("c")
	stream.Chunk("d")
	st.notInTranscript(t, object{"Id": stream.ID})
	require.Equal(t, stream.ID, stream.Complete())
	stream.Chunk("late")
	require.Equal(t, stream.ID, stream.Complete())
	for _, want := range [][]any{{2.0, false, "b"}, {1.0, false, "a"}, {4.0, false, "d"}, {5.0, true, "abcd"}} {
		require.Equal(t, want, piece(st.both(t)))
	}
	silent(t, st.customer)
}
