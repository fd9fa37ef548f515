// SPDX-License-Identifier: Apache-2.0

package chat_test

import (
	"context"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/participant-go/connectparticipant"
	"github.com/participant-go/connectparticipant/chat"
	"github.com/participant-go/connectparticipant/participanttest"
)

// Each socket lives 20 s. A new loss must not restart the wait of items that have arrived.
func TestHeldItemsAreReleasedWhileSocketsFlap(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct{ set, want time.Duration }{
		"by default": {0, 30 * time.Second}, "after CatchUpWait": {10 * time.Second, 10 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inBubble(t, func(b *bubble) {
				s := b.start(func(o *chat.Options) { o.CatchUpWait = test.set })
				b.settle()
				b.breakTranscript()
				ctx, cancel := context.WithCancel(b.t.Context())
				delivered := arrivals{at: map[string]time.Time{}}
				var reading sync.WaitGroup
				reading.Go(func() { delivered.note(ctx, s) })
				pushed := b.flap(30)
				b.sleep(time.Minute)
				cancel()
				reading.Wait()
				for id, at := range pushed {
					require.Contains(b.t, delivered.at, id, "pushed on an open socket")
					require.LessOrEqual(b.t, delivered.at[id].Sub(at), test.want+slack)
				}
			})
		})
	}
}

func TestHeldItemsAreReleasedWhileNoSocketIsOpen(t *testing.T) {
	t.Parallel()
	inBubble(t, func(b *bubble) {
		s := b.start()
		b.settle()
		b.breakTranscript()
		b.reconnect()
		id := b.contact.Agent.Say("held")
		begun := time.Now()
		b.sleep(time.Second)
		b.refuseSockets()
		b.contact.Customer.CutSockets()
		require.Equal(b.t, id, b.message(s).ID)
		require.LessOrEqual(b.t, time.Since(begun), 30*time.Second+slack)
	})
}

func TestHeldItemsWaitForCatchUpWait(t *testing.T) {
	t.Parallel()
	for _, wait := range []time.Duration{5 * time.Second, 30 * time.Second, 2 * time.Minute} {
		t.Run(wait.String(), func(t *testing.T) {
			t.Parallel()
			inBubble(t, func(b *bubble) {
				s := b.start(func(o *chat.Options) { o.CatchUpWait = wait })
				b.settle()
				b.breakTranscript()
				b.reconnect()
				b.sleep(time.Second)
				id := b.contact.Agent.Say("held")
				begun := time.Now()
				require.Equal(b.t, id, b.message(s).ID)
				require.GreaterOrEqual(b.t, time.Since(begun), wait-2*time.Second)
				require.LessOrEqual(b.t, time.Since(begun), wait+slack)
			})
		})
	}
}

func TestALostPushIsFoundByAPeriodicPass(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct{ set, want time.Duration }{
		"by default": {0, 3 * time.Minute}, "each minute": {time.Minute, time.Minute},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inBubble(t, func(b *bubble) {
				s := b.start(func(o *chat.Options) { o.ReadEvery = test.set })
				b.settle()
				for i := range 20 {
					b.sleep(time.Duration(i) * 17 * time.Second)
					b.lose()
					id := b.contact.Agent.Say("lost on a healthy socket")
					require.Equal(b.t, id, b.within(s, test.want*6/5+slack).ID)
				}
				require.Zero(b.t, s.Stats().Reconnects)
			})
		})
	}
}

func TestPeriodicPassesFollowReadEvery(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct{ set, want time.Duration }{
		"by default": {0, 3 * time.Minute}, "every ten minutes": {10 * time.Minute, 10 * time.Minute},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inBubble(t, func(b *bubble) {
				const hours = 20
				b.start(func(o *chat.Options) { o.ReadEvery = test.set })
				b.settle()
				begun := b.srv.Count("GetTranscript")
				b.sleep(hours * time.Hour)
				made := b.srv.Count("GetTranscript") - begun
				renewals := b.srv.Count(create)
				require.LessOrEqual(b.t, made, int(hours*time.Hour/test.want)+2*renewals)
				require.GreaterOrEqual(b.t, made, int(hours*time.Hour/(test.want*6/5)))
				require.True(b.t, b.intervalsDiffer(), "the passes of several sessions must not be synchronized")
			})
		})
	}
}

// intervalsDiffer reports whether the intervals between passes differ.
func (b *bubble) intervalsDiffer() bool {
	var last time.Time
	intervals := map[time.Duration]bool{}
	for _, r := range b.srv.Requests() {
		if r.Operation == "GetTranscript" {
			intervals[r.Time.Sub(last).Round(time.Second)] = true
			last = r.Time
		}
	}
	return len(intervals) > 10
}

func TestOwnMessageWithALostPushIsFoundSoon(t *testing.T) {
	t.Parallel()
	for name, failures := range map[string]int{"by the first pass": 0, "after two failed passes": 2} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inBubble(t, func(b *bubble) {
				s := b.start()
				b.settle()
				if failures > 0 {
					b.srv.Inject(participanttest.Fault{
						On: "GetTranscript", Times: failures, Effect: participanttest.Fail(500, "InternalServerException"),
					})
				}
				b.lose()
				sent, err := s.Send(b.t.Context(), "with a lost push")
				require.NoError(b.t, err)
				m := b.within(s, 30*time.Second)
				require.Equal(b.t, sent.ID, m.ID)
				require.True(b.t, m.Own)
				b.nothing(s, time.Hour)
			})
		})
	}
}

// An own message appears in the transcript some seconds late.
func TestOwnMessageWithALostPushMayAppearLate(t *testing.T) {
	t.Parallel()
	inBubble(t, func(b *bubble) {
		s := b.start()
		b.settle()
		b.srv.Inject(participanttest.Fault{On: participanttest.OnTranscript, Times: 1, Effect: participanttest.Lag(8 * time.Second)})
		b.lose()
		sent, err := s.Send(b.t.Context(), "with a lost push")
		require.NoError(b.t, err)
		require.Equal(b.t, sent.ID, b.within(s, 30*time.Second).ID)
	})
}

func TestSendCausesNoPassIfItsPushArrives(t *testing.T) {
	t.Parallel()
	inBubble(t, func(b *bubble) {
		s := b.start(func(o *chat.Options) { o.ReadEvery = time.Hour })
		b.settle()
		passes := s.Stats().Passes
		for range 100 {
			sent, err := s.Send(b.t.Context(), "hello")
			require.NoError(b.t, err)
			require.Equal(b.t, sent.ID, b.message(s).ID)
			b.sleep(7 * time.Second)
		}
		require.LessOrEqual(b.t, s.Stats().Passes-passes, 1)
	})
}

func TestCatchUpDeliversALostPushImmediately(t *testing.T) {
	t.Parallel()
	for name, effect := range map[string]participanttest.Effect{
		"on a healthy socket": participanttest.Lose(), "on a dead socket": participanttest.Blackhole(),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inBubble(t, func(b *bubble) {
				s := b.start()
				b.settle()
				b.srv.Inject(participanttest.Fault{On: participanttest.OnPush, Times: 1, Effect: effect})
				id := b.contact.Agent.Say("lost")
				begun := time.Now()
				require.NoError(b.t, s.CatchUp(b.t.Context()))
				done, cancel := context.WithCancel(b.t.Context())
				cancel()
				require.Equal(b.t, map[string]int{id: 1}, ids(b.queued(done, s)), "the message is queued when CatchUp returns")
				require.Less(b.t, time.Since(begun), time.Second)
			})
		})
	}
}

func TestCatchUpFindsItemsSentDuringAnEarlierPass(t *testing.T) {
	t.Parallel()
	inBubble(t, func(b *bubble) {
		s := b.start()
		b.settle()
		b.srv.Inject(participanttest.Fault{On: "GetTranscript", Times: 1, Effect: participanttest.Delay(5 * time.Second)})
		var first sync.WaitGroup
		first.Go(func() { _ = s.CatchUp(b.t.Context()) })
		b.sleep(time.Second) // a pass is running, and may have read the page already
		b.lose()
		id := b.contact.Agent.Say("lost")
		err := s.CatchUp(b.t.Context())
		first.Wait()
		require.NoError(b.t, err)
		require.Equal(b.t, id, b.within(s, 0).ID)
	})
}

func TestCatchUpReturnsTheErrorOfItsContext(t *testing.T) {
	t.Parallel()
	inBubble(t, func(b *bubble) {
		s := b.start()
		b.settle()
		ended, cancel := context.WithCancel(b.t.Context())
		cancel()
		require.ErrorIs(b.t, s.CatchUp(ended), context.Canceled)
		b.breakTranscript()
		begun := time.Now()
		ctx, cancel := context.WithTimeout(b.t.Context(), 10*time.Second)
		defer cancel()
		require.ErrorIs(b.t, s.CatchUp(ctx), context.DeadlineExceeded)
		require.Equal(b.t, 10*time.Second, time.Since(begun))
		require.NoError(b.t, s.Err(), "the session continues")
	})
}

func TestCatchUpReturnsTheEndOfTheSession(t *testing.T) {
	t.Parallel()
	inBubble(t, func(b *bubble) {
		s := b.start()
		b.settle()
		b.breakTranscript()
		var closing sync.WaitGroup
		closing.Go(func() {
			b.sleep(10 * time.Second)
			_ = s.Close()
		})
		err := s.CatchUp(b.t.Context())
		closing.Wait()
		require.ErrorIs(b.t, err, chat.ErrClosed, "CatchUp was waiting")
		require.ErrorIs(b.t, s.CatchUp(b.t.Context()), chat.ErrClosed)
	})
}

// Without a socket, CatchUp may or may not make a pass, but the missed item must be delivered.
func TestCatchUpWhileNoSocketIsOpen(t *testing.T) {
	t.Parallel()
	inBubble(t, func(b *bubble) {
		s := b.start()
		b.settle()
		refused := b.refuseSockets()
		b.contact.Customer.CutSockets()
		b.sleep(10 * time.Second)
		id := b.contact.Agent.Say("missed")
		ctx, cancel := context.WithTimeout(b.t.Context(), time.Minute)
		defer cancel()
		if err := s.CatchUp(ctx); err != nil {
			require.ErrorIs(b.t, err, context.DeadlineExceeded)
		}
		refused.Remove()
		require.NoError(b.t, s.CatchUp(b.t.Context()))
		require.Equal(b.t, id, b.within(s, time.Second).ID)
		b.nothing(s, time.Hour)
	})
}

type hanging struct {
	connectparticipant.API
	page, send time.Duration
	slow       atomic.Bool
}

func (h *hanging) SendMessage(ctx context.Context, in *connectparticipant.SendMessageInput, optFns ...func(*connectparticipant.Options)) (*connectparticipant.SendMessageOutput, error) {
	select {
	case <-time.After(h.send):
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	return h.API.SendMessage(ctx, in, optFns...)
}

func (h *hanging) GetTranscript(ctx context.Context, in *connectparticipant.GetTranscriptInput, optFns ...func(*connectparticipant.Options)) (*connectparticipant.GetTranscriptOutput, error) {
	if h.slow.Load() {
		<-time.After(h.page)
	}
	return h.API.GetTranscript(ctx, in, optFns...)
}

func TestPageWaitsAtMostTwoSecondsForASend(t *testing.T) {
	t.Parallel()
	inBubble(t, func(b *bubble) {
		h := &hanging{API: b.client, page: 500 * time.Millisecond, send: 30 * time.Second}
		s, err := chat.Start(b.t.Context(), h, b.contact.Customer.Token, b.options)
		require.NoError(b.t, err)
		defer func() { _ = s.Close() }()
		worst := time.Duration(0)
		b.sleep(time.Minute)
		h.slow.Store(true)
		for range 10 {
			done := make(chan struct{})
			begun := time.Now()
			var took time.Duration
			go func() {
				defer close(done)
				_ = s.CatchUp(b.t.Context())
				took = time.Since(begun)
			}()
			b.sleep(100 * time.Millisecond)
			ctx, cancel := context.WithTimeout(b.t.Context(), 25*time.Second)
			go func() { _, _ = s.Send(ctx, "hangs") }()
			<-done
			worst = max(worst, took)
			b.sleep(30 * time.Second)
			cancel()
			b.sleep(1700 * time.Millisecond)
		}
		require.Less(b.t, worst, 3*time.Second)
	})
}
