// SPDX-License-Identifier: Apache-2.0

package participanttest_test

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	_ "github.com/participant-go/connectparticipant/internal/fipstest" // random numbers in bubbles
	"github.com/participant-go/connectparticipant/participanttest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// object is a JSON object.
type object = map[string]any

type response struct {
	status int
	header http.Header
	body   []byte
}

func (a response) object(t *testing.T) object {
	t.Helper()
	var out object
	require.NoError(t, json.Unmarshal(a.body, &out), "%s", a.body)
	return out
}

func do(t *testing.T, client *http.Client, req *http.Request) response {
	t.Helper()
	resp, err := client.Do(req)
	require.NoError(t, err)
	defer func() { require.NoError(t, resp.Body.Close()) }()
	body, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	return response{resp.StatusCode, resp.Header, body}
}

func request(t *testing.T, method, url, bearer, body string) *http.Request {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(body))
	require.NoError(t, err)
	if bearer != "" {
		req.Header.Set("X-Amz-Bearer", bearer)
	}
	return req
}

func post(t *testing.T, srv *participanttest.Server, path, bearer, body string) response {
	t.Helper()
	return do(t, srv.Client(), request(t, http.MethodPost, srv.URL+path, bearer, body))
}

// ok posts and expects 200.
func ok(t *testing.T, srv *participanttest.Server, path, bearer, body string) object {
	t.Helper()
	a := post(t, srv, path, bearer, body)
	require.Equal(t, http.StatusOK, a.status, "%s", a.body)
	return a.object(t)
}

// refused expects an error response in the service's form.
func refused(t *testing.T, a response, status int, code, message string) {
	t.Helper()
	require.Equal(t, status, a.status, "%s", a.body)
	require.Equal(t, code, a.header.Get("X-Amzn-Errortype"))
	body := a.object(t)
	require.Equal(t, code, body["__type"])
	require.Contains(t, body["message"], message)
}

func denied(t *testing.T, a response) {
	t.Helper()
	refused(t, a, http.StatusForbidden, "AccessDeniedException", "Access denied")
}

// token makes a participant join and returns a connection token.
func token(t *testing.T, srv *participanttest.Server, p *participanttest.Participant) string {
	t.Helper()
	out := ok(t, srv, "/participant/connection", p.Token, `{"Type":["CONNECTION_CREDENTIALS"],"ConnectParticipant":true}`)
	return out["ConnectionCredentials"].(object)["ConnectionToken"].(string)
}

// bench is a chat with both sides connected.
type bench struct {
	srv             *participanttest.Server
	contact         *participanttest.Contact
	customer, agent string // connection tokens
}

func newBench(t *testing.T, optFns ...func(*participanttest.ChatOptions)) bench {
	t.Helper()
	srv := participanttest.Start(t)
	contact := srv.NewChat(optFns...)
	return bench{srv, contact, token(t, srv, contact.Customer), token(t, srv, contact.Agent)}
}

// body is a request body from pairs of name and value.
func body(t *testing.T, pairs ...any) string {
	t.Helper()
	members := object{}
	for i := 0; i < len(pairs); i += 2 {
		members[pairs[i].(string)] = pairs[i+1]
	}
	var buf bytes.Buffer
	require.NoError(t, json.NewEncoder(&buf).Encode(members))
	return buf.String()
}

// transcript returns the items of a page.
func transcript(t *testing.T, b bench, query string) []object {
	t.Helper()
	return items(ok(t, b.srv, "/participant/transcript", b.agent, query))
}

func items(page object) []object {
	var out []object
	for _, it := range page["Transcript"].([]any) {
		out = append(out, it.(object))
	}
	return out
}

// column is one member of each item; absent ones are nil.
func column(list []object, member string) []any {
	var out []any
	for _, it := range list {
		out = append(out, it[member])
	}
	return out
}

// whoJoined returns the ids in the participant.joined events of the chat.
func whoJoined(contact *participanttest.Contact) []string {
	var ids []string
	for _, item := range contact.Transcript() {
		if item.ContentType == event+"participant.joined" {
			ids = append(ids, item.ParticipantId)
		}
	}
	return ids
}

const (
	event       = "application/vnd.amazonaws.connect.event."
	oldestFirst = `{"MaxResults":100,"SortOrder":"ASCENDING"}`
)
