// SPDX-License-Identifier: Apache-2.0

package chat_test

import (
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/participant-go/connectparticipant/chat"
	"github.com/participant-go/connectparticipant/participanttest"
	"github.com/participant-go/connectparticipant/types"
)

func TestHistory(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct{ history, want int }{
		"a short chat": {0, 300}, "some": {120, 120}, "none": {chat.HistoryNone, 0}, "all": {chat.HistoryAll, 300},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inBubble(t, func(b *bubble) {
				for i := range 300 {
					b.contact.Agent.Say(strconv.Itoa(i))
				}
				b.sleep(time.Second)
				s := b.start(func(o *chat.Options) { o.History = test.history })
				for range test.want {
					require.True(b.t, b.message(s).History)
				}
				b.nothing(s, 2*time.Hour)
				b.contact.Customer.CutSockets()
				b.contact.Agent.Say("new")
				m := b.message(s)
				require.Equal(b.t, "new", m.Text)
				require.False(b.t, m.History)
			})
		})
	}
}

// Items after the start are not history, however late the first pass is.
func TestItemsAfterTheStartAreNotHistory(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		history int
		gap     func(b *bubble)
		said    int
	}{
		"no pushes":       {chat.HistoryNone, func(b *bubble) { b.contact.Customer.CutSockets() }, 2500},
		"too many pushes": {10, func(*bubble) {}, 2500},
		"no fault":        {chat.HistoryNone, func(*bubble) {}, 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inBubble(t, func(b *bubble) {
				broken := b.srv.Inject(participanttest.Fault{On: "GetTranscript", Effect: participanttest.Fail(500, "InternalServerException")})
				for range 500 {
					b.contact.Agent.Say("before")
				}
				b.sleep(time.Minute)
				s := b.start(func(o *chat.Options) { o.History = test.history })
				test.gap(b)
				said := map[string]bool{}
				for range test.said {
					said[b.contact.Agent.Say("after")] = true
				}
				b.sleep(2 * time.Second)
				broken.Remove()
				for len(said) > 0 {
					m := b.message(s)
					require.Equal(b.t, m.Text == "before", m.History)
					delete(said, m.ID)
				}
			})
		})
	}
}

func TestSlowFirstPassDeliversNoHistoryWithHistoryNone(t *testing.T) {
	t.Parallel()
	inBubble(t, func(b *bubble) {
		b.contact.Agent.Say("old")
		b.sleep(125 * time.Second)
		b.contact.Agent.Say("the newest of the history")
		b.sleep(time.Second)
		b.srv.Inject(participanttest.Fault{On: "GetTranscript", Times: 1, Effect: participanttest.Delay(10 * time.Second)})
		s := b.start(func(o *chat.Options) { o.History = chat.HistoryNone })
		b.nothing(s, time.Hour)
	})
}

// The times of the fake's items may be ahead of its clock, and so is that of a later connection.
func TestItemsJustBeforeTheStartAreHistory(t *testing.T) {
	t.Parallel()
	inBubble(t, func(b *bubble) {
		for range 3 {
			b.contact.Agent.Say("before")
		}
		s := b.start()
		after := b.contact.Agent.Say("after")
		for range 3 {
			require.True(b.t, b.message(s).History)
		}
		m := b.message(s)
		require.Equal(b.t, after, m.ID)
		require.False(b.t, m.History)
	})
}

func TestPastContactsAreNotHistory(t *testing.T) {
	t.Parallel()
	inBubble(t, func(b *bubble) {
		b.contact = b.srv.NewChat(func(o *participanttest.ChatOptions) {
			o.Past = []participanttest.PastMessage{{Content: "long ago"}}
		})
		b.contact.Agent.Say("today")
		s := b.start()
		require.Equal(b.t, "today", b.message(s).Text)
		b.nothing(s, time.Hour)
		var texts []string
		for item, err := range s.Transcript(b.t.Context()) {
			require.NoError(b.t, err)
			if item.Type == types.ChatItemTypeMessage {
				texts = append(texts, *item.Content)
			}
		}
		require.Equal(b.t, []string{"today", "long ago"}, texts)
	})
}
