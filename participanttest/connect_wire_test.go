// SPDX-License-Identifier: Apache-2.0

package participanttest_test

import (
	"maps"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/participant-go/connectparticipant/participanttest"
)

const (
	instance = "11111111-2222-4333-8444-555555555555"
	flow     = "66666666-7777-4888-9999-000000000000"
	topic    = "arn:aws:sns:eu-west-2:111122223333:chats"
)

// connectAPI makes a request to Amazon Connect.
func connectAPI(t *testing.T, srv *participanttest.Server, method, path, body string) response {
	t.Helper()
	return do(t, srv.Client(), request(t, method, srv.URL+path, "", body))
}

// connectOK expects 200.
func connectOK(t *testing.T, srv *participanttest.Server, method, path, body string) object {
	t.Helper()
	a := connectAPI(t, srv, method, path, body)
	require.Equal(t, http.StatusOK, a.status, "%s", a.body)
	return a.object(t)
}

// connectRefused expects an error in the form of Amazon Connect.
func connectRefused(t *testing.T, a response, status int, code, message string) {
	t.Helper()
	require.Equal(t, status, a.status, "%s", a.body)
	require.Equal(t, code, a.header.Get("X-Amzn-Errortype"))
	require.Contains(t, a.object(t)["Message"], message)
}

// startBody is a StartChatContact request with further members; one that is nil is left out.
func startBody(t *testing.T, more object) string {
	t.Helper()
	members := object{"InstanceId": instance, "ContactFlowId": flow, "ParticipantDetails": object{"DisplayName": "Ana"}}
	maps.Copy(members, more)
	maps.DeleteFunc(members, func(_ string, value any) bool { return value == nil })
	var pairs []any
	for name, value := range members {
		pairs = append(pairs, name, value)
	}
	return body(t, pairs...)
}

func startChat(t *testing.T, srv *participanttest.Server, more object) (*participanttest.Contact, object) {
	t.Helper()
	out := connectOK(t, srv, http.MethodPut, "/contact/chat", startBody(t, more))
	contact := srv.Contact(out["ContactId"].(string))
	require.NotNil(t, contact)
	return contact, out
}

// about is a request about a contact with further members.
func about(t *testing.T, contact *participanttest.Contact, pairs ...any) string {
	t.Helper()
	return body(t, append([]any{"InstanceId", instance, "ContactId", contact.ID}, pairs...)...)
}
