// SPDX-License-Identifier: Apache-2.0

package participanttest_test

import (
	"context"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/participant-go/connectparticipant/participanttest"
	"github.com/participant-go/connectparticipant/types"
)

// subscriber collects what is published.
type subscriber struct {
	t        *testing.T
	payloads chan []byte
}

func newSubscriber(t *testing.T) *subscriber {
	t.Helper()
	return &subscriber{t, make(chan []byte, 100)}
}

func (s *subscriber) subscribe(o *participanttest.Options) {
	o.Stream = func(payload []byte) { s.payloads <- payload }
}

func (s *subscriber) next() []byte {
	s.t.Helper()
	select {
	case payload := <-s.payloads:
		return payload
	case <-time.After(10 * time.Second):
		require.Fail(s.t, "nothing is published")
		return nil
	}
}

// notification returns the next one and its item.
func (s *subscriber) notification() (envelope, item object) {
	s.t.Helper()
	require.NoError(s.t, json.Unmarshal(s.next(), &envelope))
	require.NoError(s.t, json.Unmarshal([]byte(envelope["Message"].(string)), &item))
	return envelope, item
}

// contents returns those of the next n items.
func (s *subscriber) contents(n int) (contents []any) {
	s.t.Helper()
	for range n {
		_, item := s.notification()
		contents = append(contents, item["Content"])
	}
	return contents
}

func TestAStreamedChatIsPublished(t *testing.T) {
	t.Parallel()
	s := newSubscriber(t)
	srv := participanttest.Start(t, s.subscribe)
	contact := srv.NewChat(streamed)
	id := contact.Customer.Say("Where is <it>?")
	envelope, item := s.notification()
	require.Equal(t, id, item["Id"])
	require.Equal(t, contact.ID, item["InitialContactId"])
	require.Contains(t, envelope["Message"], "<it>", "escaped as the service does")
	require.Equal(t, participanttest.TopicARN, envelope["TopicArn"])
	attributes := map[string]any{}
	for name, attribute := range envelope["MessageAttributes"].(object) {
		require.Equal(t, "String", attribute.(object)["Type"])
		attributes[name] = attribute.(object)["Value"]
	}
	require.Equal(t, map[string]any{
		"InitialContactId": contact.ID, "ContactId": contact.ID, "MessageVisibility": "ALL", "Type": "MESSAGE", "AccountId": "111122223333",
		"ContentType": "text/plain", "InstanceId": attributes["InstanceId"], "ParticipantRole": "CUSTOMER",
	}, attributes)
	contact.Agent.Join()
	contact.Customer.MarkRead(contact.Agent.Say("There."))
	contact.End()
	var seen []any
	for range 3 {
		envelope, item := s.notification()
		seen = append(seen, item["ContentType"])
		_, hasRole := envelope["MessageAttributes"].(object)["ParticipantRole"]
		require.Equal(t, item["ParticipantRole"] != nil, hasRole)
	}
	require.Equal(t, []any{"application/vnd.amazonaws.connect.event.participant.joined", "text/plain", "application/vnd.amazonaws.connect.event.chat.ended"}, seen, "no receipt")
	require.Empty(t, s.payloads)
}

func TestOtherChatsAreNotPublished(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newSubscriber(t)
		srv := participanttest.Start(t, s.subscribe, participanttest.InMemory())
		other := srv.NewChat()
		other.Agent.Say("not streamed")
		other.Publish(participanttest.Item{Content: "not streamed"}, participanttest.VisibilityAgent)
		held := srv.NewChat(streamed, func(o *participanttest.ChatOptions) {
			o.Processor = func(string) (string, types.MessageProcessingStatus) {
				return "", types.MessageProcessingStatusRejected
			}
		})
		held.Agent.Say("rejected")
		synctest.Wait()
		require.Empty(t, s.payloads)
	})
}

func TestAMessageIsPublishedAfterItsResponse(t *testing.T) {
	t.Parallel()
	s := newSubscriber(t)
	srv := participanttest.Start(t, s.subscribe)
	contact := srv.NewChat(streamed)
	ok(t, srv, "/participant/message", token(t, srv, contact.Customer), hello)
	require.Equal(t, []any{nil, "hello"}, s.contents(2), "the customer joined before")
}

func TestPublishWithAVisibility(t *testing.T) {
	t.Parallel()
	s := newSubscriber(t)
	srv := participanttest.Start(t, s.subscribe)
	contact := srv.NewChat(streamed)
	contact.Publish(participanttest.Item{Type: "MESSAGE", ContentType: "text/plain", Content: "whisper"}, participanttest.VisibilityAgent)
	envelope, item := s.notification()
	require.Equal(t, object{"Type": "String", "Value": "AGENT"}, envelope["MessageAttributes"].(object)["MessageVisibility"])
	require.Equal(t, "whisper", item["Content"])
	require.NotEmpty(t, item["Id"])
	require.Empty(t, contact.Transcript())
}

// signedBySNS checks a signature without the package that makes it.
func signedBySNS(t *testing.T, srv *participanttest.Server, envelope object, names ...string) bool {
	t.Helper()
	resp, err := srv.SNSClient().Get(envelope["SigningCertURL"].(string))
	require.NoError(t, err)
	data, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	block, _ := pem.Decode(data)
	require.NotNil(t, block)
	certificate, err := x509.ParseCertificate(block.Bytes)
	require.NoError(t, err)
	_, err = certificate.Verify(x509.VerifyOptions{Roots: srv.SNSRoots(), DNSName: "sns.amazonaws.com"})
	require.NoError(t, err)
	var text strings.Builder
	for _, name := range names {
		text.WriteString(name + "\n" + envelope[name].(string) + "\n")
	}
	signature, err := base64.StdEncoding.DecodeString(envelope["Signature"].(string))
	require.NoError(t, err)
	return certificate.CheckSignature(x509.SHA256WithRSA, []byte(text.String()), signature) == nil
}

func TestFaultsOfPublication(t *testing.T) {
	t.Parallel()
	fault := func(effect participanttest.Effect) participanttest.Fault {
		return participanttest.Fault{On: participanttest.OnPublish, ContentType: "text/plain", Times: 1, Effect: effect}
	}
	signed := []string{"Message", "MessageId", "Timestamp", "TopicArn", "Type"}
	for name, test := range map[string]struct {
		effect participanttest.Effect
		want   []any
	}{
		"Duplicate": {participanttest.Duplicate(), []any{"one", "one", "two"}},
		"Reorder":   {participanttest.Reorder(), []any{"two", "one"}},
		"Lose":      {participanttest.Lose(), []any{"two"}},
		"Delay":     {participanttest.Delay(time.Hour), []any{"two", "one"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s := newSubscriber(t)
				srv := participanttest.Start(t, s.subscribe, participanttest.InMemory())
				contact := srv.NewChat(streamed)
				srv.Inject(fault(test.effect))
				contact.Agent.Say("one")
				contact.Agent.Say("two")
				<-time.After(2 * time.Hour)
				require.Equal(t, test.want, s.contents(len(test.want)))
				require.Empty(t, s.payloads)
			})
		})
	}
	t.Run("a reordered one that nothing follows", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			s := newSubscriber(t)
			srv := participanttest.Start(t, s.subscribe, participanttest.InMemory())
			srv.Inject(fault(participanttest.Reorder()))
			srv.NewChat(streamed).Agent.Say("one")
			<-time.After(2 * time.Second)
			require.Equal(t, []any{"one"}, s.contents(1))
		})
	})
	t.Run("Forge and Truncate", func(t *testing.T) {
		t.Parallel()
		s := newSubscriber(t)
		srv := participanttest.Start(t, s.subscribe)
		contact := srv.NewChat(streamed)
		contact.Agent.Say("genuine")
		envelope, _ := s.notification()
		require.True(t, signedBySNS(t, srv, envelope, signed...))
		srv.Inject(fault(participanttest.Forge()))
		contact.Agent.Say("forged")
		envelope, _ = s.notification()
		require.False(t, signedBySNS(t, srv, envelope, signed...))
		srv.Inject(fault(participanttest.Truncate()))
		contact.Agent.Say("truncated")
		require.False(t, json.Valid(s.next()))
	})
}

func TestASubscriptionIsConfirmed(t *testing.T) {
	t.Parallel()
	srv := participanttest.Start(t)
	var envelope object
	require.NoError(t, json.Unmarshal(srv.SubscriptionConfirmation(), &envelope))
	require.True(t, signedBySNS(t, srv, envelope, "Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"))
	for path, status := range map[string]int{
		envelope["SubscribeURL"].(string):                             http.StatusOK,
		"https://sns.us-west-2.amazonaws.com/":                        http.StatusNotFound,
		"https://example.com/?Action=ConfirmSubscription&Token=token": http.StatusNotFound,
	} {
		resp, err := srv.SNSClient().Get(path)
		require.NoError(t, err)
		require.Equal(t, status, resp.StatusCode, path)
	}
	require.Equal(t, 1, srv.Count("ConfirmSubscription"))
}

func TestEventsOfLambda(t *testing.T) {
	t.Parallel()
	s := newSubscriber(t)
	srv := participanttest.Start(t, s.subscribe)
	contact := srv.NewChat(streamed)
	contact.Agent.Say("hello")
	payload := s.next()
	var event struct {
		Records []struct {
			EventSource, MessageID, Body string
			SNS                          object `json:"Sns"`
		}
	}
	require.NoError(t, json.Unmarshal(participanttest.LambdaSNS(payload), &event))
	require.Equal(t, "aws:sns", event.Records[0].EventSource)
	require.Contains(t, event.Records[0].SNS, "SigningCertUrl")
	require.NotContains(t, event.Records[0].SNS, "SigningCertURL")
	require.NoError(t, json.Unmarshal(participanttest.LambdaSQS(payload, []byte("broken")), &event))
	require.Equal(t, string(payload), event.Records[0].Body)
	require.Equal(t, "message-1", event.Records[1].MessageID)
	require.Panics(t, func() { participanttest.LambdaSNS([]byte("broken")) })
}

func TestPublicationBlocksNothingAndCloseWaitsForIt(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	entered := make(chan struct{}, 1)
	var calls, done int
	srv, err := participanttest.New(func(o *participanttest.Options) {
		o.Stream = func([]byte) {
			calls++
			entered <- struct{}{}
			<-ctx.Done()
			done++
		}
	})
	require.NoError(t, err)
	contact := srv.NewChat(streamed)
	for range 100 {
		contact.Agent.Say("hello")
	}
	<-entered
	require.Len(t, contact.Transcript(), 100)
	ok(t, srv, "/participant/message", token(t, srv, contact.Customer), hello)
	var release sync.WaitGroup
	release.Go(func() {
		_ = srv.WaitRequest(t.Context(), "none", 1) // until the server closes
		<-time.After(20 * time.Millisecond)
		cancel()
	})
	defer release.Wait()
	srv.Close()
	require.Equal(t, 1, done)
	require.Equal(t, 1, calls, "what still waits is dropped")
}
