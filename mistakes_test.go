// SPDX-License-Identifier: Apache-2.0

package connectparticipant_test

import (
	"io"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/stretchr/testify/require"

	"github.com/participant-go/connectparticipant"
	"github.com/participant-go/connectparticipant/chat"
	"github.com/participant-go/connectparticipant/participanttest"
	"github.com/participant-go/connectparticipant/types"
)

// newcomer is a new user's first program, run against the fake.
type newcomer struct {
	*testing.T

	srv     *participanttest.Server
	contact *participanttest.Contact
	client  *connectparticipant.Client
}

func (n newcomer) connectionToken() *string {
	n.Helper()
	token, err := connect(n.Context(), n.client, n.contact.Customer.Token)
	require.NoError(n, err)
	return token
}

// Common mistakes of new users and the errors that they cause. Mistakes that only the service can
// detect return its own errors, whose documentation names the causes.
func TestCommonMistakes(t *testing.T) {
	t.Parallel()
	denied := func(t *testing.T, err error) {
		t.Helper()
		var e *types.AccessDeniedException
		require.ErrorAs(t, err, &e)
		require.True(t, connectparticipant.IsAccessDenied(err))
	}
	reports := func(text string) func(*testing.T, error) {
		return func(t *testing.T, err error) {
			t.Helper()
			require.ErrorContains(t, err, text)
		}
	}
	for name, test := range map[string]struct {
		do   func(n newcomer) error
		want func(*testing.T, error)
	}{
		"the participant token where the connection token belongs": {func(n newcomer) error {
			return greet(n.Context(), n.client, n.contact.Customer.Token)
		}, denied},
		"the connection token where the participant token belongs": {func(n newcomer) error {
			_, err := connect(n.Context(), n.client, *n.connectionToken())
			return err
		}, denied},
		"no region": {func(n newcomer) error {
			return greet(n.Context(), connectparticipant.New(connectparticipant.Options{}), "made-up")
		}, reports("Missing Region: set Options.Region or Options.BaseEndpoint")},
		"an http endpoint": {func(n newcomer) error {
			client := connectparticipant.New(connectparticipant.Options{BaseEndpoint: aws.String("http://gateway.example")})
			return greet(n.Context(), client, "made-up")
		}, reports("plain http to gateway.example would expose the token to the network: use https, or set EndpointOptions.DisableHTTPS")},
		"a call after the end": {func(n newcomer) error {
			token := n.connectionToken()
			n.contact.End()
			return greet(n.Context(), n.client, *token)
		}, denied},
		"FORWARD without a start": {func(n newcomer) error {
			_, err := n.client.GetTranscript(n.Context(), &connectparticipant.GetTranscriptInput{
				ConnectionToken: n.connectionToken(), ScanDirection: types.ScanDirectionForward,
			})
			return err
		}, func(t *testing.T, err error) {
			t.Helper()
			var e *types.ValidationException
			require.ErrorAs(t, err, &e)
		}},
		"a receipt with three participants": {func(n newcomer) error {
			token := n.connectionToken()
			n.contact.Agent.Join()
			n.contact.Invite("Supervisor").Join()
			_, err := n.client.SendEvent(n.Context(), &connectparticipant.SendEventInput{
				ConnectionToken: token, ContentType: aws.String("application/vnd.amazonaws.connect.event.message.read"),
				Content: aws.String(`{"messageId":"` + n.contact.Agent.Say("hello") + `"}`),
			})
			return err
		}, func(t *testing.T, err error) {
			t.Helper()
			var e *types.ConflictException
			require.ErrorAs(t, err, &e)
		}},
		"a file without a size": {func(n newcomer) error {
			session, err := chat.Start(n.Context(), n.client, n.contact.Customer.Token)
			require.NoError(n, err)
			defer func() { _ = session.Close() }()
			_, err = session.SendFile(n.Context(), chat.File{
				Name: "a.txt", ContentType: "text/plain", Reader: io.MultiReader(strings.NewReader("a")),
			})
			return err
		}, reports("send file: set File.Size")},
		"an empty file": {func(n newcomer) error {
			session, err := chat.Start(n.Context(), n.client, n.contact.Customer.Token)
			require.NoError(n, err)
			defer func() { _ = session.Close() }()
			_, err = session.SendFile(n.Context(), chat.File{Name: "a.txt", ContentType: "text/plain", Reader: strings.NewReader("")})
			return err
		}, reports("send file: the file is empty")},
		"an expired token": {func(n newcomer) error {
			token := n.connectionToken()
			n.srv.Advance(25 * time.Hour)
			return greet(n.Context(), n.client, *token)
		}, denied},
		"a token of another region": {func(n newcomer) error {
			other := participanttest.Start(n.T) // doesn't have the chats of the first one
			return greet(n.Context(), connectparticipant.New(connectparticipant.Options{BaseEndpoint: &other.URL}), *n.connectionToken())
		}, denied},
		"a connection without Type": {func(n newcomer) error {
			out, err := n.client.CreateParticipantConnection(n.Context(), &connectparticipant.CreateParticipantConnectionInput{
				ParticipantToken: &n.contact.Customer.Token,
			})
			require.NoError(n, err)
			require.Nil(n, out.ConnectionCredentials)
			require.Nil(n, out.Websocket)
			return nil
		}, func(t *testing.T, err error) {
			t.Helper()
			require.NoError(t, err) // valid together with ConnectParticipant
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			srv := participanttest.Start(t)
			n := newcomer{t, srv, srv.NewChat(), connectparticipant.New(connectparticipant.Options{BaseEndpoint: &srv.URL, HTTPClient: srv.Client()})}
			test.want(t, test.do(n))
		})
	}
}
