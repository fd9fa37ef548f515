// SPDX-License-Identifier: Apache-2.0

package participanttest_test

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/coder/websocket"
	"github.com/stretchr/testify/require"

	"github.com/participant-go/connectparticipant/internal/fips"
	"github.com/participant-go/connectparticipant/participanttest"
)

const subscribe = `{"topic":"aws/subscribe","content":{"topics":["aws/chat"]}}`

// exactly compares bytes, also where they are JSON.
func exactly(t *testing.T, want, got string) {
	t.Helper()
	require.Equal(t, []byte(want), []byte(got), "want %s\ngot  %s", want, got)
}

// socketURL asks for a WebSocket, and nothing else.
func socketURL(t *testing.T, srv *participanttest.Server, p *participanttest.Participant) string {
	t.Helper()
	out := ok(t, srv, "/participant/connection", p.Token, `{"Type":["WEBSOCKET"]}`)
	return out["Websocket"].(object)["Url"].(string)
}

// tryDial returns the status of the response if the upgrade is refused.
func tryDial(t *testing.T, srv *participanttest.Server, url string) (*websocket.Conn, int) {
	t.Helper()
	conn, resp, err := fips.Dial(t.Context(), url, &websocket.DialOptions{HTTPClient: srv.Client()})
	if err != nil {
		require.NotNil(t, resp, "%v", err)
		return nil, resp.StatusCode
	}
	conn.SetReadLimit(1 << 20)
	t.Cleanup(func() { _ = conn.CloseNow() })
	return conn, resp.StatusCode
}

func dial(t *testing.T, srv *participanttest.Server, url string) *websocket.Conn {
	t.Helper()
	conn, status := tryDial(t, srv, url)
	require.Equal(t, http.StatusSwitchingProtocols, status)
	return conn
}

// listen opens a socket and subscribes it.
func listen(t *testing.T, srv *participanttest.Server, p *participanttest.Participant) *websocket.Conn {
	t.Helper()
	conn := dial(t, srv, socketURL(t, srv, p))
	send(t, conn, subscribe)
	exactly(t, `{"topic":"aws/subscribe","content":{"status":"success","topics":["aws/chat"]}}`, receive(t, conn))
	return conn
}

func send(t *testing.T, conn *websocket.Conn, text string) {
	t.Helper()
	require.NoError(t, conn.Write(t.Context(), websocket.MessageText, []byte(text)))
}

// receive returns the next frame as it came.
func receive(t *testing.T, conn *websocket.Conn) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	kind, text, err := conn.Read(ctx)
	require.NoError(t, err)
	require.Equal(t, websocket.MessageText, kind)
	return string(text)
}

// pushed returns the item in the next frame.
func pushed(t *testing.T, conn *websocket.Conn) object {
	t.Helper()
	var frame struct{ Topic, ContentType, Content string }
	require.NoError(t, json.Unmarshal([]byte(receive(t, conn)), &frame))
	require.Equal(t, "aws/chat", frame.Topic)
	require.Equal(t, "application/json", frame.ContentType)
	var item object
	require.NoError(t, json.Unmarshal([]byte(frame.Content), &item))
	return item
}

// silent expects nothing before the response to a heartbeat.
func silent(t *testing.T, conn *websocket.Conn) {
	t.Helper()
	send(t, conn, `{"topic":"aws/heartbeat"}`)
	exactly(t, `{"topic":"aws/heartbeat"}`, receive(t, conn))
}

// closed returns the code of the close frame that comes next, -1 if the connection just ends.
func closed(t *testing.T, conn *websocket.Conn) websocket.StatusCode {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	_, _, err := conn.Read(ctx)
	require.Error(t, err)
	require.NoError(t, ctx.Err())
	return websocket.CloseStatus(err)
}

func TestSubscribeHeartbeatPing(t *testing.T) {
	t.Parallel()
	everywhere(t, func(w world) {
		t, srv := w.t, w.srv
		conn := listen(t, srv, srv.NewChat().Customer)
		send(t, conn, `{"topic":"aws/heartbeat"}`)
		exactly(t, `{"topic":"aws/heartbeat"}`, receive(t, conn))
		send(t, conn, `{"topic": "aws/ping"}`)
		exactly(t, `{"topic":"aws/ping","statusCode":200,"statusContent":"OK"}`, receive(t, conn))
		require.NoError(t, conn.Close(websocket.StatusNormalClosure, ""))
	})
}

func TestPushEnvelope(t *testing.T) {
	t.Parallel()
	everywhere(t, func(w world) {
		t, srv := w.t, w.srv
		contact := srv.NewChat()
		customer, agent := listen(t, srv, contact.Customer), listen(t, srv, contact.Agent)
		require.Equal(t, event+"participant.joined", pushed(t, customer)["ContentType"])
		bearer := token(t, srv, contact.Customer)
		out := ok(t, srv, "/participant/message", bearer, body(t, "ContentType", "text/plain", "Content", "<b>\"Hi\"&"))
		want := `{"topic":"aws/chat","contentType":"application/json","content":"{\"AbsoluteTime\":\"` + out["AbsoluteTime"].(string) +
			`\",\"ContactId\":\"` + contact.ID + `\",\"Content\":\"<b>\\\"Hi\\\"&\",\"ContentType\":\"text/plain\",\"DisplayName\":\"Customer\",\"Id\":\"` +
			out["Id"].(string) + `\",\"ParticipantId\":\"` + contact.Customer.ID + `\",\"ParticipantRole\":\"CUSTOMER\",\"Type\":\"MESSAGE\",\"InitialContactId\":\"` +
			contact.ID + `\"}"}`
		exactly(t, want, receive(t, customer))
		exactly(t, want, receive(t, agent))
	})
}

func TestOnlySubscribedSocketsGetPushes(t *testing.T) {
	t.Parallel()
	everywhere(t, func(w world) {
		t, srv := w.t, w.srv
		contact := srv.NewChat()
		conn := dial(t, srv, socketURL(t, srv, contact.Customer))
		contact.Agent.Say("too early")
		silent(t, conn)
		send(t, conn, subscribe)
		receive(t, conn)
		silent(t, conn)
		contact.Agent.Say("now")
		require.Equal(t, "now", pushed(t, conn)["Content"])
	})
}

func TestSubscriptionsAsClientsSendThem(t *testing.T) {
	t.Parallel()
	srv := participanttest.Start(t)
	conn := dial(t, srv, socketURL(t, srv, srv.NewChat().Customer))
	success := `{"topic":"aws/subscribe","content":{"status":"success","topics":["aws/chat"]}}`
	for sent, want := range map[string]string{
		subscribe: success,
		`{"topic": "aws/subscribe", "content": {"topics": ["aws/chat"]}})`: success, // iOS
		`{"topic":"aws/subscribe","content":{"topics":["aws/other"]}}`:     `{"topic":"aws/subscribe","content":{"status":"failure","topics":["aws/other"]}}`,
		`{"topic":"aws/subscribe","content":{"topics":[]}}`:                `{"topic":"aws/subscribe","content":{"status":"failure","topics":[]}}`,
		`{"topic":"aws/subscribe"}`:                                        `{"topic":"aws/subscribe","content":{"status":"failure","topics":[]}}`,
		`{"topic":"aws/subscribe","content":"aws/chat"}`:                   `{"topic":"aws/subscribe","content":{"status":"failure","topics":[]}}`,
	} {
		send(t, conn, sent)
		exactly(t, want, receive(t, conn))
	}
}

func TestInvalidFrames(t *testing.T) {
	t.Parallel()
	srv := participanttest.Start(t)
	conn := dial(t, srv, socketURL(t, srv, srv.NewChat().Customer))
	forbidden := func() {
		t.Helper()
		require.Regexp(t, `^{"message":"Forbidden","connectionId":"[\w=-]{16}","requestId":"[0-9a-f-]{36}"}$`, receive(t, conn))
	}
	for _, text := range []string{"", "hello", "null", "[]", "1", `"aws/ping"`, `{"topic":1}`, `{}`, `{"topic":"aws/unsubscribe"}`, strings.Repeat("[", 100_000)} {
		send(t, conn, text)
		forbidden()
	}
	require.NoError(t, conn.Write(t.Context(), websocket.MessageBinary, []byte(subscribe)))
	forbidden()
	silent(t, conn)
}

func TestAFrameOver128KBCloses1009(t *testing.T) {
	t.Parallel()
	everywhere(t, func(w world) {
		t, srv := w.t, w.srv
		conn := listen(t, srv, srv.NewChat().Customer)
		send(t, conn, strings.Repeat(" ", 128<<10-25)+`{"topic":"aws/heartbeat"}`)
		exactly(t, `{"topic":"aws/heartbeat"}`, receive(t, conn))
		_ = conn.Write(t.Context(), websocket.MessageText, make([]byte, 128<<10+1))
		require.Equal(t, websocket.StatusMessageTooBig, closed(t, conn))
	})
}

func TestURLsCanBeDialledFor100Seconds(t *testing.T) {
	t.Parallel()
	inMemory(t, func(w world) { // where a second passes only by Advance
		t, srv := w.t, w.srv
		contact := srv.NewChat()
		url := socketURL(t, srv, contact.Customer)
		dial(t, srv, url)
		srv.Advance(99 * time.Second)
		again := dial(t, srv, url)
		srv.Advance(2 * time.Second)
		_, status := tryDial(t, srv, url)
		require.Equal(t, http.StatusForbidden, status)
		silent(t, again)
	})
}

func TestUpgradesThatAreRefused(t *testing.T) {
	t.Parallel()
	srv := participanttest.Start(t, func(o *participanttest.Options) { o.MaxSockets = 1 })
	contact := srv.NewChat()
	url := socketURL(t, srv, contact.Customer)
	a := do(t, srv.Client(), request(t, http.MethodGet, "http"+strings.TrimPrefix(url, "ws")+"x", "", ""))
	require.Equal(t, http.StatusForbidden, a.status)
	exactly(t, `{"message":"Forbidden"}`, string(a.body))
	require.Equal(t, "ForbiddenException", a.header.Get("X-Amzn-Errortype"))
	conn := dial(t, srv, url)
	_, status := tryDial(t, srv, url)
	require.Equal(t, http.StatusServiceUnavailable, status)
	require.NoError(t, conn.Close(websocket.StatusNormalClosure, ""))
	contact.End()
	_, status = tryDial(t, srv, url)
	require.Equal(t, http.StatusForbidden, status)
}

func TestHandshakeIgnoresOriginAndCompression(t *testing.T) {
	t.Parallel()
	srv := participanttest.Start(t)
	conn, resp, err := fips.Dial(t.Context(), socketURL(t, srv, srv.NewChat().Customer), &websocket.DialOptions{
		HTTPHeader:      http.Header{"Origin": {"https://example.com"}},
		CompressionMode: websocket.CompressionContextTakeover,
	})
	require.NoError(t, err)
	require.Empty(t, resp.Header.Get("Sec-WebSocket-Extensions"))
	ctx := conn.CloseRead(t.Context())
	require.NoError(t, conn.Ping(ctx), "protocol pings get a pong")
	require.NoError(t, conn.CloseNow())
}

func TestTheFirstSocketJoins(t *testing.T) {
	t.Parallel()
	srv := participanttest.Start(t)
	contact := srv.NewChat()
	agent := listen(t, srv, contact.Agent)
	dial(t, srv, socketURL(t, srv, contact.Customer))
	joined := pushed(t, agent)
	require.Equal(t, event+"participant.joined", joined["ContentType"])
	require.Equal(t, contact.Customer.ID, joined["ParticipantId"])
	dial(t, srv, socketURL(t, srv, contact.Customer))
	ok(t, srv, "/participant/connection", contact.Customer.Token, `{"ConnectParticipant":true}`)
	silent(t, agent)
}

func TestTheSixthSocketClosesTheOldest(t *testing.T) {
	t.Parallel()
	everywhere(t, func(w world) {
		t, srv := w.t, w.srv
		contact := srv.NewChat()
		var conns []*websocket.Conn
		for range 6 {
			conns = append(conns, listen(t, srv, contact.Customer))
		}
		require.Equal(t, websocket.StatusGoingAway, closed(t, conns[0]))
		require.NoError(t, contact.Customer.WaitSockets(t.Context(), 5))
		contact.Customer.Say("to all five")
		for _, conn := range conns[1:] {
			require.Equal(t, "to all five", pushed(t, conn)["Content"])
		}
	})
}

func TestSocketsStayOpenAfterTheEnd(t *testing.T) {
	t.Parallel()
	srv := participanttest.Start(t)
	contact := srv.NewChat()
	customer, agent := listen(t, srv, contact.Customer), listen(t, srv, contact.Agent)
	require.Equal(t, event+"participant.joined", pushed(t, customer)["ContentType"])
	ok(t, srv, "/participant/disconnect", token(t, srv, contact.Customer), "{}")
	for _, conn := range []*websocket.Conn{customer, agent} {
		require.Equal(t, event+"participant.left", pushed(t, conn)["ContentType"])
		ended := pushed(t, conn)
		require.Equal(t, event+"chat.ended", ended["ContentType"])
		require.ElementsMatch(t, []string{"AbsoluteTime", "ContactId", "ContentType", "Id", "InitialContactId", "Type"}, keys(ended))
		silent(t, conn)
	}
}

func keys(o object) []string {
	var names []string
	for name := range o {
		names = append(names, name)
	}
	return names
}

func TestPushesKeepTheirOrder(t *testing.T) {
	t.Parallel()
	everywhere(t, func(w world) {
		t := w.t
		contact := w.srv.NewChat()
		conn := listen(t, w.srv, contact.Agent)
		bearer := token(t, w.srv, contact.Customer)
		before := pushed(t, conn)["AbsoluteTime"].(string)
		var senders sync.WaitGroup
		for range 8 {
			senders.Go(func() {
				for range 10 {
					ok(t, w.srv, "/participant/message", bearer, `{"ContentType":"text/plain","Content":"hi"}`)
					contact.Agent.Say("ho")
				}
			})
		}
		for range 8 * 10 * 2 {
			at := pushed(t, conn)["AbsoluteTime"].(string)
			require.Greater(t, at, before)
			before = at
		}
		senders.Wait()
	})
}

func TestTheLargestMessagesArrive(t *testing.T) {
	t.Parallel()
	everywhere(t, func(w world) {
		t, srv := w.t, w.srv
		contact := srv.NewChat()
		conn := listen(t, srv, contact.Customer)
		for _, text := range []string{strings.Repeat(`"`, 16384), strings.Repeat("\u0001", 16384)} {
			ok(t, srv, "/participant/message", token(t, srv, contact.Customer), body(t, "ContentType", "text/plain", "Content", text))
			require.Equal(t, text, pushed(t, conn)["Content"])
		}
	})
}
