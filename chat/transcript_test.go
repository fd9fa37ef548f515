// SPDX-License-Identifier: Apache-2.0

package chat_test

import (
	"context"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/participant-go/connectparticipant"
	"github.com/participant-go/connectparticipant/chat"
	"github.com/participant-go/connectparticipant/participanttest"
	"github.com/participant-go/connectparticipant/types"
)

// forgetful returns no items for a StartPosition, as a service might that interprets it differently.
type forgetful struct{ connectparticipant.API }

func (f forgetful) GetTranscript(ctx context.Context, in *connectparticipant.GetTranscriptInput, optFns ...func(*connectparticipant.Options)) (*connectparticipant.GetTranscriptOutput, error) {
	if in.StartPosition != nil {
		return &connectparticipant.GetTranscriptOutput{}, nil
	}
	return f.API.GetTranscript(ctx, in, optFns...)
}

func TestTranscriptThatIgnoresTheStartTimeIsReadBackward(t *testing.T) {
	t.Parallel()
	inBubble(t, func(b *bubble) {
		s, err := chat.Start(b.t.Context(), forgetful{b.client}, b.contact.Customer.Token, b.options)
		require.NoError(b.t, err)
		defer func() { _ = s.Close() }()
		b.contact.Agent.Say("first")
		b.message(s)
		b.settle()
		b.contact.Customer.CutSockets()
		id := b.contact.Agent.Say("missed")
		require.Equal(b.t, id, b.within(s, time.Minute).ID)
	})
}

func TestTranscriptThatRejectsTheStartTimeIsReadBackward(t *testing.T) {
	t.Parallel()
	inBubble(t, func(b *bubble) {
		b.contact.Agent.Say("first")
		s := b.start()
		b.message(s)
		b.settle()
		b.contact.Customer.CutSockets()
		for range 250 {
			b.contact.Agent.Say("missed")
		}
		for range 250 {
			require.False(b.t, b.message(s).Late)
		}
	}, func(o *participanttest.Options) { o.RefuseStartTime = true })
}

func TestLongPassContinuesAfterAReconnect(t *testing.T) {
	t.Parallel()
	for name, set := range map[string]func(*participanttest.Options){
		"and is not sent":          func(*participanttest.Options) {},
		"and the last one is \"\"": func(o *participanttest.Options) { o.EmptyNextToken = true },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inBubble(t, func(b *bubble) {
				b.contact.Agent.Say("first")
				s := b.start()
				b.message(s)
				b.settle()
				b.contact.Customer.CutSockets()
				for range 1500 {
					b.contact.Agent.Say("missed")
				}
				b.settle() // the pass waits for the caller, between two pages
				b.contact.Customer.CutSockets()
				b.settle()
				for range 1500 {
					require.False(b.t, b.message(s).Late)
				}
				b.settle()
				for _, r := range b.srv.Requests() {
					require.Less(b.t, r.Status, http.StatusBadRequest, r.Operation)
				}
			}, func(o *participanttest.Options) { o.NextTokensDie = true; set(o) })
		})
	}
}

// noMorePages rejects every page token.
type noMorePages struct{ connectparticipant.API }

func (c noMorePages) GetTranscript(ctx context.Context, in *connectparticipant.GetTranscriptInput, optFns ...func(*connectparticipant.Options)) (*connectparticipant.GetTranscriptOutput, error) {
	if in.NextToken != nil {
		return nil, &types.ValidationException{}
	}
	return c.API.GetTranscript(ctx, in, optFns...)
}

func TestRejectedPageTokensCauseFewRequests(t *testing.T) {
	t.Parallel()
	inBubble(t, func(b *bubble) {
		b.contact.Agent.Say("first")
		s, err := chat.Start(b.t.Context(), noMorePages{b.client}, b.contact.Customer.Token, b.options)
		require.NoError(b.t, err)
		b.t.Cleanup(func() { _ = s.Close() })
		b.message(s)
		b.settle()
		b.contact.Customer.CutSockets()
		for range 250 {
			b.contact.Agent.Say("at the same time")
		}
		require.NoError(b.t, b.contact.Customer.WaitSockets(b.t.Context(), 1))
		begun := b.srv.Count("GetTranscript")
		live := b.contact.Agent.Say("live")
		for b.message(s).ID != live {
		}
		require.NoError(b.t, s.Err())
		require.Less(b.t, b.srv.Count("GetTranscript")-begun, 100)
	}, func(o *participanttest.Options) { o.EqualTimes = true })
}

// While a pass waits for its caller, an item appears in the part that it has read.
func TestLongPassFindsItemsThatAppearBehindIt(t *testing.T) {
	t.Parallel()
	inBubble(t, func(b *bubble) {
		s := b.start()
		b.settle()
		b.srv.Inject(participanttest.Fault{On: participanttest.OnTranscript, Times: 1, Effect: participanttest.Lag(time.Minute)})
		b.contact.Customer.CutSockets()
		lagging := b.contact.Agent.Say("shown after the pass has read this part")
		for range 1500 {
			b.contact.Agent.Say("missed")
		}
		b.sleep(5 * time.Minute) // the pass waits for the caller
		b.contact.Agent.Say("the newest")
		late := map[string]bool{}
		for range 1502 {
			m := b.message(s)
			late[m.ID] = m.Late
		}
		require.True(b.t, late[lagging])
		require.Len(b.t, late, 1502)
		b.nothing(s, time.Hour)
	})
}

// The fence is between two milliseconds, but a pass can only begin at a whole one. The items that it
// shows from there on must be known.
func TestAnItemAtTheHorizonIsRemembered(t *testing.T) {
	t.Parallel()
	inBubble(t, func(b *bubble) {
		s := b.start()
		const early, missed = 3000, 1500
		for range early { // one per millisecond
			b.contact.Agent.Say("early")
		}
		for range early {
			b.message(s)
		}
		b.sleep(3 * time.Minute)
		b.contact.Customer.CutSockets()
		for range missed {
			b.contact.Agent.Say("missed")
		}
		b.sleep(time.Minute + 700*time.Microsecond) // the pass waits for the caller
		for range missed {
			b.message(s)
		}
		b.settle()
		b.contact.Customer.CutSockets()
		b.nothing(s, time.Hour)
	})
}

// A pass must not restart at each page that fails.
func TestTranscriptIsReadAlthoughManyPagesFail(t *testing.T) {
	t.Parallel()
	for name, effect := range map[string]participanttest.Effect{
		"429": participanttest.Fail(http.StatusTooManyRequests, "ThrottlingException"), "500": participanttest.RespondHTML(500), "reset": participanttest.DropBefore(),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inBubble(t, func(b *bubble) {
				const items = 1000
				for range items {
					b.contact.Agent.Say("before")
				}
				b.sleep(2 * time.Second)
				b.srv.Inject(participanttest.Fault{On: "GetTranscript", Chance: 0.3, Effect: effect})
				s := b.start()
				for range items {
					require.True(b.t, b.within(s, time.Minute).History)
				}
				b.contact.Customer.CutSockets()
				for range items {
					b.contact.Agent.Say("missed")
				}
				for range items {
					b.within(s, time.Minute)
				}
				require.Less(b.t, b.srv.Count("GetTranscript"), 150)
			})
		})
	}
}
