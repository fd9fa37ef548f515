// SPDX-License-Identifier: Apache-2.0

package load_test

import (
	"context"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/participant-go/connectparticipant/chat"
	"github.com/participant-go/connectparticipant/cmd/participant/internal/load"
	_ "github.com/participant-go/connectparticipant/internal/fipstest"
	"github.com/participant-go/connectparticipant/participanttest"
)

// bubble is a load on a fake, in a synctest bubble.
type bubble struct {
	*testing.T
	srv      *participanttest.Server
	contacts []*participanttest.Contact
	opts     load.Options
}

// inBubble runs a test with a fake that has the published quotas, and a load of 12 chats that
// last two minutes, send 6 messages a minute and cut their sockets twice.
func inBubble(t *testing.T, test func(b *bubble)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		srv := participanttest.Start(t, participanttest.InMemory(), func(o *participanttest.Options) { o.Throttle = true })
		b := &bubble{T: t, srv: srv}
		b.opts = load.Options{
			Endpoint: srv.URL, Transport: srv.Client().Transport.(*http.Transport), Limiter: chat.NewLimiter(1),
			Chats: 12, Rate: 3, Messages: 6, Duration: 2 * time.Minute, Cuts: 2, Leave: true,
		}
		for range b.opts.Chats {
			contact := srv.NewChat()
			b.contacts = append(b.contacts, contact)
			b.opts.Tokens = append(b.opts.Tokens, contact.Customer.Token)
		}
		test(b)
	})
}

func (b *bubble) run() *load.Result {
	b.Helper()
	return load.Run(b.Context(), nil, b.opts)
}

// awaitMessages waits until the first chat has sent some messages and none of them is pending.
func (b *bubble) awaitMessages(n int) {
	b.Helper()
	require.NoError(b, b.contacts[0].Customer.WaitRequest(b.Context(), "SendMessage", n))
	<-time.After(time.Second)
}

// said returns the messages that a chat's customer has sent.
func (b *bubble) said(chat int) (texts []string) {
	for _, item := range b.contacts[chat].Transcript() {
		if item.Type == "MESSAGE" {
			texts = append(texts, item.Content)
		}
	}
	return texts
}

func TestEveryMessageOfALoadArrivesOnce(t *testing.T) {
	t.Parallel()
	inBubble(t, func(b *bubble) {
		b.opts.Tokens = nil
		r := b.run()
		require.True(b, r.OK(), "%+v", r.Counts)
		require.Equal(b, 12, b.srv.Count("StartChatContact"))
		require.Equal(b, 12, r.Peak())
		require.Equal(b, 12, r.Started)
		require.Equal(b, 12, r.Finished)
		require.Zero(b, r.Connected)
		require.Equal(b, 24, r.Cuts)
		require.Equal(b, 24, r.Reconnects)
		require.Zero(b, r.Losses)
		require.Zero(b, r.Throttled)
		require.Equal(b, 12*12+24, r.Sent, "6 a minute for 2 minutes, and one after each cut")
		require.Equal(b, r.Sent, r.Delivered)
		require.EqualValues(b, 24, r.CatchUp.Count())
		require.EqualValues(b, 24, r.Reconnect.Count())
		require.EqualValues(b, 12, r.Connect.Count())
		require.EqualValues(b, r.Sent, r.Send.Count())
		require.Positive(b, r.Push.Count())
		require.Equal(b, 12, b.srv.Count("DisconnectParticipant"))
	})
}

// A load that exceeds the quotas of the service is throttled: it is slower, but loses nothing.
func TestALoadThatIsThrottled(t *testing.T) {
	t.Parallel()
	inBubble(t, func(b *bubble) {
		limiter := &throttleCounter{Limiter: chat.Unlimited}
		b.opts.Tokens, b.opts.Limiter, b.opts.Rate = nil, limiter, 1_000
		r := b.run()
		require.EqualValues(b, r.Throttled, limiter.count.Load(), "the limiter learns of each")
		require.Empty(b, r.Errors)
		require.True(b, r.OK(), "%+v", r.Counts)
		require.Positive(b, r.Throttled)
		require.Equal(b, r.Throttled, r.Retried)
		for _, c := range r.Calls {
			if c.Operation == "StartChatContact" {
				require.Equal(b, load.Calls{Operation: c.Operation, Requests: 12 + c.Throttled, Throttled: c.Throttled}, c)
				require.Positive(b, c.Throttled)
			}
		}
	})
}

// throttleCounter counts the responses 429 that are reported to it.
type throttleCounter struct {
	chat.Limiter
	count atomic.Int64
}

func (l *throttleCounter) Throttled(string) { l.count.Add(1) }

// If the service can't start chats, each of them fails, and the reason is reported.
func TestALoadThatCannotStartItsChats(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		effect participanttest.Effect
		want   string
	}{
		"refused":     {participanttest.Fail(400, "InvalidRequestException"), "status 400 InvalidRequestException"},
		"busy":        {participanttest.Fail(500, "InternalServiceException"), "status 500 InternalServiceException"},
		"cut off":     {participanttest.DropBefore(), "EOF"},
		"not JSON":    {participanttest.Respond(200, "text/plain", "what?"), "read the response: invalid character"},
		"not a token": {participanttest.Respond(200, "application/json", "{}"), "the response lacks ParticipantToken"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inBubble(t, func(b *bubble) {
				b.srv.Inject(participanttest.Fault{On: "StartChatContact", Effect: test.effect})
				b.opts.Tokens = nil
				r := b.run()
				require.Equal(b, 12, r.Failed)
				require.Zero(b, r.Started)
				require.False(b, r.OK())
				require.Len(b, r.Errors, 1)
				require.Equal(b, 12, r.Errors[0].Count)
				require.Contains(b, r.Errors[0].Text, "StartChatContact: ")
				require.Contains(b, r.Errors[0].Text, test.want)
			})
		})
	}
}

func TestLostDuplicatedAndUnknownMessagesAreCounted(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		interfere func(b *bubble)
		check     func(b *bubble, r *load.Result)
	}{
		"a message that the service loses": {
			func(b *bubble) {
				b.opts.Cuts = 0
				c := b.contacts[0].Customer
				b.srv.Inject(participanttest.Fault{On: participanttest.OnPush, Participant: c, ContentType: "text/plain", Skip: 5, Times: 2, Effect: participanttest.Lose()})
				b.srv.Inject(participanttest.Fault{On: participanttest.OnTranscript, Participant: c, ContentType: "text/plain", Skip: 5, Times: 2, Effect: participanttest.LagForever()})
			},
			func(b *bubble, r *load.Result) { require.Equal(b, 2, r.Lost) },
		},
		"all pushes of messages that the transcript has": {
			func(b *bubble) {
				b.opts.Cuts = 0
				b.opts.Leave = false // leaving reads the transcript anyway
				b.srv.Inject(participanttest.Fault{On: participanttest.OnPush, ContentType: "text/plain", Effect: participanttest.Lose()})
			},
			func(b *bubble, r *load.Result) {
				require.Equal(b, r.Sent, r.Delivered)
				require.True(b, r.Intact())
			},
		},
		"a message that comes again": {
			func(b *bubble) {
				b.awaitMessages(3)
				b.contacts[0].Customer.Say(b.said(0)[1])
			},
			func(b *bubble, r *load.Result) {
				require.Equal(b, 1, r.Duplicated)
				require.Zero(b, r.Lost)
			},
		},
		"what others say": {
			func(b *bubble) {
				b.awaitMessages(1)
				b.contacts[0].Agent.Say("You said: " + b.said(0)[0])
			},
			func(b *bubble, r *load.Result) {
				require.Equal(b, 1, r.Replies)
				require.True(b, r.OK())
			},
		},
		"a socket that the service cuts": {
			func(b *bubble) {
				b.opts.Cuts = 0
				b.awaitMessages(1)
				b.contacts[0].Customer.CutSockets()
			},
			func(b *bubble, r *load.Result) {
				require.Equal(b, 1, r.Losses)
				require.Equal(b, r.Cuts+r.Losses, r.Reconnects)
				require.True(b, r.OK())
			},
		},
		"a chat that ends early": {
			func(b *bubble) {
				b.opts.Cuts = 0
				b.awaitMessages(1)
				b.contacts[0].End()
			},
			func(b *bubble, r *load.Result) {
				require.Equal(b, 1, r.Failed)
				require.Equal(b, 11, r.Finished)
				require.Zero(b, r.Connected)
				require.Len(b, r.Errors, 1)
				require.Contains(b, r.Errors[0].Text, "the chat has ended")
				require.False(b, r.OK())
			},
		},
		"a response 429": {
			func(b *bubble) {
				b.srv.Inject(participanttest.Fault{On: "SendMessage", Times: 3, Effect: participanttest.Fail(429, "ThrottlingException")})
			},
			func(b *bubble, r *load.Result) {
				require.Equal(b, 3, r.Throttled)
				require.Equal(b, 3, r.Retried)
				require.Contains(b, r.Calls, load.Calls{Operation: "SendMessage", Requests: r.Sent + 3, Throttled: 3})
				require.True(b, r.OK())
			},
		},
		"responses that are lost, and a response 500": {
			func(b *bubble) {
				b.srv.Inject(participanttest.Fault{On: "SendMessage", Times: 2, Effect: participanttest.Truncate()})
				b.srv.Inject(participanttest.Fault{On: "SendMessage", Times: 1, Effect: participanttest.Fail(500, "InternalServerException")})
			},
			func(b *bubble, r *load.Result) {
				require.Equal(b, 3, r.Retried)
				require.Contains(b, r.Calls, load.Calls{Operation: "SendMessage", Requests: r.Sent + 3, Failed: 3})
				require.True(b, r.OK())
			},
		},
		"a message that is refused": {
			func(b *bubble) {
				b.srv.Inject(participanttest.Fault{On: "SendMessage", Times: 1, Effect: participanttest.Fail(400, "ValidationException")})
			},
			func(b *bubble, r *load.Result) {
				require.Equal(b, 1, r.SendErrors)
				require.True(b, r.Intact())
				require.False(b, r.OK())
			},
		},
		"a message of which all responses are lost": {
			func(b *bubble) {
				b.opts.Cuts = 0
				b.srv.Inject(participanttest.Fault{On: "SendMessage", Participant: b.contacts[0].Customer, Times: 5, Effect: participanttest.Truncate()})
			},
			func(b *bubble, r *load.Result) {
				require.Equal(b, r.Sent, r.Delivered, "the service has accepted it")
				require.EqualValues(b, r.Sent-1, r.Send.Count())
				require.Zero(b, r.SendErrors)
				require.Len(b, r.Errors, 1)
				require.True(b, r.Intact())
			},
		},
		"a message of which all responses and the push are lost, and that is late in the transcript": {
			func(b *bubble) {
				b.opts.Cuts = 0
				c := b.contacts[0].Customer
				b.srv.Inject(participanttest.Fault{On: "SendMessage", Participant: c, Times: 5, Effect: participanttest.Truncate()})
				b.srv.Inject(participanttest.Fault{On: participanttest.OnPush, Participant: c, ContentType: "text/plain", Times: 1, Effect: participanttest.Lose()})
				b.srv.Inject(participanttest.Fault{On: participanttest.OnTranscript, Participant: c, ContentType: "text/plain", Times: 1, Effect: participanttest.Lag(30 * time.Second)})
				b.opts.Duration = 5 * time.Minute
			},
			func(b *bubble, r *load.Result) {
				require.Equal(b, 1, r.SendErrors)
				require.Equal(b, r.Sent, r.Delivered, "a periodic reading finds it")
				require.EqualValues(b, r.Sent-1, r.Send.Count())
				require.Equal(b, 1, r.Disordered, "it arrives after later ones")
			},
		},
		"a token that is refused": {
			func(b *bubble) { b.opts.Tokens[3] = "token.made.up" },
			func(b *bubble, r *load.Result) {
				require.Equal(b, 1, r.Failed)
				require.Equal(b, 11, r.Finished)
				require.NotContains(b, r.Errors[0].Text, "made.up")
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inBubble(t, func(b *bubble) {
				var interfering sync.WaitGroup
				interfering.Go(func() { test.interfere(b) })
				synctest.Wait()
				r := b.run()
				interfering.Wait()
				test.check(b, r)
			})
		})
	}
}

// A load that is stopped ends its chats properly.
func TestALoadThatIsStopped(t *testing.T) {
	t.Parallel()
	inBubble(t, func(b *bubble) {
		stop := make(chan struct{})
		b.opts.Chats, b.opts.Watch = 12, func(p load.Progress) {
			if p.Elapsed == 2*time.Second {
				close(stop)
			}
		}
		r := load.Run(b.Context(), stop, b.opts)
		require.True(b, r.Interrupted)
		require.True(b, r.OK(), "%+v", r.Errors)
		require.Equal(b, 7, r.Started, "3 a second")
		require.Equal(b, 7, b.srv.Count("DisconnectParticipant"))
		require.Less(b, r.Elapsed, 10*time.Second)
	})
}

// A load that is aborted waits for nothing.
func TestALoadThatIsAborted(t *testing.T) {
	t.Parallel()
	inBubble(t, func(b *bubble) {
		ctx, cancel := context.WithTimeout(b.Context(), 90*time.Second)
		defer cancel()
		r := load.Run(ctx, nil, b.opts)
		require.True(b, r.Interrupted)
		require.Less(b, r.Elapsed, 91*time.Second)
		require.Zero(b, r.Connected)
	})
}
