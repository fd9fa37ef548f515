// SPDX-License-Identifier: Apache-2.0

package chat

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestDeniedCallMakesARenewalDue(t *testing.T) {
	t.Parallel()
	f := connected(t)
	f.sleep(30 * time.Second)
	require.True(t, f.requestToken("SendMessage", f.conn.generation, f.now))
	require.Equal(t, PriorityNormal, one[startDial](f).priority)
	f.issue()
	require.True(t, f.requestToken("SendMessage", f.conn.generation-1, f.now), "a newer token exists already")
	require.False(t, f.requestToken("SendMessage", f.conn.generation, f.now), "this token is new")
}

func TestDenialOfANewTokenIsFinal(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		age  time.Duration
		do   func(f *fixture)
		want bool
	}{
		"a new token":       {30*time.Second - 1, func(*fixture) {}, false},
		"an old token":      {30 * time.Second, func(*fixture) {}, true},
		"no socket":         {0, func(f *fixture) { f.loses() }, true},
		"during Leave":      {0, func(f *fixture) { _ = f.beginLeave() }, true},
		"after the session": {time.Hour, func(f *fixture) { f.finish(CloseError{Reason: ErrClosed}, f.now) }, false},
		"after chat.ended":  {time.Hour, func(f *fixture) { f.arrives(happened(kindEnded, "system", 0)) }, false},
	} {
		f := newFixture(t)
		f.connect()
		f.sleep(test.age)
		test.do(f)
		require.Equal(t, test.want, f.requestToken("SendMessage", f.conn.generation, f.now), name)
	}
}

func TestDeniedCallExpeditesARunningRenewal(t *testing.T) {
	t.Parallel()
	f := connected(t)
	f.sleep(f.conn.dialAt.Sub(f.now))
	one[startDial](f)
	require.True(t, f.requestToken("SendMessage", f.conn.generation, f.now))
	one[expediteDial](f)
	f.sleep(f.fail(refused))
	require.Equal(t, PriorityNormal, one[startDial](f).priority, "the call still waits")
}

// The new token of a dial that is still running may be denied too, because the chat is over.
func TestADenialDuringADialIsCheckedAfterIt(t *testing.T) {
	t.Parallel()
	f := connected(t, func(o *Options) { o.RenewalEvents = true })
	f.conn.dialAt, f.conn.urgent = f.now, true
	one[startDial](f)
	f.issue()
	require.False(t, f.requestToken("SendMessage", f.conn.generation, f.now))
	require.True(t, f.dialed(&socket{acked: make(chan error, 1)}, nil, f.now))
	f.sleep(minRenewal - 1)
	none[startDial](f)
	f.sleep(1)
	one[startDial](f)
}
