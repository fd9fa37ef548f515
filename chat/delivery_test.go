// SPDX-License-Identifier: Apache-2.0

package chat_test

import (
	"context"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/participant-go/connectparticipant"
	"github.com/participant-go/connectparticipant/chat"
	"github.com/participant-go/connectparticipant/participanttest"
	"github.com/participant-go/connectparticipant/types"
)

// within waits for the next message, which must come soon enough.
func (b *bubble) within(s *chat.Session, longest time.Duration) chat.Message {
	b.t.Helper()
	begun := time.Now()
	m := b.message(s)
	require.LessOrEqual(b.t, time.Since(begun), longest)
	return m
}

// nothing fails if an event comes within d.
func (b *bubble) nothing(s *chat.Session, d time.Duration) {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.t.Context(), d)
	defer cancel()
	for {
		event, err := s.Next(ctx)
		if err != nil {
			require.ErrorIs(b.t, err, context.DeadlineExceeded)
			return
		}
		switch event.(type) {
		case chat.ConnectionChanged, chat.Participant:
		default:
			require.Fail(b.t, "unexpected", "%T", event)
		}
	}
}

func (b *bubble) settle() { b.sleep(time.Minute) }

func TestAPushLostOnAHealthySocketComesWithTheNextPass(t *testing.T) {
	t.Parallel()
	inBubble(t, func(b *bubble) {
		s := b.start(func(o *chat.Options) { o.ReadEvery = time.Hour })
		b.settle()
		b.srv.Inject(participanttest.Fault{On: participanttest.OnPush, Times: 1, Effect: participanttest.Lose()})
		lost := b.contact.Agent.Say("lost on the way")
		for range 10 {
			b.settle()
			b.contact.Agent.Say("seen")
			b.message(s)
		}
		b.contact.Customer.CutSockets()
		m := b.within(s, time.Minute)
		require.Equal(b.t, lost, m.ID)
		require.True(b.t, m.Late)
	})
}

func TestWhatTheTranscriptShowsAFewSecondsLateComesWithTheSettlePass(t *testing.T) {
	t.Parallel()
	inBubble(t, func(b *bubble) {
		s := b.start()
		b.settle()
		b.srv.Inject(participanttest.Fault{On: participanttest.OnKeep, Times: 1, Effect: participanttest.Lag(5 * time.Second)})
		b.contact.Customer.CutSockets()
		id := b.contact.Agent.Say("not shown yet")
		require.Equal(b.t, id, b.within(s, 15*time.Second).ID)
	})
}

func TestAPassGoesBackBehindTheLast(t *testing.T) {
	t.Parallel()
	inBubble(t, func(b *bubble) {
		s := b.start()
		b.settle()
		b.srv.Inject(participanttest.Fault{On: participanttest.OnKeep, Times: 1, Effect: participanttest.Lag(90 * time.Second)})
		b.contact.Customer.CutSockets()
		lagging := b.contact.Agent.Say("shown after 90 seconds")
		shown := b.contact.Agent.Say("shown at once")
		require.Equal(b.t, shown, b.within(s, time.Minute).ID)
		b.sleep(2 * time.Minute)
		b.contact.Customer.CutSockets()
		m := b.within(s, time.Minute)
		require.Equal(b.t, lagging, m.ID)
		require.True(b.t, m.Late)
	})
}

// forgetful answers a StartPosition with nothing, as a service might that reads it otherwise.
type forgetful struct{ connectparticipant.API }

func (f forgetful) GetTranscript(ctx context.Context, in *connectparticipant.GetTranscriptInput, optFns ...func(*connectparticipant.Options)) (*connectparticipant.GetTranscriptOutput, error) {
	if in.StartPosition != nil {
		return &connectparticipant.GetTranscriptOutput{}, nil
	}
	return f.API.GetTranscript(ctx, in, optFns...)
}

func TestAForwardPassThatShowsNothingKnownIsNotBelieved(t *testing.T) {
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

func TestATimeAsStartMayBeRefused(t *testing.T) {
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

func TestATokenOfThePagesDoesNotOutliveItsConnection(t *testing.T) {
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
				b.settle() // the pass waits for its caller, in the middle of the pages
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

func TestLiveItemsWaitForThoseThatWereMissed(t *testing.T) {
	t.Parallel()
	inBubble(t, func(b *bubble) {
		s := b.start()
		b.contact.Agent.Say("first")
		b.message(s)
		b.settle()
		b.srv.Inject(participanttest.Fault{On: "GetTranscript", Times: 1, Effect: participanttest.Delay(5 * time.Second)})
		b.contact.Customer.CutSockets()
		missed := b.contact.Agent.Say("missed")
		require.NoError(b.t, b.contact.Customer.WaitSockets(b.t.Context(), 1))
		live := b.contact.Agent.Say("live")
		first, second := b.message(s), b.message(s)
		require.Equal(b.t, []string{missed, live}, []string{first.ID, second.ID})
		require.False(b.t, first.Late)
		require.False(b.t, second.Late)
	})
}

func TestLiveItemsDoNotWaitForEver(t *testing.T) {
	t.Parallel()
	inBubble(t, func(b *bubble) {
		s := b.start()
		b.contact.Agent.Say("first")
		b.message(s)
		b.settle()
		broken := b.srv.Inject(participanttest.Fault{On: "GetTranscript", Effect: participanttest.Fail(500, "InternalServerException")})
		b.contact.Customer.CutSockets()
		missed := b.contact.Agent.Say("missed")
		require.NoError(b.t, b.contact.Customer.WaitSockets(b.t.Context(), 1))
		live := b.contact.Agent.Say("live")
		require.Equal(b.t, live, b.within(s, 31*time.Second).ID)
		require.Equal(b.t, 1, s.Stats().Reconnects, "the transcript costs no socket")
		broken.Remove()
		m := b.within(s, time.Minute)
		require.Equal(b.t, missed, m.ID)
		require.True(b.t, m.Late)
	})
}

func TestTheOldSocketLivesUntilTheNewOneIsSubscribed(t *testing.T) {
	t.Parallel()
	inBubble(t, func(b *bubble) {
		s := b.start()
		b.settle()
		b.srv.Inject(participanttest.Fault{On: participanttest.OnSubscribe, Effect: participanttest.Delay(4 * time.Second)})
		require.NoError(b.t, b.contact.Customer.WaitRequest(b.t.Context(), "aws/subscribe", 2))
		b.contact.Agent.Say("meanwhile")
		b.within(s, 0)
		b.sleep(10 * time.Second)
		require.Equal(b.t, 1, s.Stats().Renewals)
		require.Zero(b.t, s.Stats().Reconnects)
		require.Equal(b.t, 1, b.contact.Customer.Sockets(), "the old one is closed")
	})
}

func TestEqualItemsAreDeliveredOnce(t *testing.T) {
	t.Parallel()
	inBubble(t, func(b *bubble) {
		s := b.start()
		b.settle()
		b.srv.Inject(participanttest.Fault{On: participanttest.OnPush, Effect: participanttest.Duplicate()})
		for i := range 20 {
			b.contact.Agent.Say(strconv.Itoa(i))
			require.Equal(b.t, strconv.Itoa(i), b.message(s).Text)
			b.contact.Agent.Type()
			require.IsType(b.t, chat.Typing{}, b.next(s))
		}
		b.nothing(s, time.Hour)
		require.GreaterOrEqual(b.t, s.Stats().Duplicates, 40)
	})
}

func TestHoldBackPutsInOrderWhatArrivesOtherwise(t *testing.T) {
	t.Parallel()
	inBubble(t, func(b *bubble) {
		s := b.start(func(o *chat.Options) { o.HoldBack = 1500 * time.Millisecond })
		b.settle()
		b.srv.Inject(participanttest.Fault{On: participanttest.OnPush, Times: 1, Effect: participanttest.Delay(time.Second)})
		first := b.contact.Agent.Say("delayed")
		b.sleep(100 * time.Millisecond)
		second := b.contact.Agent.Say("prompt")
		m := b.within(s, 1500*time.Millisecond)
		require.Equal(b.t, first, m.ID)
		require.False(b.t, m.Late)
		require.Equal(b.t, second, b.within(s, 0).ID)
	})
}

func TestHoldBackIsNotProlongedBySending(t *testing.T) {
	t.Parallel()
	inBubble(t, func(b *bubble) {
		s := b.start(func(o *chat.Options) { o.HoldBack = 300 * time.Millisecond })
		b.settle()
		b.srv.Inject(participanttest.Fault{On: "SendMessage", Times: 1, Effect: participanttest.Delay(100 * time.Millisecond)})
		var sending sync.WaitGroup
		sending.Go(func() { _, _ = s.Send(b.t.Context(), "hi") })
		b.sleep(time.Millisecond)
		b.contact.Agent.Say("hello")
		b.within(s, 310*time.Millisecond)
		sending.Wait()
	})
}

func TestAttachmentsAndProcessedMessagesAreUpdated(t *testing.T) {
	t.Parallel()
	inBubble(t, func(b *bubble) {
		contact := b.srv.NewChat(func(o *participanttest.ChatOptions) {
			o.ScanDelay = 20 * time.Second
			o.ProcessingDelay = 20 * time.Second
			o.Processor = func(string) (string, types.MessageProcessingStatus) { return "***", "" }
		})
		b.contact = contact
		s := b.start()
		b.settle()
		contact.Agent.ShareFile("a.txt", "text/plain", []byte("hello"))
		contact.Agent.Say("my card number")
		contact.Customer.CutSockets()
		file, text := b.message(s), b.message(s)
		require.Equal(b.t, types.ArtifactStatusInProgress, file.Attachments[0].Status)
		require.Equal(b.t, types.MessageProcessingStatusProcessing, text.Status)
		require.Empty(b.t, text.Text)
		updated := map[string]chat.Updated{}
		for range 2 {
			u, ok := b.next(s).(chat.Updated)
			require.True(b.t, ok)
			updated[u.ID] = u
		}
		require.Equal(b.t, types.ArtifactStatusApproved, updated[file.ID].Attachments[0].Status)
		require.Equal(b.t, "***", updated[text.ID].Text)
	})
}

func TestAMessageInPiecesIsOneMessage(t *testing.T) {
	t.Parallel()
	for name, progress := range map[string]bool{"": false, "with progress": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inBubble(t, func(b *bubble) {
				s := b.start(func(o *chat.Options) { o.Progress = progress })
				b.settle()
				stream := b.contact.System.StartStream()
				stream.Chunk("I ")
				stream.ChunkNumber(3, "piece")
				stream.ChunkNumber(2, "speak ")
				stream.Complete()
				if progress {
					require.Equal(b.t, "I ", b.next(s).(chat.Progress).Text)
					require.Equal(b.t, "I speak ", b.next(s).(chat.Progress).Text)
				}
				require.Equal(b.t, "I speak piece", b.message(s).Text)
				b.nothing(s, 2*time.Hour)
			})
		})
	}
}

func TestAMessageWhoseLastPieceIsLostComesFromTheTranscript(t *testing.T) {
	t.Parallel()
	inBubble(t, func(b *bubble) {
		s := b.start()
		b.settle()
		stream := b.contact.System.StartStream()
		stream.Chunk("half ")
		b.srv.Inject(participanttest.Fault{On: participanttest.OnPush, Times: 1, Effect: participanttest.Lose()})
		stream.Skip("a message")
		stream.Complete()
		require.Equal(b.t, "half a message", b.within(s, 31*time.Second).Text)
	})
}

func TestAPieceThatFallsSilentWhileTheCallerIsSlow(t *testing.T) {
	t.Parallel()
	inBubble(t, func(b *bubble) {
		s := b.start()
		b.settle()
		for range 50 {
			b.contact.Agent.Say(strings.Repeat("unread ", 200))
		}
		b.settle()
		stream := b.contact.System.StartStream()
		stream.Chunk("half ")
		b.srv.Inject(participanttest.Fault{On: participanttest.OnPush, Times: 1, Effect: participanttest.Lose()})
		stream.Skip("a message")
		stream.Complete()
		b.sleep(time.Minute)
		require.Zero(b.t, s.Stats().Behind)
		for range 50 {
			b.message(s)
		}
		require.Equal(b.t, "half a message", b.within(s, time.Second).Text)
	})
}

func TestReceiptsRise(t *testing.T) {
	t.Parallel()
	inBubble(t, func(b *bubble) {
		b.contact.Agent.Join()
		s := b.start()
		sent, err := s.Send(b.t.Context(), "read me")
		require.NoError(b.t, err)
		b.message(s)
		b.contact.Agent.MarkDelivered(sent.ID)
		r := b.next(s).(chat.Receipt)
		require.Equal(b.t, sent.ID, r.MessageID)
		require.False(b.t, r.Read)
		require.Equal(b.t, b.contact.Agent.ID, r.From.ParticipantID)
		b.settle()
		b.contact.Customer.CutSockets()
		b.contact.Agent.MarkRead(sent.ID)
		r = b.next(s).(chat.Receipt)
		require.True(b.t, r.Read, "the transcript has it too")
		b.contact.Agent.MarkDelivered(sent.ID)
		b.nothing(s, 2*time.Hour)
	})
}

// A receipt that the transcript showed first, of a message that is forgotten by then, is
// known when its push comes.
func TestAReceiptForAnOldMessageComesOnce(t *testing.T) {
	t.Parallel()
	inBubble(t, func(b *bubble) {
		b.contact.Agent.Join()
		s := b.start()
		sent, err := s.Send(b.t.Context(), "read me")
		require.NoError(b.t, err)
		b.message(s)
		b.sleep(5 * time.Minute)
		b.srv.Inject(participanttest.Fault{On: participanttest.OnPush, Times: 1, Effect: participanttest.Delay(90 * time.Second)})
		b.contact.Agent.MarkRead(sent.ID)
		const count = 600 // so many that the transcript is read
		for range count {
			b.contact.Agent.Say("and then")
		}
		messages, receipts := 0, 0
		for messages+receipts < count+1 {
			switch b.next(s).(type) {
			case chat.Message:
				messages++
			case chat.Receipt:
				receipts++
			}
		}
		require.Equal(b.t, 1, receipts)
		b.nothing(s, time.Hour)
	})
}

func TestASlowCallerGetsEverything(t *testing.T) {
	t.Parallel()
	inBubble(t, func(b *bubble) {
		s := b.start()
		b.settle()
		const count = 5000
		for i := range count {
			b.contact.Agent.Say(strconv.Itoa(i))
			if i%100 == 0 {
				b.sleep(time.Second)
			}
		}
		for i := range count {
			m := b.message(s)
			require.Equal(b.t, strconv.Itoa(i), m.Text)
			require.False(b.t, m.Late)
		}
		require.Positive(b.t, s.Stats().Behind)
		require.Zero(b.t, s.Stats().Reconnects)
		b.contact.Agent.Say("live again")
		require.Equal(b.t, "live again", b.message(s).Text)
		b.settle()
		b.contact.Agent.Say("and at once")
		b.within(s, 0)
	})
}

// A pass for a slow caller takes as long as the caller, but one that fails holds nothing up
// for longer than CatchUpWait.
func TestASlowCallerDoesNotWaitForABrokenTranscript(t *testing.T) {
	t.Parallel()
	inBubble(t, func(b *bubble) {
		s := b.start()
		b.settle()
		const count = 2000
		for range count {
			b.contact.Agent.Say("unread")
		}
		b.settle()
		require.Positive(b.t, s.Stats().Behind)
		broken := b.srv.Inject(participanttest.Fault{On: "GetTranscript", Effect: participanttest.Fail(500, "InternalServerException")})
		for range count - s.Stats().Behind {
			require.False(b.t, b.message(s).Late)
		}
		b.settle()
		live := b.contact.Agent.Say("live")
		require.Equal(b.t, live, b.within(s, 31*time.Second).ID)
		broken.Remove()
		for range s.Stats().Behind {
			require.True(b.t, b.within(s, time.Minute).Late)
		}
	})
}

// noMorePages refuses each token of the pages.
type noMorePages struct{ connectparticipant.API }

func (c noMorePages) GetTranscript(ctx context.Context, in *connectparticipant.GetTranscriptInput, optFns ...func(*connectparticipant.Options)) (*connectparticipant.GetTranscriptOutput, error) {
	if in.NextToken != nil {
		return nil, &types.ValidationException{}
	}
	return c.API.GetTranscript(ctx, in, optFns...)
}

func TestPagesThatNeverGoOnAreAskedForNowAndThen(t *testing.T) {
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

// A pass that waits for its caller reads what was added behind it.
func TestALongPassLosesNothingBehindIt(t *testing.T) {
	t.Parallel()
	inBubble(t, func(b *bubble) {
		s := b.start()
		b.settle()
		b.srv.Inject(participanttest.Fault{On: participanttest.OnKeep, Times: 1, Effect: participanttest.Lag(time.Minute)})
		b.contact.Customer.CutSockets()
		lagging := b.contact.Agent.Say("shown when the pass is past it")
		for range 1500 {
			b.contact.Agent.Say("missed")
		}
		b.sleep(5 * time.Minute) // the pass waits for its caller
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

// The fence lies between two milliseconds, but a pass can only begin at one of them. What
// it shows from there on must be known.
func TestAnItemAtTheHorizonIsRemembered(t *testing.T) {
	t.Parallel()
	inBubble(t, func(b *bubble) {
		s := b.start()
		const early, missed = 3000, 1500
		for range early { // one a millisecond
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
		b.sleep(time.Minute + 700*time.Microsecond) // the pass waits for its caller
		for range missed {
			b.message(s)
		}
		b.settle()
		b.contact.Customer.CutSockets()
		b.nothing(s, time.Hour)
	})
}

func TestHistory(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct{ history, want int }{
		"all of a short chat": {0, 300}, "some": {120, 120}, "none": {chat.HistoryNone, 0}, "all": {chat.HistoryAll, 300},
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

// What comes after the start is no history, however late the first pass is.
func TestHistoryEndsWithTheStart(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		history int
		gap     func(b *bubble)
		said    int
	}{
		"nothing was pushed": {chat.HistoryNone, func(b *bubble) { b.contact.Customer.CutSockets() }, 2500},
		"too much at once":   {10, func(*bubble) {}, 2500},
		"all is well":        {chat.HistoryNone, func(*bubble) {}, 1},
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

func TestASlowFirstPassBringsNoOldHistoryLater(t *testing.T) {
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

// The fake's items run ahead of its clock, and so does the connection that is made after them.
func TestWhatWasSaidJustBeforeTheStartIsHistory(t *testing.T) {
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

func TestPastContactsAreNoHistory(t *testing.T) {
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

func TestUnknownItemsArriveAsTheyAre(t *testing.T) {
	t.Parallel()
	inBubble(t, func(b *bubble) {
		s := b.start()
		b.settle()
		b.contact.Push(participanttest.Item{Type: "HOLOGRAM", ContentType: "application/x-hologram", Content: "{}"})
		other := b.next(s).(chat.Other)
		require.Equal(b.t, types.ChatItemType("HOLOGRAM"), other.Type)
		require.Equal(b.t, "{}", other.Content)
		require.Contains(b.t, string(other.Raw), `"Type":"HOLOGRAM"`)
		b.contact.Push(participanttest.Item{Type: "MESSAGE", ContentType: "text/plain", Content: "when?", AbsoluteTime: "yesterday"})
		m := b.message(s)
		require.True(b.t, m.Time.IsZero())
		require.False(b.t, m.Late)
	})
}
