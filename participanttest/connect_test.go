// SPDX-License-Identifier: Apache-2.0

package participanttest_test

import (
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/participant-go/connectparticipant/participanttest"
	"github.com/participant-go/connectparticipant/types"
)

func TestEveryOperationOfAmazonConnectIsRecognised(t *testing.T) {
	t.Parallel()
	srv := participanttest.Start(t)
	list, err := os.ReadFile("connect_operations.txt")
	require.NoError(t, err)
	implemented := map[int]bool{http.StatusBadRequest: true, http.StatusNotFound: true}
	known := 0
	for line := range strings.Lines(string(list)) {
		fields := strings.Fields(line)
		require.Len(t, fields, 3)
		a := connectAPI(t, srv, fields[0], strings.NewReplacer("{", "", "}", "").Replace(fields[1]), "")
		require.Equal(t, 1, srv.Count(fields[2]), "%s", line)
		if implemented[a.status] {
			known++
			continue
		}
		connectRefused(t, a, http.StatusNotImplemented, "NotImplementedException", fields[2]+" of Amazon Connect")
	}
	require.Equal(t, 9, known)
	require.Zero(t, srv.Count(""))
	require.Equal(t, http.StatusNotFound, connectAPI(t, srv, http.MethodDelete, "/contact/chat", "").status)
	require.Equal(t, http.StatusNotFound, connectAPI(t, srv, http.MethodGet, "/contacts//x", "").status, "an empty label")
	require.Equal(t, 2, srv.Count(""))
}

func TestStopContact(t *testing.T) {
	t.Parallel()
	srv := participanttest.Start(t)
	contact, _ := startChat(t, srv, nil)
	bearer := token(t, srv, contact.Customer)
	require.Equal(t, object{}, connectOK(t, srv, http.MethodPost, "/contact/stop", about(t, contact)))
	require.True(t, contact.Ended())
	denied(t, post(t, srv, "/participant/message", bearer, hello))
	connectOK(t, srv, http.MethodPost, "/contact/stop", about(t, contact))
	connectRefused(t, connectAPI(t, srv, http.MethodPost, "/contact/stop", body(t, "InstanceId", instance, "ContactId", "unknown")),
		http.StatusGone, "ContactNotFoundException", "does not exist")
	connectRefused(t, connectAPI(t, srv, http.MethodPost, "/contact/stop", body(t, "InstanceId", "other", "ContactId", contact.ID)),
		http.StatusGone, "ContactNotFoundException", "does not exist")
	connectRefused(t, connectAPI(t, srv, http.MethodPost, "/contact/stop", body(t, "ContactId", contact.ID)),
		http.StatusBadRequest, "InvalidRequestException", "'InstanceId'")

	made := srv.NewChat()
	connectOK(t, srv, http.MethodPost, "/contact/stop", body(t, "InstanceId", "any", "ContactId", made.ID))
	require.True(t, made.Ended())
}

func TestStopContactPushesTheEnd(t *testing.T) {
	t.Parallel()
	srv := participanttest.Start(t, func(o *participanttest.Options) { o.EchoFirst = true })
	contact, _ := startChat(t, srv, nil)
	conn := listen(t, srv, contact.Customer)
	connectOK(t, srv, http.MethodPost, "/contact/stop", about(t, contact))
	require.Equal(t, event+"chat.ended", pushed(t, conn)["ContentType"])
}

func TestDescribeContact(t *testing.T) {
	t.Parallel()
	srv := participanttest.Start(t)
	contact, _ := startChat(t, srv, object{
		"Attributes": object{"order": "4711"}, "CustomerId": "customer-1", "SegmentAttributes": object{"tier": object{"ValueString": "gold"}},
	})
	path := "/contacts/" + instance + "/" + contact.ID
	out := connectOK(t, srv, http.MethodGet, path, "")["Contact"].(object)
	started := out["InitiationTimestamp"].(float64)
	require.WithinDuration(t, time.Now(), time.UnixMilli(int64(started*1000)), time.Minute)
	require.Equal(t, object{
		"Arn": "arn:aws:connect:us-west-2:111122223333:instance/" + instance + "/contact/" + contact.ID, "Id": contact.ID,
		"InitialContactId": contact.ID, "InitiationMethod": "API", "Channel": "CHAT", "CustomerId": "customer-1",
		"InitiationTimestamp": started, "ConnectedToSystemTimestamp": started, "LastUpdateTimestamp": started,
		"Attributes": object{"order": "4711"}, "SegmentAttributes": object{"tier": object{"ValueString": "gold"}},
	}, out)

	contact.Agent.Join()
	contact.Agent.Leave()
	out = connectOK(t, srv, http.MethodGet, path, "")["Contact"].(object)
	require.GreaterOrEqual(t, out["AgentInfo"].(object)["ConnectedToAgentTimestamp"], started)
	require.GreaterOrEqual(t, out["DisconnectTimestamp"], started)
	require.Equal(t, "AGENT_DISCONNECT", out["DisconnectReason"])
	connectRefused(t, connectAPI(t, srv, http.MethodGet, "/contacts/"+instance+"/unknown", ""), http.StatusNotFound, "ResourceNotFoundException", "not found")
}

func TestReasonsForAnEnd(t *testing.T) {
	t.Parallel()
	srv := participanttest.Start(t)
	for reason, end := range map[string]func(*participanttest.Contact){
		"CUSTOMER_DISCONNECT":     func(c *participanttest.Contact) { c.Customer.Leave() },
		"AGENT_DISCONNECT":        func(c *participanttest.Contact) { c.Agent.Leave() },
		"CONTACT_FLOW_DISCONNECT": func(c *participanttest.Contact) { c.End() },
		"API": func(c *participanttest.Contact) {
			connectOK(t, srv, http.MethodPost, "/contact/stop", body(t, "InstanceId", instance, "ContactId", c.ID))
			c.End()
		},
	} {
		contact, _ := startChat(t, srv, nil)
		end(contact)
		out := connectOK(t, srv, http.MethodGet, "/contacts/"+instance+"/"+contact.ID, "")
		require.Equal(t, reason, out["Contact"].(object)["DisconnectReason"])
	}
}

func TestContactAttributes(t *testing.T) {
	t.Parallel()
	srv := participanttest.Start(t)
	contact, _ := startChat(t, srv, object{"Attributes": object{"a": "1", "b": "2"}})
	update := func(attributes object) response {
		return connectAPI(t, srv, http.MethodPost, "/contact/attributes",
			body(t, "InstanceId", instance, "InitialContactId", contact.ID, "Attributes", attributes))
	}
	require.Equal(t, http.StatusOK, update(object{"a": "", "b": "3", "c": "4"}).status)
	path := "/contact/attributes/" + instance + "/" + contact.ID
	require.Equal(t, object{"Attributes": object{"b": "3", "c": "4"}}, connectOK(t, srv, http.MethodGet, path, ""))
	contact.End()
	require.Equal(t, http.StatusOK, update(object{"c": "5"}).status)
	require.Equal(t, map[string]string{"b": "3", "c": "5"}, contact.Attributes())
	connectRefused(t, update(object{"d": strings.Repeat("x", 32765)}), http.StatusBadRequest, "InvalidParameterException", "32768 bytes")
	connectRefused(t, update(nil), http.StatusBadRequest, "InvalidRequestException", "'Attributes'")
	connectRefused(t, connectAPI(t, srv, http.MethodGet, "/contact/attributes/"+instance+"/unknown", ""), http.StatusNotFound, "ResourceNotFoundException", "not found")
}

func TestCreateParticipant(t *testing.T) {
	t.Parallel()
	srv := participanttest.Start(t)
	contact, _ := startChat(t, srv, nil)
	details := object{"ParticipantRole": "CUSTOM_BOT", "DisplayName": "Robot"}
	create := func(more ...any) response {
		return connectAPI(t, srv, http.MethodPost, "/contact/create-participant", about(t, contact, more...))
	}
	a := create("ParticipantDetails", details, "ClientToken", "one")
	require.Equal(t, http.StatusOK, a.status, "%s", a.body)
	out := a.object(t)
	require.Equal(t, out, create("ParticipantDetails", details, "ClientToken", "one").object(t))
	bot := contact.Participants()[3]
	credentials := out["ParticipantCredentials"].(object)
	require.Equal(t, object{"Expiry": credentials["Expiry"], "ParticipantToken": bot.Token}, credentials)
	require.WithinDuration(t, time.Now().Add(15*time.Second), parse(t, credentials["Expiry"]), 10*time.Second)
	require.Equal(t, bot.ID, out["ParticipantId"])
	require.Equal(t, types.ParticipantRoleCustomBot, bot.Role)
	require.Equal(t, "Robot", bot.DisplayName)
	connectRefused(t, create("ParticipantDetails", details), http.StatusPaymentRequired, "ServiceQuotaExceededException", "custom participant")

	bearer := token(t, srv, bot)
	ok(t, srv, "/participant/message", bearer, hello)
	contact.Agent.Join()
	denied(t, post(t, srv, "/participant/message", bearer, hello))
	require.True(t, bot.State().Left, "a bot leaves when an agent joins")
	connectRefused(t, create("ParticipantDetails", details), http.StatusConflict, "ConflictException", "agent")

	for message, wrong := range map[string]any{
		"'ParticipantDetails'":                 nil,
		"'ParticipantDetails.ParticipantRole'": object{"ParticipantRole": "AGENT", "DisplayName": "Robot"},
		"'ParticipantDetails.DisplayName'":     object{"ParticipantRole": "CUSTOM_BOT"},
	} {
		connectRefused(t, create("ParticipantDetails", wrong), http.StatusBadRequest, "InvalidRequestException", message)
	}
	contact.End()
	connectRefused(t, create("ParticipantDetails", details), http.StatusConflict, "ConflictException", "ended")
	connectRefused(t, connectAPI(t, srv, http.MethodPost, "/contact/create-participant",
		body(t, "InstanceId", instance, "ContactId", "unknown", "ParticipantDetails", details)), http.StatusNotFound, "ResourceNotFoundException", "not found")
}

func TestABotOfNewChatStaysWithAnAgent(t *testing.T) {
	t.Parallel()
	contact := participanttest.Start(t).NewChat()
	bot := contact.AddParticipant(types.ParticipantRoleCustomBot, "Robot")
	contact.Agent.Join()
	require.False(t, bot.State().Left)
}

// stateOf starts an authentication and returns the state of its URL.
func stateOf(t *testing.T, srv *participanttest.Server, contact *participanttest.Contact, bearer string) string {
	t.Helper()
	session := contact.StartAuthentication(contact.Customer)
	out := ok(t, srv, "/participant/authentication-url", bearer, body(t, "SessionId", session, "RedirectUri", "https://example.com/done"))
	_, query, _ := strings.Cut(out["AuthenticationUrl"].(string), "state=")
	state, _, _ := strings.Cut(query, "&")
	require.NotEmpty(t, state)
	return state
}

func TestUpdateParticipantAuthentication(t *testing.T) {
	t.Parallel()
	srv := participanttest.Start(t, func(o *participanttest.Options) { o.TokensOutliveTheEnd = true })
	contact, _ := startChat(t, srv, nil)
	conn := listen(t, srv, contact.Customer)
	bearer := token(t, srv, contact.Customer)
	update := func(pairs ...any) response {
		return connectAPI(t, srv, http.MethodPost, "/contact/update-participant-authentication", body(t, append([]any{"InstanceId", instance}, pairs...)...))
	}
	for outcome, result := range map[string][]any{
		"succeeded": {"Code", "code"},
		"failed":    {"Error", "access_denied", "ErrorDescription", "no"},
	} {
		state := stateOf(t, srv, contact, bearer)
		require.Equal(t, event+"authentication.initiated", pushed(t, conn)["ContentType"])
		a := update(append(result, "State", state)...)
		require.Equal(t, http.StatusOK, a.status, "%s", a.body)
		require.Equal(t, event+"authentication."+outcome, pushed(t, conn)["ContentType"])
		connectRefused(t, update("State", state, "Code", "code"), http.StatusBadRequest, "InvalidParameterException", "State")
	}
	state := stateOf(t, srv, contact, bearer)
	connectRefused(t, update("State", state), http.StatusBadRequest, "InvalidParameterException", "Code or Error")
	connectRefused(t, update("State", state, "Code", "c", "Error", "e"), http.StatusBadRequest, "InvalidParameterException", "Code or Error")
	connectRefused(t, update("State", state, "Error", `"`), http.StatusBadRequest, "InvalidRequestException", "'Error'")
	connectRefused(t, update("Code", "c"), http.StatusBadRequest, "InvalidRequestException", "'State'")
	connectRefused(t, update("InstanceId", "other", "State", state, "Code", "c"), http.StatusBadRequest, "InvalidParameterException", "State")
	contact.End()
	connectRefused(t, update("State", state, "Code", "c"), http.StatusConflict, "ConflictException", "ended")
}

func TestFaultsOfAmazonConnect(t *testing.T) {
	t.Parallel()
	srv := participanttest.Start(t, func(o *participanttest.Options) { o.ErrorForm = participanttest.ErrorTypeWithURL })
	one, _ := startChat(t, srv, nil)
	other, _ := startChat(t, srv, nil)
	fault := srv.Inject(participanttest.Fault{Contact: one, Effect: participanttest.Fail(http.StatusInternalServerError, "InternalServiceException")})
	require.Equal(t, http.StatusInternalServerError, connectAPI(t, srv, http.MethodPost, "/contact/stop", about(t, one)).status)
	require.Equal(t, http.StatusInternalServerError, connectAPI(t, srv, http.MethodGet, "/contacts/"+instance+"/"+one.ID, "").status)
	connectOK(t, srv, http.MethodPost, "/contact/stop", about(t, other))
	require.False(t, one.Ended())
	require.Equal(t, 2, fault.Applied())
	requests := srv.Requests()
	require.Equal(t, one.ID, requests[2].ContactID)
	require.Equal(t, "InternalServiceException", requests[2].ErrorCode)

	a := connectAPI(t, srv, http.MethodPut, "/contact/chat", "{}")
	require.Contains(t, a.object(t)["Message"], "InstanceId", "the name of the member is that of Amazon Connect")
	require.True(t, strings.HasPrefix(a.header.Get("X-Amzn-Errortype"), "InvalidRequestException:"))
}
