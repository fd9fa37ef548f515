// SPDX-License-Identifier: Apache-2.0

package chat

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/stretchr/testify/require"

	"github.com/participant-go/connectparticipant/types"
)

// chunkOf returns a chunk of a streamed message.
func chunkOf(id string, number int32, text string) *item {
	it := said(id, 0)
	it.Content, it.partial, it.chunk = aws.String(text), true, number
	return it
}

// progress returns the texts of the queued Progress events.
func (f *fixture) progress() (texts []string) {
	for _, event := range f.events() {
		if p, ok := event.(Progress); ok {
			texts = append(texts, p.Text)
		}
	}
	return texts
}

func withProgress(o *Options) { o.Progress = true }

func TestProgressHasTheTextSoFar(t *testing.T) {
	t.Parallel()
	f := connected(t, withProgress)
	f.arrives(chunkOf("a", 1, "one"))
	f.arrives(chunkOf("b", 1, "other"))
	f.arrives(chunkOf("a", 2, " two"))
	f.arrives(chunkOf("a", 2, " two"))
	f.arrives(chunkOf("a", 4, " four"))
	f.arrives(chunkOf("a", 3, " three"))
	require.Equal(t, []string{"one", "other", "one two", "one two three"}, f.progress())
	f.arrives(said("a", 0))
	require.Equal(t, []string{"a"}, f.messages())
	require.Len(t, f.inbox.streams, 1)
	f.arrives(chunkOf("a", 4, " late"))
	require.Empty(t, f.events(), "the message is complete")
	require.Len(t, f.inbox.streams, 1)
}

func TestProgressOfAnOwnMessage(t *testing.T) {
	t.Parallel()
	f := connected(t, withProgress)
	f.inbox.beginSend(f.now)
	f.inbox.endSend("mine", true, f.now)
	f.arrives(chunkOf("other", 1, "x"))
	mine := chunkOf("mine", 1, "x")
	mine.meta.From.ParticipantID = "me"
	f.arrives(mine)
	metas := f.metas()
	require.Len(t, metas, 2)
	require.False(t, metas[0].Own)
	require.True(t, metas[1].Own)
}

func TestProgressRequiresTheOption(t *testing.T) {
	t.Parallel()
	f := connected(t)
	f.arrives(chunkOf("a", 1, "one"))
	require.Empty(t, f.events())
	require.Empty(t, f.inbox.streams[keyOf("a")].text.String(), "the text is not needed")
}

func TestTheTextOfAStreamIsBounded(t *testing.T) {
	t.Parallel()
	f := connected(t, withProgress)
	half := strings.Repeat("x", 32<<10)
	f.arrives(chunkOf("a", 1, half))
	f.arrives(chunkOf("a", 2, half))
	f.arrives(chunkOf("a", 3, "x"))
	require.Len(t, f.progress(), 2)
}

func TestStreamThatIsSilentTheLongestIsDropped(t *testing.T) {
	t.Parallel()
	f := connected(t, withProgress)
	for n := range 16 {
		f.arrives(chunkOf(fmt.Sprint(n), 1, "x"))
		f.sleep(time.Millisecond)
	}
	f.arrives(chunkOf("0", 2, "x"))
	f.arrives(chunkOf("another", 1, "x"))
	require.Len(t, f.inbox.streams, 16)
	require.NotContains(t, f.inbox.streams, keyOf("1"))
	require.Contains(t, f.inbox.streams, keyOf("0"))
}

func TestEachSilenceOfAStreamMakesAPassDue(t *testing.T) {
	t.Parallel()
	var s streams
	silent := func(after time.Duration) bool { found, _ := s.silent(began.Add(after)); return found }
	s.open(1).chunkAt = began
	s.open(2).chunkAt = began.Add(time.Second)
	_, next := s.silent(began)
	require.Equal(t, began.Add(30*time.Second), next)
	require.False(t, silent(30*time.Second-1))
	require.True(t, silent(30*time.Second))
	s.ask(began.Add(30 * time.Second))
	require.False(t, silent(30*time.Second))
	require.True(t, silent(31*time.Second), "the other stream")
	s.ask(began.Add(time.Hour))
	require.False(t, silent(2*time.Hour))
	s.open(1).chunkAt, s.open(1).asked = began.Add(time.Hour), false // as after another chunk
	require.True(t, silent(2*time.Hour))
}

func TestAbandonedStreamsAreDropped(t *testing.T) {
	t.Parallel()
	c := newTestCore(func(o *Options) { o.Progress = true })
	goLive(c)
	for i := range 16 {
		in := types.Item{Id: aws.String(string(rune('a' + i))), Type: types.ChatItemTypeMessage, Content: aws.String(string(make([]byte, 60<<10)))}
		it := newItem(in)
		it.chunk, it.partial = 1, true
		c.inbox.addChunk(it, now())
	}
	later := now().Add(time.Hour)
	c.beginPass(passPeriodic, later)
	r := &reading{mark: c.inbox.mark()}
	c.passEnded(r, nil, later)
	size := 0
	for _, s := range c.inbox.streams {
		size += len(s.text.String())
	}
	require.Zero(t, size)
}

func TestAPassForASilentStreamIsRetried(t *testing.T) {
	t.Parallel()
	f := connected(t)
	f.arrives(chunkOf("streamed", 1, "x"))
	f.sleep(30 * time.Second)
	f.begin(passSettle)
	f.failPass(errTest)
	f.retry()
	f.begin(passSettle)
}
