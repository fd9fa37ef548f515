// SPDX-License-Identifier: Apache-2.0

package chat_test

import (
	"context"
	"fmt"
	"math"
	"reflect"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/participant-go/connectparticipant"
	"github.com/participant-go/connectparticipant/chat"
	"github.com/participant-go/connectparticipant/participanttest"
	"github.com/participant-go/connectparticipant/types"
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
		require.Equal(b.t, missed, m.ID, "%q came first", m.Text)
	})
}

type directions struct {
	connectparticipant.API
	mu  sync.Mutex
	all []string
}

func (d *directions) GetTranscript(ctx context.Context, in *connectparticipant.GetTranscriptInput, optFns ...func(*connectparticipant.Options)) (*connectparticipant.GetTranscriptOutput, error) {
	d.mu.Lock()
	d.all = append(d.all, string(in.ScanDirection))
	d.mu.Unlock()
	return d.API.GetTranscript(ctx, in, optFns...)
}

func resumedDirections(t *testing.T, through func(chat.State) chat.State) {
	t.Helper()
	inBubble(t, func(b *bubble) {
		s := b.start()
		b.contact.Agent.Say("one")
		b.message(s)
		b.sleep(15 * time.Second) // the settle pass is over: two passes
		require.Equal(b.t, 2, s.Stats().Passes)
		state := s.State()
		require.NoError(b.t, s.Close())
		d := &directions{API: b.client}
		r, err := chat.Resume(b.t.Context(), d, b.contact.Customer.Token, through(state), b.options)
		require.NoError(b.t, err)
		b.sleep(10 * time.Minute)
		require.NoError(b.t, r.Close())
		require.NotContains(b.t, d.all, "BACKWARD")
	})
}

func TestResumeInProcess(t *testing.T) {
	t.Parallel()
	resumedDirections(t, func(s chat.State) chat.State { return s })
}

func TestResumeThroughText(t *testing.T) {
	t.Parallel()
	resumedDirections(t, func(s chat.State) chat.State {
		text, err := s.MarshalText()
		require.NoError(t, err)
		var out chat.State
		require.NoError(t, out.UnmarshalText(text))
		return out
	})
}

// fullLimiter has no room for SendMessage.
type fullLimiter struct{ chat.Limiter }

func (l fullLimiter) Wait(ctx context.Context, op string, p chat.Priority) error {
	if op == "SendMessage" {
		<-ctx.Done()
		return ctx.Err()
	}
	return l.Limiter.Wait(ctx, op, p)
}

func TestSendAfterCloseDoesNotWaitForTheLimiter(t *testing.T) {
	t.Parallel()
	inBubble(t, func(b *bubble) {
		s := b.start(func(o *chat.Options) { o.Limiter = fullLimiter{chat.Unlimited} })
		require.NoError(b.t, s.Close())
		begun := time.Now()
		ctx, cancel := context.WithTimeout(b.t.Context(), time.Minute)
		defer cancel()
		_, err := s.Send(ctx, "too late")
		require.ErrorIs(b.t, err, chat.ErrClosed, "after %v", time.Since(begun))
	})
}

func TestSendEndsWithTheSession(t *testing.T) {
	t.Parallel()
	inBubble(t, func(b *bubble) {
		s := b.start(func(o *chat.Options) { o.Limiter = fullLimiter{chat.Unlimited} })
		begun := time.Now()
		time.AfterFunc(time.Second, func() { _ = s.Close() })
		ctx, cancel := context.WithTimeout(b.t.Context(), time.Minute)
		defer cancel()
		_, err := s.Send(ctx, "too late")
		require.ErrorIs(b.t, err, chat.ErrClosed, "after %v", time.Since(begun))
	})
}

func TestTypingAfterAFailure(t *testing.T) {
	t.Parallel()
	inBubble(t, func(b *bubble) {
		s := b.start()
		f := b.srv.Inject(participanttest.Fault{On: "SendEvent", Effect: participanttest.Fail(400, "ValidationException")})
		require.Error(b.t, s.Typing(b.t.Context()))
		f.Remove()
		n := b.srv.Count("SendEvent")
		require.NoError(b.t, s.Typing(b.t.Context()))
		require.Equal(b.t, n+1, b.srv.Count("SendEvent"), "nil was returned, and nothing sent")
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

func TestAPageWaitsTwoSecondsForASend(t *testing.T) {
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

// denied lets CreateParticipantConnection be denied, and the transcript be read.
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

func TestACompleteFinalPassLeavesNoGap(t *testing.T) {
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

func TestNoVerbShowsContent(t *testing.T) {
	t.Parallel()
	m := chat.Message{Meta: chat.Meta{ID: "i"}, Text: "secret"}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%d", "%q", "%t"} {
		if strings.Contains(fmt.Sprintf(verb, m), "secret") {
			t.Errorf("%s shows the content", verb)
		}
	}
}

type lastErr struct {
	connectparticipant.API
}

func (lastErr) SendMessage(context.Context, *connectparticipant.SendMessageInput, ...func(*connectparticipant.Options)) (*connectparticipant.SendMessageOutput, error) {
	return nil, &types.InternalServerException{Message: ptr("boom")}
}

func ptr(s string) *string { return &s }

// second admits one SendMessage.
type second struct {
	chat.Limiter
	n *atomic.Int32
}

func (l second) Wait(ctx context.Context, op string, p chat.Priority) error {
	if op == "SendMessage" && l.n.Add(1) > 1 {
		<-ctx.Done()
		return ctx.Err()
	}
	return l.Limiter.Wait(ctx, op, p)
}

func TestTheLastFailureIsReported(t *testing.T) {
	t.Parallel()
	inBubble(t, func(b *bubble) {
		s, err := chat.Start(b.t.Context(), lastErr{b.client}, b.contact.Customer.Token, b.options, func(o *chat.Options) { o.Limiter = second{chat.Unlimited, new(atomic.Int32)} })
		require.NoError(b.t, err)
		defer func() { _ = s.Close() }()
		ctx, cancel := context.WithTimeout(b.t.Context(), 10*time.Second)
		defer cancel()
		_, err = s.Send(ctx, "x")
		require.ErrorContains(b.t, err, "boom")
	})
}

func TestTheFinalPassIsBounded(t *testing.T) {
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

func TestCloseRace(t *testing.T) {
	t.Parallel()
	srv := participanttest.Start(t)
	client := connectparticipant.New(connectparticipant.Options{BaseEndpoint: &srv.URL, HTTPClient: srv.Client()})
	for range 30 {
		c := srv.NewChat()
		s, err := chat.Start(t.Context(), client, c.Customer.Token, func(o *chat.Options) { o.Limiter = chat.Unlimited; o.HTTPClient = srv.Client() })
		require.NoError(t, err)
		ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
		var wg sync.WaitGroup
		for range 3 {
			wg.Go(func() { _, _ = s.Send(ctx, "x") })
			wg.Go(func() { _ = s.Typing(ctx) })
			wg.Go(func() { _ = s.CatchUp(ctx) })
			wg.Go(func() { _ = s.State(); _ = s.Stats(); _ = fmt.Sprint(s) })
			wg.Go(func() { s.MarkRead("a"); _, _ = s.Next(ctx) })
			wg.Go(func() { c.Customer.CutSockets(); c.Agent.Say("y") })
			wg.Go(func() { _ = s.Leave(ctx) })
			wg.Go(func() { _ = s.Close() })
		}
		wg.Wait()
		cancel()
		require.Error(t, s.Err())
	}
}

func TestRenewalsLeakNoContext(t *testing.T) {
	t.Parallel()
	inBubble(t, func(b *bubble) {
		s := b.start()
		b.sleep(48 * time.Hour)
		synctest.Wait()
		children := reflect.ValueOf(s).Elem().FieldByName("life").Elem().Elem().FieldByName("children")
		require.Less(b.t, children.Len(), 10, "%d renewals", s.Stats().Renewals)
	})
}

func (b *bubble) madeConnection() *chat.Connection {
	out, err := b.client.CreateParticipantConnection(b.t.Context(), &connectparticipant.CreateParticipantConnectionInput{
		ParticipantToken: &b.contact.Customer.Token,
		Type:             []types.ConnectionType{types.ConnectionTypeWebsocket, types.ConnectionTypeConnectionCredentials},
	})
	require.NoError(b.t, err)
	return &chat.Connection{
		ConnectionToken: *out.ConnectionCredentials.ConnectionToken, Expiry: *out.ConnectionCredentials.Expiry,
		URL: *out.Websocket.Url, ConnectionExpiry: *out.Websocket.ConnectionExpiry,
	}
}

func resumedAgain(t *testing.T, second func(c *chat.Connection, o *chat.Options)) {
	t.Helper()
	inBubble(t, func(b *bubble) {
		c := b.madeConnection()
		s := b.start(func(o *chat.Options) { o.Connection = c })
		for range 8 {
			b.contact.Agent.Say("x")
			b.message(s)
			b.sleep(time.Minute)
		}
		state := s.State()
		require.NoError(b.t, s.Close())
		r, err := chat.Resume(b.t.Context(), b.client, b.contact.Customer.Token, state, b.options, func(o *chat.Options) { second(c, o) })
		require.NoError(b.t, err)
		b.sleep(time.Minute)
		require.NoError(b.t, r.Close())
		n := 0
		for {
			e, err := r.Next(b.t.Context())
			if err != nil {
				break
			}
			if _, ok := e.(chat.Message); ok {
				n++
			}
		}
		require.Zero(b.t, n, "messages delivered again")
	})
}

func TestResumeWithTheOldConnection(t *testing.T) {
	t.Parallel()
	resumedAgain(t, func(c *chat.Connection, o *chat.Options) { o.Connection = c })
}

func TestResumeWithoutConnection(t *testing.T) {
	t.Parallel()
	resumedAgain(t, func(*chat.Connection, *chat.Options) {})
}

func TestAStaleRenewalDueRenewsNothing(t *testing.T) {
	t.Parallel()
	inBubble(t, func(b *bubble) {
		s := b.start(func(o *chat.Options) { o.RenewalEvents = true })
		b.sleep(70 * time.Minute) // the caller is busy: the session has renewed by itself
		require.Equal(b.t, 1, s.Stats().Renewals)
		for range 4 {
			ctx, cancel := context.WithTimeout(b.t.Context(), 10*time.Second)
			e, err := s.Next(ctx)
			t.Logf("%T %v", e, err)
			cancel()
		}
		require.Equal(b.t, 1, s.Stats().Renewals)
	})
}
