// SPDX-License-Identifier: Apache-2.0

package restjson_test

import (
	"runtime"
	"strings"
	"testing"
	"weak"

	"github.com/stretchr/testify/require"

	"github.com/participant-go/connectparticipant/internal/restjson"
	"github.com/participant-go/connectparticipant/types"
)

func TestAllocationsOfAPage(t *testing.T) { //nolint:paralleltest // AllocsPerRun counts those of all goroutines
	data := pageJSON(100)
	allocations := testing.AllocsPerRun(100, func() {
		var got page
		if err := restjson.Decode(data, got.read); err != nil || len(got.Transcript) != 100 {
			panic("the page was not read")
		}
	})
	t.Logf("%.0f allocations", allocations)
	require.LessOrEqual(t, allocations, 350.0)
}

func TestAllocationsOfAnItem(t *testing.T) { //nolint:paralleltest // AllocsPerRun counts those of all goroutines
	data := []byte(`{"Id":"i","Content":"Gr\u00fcezi","ContentType":"text/plain","Type":"MESSAGE","ParticipantRole":"AGENT","DisplayName":null,` +
		`"AbsoluteTime":"2026-02-09T10:00:00.000Z","Unknown":{"list":["\n",1,{}]}}`)
	var item types.Item
	read := func(r *restjson.Reader) { restjson.Item(r, &item) }
	allocations := testing.AllocsPerRun(1000, func() {
		if err := restjson.Decode(data, read); err != nil {
			panic(err)
		}
	})
	// One string and one slab of pointers. The race detector empties pools at random, and each new
	// reader costs some more allocations.
	require.LessOrEqual(t, allocations, 2.0+raceAllowance)
	require.Equal(t, "Grüezi", *item.Content)
}

func TestOneItemKeepsLittleMemory(t *testing.T) { //nolint:paralleltest // it measures the heap
	const pages = 64
	data := bigPageJSON()
	kept := make([]types.Item, pages)
	decode := func(i int) {
		var got page
		require.NoError(t, restjson.Decode(data, got.read))
		kept[i] = got.Transcript[50]
	}
	decode(0)
	kept[0] = types.Item{}
	before := heap()
	for i := range kept {
		decode(i)
	}
	after := heap()
	perItem := (int64(after) - int64(before)) / pages
	t.Logf("%d bytes an item", perItem)
	require.LessOrEqual(t, perItem, int64(4<<10))
	runtime.KeepAlive(kept)
	runtime.KeepAlive(data)
}

func TestNeighboursOfAKeptItemAreFreed(t *testing.T) { //nolint:paralleltest // it waits for the collector
	var got page
	require.NoError(t, restjson.Decode(bigPageJSON(), got.read))
	kept := got.Transcript[50]
	neighbours := []weak.Pointer[string]{
		weak.Make(got.Transcript[49].Content), weak.Make(got.Transcript[51].Content), weak.Make(got.NextToken),
	}
	got = page{}
	heap()
	for i, neighbour := range neighbours {
		require.Nil(t, neighbour.Value(), "neighbour %d", i)
	}
	require.Equal(t, "the item to keep", *kept.Content)
}

// bigPageJSON returns a page whose items are 16 kB each, except the 50th.
func bigPageJSON() []byte {
	var b strings.Builder
	b.WriteString(`{"NextToken":"` + strings.Repeat("t", 1000) + `","Transcript":[`)
	for i := range 100 {
		content := strings.Repeat("A long message. ", 1<<10)
		if i == 50 {
			content = "the item to keep"
		}
		b.WriteString(`{"Content":"` + content + `","Attachments":[{"AttachmentId":"a"},{"AttachmentName":"b"}],` +
			`"MessageMetadata":{"MessageId":"` + uuid(i) + `","Receipts":[{"ReadTimestamp":"r"}]},"Id":"` + uuid(i) + `"},`)
	}
	return []byte(strings.TrimSuffix(b.String(), ",") + `]}`)
}

// heap returns the bytes in use after a collection; the second one empties the pools.
func heap() uint64 {
	runtime.GC()
	runtime.GC()
	runtime.GC()
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	return stats.HeapAlloc
}

// The length of a list is estimated from its first elements; a wrong estimate costs little.
func TestWrongLengthEstimateCostsLittle(t *testing.T) { //nolint:paralleltest // it measures the heap
	data := []byte(`{"Transcript":[{},{},{},{},{}],"Unknown":"` + strings.Repeat("x", 4<<20) + `"}`)
	var got page
	require.NoError(t, restjson.Decode(data, got.read))
	require.Len(t, got.Transcript, 5)
	require.LessOrEqual(t, cap(got.Transcript), 256)
}
