// SPDX-License-Identifier: Apache-2.0

package chat_test

import (
	"context"
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/participant-go/connectparticipant/chat"
	"github.com/participant-go/connectparticipant/participanttest"
)

func TestReadEveryForever(t *testing.T) {
	t.Parallel()
	inBubble(t, func(b *bubble) {
		s := b.start(func(o *chat.Options) { o.ReadEvery = math.MaxInt64 })
		b.sleep(2 * time.Second)
		before := s.Stats().Passes
		b.sleep(time.Nanosecond)
		t.Log("passes after 2s", before, "GetTranscript", b.srv.Count("GetTranscript"))
		require.LessOrEqual(b.t, before, 3)
	}, func(o *participanttest.Options) { o.Latency = 20 * time.Millisecond })
}

func TestNegativeReadEvery(t *testing.T) {
	t.Parallel()
	inBubble(t, func(b *bubble) {
		s := b.start(func(o *chat.Options) { o.ReadEvery = -1 })
		b.sleep(2 * time.Second)
		require.LessOrEqual(b.t, s.Stats().Passes, 3)
	}, func(o *participanttest.Options) { o.Latency = 20 * time.Millisecond })
}

func TestGiveUpAfterForever(t *testing.T) {
	t.Parallel()
	inBubble(t, func(b *bubble) {
		ctx, cancel := context.WithTimeout(b.t.Context(), time.Minute)
		defer cancel()
		s, err := chat.Start(ctx, b.client, b.contact.Customer.Token, b.options, func(o *chat.Options) { o.GiveUpAfter = math.MaxInt64 })
		require.NoError(b.t, err)
		_ = s.Close()
	})
}

func TestCatchUpWaitForever(t *testing.T) {
	t.Parallel()
	inBubble(t, func(b *bubble) {
		s := b.start(func(o *chat.Options) { o.CatchUpWait = math.MaxInt64 })
		b.sleep(time.Minute)
		f := b.srv.Inject(participanttest.Fault{On: "GetTranscript", Effect: participanttest.Fail(500, "InternalServerException")})
		b.contact.Customer.CutSockets()
		missed := b.contact.Agent.Say("missed")
		b.sleep(5 * time.Second)
		b.contact.Agent.Say("live")
		b.sleep(5 * time.Second)
		f.Remove()
		m := b.message(s)
		require.Equal(b.t, missed, m.ID, "%q was delivered first", m.Text)
	})
}

// An item appears in the transcript late, and its push was lost.
func TestItemsWithinOverlapAreFound(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		overlap, lag time.Duration
		found        bool
	}{
		"by default":             {0, 100 * time.Second, true},
		"longer":                 {10 * time.Minute, 9 * time.Minute, true},
		"longer than by default": {0, 9 * time.Minute, false},
		"shorter":                {30 * time.Second, 25 * time.Second, true},
		"longer than a short Overlap": {
			30 * time.Second, 100 * time.Second, false,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inBubble(t, func(b *bubble) {
				s := b.start(func(o *chat.Options) { o.Overlap, o.ReadEvery = test.overlap, 24*time.Hour })
				b.settle()
				b.srv.Inject(participanttest.Fault{On: participanttest.OnTranscript, Times: 1, Effect: participanttest.Lag(test.lag)})
				b.lose()
				lagging := b.contact.Agent.Say("shown late")
				b.sleep(test.lag - time.Second)
				b.contact.Agent.Say("shown immediately")
				b.message(s)
				b.reconnect()
				require.Empty(b.t, b.events(s, 0), "the pass reads up to the current time")
				b.sleep(2 * time.Second)
				b.contact.Customer.CutSockets()
				found := ids(b.events(s, time.Minute))
				require.Equal(b.t, test.found, found[lagging] == 1)
			})
		})
	}
}
