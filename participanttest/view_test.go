// SPDX-License-Identifier: Apache-2.0

package participanttest_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/participant-go/connectparticipant/participanttest"
)

func describe(t *testing.T, b bench, escapedToken string) response {
	t.Helper()
	return do(t, b.srv.Client(), request(t, http.MethodGet, b.srv.URL+"/participant/views/"+escapedToken, b.customer, ""))
}

func TestViewIsFoundByItsEscapedToken(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	token := b.contact.AddView(participanttest.View{
		ID: "view:1", ARN: "arn:aws:connect:us-east-1:111122223333:view/1", Name: "Form", Version: 3,
		InputSchema: `{"type":"object"}`, Template: `{"Head":{}}`, Actions: []string{"Submit", "Cancel"},
	})
	require.NotEqual(t, token, url.PathEscape(token))
	a := describe(t, b, url.PathEscape(token))
	require.Equal(t, http.StatusOK, a.status)
	require.Equal(t, object{"View": object{
		"Id": "view:1", "Arn": "arn:aws:connect:us-east-1:111122223333:view/1", "Name": "Form", "Version": 3.0,
		"Content": object{"InputSchema": `{"type":"object"}`, "Template": `{"Head":{}}`, "Actions": []any{"Submit", "Cancel"}},
	}}, a.object(t))
}

func TestViewDefaults(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	a := describe(t, b, url.PathEscape(b.contact.AddView(participanttest.View{})))
	require.JSONEq(t, `{"View":{"Content":{},"Version":1}}`, string(a.body))
}

func TestViewsThatAreNotFound(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	foreign := url.PathEscape(b.srv.NewChat().AddView(participanttest.View{}))
	for _, token := range []string{"no-such-view", foreign} {
		a := describe(t, b, token)
		refused(t, a, http.StatusNotFound, "ResourceNotFoundException", "View not found")
		require.Equal(t, b.contact.ID, a.object(t)["ResourceId"])
		require.Equal(t, "CONTACT", a.object(t)["ResourceType"])
		require.NotContains(t, string(a.body), token)
	}
	refused(t, describe(t, b, strings.Repeat("v", 1001)), http.StatusBadRequest, "ValidationException", "'ViewToken'")
}
