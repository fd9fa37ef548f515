// SPDX-License-Identifier: Apache-2.0

package streaming_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/participant-go/connectparticipant/chat"
	"github.com/participant-go/connectparticipant/streaming"
	"github.com/participant-go/connectparticipant/types"
)

// wanted is the notification of item, with the members that deliveries have in common.
func wanted(raw string) streaming.Notification {
	return streaming.Notification{
		Event: chat.Message{
			Meta: chat.Meta{
				ID: "i-1", Time: time.Date(2026, 11, 2, 8, 15, 30, 120e6, time.UTC), AbsoluteTime: "2026-11-02T08:15:30.120Z",
				From:      chat.From{ParticipantID: "p-1", Role: types.ParticipantRoleAgent, DisplayName: "Ann"},
				ContactID: "c-2", InitialContactID: "c-1", Raw: json.RawMessage(raw),
			},
			ContentType: "text/plain", Text: "Hello",
		},
		Visibility: streaming.VisibilityCustomer, ParticipantRole: types.ParticipantRoleAgent,
		InstanceID: "in-1", AccountID: "111122223333", ContactID: "c-2", InitialContactID: "c-1",
	}
}

func TestRead(t *testing.T) {
	t.Parallel()
	raw := item(nil)
	withIDs := func(n *streaming.Notification) { n.TopicARN, n.MessageID = topicARN, "m-1" }
	withoutAttributes := func(n *streaming.Notification) { n.Visibility, n.InstanceID, n.AccountID = "", "", "" }
	firehose := notification(raw)
	for _, name := range []string{"Signature", "SignatureVersion", "SigningCertURL"} {
		delete(firehose, name)
	}
	for name, test := range map[string]struct {
		payload string
		change  func(*streaming.Notification)
	}{
		"an event of SNS": {text(lambda(lambdaSNS(raw))), withIDs},
		"an event of SQS": {text(lambda(lambdaSQS("q-1", text(notification(raw))))), func(n *streaming.Notification) {
			withIDs(n)
			n.RecordID = "q-1"
		}},
		"an event of SQS, raw":                            {text(lambda(lambdaSQSRaw("q-1", raw))), func(n *streaming.Notification) { n.RecordID = "q-1" }},
		"the body of an SQS message, or an HTTPS request": {text(notification(raw)), withIDs},
		"a line of Firehose":                              {text(firehose) + "\n", withIDs},
		"the raw body of an SQS message alone":            {raw, withoutAttributes},
		"a message of ReceiveMessage, raw": {
			text(object{"MessageId": "q-1", "ReceiptHandle": "r", "Body": raw, "MessageAttributes": attributes("DataType", "StringValue")}),
			func(n *streaming.Notification) { n.RecordID = "q-1" },
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			want := wanted(raw)
			test.change(&want)
			got, err := streaming.Read([]byte(test.payload))
			require.NoError(t, err)
			require.Equal(t, []streaming.Notification{want}, got)
		})
	}
}

// Attributes aren't signed.
func TestMembersOfAnItemOverrideAttributes(t *testing.T) {
	t.Parallel()
	n := notification(item(object{"ParticipantRole": "CUSTOMER", "ContactId": "c-9", "InitialContactId": "c-8"}))
	got, err := streaming.Read([]byte(text(n)))
	require.NoError(t, err)
	require.Equal(t, types.ParticipantRoleCustomer, got[0].ParticipantRole)
	require.Equal(t, [...]string{"c-9", "c-8"}, [...]string{got[0].ContactID, got[0].InitialContactID})
	n = notification(item(object{"ParticipantRole": nil, "ContactId": nil, "InitialContactId": nil}))
	got, err = streaming.Read([]byte(text(n)))
	require.NoError(t, err)
	require.Equal(t, types.ParticipantRoleAgent, got[0].ParticipantRole)
	require.Equal(t, [...]string{"c-2", "c-1"}, [...]string{got[0].ContactID, got[0].InitialContactID})
}

func TestMessageWithReceipts(t *testing.T) {
	t.Parallel()
	receipts := object{"MessageId": "i-1", "Receipts": []any{object{"DeliveredTimestamp": "2026-11-02T08:15:31.000Z", "RecipientParticipantId": "p-2"}}}
	got, err := streaming.Read([]byte(text(lambda(
		lambdaSQSRaw("q-1", item(object{"Id": "i-0"})),
		lambdaSQSRaw("q-2", item(object{"MessageMetadata": receipts})),
		lambdaSQSRaw("q-3", item(object{"Type": "MESSAGEMETADATA", "ContentType": "application/vnd.amazonaws.connect.event.message.metadata"})),
	))))
	require.NoError(t, err)
	require.Len(t, got, 3)
	require.IsType(t, chat.Receipt{}, got[2].Event)
	require.Equal(t, [...]int{0, 1, 1}, [...]int{got[0].Index, got[1].Index, got[2].Index})
	require.Equal(t, "q-2", got[2].RecordID)
}

func TestReadReturnsTheOtherRecordsOfABrokenOne(t *testing.T) {
	t.Parallel()
	const secret = "4111111111111111"
	broken := []any{
		"no object " + secret,
		object{"messageId": "q-1", "body": json.Number(secret)},
		lambdaSQS("q-2", secret),
		lambdaSQS("q-3", `{"Type":"Notification","Message":"`+secret+`"}`),
		lambdaSQS("q-4", `{"Type":"Notification"}`),
		lambdaSQS("q-5", `{"secret":"`+secret+`"}`),
		lambdaSQS("q-6", `{"Id":`+secret+`}`),
		lambdaSQS("q-7", text(object{"Type": "SubscriptionConfirmation", "SubscribeURL": secret})),
		lambdaSQS("q-8", text(object{"Type": "UnsubscribeConfirmation", "SubscribeURL": secret})),
		object{"messageId": "q-9"},
		object{"EventSource": "aws:sns", "Sns": secret},
	}
	records := []any{lambdaSQS("q-first", text(notification(item(nil))))}
	records = append(records, broken...)
	records = append(records, lambdaSQSRaw("q-last", item(object{"Id": "i-2"})))
	got, err := streaming.Read([]byte(text(lambda(records...))))
	require.Len(t, got, 2)
	require.Equal(t, [...]string{"q-first", "q-last"}, [...]string{got[0].RecordID, got[1].RecordID})

	var failed *streaming.ReadError
	require.ErrorAs(t, err, &failed)
	require.Len(t, failed.Records, len(broken))
	for i, record := range failed.Records {
		require.Equal(t, i+1, record.Index)
		if i > 1 && i < len(broken)-1 {
			require.Equal(t, fmt.Sprintf("q-%d", i), record.ID)
		}
	}
	require.Contains(t, err.Error(), "record 3: ")
	require.Contains(t, err.Error(), "and 1 more")
	require.Contains(t, failed.Records[7].Error(), "call Verifier.Confirm")
	require.NotContains(t, fmt.Sprint(err, failed.Unwrap()), secret)
	var first *streaming.RecordError
	require.ErrorAs(t, err, &first)
	require.Equal(t, 1, first.Index)
}

func TestReadRejectsOtherPayloads(t *testing.T) {
	t.Parallel()
	for _, payload := range []string{"", " ", "null", "[]", "1", `"text"`, "{", `{"Records":{}}`, `{"Records":"secret"}`} {
		got, err := streaming.Read([]byte(payload))
		require.EqualError(t, err, "read notifications: not JSON of a known form", payload)
		require.Empty(t, got)
	}
	for _, payload := range []string{"{}", `{"Records":null}`, `{"Body":null}`, `{"Body":""}`, `{"Type":"Notification","Message":null}`} {
		got, err := streaming.Read([]byte(payload))
		var failed *streaming.ReadError
		require.ErrorAs(t, err, &failed, payload)
		require.Empty(t, got)
	}
	got, err := streaming.Read([]byte(`{"Records":[]}`))
	require.NoError(t, err)
	require.Empty(t, got)
}

// The rule of the Administrator Guide, in full.
func TestForCustomerAndForAgent(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		visibility       streaming.Visibility
		role             types.ParticipantRole
		toCustomer, toUs bool
	}{
		{streaming.VisibilityAll, types.ParticipantRoleAgent, true, false},
		{streaming.VisibilityAll, types.ParticipantRoleCustomer, false, true},
		{streaming.VisibilityAll, types.ParticipantRoleSystem, true, true},
		{streaming.VisibilityAll, types.ParticipantRoleCustomBot, true, true},
		{streaming.VisibilityAll, "", true, true}, // chat.ended
		{streaming.VisibilityCustomer, types.ParticipantRoleAgent, true, false},
		{streaming.VisibilityCustomer, types.ParticipantRoleSystem, true, false},
		{streaming.VisibilityCustomer, types.ParticipantRoleCustomer, false, false},
		{streaming.VisibilityAgent, types.ParticipantRoleCustomer, false, true},
		{streaming.VisibilityAgent, types.ParticipantRoleSupervisor, false, true},
		{streaming.VisibilityAgent, types.ParticipantRoleAgent, false, false},
		{"", types.ParticipantRoleSystem, false, false},
		{"NEW", types.ParticipantRoleSystem, false, false},
	} {
		n := streaming.Notification{Visibility: test.visibility, ParticipantRole: test.role}
		require.Equal(t, test.toCustomer, n.ForCustomer(), "%+v", test)
		require.Equal(t, test.toUs, n.ForAgent(), "%+v", test)
	}
}

func TestKeysDistinguishEvents(t *testing.T) {
	t.Parallel()
	chunk := func(number int, completed bool) object {
		return object{"MessageMetadata": object{"MessageCompleted": completed, "ChunkNumber": number}}
	}
	file := func(status string) object {
		return object{"Type": "ATTACHMENT", "ContentType": nil, "Content": nil, "Attachments": []any{object{"AttachmentId": "a-1", "Status": status}}}
	}
	receipt := func(name string) object {
		return object{"Type": "MESSAGEMETADATA", "MessageMetadata": object{"MessageId": "i-9", "Receipts": []any{object{name: "2026-11-02T08:15:31.000Z", "RecipientParticipantId": "p-2"}}}}
	}
	keys := map[string]string{}
	for _, members := range []object{
		nil, chunk(1, false), chunk(2, false), file("IN_PROGRESS"), file("APPROVED"), receipt("DeliveredTimestamp"), receipt("ReadTimestamp"),
		{"Id": "i-2"},
		{"Id": nil},
		{"Id": nil, "Content": "other"},
		{"MessageMetadata": object{"MessageProcessingStatus": "REJECTED"}},
	} {
		var again [2]string
		for i, topic := range []string{"one", "other"} {
			n := notification(item(members))
			n["TopicArn"], n["MessageId"] = topic, topic
			got, err := streaming.Read([]byte(text(n)))
			require.NoError(t, err)
			require.Len(t, got, 1)
			again[i] = got[0].Key()
		}
		require.Equal(t, again[0], again[1])
		require.NotContains(t, keys, again[0])
		require.LessOrEqual(t, len(again[0]), 500, "limit of a ClientToken")
		keys[again[0]] = text(members)
	}
	require.Contains(t, keys, "i-1")
	got, err := streaming.Read([]byte(text(notification(item(chunk(3, true))))))
	require.NoError(t, err)
	require.Equal(t, "i-1", got[0].Key(), "the key of the complete message is its ID in the transcript")
}

func TestNotificationsHideTheirContent(t *testing.T) {
	t.Parallel()
	got, err := streaming.Read([]byte(text(notification(item(object{"Content": "secret", "DisplayName": "secret"})))))
	require.NoError(t, err)
	var log strings.Builder
	slog.New(slog.NewJSONHandler(&log, nil)).Info("notified", "one", got[0])
	slog.New(slog.NewTextHandler(&log, nil)).Info("notified", "one", got[0])
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
		fmt.Fprintf(&log, verb, got[0])
		fmt.Fprintf(&log, verb, got)
	}
	require.NotContains(t, log.String(), "secret")
	require.Contains(t, log.String(), "notification i-1")
	require.Contains(t, log.String(), `"type":"chat.Message"`)
}

func TestBatchResponseOf(t *testing.T) {
	t.Parallel()
	boom := errors.New("boom")
	n := func(id string) streaming.Notification { return streaming.Notification{RecordID: id} }
	ids := func(ids ...string) *streaming.BatchResponse {
		r := streaming.BatchResponse{BatchItemFailures: []streaming.BatchItemFailure{}}
		for _, id := range ids {
			r.BatchItemFailures = append(r.BatchItemFailures, streaming.BatchItemFailure{ItemIdentifier: id})
		}
		return &r
	}
	_, broken := streaming.Read([]byte(text(lambda(lambdaSQS("q-1", "x"), lambdaSQS("q-2", "x")))))
	_, brokenSNS := streaming.Read([]byte(text(lambda(lambdaSNS("x")))))
	for name, test := range map[string]struct {
		err  error
		want *streaming.BatchResponse // nil for the error itself
	}{
		"no error":                          {nil, ids()},
		"broken records":                    {broken, ids("q-1", "q-2")},
		"broken records of SNS":             {brokenSNS, nil},
		"records that could not be handled": {errors.Join(n("q-3").Failed(boom), n("q-3").Failed(boom), n("q-4").Failed(nil)), ids("q-3")},
		"both":                              {errors.Join(broken, n("q-3").Failed(boom)), ids("q-1", "q-2", "q-3")},
		"wrapped":                           {fmt.Errorf("handle: %w", errors.Join(broken)), ids("q-1", "q-2")},
		"an unreadable payload":             {boom, nil},
		"with another error":                {errors.Join(broken, boom), nil},
		"a record without an ID":            {n("").Failed(boom), nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := streaming.BatchResponseOf(test.err)
			if test.want == nil {
				require.Equal(t, test.err, err)
				return
			}
			require.NoError(t, err)
			require.Equal(t, *test.want, got)
		})
	}
	require.JSONEq(t, `{"batchItemFailures":[]}`, text(ids()))
	require.JSONEq(t, `{"batchItemFailures":[{"itemIdentifier":"q-1"}]}`, text(ids("q-1")))
	require.ErrorIs(t, n("q-1").Failed(boom), boom)
}
