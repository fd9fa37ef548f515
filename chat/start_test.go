// SPDX-License-Identifier: Apache-2.0

package chat_test

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/aws/smithy-go/middleware"
	"github.com/stretchr/testify/require"

	"github.com/participant-go/connectparticipant"
	"github.com/participant-go/connectparticipant/chat"
	"github.com/participant-go/connectparticipant/participanttest"
)

func TestStartErrors(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		fault participanttest.Fault
		token string
		want  error
	}{
		"a wrong token":           {token: "made-up", want: chat.ErrAccessDenied},
		"a rejected request":      {fault: participanttest.Fault{On: create, Effect: participanttest.Fail(400, "ValidationException")}, want: chat.ErrGaveUp},
		"an empty token":          {token: "\n", want: chat.ErrGaveUp},
		"a failing service":       {fault: participanttest.Fault{On: create, Effect: participanttest.Fail(500, "")}, want: context.DeadlineExceeded},
		"a proxy's 403":           {fault: participanttest.Fault{On: create, Effect: participanttest.RespondHTML(403)}, want: context.DeadlineExceeded},
		"garbage":                 {fault: participanttest.Fault{On: create, Effect: participanttest.Respond(200, "text/html", "<html>")}, want: context.DeadlineExceeded},
		"no response":             {fault: participanttest.Fault{On: create, Effect: participanttest.Ignore()}, want: context.DeadlineExceeded},
		"an empty response":       {fault: participanttest.Fault{On: create, Effect: participanttest.Respond(200, "", "{}")}, want: context.DeadlineExceeded},
		"a rejected upgrade":      {fault: participanttest.Fault{On: participanttest.OnUpgrade, Effect: participanttest.Fail(403, "")}, want: context.DeadlineExceeded},
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
				require.LessOrEqual(b.t, b.contact.Customer.Count(create), 30, "Start backs off")
			})
		})
	}
}

func TestStartWithAFailingAPIOptionFailsImmediately(t *testing.T) {
	t.Parallel()
	broken := errors.New("made-up failure")
	_, err := chat.Start(t.Context(), connectparticipant.New(connectparticipant.Options{Region: "us-west-2"},
		connectparticipant.WithAPIOptions(func(*middleware.Stack) error { return broken })), "token")
	require.ErrorIs(t, err, chat.ErrGaveUp)
	require.ErrorIs(t, err, broken)
}

func TestStartWithoutRegionFailsImmediately(t *testing.T) {
	t.Parallel()
	_, err := chat.Start(t.Context(), connectparticipant.New(connectparticipant.Options{}), "token")
	require.ErrorIs(t, err, chat.ErrGaveUp)
	require.ErrorContains(t, err, "Missing Region")
}

func TestStartNamesTheLimiterItWaitedFor(t *testing.T) {
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
		require.InDelta(b.t, sessions-66, len(failed), 3, "6 at first, then 6 per second")
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

func TestStartRetriesAfterAProxyError(t *testing.T) {
	t.Parallel()
	for name, effect := range proxies {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inBubble(t, func(b *bubble) {
				broken := b.srv.Inject(participanttest.Fault{On: create, Effect: effect})
				ctx, cancel := context.WithTimeout(b.t.Context(), time.Minute)
				defer cancel()
				begun := time.Now()
				_, err := chat.Start(ctx, b.client, b.contact.Customer.Token, b.options)
				require.ErrorIs(b.t, err, context.DeadlineExceeded)
				require.Equal(b.t, time.Minute, time.Since(begun))
				require.Greater(b.t, broken.Applied(), 2)
				require.NotContains(b.t, err.Error(), "participant-token")

				time.AfterFunc(30*time.Second, broken.Remove)
				s := b.start()
				said := b.contact.Agent.Say("the proxy works again")
				require.Equal(b.t, said, b.within(s, time.Minute).ID)
			})
		})
	}
}
