// SPDX-License-Identifier: Apache-2.0

package chat

import (
	"fmt"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/stretchr/testify/require"

	"github.com/participant-go/connectparticipant/types"
)

// seenBy returns a message with a receipt of a participant.
func seenBy(participant string, read bool) *item {
	receipt := types.Receipt{RecipientParticipantId: &participant, DeliveredTimestamp: aws.String("2026-01-01T12:00:00Z")}
	if read {
		receipt.ReadTimestamp = aws.String("2026-01-01T12:00:05Z")
	}
	in := types.Item{
		Id: aws.String("receipt"), Type: types.ChatItemTypeMessage, ContentType: aws.String(contentPrefix + kindMetadata),
		AbsoluteTime:    aws.String("2026-01-01T12:00:05Z"),
		MessageMetadata: &types.MessageMetadata{MessageId: aws.String("message"), Receipts: []types.Receipt{receipt}},
	}
	return newItem(in)
}

func TestItemFromSocketAndPageIsDeliveredOnce(t *testing.T) {
	t.Parallel()
	f := connected(t)
	for range 2 {
		f.arrives(said("pushed", 0))
		f.shows(said("pushed", 0), said("shown", time.Second))
	}
	require.Equal(t, []string{"pushed", "shown"}, f.messages())
	require.Equal(t, 4, f.stats.Duplicates)
	require.Equal(t, 1, f.stats.Recovered)
}

func TestItemOlderThanADeliveredOneIsLate(t *testing.T) {
	t.Parallel()
	f := connected(t)
	odd := said("odd", 0)
	odd.at = 0
	for _, it := range []*item{said("b", time.Second), said("same time", time.Second), said("a", 0), odd} {
		f.arrives(it)
	}
	late := map[string]bool{}
	for _, meta := range f.metas() {
		late[meta.ID] = meta.Late
	}
	require.Equal(t, map[string]bool{"b": false, "same time": false, "a": true, "odd": false}, late)
	require.Equal(t, 1, f.stats.Late)
}

// An item dated ahead of the service's clock makes no other item Late.
func TestItemDatedAheadMakesNoOtherLate(t *testing.T) {
	t.Parallel()
	for ahead, late := range map[time.Duration]bool{30 * time.Second: true, 30*time.Second + time.Millisecond: false} {
		f := connected(t)
		now := f.now.Sub(began)
		f.arrives(said("ahead", now+ahead))
		f.arrives(said("in time", now))
		metas := f.metas()
		require.Len(t, metas, 2)
		require.Equal(t, late, metas[1].Late, "%v ahead", ahead)
	}
}

// The transcript may lack an event of an unknown kind, so a pushed one makes no other item Late.
func TestPushedUnknownEventMakesNoOtherLate(t *testing.T) {
	t.Parallel()
	f := connected(t)
	f.arrives(happened("event.of.the.future", "agent", time.Second))
	f.arrives(said("a", 0))
	f.shows(happened("event.of.the.future.too", "agent", 2*time.Second))
	f.arrives(said("b", time.Second))
	metas := f.metas()
	require.Len(t, metas, 4)
	require.False(t, metas[1].Late)
	require.True(t, metas[3].Late)
}

// A pushed unknown event isn't Late itself: the pass that showed later items may not have shown it.
func TestUnknownEventIsLateOnlyFromAPage(t *testing.T) {
	t.Parallel()
	f := connected(t)
	f.shows(said("a", 2*time.Second))
	f.arrives(happened("event.of.the.future", "agent", time.Second))
	f.shows(happened("event.of.the.future.too", "agent", time.Second))
	metas := f.metas()
	require.Len(t, metas, 3)
	require.False(t, metas[1].Late)
	require.True(t, metas[2].Late)
}

func TestPageReleasesOlderLiveItems(t *testing.T) {
	t.Parallel()
	f := connected(t)
	f.loses()
	f.reconnect()
	for _, n := range []int{4, 2, 6} {
		f.arrives(said(fmt.Sprint(n), time.Duration(n)*time.Second))
	}
	odd := said("odd", 0)
	odd.at = 0
	f.shows(odd, said("1", time.Second), said("3", 3*time.Second), said("4", 4*time.Second), said("5", 5*time.Second))
	require.Equal(t, []string{"odd", "1", "2", "3", "4", "5"}, f.messages(), "6 waits: older items may follow")
	require.Equal(t, 4, f.stats.Recovered, "4 had arrived from the socket")
	require.Zero(t, f.stats.Late)
}

func TestNewStateOfAMessageIsUpdated(t *testing.T) {
	t.Parallel()
	f := connected(t)
	file := func(status types.ArtifactStatus) *item {
		in := wireMessage("file", 0)
		in.Type, in.Attachments = types.ChatItemTypeAttachment, []types.AttachmentItem{{AttachmentId: aws.String("id"), Status: status}}
		return newItem(in)
	}
	f.inbox.scans = map[string]types.ArtifactStatus{"id": types.ArtifactStatusInProgress}
	f.arrives(file(types.ArtifactStatusInProgress))
	require.Equal(t, types.ArtifactStatusInProgress, f.inbox.scans["id"])
	f.shows(file(types.ArtifactStatusApproved))
	f.arrives(file(types.ArtifactStatusApproved))
	f.arrives(file(types.ArtifactStatusInProgress))
	events := f.events()
	require.Len(t, events, 2)
	require.IsType(t, Message{}, events[0])
	updated, ok := events[1].(Updated)
	require.True(t, ok)
	require.Equal(t, types.ArtifactStatusApproved, updated.Attachments[0].Status)
	require.Equal(t, types.ArtifactStatusApproved, f.inbox.scans["id"])
}

// A call may wait for the scan even if the event is discarded.
func TestDiscardedItemReportsItsScan(t *testing.T) {
	t.Parallel()
	f := connected(t)
	f.inbox.behind = true
	f.inbox.scans = map[string]types.ArtifactStatus{"id": ""}
	in := wireMessage("file", 0)
	in.Attachments = []types.AttachmentItem{
		{AttachmentId: aws.String("id"), Status: types.ArtifactStatusRejected}, {AttachmentId: aws.String("other"), Status: types.ArtifactStatusApproved},
	}
	f.arrives(newItem(in))
	require.Equal(t, map[string]types.ArtifactStatus{"id": types.ArtifactStatusRejected}, f.inbox.scans)
	require.Empty(t, f.events())
}

func TestReceiptLevelsOnlyRise(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		read []bool
		want []bool
	}{
		"delivered, then read": {[]bool{false, true}, []bool{false, true}},
		"read, then delivered": {[]bool{true, false}, []bool{true}},
		"twice the same":       {[]bool{false, false, true, true}, []bool{false, true}},
	} {
		f := connected(t, func(o *Options) { o.ParticipantID = "me" })
		for _, read := range test.read {
			f.arrives(seenBy("customer", read))
		}
		var got []bool
		for _, event := range f.events() {
			r, ok := event.(Receipt)
			require.True(t, ok)
			require.Equal(t, "message", r.MessageID)
			require.False(t, r.Own)
			require.False(t, r.Late)
			got = append(got, r.Read)
		}
		require.Equal(t, test.want, got, name)
	}
}

func TestReceiptsOfEachReader(t *testing.T) {
	t.Parallel()
	f := connected(t, func(o *Options) { o.ParticipantID = "me" })
	f.arrives(seenBy("customer", true))
	f.arrives(seenBy("me", true))
	metas := f.metas()
	require.Len(t, metas, 2)
	require.False(t, metas[0].Own)
	require.True(t, metas[1].Own)
}

func TestSilentItemsAreRemembered(t *testing.T) {
	t.Parallel()
	f := connected(t)
	silent := origin{page: true, first: true, history: true, silent: true}
	f.inbox.arrivePage([]*item{said("a", time.Second), seenBy("customer", true)}, silent, f.now)
	require.Empty(t, f.events())
	require.Equal(t, at(time.Second), f.inbox.ledger.top)
	require.Equal(t, at(time.Second), f.inbox.state().top)
	f.shows(said("a", time.Second), seenBy("customer", true))
	require.Empty(t, f.events())
	f.arrives(said("b", 0))
	require.True(t, f.metas()[0].Late)
}

func TestTypingIsNeverLateAndMakesNoOtherLate(t *testing.T) {
	t.Parallel()
	f := connected(t)
	f.arrives(happened(kindTyping, "agent", time.Second))
	f.arrives(happened(kindTyping, "agent", time.Second))
	f.arrives(said("a", 0))
	metas := f.metas()
	require.Len(t, metas, 2, "both sockets of a renewal bring the item, and it is delivered once")
	require.False(t, metas[1].Late)
	require.Len(t, f.inbox.ledger.seen, 1)
	require.Equal(t, at(0), f.inbox.state().top)
}

func TestChatEndedIsTheLastEvent(t *testing.T) {
	t.Parallel()
	f := connected(t)
	first := happened(kindEnded, "system", 0)
	f.arrives(first)
	f.arrives(happened(kindEnded, "again", time.Second))
	f.shows(happened(kindEnded, "system", 0))
	require.Empty(t, f.events())
	require.Same(t, first, f.inbox.ended)
}

// The ledger keeps the entries of events that wait for the caller and of newer items, because all of
// them arrive again after Resume.
func TestLedgerKeepsItemsNewerThanAWaitingEvent(t *testing.T) {
	t.Parallel()
	f := connected(t)
	for n := range 600 {
		f.arrives(said(fmt.Sprint(n), time.Duration(n)*time.Second))
	}
	waiting := f.inbox.queue.len()
	require.Equal(t, 600, waiting)
	f.sleep(time.Hour)
	f.inbox.ledger.beginPass()
	f.inbox.advance(at(time.Hour))
	f.inbox.passed(f.now, f.inbox.mark(), f.now)
	require.Len(t, f.inbox.ledger.seen, 600)
	for range 100 {
		f.takeEvent()
	}
	f.inbox.ledger.beginPass()
	f.inbox.passed(f.now, f.inbox.mark(), f.now)
	require.Len(t, f.inbox.ledger.seen, 500)
	f.events()
	f.inbox.passed(f.now, f.inbox.mark(), f.now)
	require.Len(t, f.inbox.ledger.seen, 256)
}

func TestWaitingLateEventKeepsNoLedgerEntries(t *testing.T) {
	t.Parallel()
	f := connected(t)
	for n := range 600 {
		f.arrives(said(fmt.Sprint(n), time.Duration(n)*time.Second))
	}
	f.events()
	f.arrives(said("late", -time.Hour))
	f.inbox.advance(at(time.Hour))
	f.inbox.passed(f.now, f.inbox.mark(), f.now)
	require.Len(t, f.inbox.ledger.seen, 256)
}

func TestFenceNeverMovesBack(t *testing.T) {
	t.Parallel()
	f := connected(t)
	fence := f.inbox.ledger.fence
	f.inbox.advance(fence - 1)
	require.Equal(t, fence, f.inbox.ledger.fence)
	f.inbox.advance(fence + 1)
	require.Equal(t, fence+1, f.inbox.ledger.fence)
}

// The ledger is bounded even if no pass completes.
func TestLedgerIsBoundedWhilePassesFail(t *testing.T) {
	t.Parallel()
	f := connected(t)
	for n := range int64(2*16_384 + 1000) {
		it := said("a", time.Minute)
		it.key, it.at = uint64(n), it.at+n
		f.arrives(it)
		f.takeEvent()
	}
	require.LessOrEqual(t, len(f.inbox.ledger.seen), 2*16_384)
	f.inbox.advance(f.inbox.ledger.fence)
	require.LessOrEqual(t, len(f.inbox.ledger.seen), 16_384+512)
}

func TestLedgerOfMessagesIsBoundedWhilePassesFail(t *testing.T) {
	t.Parallel()
	c := newTestCore()
	k := goLive(c)
	_ = k
	c.inbox.hold.caughtUp()
	at := time.Now()
	for i := range 60_000 {
		c.arrive(messageAt(fmt.Sprint("item-", i), at.Add(time.Duration(i)*time.Millisecond)), now())
		for c.inbox.queue.len() > 0 {
			c.takeEvent()
		}
	}
	require.LessOrEqual(t, len(c.inbox.ledger.seen), 2*keepAtMost)
}

func TestLedgerOfReceiptsIsBoundedWhilePassesFail(t *testing.T) {
	t.Parallel()
	c := newTestCore()
	goLive(c)
	for i := range 60_000 {
		c.arrive(seenBy(fmt.Sprint("reader-", i), i%2 == 0), now())
		for c.inbox.queue.len() > 0 {
			c.takeEvent()
		}
	}
	require.LessOrEqual(t, len(c.inbox.ledger.seen), 2*keepAtMost)
}

func TestTypingForASlowCallerOpensNoGap(t *testing.T) {
	t.Parallel()
	c := newTestCore()
	goLive(c)
	c.inbox.hold.caughtUp()
	c.inbox.gap.open = false
	for !c.inbox.queue.full() {
		c.inbox.queue.push(queued{event: ConnectionChanged{}})
	}
	it := newItem(types.Item{Id: aws.String("typing"), Type: types.ChatItemTypeEvent, ContentType: aws.String("application/vnd.amazonaws.connect.event.typing")})
	c.arrive(it, now())
	require.False(t, c.inbox.gap.open, "typing is never in the transcript, so no pass could close the gap")
	require.Zero(t, c.stats.Behind)
}
