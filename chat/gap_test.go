// SPDX-License-Identifier: Apache-2.0

package chat_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/participant-go/connectparticipant/chat"
	"github.com/participant-go/connectparticipant/participanttest"
)

// requireGap ends the chat, and requires this Gap of ChatEnded and CloseError.
func (b *bubble) requireGap(s *chat.Session, gap bool) {
	b.t.Helper()
	b.contact.End()
	events, _ := b.toEnd(s, 5*time.Hour)
	ended := only[chat.ChatEnded](events)
	require.Len(b.t, ended, 1)
	require.Equal(b.t, gap, ended[0].Gap, "ChatEnded.Gap")
	require.Equal(b.t, gap, b.end(s).Gap, "CloseError.Gap")
}

// The first pass after a loss may not show the missed items yet.
func TestAGapIsClosedByTheSettlePass(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		wait time.Duration
		gap  bool
	}{
		"before it": {9 * time.Second, true}, "after it": {15 * time.Second, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inBubble(t, func(b *bubble) {
				s := b.start()
				b.settle()
				b.srv.Inject(participanttest.Fault{On: participanttest.OnTranscript, Times: 1, Effect: participanttest.Lag(9500 * time.Millisecond)})
				b.contact.Customer.CutSockets()
				missed := b.contact.Agent.Say("shown after the first pass")
				require.NoError(b.t, b.contact.Customer.WaitSockets(b.t.Context(), 1))
				got := ids(b.events(s, test.wait))
				require.Equal(b.t, !test.gap, got[missed] == 1)
				b.requireGap(s, test.gap)
			})
		})
	}
}

func TestAPassBeforeSettleClosesNoGap(t *testing.T) {
	t.Parallel()
	inBubble(t, func(b *bubble) {
		s := b.start()
		b.settle()
		b.reconnect()
		for range 5 {
			b.sleep(time.Second)
			require.NoError(b.t, s.CatchUp(b.t.Context()))
		}
		b.requireGap(s, true)
	})
}

func TestALossDuringTheSettlePassKeepsTheGap(t *testing.T) {
	t.Parallel()
	inBubble(t, func(b *bubble) {
		s := b.start()
		b.settle()
		b.reconnect()
		b.sleep(9 * time.Second)
		b.srv.Inject(participanttest.Fault{On: "GetTranscript", Times: 1, Effect: participanttest.Delay(3 * time.Second)})
		b.sleep(2 * time.Second) // the settle pass is running
		b.reconnect()
		b.sleep(5 * time.Second)
		b.requireGap(s, true)
	})
}

func TestItemsDiscardedForASlowCallerOpenAGap(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		read int // how many messages the caller receives before the end
		gap  bool
	}{"before a pass": {100, true}, "after a pass": {2000, false}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inBubble(t, func(b *bubble) {
				s := b.start()
				b.settle()
				for range 2000 {
					b.contact.Agent.Say("unread")
				}
				b.settle()
				require.Positive(b.t, s.Stats().Behind)
				for range test.read {
					b.message(s)
				}
				b.sleep(time.Minute)
				b.requireGap(s, test.gap)
			})
		})
	}
}

func TestLostPushOnAHealthySocketOpensNoGap(t *testing.T) {
	t.Parallel()
	inBubble(t, func(b *bubble) {
		s := b.start()
		b.settle()
		b.lose()
		b.contact.Agent.Say("nobody can know")
		b.requireGap(s, false)
	})
}
