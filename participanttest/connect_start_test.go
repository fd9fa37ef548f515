// SPDX-License-Identifier: Apache-2.0

package participanttest_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/participant-go/connectparticipant/participanttest"
)

func TestStartChatContactStartsAChat(t *testing.T) {
	t.Parallel()
	srv := participanttest.Start(t)
	contact, out := startChat(t, srv, object{"Attributes": object{"order": "4711"}})
	require.Equal(t, object{
		"ContactId": contact.ID, "ParticipantId": contact.Customer.ID, "ParticipantToken": contact.Customer.Token,
	}, out)
	require.Equal(t, []string{instance, flow}, []string{contact.InstanceID, contact.FlowID})
	require.Equal(t, "Ana", contact.Customer.DisplayName)
	require.Equal(t, map[string]string{"order": "4711"}, contact.Attributes())
	require.Empty(t, contact.Transcript())

	token(t, srv, contact.Customer)
	contact.Agent.Say("How can I help?")
	require.Len(t, contact.Transcript(), 2)
	requests := srv.Requests()
	require.Equal(t, 1, srv.Count("StartChatContact"))
	require.Equal(t, participanttest.Request{Time: requests[0].Time, Operation: "StartChatContact", ContactID: contact.ID, Status: http.StatusOK}, requests[0])
}

func TestStartChatContactUsesTheContentTypesOfTheRequest(t *testing.T) {
	t.Parallel()
	srv := participanttest.Start(t)
	markdown := `{"ContentType":"text/markdown","Content":"**hello**"}`
	plain, _ := startChat(t, srv, nil)
	refused(t, post(t, srv, "/participant/message", token(t, srv, plain.Customer), markdown), http.StatusBadRequest, "ValidationException", "ContentType")
	rich, _ := startChat(t, srv, object{"SupportedMessagingContentTypes": []string{
		"text/plain", "text/markdown", "application/vnd.amazonaws.connect.message.interactive",
	}})
	bearer := token(t, srv, rich.Customer)
	ok(t, srv, "/participant/message", bearer, markdown)
	interactive := `{"ContentType":"application/vnd.amazonaws.connect.message.interactive","Content":"{}"}`
	refused(t, post(t, srv, "/participant/message", bearer, interactive), http.StatusBadRequest, "ValidationException", "ContentType")
}

func TestInitialMessageIsFromTheCustomer(t *testing.T) {
	t.Parallel()
	srv := participanttest.Start(t)
	contact, _ := startChat(t, srv, object{"InitialMessage": object{"ContentType": "text/plain", "Content": "Where is my order?"}})
	kept := contact.Transcript()
	require.Len(t, kept, 1)
	require.Equal(t, "Where is my order?", kept[0].Content)
	require.Equal(t, contact.Customer.ID, kept[0].ParticipantId)
}

func TestStartChatContactReturnsAConnection(t *testing.T) {
	t.Parallel()
	srv := participanttest.Start(t)
	contact, out := startChat(t, srv, object{"ConnectionTypes": []string{"WEBSOCKET", "CONNECTION_CREDENTIALS"}})
	credentials, socket := out["ConnectionCredentials"].(object), out["Websocket"].(object)
	require.WithinDuration(t, time.Now().Add(24*time.Hour), parse(t, credentials["Expiry"]), time.Minute)
	require.NotEmpty(t, socket["ConnectionExpiry"])
	bearer := credentials["ConnectionToken"].(string)
	ok(t, srv, "/participant/message", bearer, hello)
	dial(t, srv, socket["Url"].(string))
	require.Equal(t, []string{contact.Customer.ID}, whoJoined(contact))
	require.Zero(t, srv.Count("CreateParticipantConnection"))

	_, out = startChat(t, srv, object{"ConnectionTypes": []string{"CONNECTION_CREDENTIALS"}})
	require.NotContains(t, out, "Websocket")
	require.Contains(t, out, "ConnectionCredentials")
}

func TestStartChatContactIsIdempotent(t *testing.T) {
	t.Parallel()
	srv := participanttest.Start(t)
	_, first := startChat(t, srv, object{"ClientToken": "one"})
	_, again := startChat(t, srv, object{"ClientToken": "one"})
	require.Equal(t, first, again)
	require.Len(t, srv.Contacts(), 1)
	_, other := startChat(t, srv, object{"ClientToken": "two"})
	require.NotEqual(t, first["ContactId"], other["ContactId"])
	startChat(t, srv, object{"ClientToken": "one", "CustomerId": "another request"})
	require.Len(t, srv.Contacts(), 3)
	srv.Advance(10 * time.Minute)
	startChat(t, srv, object{"ClientToken": "one"})
	require.Len(t, srv.Contacts(), 4)
}

func TestAPersistentChatContinues(t *testing.T) {
	t.Parallel()
	srv := participanttest.Start(t)
	first, _ := startChat(t, srv, nil)
	file := first.Agent.ShareFile("order.txt", "text/plain", []byte("4711"))
	first.Customer.Say("one")
	first.End()
	second, out := startChat(t, srv, object{"PersistentChat": object{"RehydrationType": "ENTIRE_PAST_SESSION", "SourceContactId": first.ID}})
	require.Equal(t, first.ID, out["ContinuedFromContactId"])
	require.Equal(t, first.ID, second.PastID)
	second.Customer.Say("two")
	second.End()
	third, out := startChat(t, srv, object{"RelatedContactId": second.ID})
	require.Equal(t, second.ID, out["ContinuedFromContactId"])
	third.Customer.Say("three")

	bearer := token(t, srv, third.Customer)
	page := ok(t, srv, "/participant/transcript", bearer, `{"MaxResults":100}`)
	current := items(page)
	require.Equal(t, []any{nil, "three"}, column(current, "Content"), "joined, then what was said")
	past := items(ok(t, srv, "/participant/transcript", bearer, `{"MaxResults":100,"NextToken":"`+page["NextToken"].(string)+`"}`))
	require.Equal(t, []any{"two", "one", nil}, column(past, "Content"))
	require.Equal(t, []any{second.ID, first.ID, first.ID}, column(past, "RelatedContactId"))
	require.Equal(t, []any{nil, nil, nil}, column(past, "ContactId"))
	require.Len(t, third.Transcript(), 2)
	ok(t, srv, "/participant/attachment", bearer, `{"AttachmentId":"`+file+`"}`)
}

func TestATransferredChatContinues(t *testing.T) {
	t.Parallel()
	srv := participanttest.Start(t)
	past, _ := startChat(t, srv, nil)
	past.Customer.Say("one")
	past.Transfer("Bob")
	past.Customer.Say("two")
	past.End()
	for name, test := range map[string]struct {
		more     object
		last     string
		contents []any
	}{
		"entirely":         {object{"PersistentChat": object{"RehydrationType": "ENTIRE_PAST_SESSION", "SourceContactId": past.ID}}, past.CurrentID(), []any{"two", "one"}},
		"from a segment":   {object{"PersistentChat": object{"RehydrationType": "FROM_SEGMENT", "SourceContactId": past.ID}}, past.ID, []any{"one"}},
		"from the last":    {object{"PersistentChat": object{"RehydrationType": "FROM_SEGMENT", "SourceContactId": past.CurrentID()}}, past.CurrentID(), []any{"two", "one"}},
		"as a related one": {object{"RelatedContactId": past.ID}, past.CurrentID(), []any{"two", "one"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			contact, out := startChat(t, srv, test.more)
			require.Equal(t, test.last, out["ContinuedFromContactId"])
			require.Equal(t, test.last, contact.PastID)
			bearer := token(t, srv, contact.Customer)
			page := ok(t, srv, "/participant/transcript", bearer, `{}`)
			earlier := items(ok(t, srv, "/participant/transcript", bearer, `{"NextToken":"`+page["NextToken"].(string)+`"}`))
			require.Equal(t, test.contents, column(earlier, "Content"))
		})
	}
	connectRefused(t, connectAPI(t, srv, http.MethodPut, "/contact/chat", startBody(t, object{
		"PersistentChat": object{"RehydrationType": "ENTIRE_PAST_SESSION", "SourceContactId": past.CurrentID()},
	})), http.StatusBadRequest, "InvalidParameterException", "initial contact")
}

func TestChatsThatCannotBeContinued(t *testing.T) {
	t.Parallel()
	srv := participanttest.Start(t)
	active, _ := startChat(t, srv, nil)
	persistent := func(kind, source any) object {
		return object{"PersistentChat": object{"RehydrationType": kind, "SourceContactId": source}}
	}
	both := persistent("FROM_SEGMENT", active.ID)
	both["RelatedContactId"] = active.ID
	for name, test := range map[string]struct {
		more    object
		status  int
		code    string
		message string
	}{
		"an active chat":     {persistent("FROM_SEGMENT", active.ID), 400, "InvalidParameterException", "has not ended"},
		"an unknown chat":    {object{"RelatedContactId": "unknown"}, 404, "ResourceNotFoundException", "not found"},
		"both":               {both, 400, "InvalidParameterException", "exclude each other"},
		"no source":          {object{"PersistentChat": object{"RehydrationType": "FROM_SEGMENT"}}, 400, "InvalidParameterException", "needs both"},
		"no type":            {object{"PersistentChat": object{"SourceContactId": active.ID}}, 400, "InvalidParameterException", "needs both"},
		"an unknown type":    {persistent("SOME", active.ID), 400, "InvalidRequestException", "PersistentChat.RehydrationType"},
		"another instance's": {object{"InstanceId": "other", "RelatedContactId": active.ID}, 404, "ResourceNotFoundException", "not found"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			connectRefused(t, connectAPI(t, srv, http.MethodPut, "/contact/chat", startBody(t, test.more)), test.status, test.code, test.message)
		})
	}
}

func TestStartChatContactChecksItsMembers(t *testing.T) {
	t.Parallel()
	srv := participanttest.Start(t)
	const request, parameter = "InvalidRequestException", "InvalidParameterException"
	for name, test := range map[string]struct {
		more          object
		code, message string
	}{
		"no instance":                 {object{"InstanceId": nil}, request, "'InstanceId'"},
		"a long instance":             {object{"InstanceId": strings.Repeat("x", 101)}, request, "'InstanceId'"},
		"no flow":                     {object{"ContactFlowId": nil}, request, "'ContactFlowId'"},
		"no details":                  {object{"ParticipantDetails": nil}, request, "'ParticipantDetails'"},
		"no name":                     {object{"ParticipantDetails": object{}}, request, "'ParticipantDetails.DisplayName'"},
		"a long name":                 {object{"ParticipantDetails": object{"DisplayName": strings.Repeat("x", 257)}}, request, "DisplayName"},
		"a duration that is short":    {object{"ChatDurationInMinutes": 59}, request, "'ChatDurationInMinutes'"},
		"a duration that is long":     {object{"ChatDurationInMinutes": 10081}, request, "'ChatDurationInMinutes'"},
		"an attribute's name":         {object{"Attributes": object{"a b": "c"}}, request, "'Attributes'"},
		"an attribute's type":         {object{"Attributes": object{"a": 1}}, request, "'Attributes'"},
		"attributes that are long":    {object{"Attributes": object{"a": strings.Repeat("x", 32768)}}, request, "'Attributes'"},
		"a segment attribute":         {object{"SegmentAttributes": object{"a": object{"Other": 1}}}, request, "'SegmentAttributes.value'"},
		"a segment attribute's type":  {object{"SegmentAttributes": object{"a": "b"}}, request, "'SegmentAttributes'"},
		"a segment attribute's value": {object{"SegmentAttributes": object{"a": object{"ValueString": strings.Repeat("x", 1025)}}}, request, "ValueString"},
		"content types without plain": {object{"SupportedMessagingContentTypes": []string{"text/markdown"}}, request, "text/plain"},
		"an unknown content type":     {object{"SupportedMessagingContentTypes": []string{"text/plain", "text/html"}}, request, "Supported"},
		"no content types":            {object{"SupportedMessagingContentTypes": []string{}}, request, "Supported"},
		"an initial message's type":   {object{"InitialMessage": object{"ContentType": "text/markdown", "Content": "x"}}, parameter, "InitialMessage"},
		"an empty initial message":    {object{"InitialMessage": object{"ContentType": "text/plain", "Content": ""}}, request, "InitialMessage.Content"},
		"a response mode":             {object{"ParticipantConfiguration": object{"ResponseMode": "SOME"}}, request, "ResponseMode"},
		"who is disconnected":         {object{"DisconnectOnCustomerExit": []string{"CUSTOMER"}}, request, "DisconnectOnCustomerExit"},
		"a connection type":           {object{"ConnectionTypes": []string{"WEBRTC_CONNECTION"}}, request, "'ConnectionTypes'"},
		"a customer":                  {object{"CustomerId": strings.Repeat("x", 129)}, request, "'CustomerId'"},
		"a stream without topic":      {object{"ChatStreamingConfiguration": object{}}, request, "StreamingEndpointArn"},
		"a topic that isn't one":      {object{"ChatStreamingConfiguration": object{"StreamingEndpointArn": "arn:aws:sqs:eu-west-2:111122223333:x"}}, parameter, "SNS topic"},
		"a FIFO topic":                {object{"ChatStreamingConfiguration": object{"StreamingEndpointArn": topic + ".fifo"}}, parameter, "standard SNS topic"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			connectRefused(t, connectAPI(t, srv, http.MethodPut, "/contact/chat", startBody(t, test.more)), http.StatusBadRequest, test.code, test.message)
		})
	}
	t.Run("a body that isn't JSON", func(t *testing.T) {
		t.Parallel()
		connectRefused(t, connectAPI(t, srv, http.MethodPut, "/contact/chat", "{"), http.StatusBadRequest, request, "JSON object")
	})
	t.Run("all together", func(t *testing.T) {
		t.Parallel()
		startChat(t, srv, object{
			"Attributes": object{"a": ""}, "ClientToken": "", "ChatDurationInMinutes": 60, "CustomerId": "c",
			"DisconnectOnCustomerExit": []string{"AGENT"}, "ParticipantConfiguration": object{"ResponseMode": "INCREMENTAL"},
			"SegmentAttributes":              object{"connect:Subtype": object{"ValueString": "connect:Guide"}},
			"SupportedMessagingContentTypes": []string{"text/plain", "application/json"}, "PersistentChat": object{},
		})
	})
}

func TestActiveChatsOfAnInstanceAreLimited(t *testing.T) {
	t.Parallel()
	srv := participanttest.Start(t, func(o *participanttest.Options) { o.MaxChats = 2 })
	srv.NewChat()
	first, _ := startChat(t, srv, nil)
	startChat(t, srv, nil)
	third := func(more object) response {
		return connectAPI(t, srv, http.MethodPut, "/contact/chat", startBody(t, more))
	}
	connectRefused(t, third(nil), http.StatusTooManyRequests, "LimitExceededException", "active chats")
	require.Equal(t, http.StatusOK, third(object{"InstanceId": "another"}).status)
	first.End()
	require.Equal(t, http.StatusOK, third(nil).status)
}

func TestThrottlingOfAmazonConnect(t *testing.T) {
	t.Parallel()
	srv := participanttest.Start(t, participanttest.InMemory(), func(o *participanttest.Options) {
		o.Throttle = true
		o.Quotas = map[string]participanttest.Quota{"DescribeContact": {Rate: 0.001, Burst: 1}, "StartChatContact": {Rate: 0.001, Burst: 1}}
	})
	contact, _ := startChat(t, srv, nil)
	connectRefused(t, connectAPI(t, srv, http.MethodPut, "/contact/chat", startBody(t, nil)), http.StatusTooManyRequests, "TooManyRequestsException", "Too Many")
	path := "/contacts/" + instance + "/" + contact.ID
	connectOK(t, srv, http.MethodGet, path, "")
	connectRefused(t, connectAPI(t, srv, http.MethodGet, path, ""), http.StatusTooManyRequests, "ThrottlingException", "Rate exceeded")
}
