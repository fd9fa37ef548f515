// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"cmp"
	"context"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/connect"
	connecttypes "github.com/aws/aws-sdk-go-v2/service/connect/types"
	"github.com/stretchr/testify/require"

	"github.com/participant-go/connectparticipant"
	"github.com/participant-go/connectparticipant/chat"
	"github.com/participant-go/connectparticipant/participanttest"
)

var hello = order{instance: "instance-1", flow: "flow-1", name: "Ana", text: "Is anybody there?"}

// instance is what a chat is started at.
type instance struct {
	fake  *participanttest.Server
	reply string // of the agent; "" for Yes and the customer's name
}

// agent joins the chat that is started, waits for the customer's message and replies to it.
func (i *instance) agent(ctx context.Context, client connectparticipant.API) (*chat.Session, error) {
	if err := i.fake.WaitRequest(ctx, "StartChatContact", 1); err != nil {
		return nil, err
	}
	session, err := chat.Start(ctx, client, i.fake.Contacts()[0].Agent.Token)
	if err != nil {
		return nil, err
	}
	for event, err := range session.Events(ctx) {
		if err != nil {
			return session, err
		}
		if m, ok := event.(chat.Message); ok && m.Text == hello.text {
			_, err := session.Send(ctx, cmp.Or(i.reply, "Yes, "+m.From.DisplayName))
			return session, err
		}
	}
	return session, session.Err()
}

// newStarter returns the official client, which goes to the fake.
func newStarter(fake *participanttest.Server) *connect.Client {
	return connect.New(connect.Options{
		Region:       "eu-west-2",
		BaseEndpoint: &fake.URL,
		Credentials:  credentials.NewStaticCredentialsProvider("MADEUPKEY", "made-up-secret", ""),
		HTTPClient:   fake.Client(),
		Retryer:      aws.NopRetryer{},
	})
}

// newCustomerOf returns a customer whose clients go to the fake.
func newCustomerOf(t *testing.T, i *instance) *customer {
	t.Helper()
	i.fake = participanttest.Start(t)
	return &customer{
		starter:      newStarter(i.fake),
		participants: connectparticipant.New(connectparticipant.Options{BaseEndpoint: &i.fake.URL, HTTPClient: i.fake.Client()}),
	}
}

// printed records what is written, and signals each write.
type printed struct {
	bytes.Buffer
	wrote func()
}

func (p *printed) Write(text []byte) (int, error) {
	defer p.wrote()
	return p.Buffer.Write(text)
}

func TestAMessageGoesThereAndBack(t *testing.T) {
	t.Parallel()
	var i instance
	c := newCustomerOf(t, &i)
	out := printed{wrote: func() {}}
	c.stdout = &out
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	var agent sync.WaitGroup
	var failed error
	agent.Go(func() {
		session, err := i.agent(ctx, c.participants)
		if failed = err; err == nil {
			failed = session.Leave(ctx) // which ends the chat
		}
	})
	require.NoError(t, c.run(ctx, hello))
	agent.Wait()
	require.NoError(t, failed)
	require.Equal(t, "Agent: Yes, Ana\nThe chat has ended.\n", out.String())
}

func TestWhatOthersWroteCannotControlTheTerminal(t *testing.T) {
	t.Parallel()
	i := instance{reply: "\x1b]52;c;eA==\a\x1b[2J \u009b31m \u202etxt.exe\nAna: \u2028\u200f\u061c\u2069agreed"}
	c := newCustomerOf(t, &i)
	ctx, interrupt := context.WithTimeout(t.Context(), time.Minute)
	defer interrupt()
	out := printed{wrote: interrupt}
	c.stdout = &out
	var agent sync.WaitGroup
	agent.Go(func() {
		session, err := i.agent(ctx, c.participants)
		if err == nil {
			_ = session.Close()
		}
	})
	require.NoError(t, c.run(ctx, hello))
	agent.Wait()
	line, _, _ := strings.Cut(out.String(), "\n")
	require.Equal(t, "Agent: \ufffd]52;c;eA==\ufffd\ufffd[2J \ufffd31m \ufffdtxt.exe Ana:  \ufffd\ufffd\ufffdagreed", line)
}

func TestInterruptedCustomerLeaves(t *testing.T) {
	t.Parallel()
	var i instance
	c := newCustomerOf(t, &i)
	ctx, interrupt := context.WithTimeout(t.Context(), time.Minute)
	defer interrupt()
	out := printed{wrote: interrupt}
	c.stdout = &out
	var agent sync.WaitGroup
	var ended error
	agent.Go(func() {
		session, err := i.agent(t.Context(), c.participants)
		for err == nil {
			_, err = session.Next(t.Context())
		}
		ended = err
	})
	require.NoError(t, c.run(ctx, hello))
	agent.Wait()
	require.ErrorIs(t, ended, chat.ErrChatEnded)
	require.Contains(t, out.String(), "Agent: Yes, Ana\n")
	require.Equal(t, 1, i.fake.Count("DisconnectParticipant"))
}

func TestRefusalsAreTold(t *testing.T) {
	t.Parallel()
	t.Run("of the instance", func(t *testing.T) {
		t.Parallel()
		var i instance
		c := newCustomerOf(t, &i)
		i.fake.Inject(participanttest.Fault{
			On: "StartChatContact", Effect: participanttest.Fail(http.StatusNotFound, "ResourceNotFoundException"),
		})
		err := c.run(t.Context(), hello)
		var missing *connecttypes.ResourceNotFoundException
		require.ErrorAs(t, err, &missing)
		require.Empty(t, i.fake.Contacts())
	})
	t.Run("of the token", func(t *testing.T) {
		t.Parallel()
		var i instance
		c := newCustomerOf(t, &i)
		i.fake.Inject(participanttest.Fault{
			On: "CreateParticipantConnection", Effect: participanttest.Fail(http.StatusForbidden, "AccessDeniedException"),
		})
		err := c.run(t.Context(), hello)
		require.ErrorIs(t, err, chat.ErrAccessDenied)
		contact := i.fake.Contacts()[0]
		require.Contains(t, err.Error(), "join contact "+contact.ID)
		require.NotContains(t, err.Error(), contact.Customer.Token)
	})
}

func TestWrongCallsAreRefused(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		args []string
		code int
		want string
	}{
		"no instance":     {[]string{"-flow", "flow-1", "hello"}, 2, "Usage: startchat"},
		"nothing to say":  {[]string{"-instance", "instance-1", "-flow", "flow-1"}, 2, "Usage: startchat"},
		"an unknown flag": {[]string{"-x"}, 2, "flag provided but not defined"},
		"help":            {[]string{"-h"}, 0, "Usage: startchat"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var stdout, stderr bytes.Buffer
			require.Equal(t, test.code, run(t.Context(), test.args, &stdout, &stderr))
			require.Empty(t, stdout.String())
			require.Contains(t, stderr.String(), test.want)
		})
	}
}

// The program runs against the fake as it is: the environment names the endpoints.
func TestTheEnvironmentLeadsToTheFake(t *testing.T) { //nolint:paralleltest // it sets the environment
	fake := participanttest.Start(t, func(o *participanttest.Options) {
		o.Flow = func(ctx context.Context, c *participanttest.Contact) {
			if c.Customer.WaitRequest(ctx, "SendMessage", 1) == nil {
				c.System.Say("Goodbye, " + c.Customer.DisplayName)
				c.End()
			}
		}
	})
	for name, value := range map[string]string{
		"AWS_ENDPOINT_URL": fake.URL, "AWS_ACCESS_KEY_ID": "MADEUPKEY", "AWS_SECRET_ACCESS_KEY": "made-up-secret",
		"AWS_CONFIG_FILE": "none", "AWS_SHARED_CREDENTIALS_FILE": "none", "AWS_REGION": "eu-west-2",
	} {
		t.Setenv(name, value)
	}
	var stdout, stderr bytes.Buffer
	code := run(t.Context(), []string{"-instance", "instance-1", "-flow", "flow-1", "-name", "Ana", "Is", "anybody", "there?"}, &stdout, &stderr)
	require.Zero(t, code, stderr.String())
	require.Equal(t, "SYSTEM_MESSAGE: Goodbye, Ana\nThe chat has ended.\n", stdout.String())
	require.Equal(t, "flow-1", fake.Contacts()[0].FlowID)
}
