// SPDX-License-Identifier: Apache-2.0

package control_test

import (
	"fmt"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/participant-go/connectparticipant/participanttest"
)

func TestTheWireIsListed(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		a := newAPI(t, participanttest.InMemory())
		a.ok(t, "POST faults", object{"On": "SendMessage", "Effect": object{"Name": "Fail", "Status": 429, "Code": "ThrottlingException"}})
		a.listen(t)
		before := a.events(t, 0, 0)
		sequence := len(before) // of the last, since they are counted from 1
		require.Empty(t, a.events(t, sequence, 0))

		bearer := a.ok(t, "POST "+a.chat+"/participants/customer/connection", nil)["ConnectionToken"].(string)
		go func() {
			<-time.After(3 * time.Second)
			a.srv.Contact(a.id).Agent.Typing()
		}()
		start := time.Now()
		typing := a.events(t, sequence, 10)
		require.Equal(t, 3*time.Second, time.Since(start))
		require.Len(t, typing, 1)
		require.Equal(t, []any{"FRAME", "push", event + "typing", 1.0, false, a.id}, []any{
			typing[0]["Kind"], typing[0]["Operation"], typing[0]["ContentType"], typing[0]["Socket"], typing[0]["FromClient"], typing[0]["ContactId"],
		})
		require.Equal(t, http.StatusTooManyRequests, a.send(t, bearer))
		events := a.events(t, sequence+1, 0)
		require.Len(t, events, 2)
		request, response := events[0], events[1]
		require.Equal(t, []any{"REQUEST", "POST", "/participant/message"}, []any{request["Kind"], request["Method"], request["Url"]})
		require.Equal(t, request["Sequence"], response["Exchange"])
		require.Equal(t, []any{429.0, "ThrottlingException"}, []any{response["Status"], response["ErrorCode"]})
		require.Equal(t, object{"FaultId": 1.0, "Effect": object{"Name": "Fail", "Status": 429.0, "Code": "ThrottlingException"}}, response["Fault"])
		require.NotContains(t, request, "Body")

		whole := a.ok(t, fmt.Sprint("GET wire/", request["Sequence"]), nil)
		require.JSONEq(t, `{"ContentType":"text/plain","Content":"hello"}`, whole["Body"].(string))
		require.Equal(t, []any{"…" + bearer[len(bearer)-4:]}, whole["Header"].(object)["X-Amz-Bearer"])

		start = time.Now()
		require.Empty(t, a.events(t, 1000, 2.5))
		require.Equal(t, 2500*time.Millisecond, time.Since(start))
	})
}

func (a api) events(t *testing.T, after int, timeout float64) (events []object) {
	t.Helper()
	for _, e := range a.ok(t, fmt.Sprintf("GET wire?After=%d&TimeoutInSeconds=%g", after, timeout), nil)["Events"].([]any) {
		events = append(events, e.(object))
	}
	return events
}

func TestTheWireNeedsAValidQuery(t *testing.T) {
	t.Parallel()
	a := newAPI(t)
	for query, want := range map[string]string{
		"?After=-1": "After", "?After=x": "After", "?TimeoutInSeconds=301": "TimeoutInSeconds", "?TimeoutInSeconds=NaN": "TimeoutInSeconds",
		"?Before=1": "Before",
	} {
		require.Contains(t, a.refused(t, http.StatusBadRequest, "GET wire"+query, nil), want)
	}
	for _, sequence := range []string{"0", "1", "x", "99999999999999999999"} {
		require.Contains(t, a.refused(t, http.StatusNotFound, "GET wire/"+sequence, nil), "no such wire event")
	}
}

func TestOtherPagesCannotReadTheWire(t *testing.T) {
	t.Parallel()
	a := newAPI(t)
	for _, path := range []string{"wire", "wire/1"} {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, a.srv.URL+"/_control/v1/"+path, http.NoBody)
		require.NoError(t, err)
		req.Header.Set("Origin", "http://evil.example")
		resp, err := a.srv.Client().Do(req)
		require.NoError(t, err)
		require.NoError(t, resp.Body.Close())
		require.Equal(t, http.StatusForbidden, resp.StatusCode)
		require.Empty(t, resp.Header.Get("Access-Control-Allow-Origin"))
	}
}
