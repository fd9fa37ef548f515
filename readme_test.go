// SPDX-License-Identifier: Apache-2.0

package connectparticipant_test

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/participant-go/connectparticipant"
	"github.com/participant-go/connectparticipant/chat"
	"github.com/participant-go/connectparticipant/participanttest"
)

// sayHello stands for a user's code.
func sayHello(ctx context.Context, client connectparticipant.API, participantToken string) error {
	token, err := connect(ctx, client, participantToken)
	if err != nil {
		return err
	}
	return greet(ctx, client, *token)
}

func TestHelloSurvivesALostResponse(t *testing.T) {
	t.Parallel()
	srv := participanttest.Start(t)
	contact := srv.NewChat()
	client := connectparticipant.New(connectparticipant.Options{BaseEndpoint: &srv.URL, HTTPClient: srv.Client()})
	srv.Inject(participanttest.Fault{On: "SendMessage", Times: 1, Effect: participanttest.DropAfter()})

	require.NoError(t, sayHello(t.Context(), client, contact.Customer.Token)) // your code
	require.Equal(t, 2, srv.Count("SendMessage"), "the call was retried")
	require.Len(t, contact.Transcript(), 2, "the joined event and one message")
}

func TestSessionSurvivesALostSocket(t *testing.T) {
	t.Parallel()
	srv := participanttest.Start(t)
	contact := srv.NewChat()
	client := connectparticipant.New(connectparticipant.Options{BaseEndpoint: &srv.URL, HTTPClient: srv.Client()})
	session, err := chat.Start(t.Context(), client, contact.Customer.Token) // your code
	require.NoError(t, err)
	defer func() { require.NoError(t, session.Close()) }()

	contact.Customer.CutSockets()
	missed := contact.Agent.Say("Are you still there?")

	require.Equal(t, missed, nextMessage(t, session).ID)
	require.NoError(t, contact.Customer.WaitSockets(t.Context(), 1))
}

func nextMessage(t *testing.T, session *chat.Session) chat.Message {
	t.Helper()
	for event, err := range session.Events(t.Context()) {
		require.NoError(t, err)
		if message, ok := event.(chat.Message); ok {
			return message
		}
	}
	return chat.Message{}
}

func TestDayPassesInAMoment(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := participanttest.Start(t, participanttest.InMemory())
		contact := srv.NewChat()
		client := connectparticipant.New(connectparticipant.Options{BaseEndpoint: &srv.URL, HTTPClient: srv.Client()})
		session, err := chat.Start(t.Context(), client, contact.Customer.Token, func(o *chat.Options) { o.HTTPClient = srv.Client() })
		require.NoError(t, err)
		defer func() { require.NoError(t, session.Close()) }()

		<-time.After(24 * time.Hour)
		require.NoError(t, session.Err())
		require.Greater(t, srv.Count("CreateParticipantConnection"), 20, "it was renewed every hour")
	})
}

func TestThrottledCallIsRetried(t *testing.T) {
	t.Parallel()
	srv := participanttest.Start(t)
	contact := srv.NewChat()
	client := connectparticipant.New(connectparticipant.Options{BaseEndpoint: &srv.URL, HTTPClient: srv.Client()})
	fault := srv.Inject(participanttest.Fault{
		On: "SendMessage", Times: 2, Effect: participanttest.Fail(http.StatusTooManyRequests, "ThrottlingException"),
	})

	require.NoError(t, sayHello(t.Context(), client, contact.Customer.Token)) // your code
	require.Equal(t, 2, fault.Applied())
}

func TestCustomerIsWelcomed(t *testing.T) {
	t.Parallel()
	srv := participanttest.Start(t, func(o *participanttest.Options) {
		o.Flow = func(_ context.Context, c *participanttest.Contact) {
			c.System.Say("Welcome, " + c.Customer.DisplayName)
		}
	})
	participantToken, err := startChat(t.Context(), srv, "Ana") // your code, with the official client of Amazon Connect
	require.NoError(t, err)
	client := connectparticipant.New(connectparticipant.Options{BaseEndpoint: &srv.URL, HTTPClient: srv.Client()})
	session, err := chat.Start(t.Context(), client, participantToken)
	require.NoError(t, err)
	defer func() { require.NoError(t, session.Close()) }()

	require.Equal(t, "Welcome, Ana", nextMessage(t, session).Text)
}

// startChat stands for a user's code, which signs the request.
func startChat(ctx context.Context, srv *participanttest.Server, name string) (participantToken string, err error) {
	body := `{"InstanceId":"instance","ContactFlowId":"flow","ParticipantDetails":{"DisplayName":"` + name + `"}}`
	req, err := http.NewRequestWithContext(ctx, http.MethodPut, srv.URL+"/contact/chat", strings.NewReader(body))
	if err != nil {
		return "", err
	}
	resp, err := srv.Client().Do(req)
	if err != nil {
		return "", err
	}
	defer func() { _ = resp.Body.Close() }()
	var started struct{ ParticipantToken string }
	err = json.NewDecoder(resp.Body).Decode(&started)
	return started.ParticipantToken, err
}
