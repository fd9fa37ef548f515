// SPDX-License-Identifier: Apache-2.0

package chat

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestAReceiptIsForTheNewestMessage(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		had, next receipt
		want      string
	}{
		"the first":               {receipt{}, receipt{"a", 1}, "a"},
		"a newer one":             {receipt{"a", 1}, receipt{"b", 2}, "b"},
		"an older one":            {receipt{"a", 2}, receipt{"b", 1}, "a"},
		"the same time":           {receipt{"a", 1}, receipt{"b", 1}, "b"},
		"one of an unknown time":  {receipt{"a", 1}, receipt{"b", 0}, "b"},
		"after one of an unknown": {receipt{"a", 0}, receipt{"b", 1}, "b"},
	} {
		m := test.had
		m.advance(test.next.id, test.next.at)
		require.Equal(t, test.want, m.id, name)
	}
}

func TestReadIncludesDelivered(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		delivered, read receipt
		want            sendReceipts
	}{
		"delivered only":         {receipt{"a", 1}, receipt{}, sendReceipts{delivered: "a"}},
		"read only":              {receipt{}, receipt{"a", 1}, sendReceipts{read: "a"}},
		"the same message":       {receipt{"a", 0}, receipt{"a", 0}, sendReceipts{read: "a"}},
		"a newer one was read":   {receipt{"a", 1}, receipt{"b", 2}, sendReceipts{read: "b"}},
		"of the same time":       {receipt{"a", 1}, receipt{"b", 1}, sendReceipts{read: "b"}},
		"an older one was read":  {receipt{"b", 2}, receipt{"a", 1}, sendReceipts{"b", "a"}},
		"times that are unknown": {receipt{"b", 0}, receipt{"a", 0}, sendReceipts{"b", "a"}},
	} {
		r := receipts{delivered: test.delivered, read: test.read}
		require.Equal(t, test.want, r.take(), name)
		require.Zero(t, r, name)
	}
}

// marks queues receipts for messages.
func (f *fixture) marks(delivered, read string) {
	f.queueReceipt(delivered, &f.receipts.delivered)
	f.queueReceipt(read, &f.receipts.read)
}

func TestReceiptsAreSentEveryFiveSeconds(t *testing.T) {
	t.Parallel()
	f := connected(t)
	none[sendReceipts](f)
	f.marks("a", "")
	require.Equal(t, sendReceipts{delivered: "a"}, one[sendReceipts](f))
	f.marks("b", "b")
	f.sleep(time.Minute)
	none[sendReceipts](f) // while others are being sent
	f.receiptsSent(f.now)
	f.sleep(5*time.Second - 1)
	none[sendReceipts](f)
	_, next := f.runStep()
	require.LessOrEqual(t, next, time.Duration(1))
	f.sleep(1)
	require.Equal(t, sendReceipts{read: "b"}, one[sendReceipts](f))
	f.receiptsSent(f.now)
	f.sleep(time.Minute)
	none[sendReceipts](f)
}

func TestReceiptsOfDeliveredMessagesHaveTheirTimes(t *testing.T) {
	t.Parallel()
	f := connected(t)
	f.arrives(said("a", 0))
	f.arrives(said("b", time.Second))
	f.marks("b", "")
	f.marks("a", "a")
	require.Equal(t, sendReceipts{"b", "a"}, one[sendReceipts](f), "b is newer")
}

func TestReceiptsNeedAToken(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.marks("a", "")
	none[sendReceipts](f)
	f.subscribe()
	one[sendReceipts](f)
}

func TestInvalidReceiptsAreIgnored(t *testing.T) {
	t.Parallel()
	f := connected(t)
	f.marks("", "")
	none[sendReceipts](f)
	f.finish(CloseError{Reason: ErrClosed}, f.now)
	f.marks("a", "a")
	require.Zero(t, f.receipts)
}
