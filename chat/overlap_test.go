// SPDX-License-Identifier: Apache-2.0

package chat_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/participant-go/connectparticipant/chat"
	"github.com/participant-go/connectparticipant/participanttest"
)

// An item enters the transcript late, and its push was lost.
func TestOverlapIsHowLateAnItemMayShow(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		overlap, lag time.Duration
		found        bool
	}{
		"by default":             {0, 100 * time.Second, true},
		"longer":                 {10 * time.Minute, 9 * time.Minute, true},
		"longer than by default": {0, 9 * time.Minute, false},
		"shorter":                {30 * time.Second, 25 * time.Second, true},
		"longer than a short one": {
			30 * time.Second, 100 * time.Second, false,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inBubble(t, func(b *bubble) {
				s := b.start(func(o *chat.Options) { o.Overlap, o.ReadEvery = test.overlap, 24*time.Hour })
				b.settle()
				b.srv.Inject(participanttest.Fault{On: participanttest.OnKeep, Times: 1, Effect: participanttest.Lag(test.lag)})
				b.lose()
				lagging := b.contact.Agent.Say("shown late")
				b.sleep(test.lag - time.Second)
				b.contact.Agent.Say("shown immediately")
				b.message(s)
				b.reconnect()
				require.Empty(b.t, b.events(s, 0), "the pass reads up to now")
				b.sleep(2 * time.Second)
				b.contact.Customer.CutSockets()
				found := ids(b.events(s, time.Minute))
				require.Equal(b.t, test.found, found[lagging] == 1)
			})
		})
	}
}
