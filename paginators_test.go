// SPDX-License-Identifier: Apache-2.0

package connectparticipant_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/stretchr/testify/require"

	"github.com/participant-go/connectparticipant"
	"github.com/participant-go/connectparticipant/types"
)

// pages is a GetTranscriptAPIClient that returns its pages in turn.
type pages struct {
	pages  []*connectparticipant.GetTranscriptOutput
	inputs []connectparticipant.GetTranscriptInput
	err    error // returned for a nil page
}

func (p *pages) GetTranscript(_ context.Context, in *connectparticipant.GetTranscriptInput, _ ...func(*connectparticipant.Options)) (*connectparticipant.GetTranscriptOutput, error) {
	p.inputs = append(p.inputs, *in)
	page := p.pages[len(p.inputs)-1]
	if page == nil {
		return nil, p.err
	}
	return page, nil
}

func page(next string, ids ...string) *connectparticipant.GetTranscriptOutput {
	out := &connectparticipant.GetTranscriptOutput{}
	for _, id := range ids {
		out.Transcript = append(out.Transcript, types.Item{Id: aws.String(id)})
	}
	if next != "absent" {
		out.NextToken = &next
	}
	return out
}

func TestPaginatorStops(t *testing.T) {
	t.Parallel()
	stopOnDuplicate := func(o *connectparticipant.GetTranscriptPaginatorOptions) { o.StopOnDuplicateToken = true }
	for name, test := range map[string]struct {
		pages  []*connectparticipant.GetTranscriptOutput
		optFns []func(*connectparticipant.GetTranscriptPaginatorOptions)
		want   int
	}{
		"on an absent token":                 {[]*connectparticipant.GetTranscriptOutput{page("a"), page("absent")}, nil, 2},
		"on an empty token":                  {[]*connectparticipant.GetTranscriptOutput{page("a"), page("b"), page("")}, nil, 3},
		"with StopOnDuplicateToken":          {[]*connectparticipant.GetTranscriptOutput{page("a"), page("a"), page("a"), page("absent")}, []func(*connectparticipant.GetTranscriptPaginatorOptions){stopOnDuplicate}, 2},
		"not on a repeated token by default": {[]*connectparticipant.GetTranscriptOutput{page("a"), page("a"), page("absent")}, nil, 3},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			client := &pages{pages: test.pages}
			paginator := connectparticipant.NewGetTranscriptPaginator(client, nil, test.optFns...)
			for paginator.HasMorePages() {
				_, err := paginator.NextPage(t.Context())
				require.NoError(t, err)
			}
			require.Len(t, client.inputs, test.want)
			_, err := paginator.NextPage(t.Context())
			require.Error(t, err)
		})
	}
}

func TestPaginatorInput(t *testing.T) {
	t.Parallel()
	client := &pages{pages: []*connectparticipant.GetTranscriptOutput{page("b"), page("absent")}}
	params := &connectparticipant.GetTranscriptInput{ConnectionToken: aws.String("t"), NextToken: aws.String("a"), MaxResults: aws.Int32(7)}
	paginator := connectparticipant.NewGetTranscriptPaginator(client, params)
	params.ConnectionToken = aws.String("changed")
	for paginator.HasMorePages() {
		_, err := paginator.NextPage(t.Context())
		require.NoError(t, err)
	}
	require.Equal(t, "a", *client.inputs[0].NextToken)
	require.Equal(t, "b", *client.inputs[1].NextToken)
	require.Equal(t, "t", *client.inputs[1].ConnectionToken)
	require.EqualValues(t, 7, *client.inputs[1].MaxResults)
	require.Equal(t, "a", *params.NextToken, "the caller's input was changed")
}

func TestPaginatorContinuesAfterAnError(t *testing.T) {
	t.Parallel()
	broken := errors.New("broken")
	client := &pages{pages: []*connectparticipant.GetTranscriptOutput{page("a"), nil, page("absent", "x")}, err: broken}
	paginator := connectparticipant.NewGetTranscriptPaginator(client, nil)
	_, err := paginator.NextPage(t.Context())
	require.NoError(t, err)
	_, err = paginator.NextPage(t.Context())
	require.ErrorIs(t, err, broken)
	require.True(t, paginator.HasMorePages())
	out, err := paginator.NextPage(t.Context())
	require.NoError(t, err)
	require.Equal(t, "x", *out.Transcript[0].Id)
	require.Equal(t, "a", *client.inputs[2].NextToken)
}

func collect(t *testing.T, client connectparticipant.GetTranscriptAPIClient, params *connectparticipant.GetTranscriptInput) ([]string, error) {
	t.Helper()
	var ids []string
	for item, err := range connectparticipant.Transcript(t.Context(), client, params) {
		if err != nil {
			require.Zero(t, item)
			return ids, err
		}
		ids = append(ids, *item.Id)
	}
	return ids, nil
}

func TestTranscript(t *testing.T) {
	t.Parallel()
	client := &pages{pages: []*connectparticipant.GetTranscriptOutput{page("a", "1", "2"), page("b"), page("", "3")}}
	ids, err := collect(t, client, nil)
	require.NoError(t, err)
	require.Equal(t, []string{"1", "2", "3"}, ids)
	require.EqualValues(t, 100, *client.inputs[0].MaxResults)
}

func TestTranscriptKeepsMaxResults(t *testing.T) {
	t.Parallel()
	client := &pages{pages: []*connectparticipant.GetTranscriptOutput{page("absent")}}
	_, err := collect(t, client, &connectparticipant.GetTranscriptInput{MaxResults: aws.Int32(5)})
	require.NoError(t, err)
	require.EqualValues(t, 5, *client.inputs[0].MaxResults)
}

func TestTranscriptIsLazy(t *testing.T) {
	t.Parallel()
	client := &pages{pages: []*connectparticipant.GetTranscriptOutput{page("a", "1", "2"), page("b", "3")}}
	transcript := connectparticipant.Transcript(t.Context(), client, nil)
	require.Empty(t, client.inputs, "fetched before the loop began")
	for item, err := range transcript {
		require.NoError(t, err)
		if *item.Id == "2" {
			break
		}
	}
	require.Len(t, client.inputs, 1, "fetched after the loop had ended")
}

func TestTranscriptEndsWithItsError(t *testing.T) {
	t.Parallel()
	broken := errors.New("broken")
	client := &pages{pages: []*connectparticipant.GetTranscriptOutput{page("a", "1"), nil}, err: broken}
	pairs := 0
	for item, err := range connectparticipant.Transcript(t.Context(), client, nil) {
		pairs++
		if pairs == 1 {
			require.NoError(t, err)
			require.Equal(t, "1", *item.Id)
			continue
		}
		require.ErrorIs(t, err, broken)
	}
	require.Equal(t, 2, pairs)
}

func TestTranscriptStopsAtARepeatedToken(t *testing.T) {
	t.Parallel()
	client := &pages{pages: []*connectparticipant.GetTranscriptOutput{page("a", "1"), page("a", "2"), page("a", "1")}}
	ids, err := collect(t, client, nil)
	require.ErrorContains(t, err, "same NextToken twice")
	require.Equal(t, []string{"1", "2"}, ids)

	client = &pages{pages: []*connectparticipant.GetTranscriptOutput{page("a", "1"), page("b", "2"), page("a", "3"), page("b")}}
	_, err = collect(t, client, nil)
	require.ErrorContains(t, err, "same NextToken twice")
}

// endlessPages returns pages with a new token each, and items on some.
type endlessPages struct {
	calls  int
	size   int                 // of the tokens, in bytes
	items  func(call int) bool // whether a page has one
	cancel context.CancelFunc  // called on the tenth page
}

func (e *endlessPages) GetTranscript(context.Context, *connectparticipant.GetTranscriptInput, ...func(*connectparticipant.Options)) (*connectparticipant.GetTranscriptOutput, error) {
	e.calls++
	if e.calls == 10 && e.cancel != nil {
		e.cancel()
	}
	next := fmt.Sprint(e.calls, "-", strings.Repeat("t", e.size))
	if e.items != nil && e.items(e.calls) {
		return page(next, "1"), nil
	}
	return page(next), nil
}

func TestTranscriptEndsAfterEmptyPages(t *testing.T) {
	t.Parallel()
	client := &endlessPages{}
	ids, err := collect(t, client, nil)
	require.ErrorContains(t, err, "1000 consecutive pages without items")
	require.Empty(t, ids)
	require.Equal(t, 1000, client.calls)

	client = &endlessPages{items: func(call int) bool { return call == 1000 }}
	ids, err = collect(t, client, nil)
	require.ErrorContains(t, err, "1000 consecutive pages without items")
	require.Len(t, ids, 1, "999 empty pages are permitted")
	require.Equal(t, 2000, client.calls)
}

func TestTranscriptEndsWithItsContextOnEmptyPages(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	client := &endlessPages{cancel: cancel}
	for _, err := range connectparticipant.Transcript(ctx, client, nil) {
		require.ErrorIs(t, err, context.Canceled)
	}
	require.Equal(t, 10, client.calls)
}

func TestTranscriptKeepsNoTokens(t *testing.T) { //nolint:paralleltest // it measures the heap
	client := &endlessPages{size: 1 << 20, items: func(int) bool { return true }}
	items := 0
	var before, after runtime.MemStats
	for _, err := range connectparticipant.Transcript(t.Context(), client, nil) {
		require.NoError(t, err)
		if items++; items == 10 {
			runtime.GC()
			runtime.ReadMemStats(&before)
		}
		if items == 100 {
			runtime.GC()
			runtime.ReadMemStats(&after)
			break
		}
	}
	require.Less(t, int64(after.HeapAlloc)-int64(before.HeapAlloc), int64(16<<20))
}

func TestParseTime(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"2019-11-08T02:41:28.172Z":       "2019-11-08T02:41:28.172Z",
		"2023-08-03T08:15:46Z":           "2023-08-03T08:15:46Z",
		"2020-10-31T17:00+00:00":         "2020-10-31T17:00:00Z",
		"2020-10-31T17:00:01.5+02:00":    "2020-10-31T15:00:01.5Z",
		"2020-10-31T17:00:01.123456789Z": "2020-10-31T17:00:01.123456789Z",
		"2020-10-31T17:00:01+0530":       "2020-10-31T11:30:01Z",
		"2020-10-31T17:00+0000":          "2020-10-31T17:00:00Z",
		"2020-10-31T17:00:01":            "2020-10-31T17:00:01Z",
		"2020-10-31T17:00":               "2020-10-31T17:00:00Z",
	} {
		got, err := connectparticipant.ParseTime(in)
		require.NoError(t, err, in)
		require.Equal(t, want, got.Format("2006-01-02T15:04:05.999999999Z07:00"), in)
	}
	for _, in := range []string{"", "yesterday", "2019-11-08", "made-up-connection-token", "1573180888"} {
		_, err := connectparticipant.ParseTime(in)
		require.Error(t, err, in)
		require.NotContains(t, err.Error(), "made-up")
	}
}
