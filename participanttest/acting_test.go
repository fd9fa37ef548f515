// SPDX-License-Identifier: Apache-2.0

package participanttest_test

import (
	"encoding/json"
	"net/http"
	"testing"
	"time"

	"github.com/coder/websocket"
	"github.com/stretchr/testify/require"

	"github.com/participant-go/connectparticipant/participanttest"
	"github.com/participant-go/connectparticipant/types"
)

// stage is a chat in which each side has a subscribed socket.
type stage struct {
	srv                         *participanttest.Server
	contact                     *participanttest.Contact
	customer, agent             *websocket.Conn
	customerBearer, agentBearer string
}

func newStage(t *testing.T, srv *participanttest.Server, optFns ...func(*participanttest.ChatOptions)) stage {
	t.Helper()
	contact := srv.NewChat(optFns...)
	st := stage{
		srv: srv, contact: contact,
		agentBearer: token(t, srv, contact.Agent), customerBearer: token(t, srv, contact.Customer),
	}
	st.customer, st.agent = listen(t, srv, contact.Customer), listen(t, srv, contact.Agent)
	return st
}

// both returns the item that both sides got.
func (st stage) both(t *testing.T) object {
	t.Helper()
	it := pushed(t, st.customer)
	require.Equal(t, it, pushed(t, st.agent))
	return it
}

// shown returns the whole transcript as the agent sees it, oldest first.
func (st stage) shown(t *testing.T) []object {
	t.Helper()
	return items(ok(t, st.srv, "/participant/transcript", st.agentBearer, oldestFirst))
}

// inTranscript expects that the transcript, but for the initial contact id, ends with the item.
func (st stage) inTranscript(t *testing.T, it object) {
	t.Helper()
	delete(it, "InitialContactId")
	list := st.shown(t)
	require.Equal(t, it, list[len(list)-1])
}

func (st stage) notInTranscript(t *testing.T, it object) {
	t.Helper()
	require.NotContains(t, column(st.shown(t), "Id"), it["Id"])
}

func TestParticipantMethodsSendMessages(t *testing.T) {
	t.Parallel()
	everywhere(t, func(w world) {
		t := w.t
		st := newStage(t, w.srv)
		for _, c := range []struct {
			say                        func(string) string
			contentType, content, role string
		}{
			{st.contact.Agent.Say, "text/plain", "plain", "AGENT"},
			{st.contact.Customer.SayMarkdown, "text/markdown", "**bold**", "CUSTOMER"},
			{st.contact.System.SayInteractive, message + "interactive", `{"templateType":"QuickReply"}`, "SYSTEM"},
			{func(text string) string { return st.contact.Customer.SendContent("text/new", text) }, "text/new", "x", "CUSTOMER"},
		} {
			id := c.say(c.content)
			it := st.both(t)
			require.Equal(t, id, it["Id"])
			require.Equal(t, c.contentType, it["ContentType"])
			require.Equal(t, c.content, it["Content"])
			require.Equal(t, c.role, it["ParticipantRole"])
			require.Equal(t, "MESSAGE", it["Type"])
			st.inTranscript(t, it)
		}
	})
}

const message = "application/vnd.amazonaws.connect.message."

func TestParticipantMethodsSendEvents(t *testing.T) {
	t.Parallel()
	st := newStage(t, participanttest.Start(t))
	customer := st.contact.Customer
	for name, act := range map[string]func(){
		"typing":               customer.Typing,
		"participant.idle":     customer.Idle,
		"participant.returned": customer.Return,
		"participant.displayname.updated": func() {
			customer.Rename("Ada")
		},
	} {
		act()
		it := st.both(t)
		require.Equal(t, event+name, it["ContentType"])
		require.Equal(t, "EVENT", it["Type"])
		require.Equal(t, customer.ID, it["ParticipantId"])
		st.notInTranscript(t, it)
	}
	customer.Typing()
	require.Equal(t, "Ada", st.both(t)["DisplayName"])
}

func TestTypingSentByAClientIsPushed(t *testing.T) {
	t.Parallel()
	st := newStage(t, participanttest.Start(t))
	out := ok(t, st.srv, "/participant/event", st.customerBearer, `{"ContentType":"`+event+`typing"}`)
	it := st.both(t)
	require.Equal(t, out["Id"], it["Id"])
	require.Equal(t, "Customer", it["DisplayName"])
	ok(t, st.srv, "/participant/event", st.customerBearer, `{"ContentType":"`+event+`connection.acknowledged"}`)
	silent(t, st.agent)
}

func TestAutoDisconnectionMakesAgentsLeave(t *testing.T) {
	t.Parallel()
	st := newStage(t, participanttest.Start(t))
	st.contact.Customer.AutoDisconnect()
	require.Equal(t, event+"participant.autodisconnection", pushed(t, st.customer)["ContentType"], "the agent doesn't get it")
	for _, name := range []string{"participant.left", "chat.ended"} {
		require.Equal(t, event+name, st.both(t)["ContentType"])
	}
	kept := st.contact.Transcript()
	require.Equal(t, event+"participant.left", kept[len(kept)-2].ContentType)
	require.Empty(t, st.contact.Agent.Say("too late"))
	st.contact.Agent.Typing()
	st.contact.FailTransfer()
	silent(t, st.agent)
}

func TestParticipantsWhoHaveLeftGetNoPushes(t *testing.T) {
	t.Parallel()
	st := newStage(t, participanttest.Start(t))
	third := st.contact.AddParticipant(types.ParticipantRoleSupervisor, "Sue")
	third.Join()
	require.Equal(t, event+"participant.joined", st.both(t)["ContentType"])
	conn := listen(t, st.srv, third)
	third.Leave()
	require.Equal(t, event+"participant.left", pushed(t, conn)["ContentType"])
	st.contact.Agent.Say("among us")
	silent(t, conn)
	require.Equal(t, event+"participant.left", st.both(t)["ContentType"])
	require.Equal(t, "among us", st.both(t)["Content"])
}

func TestReceiptsArePushedToTheOtherParticipant(t *testing.T) {
	t.Parallel()
	everywhere(t, func(w world) {
		t := w.t
		st := newStage(t, w.srv)
		b := bench{srv: st.srv, contact: st.contact, customer: st.customerBearer, agent: st.agentBearer}
		id := st.contact.Agent.Say("hello")
		st.both(t)

		delivered := b.receipt(t, b.customer, "delivered", id).object(t)
		it := pushed(t, st.agent)
		want := object{
			"Type": "MESSAGEMETADATA", "ContentType": event + "message.metadata", "Id": delivered["Id"],
			"AbsoluteTime": delivered["AbsoluteTime"], "ContactId": st.contact.ID, "InitialContactId": st.contact.ID,
			"MessageMetadata": object{"MessageId": id, "Receipts": []any{object{
				"DeliveredTimestamp": delivered["AbsoluteTime"], "RecipientParticipantId": st.contact.Customer.ID,
			}}},
		}
		require.Equal(t, want, it)

		st.contact.Customer.MarkRead(id)
		it = pushed(t, st.agent)
		receipt := it["MessageMetadata"].(object)["Receipts"].([]any)[0].(object)
		require.Equal(t, delivered["AbsoluteTime"], receipt["DeliveredTimestamp"])
		require.Equal(t, it["AbsoluteTime"], receipt["ReadTimestamp"])
		require.Equal(t, it["MessageMetadata"], st.shown(t)[2]["MessageMetadata"])
		silent(t, st.customer)
		st.notInTranscript(t, it)
	})
}

func TestReceiptMethodsNeedTwoParticipants(t *testing.T) {
	t.Parallel()
	st := newStage(t, participanttest.Start(t))
	id := st.contact.Customer.Say("hello")
	st.contact.AddParticipant(types.ParticipantRoleSupervisor, "Sue").Join()
	st.contact.Agent.MarkDelivered(id)
	require.Nil(t, st.contact.Transcript()[2].MessageMetadata)
}

func TestTransfer(t *testing.T) {
	t.Parallel()
	st := newStage(t, participanttest.Start(t))
	st.contact.FailTransfer()
	it := st.both(t)
	require.Equal(t, event+"transfer.failed", it["ContentType"])
	st.inTranscript(t, it)

	second := st.contact.Transfer("Bea")
	require.Equal(t, event+"transfer.succeeded", st.both(t)["ContentType"])
	left := st.both(t)
	require.Equal(t, event+"participant.left", left["ContentType"])
	require.Equal(t, st.contact.Agent.ID, left["ParticipantId"])
	denied(t, post(t, st.srv, "/participant/transcript", st.agentBearer, "{}"))
	require.Empty(t, st.contact.Agent.Say("gone"))

	conn := listen(t, st.srv, second)
	require.Equal(t, "Bea", pushed(t, st.customer)["DisplayName"])
	second.Say("I take over")
	require.Equal(t, "I take over", pushed(t, conn)["Content"])
	require.Equal(t, "I take over", pushed(t, st.customer)["Content"])
	silent(t, st.agent)

	third := st.contact.Invite("Cyd")
	invited := pushed(t, st.customer)
	require.Equal(t, event+"participant.invited", invited["ContentType"])
	require.Equal(t, third.ID, invited["ParticipantId"])
	second.Leave()
	require.Equal(t, event+"participant.left", pushed(t, st.customer)["ContentType"])
	require.Equal(t, event+"chat.ended", pushed(t, st.customer)["ContentType"])
	st.contact.Transfer("Nina")
	silent(t, st.customer)
}

func TestATransferStartsANewContact(t *testing.T) {
	t.Parallel()
	st := newStage(t, participanttest.Start(t))
	first := st.contact.ID
	require.Equal(t, first, st.contact.CurrentID())
	st.contact.Transfer("Bea")
	second := st.contact.CurrentID()
	require.NotEqual(t, first, second)
	st.contact.Transfer("Cyd").Say("third")
	third := st.contact.CurrentID()
	want := []string{first, first, second, second, third} // succeeded and left, twice, and the message
	for _, id := range want {
		it := pushed(t, st.customer)
		require.Equal(t, []any{id, first}, []any{it["ContactId"], it["InitialContactId"]})
	}
	require.Equal(t, []*participanttest.Contact{st.contact}, st.srv.Contacts())
	for _, id := range []string{first, second, third} {
		require.Same(t, st.contact, st.srv.Contact(id))
		out := ok(t, st.srv, "/participant/transcript", st.customerBearer, body(t, "ContactId", id, "MaxResults", 100))
		require.Equal(t, first, out["InitialContactId"])
		require.Len(t, items(out), 2+len(want), "whichever id the request has")
	}
	require.Empty(t, items(ok(t, st.srv, "/participant/transcript", st.customerBearer, `{"ContactId":"another"}`)))
	described := connectOK(t, st.srv, http.MethodGet, "/contacts/"+instance+"/"+third, "")["Contact"].(object)
	require.Equal(t, []any{third, second, first}, []any{described["Id"], described["PreviousContactId"], described["InitialContactId"]})

	u := start(t, bench{srv: st.srv, contact: st.contact, customer: st.customerBearer})
	require.Equal(t, []string{third, first}, []string{u.headers["x-amz-meta-contact_id"], u.headers["x-amz-meta-initial_contact_id"]})
	u.send(t)
	require.Equal(t, http.StatusOK, u.complete(t, u.customer).status)
}

func TestAuthenticationEvents(t *testing.T) {
	t.Parallel()
	st := newStage(t, participanttest.Start(t))
	for _, outcome := range []participanttest.AuthenticationOutcome{
		participanttest.AuthenticationSucceeded, participanttest.AuthenticationFailed,
		participanttest.AuthenticationTimedOut, participanttest.AuthenticationExpired, "cancelled",
	} {
		id := st.contact.StartAuthentication(st.contact.Customer)
		it := st.both(t)
		require.Equal(t, event+"authentication.initiated", it["ContentType"])
		exactly(t, `{"SessionId":"`+id+`"}`, it["Content"].(string))
		if outcome == "cancelled" {
			ok(t, st.srv, "/participant/cancel-authentication", st.customerBearer, `{"SessionId":"`+id+`"}`)
		}
		st.contact.CompleteAuthentication(id, outcome)
		st.contact.CompleteAuthentication(id, outcome)
		it = st.both(t)
		require.Equal(t, event+"authentication."+string(outcome), it["ContentType"])
		exactly(t, `{"SessionId":"`+id+`"}`, it["Content"].(string))
		require.Equal(t, st.contact.Customer.ID, it["ParticipantId"])
		st.notInTranscript(t, it)
	}
	silent(t, st.customer)
}

func TestAViewIsShownAndFound(t *testing.T) {
	t.Parallel()
	st := newStage(t, participanttest.Start(t))
	viewToken := st.contact.System.ShowView(participanttest.View{ID: "form", Template: "{}"})
	it := st.both(t)
	require.Equal(t, message+"interactive", it["ContentType"])
	var content struct {
		TemplateType string
		Data         struct {
			Content struct{ ViewID, ViewToken string }
		}
	}
	require.NoError(t, json.Unmarshal([]byte(it["Content"].(string)), &content))
	require.Equal(t, "ViewResource", content.TemplateType)
	require.Equal(t, "form", content.Data.Content.ViewID)
	require.Equal(t, viewToken, content.Data.Content.ViewToken)
}

func TestShareFile(t *testing.T) {
	t.Parallel()
	everywhere(t, func(w world) {
		t := w.t
		st := newStage(t, w.srv, func(o *participanttest.ChatOptions) { o.ScanDelay = time.Minute })
		id := st.contact.Agent.ShareFile("a.txt", "text/plain", []byte("content"))
		silent(t, st.customer)
		last := st.shown(t)[2]
		require.Equal(t, "IN_PROGRESS", last["Attachments"].([]any)[0].(object)["Status"])
		st.srv.Advance(time.Minute)
		it := st.both(t)
		require.Equal(t, last["Id"], it["Id"])
		require.Equal(t, "ATTACHMENT", it["Type"])
		require.Equal(t, []any{object{"AttachmentId": id, "AttachmentName": "a.txt", "ContentType": "text/plain", "Status": "APPROVED"}}, it["Attachments"])
		silent(t, st.agent)
		out := ok(t, st.srv, "/participant/attachment", st.customerBearer, `{"AttachmentId":"`+id+`"}`)
		a := do(t, st.srv.Client(), request(t, http.MethodGet, out["Url"].(string), "", ""))
		require.Equal(t, "content", string(a.body))
	})
}

func TestUnknownItemsCanBePushed(t *testing.T) {
	t.Parallel()
	st := newStage(t, participanttest.Start(t))
	st.contact.Push(participanttest.Item{Type: "NEW", ContentType: "application/new", Content: "?"})
	it := st.both(t)
	require.Equal(t, "NEW", it["Type"])
	require.Len(t, it["Id"], 36)
	parse(t, it["AbsoluteTime"])
	st.notInTranscript(t, it)
	st.contact.Push(participanttest.Item{Id: "mine", AbsoluteTime: "soon", ContactId: "other"})
	require.Equal(t, object{"Id": "mine", "AbsoluteTime": "soon", "ContactId": "other", "InitialContactId": st.contact.ID, "Type": ""}, st.both(t))
}

func TestFramesCanBePushedUnchanged(t *testing.T) {
	t.Parallel()
	st := newStage(t, participanttest.Start(t))
	before := len(st.shown(t))
	first := st.contact.Agent.Say("first")
	st.contact.PushFrame(`{"topic":"aws/chat","content":{}}`)
	for _, conn := range []*websocket.Conn{st.customer, st.agent} {
		require.Equal(t, first, pushed(t, conn)["Id"])
		_, text, err := conn.Read(t.Context())
		require.NoError(t, err)
		require.JSONEq(t, `{"topic":"aws/chat","content":{}}`, string(text))
	}
	require.Len(t, st.shown(t), before+1, "a frame isn't in the transcript")
}

func TestSocketsCanBeClosedAndCut(t *testing.T) {
	t.Parallel()
	everywhere(t, func(w world) {
		t := w.t
		st := newStage(t, w.srv)
		st.contact.Agent.Say("before")
		st.contact.Customer.CloseSockets(1011, "why not")
		require.Equal(t, "before", pushed(t, st.customer)["Content"])
		require.Equal(t, websocket.StatusInternalError, closed(t, st.customer))
		require.NoError(t, st.contact.Customer.WaitSockets(t.Context(), 0))
		st.contact.Agent.CutSockets()
		require.Zero(t, st.contact.Sockets())
		st.agent = listen(t, w.srv, st.contact.Agent)
		st.contact.Agent.CutSockets()
		require.Equal(t, websocket.StatusCode(-1), closed(t, st.agent))
	})
}

func TestTokensCanExpire(t *testing.T) {
	t.Parallel()
	st := newStage(t, participanttest.Start(t))
	url := socketURL(t, st.srv, st.contact.Customer)
	st.contact.Customer.ExpireTokens()
	denied(t, post(t, st.srv, "/participant/transcript", st.customerBearer, "{}"))
	_, status := tryDial(t, st.srv, url)
	require.Equal(t, http.StatusForbidden, status)
	silent(t, st.customer)
	token(t, st.srv, st.contact.Customer)
}
