// SPDX-License-Identifier: Apache-2.0

package restjson

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/participant-go/connectparticipant/types"
)

func TestReleasedReaderHoldsNothing(t *testing.T) { //nolint:paralleltest // no other test may take the reader from the pool
	for _, document := range []string{
		`{"Id":"a","Content":"\n","Attachments":[{"AttachmentId":"1"},{"AttachmentId":"2"}]}`,
		`{"Id":"a","Content":5}`,
	} {
		r := &Reader{data: []byte(document)}
		var item types.Item
		Item(r, &item)
		r.String(&item.Id) // a string that is never stored
		r.release()
		require.Nil(t, r.data)
		require.Nil(t, r.err)
		require.Zero(t, r.pos+r.depth+len(r.pending)+len(r.text)+len(r.scratch))
		require.NotZero(t, cap(r.pending))
		for _, p := range r.pending[:cap(r.pending)] {
			require.Nil(t, p.target, "the pool keeps a response alive")
		}
	}
}

func TestReleaseDropsHugeBuffers(t *testing.T) {
	t.Parallel()
	var got string
	require.NoError(t, Decode(append(append([]byte(`"`), bytes.Repeat([]byte(`\n`), 1<<19)...), '"'), func(r *Reader) { got = r.Text() }))
	require.Len(t, got, 1<<19)
	require.NoError(t, Decode(append(bytes.Repeat([]byte(`"",`), 1<<15), '0'), func(r *Reader) {
		var s *string
		for range 1 << 15 {
			r.String(&s)
			r.expect(',')
		}
		r.Skip()
	}))
	for range 100 {
		r := readers.Get().(*Reader)
		require.LessOrEqual(t, cap(r.scratch), 1<<18)
		require.LessOrEqual(t, cap(r.text), 1<<18)
		require.LessOrEqual(t, cap(r.pending), 1<<14)
		require.Empty(t, r.data, "a pooled reader keeps a document alive")
	}
}
