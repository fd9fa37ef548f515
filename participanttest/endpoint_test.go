// SPDX-License-Identifier: Apache-2.0

package participanttest_test

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/participant-go/connectparticipant/participanttest"
)

// delivered is a request that an endpoint got.
type delivered struct {
	header   http.Header
	envelope object
}

// subscribed is an endpoint, which responds with what status returns for a message's content.
type subscribed struct {
	requests chan delivered
	url      string
}

func newSubscribed(t *testing.T, status func(content string) int) *subscribed {
	t.Helper()
	s := &subscribed{requests: make(chan delivered, 100)}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		payload, err := io.ReadAll(r.Body)
		if err != nil {
			return
		}
		d := delivered{header: r.Header}
		_ = json.Unmarshal(payload, &d.envelope)
		s.requests <- d
		code := status(contentOf(d.envelope))
		if code == 0 {
			<-r.Context().Done()
			return
		}
		w.Header().Set("Location", "/elsewhere")
		w.WriteHeader(code)
	}))
	t.Cleanup(server.Close)
	s.url = server.URL
	return s
}

// contentOf returns the type of an envelope that has no item.
func contentOf(envelope object) string {
	if envelope["Type"] != "Notification" {
		return envelope["Type"].(string)
	}
	var item struct{ Content string }
	_ = json.Unmarshal([]byte(envelope["Message"].(string)), &item)
	return item.Content
}

func (s *subscribed) next(t *testing.T) delivered {
	t.Helper()
	select {
	case d := <-s.requests:
		return d
	case <-time.After(10 * time.Second):
		require.Fail(t, "nothing is posted")
		return delivered{}
	}
}

// expect wants the next request to be about this content.
func (s *subscribed) expect(t *testing.T, content string) {
	t.Helper()
	require.Equal(t, content, contentOf(s.next(t).envelope))
}

// fakeWithTopic has a chat that is streamed to an endpoint.
func fakeWithTopic(t *testing.T, s *subscribed, optFns ...func(*participanttest.Options)) (*participanttest.Server, *participanttest.Contact) {
	t.Helper()
	srv := participanttest.Start(t, append(optFns, func(o *participanttest.Options) { o.Topics = map[string]string{topic: s.url} })...)
	contact, _ := startChat(t, srv, object{"ChatStreamingConfiguration": streamTo(topic)})
	return srv, contact
}

// confirmation is what an endpoint gets first.
const confirmation = "SubscriptionConfirmation"

func allOK(string) int { return http.StatusOK }

func TestATopicsEndpointGetsWhatSNSPosts(t *testing.T) {
	t.Parallel()
	s, all := newSubscribed(t, allOK), newSubscriber(t)
	srv, contact := fakeWithTopic(t, s, all.subscribe)
	contact.Agent.Say("one")
	first := s.next(t)
	require.Equal(t, confirmation, first.envelope["Type"])
	require.Equal(t, topic, first.envelope["TopicArn"])
	require.True(t, signedBySNS(t, srv, first.envelope, "Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"))
	resp, err := srv.SNSClient().Get(first.envelope["SubscribeURL"].(string))
	require.NoError(t, err)
	require.Equal(t, http.StatusOK, resp.StatusCode)
	second := s.next(t)
	require.Equal(t, "one", contentOf(second.envelope))
	for i, d := range []delivered{first, second} {
		require.Equal(t, "text/plain; charset=UTF-8", d.header.Get("Content-Type"))
		require.Equal(t, "Amazon Simple Notification Service Agent", d.header.Get("User-Agent"))
		require.Equal(t, d.envelope["Type"], d.header.Get("x-amz-sns-message-type"))
		require.Equal(t, d.envelope["MessageId"], d.header.Get("x-amz-sns-message-id"))
		require.Equal(t, topic, d.header.Get("x-amz-sns-topic-arn"))
		require.Equal(t, i == 1, d.header.Get("x-amz-sns-subscription-arn") != "")
	}
	for _, text := range []string{"two", "three"} {
		contact.Agent.Say(text)
		s.expect(t, text)
	}
	require.Equal(t, []any{"one", "two", "three"}, all.contents(3), "Stream gets them too")
	require.NoError(t, srv.WaitRequest(t.Context(), "Notification", 3))
	require.Equal(t, 1, srv.Count(confirmation))
	requests := srv.Requests()
	last := requests[len(requests)-1]
	require.Equal(t, participanttest.Request{Time: last.Time, Operation: "Notification", ContactID: contact.ID, Status: http.StatusOK}, last)
}

func TestStreamedChatsOfNewChatHaveATopicToo(t *testing.T) {
	t.Parallel()
	s := newSubscribed(t, allOK)
	srv := participanttest.Start(t, func(o *participanttest.Options) { o.Topics = map[string]string{participanttest.TopicARN: s.url} })
	srv.NewChat().Agent.Say("not streamed")
	srv.NewChat(streamed).Agent.Say("streamed")
	s.expect(t, confirmation)
	s.expect(t, "streamed")
}

// refusing responds with a status to one content, and with 200 to all others.
func refusing(refused string, status int) func(content string) int {
	return func(content string) int {
		if content == refused {
			return status
		}
		return http.StatusOK
	}
}

func TestDeliveriesAreRetried(t *testing.T) {
	t.Parallel()
	for name, status := range map[string]int{"503": http.StatusServiceUnavailable, "429": http.StatusTooManyRequests} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newSubscribed(t, refusing("one", status))
			srv, contact := fakeWithTopic(t, s)
			contact.Agent.Say("one")
			s.expect(t, confirmation)
			contact.Agent.Say("two")
			id := s.next(t).envelope["MessageId"]
			s.expect(t, "two")
			for n := range 3 {
				require.NoError(t, srv.WaitRequest(t.Context(), "Notification", 2+2*n))
				srv.Advance(10 * time.Second) // and what this test takes
				contact.Agent.Say("before the next attempt")
				s.expect(t, "before the next attempt")
				srv.Advance(10 * time.Second)
				require.Equal(t, id, s.next(t).envelope["MessageId"])
			}
			require.NoError(t, srv.WaitRequest(t.Context(), "Notification", 8))
			srv.Advance(time.Hour)
			contact.Agent.Say("three")
			s.expect(t, "three")
		})
	}
}

func TestAConfirmationIsRetriedBeforeAnythingElse(t *testing.T) {
	t.Parallel()
	failures := make(chan int, 1) // one
	failures <- http.StatusInternalServerError
	s := newSubscribed(t, func(string) int {
		select {
		case status := <-failures:
			return status
		default:
			return http.StatusOK
		}
	})
	srv, contact := fakeWithTopic(t, s)
	contact.Agent.Say("one")
	s.expect(t, confirmation)
	require.NoError(t, srv.WaitRequest(t.Context(), confirmation, 1))
	srv.Advance(20 * time.Second)
	s.expect(t, confirmation)
	s.expect(t, "one")
}

func TestOtherFailuresOfADeliveryAreFinal(t *testing.T) {
	t.Parallel()
	for name, status := range map[string]int{"404": http.StatusNotFound, "a redirect": http.StatusFound} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newSubscribed(t, refusing("one", status))
			srv, contact := fakeWithTopic(t, s)
			contact.Agent.Say("one")
			s.expect(t, confirmation)
			s.expect(t, "one")
			require.NoError(t, srv.WaitRequest(t.Context(), "Notification", 1))
			srv.Advance(time.Hour)
			contact.Agent.Say("two")
			s.expect(t, "two")
		})
	}
}

func TestDeliveryToAnEndpointThatHangsTimesOut(t *testing.T) {
	t.Parallel()
	s := newSubscribed(t, func(content string) int {
		if content == "one" {
			return 0
		}
		return http.StatusOK
	})
	srv, contact := fakeWithTopic(t, s)
	contact.Agent.Say("one")
	s.expect(t, confirmation)
	s.expect(t, "one")
	contact.Agent.Say("two")
	srv.Advance(15 * time.Second)
	s.expect(t, "two")
	require.NoError(t, srv.WaitRequest(t.Context(), "Notification", 2))
	srv.Advance(20 * time.Second)
	s.expect(t, "one")
	srv.Close()
}

func TestTopicsAreChecked(t *testing.T) {
	t.Parallel()
	for name, topics := range map[string]map[string]string{
		"is not the ARN":                    {"chats": "http://127.0.0.1/"},
		"is not an http or https URL":       {topic: "ftp://127.0.0.1/"},
		topic + " is not an http":           {topic: "127.0.0.1:80"},
		"Options.Topics: \"" + topic + ".f": {topic + ".fifo": "http://127.0.0.1/"},
	} {
		_, err := participanttest.New(func(o *participanttest.Options) { o.Topics = topics })
		require.ErrorContains(t, err, name)
	}
}

func TestResetForgetsDeliveries(t *testing.T) {
	t.Parallel()
	s := newSubscribed(t, func(content string) int {
		if content == "one" {
			return http.StatusInternalServerError
		}
		return http.StatusOK
	})
	srv, contact := fakeWithTopic(t, s)
	contact.Agent.Say("one")
	s.expect(t, confirmation)
	s.expect(t, "one")
	require.NoError(t, srv.WaitRequest(context.Background(), "Notification", 1))
	srv.Reset()
	srv.Advance(time.Hour)
	next, _ := startChat(t, srv, object{"ChatStreamingConfiguration": streamTo(topic)})
	next.Agent.Say("two")
	s.expect(t, "two")
}
