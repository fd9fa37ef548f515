// SPDX-License-Identifier: Apache-2.0

package chat_test

import (
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/participant-go/connectparticipant"
	"github.com/participant-go/connectparticipant/chat"
	"github.com/participant-go/connectparticipant/participanttest"
)

// A pass must not begin anew at each page that fails.
func TestATranscriptOfWhichManyPagesFailIsRead(t *testing.T) {
	t.Parallel()
	for name, effect := range map[string]participanttest.Effect{
		"429": participanttest.Fail(http.StatusTooManyRequests, "ThrottlingException"), "500": participanttest.AnswerHTML(500), "reset": participanttest.DropBefore(),
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

func TestTheEndOfAnotherChatEndsNothing(t *testing.T) {
	t.Parallel()
	const ended = `"ContentType":"application/vnd.amazonaws.connect.event.chat.ended","AbsoluteTime":"2000-01-01T00:01:00.000Z"`
	for name, item := range map[string]string{
		"of another chain":           `{"Id":"x","Type":"EVENT",` + ended + `,"InitialContactId":"another","ContactId":"another"}`,
		"of a past contact":          `{"Id":"x","Type":"EVENT",` + ended + `,"RelatedContactId":"past"}`,
		"that is somebody's message": `{"Id":"x","Type":"MESSAGE",` + ended + `,"ParticipantId":"p","Content":"over?"}`,
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

func TestAnOperationThatIsAlwaysDeniedCostsFewConnections(t *testing.T) {
	t.Parallel()
	inBubble(t, func(b *bubble) {
		s := b.start()
		b.settle()
		broken := b.srv.Inject(participanttest.Fault{On: sendMessage, Effect: participanttest.Fail(http.StatusForbidden, "AccessDeniedException")})
		for range 360 {
			_, err := s.Send(b.t.Context(), "hello")
			require.True(b.t, connectparticipant.IsAccessDenied(err))
			b.sleep(10 * time.Second)
		}
		require.LessOrEqual(b.t, b.srv.Count(create), 10, "an hour")
		broken.Remove()
		_, err := s.Send(b.t.Context(), "hello")
		require.NoError(b.t, err)
	})
}

func TestFramesWithoutATopicCostNoSocket(t *testing.T) {
	t.Parallel()
	inBubble(t, func(b *bubble) {
		s := b.start()
		b.settle()
		for _, frame := range []string{"{}", "null", `{"Topic":"aws/chat"}`, `{"keepAlive":1}`, `""`} {
			b.contact.PushFrame(frame)
			b.sleep(time.Second)
		}
		require.Zero(b.t, s.Stats().Reconnects)
		b.contact.PushFrame(`{"message":"Internal server error","connectionId":"made-up","requestId":"made-up"}`)
		b.sleep(2 * time.Second)
		require.Equal(b.t, 1, s.Stats().Reconnects, "the gateway's error")
	})
}

// The token is too new to be renewed when the end is noticed.
func TestAnEndThatNobodySawOfAYoungChat(t *testing.T) {
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
