// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
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

// instance answers StartChatContact with a chat of the fake.
type instance struct {
	chats   *participanttest.Server
	over    bool                          // the chat has ended by the time of the answer
	reply   string                        // of the agent; "" for Yes and the customer's name
	started chan *participanttest.Contact // room for the one chat of a test
}

func (i *instance) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	var in struct {
		InstanceId, ContactFlowId, ClientToken string
		ParticipantDetails                     struct{ DisplayName string }
	}
	err := json.NewDecoder(r.Body).Decode(&in)
	signed := strings.HasPrefix(r.Header.Get("Authorization"), "AWS4-HMAC-SHA256 Credential=MADEUPKEY/")
	w.Header().Set("Content-Type", "application/json")
	switch {
	case err != nil || r.Method+r.URL.Path != "PUT/contact/chat" || !signed || in.ClientToken == "":
		w.WriteHeader(http.StatusBadRequest)
		return
	case in.InstanceId != hello.instance || in.ContactFlowId != hello.flow:
		w.Header().Set("X-Amzn-ErrorType", "ResourceNotFoundException")
		w.WriteHeader(http.StatusNotFound)
		return
	}
	contact := i.chats.NewChat(func(o *participanttest.ChatOptions) { o.CustomerName = in.ParticipantDetails.DisplayName })
	if i.over {
		contact.End()
	}
	i.started <- contact
	_ = json.NewEncoder(w).Encode(map[string]string{
		"ContactId": contact.ID, "ParticipantId": contact.Customer.ID, "ParticipantToken": contact.Customer.Token,
	}) // an error is that of a client which has gone
}

// agent joins the chat that was started, waits for the customer's message and answers it.
func (i *instance) agent(ctx context.Context, client connectparticipant.API) (*chat.Session, error) {
	contact := <-i.started
	session, err := chat.Start(ctx, client, contact.Agent.Token)
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

// newCustomerOf returns a customer whose clients go to the instance and the fake.
func newCustomerOf(t *testing.T, i *instance) *customer {
	t.Helper()
	i.chats, i.started = participanttest.Start(t), make(chan *participanttest.Contact, 1)
	srv := httptest.NewServer(i)
	t.Cleanup(srv.Close)
	return &customer{
		starter: connect.New(connect.Options{
			Region:       "eu-west-2",
			BaseEndpoint: &srv.URL,
			Credentials:  credentials.NewStaticCredentialsProvider("MADEUPKEY", "made-up-secret", ""),
			HTTPClient:   srv.Client(),
			Retryer:      aws.NopRetryer{},
		}),
		participants: connectparticipant.New(connectparticipant.Options{BaseEndpoint: &i.chats.URL, HTTPClient: i.chats.Client()}),
	}
}

// printed notes what is written, and tells of each writing.
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
	require.Equal(t, 1, i.chats.Count("DisconnectParticipant"))
}

func TestRefusalsAreTold(t *testing.T) {
	t.Parallel()
	t.Run("of the instance", func(t *testing.T) {
		t.Parallel()
		var i instance
		err := newCustomerOf(t, &i).run(t.Context(), order{instance: "instance-2", flow: hello.flow, name: hello.name, text: hello.text})
		var notFound *connecttypes.ResourceNotFoundException
		require.ErrorAs(t, err, &notFound)
		require.Empty(t, i.started)
	})
	t.Run("of the token", func(t *testing.T) {
		t.Parallel()
		i := instance{over: true}
		err := newCustomerOf(t, &i).run(t.Context(), hello)
		require.ErrorIs(t, err, chat.ErrAccessDenied)
		contact := <-i.started
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
