// SPDX-License-Identifier: Apache-2.0

package chat_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/smithy-go/middleware"
	"github.com/stretchr/testify/require"

	"github.com/participant-go/connectparticipant"
	"github.com/participant-go/connectparticipant/chat"
	"github.com/participant-go/connectparticipant/participanttest"
	"github.com/participant-go/connectparticipant/types"
)

const create = "CreateParticipantConnection"

func TestBackOffGrowsWhileSocketsDieYoung(t *testing.T) {
	t.Parallel()
	inBubble(t, func(b *bubble) {
		b.start()
		ctx, cancel := context.WithTimeout(b.t.Context(), 3*time.Minute)
		defer cancel()
		for b.contact.Customer.WaitSockets(ctx, 1) == nil {
			b.contact.Customer.CutSockets()
			b.sleep(time.Millisecond)
		}
		require.Less(b.t, b.contact.Customer.Count(create), 40)
		b.settle()
		b.settle()
		b.contact.Customer.CutSockets()
		begun := time.Now()
		require.NoError(b.t, b.contact.Customer.WaitSockets(b.t.Context(), 1))
		require.LessOrEqual(b.t, time.Since(begun), time.Second, "a socket that lived begins anew")
	})
}

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

func TestAnEndThatNobodySaw(t *testing.T) {
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
		require.Equal(b.t, 3, b.srv.Count(create), "the first, and two that were denied")
		var last error
		for _, err := range s.Events(b.t.Context()) {
			last = err
		}
		require.ErrorIs(b.t, last, chat.ErrAccessDenied)
	})
}

// slowLimiter lets CreateParticipantConnection wait longer than a URL lives.
type slowLimiter struct{ chat.Limiter }

func (l slowLimiter) Wait(ctx context.Context, operation string, p chat.Priority) error {
	if operation == create {
		select {
		case <-time.After(3 * time.Minute):
		case <-ctx.Done():
		}
	}
	return l.Limiter.Wait(ctx, operation, p)
}

func TestNoWaitLiesBetweenURLAndDial(t *testing.T) {
	t.Parallel()
	inBubble(t, func(b *bubble) {
		ctx, cancel := context.WithTimeout(b.t.Context(), 10*time.Minute)
		defer cancel()
		s, err := chat.Start(ctx, b.client, b.contact.Customer.Token, b.options, func(o *chat.Options) {
			o.Limiter = slowLimiter{chat.Unlimited}
			o.GiveUpAfter = 2 * time.Minute
		})
		require.NoError(b.t, err)
		require.Equal(b.t, 1, b.contact.Customer.Count(create))
		require.NoError(b.t, s.Close())
	})
}

func TestADeniedCallIsRepeatedWithANewTokenAndEndsNothing(t *testing.T) {
	t.Parallel()
	inBubble(t, func(b *bubble) {
		s := b.start()
		b.settle()
		b.contact.Customer.ExpireTokens()
		sent, err := s.Send(b.t.Context(), "with a new token")
		require.NoError(b.t, err)
		require.Equal(b.t, sent.ID, b.message(s).ID)
		b.settle()
		require.Equal(b.t, 1, s.Stats().Renewals)
		b.srv.Inject(participanttest.Fault{On: "SendMessage", Times: 2, Effect: participanttest.Fail(403, "AccessDeniedException")})
		_, err = s.Send(b.t.Context(), "never allowed")
		require.True(b.t, connectparticipant.IsAccessDenied(err))
		require.NoError(b.t, s.Err())
		b.settle()
		_, err = s.Send(b.t.Context(), "allowed")
		require.NoError(b.t, err)
		require.Equal(b.t, "allowed", b.message(s).Text)
	})
}

func TestAMessageIsSentOnceWhateverIsRepeated(t *testing.T) {
	t.Parallel()
	inBubble(t, func(b *bubble) {
		s := b.start()
		b.settle()
		b.srv.Inject(participanttest.Fault{On: "SendMessage", Times: 1, Effect: participanttest.DropAfter()})
		b.srv.Inject(participanttest.Fault{On: "SendMessage", Times: 1, Effect: participanttest.Fail(403, "AccessDeniedException")})
		sent, err := s.Send(b.t.Context(), "once")
		require.NoError(b.t, err)
		require.Equal(b.t, sent.ID, b.message(s).ID)
		b.nothing(s, time.Hour)
	})
}

func TestSendWorksWithoutASocket(t *testing.T) {
	t.Parallel()
	inBubble(t, func(b *bubble) {
		s := b.start()
		b.settle()
		closed := b.srv.Inject(participanttest.Fault{On: participanttest.OnUpgrade, Effect: participanttest.Fail(503, "")})
		b.contact.Customer.CutSockets()
		b.sleep(10 * time.Second)
		require.Zero(b.t, b.contact.Customer.Sockets())
		sent, err := s.Send(b.t.Context(), "anybody?")
		require.NoError(b.t, err)
		closed.Remove()
		m := b.message(s)
		require.Equal(b.t, sent.ID, m.ID)
		require.True(b.t, m.Own)
	})
}

func TestOwnIsKnownWhenTheEchoIsFirst(t *testing.T) {
	t.Parallel()
	inBubble(t, func(b *bubble) {
		s := b.start()
		b.settle()
		sent, err := s.Send(b.t.Context(), "echo")
		require.NoError(b.t, err)
		m := b.message(s)
		require.Equal(b.t, sent.ID, m.ID)
		require.True(b.t, m.Own)
		require.Equal(b.t, b.contact.Customer.ID, s.ParticipantID())
		b.contact.Agent.Say("not mine")
		require.False(b.t, b.message(s).Own)
	}, func(o *participanttest.Options) { o.EchoFirst = true })
}

func TestStartErrors(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		fault participanttest.Fault
		token string
		want  error
	}{
		"a wrong token":           {token: "made-up", want: chat.ErrAccessDenied},
		"a request refused":       {fault: participanttest.Fault{On: create, Effect: participanttest.Fail(400, "ValidationException")}, want: chat.ErrGaveUp},
		"an empty token":          {token: "\n", want: chat.ErrGaveUp},
		"a service that fails":    {fault: participanttest.Fault{On: create, Effect: participanttest.Fail(500, "")}, want: context.DeadlineExceeded},
		"a proxy's 403":           {fault: participanttest.Fault{On: create, Effect: participanttest.AnswerHTML(403)}, want: context.DeadlineExceeded},
		"garbage":                 {fault: participanttest.Fault{On: create, Effect: participanttest.Answer(200, "text/html", "<html>")}, want: context.DeadlineExceeded},
		"no answer":               {fault: participanttest.Fault{On: create, Effect: participanttest.Ignore()}, want: context.DeadlineExceeded},
		"an empty answer":         {fault: participanttest.Fault{On: create, Effect: participanttest.Answer(200, "", "{}")}, want: context.DeadlineExceeded},
		"an upgrade refused":      {fault: participanttest.Fault{On: participanttest.OnUpgrade, Effect: participanttest.Fail(403, "")}, want: context.DeadlineExceeded},
		"no acknowledgement":      {fault: participanttest.Fault{On: participanttest.OnSubscribe, Effect: participanttest.Ignore()}, want: context.DeadlineExceeded},
		"a refused subscription":  {fault: participanttest.Fault{On: participanttest.OnSubscribe, Effect: participanttest.Refuse()}, want: context.DeadlineExceeded},
		"an error of the gateway": {fault: participanttest.Fault{On: participanttest.OnSubscribe, Effect: participanttest.GatewayError()}, want: context.DeadlineExceeded},
		"sockets that close":      {fault: participanttest.Fault{On: participanttest.OnSubscribe, Effect: participanttest.Close(1011)}, want: context.DeadlineExceeded},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inBubble(t, func(b *bubble) {
				token := b.contact.Customer.Token
				if test.token != "" {
					token = test.token
				}
				if test.fault.On != "" {
					b.srv.Inject(test.fault)
				}
				ctx, cancel := context.WithTimeout(b.t.Context(), 2*time.Minute)
				defer cancel()
				_, err := chat.Start(ctx, b.client, token, b.options)
				require.ErrorIs(b.t, err, test.want)
				require.NotContains(b.t, err.Error(), "AuthToken")
				require.NotContains(b.t, err.Error(), "participant-token")
				require.LessOrEqual(b.t, b.contact.Customer.Count(create), 30, "it backs off")
			})
		})
	}
}

func TestStartWithAFailingAPIOptionFailsAtOnce(t *testing.T) {
	t.Parallel()
	broken := errors.New("made-up failure")
	_, err := chat.Start(t.Context(), connectparticipant.New(connectparticipant.Options{Region: "us-west-2"},
		connectparticipant.WithAPIOptions(func(*middleware.Stack) error { return broken })), "token")
	require.ErrorIs(t, err, chat.ErrGaveUp)
	require.ErrorIs(t, err, broken)
}

func TestStartWithoutRegionFailsAtOnce(t *testing.T) {
	t.Parallel()
	_, err := chat.Start(t.Context(), connectparticipant.New(connectparticipant.Options{}), "token")
	require.ErrorIs(t, err, chat.ErrGaveUp)
	require.ErrorContains(t, err, "Missing Region")
}

func TestGiveUpAfter(t *testing.T) {
	t.Parallel()
	inBubble(t, func(b *bubble) {
		s := b.start(func(o *chat.Options) { o.GiveUpAfter = 5 * time.Minute })
		b.settle()
		b.srv.Inject(participanttest.Fault{On: create, Effect: participanttest.Fail(500, "InternalServerException")})
		b.contact.Customer.CutSockets()
		begun := time.Now()
		for _, err := range s.Events(b.t.Context()) {
			if err != nil {
				require.ErrorIs(b.t, err, chat.ErrGaveUp)
			}
		}
		require.ErrorIs(b.t, s.Err(), chat.ErrGaveUp)
		require.Equal(b.t, 5*time.Minute, time.Since(begun))
	})
}

func TestLeave(t *testing.T) {
	t.Parallel()
	inBubble(t, func(b *bubble) {
		s := b.start()
		b.settle()
		require.NoError(b.t, s.Leave(b.t.Context()))
		require.ErrorIs(b.t, s.Err(), chat.ErrLeft)
		var events []chat.Event
		for event, err := range s.Events(b.t.Context()) {
			require.NoError(b.t, err)
			events = append(events, event)
		}
		require.IsType(b.t, chat.ChatEnded{}, events[len(events)-1])
		require.NoError(b.t, s.Leave(b.t.Context()), "leaving twice")
		require.NoError(b.t, s.Typing(b.t.Context()))
		_, err := s.Send(b.t.Context(), "too late")
		require.ErrorIs(b.t, err, chat.ErrLeft)
	})
}

func TestRemoved(t *testing.T) {
	t.Parallel()
	inBubble(t, func(b *bubble) {
		bot := b.contact.AddParticipant("CUSTOM_BOT", "Bot")
		s, err := chat.Start(b.t.Context(), b.client, bot.Token, b.options)
		require.NoError(b.t, err)
		defer func() { _ = s.Close() }()
		_, err = s.Send(b.t.Context(), "hello")
		require.NoError(b.t, err)
		b.settle()
		bot.Leave()
		b.settle()
		bot.CutSockets()
		var last error
		for _, err := range s.Events(b.t.Context()) {
			last = err
		}
		require.ErrorIs(b.t, last, chat.ErrRemoved)
	})
}

func TestAWrongLocalClockDoesNotMatter(t *testing.T) {
	t.Parallel()
	for name, ahead := range map[string]time.Duration{"right": 0, "two days behind": 48 * time.Hour} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inBubble(t, func(b *bubble) {
				b.srv.Advance(ahead)
				b.start()
				b.sleep(10 * time.Hour)
				require.InDelta(b.t, 11, b.contact.Customer.Count(create), 1)
			})
		})
	}
}

func TestExpiriesThatMakeNoSense(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		shown       time.Duration
		least, most int
	}{"absent": {participanttest.Absent, 9, 13}, "past": {-time.Hour, 9, 13}, "a minute ahead": {time.Minute, 300, 850}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inBubble(t, func(b *bubble) {
				b.start()
				b.sleep(10 * time.Hour)
				require.GreaterOrEqual(b.t, b.contact.Customer.Count(create), test.least)
				require.LessOrEqual(b.t, b.contact.Customer.Count(create), test.most)
			}, func(o *participanttest.Options) { o.ExpiryShown, o.ConnectionExpiryShown = test.shown, test.shown })
		})
	}
}

func TestPingsThatFailReplaceTheSocketNowAndThen(t *testing.T) {
	t.Parallel()
	for name, effect := range map[string]participanttest.Effect{"status 500": participanttest.Fail(500, ""), "silence": participanttest.Ignore()} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inBubble(t, func(b *bubble) {
				s := b.start()
				b.srv.Inject(participanttest.Fault{On: participanttest.OnPing, Effect: effect})
				b.sleep(time.Hour)
				require.Zero(b.t, s.Stats().Reconnects)
				require.InDelta(b.t, 12, s.Stats().Renewals, 2)
			})
		})
	}
}

func TestTypingIsThrottled(t *testing.T) {
	t.Parallel()
	inBubble(t, func(b *bubble) {
		s := b.start()
		for range 60 {
			require.NoError(b.t, s.Typing(b.t.Context()))
			b.sleep(time.Second)
		}
		require.Equal(b.t, 6, b.contact.Customer.Count("SendEvent"))
	})
}

func TestReceiptsAreCoalesced(t *testing.T) {
	t.Parallel()
	inBubble(t, func(b *bubble) {
		b.contact.Agent.Join()
		s := b.start()
		b.settle()
		var last string
		for range 50 {
			last = b.contact.Agent.Say("read this")
			m := b.message(s)
			s.MarkDelivered(m.ID)
			s.MarkRead(m.ID)
			b.sleep(time.Second)
		}
		b.sleep(10 * time.Second)
		require.LessOrEqual(b.t, b.contact.Customer.Count("SendEvent"), 12)
		for _, item := range b.contact.Kept() {
			if item.Id == last {
				require.NotEmpty(b.t, item.MessageMetadata.Receipts[0].ReadTimestamp)
				return
			}
		}
		require.Fail(b.t, "the last message isn't there")
	})
}

func TestResumeGoesOnWhereTheCallerWas(t *testing.T) {
	t.Parallel()
	inBubble(t, func(b *bubble) {
		s := b.start()
		b.settle()
		for range 10 {
			b.contact.Agent.Say("before")
		}
		for range 4 {
			b.message(s)
		}
		text, err := json.Marshal(s.State())
		require.NoError(b.t, err)
		require.NoError(b.t, s.Close())
		for range 500 {
			b.contact.Agent.Say("meanwhile")
		}
		b.sleep(10 * time.Minute)

		var state chat.State
		require.NoError(b.t, json.Unmarshal(text, &state))
		require.LessOrEqual(b.t, len(text), 16_384)
		s, err = chat.Resume(b.t.Context(), b.client, b.contact.Customer.Token, state, b.options)
		require.NoError(b.t, err)
		defer func() { _ = s.Close() }()
		for i := range 506 {
			m := b.message(s)
			require.False(b.t, m.History)
			require.False(b.t, m.Late)
			require.Equal(b.t, i < 6, m.Text == "before")
		}
		b.nothing(s, time.Hour)
	})
}

// A state from before the first pass knows what is history.
func TestResumeFromBeforeTheFirstPass(t *testing.T) {
	t.Parallel()
	inBubble(t, func(b *bubble) {
		none := func(o *chat.Options) { o.History = chat.HistoryNone }
		b.contact.Agent.Say("before")
		b.sleep(time.Minute)
		broken := b.srv.Inject(participanttest.Fault{On: "GetTranscript", Effect: participanttest.Fail(500, "InternalServerException")})
		s := b.start(none)
		state := s.State()
		require.NoError(b.t, s.Close())
		b.sleep(time.Minute)
		missed := b.contact.Agent.Say("missed")
		b.sleep(time.Minute)
		broken.Remove()
		text, err := state.MarshalText()
		require.NoError(b.t, err)
		require.NoError(b.t, state.UnmarshalText(text))
		s, err = chat.Resume(b.t.Context(), b.client, b.contact.Customer.Token, state, b.options, none)
		require.NoError(b.t, err)
		b.t.Cleanup(func() { _ = s.Close() })
		require.Equal(b.t, missed, b.within(s, time.Minute).ID)
	})
}

func TestResumeKeepsToTheLimitOfTheHistory(t *testing.T) {
	t.Parallel()
	inBubble(t, func(b *bubble) {
		for range 50 {
			b.contact.Agent.Say("old")
			b.sleep(30 * time.Second)
		}
		ten := func(o *chat.Options) { o.History = 10 }
		s := b.start(ten)
		b.settle()
		b.message(s)
		state := s.State()
		require.NoError(b.t, s.Close())
		s, err := chat.Resume(b.t.Context(), b.client, b.contact.Customer.Token, state, b.options, ten)
		require.NoError(b.t, err)
		b.t.Cleanup(func() { _ = s.Close() })
		for range 9 {
			b.message(s)
		}
		b.nothing(s, time.Hour)
	})
}

func TestStateIsRefusedWhenItIsNone(t *testing.T) {
	t.Parallel()
	var state chat.State
	require.Error(t, state.UnmarshalText([]byte("%")))
	require.Error(t, state.UnmarshalText([]byte("CAAA")))
	require.Error(t, state.UnmarshalText([]byte("AQ")))
	require.NoError(t, state.UnmarshalText(nil))
	text, err := state.MarshalText()
	require.NoError(t, err)
	require.NoError(t, state.UnmarshalText(text))
}

func TestFilesGoUpAndDown(t *testing.T) {
	t.Parallel()
	inBubble(t, func(b *bubble) {
		b.contact = b.srv.NewChat(func(o *participanttest.ChatOptions) { o.ScanDelay = 20 * time.Second })
		s := b.start()
		b.settle()
		b.srv.Inject(participanttest.Fault{On: participanttest.OnUpload, Times: 1, Effect: participanttest.Fail(503, "")})
		content := strings.Repeat("photo", 10_000)
		begun := time.Now()
		var sent int64
		id, err := s.SendFile(b.t.Context(), chat.File{
			Name: "photo.png", ContentType: "image/png", Reader: strings.NewReader(content), WaitForScan: true,
			Progress: func(n int64) { sent = n },
		})
		require.NoError(b.t, err)
		require.EqualValues(b.t, len(content), sent)
		require.GreaterOrEqual(b.t, time.Since(begun), 20*time.Second)
		m := b.message(s)
		require.Equal(b.t, "photo.png", m.Attachments[0].Name)
		require.Equal(b.t, id, m.Attachments[0].ID)
		body, err := s.OpenAttachment(b.t.Context(), id, 1<<20)
		require.NoError(b.t, err)
		got, err := io.ReadAll(body)
		require.NoError(b.t, err)
		require.NoError(b.t, body.Close())
		require.Equal(b.t, content, string(got))
		_, err = s.OpenAttachment(b.t.Context(), id, 10)
		require.Error(b.t, err)
	})
}

func TestARejectedFile(t *testing.T) {
	t.Parallel()
	inBubble(t, func(b *bubble) {
		b.contact = b.srv.NewChat(func(o *participanttest.ChatOptions) {
			o.ScanDelay, o.ScanVerdict = 20*time.Second, types.ArtifactStatusRejected
		})
		s := b.start()
		b.settle()
		id, err := s.SendFile(b.t.Context(), chat.File{
			Name: "virus.txt", ContentType: "text/plain", Reader: strings.NewReader("virus"), WaitForScan: true,
		})
		require.ErrorIs(b.t, err, chat.ErrRejected)
		require.NotEmpty(b.t, id)
	})
}

func TestAFileThatLacksSomething(t *testing.T) {
	t.Parallel()
	for want, file := range map[string]chat.File{
		"File.Name":        {ContentType: "text/plain", Reader: strings.NewReader("x")},
		"File.ContentType": {Name: "a.txt", Reader: strings.NewReader("x")},
		"File.Reader":      {Name: "a.txt", ContentType: "text/plain"},
		"File.Size":        {Name: "a.txt", ContentType: "text/plain", Reader: io.MultiReader(strings.NewReader("x"))},
	} {
		_, err := new(chat.Session).SendFile(t.Context(), file)
		require.ErrorContains(t, err, want)
	}
}

func TestNothingSecretIsLogged(t *testing.T) {
	t.Parallel()
	inBubble(t, func(b *bubble) {
		var out syncBuffer
		logger := slog.New(slog.NewTextHandler(&out, &slog.HandlerOptions{Level: slog.LevelDebug}))
		s := b.start(func(o *chat.Options) { o.Logger = logger })
		b.settle()
		b.srv.Inject(participanttest.Fault{On: participanttest.OnUpgrade, Times: 3, Effect: participanttest.DropBefore()})
		b.srv.Inject(participanttest.Fault{On: "GetTranscript", Times: 3, Effect: participanttest.Truncate()})
		b.contact.Customer.CutSockets()
		b.contact.Agent.Say("top secret")
		m := b.message(s)
		logger.Info("event", "message", m, "event", chat.Updated{Message: m})
		require.Contains(b.t, out.String(), m.ID)
		for _, secret := range []string{"secret", "AuthToken", "participant-token", "connection-token"} {
			require.NotContains(b.t, out.String(), secret)
		}
	})
}

type syncBuffer struct {
	mu sync.Mutex
	bytes.Buffer
}

func (b *syncBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.Buffer.Write(p)
}

func (b *syncBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.Buffer.String()
}

func TestCloseAtAnyTime(t *testing.T) {
	t.Parallel()
	inBubble(t, func(b *bubble) {
		b.srv.Inject(participanttest.Fault{On: create, Chance: 0.5, Effect: participanttest.Delay(3 * time.Second)})
		for i := range 30 {
			s := b.start()
			b.sleep(time.Duration(i) * 700 * time.Millisecond)
			if i%3 == 0 {
				b.contact.Customer.CutSockets()
			}
			begun := time.Now()
			var closing sync.WaitGroup
			for range 3 {
				closing.Go(func() { _ = s.Close() })
			}
			closing.Wait()
			require.LessOrEqual(b.t, time.Since(begun), time.Second)
			synctest.Wait()
		}
	})
}

func TestNextPrefersAnEventToTheEndOfItsContext(t *testing.T) {
	t.Parallel()
	inBubble(t, func(b *bubble) {
		b.contact.Agent.Say("there")
		s := b.start()
		b.settle()
		ctx, cancel := context.WithCancel(b.t.Context())
		cancel()
		event, err := s.Next(ctx)
		require.NoError(b.t, err)
		require.NotNil(b.t, event)
		for {
			if _, err = s.Next(ctx); err != nil {
				break
			}
		}
		require.ErrorIs(b.t, err, context.Canceled)
		require.NoError(b.t, s.Err())
	})
}
