// SPDX-License-Identifier: Apache-2.0

package participanttest_test

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/participant-go/connectparticipant/participanttest"
)

func streamTo(arn string) object { return object{"StreamingEndpointArn": arn} }

func TestContactStreaming(t *testing.T) {
	t.Parallel()
	s := newSubscriber(t)
	srv := participanttest.Start(t, s.subscribe)
	contact, out := startChat(t, srv, object{
		"ChatStreamingConfiguration": streamTo(topic), "InitialMessage": object{"ContentType": "text/plain", "Content": "zero"},
	})
	first := out["StreamingId"].(string)
	envelope, item := s.notification()
	require.Equal(t, "zero", item["Content"])
	require.Equal(t, topic, envelope["TopicArn"])
	require.Contains(t, envelope["SigningCertURL"], "https://sns.eu-west-2.amazonaws.com/")
	require.Contains(t, envelope["UnsubscribeURL"], "https://sns.eu-west-2.amazonaws.com/")
	require.True(t, signedBySNS(t, srv, envelope, "Message", "MessageId", "Timestamp", "TopicArn", "Type"))
	require.Equal(t, object{"Type": "String", "Value": instance}, envelope["MessageAttributes"].(object)["InstanceId"])

	start := func(arn string, pairs ...any) response {
		return connectAPI(t, srv, http.MethodPost, "/contact/start-streaming",
			about(t, contact, append(pairs, "ChatStreamingConfiguration", streamTo(arn))...))
	}
	other := topic + "-2"
	a := start(other, "ClientToken", "one")
	require.Equal(t, http.StatusOK, a.status, "%s", a.body)
	require.Equal(t, a.object(t), start(other, "ClientToken", "one").object(t))
	connectRefused(t, start(topic, "ClientToken", "two"), http.StatusTooManyRequests, "LimitExceededException", "two streams")
	contact.Agent.Say("one")
	var topics []any
	var ids []any
	for range 2 {
		envelope, item := s.notification()
		topics, ids = append(topics, envelope["TopicArn"]), append(ids, envelope["MessageId"])
		require.Equal(t, "one", item["Content"])
	}
	require.Equal(t, []any{topic, other}, topics)
	require.NotEqual(t, ids[0], ids[1])

	stop := func(id any) response {
		return connectAPI(t, srv, http.MethodPost, "/contact/stop-streaming", about(t, contact, "StreamingId", id))
	}
	require.Equal(t, http.StatusOK, stop(first).status)
	connectRefused(t, stop(first), http.StatusNotFound, "ResourceNotFoundException", "no such stream")
	contact.Agent.Say("two")
	contact.End()
	for _, content := range []any{"two", nil} {
		envelope, item := s.notification()
		require.Equal(t, other, envelope["TopicArn"])
		require.Equal(t, content, item["Content"])
	}
	require.Empty(t, s.payloads)
	connectRefused(t, start(topic, "ClientToken", "three"), http.StatusBadRequest, "InvalidParameterException", "ended")
}

func TestContactStreamingChecksItsMembers(t *testing.T) {
	t.Parallel()
	srv := participanttest.Start(t)
	contact, _ := startChat(t, srv, nil)
	const path, request = "/contact/start-streaming", "InvalidRequestException"
	connectRefused(t, connectAPI(t, srv, http.MethodPost, path, about(t, contact, "ChatStreamingConfiguration", streamTo(topic))),
		http.StatusBadRequest, request, "'ClientToken'")
	connectRefused(t, connectAPI(t, srv, http.MethodPost, path, about(t, contact, "ClientToken", "one")),
		http.StatusBadRequest, request, "'ChatStreamingConfiguration'")
	connectRefused(t, connectAPI(t, srv, http.MethodPost, path, about(t, contact, "ClientToken", "one", "ChatStreamingConfiguration", streamTo("x"))),
		http.StatusBadRequest, "InvalidParameterException", "SNS topic")
	connectRefused(t, connectAPI(t, srv, http.MethodPost, path,
		body(t, "InstanceId", instance, "ContactId", "unknown", "ClientToken", "one", "ChatStreamingConfiguration", streamTo(topic))),
		http.StatusNotFound, "ResourceNotFoundException", "not found")
	connectRefused(t, connectAPI(t, srv, http.MethodPost, "/contact/stop-streaming", about(t, contact)), http.StatusBadRequest, request, "'StreamingId'")
}

func TestStreamedCustomerConnectsByConnectParticipant(t *testing.T) {
	t.Parallel()
	srv := participanttest.Start(t, func(o *participanttest.Options) { o.StrictConnection = true })
	plain, _ := startChat(t, srv, nil)
	streamed, _ := startChat(t, srv, object{"ChatStreamingConfiguration": streamTo(topic)})
	denied(t, post(t, srv, "/participant/message", token(t, srv, plain.Customer), hello))
	ok(t, srv, "/participant/message", token(t, srv, streamed.Customer), hello)
}
