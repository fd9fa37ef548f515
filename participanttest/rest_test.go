// SPDX-License-Identifier: Apache-2.0

package participanttest_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/participant-go/connectparticipant/participanttest"
)

var connectionOperations = []string{
	"POST /participant/disconnect",
	"POST /participant/message",
	"POST /participant/event",
	"POST /participant/transcript",
	"POST /participant/start-attachment-upload",
	"POST /participant/complete-attachment-upload",
	"POST /participant/attachment",
	"GET /participant/views/some-view",
	"POST /participant/authentication-url",
	"POST /participant/cancel-authentication",
}

func call(t *testing.T, srv *participanttest.Server, operation, bearer string) response {
	t.Helper()
	method, path, _ := strings.Cut(operation, " ")
	return do(t, srv.Client(), request(t, method, srv.URL+path, bearer, "{}"))
}

func TestTokensAreAcceptedByTheirOperationsOnly(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	for _, operation := range connectionOperations {
		t.Run(operation, func(t *testing.T) {
			t.Parallel()
			denied(t, call(t, b.srv, operation, ""))
			denied(t, call(t, b.srv, operation, "no-such-token"))
			denied(t, call(t, b.srv, operation, b.contact.Customer.Token))
		})
	}
	denied(t, post(t, b.srv, "/participant/connection", "", "{}"))
	denied(t, post(t, b.srv, "/participant/connection", b.customer, "{}"))
	ok(t, b.srv, "/participant/connection", b.contact.Customer.Token, "{}")
}

func TestEverythingIsRefusedAfterTheEnd(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.contact.End()
	b.contact.End()
	for _, operation := range connectionOperations {
		denied(t, call(t, b.srv, operation, b.customer))
	}
	denied(t, post(t, b.srv, "/participant/connection", b.contact.Customer.Token, "{}"))
	require.Empty(t, b.contact.Agent.Say("too late"))
}

func TestConnectionTokenExpiresAfterADay(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.srv.Advance(24*time.Hour - time.Minute)
	ok(t, b.srv, "/participant/transcript", b.customer, "{}")
	newer := token(t, b.srv, b.contact.Customer)
	b.srv.Advance(time.Minute)
	denied(t, post(t, b.srv, "/participant/transcript", b.customer, "{}"))
	ok(t, b.srv, "/participant/transcript", newer, "{}")
	b.srv.Advance(24 * time.Hour)
	token(t, b.srv, b.contact.Customer)
	denied(t, post(t, b.srv, "/participant/transcript", newer, "{}"))
}

func TestErrorResponseIsExact(t *testing.T) {
	t.Parallel()
	srv := participanttest.Start(t)
	conn, err := net.Dial("tcp", strings.TrimPrefix(srv.URL, "http://"))
	require.NoError(t, err)
	defer func() { _ = conn.Close() }()
	_, err = fmt.Fprint(conn, "POST /participant/message HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 2\r\n\r\n{}")
	require.NoError(t, err)
	raw, err := io.ReadAll(bufio.NewReader(conn))
	require.NoError(t, err)
	head, body, _ := strings.Cut(string(raw), "\r\n\r\n")
	require.Contains(t, head, "HTTP/1.1 403 Forbidden\r\n")
	require.Contains(t, head, "\r\nx-amzn-ErrorType: AccessDeniedException\r\n")
	require.Regexp(t, `\r\nx-amzn-RequestId: [0-9a-f-]{36}\r\n`, head)
	require.Contains(t, head, "\r\nContent-Type: application/json\r\n")
	require.Equal(t, `{"__type":"AccessDeniedException","message":"Access denied"}`, body) //nolint:testifylint // the bytes are what counts
}

func TestUnknownPathsAndMethods(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	for _, operation := range []string{
		"GET /participant/message", "PUT /participant/message", "POST /participant/message/", "POST /participant/no-such",
		"POST /", "GET /", "GET /participant/views/", "GET /participant/views/a/b", "POST /participant/views/a",
		"POST /participant//message",
	} {
		t.Run(operation, func(t *testing.T) {
			t.Parallel()
			a := call(t, b.srv, operation, b.customer)
			require.Equal(t, http.StatusNotFound, a.status)
			require.JSONEq(t, `{"message":"Not Found"}`, string(a.body))
			require.Empty(t, a.header.Get("X-Amzn-Errortype"))
			require.NotEmpty(t, a.header.Get("X-Amzn-Requestid"))
		})
	}
}

func TestMalformedBodiesAreRefused(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	for name, body := range map[string]string{
		"no JSON":          `{"Content":`,
		"trailing garbage": `{})`,
		"a list":           `[]`,
		"a string":         `"text"`,
		"a wrong type":     `{"ContentType":"text/plain","Content":1}`,
		"a bad token":      `{"ContentType":"text/plain","Content":"hi","ClientToken":true}`,
		"another case":     `{"contentType":"text/plain","content":"hi"}`,
		"null members":     `{"ContentType":"text/plain","Content":null}`,
		"null":             `null`,
		"nothing":          ``,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := post(t, b.srv, "/participant/message", b.customer, body)
			refused(t, a, http.StatusBadRequest, "ValidationException", "failed to satisfy constraint")
		})
	}
}

func TestOversizedBodyIsRefused(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	a := post(t, b.srv, "/participant/message", b.customer, strings.Repeat(" ", 1<<20+1))
	refused(t, a, http.StatusRequestEntityTooLarge, "ValidationException", "larger than 1048576 bytes")
}

func TestBothContentTypesAndUnknownMembersAreAccepted(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	for _, contentType := range []string{"application/json", "application/x-amz-json-1.1"} {
		req := request(t, http.MethodPost, b.srv.URL+"/participant/message", b.customer,
			`{"ContentType":"text/plain","Content":"hi","Unknown":{"deep":[1]}}`)
		req.Header.Set("Content-Type", contentType)
		req.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential=/20260101/us-east-1/execute-api/aws4_request")
		require.Equal(t, http.StatusOK, do(t, b.srv.Client(), req).status)
	}
}

func TestRetriedRequestsGetTheSameResponse(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	const first = `{"ClientToken":"t","ContentType":"text/plain","Content":"one"}`
	send := func(bearer, body string) any { return ok(t, b.srv, "/participant/message", bearer, body)["Id"] }
	id := send(b.customer, first)
	require.Equal(t, id, send(b.customer, first))
	require.Equal(t, id, send(b.customer, ` {"Content": "one", "ContentType": "text/plain", "ClientToken": "t"}`))
	require.NotEqual(t, id, send(b.customer, `{"ClientToken":"t","ContentType":"text/plain","Content":"two"}`), "another body")
	require.NotEqual(t, id, send(b.agent, first), "another participant")
	without := send(b.customer, `{"ContentType":"text/plain","Content":"one"}`)
	require.NotEqual(t, without, send(b.customer, `{"ContentType":"text/plain","Content":"one"}`), "no token")
	b.srv.Advance(10 * time.Minute)
	require.NotEqual(t, id, send(b.customer, first), "ten minutes later")
}

func TestARefusedRequestIsNotRemembered(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	supervisor := b.contact.AddParticipant("SUPERVISOR", "Sue")
	third := token(t, b.srv, supervisor)
	receipt := body(t, "ClientToken", "INCOMING_READ_RECEIPT", "ContentType", event+"message.read",
		"Content", `{"messageId":"`+b.contact.Agent.Say("hello")+`"}`)
	require.Equal(t, http.StatusConflict, post(t, b.srv, "/participant/event", b.customer, receipt).status)
	ok(t, b.srv, "/participant/disconnect", third, `{}`)
	ok(t, b.srv, "/participant/event", b.customer, receipt)
}

func TestTimesAndDateFollowTheClock(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.srv.Advance(-time.Hour)
	b.srv.Advance(48 * time.Hour)
	a := post(t, b.srv, "/participant/connection", b.contact.Agent.Token, "{}")
	date, err := http.ParseTime(a.header.Get("Date"))
	require.NoError(t, err)
	require.WithinDuration(t, time.Now().Add(48*time.Hour), date, time.Minute)
}
