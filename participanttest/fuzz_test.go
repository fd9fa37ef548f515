// SPDX-License-Identifier: Apache-2.0

package participanttest_test

import (
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/coder/websocket"
	"github.com/stretchr/testify/require"

	"github.com/participant-go/connectparticipant/internal/fips"
	"github.com/participant-go/connectparticipant/participanttest"
)

// FuzzREST sends any request with any of three credentials. Each must get a response,
// and only what isn't implemented may fail with a server error.
func FuzzREST(f *testing.F) {
	for _, c := range [][2]string{
		{"/participant/connection", `{"Type":["WEBSOCKET","CONNECTION_CREDENTIALS"],"ConnectParticipant":true}`},
		{"/participant/disconnect", `{"ClientToken":"t"}`},
		{"/participant/message", `{"ContentType":"text/plain","Content":"hi","ClientToken":"t"}`},
		{"/participant/message", `{"ContentType":"text/plain","Content":"\u0000\ud800"}`},
		{"/participant/event", `{"ContentType":"application/vnd.amazonaws.connect.event.message.read","Content":"{\"messageId\":\"m\"}"}`},
		{"/participant/transcript", `{"MaxResults":-1,"StartPosition":{"MostRecent":101},"NextToken":"AAAA"}`},
		{"/participant/transcript", `{"ScanDirection":"FORWARD","StartPosition":{"AbsoluteTime":"2026-01-01T00:00:00Z"}}`},
		{"/participant/start-attachment-upload", `{"AttachmentName":"a.txt","AttachmentSizeInBytes":1e3,"ContentType":"text/plain","ClientToken":"t"}`},
		{"/participant/complete-attachment-upload", `{"AttachmentIds":["a"],"ClientToken":"t"}`},
		{"/participant/attachment", `{"AttachmentId":"a","UrlExpiryInSeconds":5}`},
		{"/participant/authentication-url", `{"SessionId":"x","RedirectUri":"https://x"}`},
		{"/participant/views/a%2Fb", ``},
		{"/storage/a/b?X-Amz-Date=1&X-Amz-Expires=-1", `x`},
		{"/transport?AuthToken=x", ``},
		{"//", strings.Repeat("[", 20_000)},
	} {
		for kind := range 3 {
			f.Add("POST", c[0], kind, c[1])
		}
	}
	f.Add("GET", "/participant/views/%00", 2, "")
	const details = `"InstanceId":"i","ContactFlowId":"f","ParticipantDetails":{"DisplayName":"d"}`
	for _, members := range []string{
		`"ConnectionTypes":["WEBSOCKET"],"ClientToken":"t"`, `"SegmentAttributes":{"a":null,"b":{"ValueMap":{}}},"Attributes":{"\ud800":""}`,
		`"InitialMessage":{"ContentType":"text/plain","Content":"\u0000"}`, `"PersistentChat":{"RehydrationType":"FROM_SEGMENT","SourceContactId":"x"}`,
		`"ChatStreamingConfiguration":{"StreamingEndpointArn":"arn:aws:sns:a:111122223333:x"}`,
	} {
		f.Add("PUT", "/contact/chat", 0, "{"+details+","+members+"}")
	}
	f.Add("POST", "/contact/update-participant-authentication", 0, `{"InstanceId":"i","State":"s","Code":"c"}`)
	f.Add("GET", "/contacts/%00/%ff", 0, "null")
	f.Add("GET", "/contact/attributes/i/%2F", 0, "[]")
	f.Add("DELETE", "/users/i/u", 0, "")
	f.Add("PUT", "/storage/", 0, "content")
	f.Add("OPTIONS", "/", 1, "")
	srv := participanttest.Start(f, participanttest.InMemory())
	f.Fuzz(func(t *testing.T, method, path string, kind int, body string) {
		contact := srv.NewChat()
		bearers := []string{"", contact.Customer.Token, token(t, srv, contact.Customer)}
		req, err := http.NewRequestWithContext(t.Context(), method, srv.URL+"/"+strings.TrimPrefix(path, "/"), strings.NewReader(body))
		if err != nil {
			return // no request at all
		}
		req.Header.Set("X-Amz-Bearer", bearers[uint(kind)%3])
		resp, err := srv.Client().Do(req)
		require.NoError(t, err)
		response, err := io.ReadAll(resp.Body)
		require.NoError(t, err)
		require.NoError(t, resp.Body.Close())
		if resp.StatusCode != http.StatusNotImplemented {
			require.Less(t, resp.StatusCode, 500)
		}
		if resp.Header.Get("Content-Type") == "application/json" && method != http.MethodHead {
			require.True(t, json.Valid(response))
		}
	})
}

// FuzzFrame sends any frame. Each gets one response, and the socket stays open.
func FuzzFrame(f *testing.F) {
	for _, text := range []string{
		subscribe, subscribe + ")", `{"topic":"aws/subscribe","content":{"topics":["aws/other",""]}}`, `{"topic":"aws/subscribe","content":[]}`,
		`{"topic":"aws/heartbeat"}`, `{"topic": "aws/ping"}`, `{"topic":"aws/unsubscribe"}`, `{"topic":null}`, `{"topic":"aws/chat"}`,
		`{"TOPIC":"aws/ping","content":"\ud800"}`, "", "null", "[]", `"`, "\xff\xfe", strings.Repeat(`{"content":`, 20_000),
	} {
		f.Add(true, []byte(text))
		f.Add(false, []byte(text))
	}
	srv := participanttest.Start(f, participanttest.InMemory())
	conn := dialFuzz(f, srv)
	f.Fuzz(func(t *testing.T, isText bool, frame []byte) {
		if len(frame) > 128<<10 {
			return // closes the socket
		}
		kind := websocket.MessageBinary
		if isText {
			kind = websocket.MessageText
		}
		require.NoError(t, conn.Write(t.Context(), kind, frame))
		require.True(t, json.Valid([]byte(receive(t, conn))))
		silent(t, conn)
	})
}

// dialFuzz opens a socket that outlives the single run.
func dialFuzz(f *testing.F, srv *participanttest.Server) *websocket.Conn {
	f.Helper()
	var out struct{ Websocket struct{ URL string } }
	req, err := http.NewRequestWithContext(f.Context(), http.MethodPost, srv.URL+"/participant/connection", strings.NewReader(`{"Type":["WEBSOCKET"]}`))
	require.NoError(f, err)
	req.Header.Set("X-Amz-Bearer", srv.NewChat().Customer.Token)
	resp, err := srv.Client().Do(req)
	require.NoError(f, err)
	defer func() { _ = resp.Body.Close() }()
	require.NoError(f, json.NewDecoder(resp.Body).Decode(&out))
	conn, _, err := fips.Dial(f.Context(), out.Websocket.URL, &websocket.DialOptions{HTTPClient: srv.Client()})
	require.NoError(f, err)
	conn.SetReadLimit(1 << 20)
	f.Cleanup(func() { _ = conn.CloseNow() })
	return conn
}
