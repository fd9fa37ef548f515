// SPDX-License-Identifier: Apache-2.0

package chat_test

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/participant-go/connectparticipant"
	"github.com/participant-go/connectparticipant/chat"
	"github.com/participant-go/connectparticipant/participanttest"
	"github.com/participant-go/connectparticipant/types"
)

func TestMissedEndIsFoundInTheTranscript(t *testing.T) {
	t.Parallel()
	inBubble(t, func(b *bubble) {
		s := b.start()
		b.settle()
		b.srv.Inject(participanttest.Fault{On: participanttest.OnPush, Times: 1, Effect: participanttest.Lose()})
		lost := b.contact.Agent.Say("lost just before the end")
		b.contact.End()
		require.Equal(b.t, lost, b.within(s, 10*time.Second).ID)
		require.IsType(b.t, chat.ChatEnded{}, b.next(s))
	}, func(o *participanttest.Options) { o.TokensOutliveTheEnd = true })
}

func TestUnseenEndIsErrAccessDenied(t *testing.T) {
	t.Parallel()
	inBubble(t, func(b *bubble) {
		s := b.start()
		b.settle()
		b.contact.Customer.CutSockets()
		b.contact.End()
		for {
			if _, err := s.Next(b.t.Context()); err != nil {
				require.ErrorIs(b.t, err, chat.ErrAccessDenied)
				var closed *chat.CloseError
				require.ErrorAs(b.t, err, &closed)
				require.True(b.t, closed.Gap)
				break
			}
		}
		require.Equal(b.t, 3, b.srv.Count(create), "the first one, and two that were denied")
		var last error
		for _, err := range s.Events(b.t.Context()) {
			last = err
		}
		require.ErrorIs(b.t, last, chat.ErrAccessDenied)
	})
}

// The token is still too new to be renewed when the end is noticed.
func TestUnseenEndOfAYoungChatIsErrAccessDenied(t *testing.T) {
	t.Parallel()
	inBubble(t, func(b *bubble) {
		s := b.start(func(o *chat.Options) { o.ReadEvery = 5 * time.Second })
		b.srv.Inject(participanttest.Fault{On: participanttest.OnPush, Effect: participanttest.Lose()})
		b.contact.End()
		_, end := b.toEnd(s, 40*time.Second)
		require.ErrorIs(b.t, end, chat.ErrAccessDenied)
		require.True(b.t, end.Gap)
	})
}

func TestChatEndedWithALostPushIsFound(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		tokensLive bool
		reason     error
		gap        bool
	}{
		"in the transcript": {true, chat.ErrChatEnded, false},
		"by expired tokens": {false, chat.ErrAccessDenied, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inBubble(t, func(b *bubble) {
				s := b.start()
				b.settle()
				b.lose()
				b.contact.End()
				begun := time.Now()
				closed := b.end(s)
				require.ErrorIs(b.t, closed, test.reason)
				require.Equal(b.t, test.gap, closed.Gap)
				require.LessOrEqual(b.t, time.Since(begun), 216*time.Second+20*time.Second)
			}, func(o *participanttest.Options) { o.TokensOutliveTheEnd = test.tokensLive })
		})
	}
}

func TestChatEndedOfAnotherChatIsIgnored(t *testing.T) {
	t.Parallel()
	const ended = `"ContentType":"application/vnd.amazonaws.connect.event.chat.ended","AbsoluteTime":"2000-01-01T00:01:00.000Z"`
	for name, item := range map[string]string{
		"of another chain":           `{"Id":"x","Type":"EVENT",` + ended + `,"InitialContactId":"another","ContactId":"another"}`,
		"of a past contact":          `{"Id":"x","Type":"EVENT",` + ended + `,"RelatedContactId":"past"}`,
		"in a participant's message": `{"Id":"x","Type":"MESSAGE",` + ended + `,"ParticipantId":"p","Content":"over?"}`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inBubble(t, func(b *bubble) {
				s := b.start()
				b.settle()
				b.contact.PushFrame(fmt.Sprintf(`{"topic":"aws/chat","contentType":"application/json","content":%q}`, item))
				b.sleep(time.Minute)
				require.NoError(b.t, s.Err())
				said := b.contact.Agent.Say("still here")
				for b.message(s).ID != said {
				}
			})
		})
	}
}

func TestHeldItemsAreDeliveredWhenTheServiceRejectsARenewal(t *testing.T) {
	t.Parallel()
	inBubble(t, func(b *bubble) {
		s := b.start(func(o *chat.Options) { o.HoldBack, o.CatchUpWait = 3*time.Hour, 3*time.Hour })
		b.settle()
		var said []string
		for range 3 {
			said = append(said, b.contact.Agent.Say("held back"))
		}
		b.srv.Inject(participanttest.Fault{On: create, Effect: participanttest.Fail(http.StatusBadRequest, "ValidationException")})
		events, end := b.toEnd(s, 2*time.Hour)
		require.ErrorIs(b.t, end, chat.ErrGaveUp)
		require.Equal(b.t, said, messageIDs(events))
	})
}

// denied denies CreateParticipantConnection but not GetTranscript.
type denied struct {
	connectparticipant.API
	on atomic.Bool
}

func (d *denied) CreateParticipantConnection(ctx context.Context, in *connectparticipant.CreateParticipantConnectionInput, optFns ...func(*connectparticipant.Options)) (*connectparticipant.CreateParticipantConnectionOutput, error) {
	if d.on.Load() {
		return nil, &types.AccessDeniedException{}
	}
	return d.API.CreateParticipantConnection(ctx, in, optFns...)
}

func TestCompleteLastPassLeavesNoGap(t *testing.T) {
	t.Parallel()
	inBubble(t, func(b *bubble) {
		d := &denied{API: b.client}
		s, err := chat.Start(b.t.Context(), d, b.contact.Customer.Token, b.options)
		require.NoError(b.t, err)
		defer func() { _ = s.Close() }()
		b.sleep(time.Minute)
		d.on.Store(true)
		passes := s.Stats().Passes
		b.sleep(2 * time.Hour)
		var end *chat.CloseError
		require.ErrorAs(b.t, s.Err(), &end)
		require.ErrorIs(b.t, end, chat.ErrAccessDenied)
		t.Log("passes", passes, s.Stats().Passes)
		require.False(b.t, end.Gap, "the last pass was complete")
	})
}

func TestLastPassIsBounded(t *testing.T) {
	t.Parallel()
	inBubble(t, func(b *bubble) {
		s := b.start()
		b.sleep(time.Minute)
		for range 20_000 {
			b.contact.Agent.Say(strings.Repeat("x", 1000))
			b.sleep(10 * time.Millisecond)
		}
		b.sleep(time.Minute)
		b.contact.End()
		b.sleep(time.Minute)
		n, size := 0, 0
		for {
			e, err := s.Next(b.t.Context())
			if err != nil {
				break
			}
			if m, ok := chat.MetaOf(e); ok {
				size += len(m.Raw)
			}
			n++
		}
		require.LessOrEqual(b.t, size, 4<<20, "%d events queued", n)
		var end *chat.CloseError
		require.ErrorAs(b.t, s.Err(), &end)
		require.True(b.t, end.Gap)
	}, func(o *participanttest.Options) { o.TokensOutliveTheEnd = true })
}

func TestCloseAfterChatEndedDeliversIt(t *testing.T) {
	t.Parallel()
	inBubble(t, func(b *bubble) {
		s := b.start()
		b.settle()
		b.contact.End()
		b.sleep(time.Second) // the session reads on for another second
		require.NoError(b.t, s.Close())
		events, end := b.toEnd(s, time.Minute)
		require.ErrorIs(b.t, end, chat.ErrClosed)
		require.Len(b.t, only[chat.ChatEnded](events), 1)
	})
}

// afterPage is a client that runs a function after a page of the transcript has arrived.
type afterPage struct {
	connectparticipant.API

	run func()
}

func (c *afterPage) GetTranscript(ctx context.Context, in *connectparticipant.GetTranscriptInput, optFns ...func(*connectparticipant.Options)) (*connectparticipant.GetTranscriptOutput, error) {
	out, err := c.API.GetTranscript(ctx, in, optFns...)
	c.run()
	return out, err
}

func TestNothingIsDeliveredAfterTheEnd(t *testing.T) {
	t.Parallel()
	inBubble(t, func(b *bubble) {
		client := &afterPage{b.client, func() {}}
		s, err := chat.Start(b.t.Context(), client, b.contact.Customer.Token, b.options)
		require.NoError(b.t, err)
		b.settle()
		b.lose()
		b.contact.Agent.Say("lost")
		closed := make(chan struct{})
		client.run = func() {
			go func() {
				defer close(closed)
				_ = s.Close()
			}()
			b.sleep(time.Second)
			_, end := b.toEnd(s, time.Second)
			require.ErrorIs(b.t, end, chat.ErrClosed)
		}
		require.ErrorIs(b.t, s.CatchUp(b.t.Context()), chat.ErrClosed)
		<-closed
		event, err := s.Next(b.t.Context())
		require.ErrorIs(b.t, err, chat.ErrClosed)
		require.Nil(b.t, event)
	})
}
