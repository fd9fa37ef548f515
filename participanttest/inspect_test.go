// SPDX-License-Identifier: Apache-2.0

package participanttest_test

import (
	"context"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/coder/websocket"
	"github.com/stretchr/testify/require"

	"github.com/participant-go/connectparticipant/internal/fips"
	"github.com/participant-go/connectparticipant/participanttest"
)

func TestTranscriptReturnsTheItemsOfTheChat(t *testing.T) {
	t.Parallel()
	st := newStage(t, participanttest.Start(t))
	id := st.contact.Customer.Say("hello")
	st.contact.Agent.MarkRead(id)
	st.contact.Customer.Typing()
	kept := st.contact.Transcript()
	require.Len(t, kept, 3)
	it := kept[2]
	require.Equal(t, id, it.Id)
	require.Equal(t, "MESSAGE", it.Type)
	require.Equal(t, "text/plain", it.ContentType)
	require.Equal(t, "hello", it.Content)
	require.Equal(t, st.contact.Customer.ID, it.ParticipantId)
	require.Equal(t, "Customer", it.DisplayName)
	require.EqualValues(t, "CUSTOMER", it.ParticipantRole)
	require.Equal(t, st.contact.Agent.ID, it.MessageMetadata.Receipts[0].RecipientParticipantId)
	for i, shown := range st.shown(t) {
		require.Equal(t, kept[i].Id, shown["Id"])
		require.Equal(t, kept[i].AbsoluteTime, shown["AbsoluteTime"])
	}
}

func TestRequestsAreRememberedAndCounted(t *testing.T) {
	t.Parallel()
	srv := participanttest.Start(t)
	contact := srv.NewChat()
	bearer := token(t, srv, contact.Customer)
	ok(t, srv, "/participant/transcript", bearer, "{}")
	post(t, srv, "/participant/message", bearer, "{}")
	denied(t, post(t, srv, "/participant/message", "secret", "{}"))
	post(t, srv, "/nowhere", bearer, "{}")
	tryDial(t, srv, srv.URL+"/transport?AuthToken=secret")
	dial(t, srv, socketURL(t, srv, contact.Customer))
	id := contact.Agent.ShareFile("a.txt", "text/plain", []byte("x"))
	out := ok(t, srv, "/participant/attachment", bearer, `{"AttachmentId":"`+id+`"}`)
	do(t, srv.Client(), request(t, http.MethodGet, out["Url"].(string), "", ""))

	mine := participanttest.Request{ContactID: contact.ID, ParticipantID: contact.Customer.ID}
	expect := func(who participanttest.Request, operation string, status int, code string) participanttest.Request {
		who.Operation, who.Status, who.ErrorCode = operation, status, code
		return who
	}
	want := []participanttest.Request{
		expect(mine, "CreateParticipantConnection", 200, ""),
		expect(mine, "GetTranscript", 200, ""),
		expect(mine, "SendMessage", 400, "ValidationException"),
		expect(participanttest.Request{}, "SendMessage", 403, "AccessDeniedException"),
		expect(participanttest.Request{}, "", 404, ""),
		expect(participanttest.Request{}, "WebSocket", 403, ""),
		expect(mine, "CreateParticipantConnection", 200, ""),
		expect(mine, "WebSocket", 101, ""),
		expect(mine, "GetAttachment", 200, ""),
		expect(participanttest.Request{ContactID: contact.ID, ParticipantID: contact.Agent.ID}, "GetObject", 200, ""),
	}
	got := srv.Requests()
	for i := range got {
		require.False(t, got[i].Time.IsZero())
		got[i].Time = time.Time{}
	}
	require.Equal(t, want, got)
	require.Equal(t, 2, srv.Count("SendMessage"))
	require.Equal(t, 1, contact.Customer.Count("SendMessage"))
	require.Zero(t, contact.Agent.Count("SendMessage"))
	require.Equal(t, 1, srv.Sockets())
}

func TestTheLastThousandRequestsAreRemembered(t *testing.T) {
	t.Parallel()
	srv := participanttest.Start(t, participanttest.InMemory())
	for range 500 {
		post(t, srv, "/participant/event", "", "{}")
	}
	for range 501 {
		post(t, srv, "/participant/message", "", "{}")
	}
	got := srv.Requests()
	require.Len(t, got, 1000)
	require.Equal(t, "SendMessage", got[999].Operation)
	require.Equal(t, "SendEvent", got[498].Operation)
	require.Equal(t, "SendMessage", got[499].Operation)
	require.Equal(t, 500, srv.Count("SendEvent"))
	require.False(t, got[999].Time.Before(got[0].Time))
}

func TestWaiting(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := participanttest.Start(t, participanttest.InMemory())
		contact := srv.NewChat()
		results := make(chan error, 4)
		go func() { results <- contact.Customer.WaitSockets(t.Context(), 1) }()
		go func() { results <- contact.WaitSockets(t.Context(), 1) }()
		go func() { results <- srv.WaitRequest(t.Context(), "aws/subscribe", 1) }()
		go func() { results <- contact.Customer.WaitRequest(t.Context(), "WebSocket", 1) }()
		synctest.Wait()
		require.Empty(t, results)
		// The states don't last, but the waiters have seen them.
		require.NoError(t, listen(t, srv, contact.Customer).Close(websocket.StatusNormalClosure, ""))
		for range 4 {
			require.NoError(t, <-results)
		}
		require.NoError(t, contact.WaitSockets(t.Context(), 0))
	})
}

func TestWaitingEndsWithItsContextAndTheServer(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := participanttest.Start(t, participanttest.InMemory())
		contact := srv.NewChat()
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		require.EqualError(t, contact.Customer.WaitSockets(ctx, 1), "wait for 1 sockets of CUSTOMER, have 0: context deadline exceeded")
		require.EqualError(t, contact.WaitSockets(ctx, 2), "wait for 2 sockets, have 0: context deadline exceeded")
		require.EqualError(t, srv.WaitRequest(ctx, "SendMessage", 3), "wait for request 3 to SendMessage, had 0: context deadline exceeded")
		require.ErrorIs(t, contact.Agent.WaitRequest(ctx, "SendMessage", 1), context.DeadlineExceeded)
		srv.Close()
		require.ErrorIs(t, srv.WaitRequest(t.Context(), "SendMessage", 1), http.ErrServerClosed)
	})
}

func TestAdvanceFiresTimersInOrderAndEachAtItsTime(t *testing.T) {
	t.Parallel()
	everywhere(t, func(w world) {
		t := w.t
		late := w.srv.NewChat(func(o *participanttest.ChatOptions) {
			o.Past, o.RehydrationDelay = []participanttest.PastMessage{{Content: "old"}}, 2*time.Hour
		})
		early := w.srv.NewChat(func(o *participanttest.ChatOptions) {
			o.Past, o.RehydrationDelay = []participanttest.PastMessage{{Content: "old"}}, time.Hour
		})
		first, second := listen(t, w.srv, early.Customer), listen(t, w.srv, late.Customer)
		start := w.srv.Now()
		w.srv.Advance(24 * time.Hour)
		require.WithinDuration(t, start.Add(24*time.Hour), w.srv.Now(), time.Minute)
		require.WithinDuration(t, start.Add(time.Hour), parse(t, pushed(t, first)["AbsoluteTime"]), time.Minute)
		require.WithinDuration(t, start.Add(2*time.Hour), parse(t, pushed(t, second)["AbsoluteTime"]), time.Minute)
	})
}

func TestTimeInABubble(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := participanttest.Start(t, participanttest.InMemory())
		st := newStage(t, srv, func(o *participanttest.ChatOptions) { o.ScanDelay = 5 * time.Second })
		start := time.Now()
		st.contact.Agent.ShareFile("a.txt", "text/plain", []byte("x"))
		require.Equal(t, "ATTACHMENT", st.both(t)["Type"])
		require.Equal(t, 5*time.Second, time.Since(start))
		<-time.After(25 * time.Hour)
		denied(t, post(t, srv, "/participant/transcript", st.agentBearer, "{}"))
		silent(t, st.agent)
		a := post(t, srv, "/participant/transcript", st.agentBearer, "{}")
		require.Equal(t, time.Now().UTC().Format(http.TimeFormat), a.header.Get("Date"))
	})
}

func TestRequestsWithTokensThatWereValidHaveTheirCaller(t *testing.T) {
	t.Parallel()
	inBubble(t, func(w world) {
		t, srv := w.t, w.srv
		srv.RecordWire(100)
		contact := srv.NewChat()
		bearer := token(t, srv, contact.Customer)
		p := contact.Customer
		attributed := func(operation string, status int) {
			t.Helper()
			requests, events := srv.Requests(), srv.Wire(0)
			last, event := requests[len(requests)-1], events[len(events)-1]
			require.Equal(t, []any{operation, status, contact.ID, p.ID}, []any{last.Operation, last.Status, last.ContactID, last.ParticipantID})
			require.Equal(t, []any{contact.ID, p.ID, status}, []any{event.ContactID, event.ParticipantID, event.Status})
		}
		send := func(token string) {
			t.Helper()
			denied(t, post(t, srv, "/participant/message", token, hello))
			attributed("SendMessage", 403)
		}
		dialed := func(address string) {
			t.Helper()
			_, resp, err := fips.Dial(t.Context(), address, &websocket.DialOptions{HTTPClient: srv.Client()})
			require.Error(t, err)
			require.Equal(t, http.StatusForbidden, resp.StatusCode)
			attributed("WebSocket", 403)
		}

		address := p.NewConnection().URL
		p.ExpireTokens()
		send(bearer)
		dialed(address)

		bearer, address = token(t, srv, p), p.NewConnection().URL
		srv.Advance(24 * time.Hour)
		send(bearer)
		dialed(address)
		p.NewConnection()
		send(bearer)
		dialed(address)

		send(p.Token) // a token of the wrong kind
		fault := srv.Inject(participanttest.Fault{Effect: participanttest.Fail(500, "")})
		post(t, srv, "/participant/message", bearer, hello)
		attributed("SendMessage", 500)
		fault.Remove()

		contact.End()
		send(bearer)
		denied(t, post(t, srv, "/participant/connection", p.Token, `{"ConnectParticipant":true}`))
		attributed("CreateParticipantConnection", 403)
		require.Equal(t, 5+1, p.Count("SendMessage"))

		srv = restart(t, srv)
		denied(t, post(t, srv, "/participant/connection", p.Token, `{"ConnectParticipant":true}`))
		require.Equal(t, p.ID, srv.Requests()[0].ParticipantID)

		srv.Advance(24 * time.Hour)
		denied(t, post(t, srv, "/participant/connection", p.Token, `{"ConnectParticipant":true}`))
		require.Empty(t, srv.Requests()[1].ParticipantID, "the chat is forgotten")
	})
}

func TestThrottledRequestsHaveTheirCaller(t *testing.T) {
	t.Parallel()
	srv := participanttest.Start(t, func(o *participanttest.Options) {
		o.Throttle = true
		o.Quotas = map[string]participanttest.Quota{"SendMessage": {}}
	})
	contact := srv.NewChat()
	bearer := token(t, srv, contact.Customer)
	post(t, srv, "/participant/message", bearer, hello)
	requests := srv.Requests()
	last := requests[len(requests)-1]
	require.Equal(t, 429, last.Status)
	require.Equal(t, []string{contact.ID, contact.Customer.ID}, []string{last.ContactID, last.ParticipantID})
}

func TestDownloadsFromAnExpiredURLHaveTheirOwner(t *testing.T) {
	t.Parallel()
	srv := participanttest.Start(t, participanttest.InMemory())
	contact := srv.NewChat()
	bearer := token(t, srv, contact.Customer)
	file := contact.Agent.ShareFile("plan.pdf", "application/pdf", []byte(content))
	address := ok(t, srv, getPath, bearer, body(t, "AttachmentId", file))["Url"].(string)
	srv.Advance(time.Hour)
	storageRefused(t, get(t, srv, address), http.StatusForbidden, "AccessDenied")
	requests := srv.Requests()
	last := requests[len(requests)-1]
	require.Equal(t, []string{"GetObject", contact.ID, contact.Agent.ID}, []string{last.Operation, last.ContactID, last.ParticipantID})
}

func TestOnlyAFewInvalidTokensAreRemembered(t *testing.T) {
	t.Parallel()
	srv := participanttest.Start(t, participanttest.InMemory())
	contact := srv.NewChat()
	first := contact.Customer.NewConnection().ConnectionToken
	contact.Customer.ExpireTokens()
	for range 50 { // each has a token and a URL
		contact.Customer.NewConnection()
		contact.Customer.ExpireTokens()
	}
	post(t, srv, "/participant/message", first, hello)
	require.Empty(t, srv.Requests()[0].ParticipantID)
}
