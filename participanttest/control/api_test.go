// SPDX-License-Identifier: Apache-2.0

package control_test

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/coder/websocket"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/participant-go/connectparticipant/internal/fips"
	_ "github.com/participant-go/connectparticipant/internal/fipstest" // random numbers in bubbles
	"github.com/participant-go/connectparticipant/participanttest"
	"github.com/participant-go/connectparticipant/participanttest/control"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// object is a JSON object.
type object = map[string]any

// api is a client of the control API, and a chat that it started.
type api struct {
	srv  *participanttest.Server
	chat string // the path of the chat
	id   string // its ContactId
}

func newAPI(t *testing.T, optFns ...func(*participanttest.Options)) api {
	t.Helper()
	srv := participanttest.Start(t, optFns...)
	handler := control.Handler(srv)
	srv.Handle(control.Prefix, handler)
	srv.Handle(control.Page, handler)
	a := api{srv: srv}
	a.id = a.ok(t, "POST chats", object{"CustomerName": "Ada", "AgentName": "Grace"})["ContactId"].(string)
	a.chat = "chats/" + a.id
	return a
}

// call makes a request, such as "POST chats", with a body unless it is nil or a nil object.
func (a api) call(t *testing.T, methodAndPath string, body any) (status int, out object) {
	t.Helper()
	method, path, _ := strings.Cut(methodAndPath, " ")
	var text []byte
	switch body := body.(type) {
	case nil:
	case string:
		text = []byte(body)
	default:
		var err error
		text, err = json.Marshal(body)
		require.NoError(t, err)
		if string(text) == "null" {
			text = nil
		}
	}
	req, err := http.NewRequestWithContext(t.Context(), method, a.srv.URL+"/_control/v1/"+path, bytes.NewReader(text))
	require.NoError(t, err)
	req.Header.Set("X-Participant-Control", "1")
	resp, err := a.srv.Client().Do(req)
	require.NoError(t, err)
	defer func() { require.NoError(t, resp.Body.Close()) }()
	text, err = io.ReadAll(resp.Body)
	require.NoError(t, err)
	require.Equal(t, "application/json", resp.Header.Get("Content-Type"), "%s", text)
	require.NoError(t, json.Unmarshal(text, &out), "%s", text)
	return resp.StatusCode, out
}

// ok makes a request that succeeds.
func (a api) ok(t *testing.T, methodAndPath string, body any) object {
	t.Helper()
	status, out := a.call(t, methodAndPath, body)
	require.Equal(t, http.StatusOK, status, "%s: %v", methodAndPath, out)
	return out
}

// refused makes a request that fails, and returns the message.
func (a api) refused(t *testing.T, status int, methodAndPath string, body any) string {
	t.Helper()
	got, out := a.call(t, methodAndPath, body)
	require.Equal(t, status, got, "%s: %v", methodAndPath, out)
	return out["message"].(string)
}

// listen subscribes a WebSocket of the customer. The returned function is the next item
// pushed to it.
func (a api) listen(t *testing.T) (next func() object) {
	t.Helper()
	connection := a.ok(t, "POST "+a.chat+"/participants/customer/connection", nil)
	conn, _, err := fips.Dial(t.Context(), connection["Url"].(string), &websocket.DialOptions{HTTPClient: a.srv.Client()})
	require.NoError(t, err)
	t.Cleanup(func() { _ = conn.CloseNow() })
	require.NoError(t, conn.Write(t.Context(), websocket.MessageText, []byte(`{"topic":"aws/subscribe","content":{"topics":["aws/chat"]}}`)))
	a.ok(t, "POST "+a.chat+"/participants/customer/wait-sockets", object{"Count": 1})
	read := func() (frame object) {
		_, text, err := conn.Read(t.Context())
		require.NoError(t, err)
		require.NoError(t, json.Unmarshal(text, &frame), "%s", text)
		return frame
	}
	for read()["topic"] != "aws/subscribe" { // participant.joined may come first
	}
	return func() (item object) {
		require.NoError(t, json.Unmarshal([]byte(read()["content"].(string)), &item))
		return item
	}
}

func (a api) items(t *testing.T) (items []object) {
	t.Helper()
	for _, it := range a.ok(t, "GET "+a.chat+"/items", nil)["Items"].([]any) {
		items = append(items, it.(object))
	}
	return items
}

const event = "application/vnd.amazonaws.connect.event."

func TestChatsAreStartedAndFound(t *testing.T) {
	t.Parallel()
	a := newAPI(t)
	chat := a.ok(t, "GET "+a.chat, nil)
	require.Equal(t, a.id, chat["ContactId"])
	require.NotContains(t, chat, "Attributes")
	require.Equal(t, false, chat["Ended"])
	contact := a.srv.Contact(a.id)
	customer := chat["Customer"].(object)
	require.Equal(t, object{
		"ParticipantId": contact.Customer.ID, "ParticipantToken": contact.Customer.Token, "ParticipantRole": "CUSTOMER",
		"DisplayName": "Ada", "Joined": false, "Left": false, "Sockets": 0.0,
	}, customer)
	require.Equal(t, customer, a.ok(t, "GET "+a.chat+"/participants/customer", nil))
	require.Equal(t, customer, a.ok(t, "GET "+a.chat+"/participants/"+contact.Customer.ID, nil))
	require.Equal(t, chat["Agent"], a.ok(t, "GET "+a.chat+"/participants/agent", nil))
	require.Equal(t, "SYSTEM", a.ok(t, "GET "+a.chat+"/participants/system", nil)["ParticipantRole"])
	require.Len(t, a.ok(t, "GET "+a.chat+"/participants", nil)["Participants"], 3)

	second := a.ok(t, "POST chats", nil)
	require.Equal(t, "Customer", second["Customer"].(object)["DisplayName"])
	chats := a.ok(t, "GET chats", nil)["Chats"].([]any)
	require.Equal(t, []any{a.id, second["ContactId"]}, []any{chats[0].(object)["ContactId"], chats[1].(object)["ContactId"]})

	server := a.ok(t, "GET server", nil)
	require.Equal(t, a.srv.URL, server["Endpoint"])
	require.NotContains(t, server, "AuthorityPem")
	a.ok(t, "POST reset", nil)
	require.Empty(t, a.ok(t, "GET chats", nil)["Chats"])
}

func TestChatsOfStartChatContactAreFound(t *testing.T) {
	t.Parallel()
	a := newAPI(t)
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPut, a.srv.URL+"/contact/chat", strings.NewReader(
		`{"InstanceId":"instance","ContactFlowId":"flow","ParticipantDetails":{"DisplayName":"Ada"},"Attributes":{"order":"4711"}}`))
	require.NoError(t, err)
	resp, err := a.srv.Client().Do(req)
	require.NoError(t, err)
	defer func() { require.NoError(t, resp.Body.Close()) }()
	var started struct{ ContactId, ParticipantToken string }
	require.NoError(t, json.NewDecoder(resp.Body).Decode(&started))
	chat := a.ok(t, "GET chats/"+started.ContactId, nil)
	require.Equal(t, started.ParticipantToken, chat["Customer"].(object)["ParticipantToken"])
	require.Equal(t, []any{"instance", "flow", object{"order": "4711"}}, []any{chat["InstanceId"], chat["ContactFlowId"], chat["Attributes"]})
	require.Len(t, a.ok(t, "GET requests?Operation=StartChatContact", nil)["Requests"], 1)
}

func TestSnapshotReturnsTheSnapshotOfTheServer(t *testing.T) {
	t.Parallel()
	a := newAPI(t)
	snapshot, err := json.Marshal(a.ok(t, "GET snapshot", nil))
	require.NoError(t, err)
	next := participanttest.Start(t, func(o *participanttest.Options) { o.Snapshot = snapshot })
	require.NotNil(t, next.Contact(a.id))
}

func TestTheAPIIsServedOverTLS(t *testing.T) {
	t.Parallel()
	a := newAPI(t, func(o *participanttest.Options) { o.TLS = true })
	require.Contains(t, a.ok(t, "GET server", nil)["AuthorityPem"], "BEGIN CERTIFICATE")
}

func TestChatOptionsReachTheChat(t *testing.T) {
	t.Parallel()
	a := newAPI(t)
	chat := a.ok(t, "POST chats", object{
		"SystemName": "BOT", "ContentTypes": []string{"text/plain"}, "MessageProcessing": true, "Processor": object{"Content": "***"},
		"Past":        []object{{"Role": "AGENT", "Content": "yesterday"}},
		"ScanVerdict": "REJECTED",
	})
	require.NotEmpty(t, chat["PastContactId"])
	a.chat = "chats/" + chat["ContactId"].(string)
	require.Equal(t, "BOT", a.ok(t, "GET "+a.chat+"/participants/system", nil)["DisplayName"])
	a.ok(t, "POST "+a.chat+"/participants/customer/messages", object{"Content": "secret"})
	a.ok(t, "POST "+a.chat+"/participants/agent/files", object{"AttachmentName": "a.txt", "ContentType": "text/plain", "Content": "x"})
	items := a.items(t)
	require.Equal(t, "***", items[0]["Content"])
	require.Equal(t, "REJECTED", items[1]["Attachments"].([]any)[0].(object)["Status"])
}

func TestParticipantsAct(t *testing.T) {
	t.Parallel()
	a := newAPI(t)
	agent := "POST " + a.chat + "/participants/agent/"
	next := a.listen(t)
	a.ok(t, agent+"join", nil)
	require.Equal(t, event+"participant.joined", next()["ContentType"])
	a.ok(t, agent+"typing", nil)
	require.Equal(t, event+"typing", next()["ContentType"])
	a.ok(t, agent+"idle", nil)
	require.Equal(t, event+"participant.idle", next()["ContentType"])
	a.ok(t, agent+"return", nil)
	require.Equal(t, event+"participant.returned", next()["ContentType"])
	a.ok(t, agent+"rename", object{"DisplayName": "Grace H."})
	require.Equal(t, "Grace H.", next()["DisplayName"])

	id := a.ok(t, agent+"messages", object{"Content": "**hi**", "ContentType": "text/markdown"})["Id"]
	it := next()
	require.Equal(t, []any{id, "**hi**", "text/markdown", "Grace H."}, []any{it["Id"], it["Content"], it["ContentType"], it["DisplayName"]})
	a.ok(t, agent+"messages", object{"Chunks": []string{"one ", "two"}})
	require.Equal(t, []any{"one ", "two", "one two"}, []any{next()["Content"], next()["Content"], next()["Content"]})

	own := a.ok(t, "POST "+a.chat+"/participants/customer/messages", object{"Content": "seen?"})["Id"]
	require.Equal(t, "seen?", next()["Content"])
	a.ok(t, agent+"mark-delivered", object{"MessageId": own})
	require.Contains(t, firstReceipt(next()), "DeliveredTimestamp")
	a.ok(t, agent+"mark-read", object{"MessageId": own})
	require.Contains(t, firstReceipt(next()), "ReadTimestamp")

	file := a.ok(t, agent+"files", object{"AttachmentName": "a.png", "ContentType": "image/png", "ContentInBase64": []byte{0, 255}})
	require.Equal(t, file["AttachmentId"], next()["Attachments"].([]any)[0].(object)["AttachmentId"])
	view := a.ok(t, agent+"views", object{"Id": "view-1", "Template": "{}"})
	require.Contains(t, next()["Content"], view["ViewToken"])
	require.NotEmpty(t, a.ok(t, "POST "+a.chat+"/views", object{"Name": "Address"})["ViewToken"])
	a.ok(t, agent+"auto-disconnect", nil)
	require.Equal(t, event+"participant.autodisconnection", next()["ContentType"])
	require.Equal(t, event+"participant.left", next()["ContentType"])
	require.Equal(t, event+"chat.ended", next()["ContentType"])
}

func firstReceipt(item object) object {
	return item["MessageMetadata"].(object)["Receipts"].([]any)[0].(object)
}

func TestChatsChange(t *testing.T) {
	t.Parallel()
	a := newAPI(t)
	chat := "POST " + a.chat
	next := a.listen(t)
	a.ok(t, chat+"/invite", object{"DisplayName": "Edsger"})
	require.Equal(t, event+"participant.invited", next()["ContentType"])
	a.ok(t, chat+"/fail-transfer", nil)
	require.Equal(t, event+"transfer.failed", next()["ContentType"])
	successor := a.ok(t, chat+"/transfer", object{"DisplayName": "Barbara"})
	require.Equal(t, event+"transfer.succeeded", next()["ContentType"])
	require.Equal(t, event+"participant.left", next()["ContentType"])
	require.Equal(t, event+"participant.left", next()["ContentType"])
	a.ok(t, chat+"/participants/"+successor["ParticipantId"].(string)+"/messages", object{"Content": "hello"})
	hello := next()
	require.Equal(t, "Barbara", hello["DisplayName"])
	current := a.ok(t, "GET "+a.chat, nil)["CurrentContactId"].(string)
	require.Equal(t, hello["ContactId"], current)
	require.Equal(t, a.id, a.ok(t, "GET chats/"+current, nil)["ContactId"])

	bot := a.ok(t, chat+"/participants", object{"ParticipantRole": "CUSTOM_BOT", "DisplayName": "Bot"})["ParticipantId"].(string)
	a.ok(t, chat+"/participants/"+bot+"/leave", nil)
	require.Equal(t, bot, next()["ParticipantId"])

	a.ok(t, chat+"/push", object{"Type": "NEW", "Content": "raw"})
	require.Equal(t, "raw", next()["Content"])
	a.ok(t, chat+"/push-frame", object{"Text": `{"topic":"aws/chat","content":"{\"Id\":\"by hand\"}"}`})
	require.Equal(t, "by hand", next()["Id"])
	a.ok(t, chat+"/publish", object{"Item": object{"Type": "MESSAGE"}, "Visibility": "AGENT"}) // nothing is streamed

	for outcome, end := range map[string]string{"succeeded": "succeeded", "timeout": "timeout"} {
		session := a.ok(t, chat+"/authentications", nil)["SessionId"]
		require.Equal(t, event+"authentication.initiated", next()["ContentType"])
		a.ok(t, chat+"/authentications/complete", object{"SessionId": session, "Outcome": outcome})
		require.Equal(t, event+"authentication."+end, next()["ContentType"])
	}
	a.ok(t, chat+"/end", nil)
	require.Equal(t, event+"chat.ended", next()["ContentType"])
	require.Equal(t, true, a.ok(t, "GET "+a.chat, nil)["Ended"])
}

func TestStreamedMessages(t *testing.T) {
	t.Parallel()
	a := newAPI(t)
	next := a.listen(t)
	id := a.ok(t, "POST "+a.chat+"/participants/system/streams", nil)["StreamId"].(string)
	chunk := func(in object) { a.ok(t, "POST streams/"+id+"/chunks", in) }
	chunk(object{"Text": "a"})
	chunk(object{"Text": "b", "Skip": true})
	chunk(object{"Text": "d", "Number": 4})
	chunk(object{"Text": "c", "Number": 3})
	for _, want := range []string{"a", "d", "c"} {
		require.Equal(t, want, next()["Content"])
	}
	require.Equal(t, id, a.ok(t, "POST streams/"+id+"/complete", nil)["Id"])
	require.Equal(t, "abcd", next()["Content"])
	require.Contains(t, a.refused(t, http.StatusNotFound, "POST streams/"+id+"/complete", nil), "no such unfinished stream")
}

func TestSocketsAndTokens(t *testing.T) {
	t.Parallel()
	a := newAPI(t)
	customer := a.chat + "/participants/customer/"
	for _, body := range []object{nil, {"Code": 1001, "Reason": "Going away"}} {
		a.listen(t)
		a.ok(t, "POST "+a.chat+"/wait-sockets", object{"Count": 1})
		a.ok(t, "POST "+customer+"close-sockets", body)
		a.ok(t, "POST "+customer+"wait-sockets", object{"Count": 0})
	}
	token := a.ok(t, "POST "+customer+"connection", nil)["ConnectionToken"].(string)
	require.Equal(t, http.StatusOK, a.send(t, token))
	a.ok(t, "POST "+customer+"expire-tokens", nil)
	require.Equal(t, http.StatusForbidden, a.send(t, token))
}

// send is a message of a client under test.
func (a api) send(t *testing.T, token string) (status int) {
	t.Helper()
	return a.post(t, "message", token, `{"ContentType":"text/plain","Content":"hello"}`)
}

// post is a request of a client under test.
func (a api) post(t *testing.T, path, token, body string) (status int) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, a.srv.URL+"/participant/"+path, strings.NewReader(body))
	require.NoError(t, err)
	req.Header.Set("X-Amz-Bearer", token)
	resp, err := a.srv.Client().Do(req)
	require.NoError(t, err)
	require.NoError(t, resp.Body.Close())
	return resp.StatusCode
}

func TestFaultsAreInjectedListedAndRemoved(t *testing.T) {
	t.Parallel()
	a := newAPI(t)
	token := a.ok(t, "POST "+a.chat+"/participants/customer/connection", nil)["ConnectionToken"].(string)
	in := object{
		"On": "SendMessage", "ContactId": a.id, "ParticipantId": "customer", "Times": 1.0, "Skip": 1.0, "Chance": 1.0,
		"Effect": object{"Name": "Fail", "Status": 429.0, "Code": "ThrottlingException"},
	}
	fault := a.ok(t, "POST faults", in)
	require.EqualValues(t, 1, fault["FaultId"])
	in["FaultId"], in["Applied"], in["ParticipantId"] = 1.0, 0.0, a.srv.Contact(a.id).Customer.ID
	require.Equal(t, in, fault)
	require.Equal(t, http.StatusOK, a.send(t, token))
	require.Equal(t, http.StatusTooManyRequests, a.send(t, token))
	a.ok(t, "POST faults/1/wait", object{"Count": 1})
	in["Applied"] = 1.0
	require.Equal(t, in, a.ok(t, "GET faults/1", nil))

	a.ok(t, "POST faults", object{"Effect": object{"Name": "RespondHTML", "Status": 503}})
	require.Equal(t, http.StatusServiceUnavailable, a.send(t, token))
	require.Len(t, a.ok(t, "GET faults", nil)["Faults"], 2)
	a.ok(t, "DELETE faults/2", nil)
	require.Equal(t, []any{in}, a.ok(t, "GET faults", nil)["Faults"])
	a.ok(t, "DELETE faults", nil)
	require.Empty(t, a.ok(t, "GET faults", nil)["Faults"])
	require.Equal(t, http.StatusOK, a.send(t, token))
}

func TestRequestsAreListedAndCounted(t *testing.T) {
	t.Parallel()
	a := newAPI(t)
	token := a.ok(t, "POST "+a.chat+"/participants/customer/connection", nil)["ConnectionToken"].(string)
	a.send(t, token)
	a.send(t, "unknown")
	a.ok(t, "POST requests/wait", object{"Operation": "SendMessage", "Count": 2})
	a.ok(t, "POST "+a.chat+"/participants/customer/requests/wait", object{"Operation": "SendMessage", "Count": 1})
	require.EqualValues(t, 2, a.ok(t, "GET requests/count?Operation=SendMessage", nil)["Count"])
	require.EqualValues(t, 1, a.ok(t, "GET "+a.chat+"/participants/customer/requests/count?Operation=SendMessage", nil)["Count"])
	require.EqualValues(t, 0, a.ok(t, "GET "+a.chat+"/participants/agent/requests/count?Operation=SendMessage", nil)["Count"])

	all := a.ok(t, "GET requests", nil)["Requests"].([]any)
	require.Len(t, all, 2)
	require.Equal(t, "AccessDeniedException", all[1].(object)["ErrorCode"])
	require.NotContains(t, all[1], "ContactId")
	own := a.ok(t, "GET requests?Operation=SendMessage&ContactId="+a.id+"&ParticipantId="+a.srv.Contact(a.id).Customer.ID, nil)["Requests"]
	require.Equal(t, all[:1], own)
	require.Empty(t, a.ok(t, "GET requests?Operation=SendEvent", nil)["Requests"])
}

func TestRequestsAreSelectedByEveryIDOfTheirChat(t *testing.T) {
	t.Parallel()
	a := newAPI(t)
	contact := a.srv.Contact(a.id)
	a.send(t, contact.Customer.NewConnection().ConnectionToken)
	a.ok(t, "POST "+a.chat+"/transfer", object{"DisplayName": "Bea"})
	all := a.ok(t, "GET requests", nil)["Requests"]
	require.Len(t, all, 1)
	for _, query := range []string{
		"ContactId=" + a.id, "ContactId=" + contact.CurrentID(), "ContactId=" + a.id + "&ParticipantId=customer",
		"ParticipantId=" + contact.Customer.ID, "Operation=SendMessage&ContactId=" + contact.CurrentID() + "&ParticipantId=" + contact.Customer.ID,
	} {
		require.Equal(t, all, a.ok(t, "GET requests?"+query, nil)["Requests"], query)
	}
	require.Empty(t, a.ok(t, "GET requests?ParticipantId=agent&ContactId="+a.id, nil)["Requests"])
	require.Empty(t, a.ok(t, "GET requests?Operation=aws/ping", nil)["Requests"])

	a.ok(t, "POST "+a.chat+"/end", nil)
	a.ok(t, "POST clock/advance", object{"Seconds": 86400})
	require.Nil(t, a.srv.Contact(a.id))
	require.Equal(t, all, a.ok(t, "GET requests?ContactId="+a.id, nil)["Requests"], "of a forgotten chat")
}

func TestOperationsThatTheFakeDoesNotImplementAreKnownOnceCalled(t *testing.T) {
	t.Parallel()
	a := newAPI(t)
	call := "GET requests/count?Operation=ListTagsForResource"
	a.refused(t, http.StatusBadRequest, call, nil)
	resp, err := a.srv.Client().Get(a.srv.URL + "/tags/x")
	require.NoError(t, err)
	require.NoError(t, resp.Body.Close())
	require.EqualValues(t, 1, a.ok(t, call, nil)["Count"])
}

func TestWaitingTimesOut(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		a := newAPI(t, participanttest.InMemory())
		for path, body := range map[string]object{
			"faults/1/wait":          {"Count": 1},
			"requests/wait":          {"Operation": "SendMessage", "Count": 1},
			a.chat + "/wait-sockets": {"Count": 1},
			a.chat + "/participants/customer/requests/wait": {"Operation": "SendMessage", "Count": 1},
			a.chat + "/participants/customer/wait-sockets":  {"Count": 1},
		} {
			a.srv.Inject(participanttest.Fault{Effect: participanttest.DropBefore()})
			for limit, timeout := range map[time.Duration]float64{10 * time.Second: 0, 1500 * time.Millisecond: 1.5} {
				begin := time.Now()
				body["TimeoutInSeconds"] = timeout
				message := a.refused(t, http.StatusGatewayTimeout, "POST "+path, body)
				require.Regexp(t, `^timeout after (10|1\.5)s: wait for [^:]+$`, message)
				require.Equal(t, limit, time.Since(begin))
			}
		}
	})
}

func TestCloseEndsWaiting(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		a := newAPI(t, participanttest.InMemory())
		begin := time.Now()
		ended := make(chan int, 1) // one status, 0 without a response
		go func() {
			req, _ := http.NewRequestWithContext(t.Context(), http.MethodPost, a.srv.URL+"/_control/v1/requests/wait",
				strings.NewReader(`{"Operation":"SendMessage","Count":1,"TimeoutInSeconds":300}`))
			req.Header.Set("X-Participant-Control", "1")
			resp, err := a.srv.Client().Do(req)
			if err != nil {
				ended <- 0
				return
			}
			_ = resp.Body.Close()
			ended <- resp.StatusCode
		}()
		synctest.Wait()
		a.srv.Close()
		require.Contains(t, []int{0, http.StatusServiceUnavailable}, <-ended, "whichever comes first")
		require.Zero(t, time.Since(begin))
	})
}

func TestTheClockMoves(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		a := newAPI(t, participanttest.InMemory())
		before := a.srv.Now()
		require.Equal(t, before.Format(time.RFC3339), a.ok(t, "GET clock", nil)["Now"])
		after := before.Add(1500 * time.Millisecond)
		require.Equal(t, after.Format(time.RFC3339Nano), a.ok(t, "POST clock/advance", object{"Seconds": 1.5})["Now"])
		require.Equal(t, after, a.srv.Now())
	})
}

func TestSNSIsServed(t *testing.T) {
	t.Parallel()
	a := newAPI(t)
	confirmation := a.ok(t, "POST sns/subscription-confirmation", nil)
	require.Equal(t, "SubscriptionConfirmation", confirmation["Type"])
	escape := func(member string) string {
		return "GET sns?Url=" + strings.NewReplacer("&", "%26", "?", "%3F", "=", "%3D", "/", "%2F", "%", "%25").Replace(confirmation[member].(string))
	}
	certificate := a.ok(t, escape("SigningCertURL"), nil)
	require.Contains(t, certificate["Body"], "BEGIN CERTIFICATE")
	require.EqualValues(t, 200, a.ok(t, escape("SubscribeURL"), nil)["Status"])
	require.Equal(t, 1, a.srv.Count("ConfirmSubscription"))
	require.EqualValues(t, 404, a.ok(t, "GET sns?Url=http%3A%2F%2F192.0.2.1%2F", nil)["Status"], "another host is never called")
}
