// SPDX-License-Identifier: Apache-2.0

package chat_test

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/participant-go/connectparticipant/chat"
	"github.com/participant-go/connectparticipant/participanttest"
)

const sendMessage = "SendMessage"

// countingLimiter counts what a session does with a limiter.
type countingLimiter struct {
	chat.Limiter

	mu                     sync.Mutex
	waits, done, throttled map[string]int
}

func newCountingLimiter() *countingLimiter {
	return &countingLimiter{Limiter: chat.Unlimited, waits: map[string]int{}, done: map[string]int{}, throttled: map[string]int{}}
}

func (l *countingLimiter) add(to map[string]int, operation string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	to[operation]++
}

func (l *countingLimiter) count(of map[string]int, operation string) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return of[operation]
}

func (l *countingLimiter) Wait(ctx context.Context, operation string, p chat.Priority) error {
	l.add(l.waits, operation)
	return l.Limiter.Wait(ctx, operation, p)
}

func (l *countingLimiter) Done(operation string) { l.add(l.done, operation) }

func (l *countingLimiter) Throttled(operation string) { l.add(l.throttled, operation) }

func TestASendIsRetriedByTheSession(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		effect    participanttest.Effect
		throttled int
	}{
		"after 429":                {participanttest.Fail(http.StatusTooManyRequests, "ThrottlingException"), 2},
		"after 429 without a code": {participanttest.AnswerHTML(http.StatusTooManyRequests), 2},
		"after 500":                {participanttest.Fail(http.StatusInternalServerError, "InternalServerException"), 0},
		"after 503 of a proxy":     {participanttest.AnswerHTML(http.StatusServiceUnavailable), 0},
		"after a lost response":    {participanttest.DropAfter(), 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inBubble(t, func(b *bubble) {
				limiter := newCountingLimiter()
				s := b.start(func(o *chat.Options) { o.Limiter = limiter })
				b.settle()
				b.srv.Inject(participanttest.Fault{On: sendMessage, Times: 2, Effect: test.effect})
				sent, err := s.Send(b.t.Context(), "once")
				require.NoError(b.t, err)
				require.Equal(b.t, sent.ID, b.message(s).ID)
				b.nothing(s, 10*time.Minute)
				require.Equal(b.t, 3, b.srv.Count(sendMessage))
				waits := limiter.count(limiter.waits, sendMessage)
				require.LessOrEqual(b.t, waits, 3)
				require.GreaterOrEqual(b.t, waits, 2+test.throttled/2, "net/http itself may send again on a kept connection that was closed")
				require.Equal(b.t, waits, limiter.count(limiter.done, sendMessage))
				require.Equal(b.t, test.throttled, limiter.count(limiter.throttled, sendMessage))
				require.Equal(b.t, test.throttled, s.Stats().Throttled)
			})
		})
	}
}

func TestASendIsRetriedFourTimes(t *testing.T) {
	t.Parallel()
	inBubble(t, func(b *bubble) {
		s := b.start()
		b.srv.Inject(participanttest.Fault{On: "SendMessage", Effect: participanttest.Fail(http.StatusInternalServerError, "InternalServerException")})
		ctx, cancel := context.WithTimeout(b.t.Context(), time.Hour)
		defer cancel()
		_, err := s.Send(ctx, "never sent")
		require.ErrorContains(b.t, err, "InternalServerException")
		require.NoError(b.t, ctx.Err())
		require.Equal(b.t, 5, b.srv.Count("SendMessage"))
	})
}

// Each dial brings a new token while no socket can be opened.
func TestASecondDenialIsTheErrorOfTheCall(t *testing.T) {
	t.Parallel()
	inBubble(t, func(b *bubble) {
		s := b.start()
		b.settle()
		b.refuseSockets()
		b.contact.Customer.CutSockets()
		b.srv.Inject(participanttest.Fault{On: "SendMessage", Effect: participanttest.Fail(http.StatusForbidden, "AccessDeniedException")})
		ctx, cancel := context.WithTimeout(b.t.Context(), time.Hour)
		defer cancel()
		_, err := s.Send(ctx, "never sent")
		require.ErrorContains(b.t, err, "AccessDeniedException")
		require.NoError(b.t, ctx.Err())
		require.Equal(b.t, 2, b.srv.Count("SendMessage"))
		require.NoError(b.t, s.Err())
	})
}

func TestARefusedSendIsNotRetried(t *testing.T) {
	t.Parallel()
	for name, effect := range map[string]participanttest.Effect{
		"400":         participanttest.Fail(http.StatusBadRequest, "ValidationException"),
		"400 as HTML": participanttest.AnswerHTML(http.StatusBadRequest),
		"404":         participanttest.Fail(http.StatusNotFound, "ResourceNotFoundException"),
		"402":         participanttest.Fail(http.StatusPaymentRequired, "ServiceQuotaExceededException"),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inBubble(t, func(b *bubble) {
				s := b.start()
				b.settle()
				b.srv.Inject(participanttest.Fault{On: sendMessage, Times: 1, Effect: effect})
				begun := time.Now()
				_, err := s.Send(b.t.Context(), "refused")
				require.Error(b.t, err)
				require.Zero(b.t, time.Since(begun))
				require.Equal(b.t, 1, b.srv.Count(sendMessage))
				require.NoError(b.t, s.Err())
			})
		})
	}
}

func TestSendIsBoundedByItsContext(t *testing.T) {
	t.Parallel()
	for name, effect := range map[string]participanttest.Effect{
		"while it is throttled":       participanttest.Fail(http.StatusTooManyRequests, "ThrottlingException"),
		"while the service fails":     participanttest.Fail(http.StatusInternalServerError, "InternalServerException"),
		"while nobody answers":        participanttest.Ignore(),
		"while the token is denied":   participanttest.Fail(http.StatusForbidden, "AccessDeniedException"),
		"while connections are reset": participanttest.DropBefore(),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inBubble(t, func(b *bubble) {
				s := b.start()
				b.settle()
				b.srv.Inject(participanttest.Fault{On: sendMessage, Effect: effect})
				ctx, cancel := context.WithTimeout(b.t.Context(), 2*time.Second)
				defer cancel()
				begun := time.Now()
				_, err := s.Send(ctx, "never")
				require.LessOrEqual(b.t, time.Since(begun), 2*time.Second)
				require.Error(b.t, err)
				if ctx.Err() != nil {
					require.ErrorIs(b.t, err, context.DeadlineExceeded)
				}
				require.NoError(b.t, s.Err())
			})
		})
	}
}

func TestSendWithAContextThatHasEnded(t *testing.T) {
	t.Parallel()
	inBubble(t, func(b *bubble) {
		s := b.start()
		b.settle()
		ctx, cancel := context.WithCancel(b.t.Context())
		cancel()
		_, err := s.Send(ctx, "never")
		require.ErrorIs(b.t, err, context.Canceled)
		require.Zero(b.t, b.srv.Count(sendMessage))
	})
}

func TestSendOnceWithoutAClientToken(t *testing.T) {
	t.Parallel()
	inBubble(t, func(b *bubble) {
		s := b.start()
		_, err := s.SendOnce(b.t.Context(), "", "text/plain", "Hello")
		require.Error(b.t, err)
		require.Regexp(b.t, `(?i)client ?token`, err.Error())
		require.NotContains(b.t, err.Error(), "Hello")
		require.Zero(b.t, b.srv.Count(sendMessage))
	})
}

// congested admits planned renewals never.
type congested struct{ chat.Limiter }

func (l congested) Wait(ctx context.Context, operation string, p chat.Priority) error {
	if operation == create && p >= chat.PriorityLow {
		<-ctx.Done()
		return ctx.Err()
	}
	return l.Limiter.Wait(ctx, operation, p)
}

func TestADeniedSendDoesNotWaitAtALowPriority(t *testing.T) {
	t.Parallel()
	for name, renewing := range map[string]bool{"while nothing else goes on": false, "while a renewal waits": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inBubble(t, func(b *bubble) {
				s := b.start(func(o *chat.Options) { o.Limiter = congested{chat.Unlimited} })
				b.settle()
				if renewing {
					b.sleep(time.Hour)
				}
				b.contact.Customer.ExpireTokens()
				begun := time.Now()
				sent, err := s.Send(b.t.Context(), "with a new token")
				require.NoError(b.t, err)
				require.LessOrEqual(b.t, time.Since(begun), 5*time.Second)
				require.Equal(b.t, sent.ID, b.message(s).ID)
				require.Zero(b.t, s.Stats().Reconnects)
			})
		})
	}
}

func TestAStartThatTheLimiterHoldsBackNamesIt(t *testing.T) {
	t.Parallel()
	inBubble(t, func(b *bubble) {
		const sessions = 200
		limiter := chat.NewLimiter(1)
		errs := make([]error, sessions)
		var starting sync.WaitGroup
		for i := range errs {
			starting.Go(func() { errs[i] = b.startWithin(10*time.Second, limiter) })
		}
		starting.Wait()
		failed := slices.DeleteFunc(errs, func(err error) bool { return err == nil })
		require.InDelta(b.t, sessions-66, len(failed), 3, "6 at first, then 6 a second")
		for _, err := range failed {
			require.ErrorIs(b.t, err, context.DeadlineExceeded)
			require.NotErrorIs(b.t, err, chat.ErrClosed)
			require.Regexp(b.t, `(?i)limiter`, err.Error())
			require.Contains(b.t, err.Error(), create)
			require.Regexp(b.t, `\b6\b`, err.Error())
			require.NotContains(b.t, err.Error(), "participant-token")
		}
	})
}

func (b *bubble) startWithin(d time.Duration, limiter chat.Limiter) error {
	ctx, cancel := context.WithTimeout(b.t.Context(), d)
	defer cancel()
	s, err := chat.Start(ctx, b.client, b.srv.NewChat().Customer.Token, b.options, func(o *chat.Options) { o.Limiter = limiter })
	if err != nil {
		return err
	}
	return s.Close()
}

// shareFile lets the agent share a file and returns its attachment id.
func (b *bubble) shareFile(s *chat.Session, content string) string {
	b.t.Helper()
	b.contact.Agent.ShareFile("a.txt", "text/plain", []byte(content))
	m := b.message(s)
	require.Len(b.t, m.Attachments, 1)
	return m.Attachments[0].ID
}

func TestAnAttachmentThatIsTooLarge(t *testing.T) {
	t.Parallel()
	inBubble(t, func(b *bubble) {
		s := b.start()
		id := b.shareFile(s, strings.Repeat("x", 1000))
		_, err := s.OpenAttachment(b.t.Context(), id, 999)
		require.ErrorIs(b.t, err, chat.ErrTooLarge, "the size is known")
		body, err := s.OpenAttachment(b.t.Context(), id, 1000)
		require.NoError(b.t, err)
		got, err := io.ReadAll(body)
		require.NoError(b.t, err)
		require.NoError(b.t, body.Close())
		require.Len(b.t, got, 1000)
	})
}

func TestAnAttachmentThatTurnsOutTooLarge(t *testing.T) {
	t.Parallel()
	inBubble(t, func(b *bubble) {
		s := b.start()
		id := b.shareFile(s, "small")
		const size = 50_000 // more than net/http buffers, so that there is no Content-Length
		b.srv.Inject(participanttest.Fault{On: participanttest.OnDownload, Effect: participanttest.Answer(http.StatusOK, "text/plain", strings.Repeat("x", size))})
		body, err := s.OpenAttachment(b.t.Context(), id, size-1)
		require.NoError(b.t, err)
		got, err := io.ReadAll(body)
		require.ErrorIs(b.t, err, chat.ErrTooLarge)
		require.Len(b.t, got, size-1)
		_, err = body.Read(make([]byte, 1))
		require.ErrorIs(b.t, err, chat.ErrTooLarge, "it stays")
		require.NoError(b.t, body.Close())
		_, err = s.OpenAttachment(b.t.Context(), "unknown", size)
		require.Error(b.t, err)
		require.NotErrorIs(b.t, err, chat.ErrTooLarge)
	})
}

// receiptOf returns when a message was delivered and read.
func (b *bubble) receiptOf(id string) (delivered, read string) {
	for _, item := range b.contact.Kept() {
		if item.Id == id && item.MessageMetadata != nil {
			for _, r := range item.MessageMetadata.Receipts {
				return r.DeliveredTimestamp, r.ReadTimestamp
			}
		}
	}
	return "", ""
}

func TestAReceiptThatHangsDoesNotStopTheNext(t *testing.T) {
	t.Parallel()
	inBubble(t, func(b *bubble) {
		b.contact.Agent.Join()
		s := b.start()
		b.settle()
		b.srv.Inject(participanttest.Fault{On: "SendEvent", Times: 1, Effect: participanttest.Ignore()})
		b.contact.Agent.Say("its receipt hangs")
		s.MarkRead(b.message(s).ID)
		b.sleep(time.Second)
		last := b.contact.Agent.Say("read this too")
		s.MarkRead(b.message(s).ID)
		b.sleep(30 * time.Second)
		_, read := b.receiptOf(last)
		require.NotEmpty(b.t, read)
	})
}

func TestADeliveredMarkOfAnUnknownMessageIsKept(t *testing.T) {
	t.Parallel()
	inBubble(t, func(b *bubble) {
		b.contact.Agent.Join()
		s := b.start()
		b.settle()
		b.contact.Agent.Say("first")
		s.MarkRead(b.message(s).ID) // sent immediately: what follows waits
		b.sleep(100 * time.Millisecond)
		known := b.contact.Agent.Say("second")
		require.Equal(b.t, known, b.message(s).ID)
		b.srv.Inject(participanttest.Fault{On: participanttest.OnPush, Times: 1, Effect: participanttest.Lose()})
		unknown := b.contact.Agent.Say("known from elsewhere")
		s.MarkDelivered(unknown)
		s.MarkRead(known)
		b.sleep(15 * time.Second)
		_, read := b.receiptOf(known)
		require.NotEmpty(b.t, read)
		delivered, _ := b.receiptOf(unknown)
		require.NotEmpty(b.t, delivered)
	})
}

// stuckHandler is a log handler that waits.
type stuckHandler struct {
	slog.Handler

	stuck <-chan struct{} // until it is closed
}

func (h stuckHandler) Enabled(context.Context, slog.Level) bool { return true }

func (h stuckHandler) Handle(context.Context, slog.Record) error {
	<-h.stuck
	return nil
}

func TestALoggerThatBlocksHoldsNothingUp(t *testing.T) {
	t.Parallel()
	inBubble(t, func(b *bubble) {
		release := make(chan struct{})
		defer close(release) // before the session is closed: a logger is never abandoned
		s := b.start(func(o *chat.Options) { o.Logger = slog.New(stuckHandler{slog.DiscardHandler, release}) })
		for range 5 {
			b.sleep(time.Minute)
			b.contact.Customer.CutSockets()
			missed := b.contact.Agent.Say("missed")
			require.Equal(b.t, missed, b.within(s, 10*time.Second).ID)
			live := b.contact.Agent.Say("live")
			require.Equal(b.t, live, b.within(s, time.Second).ID)
			require.NoError(b.t, s.Err())
		}
		_, err := s.Send(b.t.Context(), "still able to send")
		require.NoError(b.t, err)
		b.message(s)
		b.contact.End()
		_, end := b.toEnd(s, 20*time.Second)
		require.ErrorIs(b.t, end, chat.ErrChatEnded)
	})
}

// stuckSocket is the socket of a peer that doesn't read: writes wait for its end.
type stuckSocket struct {
	io.ReadWriteCloser

	stuck, closed chan struct{}
	once          sync.Once
}

func (k *stuckSocket) Write(p []byte) (int, error) {
	select {
	case <-k.stuck:
		<-k.closed
		return 0, errors.New("the connection was closed")
	default:
		return k.ReadWriteCloser.Write(p)
	}
}

func (k *stuckSocket) Close() error {
	k.once.Do(func() { close(k.closed) })
	return k.ReadWriteCloser.Close()
}

// stuckFirst makes the first socket a stuckSocket once stuck is closed.
type stuckFirst struct {
	http.RoundTripper

	stuck chan struct{}
	once  sync.Once
}

func (r *stuckFirst) RoundTrip(request *http.Request) (*http.Response, error) {
	response, err := r.RoundTripper.RoundTrip(request)
	if err == nil && response.StatusCode == http.StatusSwitchingProtocols {
		r.once.Do(func() {
			response.Body = &stuckSocket{ReadWriteCloser: response.Body.(io.ReadWriteCloser), stuck: r.stuck, closed: make(chan struct{})}
		})
	}
	return response, err
}

func TestAHeartbeatThatBlocksHoldsNothingUp(t *testing.T) {
	t.Parallel()
	inBubble(t, func(b *bubble) {
		b.contact.Agent.Join()
		transport := &stuckFirst{RoundTripper: b.srv.Client().Transport, stuck: make(chan struct{})}
		s := b.start(func(o *chat.Options) {
			o.HTTPClient = &http.Client{Transport: transport}
			o.HoldBack = time.Second
		})
		b.settle()
		close(transport.stuck)
		for range 30 { // the heartbeats of half a minute
			said := b.contact.Agent.Say("live")
			require.Equal(b.t, said, b.within(s, 2100*time.Millisecond).ID, "HoldBack, and a reconnect")
		}
		require.Equal(b.t, 1, s.Stats().Reconnects, "the socket was replaced")
	})
}

func TestReceiptsAreSentWhileAHeartbeatBlocks(t *testing.T) {
	t.Parallel()
	inBubble(t, func(b *bubble) {
		b.contact.Agent.Join()
		transport := &stuckFirst{RoundTripper: b.srv.Client().Transport, stuck: make(chan struct{})}
		s := b.start(func(o *chat.Options) { o.HTTPClient = &http.Client{Transport: transport} })
		b.settle()
		close(transport.stuck)
		for range 10 {
			said := b.contact.Agent.Say("read this")
			require.Equal(b.t, said, b.lastMessage(s).ID)
			s.MarkRead(said)
			b.sleep(100 * time.Millisecond)
			_, read := b.receiptOf(said)
			require.NotEmpty(b.t, read, "the last one was sent more than 5 s ago")
			b.sleep(5 * time.Second)
		}
	})
}
