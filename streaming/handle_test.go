// SPDX-License-Identifier: Apache-2.0

package streaming_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/participant-go/connectparticipant/chat"
	"github.com/participant-go/connectparticipant/streaming"
)

// batch is an event of SQS with a message for each ID, the latest first.
func batch(ids ...string) []byte {
	records := make([]any, 0, len(ids))
	for i, id := range ids {
		at := fmt.Sprintf("2026-11-02T08:15:%02d.120Z", 59-i)
		records = append(records, lambdaSQSRaw("q-"+id, item(object{"Id": id, "AbsoluteTime": at})))
	}
	return []byte(text(lambda(records...)))
}

// handler records the events that it handles.
type handler struct {
	handled []string
	fail    map[string]error // by id
}

func (h *handler) handle(_ context.Context, n streaming.Notification) error {
	meta, _ := chat.MetaOf(n.Event)
	h.handled = append(h.handled, meta.ID)
	return h.fail[meta.ID]
}

func TestHandleHandlesEachEventOnceTheEarliestFirst(t *testing.T) {
	t.Parallel()
	var h handler
	seen := streaming.Memory(10)
	require.NoError(t, streaming.Handle(t.Context(), batch("c", "b", "a", "b"), seen, h.handle))
	require.Equal(t, []string{"b", "a", "c"}, h.handled)
	require.NoError(t, streaming.Handle(t.Context(), batch("b", "d"), seen, h.handle))
	require.Equal(t, []string{"b", "a", "c", "d"}, h.handled)
	require.NoError(t, streaming.Handle(t.Context(), batch("d", "d"), nil, h.handle))
	require.Equal(t, []string{"b", "a", "c", "d", "d", "d"}, h.handled, "without a Seen, duplicates are handled")
}

func TestHandleSkipsChunks(t *testing.T) {
	t.Parallel()
	var h handler
	chunk := func(number int, completed bool) any {
		return lambdaSQSRaw("q", item(object{"MessageMetadata": object{"MessageCompleted": completed, "ChunkNumber": number}}))
	}
	require.NoError(t, streaming.Handle(t.Context(), []byte(text(lambda(chunk(1, false), chunk(2, false), chunk(3, true)))), streaming.Memory(10), h.handle))
	require.Equal(t, []string{"i-1"}, h.handled)
}

func TestFailedEventIsHandledAgain(t *testing.T) {
	t.Parallel()
	boom := errors.New("boom")
	h := handler{fail: map[string]error{"b": boom}}
	seen := streaming.Memory(10)
	payload := batch("c", "b", "a")
	err := streaming.Handle(t.Context(), payload, seen, h.handle)
	require.ErrorIs(t, err, boom)
	response, err := streaming.BatchResponseOf(err)
	require.NoError(t, err)
	require.Equal(t, []streaming.BatchItemFailure{{ItemIdentifier: "q-b"}}, response.BatchItemFailures)
	h.handled, h.fail = nil, nil
	require.NoError(t, streaming.Handle(t.Context(), payload, seen, h.handle))
	require.Equal(t, []string{"b"}, h.handled)
}

func TestHandleReportsAnUnreadableRecordAndHandlesTheOthers(t *testing.T) {
	t.Parallel()
	var h handler
	payload := text(lambda(lambdaSQS("q-1", "broken"), lambdaSQSRaw("q-2", item(nil))))
	response, err := streaming.BatchResponseOf(streaming.Handle(t.Context(), []byte(payload), nil, h.handle))
	require.NoError(t, err)
	require.Equal(t, []streaming.BatchItemFailure{{ItemIdentifier: "q-1"}}, response.BatchItemFailures)
	require.Equal(t, []string{"i-1"}, h.handled)
	require.EqualError(t, streaming.Handle(t.Context(), []byte("broken"), nil, h.handle), "read notifications: not JSON of a known form")
}

func TestHandleLeavesTheRestWhenItsContextEnds(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	var h handler
	seen := streaming.Memory(10)
	payload := batch("b", "a")
	err := streaming.Handle(ctx, payload, seen, func(ctx context.Context, n streaming.Notification) error {
		cancel()
		return h.handle(ctx, n)
	})
	require.ErrorIs(t, err, context.Canceled)
	require.Equal(t, []string{"a"}, h.handled)
	require.NoError(t, streaming.Handle(t.Context(), payload, seen, h.handle))
	require.Equal(t, []string{"a", "b"}, h.handled)
}

// brokenSeen fails.
type brokenSeen struct{ seen, forget error }

func (s brokenSeen) Seen(context.Context, string) (bool, error) { return false, s.seen }

func (s brokenSeen) Forget(ctx context.Context, _ string) error {
	return errors.Join(s.forget, ctx.Err())
}

func TestHandleWithAFailingSeen(t *testing.T) {
	t.Parallel()
	boom, other := errors.New("boom"), errors.New("other")
	var h handler
	err := streaming.Handle(t.Context(), batch("a"), brokenSeen{seen: boom}, h.handle)
	require.EqualError(t, err, "record 0: check event: boom")
	require.Empty(t, h.handled)
	h.fail = map[string]error{"a": other}
	err = streaming.Handle(t.Context(), batch("a"), brokenSeen{forget: boom}, h.handle)
	require.ErrorIs(t, err, boom)
	require.ErrorIs(t, err, other)
	ctx, cancel := context.WithCancel(t.Context())
	err = streaming.Handle(ctx, batch("a"), brokenSeen{}, func(context.Context, streaming.Notification) error {
		cancel()
		return other
	})
	require.ErrorIs(t, err, other)
	require.NotErrorIs(t, err, context.Canceled, "an event is also forgotten after the end of the context")
}

func TestMemoryKeepsTheNewest(t *testing.T) {
	t.Parallel()
	seen := streaming.Memory(2)
	is := func(key string) bool {
		known, err := seen.Seen(t.Context(), key)
		require.NoError(t, err)
		return known
	}
	require.False(t, is("a"))
	require.True(t, is("a"))
	require.False(t, is("b"))
	require.False(t, is("c"))
	require.True(t, is("c"))
	require.True(t, is("b"))
	require.False(t, is("a"), "the oldest was evicted")
	require.True(t, is("c"))

	require.NoError(t, seen.Forget(t.Context(), "c"))
	require.NoError(t, seen.Forget(t.Context(), "unknown"))
	require.False(t, is("c"))
	require.False(t, is("d"))
	require.True(t, is("c"), "its former slot must not evict it")
	one := streaming.Memory(0)
	_, _ = one.Seen(t.Context(), "a")
	known, err := one.Seen(t.Context(), "a")
	require.NoError(t, err)
	require.True(t, known)
}

func TestMemoryAcceptsOneOfConcurrentDuplicates(t *testing.T) {
	t.Parallel()
	seen := streaming.Memory(100)
	var (
		calls sync.WaitGroup
		mu    sync.Mutex
		first = map[string]int{}
	)
	for range 8 {
		calls.Go(func() {
			for i := range 200 {
				key := fmt.Sprint(i / 2)
				if known, _ := seen.Seen(t.Context(), key); !known {
					mu.Lock()
					first[key]++
					mu.Unlock()
				}
			}
		})
	}
	calls.Wait()
	require.Len(t, first, 100)
	for key, n := range first {
		require.Equal(t, 1, n, key)
	}
}
