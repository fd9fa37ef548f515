// SPDX-License-Identifier: Apache-2.0

package streaming_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/participant-go/connectparticipant/chat"
	"github.com/participant-go/connectparticipant/streaming"
)

func notified(event chat.Event) streaming.Notification { return streaming.Notification{Event: event} }

// chunk returns a chunk of a message, sent at the second of its number.
func chunk(id string, number int, text string) streaming.Notification {
	return notified(chat.Progress{Meta: chat.Meta{ID: id, Time: time.Unix(int64(number), 0)}, Text: text, Chunk: number})
}

func complete(id string) streaming.Notification {
	return notified(chat.Message{Meta: chat.Meta{ID: id, Time: time.Unix(1000, 0)}, Text: "complete"})
}

// texts returns the texts of messages and of Progress events.
func texts(notifications []streaming.Notification) (all []string) {
	for _, n := range notifications {
		switch e := n.Event.(type) {
		case chat.Progress:
			all = append(all, e.Text)
		case chat.Message:
			all = append(all, e.Text)
		default:
			all = append(all, fmt.Sprintf("%T", e))
		}
	}
	return all
}

func TestAssemblerJoinsChunksInAnyOrder(t *testing.T) {
	t.Parallel()
	var a streaming.Assembler
	require.Empty(t, a.Add(chunk("m", 3, "c")))
	require.Equal(t, []string{"x"}, texts(a.Add(chunk("other", 1, "x"))))
	require.Equal(t, []string{"a"}, texts(a.Add(chunk("m", 1, "a"))))
	require.Empty(t, a.Add(chunk("m", 1, "a")), "duplicate")
	require.Empty(t, a.Add(chunk("m", 3, "c")), "duplicate")
	require.Equal(t, []string{"ab", "abc"}, texts(a.Add(chunk("m", 2, "b"))))
	require.Equal(t, []string{"complete"}, texts(a.Add(complete("m"))))
	require.Empty(t, a.Add(chunk("m", 4, "d")), "late")
	require.Equal(t, []string{"complete"}, texts(a.Add(complete("m"))), "Seen recognizes duplicates")
	require.Equal(t, []string{"xy"}, texts(a.Add(chunk("other", 2, "y"))))
}

func TestChunkAfterTheCompleteMessageIsDropped(t *testing.T) {
	t.Parallel()
	var a streaming.Assembler
	a.Add(complete("m"))
	require.Empty(t, a.Add(chunk("m", 1, "a")))
}

func TestAssemblerSortsByTime(t *testing.T) {
	t.Parallel()
	all := []streaming.Notification{
		chunk("m", 1, "a"), chunk("m", 2, "b"), chunk("m", 3, "c"),
		notified(chat.Typing{Meta: chat.Meta{Time: time.Unix(500, 0)}}), complete("m"),
	}
	want := []string{"a", "ab", "abc", "chat.Typing", "complete"}
	for seed := range uint64(100) {
		rand.New(rand.NewPCG(seed, 0)).Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
		var a streaming.Assembler
		require.Equal(t, want, texts(a.Add(all...)))
	}
}

func TestOddChunks(t *testing.T) {
	t.Parallel()
	var a streaming.Assembler
	for _, number := range []int{0, -1, math.MinInt32, math.MaxInt32, math.MinInt, math.MaxInt} {
		require.Empty(t, a.Add(chunk("m", number, "x")))
	}
	require.Equal(t, []string{"a"}, texts(a.Add(chunk("m", 1, "a"))))
	require.Empty(t, a.Add())
	require.Equal(t, []string{"<nil>"}, texts(a.Add(notified(nil))))
}

func TestAssemblerIsBounded(t *testing.T) {
	t.Parallel()
	t.Run("chunks ahead", func(t *testing.T) {
		t.Parallel()
		var a streaming.Assembler
		for number := 2; number < 100; number++ {
			a.Add(chunk("m", number, "x"))
		}
		require.Len(t, a.Add(chunk("m", 1, "x")), 65)
	})
	t.Run("the text", func(t *testing.T) {
		t.Parallel()
		var a streaming.Assembler
		half := strings.Repeat("x", 32<<10)
		require.Len(t, a.Add(chunk("m", 1, half), chunk("m", 2, half), chunk("m", 3, "x")), 2)
		require.Empty(t, a.Add(chunk("n", 2, half+half+"x")))
		require.Len(t, a.Add(chunk("n", 1, "x")), 1)
	})
	t.Run("messages", func(t *testing.T) {
		t.Parallel()
		var a streaming.Assembler
		for i := range 1024 {
			a.Add(chunk(fmt.Sprint(i), 1, "x"))
		}
		a.Add(chunk("0", 2, "x"))
		a.Add(chunk("another", 1, "x"))
		require.Empty(t, a.Add(chunk("1", 2, "x")), "it must have been evicted")
		require.Equal(t, []string{"xxx"}, texts(a.Add(chunk("0", 3, "x"))))
	})
	t.Run("bytes", func(t *testing.T) {
		t.Parallel()
		var a streaming.Assembler
		large := strings.Repeat("x", 60<<10)
		for i := range 200 {
			a.Add(chunk(fmt.Sprint(i), 1, large))
		}
		require.Empty(t, a.Add(chunk("0", 2, "x")))
		require.Len(t, a.Add(chunk("199", 2, "x")), 1)
		kept := 0
		for i := range 199 {
			kept += len(a.Add(chunk(fmt.Sprint(198-i), 2, "x")))
		}
		require.InDelta(t, 8<<20/(60<<10), kept, 3)
	})
	t.Run("all bytes of a waiting chunk", func(t *testing.T) {
		t.Parallel()
		var a streaming.Assembler
		for i := range 10 {
			n := chunk(fmt.Sprint(i), 2, "b")
			p := n.Event.(chat.Progress)
			p.Raw = make([]byte, 1<<19)
			n.Event = p
			a.Add(n)
		}
		require.Len(t, a.Add(chunk("0", 1, "a")), 1, "the second chunk must have been evicted")
		require.Len(t, a.Add(chunk("9", 1, "a")), 2)
	})
	t.Run("IDs", func(t *testing.T) {
		t.Parallel()
		var a streaming.Assembler
		a.Add(chunk("first", 1, "x"))
		for i := range 10 {
			a.Add(complete(fmt.Sprint(i) + strings.Repeat("x", 1<<20)))
		}
		require.Empty(t, a.Add(chunk("first", 2, "x")), "it must have been evicted")
	})
	t.Run("bytes of complete messages", func(t *testing.T) {
		t.Parallel()
		var a streaming.Assembler
		a.Add(chunk("kept", 1, "x"))
		for i := range 900 {
			a.Add(chunk(fmt.Sprint(i), 2, "ahead"), chunk(fmt.Sprint(i), 1, strings.Repeat("x", 60<<10)))
			a.Add(complete(fmt.Sprint(i)))
		}
		require.Len(t, a.Add(chunk("kept", 2, "x")), 1)
	})
}
