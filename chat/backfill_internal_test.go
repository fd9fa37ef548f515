// SPDX-License-Identifier: Apache-2.0

package chat

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/stretchr/testify/require"

	"github.com/participant-go/connectparticipant"
	"github.com/participant-go/connectparticipant/types"
)

// archive is a source with the transcript of a service. It delivers the items to a core.
type archive struct {
	*fixture

	items    []*item // oldest first
	requests []*connectparticipant.GetTranscriptInput
	urgency  []Priority
	got      []Message

	// before may reject a request; the first one has number 1. token may replace the token of
	// its response.
	before func(n int, in *connectparticipant.GetTranscriptInput) error
	token  func(n int, token string) string
	taken  func(r *reading) // after a page was taken
}

func (a *archive) admit(context.Context) (turn, error) {
	t, ok := a.admitPage(a.passes.kind, a.now)
	require.True(a.t, ok)
	return t, nil
}

func (a *archive) fetch(_ context.Context, t turn, priority Priority, in *connectparticipant.GetTranscriptInput) (*page, error) {
	request := *in
	if in.NextToken != nil {
		request.NextToken = aws.String(*in.NextToken)
	}
	a.requests, a.urgency = append(a.requests, &request), append(a.urgency, priority)
	if a.before != nil {
		if err := a.before(len(a.requests), in); err != nil {
			return nil, err
		}
	}
	items := slices.Clone(a.items)
	if in.ScanDirection == types.ScanDirectionBackward {
		slices.Reverse(items)
	} else {
		items = slices.DeleteFunc(items, func(it *item) bool { return it.past })
	}
	first := 0
	switch {
	case in.NextToken != nil:
		_, err := fmt.Sscanf(*in.NextToken, "after %d", &first)
		require.NoError(a.t, err)
	case in.StartPosition != nil:
		from, err := connectparticipant.ParseTime(*in.StartPosition.AbsoluteTime)
		require.NoError(a.t, err)
		backward := in.ScanDirection == types.ScanDirectionBackward
		first = slices.IndexFunc(items, func(it *item) bool {
			return it.at == from.UnixNano() || it.at < from.UnixNano() == backward
		})
		if first < 0 {
			first = len(items)
		}
	}
	p := &page{date: a.time(), arrived: a.now, read: a.time().UnixNano()}
	last := min(first+int(*in.MaxResults), len(items))
	for _, it := range items[first:last] {
		copied := *it
		p.items = append(p.items, &copied)
	}
	if last < len(items) {
		p.next = fmt.Sprint("after ", last)
	}
	if a.token != nil {
		p.next = a.token(len(a.requests), p.next)
	}
	return p, nil
}

func (a *archive) take(_ context.Context, p *page, from origin, r *reading) (int, error) {
	fresh, ok := a.takePage(a.passes.kind, p, from, r, a.now)
	require.True(a.t, ok)
	for _, event := range a.events() {
		if m, ok := event.(Message); ok {
			a.got = append(a.got, m)
		}
	}
	if a.taken != nil {
		a.taken(r)
	}
	return fresh, nil
}

// newArchive returns an archive with n messages, one per second, the last one a second before the session.
func newArchive(t *testing.T, n int, optFns ...func(*Options)) *archive {
	t.Helper()
	a := &archive{fixture: newFixture(t, optFns...)}
	for i := range n {
		a.items = append(a.items, said(fmt.Sprint("old ", i), time.Duration(i-n)*time.Second))
	}
	a.connect()
	return a
}

// says adds n messages, one per second.
func (a *archive) says(n int) {
	for i := range n {
		a.sleep(time.Second)
		a.items = append(a.items, said(fmt.Sprint("new ", i), a.now.Sub(began)))
	}
}

// readNow runs a pass and returns the IDs of the messages that it delivers.
func (a *archive) readNow() (ids []string, backward bool, err error) {
	a.passes.wanted++
	a.passes.retryAt = 0
	b := one[startPass](a.fixture).backfill
	b.source, a.got, a.requests, a.urgency = a, nil, nil, nil
	backward, err = b.run(a.t.Context())
	a.passEnded(&b.read, err, a.now)
	for _, event := range a.events() {
		if m, ok := event.(Message); ok {
			a.got = append(a.got, m)
		}
	}
	for _, m := range a.got {
		ids = append(ids, m.ID)
	}
	return ids, backward, err
}

// reads requires a complete pass and returns the IDs of the messages that it delivers.
func (a *archive) reads() []string {
	a.t.Helper()
	ids, _, err := a.readNow()
	require.NoError(a.t, err)
	return ids
}

func named(format string, first, end int) (ids []string) {
	for i := first; i < end; i++ {
		ids = append(ids, fmt.Sprintf(format, i))
	}
	return ids
}

// started returns an archive that has been read once.
func started(t *testing.T, n int) *archive {
	t.Helper()
	a := newArchive(t, n)
	a.reads()
	return a
}

func TestForwardPassBeginsAtFenceMinusOverlap(t *testing.T) {
	t.Parallel()
	a := started(t, 300)
	a.says(250)
	require.Equal(t, named("new %d", 0, 250), a.reads())
	require.Len(t, a.requests, 4, "250 and the overlap's 120 items")
	first := a.requests[0]
	require.Equal(t, types.ScanDirectionForward, first.ScanDirection)
	require.Equal(t, types.SortKeyAscending, first.SortOrder)
	require.Equal(t, "2026-01-01T11:57:59.000Z", *first.StartPosition.AbsoluteTime)
	require.Nil(t, first.StartPosition.Id, "the service may not know the ID any more")
	require.Nil(t, first.ContactId)
	require.Nil(t, first.NextToken)
	require.EqualValues(t, 100, *first.MaxResults)
	require.Equal(t, "after 279", *a.requests[1].NextToken)
	require.Equal(t, a.items[len(a.items)-1].at, a.inbox.ledger.fence)
	require.Empty(t, a.reads(), "nothing is delivered twice")
	require.Equal(t, 250, a.stats.Recovered)
}

func TestPassReadsBackwardIfTheTranscriptShowsNoKnownItem(t *testing.T) {
	t.Parallel()
	a := started(t, 300)
	a.says(150)
	a.items = a.items[len(a.items)-20:]
	ids, backward, err := a.readNow()
	require.NoError(t, err)
	require.True(t, backward)
	require.Equal(t, named("new %d", 130, 150), ids)
	require.Equal(t, types.ScanDirectionBackward, a.requests[len(a.requests)-1].ScanDirection)
}

func TestPassReadsBackwardIfTheServiceRejectsTimes(t *testing.T) {
	t.Parallel()
	a := started(t, 300)
	a.before = func(_ int, in *connectparticipant.GetTranscriptInput) error {
		if in.StartPosition != nil {
			return &types.ValidationException{}
		}
		return nil
	}
	a.says(150)
	ids, backward, err := a.readNow()
	require.NoError(t, err)
	require.True(t, backward)
	require.Equal(t, named("new %d", 0, 150), ids)
	require.Len(t, a.requests, 4, "one is rejected")
}

func TestRejectedPageTokenIsReplacedByTheLastTime(t *testing.T) {
	t.Parallel()
	a := started(t, 300)
	a.says(400)
	a.before = func(n int, in *connectparticipant.GetTranscriptInput) error {
		if n == 3 {
			require.NotNil(t, in.NextToken)
			return &types.ValidationException{}
		}
		return nil
	}
	ids, backward, err := a.readNow()
	require.NoError(t, err)
	require.False(t, backward)
	require.Equal(t, named("new %d", 0, 400), ids)
	require.Nil(t, a.requests[3].NextToken)
	require.Equal(t, "2026-01-01T12:01:18.999Z", *a.requests[3].StartPosition.AbsoluteTime, "a millisecond before the last item")
}

func TestForwardPassWithoutValidPageTokens(t *testing.T) {
	t.Parallel()
	a := started(t, 50)
	a.says(400)
	a.before = func(_ int, in *connectparticipant.GetTranscriptInput) error {
		if in.NextToken != nil {
			return &types.ValidationException{}
		}
		return nil
	}
	require.Equal(t, named("new %d", 0, 400), a.reads(), "each page brings the next start")
}

func TestPageTokenIsNotUsedWithANewConnection(t *testing.T) {
	t.Parallel()
	a := started(t, 300)
	a.says(400)
	a.before = func(n int, _ *connectparticipant.GetTranscriptInput) error {
		if n == 2 {
			a.issue()
		}
		return nil
	}
	require.Equal(t, named("new %d", 0, 400), a.reads())
	require.NotNil(t, a.requests[1].NextToken)
	require.Nil(t, a.requests[2].NextToken)
	require.Equal(t, "2026-01-01T12:01:18.999Z", *a.requests[2].StartPosition.AbsoluteTime)
	require.NotNil(t, a.requests[3].NextToken)
}

func TestRepeatedPageTokenIsNotFollowed(t *testing.T) {
	t.Parallel()
	a := started(t, 300)
	a.says(400)
	a.token = func(n int, token string) string {
		if n == 3 {
			return *a.requests[2].NextToken
		}
		return token
	}
	require.Equal(t, named("new %d", 0, 400), a.reads())
	require.Nil(t, a.requests[3].NextToken)
}

func TestForwardPassRecoversFromARepeatedPageToken(t *testing.T) {
	t.Parallel()
	a := started(t, 10)
	a.says(10)
	a.token = func(n int, _ string) string {
		if n <= 5 {
			return "after 0"
		}
		return ""
	}
	require.Equal(t, named("new %d", 0, 10), a.reads())
	require.Len(t, a.requests, 6)
}

func TestEndlessPagesEndThePass(t *testing.T) {
	t.Parallel()
	for name, token := range map[string]func(n int, token string) string{
		"always the same token": func(int, string) string { return "after 0" },
		"a cycle of tokens":     func(n int, _ string) string { return fmt.Sprint("after ", n%3) },
		"always another token":  func(n int, _ string) string { return fmt.Sprint("after 0 again ", n) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := started(t, 10)
			a.says(10)
			fence := a.inbox.ledger.fence
			a.token = token
			ids, backward, err := a.readNow()
			require.ErrorIs(t, err, errStuck)
			require.False(t, backward)
			require.Equal(t, named("new %d", 0, 10), ids, "the items that could be read are delivered")
			require.LessOrEqual(t, len(a.requests), 20+5)
			require.Greater(t, a.inbox.ledger.fence, fence)
			require.EqualValues(t, 1, a.passes.failures)
		})
	}
}

func TestForwardPassGivesUpOnUselessPageTokens(t *testing.T) {
	t.Parallel()
	a := started(t, 10)
	a.says(10)
	a.token = func(int, string) string { return "after 0" }
	_, _, err := a.readNow()
	require.ErrorIs(t, err, errStuck)
	require.LessOrEqual(t, len(a.requests), 8)
}

func TestCursorCountsRestartsWithoutProgress(t *testing.T) {
	t.Parallel()
	c := cursor{start: at(0), last: at(0)}
	for range 3 {
		for range 3 {
			require.True(t, c.restart())
		}
		c.last += int64(time.Second)
		require.True(t, c.restart(), "there was progress")
	}
	for range 3 {
		require.True(t, c.restart())
	}
	require.False(t, c.restart())
}

func TestRetriedPageHasTheNewPageSize(t *testing.T) {
	t.Parallel()
	a := started(t, 300)
	a.says(10)
	a.before = func(n int, _ *connectparticipant.GetTranscriptInput) error {
		if n == 1 {
			a.passes.pageSize = 50
			return errAgain
		}
		return nil
	}
	require.Equal(t, named("new %d", 0, 10), a.reads())
	require.EqualValues(t, 50, *a.requests[1].MaxResults)
	require.Equal(t, a.requests[0].StartPosition, a.requests[1].StartPosition)
}

func TestAnErrorEndsThePass(t *testing.T) {
	t.Parallel()
	for _, n := range []int{0, 300} {
		a := newArchive(t, 300)
		if n > 0 {
			a.reads()
		}
		a.before = func(int, *connectparticipant.GetTranscriptInput) error { return errTest }
		_, backward, err := a.readNow()
		require.ErrorIs(t, err, errTest)
		require.False(t, backward)
		require.Len(t, a.requests, 1)
	}
}

// The ids to be remembered grow with the duration of a pass, and the caller may be slow.
func TestLongPassIsSplit(t *testing.T) {
	t.Parallel()
	a := started(t, 300)
	a.says(150)
	a.taken = func(r *reading) {
		if r.recent != 0 { // now is the process's clock, so move begun
			r.begun = now().Add(-a.opts.Overlap - time.Minute)
		}
	}
	fence := a.inbox.ledger.fence
	ids, _, err := a.readNow()
	require.ErrorIs(t, err, errPartial)
	require.Len(t, a.requests, 2)
	require.Equal(t, named("new %d", 0, 79), ids)
	require.Greater(t, a.inbox.ledger.fence, fence, "the next pass continues from there")
	require.Zero(t, a.passes.failures)
}

func TestForwardPassKeepsTheMarkOfItsLastRequest(t *testing.T) {
	t.Parallel()
	a := started(t, 300)
	a.says(150)
	a.sleep(a.opts.Settle)
	a.before = func(n int, _ *connectparticipant.GetTranscriptInput) error {
		if n == len(a.requests) && n == 3 {
			a.inbox.gap.openAt(a.now.Add(-a.opts.Settle))
		}
		return nil
	}
	a.reads()
	require.Len(t, a.requests, 3)
	require.True(t, a.inbox.gap.open, "the gap was opened during the last request")
	a.before = nil
	a.reads()
	require.False(t, a.inbox.gap.open)
}

func TestLongPassGetsALowPriority(t *testing.T) {
	t.Parallel()
	for kind, want := range map[passKind]Priority{passFinal: PriorityHigh, passCatchUp: PriorityLow, passPeriodic: PriorityBackground} {
		b := backfill{kind: kind}
		require.Equal(t, kind.priority(), b.priority())
		b.read.budget.pages = 20 - 1
		require.Equal(t, kind.priority(), b.priority())
		b.read.budget.pages = 20
		require.Equal(t, want, b.priority())
	}
}

func TestLaterPagesOfALongPassAreRequestedWithALowPriority(t *testing.T) {
	t.Parallel()
	a := started(t, 10)
	a.says(2400)
	require.Len(t, a.reads(), 2400)
	require.Len(t, a.urgency, 25)
	for n, priority := range a.urgency {
		require.Equal(t, n >= 20, priority == PriorityLow, "page %d", n+1)
	}
}

func TestPassAfterRestoreReadsForward(t *testing.T) {
	t.Parallel()
	before := started(t, 300)
	before.sleep(before.opts.Settle)
	before.reads()
	state := before.inbox.state()

	a := &archive{fixture: newFixture(t), items: before.items}
	a.inbox.restore(&state)
	a.connect()
	_, backward, err := a.readNow()
	require.NoError(t, err)
	require.False(t, backward, "the transcript shows the same items again")
}

func TestFollowKeepsTheTokenOfAnEarlierRequest(t *testing.T) {
	t.Parallel()
	c := cursor{start: at(0), token: "first"}
	in := c.forward(100)
	c.follow("second", false, 1)
	require.Equal(t, "first", *in.NextToken)
}
