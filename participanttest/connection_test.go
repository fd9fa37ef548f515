// SPDX-License-Identifier: Apache-2.0

package participanttest_test

import (
	"net/http"
	"net/url"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/participant-go/connectparticipant/participanttest"
)

func parse(t *testing.T, at any) time.Time {
	t.Helper()
	parsed, err := time.Parse("2006-01-02T15:04:05.000Z", at.(string))
	require.NoError(t, err)
	return parsed
}

func TestConnectionReturnsTheRequestedTypes(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	for types, members := range map[string][]string{
		`["WEBSOCKET"]`:                          {"Websocket"},
		`["CONNECTION_CREDENTIALS"]`:             {"ConnectionCredentials"},
		`["WEBSOCKET","CONNECTION_CREDENTIALS"]`: {"Websocket", "ConnectionCredentials"},
		`["WEBRTC_CONNECTION"]`:                  {"WebRTCConnection"},
		`null`:                                   {},
	} {
		t.Run(types, func(t *testing.T) {
			t.Parallel()
			out := ok(t, b.srv, "/participant/connection", b.contact.Customer.Token, `{"Type":`+types+`}`)
			require.Len(t, out, len(members))
			for _, member := range members {
				require.Contains(t, out, member)
			}
		})
	}
}

func TestConnectionRefusesOtherTypes(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	for _, types := range []string{`[]`, `["OTHER"]`, `["WEBSOCKET",""]`, `"WEBSOCKET"`, `[1]`} {
		a := post(t, b.srv, "/participant/connection", b.contact.Customer.Token, `{"Type":`+types+`}`)
		refused(t, a, http.StatusBadRequest, "ValidationException", "'Type'")
	}
}

func TestConnectionExpiries(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	out := ok(t, b.srv, "/participant/connection", b.contact.Customer.Token, `{"Type":["WEBSOCKET","CONNECTION_CREDENTIALS"]}`)
	credentials, socket := out["ConnectionCredentials"].(object), out["Websocket"].(object)
	require.WithinDuration(t, time.Now().Add(24*time.Hour), parse(t, credentials["Expiry"]), time.Minute)
	require.WithinDuration(t, time.Now().Add(66*time.Minute), parse(t, socket["ConnectionExpiry"]), time.Minute)
	u, err := url.Parse(socket["Url"].(string))
	require.NoError(t, err)
	require.Equal(t, "ws", u.Scheme)
	require.Equal(t, b.srv.URL, "http://"+u.Host)
	require.NotEmpty(t, u.Query().Get("AuthToken"))
	u.Scheme = "http"
	require.Equal(t, http.StatusUpgradeRequired, do(t, b.srv.Client(), request(t, http.MethodGet, u.String(), "", "")).status)
}

func TestConnectionReturnsNewTokensAndKeepsOldOnesValid(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	newer := token(t, b.srv, b.contact.Customer)
	require.NotEqual(t, b.customer, newer)
	ok(t, b.srv, "/participant/transcript", b.customer, "{}")
	ok(t, b.srv, "/participant/transcript", newer, "{}")
}

func TestWebRTCConnectionHasAllMembers(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	out := ok(t, b.srv, "/participant/connection", b.contact.Customer.Token, `{"Type":["WEBRTC_CONNECTION"]}`)
	connection := out["WebRTCConnection"].(object)
	attendee, meeting := connection["Attendee"].(object), connection["Meeting"].(object)
	require.NotEmpty(t, attendee["AttendeeId"])
	require.NotEmpty(t, attendee["JoinToken"])
	require.NotEmpty(t, meeting["MeetingId"])
	require.Equal(t, object{"Audio": object{"EchoReduction": "AVAILABLE"}}, meeting["MeetingFeatures"])
	for _, member := range []string{"AudioHostUrl", "AudioFallbackUrl", "SignalingUrl", "EventIngestionUrl"} {
		require.NotEmpty(t, meeting["MediaPlacement"].(object)[member])
	}
}

func TestJoinedOnceAndOnlyWithConnectParticipant(t *testing.T) {
	t.Parallel()
	srv := participanttest.Start(t)
	contact := srv.NewChat(func(o *participanttest.ChatOptions) { o.CustomerName, o.AgentName = "Ada", "Bob" })
	ok(t, srv, "/participant/connection", contact.Customer.Token, `{"ConnectParticipant":false}`)
	ok(t, srv, "/participant/connection", contact.Agent.Token, `{"ConnectParticipant":true}`)
	b := bench{srv: srv, contact: contact, agent: token(t, srv, contact.Agent)}
	list := transcript(t, b, oldestFirst)
	require.Len(t, list, 1)
	require.Equal(t, event+"participant.joined", list[0]["ContentType"])
	require.Equal(t, "EVENT", list[0]["Type"])
	require.Equal(t, "AGENT", list[0]["ParticipantRole"])
	require.Equal(t, "Bob", list[0]["DisplayName"])
	require.Equal(t, contact.Agent.ID, list[0]["ParticipantId"])
	require.Equal(t, contact.ID, list[0]["ContactId"])
}

func TestWhichRolesEndTheChatByLeaving(t *testing.T) {
	t.Parallel()
	leave := func(b bench, p *participanttest.Participant) {
		ok(t, b.srv, "/participant/disconnect", token(t, b.srv, p), `{"ClientToken":"x"}`)
	}
	ended := func(b bench) bool {
		return post(t, b.srv, "/participant/connection", b.contact.AddParticipant("SYSTEM", "").Token, "{}").status == http.StatusForbidden
	}
	t.Run("the agent", func(t *testing.T) {
		t.Parallel()
		b := newBench(t)
		leave(b, b.contact.Agent)
		denied(t, post(t, b.srv, "/participant/transcript", b.customer, "{}"))
	})
	t.Run("the last customer", func(t *testing.T) {
		t.Parallel()
		b := newBench(t)
		second := b.contact.AddParticipant("CUSTOMER", "Eve")
		leave(b, b.contact.Customer)
		denied(t, post(t, b.srv, "/participant/transcript", b.customer, "{}"))
		denied(t, post(t, b.srv, "/participant/connection", b.contact.Customer.Token, "{}"))
		require.Empty(t, b.contact.Customer.Say("gone"))
		require.False(t, ended(b))
		leave(b, second)
		denied(t, post(t, b.srv, "/participant/transcript", b.agent, "{}"))
	})
	t.Run("a bot and a supervisor end nothing", func(t *testing.T) {
		t.Parallel()
		b := newBench(t)
		leave(b, b.contact.AddParticipant("CUSTOM_BOT", "Bot"))
		leave(b, b.contact.AddParticipant("SUPERVISOR", "Sue"))
		list := transcript(t, b, oldestFirst)
		require.Equal(t, []any{
			event + "participant.joined", event + "participant.joined", event + "participant.joined",
			event + "participant.left", event + "participant.joined", event + "participant.left",
		}, column(list, "ContentType"))
		require.Equal(t, "CUSTOM_BOT", list[3]["ParticipantRole"])
	})
}

func TestNewConnectionWorksLikeOneOfTheOperation(t *testing.T) {
	t.Parallel()
	everywhere(t, func(w world) {
		t, srv, contact := w.t, w.srv, w.srv.NewChat()
		c := contact.Customer.NewConnection()
		require.WithinDuration(t, srv.Now().Add(24*time.Hour), parse(t, c.Expiry), time.Minute)
		require.WithinDuration(t, srv.Now().Add(66*time.Minute), parse(t, c.ConnectionExpiry), time.Minute)
		require.Zero(t, srv.Count("CreateParticipantConnection"))
		require.Empty(t, srv.Requests())
		require.Empty(t, contact.Transcript(), "no participant has joined")
		conn := dial(t, srv, c.URL)
		send(t, conn, subscribe)
		receive(t, conn)
		require.Equal(t, []string{contact.Customer.ID}, whoJoined(contact))
		ok(t, srv, "/participant/message", c.ConnectionToken, hello)
		require.Equal(t, "hello", pushed(t, conn)["Content"])
		other := contact.Customer.NewConnection()
		require.NotEqual(t, c.ConnectionToken, other.ConnectionToken)
		require.NotEqual(t, c.URL, other.URL)
		ok(t, srv, "/participant/transcript", c.ConnectionToken, `{}`)
	})
}

func TestNewConnectionExpires(t *testing.T) {
	t.Parallel()
	everywhere(t, func(w world) {
		customer := w.srv.NewChat().Customer
		c := customer.NewConnection()
		w.srv.Advance(100 * time.Second)
		_, status := tryDial(w.t, w.srv, c.URL)
		require.Equal(w.t, http.StatusForbidden, status)
		ok(w.t, w.srv, "/participant/transcript", c.ConnectionToken, `{}`)
		w.srv.Advance(24 * time.Hour)
		denied(w.t, post(w.t, w.srv, "/participant/transcript", c.ConnectionToken, `{}`))
		c = customer.NewConnection()
		customer.ExpireTokens()
		_, status = tryDial(w.t, w.srv, c.URL)
		require.Equal(w.t, http.StatusForbidden, status)
		denied(w.t, post(w.t, w.srv, "/participant/transcript", c.ConnectionToken, `{}`))
	})
}

func TestNewConnectionFollowsTheSwitches(t *testing.T) {
	t.Parallel()
	turn := func(s *participanttest.Switches) {
		s.OldTokensDie, s.SingleUseURLs, s.JoinOnConnection = true, true, true
		s.ExpiryShown, s.ConnectionExpiryShown = participanttest.Absent, -time.Hour
	}
	switched(t, turn, func(w world, contact *participanttest.Contact) {
		old, c := contact.Customer.NewConnection(), contact.Customer.NewConnection()
		denied(w.t, post(w.t, w.srv, "/participant/transcript", old.ConnectionToken, `{}`))
		require.Empty(w.t, c.Expiry)
		require.WithinDuration(w.t, w.srv.Now().Add(-time.Hour), parse(w.t, c.ConnectionExpiry), 10*time.Second)
		require.Empty(w.t, contact.Transcript(), "JoinOnConnection applies to the operation only")
		dial(w.t, w.srv, c.URL)
		_, status := tryDial(w.t, w.srv, c.URL)
		require.Equal(w.t, http.StatusForbidden, status)
	})
}

func TestNewConnectionAfterTheEndIsEmpty(t *testing.T) {
	t.Parallel()
	contact := participanttest.Start(t).NewChat()
	contact.End()
	require.Zero(t, contact.Customer.NewConnection())
}

func TestNewConnectionMakesItsParticipantActive(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.contact.AddParticipant("SUPERVISOR", "Sue").NewConnection()
	receipt := body(t, "ContentType", event+"message.read", "Content", `{"messageId":"`+b.contact.Agent.Say("hello")+`"}`)
	refused(t, post(t, b.srv, "/participant/event", b.customer, receipt), http.StatusConflict, "ConflictException", "")
}
