// SPDX-License-Identifier: Apache-2.0

package chat

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/participant-go/connectparticipant"
	"github.com/participant-go/connectparticipant/types"
)

func TestFirstPassReadsBackwardAndDeliversTheOldestFirst(t *testing.T) {
	t.Parallel()
	a := newArchive(t, 250)
	a.says(5)
	require.Equal(t, append(named("old %d", 0, 250), named("new %d", 0, 5)...), a.reads())
	require.Len(t, a.requests, 3)
	for _, in := range a.requests {
		require.Equal(t, types.ScanDirectionBackward, in.ScanDirection)
		require.Equal(t, types.SortKeyDescending, in.SortOrder)
		require.Nil(t, in.StartPosition)
		require.EqualValues(t, 100, *in.MaxResults)
	}
	require.Nil(t, a.requests[0].NextToken)
	for n, m := range a.got {
		require.Equal(t, n < 250, m.History, m.ID)
		require.False(t, m.Late)
	}
	require.Zero(t, a.stats.Recovered, "the first pass recovers nothing")
	require.Equal(t, a.items[254].at, a.inbox.ledger.fence)
	require.Empty(t, a.reads())
}

func TestHistoryIsLimited(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct{ history, delivered, pages int }{
		"the default":           {0, 1000, 11},
		"less than the overlap": {50, 50, 2},
		"more than the overlap": {150, 150, 2},
		"none":                  {HistoryNone, 0, 2},
		"all":                   {HistoryAll, 1500, 15},
		"the whole transcript":  {1500, 1500, 15},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := newArchive(t, 1500, func(o *Options) { o.History = test.history })
			require.Equal(t, named("old %d", 1500-test.delivered, 1500), a.reads())
			require.Len(t, a.requests, test.pages)
			a.says(3)
			require.Equal(t, named("new %d", 0, 3), a.reads(), "omitted items stay omitted")
			require.Equal(t, types.ScanDirectionForward, a.requests[0].ScanDirection)
		})
	}
}

func TestNewItemsAreNotHistory(t *testing.T) {
	t.Parallel()
	a := newArchive(t, 10, func(o *Options) { o.History = 5 })
	a.says(150)
	require.Equal(t, append(named("old %d", 5, 10), named("new %d", 0, 150)...), a.reads())
}

// Items with the same time as the oldest delivered one may be on the next page.
func TestHistoryWithEqualTimes(t *testing.T) {
	t.Parallel()
	a := newArchive(t, 1000, func(o *Options) { o.History = 100 })
	for _, it := range a.items {
		it.at = at(-time.Hour)
	}
	require.Equal(t, named("old %d", 900, 1000), a.reads())
	a.says(1)
	require.Equal(t, named("new %d", 0, 1), a.reads())
}

func TestItemsWithoutATimeDoNotEndTheHistory(t *testing.T) {
	t.Parallel()
	a := newArchive(t, 3000, func(o *Options) { o.History = 100 })
	for _, it := range a.items[:2950] {
		it.at = 0
	}
	require.Equal(t, named("old %d", 2900, 3000), a.reads())
	require.Len(t, a.requests, 12, "a thousand more are read and remembered")
}

func TestItemOfAPastContactEndsThePass(t *testing.T) {
	t.Parallel()
	a := newArchive(t, 250)
	for _, it := range a.items[:130] {
		it.past = true
	}
	require.Equal(t, named("old %d", 130, 250), a.reads())
	require.Len(t, a.requests, 2)
	a.says(1)
	require.Equal(t, named("new %d", 0, 1), a.reads())
}

func TestPassOverAnEmptyTranscript(t *testing.T) {
	t.Parallel()
	a := newArchive(t, 0)
	require.Empty(t, a.reads())
	require.Zero(t, a.inbox.ledger.fence)
	a.says(1)
	require.Equal(t, named("new %d", 0, 1), a.reads())
	require.Equal(t, types.ScanDirectionBackward, a.requests[0].ScanDirection, "no item is known")
	a.says(1)
	a.items[1] = said("next", a.now.Sub(began))
	require.Equal(t, []string{"next"}, a.reads())
	require.Equal(t, types.ScanDirectionForward, a.requests[0].ScanDirection)
}

// backwardOnly returns an archive that has been read and whose later passes are backward.
func backwardOnly(t *testing.T, n int) *archive {
	t.Helper()
	a := started(t, n)
	a.passes.backward = true
	return a
}

func TestLaterBackwardPassEndsAtItsStart(t *testing.T) {
	t.Parallel()
	a := backwardOnly(t, 500)
	a.says(30)
	require.Equal(t, named("new %d", 0, 30), a.reads())
	require.Len(t, a.requests, 2, "30 and the overlap's 120")
	require.Equal(t, a.items[529].at, a.inbox.ledger.fence)
	for _, m := range a.got {
		require.False(t, m.History)
	}
}

func TestWrongTimeWithinAPageDoesNotEndABackwardPass(t *testing.T) {
	t.Parallel()
	a := backwardOnly(t, 500)
	a.says(150)
	a.items[600].at = at(-24 * time.Hour)
	a.items[601].at = 0
	require.Equal(t, slices.DeleteFunc(named("new %d", 0, 150), func(id string) bool { return id == "new 100" }), a.reads())
}

func TestBackwardPassRestartsWithANewConnection(t *testing.T) {
	t.Parallel()
	a := newArchive(t, 250)
	a.before = func(n int, _ *connectparticipant.GetTranscriptInput) error {
		if n == 2 {
			a.issue()
		}
		return nil
	}
	require.Equal(t, named("old %d", 0, 250), a.reads())
	require.Len(t, a.requests, 5)
	require.Nil(t, a.requests[2].NextToken)
}

func TestBackwardPassRestartsAfterARejectedPageToken(t *testing.T) {
	t.Parallel()
	a := newArchive(t, 250)
	a.before = func(n int, in *connectparticipant.GetTranscriptInput) error {
		if n == 2 || in.StartPosition != nil {
			return &types.ValidationException{}
		}
		return nil
	}
	require.Equal(t, named("old %d", 0, 250), a.reads())
	require.Len(t, a.requests, 6)
}

// A time replaces the token.
func TestBackwardPassContinuesByTimeWithoutAValidPageToken(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		before func(n int, in *connectparticipant.GetTranscriptInput) error
		token  func(n int, token string) string
	}{
		"a token is rejected": {func(n int, _ *connectparticipant.GetTranscriptInput) error {
			if n == 2 {
				return &types.ValidationException{}
			}
			return nil
		}, nil},
		"all tokens are rejected": {func(_ int, in *connectparticipant.GetTranscriptInput) error {
			if in.NextToken != nil {
				return &types.ValidationException{}
			}
			return nil
		}, nil},
		"a token is repeated": {nil, func(_ int, token string) string {
			if token == "" {
				return ""
			}
			return "after 0"
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := newArchive(t, 250)
			a.before, a.token = test.before, test.token
			require.Equal(t, named("old %d", 0, 250), a.reads())
			require.LessOrEqual(t, len(a.requests), 6)
		})
	}
}

// The items that could be read are delivered.
func TestStuckBackwardPassDeliversWhatItHasRead(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		before   func(a *archive, n int, in *connectparticipant.GetTranscriptInput) error
		token    func(n int, token string) string
		requests int
	}{
		"tokens and times are rejected": {func(_ *archive, _ int, in *connectparticipant.GetTranscriptInput) error {
			if in.NextToken != nil || in.StartPosition != nil {
				return &types.ValidationException{}
			}
			return nil
		}, nil, 12},
		"sockets flap": {func(a *archive, _ int, _ *connectparticipant.GetTranscriptInput) error {
			a.issue()
			return nil
		}, nil, 4},
		"a token is repeated and times are rejected": {func(_ *archive, _ int, in *connectparticipant.GetTranscriptInput) error {
			if in.StartPosition != nil {
				return &types.ValidationException{}
			}
			return nil
		}, func(int, string) string { return "after 0" }, 12},
		"pages never end": {nil, func(n int, _ string) string { return fmt.Sprint("after 0 again ", n) }, 20 + 2},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := newArchive(t, 250)
			if test.before != nil {
				a.before = func(n int, in *connectparticipant.GetTranscriptInput) error { return test.before(a, n, in) }
			}
			a.token = test.token
			ids, _, err := a.readNow()
			require.ErrorIs(t, err, errStuck)
			require.Len(t, a.requests, test.requests)
			require.Equal(t, named("old %d", 150, 250), ids)
			require.Zero(t, a.inbox.ledger.fence, "older items may be missing")
			require.False(t, a.passes.completed)
			require.True(t, a.inbox.gap.open)
		})
	}
}

func TestAnInvalidFirstRequestIsNotRetried(t *testing.T) {
	t.Parallel()
	a := newArchive(t, 250)
	a.before = func(int, *connectparticipant.GetTranscriptInput) error { return &types.ValidationException{} }
	_, _, err := a.readNow()
	require.True(t, isInvalid(err))
	require.Len(t, a.requests, 1)
}

// large makes the items so large that a pass can't keep them all in memory.
func large(a *archive) {
	for _, it := range a.items {
		it.meta.Raw = make([]byte, 8<<10)
	}
}

func TestPagesBeyondTheMemoryLimitAreRequestedAgain(t *testing.T) {
	t.Parallel()
	a := newArchive(t, 650)
	large(a)
	a.items[649].meta.Raw = nil
	require.Equal(t, named("old %d", 0, 650), a.reads())
	require.Greater(t, len(a.requests), 7)
	require.Less(t, len(a.requests), 14)
	tokens := map[string]int{}
	for _, in := range a.requests {
		if in.NextToken == nil {
			tokens[""]++
		} else {
			tokens[*in.NextToken]++
		}
	}
	require.Equal(t, 1, tokens[""], "without a token it can't be requested again unchanged")
	require.Equal(t, 2, tokens["after 100"], "the newest pages are delivered last")
	require.Equal(t, 1, tokens["after 600"])
	a.says(1)
	require.Equal(t, named("new %d", 0, 1), a.reads())
}

func TestSilentHistoryStaysSilentWhenRequestedAgain(t *testing.T) {
	t.Parallel()
	a := newArchive(t, 1000, func(o *Options) { o.History = 30 })
	for n, it := range a.items {
		it.at = at(-time.Minute) + int64(n)*int64(time.Millisecond) // all within the overlap
	}
	large(a)
	require.Equal(t, named("old %d", 970, 1000), a.reads())
	require.Greater(t, len(a.requests), 10)
	a.says(1)
	require.Equal(t, named("new %d", 0, 1), a.reads())
}

func TestPageThatCannotBeRequestedAgainIsLeftToTheNextPass(t *testing.T) {
	t.Parallel()
	for name, fail := range map[string]func(a *archive) error{
		"a new connection":       func(a *archive) error { a.issue(); return nil },
		"a page that takes long": func(*archive) error { return errAgain },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := newArchive(t, 650)
			large(a)
			failed := false
			a.before = func(n int, in *connectparticipant.GetTranscriptInput) error {
				if n > 7 && !failed {
					failed = true
					return fail(a)
				}
				return nil
			}
			ids, _, err := a.readNow()
			require.ErrorIs(t, err, errPartial)
			require.Equal(t, named("old %d", 0, len(ids)), ids)
			require.NotEmpty(t, ids)
			rest := a.reads()
			require.Equal(t, named("old %d", len(ids), 650), rest)
		})
	}
}

func TestPageThatFailsWhenRequestedAgainEndsThePass(t *testing.T) {
	t.Parallel()
	a := newArchive(t, 650)
	large(a)
	a.before = func(n int, _ *connectparticipant.GetTranscriptInput) error {
		if n > 7 {
			return errTest
		}
		return nil
	}
	_, _, err := a.readNow()
	require.ErrorIs(t, err, errTest)
	require.Zero(t, a.inbox.ledger.fence)
}

func TestItemsShownByTwoPagesAreDeliveredOnce(t *testing.T) {
	t.Parallel()
	a := newArchive(t, 250)
	a.token = func(n int, token string) string {
		if token == "after 100" {
			return "after 60"
		}
		return token
	}
	require.Equal(t, named("old %d", 0, 250), a.reads())
	require.Zero(t, a.stats.Duplicates)
}

func TestBackwardPassKeepsTheMarkOfItsFirstRequest(t *testing.T) {
	t.Parallel()
	a := newArchive(t, 250)
	a.sleep(a.opts.Settle)
	a.before = func(n int, _ *connectparticipant.GetTranscriptInput) error {
		if n == 2 {
			a.inbox.gap.openAt(a.now.Add(-a.opts.Settle))
		}
		return nil
	}
	a.reads()
	require.True(t, a.inbox.gap.open)
	a.before = nil
	a.reads()
	require.False(t, a.inbox.gap.open)
}

func TestResumedSessionReadsForward(t *testing.T) {
	t.Parallel()
	before := started(t, 300)
	before.sleep(before.opts.Settle)
	before.reads()
	state := before.inbox.state().again(t)

	a := &archive{fixture: newFixture(t), items: before.items}
	a.sleep(time.Minute)
	a.inbox.restore(&state)
	a.connect()
	a.says(5)
	ids, backward, err := a.readNow()
	require.NoError(t, err)
	require.False(t, backward)
	require.Equal(t, named("new %d", 0, 5), ids)
	require.Equal(t, types.ScanDirectionForward, a.requests[0].ScanDirection)
}

func TestTimelessItemDoesNotExtendTheHistory(t *testing.T) {
	t.Parallel()
	begun := time.Now()
	b := backfill{since: begun.UnixNano(), history: 2, overlap: 2 * time.Minute}
	var d descent
	var items []*item
	at := begun.Add(-time.Hour)
	items = append(items, messageAt("new", at))
	items = append(items, messageAt("timeless", time.Time{}))
	for i := range 90 {
		items = append(items, messageAt(fmt.Sprint("old-", i), at.Add(-time.Duration(i+1)*time.Hour)))
	}
	p := &page{items: items, read: begun.UnixNano()}
	require.True(t, b.visit(&d, step{page: p}), "a history item without a time must not make the pass read the whole transcript")
}
