// SPDX-License-Identifier: Apache-2.0

package chat_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/participant-go/connectparticipant"
	"github.com/participant-go/connectparticipant/chat"
	"github.com/participant-go/connectparticipant/participanttest"
	"github.com/participant-go/connectparticipant/types"
)

func strict(o *participanttest.Options) { o.StrictConnection = true }

func connecting(o *chat.Options) { o.ConnectParticipant = true }

func TestHowEachRoleIsConnected(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		role      types.ParticipantRole
		streaming bool
		connect   bool
		connected bool
	}{
		"a customer by its socket":                               {role: types.ParticipantRoleCustomer, connected: true},
		"a customer with ConnectParticipant":                     {role: types.ParticipantRoleCustomer, connect: true, connected: true},
		"a customer of a streamed chat":                          {role: types.ParticipantRoleCustomer, streaming: true, connect: true, connected: true},
		"an agent without ConnectParticipant":                    {role: types.ParticipantRoleAgent},
		"an agent":                                               {role: types.ParticipantRoleAgent, connect: true, connected: true},
		"a supervisor":                                           {role: types.ParticipantRoleSupervisor, connect: true, connected: true},
		"a custom bot without ConnectParticipant":                {role: types.ParticipantRoleCustomBot},
		"a custom bot":                                           {role: types.ParticipantRoleCustomBot, connect: true, connected: true},
		"a custom bot of a streamed chat":                        {role: types.ParticipantRoleCustomBot, streaming: true, connect: true, connected: true},
		"an agent of a streamed chat without ConnectParticipant": {role: types.ParticipantRoleAgent, streaming: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inBubble(t, func(b *bubble) {
				b.contact = b.srv.NewChat(func(o *participanttest.ChatOptions) { o.Streaming = test.streaming })
				p := b.participant(test.role)
				s := b.startAs(p, func(o *chat.Options) { o.ConnectParticipant = test.connect })
				b.settle()
				_, err := s.Send(b.t.Context(), "hello")
				require.Equal(b.t, test.connected, err == nil, "%v", err)
				if !test.connected {
					require.True(b.t, connectparticipant.IsAccessDenied(err))
					return
				}
				b.message(s)
				said := b.contact.System.Say("live")
				require.Equal(b.t, said, b.within(s, 0).ID)
			}, strict)
		})
	}
}

// participant returns a participant with this role: the chat's own, or a new one.
func (b *bubble) participant(role types.ParticipantRole) *participanttest.Participant {
	switch role {
	case types.ParticipantRoleCustomer:
		return b.contact.Customer
	case types.ParticipantRoleAgent:
		return b.contact.Agent
	default:
		return b.contact.AddParticipant(role, "Another")
	}
}

// A participant is connected once, even if the first response is lost and later connections follow.
func TestAParticipantIsConnectedOnce(t *testing.T) {
	t.Parallel()
	inBubble(t, func(b *bubble) {
		requests := &connections{API: b.client}
		b.srv.Inject(participanttest.Fault{On: create, Times: 1, Effect: participanttest.DropAfter()})
		s, err := chat.Start(b.t.Context(), requests, b.contact.Agent.Token, b.options, connecting)
		require.NoError(b.t, err)
		b.t.Cleanup(func() { _ = s.Close() })
		b.sleep(5 * time.Hour)
		require.GreaterOrEqual(b.t, s.Stats().Renewals, 5)
		require.Equal(b.t, []bool{true, true}, requests.connect[:2], "the response to the first was lost")
		require.NotContains(b.t, requests.connect[2:], true)
		require.Equal(b.t, 1, b.joins(b.contact.Agent.ID))
	})
}

func (b *bubble) joins(id string) (n int) {
	for _, item := range b.contact.Transcript() {
		if item.ParticipantId == id && item.ContentType == "application/vnd.amazonaws.connect.event.participant.joined" {
			n++
		}
	}
	return n
}

// connections records ConnectParticipant of each request.
type connections struct {
	connectparticipant.API

	connect []bool
}

func (c *connections) CreateParticipantConnection(ctx context.Context, in *connectparticipant.CreateParticipantConnectionInput, optFns ...func(*connectparticipant.Options)) (*connectparticipant.CreateParticipantConnectionOutput, error) {
	c.connect = append(c.connect, in.ConnectParticipant != nil && *in.ConnectParticipant)
	return c.API.CreateParticipantConnection(ctx, in, optFns...)
}

func TestCustomBotThatConnectsTooLateIsRejected(t *testing.T) {
	t.Parallel()
	inBubble(t, func(b *bubble) {
		bot := b.addBot()
		b.sleep(16 * time.Second)
		_, err := chat.Start(b.t.Context(), b.client, bot.Token, b.options, connecting)
		require.ErrorIs(b.t, err, chat.ErrGaveUp)
		var missing *types.ResourceNotFoundException
		require.ErrorAs(b.t, err, &missing)
	}, strict)
}

// given returns a connection as StartChatContact returns it.
func (b *bubble) given() *chat.Connection {
	c := b.contact.Customer.NewConnection()
	return &chat.Connection{ConnectionToken: c.ConnectionToken, Expiry: c.Expiry, URL: c.URL, ConnectionExpiry: c.ConnectionExpiry}
}

func TestGivenConnectionSavesTheFirstRequest(t *testing.T) {
	t.Parallel()
	for name, mode := range map[string]func(*participanttest.Options){
		"web": func(*participanttest.Options) {}, "strictly": strict, "with a single-use URL": func(o *participanttest.Options) { o.SingleUseURLs = true },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inBubble(t, func(b *bubble) {
				before := b.contact.Agent.Say("Welcome!")
				connection := b.given()
				b.sleep(5 * time.Second)
				s := b.start(func(o *chat.Options) { o.Connection = connection })
				m := b.message(s)
				require.Equal(b.t, before, m.ID)
				require.True(b.t, m.History)
				sent, err := s.Send(b.t.Context(), "hello")
				require.NoError(b.t, err)
				m = b.message(s)
				require.Equal(b.t, sent.ID, m.ID)
				require.False(b.t, m.History)
				b.sleep(40 * time.Minute)
				require.Zero(b.t, b.srv.Count(create), "until the renewal")
				b.sleep(30 * time.Minute)
				require.Equal(b.t, 1, b.srv.Count(create))
				require.Equal(b.t, 1, s.Stats().Renewals)
				require.Zero(b.t, s.Stats().Reconnects)
			}, mode)
		})
	}
}

func TestUnusableGivenConnectionIsReplaced(t *testing.T) {
	t.Parallel()
	for name, spoil := range map[string]func(b *bubble, c *chat.Connection){
		"its URL has expired":  func(b *bubble, _ *chat.Connection) { b.sleep(101 * time.Second) },
		"its URL was used":     func(b *bubble, c *chat.Connection) { b.start(func(o *chat.Options) { o.Connection = c }) },
		"it was revoked":       func(b *bubble, _ *chat.Connection) { b.contact.Customer.ExpireTokens() },
		"it has no URL":        func(_ *bubble, c *chat.Connection) { c.URL = "" },
		"its URL is malformed": func(_ *bubble, c *chat.Connection) { c.URL = "://AuthToken=made-up" },
		"it has no token":      func(_ *bubble, c *chat.Connection) { c.ConnectionToken = "" },
		"its socket is lost before the subscription": func(b *bubble, _ *chat.Connection) {
			b.srv.Inject(participanttest.Fault{On: participanttest.OnSubscribe, Times: 1, Effect: participanttest.Close(1011)})
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inBubble(t, func(b *bubble) {
				connection := b.given()
				spoil(b, connection)
				created := b.srv.Count(create)
				s := b.start(func(o *chat.Options) { o.Connection = connection })
				require.Equal(b.t, created+1, b.srv.Count(create))
				said := b.contact.Agent.Say("live")
				require.Equal(b.t, said, b.message(s).ID)
			}, func(o *participanttest.Options) { o.SingleUseURLs = true })
		})
	}
}

// The token of a given connection may be invalid although its socket works.
func TestAGivenTokenThatIsDeniedIsReplaced(t *testing.T) {
	t.Parallel()
	inBubble(t, func(b *bubble) {
		connection := b.given()
		connection.ConnectionToken = "connection-token.made-up"
		s := b.start(func(o *chat.Options) { o.Connection = connection })
		sent, err := s.Send(b.t.Context(), "hello")
		require.NoError(b.t, err)
		require.Equal(b.t, sent.ID, b.message(s).ID)
		require.Equal(b.t, 1, b.srv.Count(create))
	})
}

func TestGivenConnectionWithInvalidTimes(t *testing.T) {
	t.Parallel()
	for name, at := range map[string]string{"none": "", "not a time": "soon", "the past": "1999-01-01T00:00:00.000Z", "far ahead": "2100-01-01T00:00:00.000Z"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inBubble(t, func(b *bubble) {
				connection := b.given()
				connection.Expiry, connection.ConnectionExpiry = at, at
				s := b.start(func(o *chat.Options) { o.Connection = connection; o.History = chat.HistoryAll })
				said := b.contact.Agent.Say("live")
				require.Equal(b.t, said, b.message(s).ID)
				b.sleep(10 * time.Hour)
				require.InDelta(b.t, 10, b.srv.Count(create), 3)
				require.NoError(b.t, s.Err())
			})
		})
	}
}

func TestAGivenConnectionOverRealSockets(t *testing.T) {
	t.Parallel()
	srv := participanttest.Start(t)
	contact := srv.NewChat()
	c := contact.Customer.NewConnection()
	client := connectparticipant.New(connectparticipant.Options{BaseEndpoint: &srv.URL})
	s, err := chat.Start(t.Context(), client, contact.Customer.Token, func(o *chat.Options) {
		o.Connection = &chat.Connection{ConnectionToken: c.ConnectionToken, Expiry: c.Expiry, URL: c.URL, ConnectionExpiry: c.ConnectionExpiry}
		o.HTTPClient, o.Limiter = http.DefaultClient, chat.Unlimited
	})
	require.NoError(t, err)
	defer func() { _ = s.Close() }()
	sent, err := s.Send(t.Context(), "hello")
	require.NoError(t, err)
	for event, err := range s.Events(t.Context()) {
		require.NoError(t, err)
		if m, ok := event.(chat.Message); ok {
			require.Equal(t, sent.ID, m.ID)
			break
		}
	}
	require.Zero(t, srv.Count(create))
}

func TestAnAgentOverRealSockets(t *testing.T) {
	t.Parallel()
	srv := participanttest.Start(t, strict)
	contact := srv.NewChat()
	client := connectparticipant.New(connectparticipant.Options{BaseEndpoint: &srv.URL})
	s, err := chat.Start(t.Context(), client, contact.Agent.Token, connecting, func(o *chat.Options) {
		o.HTTPClient, o.Limiter = http.DefaultClient, chat.Unlimited
	})
	require.NoError(t, err)
	defer func() { _ = s.Close() }()
	_, err = s.Send(t.Context(), "hello")
	require.NoError(t, err)
}

// A URL whose server doesn't respond must not delay Start beyond its context.
func TestAGivenConnectionThatHangs(t *testing.T) {
	t.Parallel()
	silent := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }))
	t.Cleanup(silent.Close)
	srv := participanttest.Start(t)
	contact := srv.NewChat()
	client := connectparticipant.New(connectparticipant.Options{BaseEndpoint: &srv.URL})
	ctx, cancel := context.WithTimeout(t.Context(), 500*time.Millisecond)
	defer cancel()
	begun := time.Now()
	_, err := chat.Start(ctx, client, contact.Customer.Token, func(o *chat.Options) {
		o.Connection = &chat.Connection{ConnectionToken: "connection-token.made-up", URL: strings.Replace(silent.URL, "http", "ws", 1)}
		o.HTTPClient, o.Limiter = &http.Client{Transport: &http.Transport{}}, chat.Unlimited
	})
	require.ErrorIs(t, err, context.DeadlineExceeded)
	require.Less(t, time.Since(begun), 10*time.Second)
}

// Without a valid Expiry, an item that is sent after Start is not taken for history, which may not be
// delivered at all.
func TestGivenConnectionWithInvalidTimesHidesNoNewItem(t *testing.T) {
	t.Parallel()
	for name, at := range map[string]string{"none": "", "not a time": "soon", "the past": "1999-01-01T00:00:00.000Z", "far ahead": "2100-01-01T00:00:00.000Z"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inBubble(t, func(b *bubble) {
				b.contact.Agent.Say("before")
				b.sleep(2 * time.Minute)
				connection := b.given()
				connection.Expiry, connection.ConnectionExpiry = at, at
				b.srv.Inject(participanttest.Fault{On: "GetTranscript", Times: 1, Effect: participanttest.Delay(time.Second)})
				s := b.start(func(o *chat.Options) { o.Connection = connection; o.History = chat.HistoryNone })
				b.lose()
				said := b.contact.Agent.Say("after")
				m := b.message(s)
				require.Equal(b.t, said, m.ID)
				require.False(b.t, m.History)
			})
		})
	}
}

// The age of a given connection, or a missing Expiry, doesn't make a new item look dated ahead.
func TestAnItemAfterAGivenConnectionMakesOlderOnesLate(t *testing.T) {
	t.Parallel()
	for name, known := range map[string]bool{"old": true, "without an Expiry": false} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inBubble(t, func(b *bubble) {
				connection := b.given()
				if !known {
					connection.Expiry, connection.ConnectionExpiry = "", ""
				}
				b.sleep(90 * time.Second)
				broken := b.srv.Inject(participanttest.Fault{On: "GetTranscript", Effect: participanttest.Fail(503, "")})
				s := b.start(func(o *chat.Options) { o.Connection = connection })
				b.lose()
				missed := b.contact.Agent.Say("missed")
				b.sleep(time.Second)
				said := b.contact.Agent.Say("pushed")
				require.Equal(b.t, said, b.lastMessage(s).ID)
				broken.Remove()
				m := b.lastMessage(s)
				require.Equal(b.t, missed, m.ID)
				require.True(b.t, m.Late)
			})
		})
	}
}
