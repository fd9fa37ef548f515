// SPDX-License-Identifier: Apache-2.0

package load

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestLedger(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		happens func(l *ledger)
		want    account
	}{
		"all arrive":                                 {func(l *ledger) { l.deliver(1); l.deliver(2); l.deliver(3) }, account{}},
		"one is lost":                                {func(l *ledger) { l.deliver(1); l.deliver(3) }, account{lost: 1}},
		"one comes twice":                            {func(l *ledger) { l.deliver(1); l.deliver(2); l.deliver(3); l.deliver(2) }, account{duplicated: 1}},
		"one comes that was never sent":              {func(l *ledger) { l.deliver(1); l.deliver(2); l.deliver(3); l.deliver(4) }, account{duplicated: 1}},
		"one comes after a later one":                {func(l *ledger) { l.deliver(1); l.deliver(3); l.deliver(2) }, account{disordered: 1}},
		"one whose request failed":                   {func(l *ledger) { l.doubt(2); l.deliver(1); l.deliver(3) }, account{}},
		"one whose request failed and that was sent": {func(l *ledger) { l.doubt(2); l.deliver(1); l.deliver(2); l.deliver(3) }, account{}},
		"one that comes twice, and its request failed": {
			func(l *ledger) { l.deliver(2); l.doubt(2); l.deliver(3); l.deliver(2); l.deliver(1) }, account{duplicated: 1, disordered: 1},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := newLedger()
			for n := range 3 {
				require.Equal(t, n+1, l.send(outgoing{}))
			}
			test.happens(l)
			require.Equal(t, test.want, l.account())
		})
	}
}

func TestLedgerReportsWhenAllHaveArrived(t *testing.T) {
	t.Parallel()
	l := newLedger()
	l.send(outgoing{})
	l.send(outgoing{})
	complete := l.complete()
	l.deliver(1)
	require.False(t, isClosed(complete))
	l.doubt(2)
	require.True(t, isClosed(complete))
	require.True(t, isClosed(newLedger().complete()), "nothing was sent")
}

// A failed request doesn't show whether its message was accepted.
func TestLedgerOfMessagesInDoubt(t *testing.T) {
	t.Parallel()
	l := newLedger()
	l.send(outgoing{})
	l.send(outgoing{})
	require.False(t, l.doubt(1))
	_, was := l.deliver(1)
	require.Equal(t, unexpected, was)
	_, was = l.deliver(2)
	require.Equal(t, expected, was)
	require.True(t, l.doubt(2), "it has been delivered before its request failed")
	require.Equal(t, account{}, l.account())
}

func isClosed(c <-chan struct{}) bool {
	select {
	case <-c:
		return true
	default:
		return false
	}
}

// A retry must not shorten a latency, nor a later loss a catch-up.
func TestLedgerKeepsTheFirstMoments(t *testing.T) {
	t.Parallel()
	l, at := newLedger(), time.Unix(1_800_000_000, 0)
	l.send(outgoing{})
	l.admit(at)
	l.admit(at.Add(time.Second))
	l.lose(at.Add(2 * time.Second))
	l.lose(at.Add(3 * time.Second))
	out, was := l.deliver(1)
	require.Equal(t, expected, was)
	require.Equal(t, outgoing{admitted: at, cut: at.Add(2 * time.Second)}, out)
	require.Equal(t, at, l.admission())
	_, was = l.deliver(1)
	require.Equal(t, duplicated, was)
}
