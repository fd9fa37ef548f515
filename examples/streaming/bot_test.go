// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"os"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/participant-go/connectparticipant"
	"github.com/participant-go/connectparticipant/participanttest"
	"github.com/participant-go/connectparticipant/streaming"
	"github.com/participant-go/connectparticipant/types"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// recorded is the contact ID of the events in testdata.
const recorded = "4f2d7c1a-3333-4a55-9c77-c3d4e5f6a7b8"

// function is a bot in a chat, and its environment.
type function struct {
	*bot

	srv     *participanttest.Server
	contact *participanttest.Contact
	self    *participanttest.Participant
	tokens  *memory
}

// deploy starts a bot that has joined a chat.
func deploy(t *testing.T) *function {
	t.Helper()
	srv := participanttest.Start(t)
	contact := srv.NewChat()
	f := &function{srv: srv, contact: contact, self: contact.AddParticipant(types.ParticipantRoleCustomBot, "Bot"), tokens: newMemory()}
	f.bot = f.instance()
	require.NoError(t, f.join(t.Context(), recorded, f.self.Token))
	return f
}

// instance returns another instance of the function, which shares only the tokens.
func (f *function) instance() *bot {
	client := connectparticipant.New(connectparticipant.Options{BaseEndpoint: &f.srv.URL, HTTPClient: f.srv.Client()})
	return newBot(client, f.tokens, reply, slog.New(slog.DiscardHandler))
}

// said returns the bot's messages.
func (f *function) said() (texts []string) {
	for _, item := range f.contact.Transcript() {
		if item.ParticipantId == f.self.ID && item.Type == string(types.ChatItemTypeMessage) {
			texts = append(texts, item.Content)
		}
	}
	return texts
}

// load returns a recorded event.
func load(t *testing.T, name string) json.RawMessage {
	t.Helper()
	data, err := os.ReadFile("testdata/" + name)
	require.NoError(t, err)
	return data
}

// batch returns an event with the records of several events.
func batch(t *testing.T, events ...json.RawMessage) json.RawMessage {
	t.Helper()
	var all struct{ Records []json.RawMessage }
	for _, event := range events {
		var one struct{ Records []json.RawMessage }
		require.NoError(t, json.Unmarshal(event, &one))
		all.Records = append(all.Records, one.Records...)
	}
	event, err := json.Marshal(all)
	require.NoError(t, err)
	return event
}

// handles makes the function handle an event, and returns its error.
func (f *function) handles(t *testing.T, event json.RawMessage) error {
	t.Helper()
	_, err := f.handle(t.Context(), event)
	return err
}

func TestCustomersMessageGetsOneReply(t *testing.T) {
	t.Parallel()
	f := deploy(t)
	event := load(t, "message.json")
	require.NoError(t, f.handles(t, batch(t, event, event)))
	require.NoError(t, f.handles(t, event), "a later duplicate")
	_, err := f.instance().handle(t.Context(), event)
	require.NoError(t, err, "a duplicate in another instance")
	require.Equal(t, []string{"You wrote 18 letters."}, f.said())
}

func TestConcurrentDuplicatesGetOneReply(t *testing.T) {
	t.Parallel()
	f := deploy(t)
	event := load(t, "message.json")
	var (
		calls sync.WaitGroup
		errs  = make([]error, 8)
	)
	for i := range errs {
		calls.Go(func() { _, errs[i] = f.instance().handle(t.Context(), event) })
	}
	calls.Wait()
	require.NoError(t, errors.Join(errs...))
	require.Len(t, f.said(), 1)
}

func TestFailedCallIsReportedForARetry(t *testing.T) {
	t.Parallel()
	for name, effect := range map[string]participanttest.Effect{
		"the message wasn't sent":   participanttest.Fail(500, "InternalServerException"),
		"the message was sent":      participanttest.DropAfter(),
		"the account is over quota": participanttest.Fail(429, "ThrottlingException"),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := deploy(t)
			event := load(t, "message.json")
			fault := f.srv.Inject(participanttest.Fault{On: "SendMessage", Effect: effect})
			err := f.handles(t, event)
			require.ErrorContains(t, err, "record 0: ")
			require.NotContains(t, err.Error(), "order", "the error contains message content")
			fault.Remove()
			require.NoError(t, f.handles(t, event))
			require.Len(t, f.said(), 1)
		})
	}
}

func TestOtherEventsAreIgnored(t *testing.T) {
	t.Parallel()
	f := deploy(t)
	require.NoError(t, f.handles(t, load(t, "own.json")))
	joined := `{"Records":[{"EventSource":"aws:sns","Sns":{"Type":"Notification","Message":"{\"Id\":\"1\",\"Type\":\"EVENT\",` +
		`\"ContentType\":\"application/vnd.amazonaws.connect.event.participant.joined\",\"ParticipantRole\":\"CUSTOMER\",\"ContactId\":\"` + recorded + `\"}"}}]}`
	require.NoError(t, f.handles(t, json.RawMessage(joined)))
	elsewhere := strings.ReplaceAll(string(load(t, "message.json")), recorded, "another contact")
	require.NoError(t, f.handles(t, json.RawMessage(elsewhere)))
	require.Zero(t, f.srv.Count("SendMessage"))
}

func TestExpiredConnectionTokenIsReplaced(t *testing.T) {
	t.Parallel()
	f := deploy(t)
	f.self.ExpireTokens()
	require.NoError(t, f.handles(t, load(t, "message.json")))
	require.Len(t, f.said(), 1)
	require.Equal(t, 2, f.self.Count("CreateParticipantConnection"))
}

func TestBotDeletesItsTokenWhenTheChatEnds(t *testing.T) {
	t.Parallel()
	f := deploy(t)
	f.contact.End()
	require.NoError(t, f.handles(t, load(t, "ended.json")))
	_, err := f.tokens.Token(t.Context(), recorded)
	require.ErrorIs(t, err, errNoToken)
	require.NoError(t, f.handles(t, load(t, "ended.json")), "a duplicate")
	require.NoError(t, f.handles(t, load(t, "message.json")), "a message after the end")
	require.Zero(t, f.srv.Count("SendMessage"))
}

func TestBotDeletesItsTokenWhenAccessIsDenied(t *testing.T) {
	t.Parallel()
	f := deploy(t)
	f.self.Leave() // as the service makes it do when an agent joins
	require.NoError(t, f.handles(t, load(t, "message.json")))
	_, err := f.tokens.Token(t.Context(), recorded)
	require.ErrorIs(t, err, errNoToken)
}

func TestUnreadableNotificationDoesNotAffectTheOthers(t *testing.T) {
	t.Parallel()
	f := deploy(t)
	bad := json.RawMessage(`{"Records":[{"EventSource":"aws:sns","Sns":{"Type":"Notification","Message":"no JSON"}}]}`)
	err := f.handles(t, batch(t, bad, load(t, "message.json")))
	require.ErrorContains(t, err, "record 0: ")
	require.Len(t, f.said(), 1)
}

func TestFailedMessagesReturnToTheQueue(t *testing.T) {
	t.Parallel()
	published := make(chan []byte, 10)
	srv := participanttest.Start(t, func(o *participanttest.Options) { o.Stream = func(payload []byte) { published <- payload } })
	contact := srv.NewChat(func(o *participanttest.ChatOptions) { o.Streaming = true })
	f := &function{srv: srv, contact: contact, self: contact.AddParticipant(types.ParticipantRoleCustomBot, "Bot"), tokens: newMemory()}
	f.bot = f.instance()
	require.NoError(t, f.join(t.Context(), contact.ID, f.self.Token))
	<-published // the bot's joining
	contact.Customer.Say("Where is my order?")
	response, err := f.handle(t.Context(), participanttest.LambdaSQS([]byte("broken"), <-published))
	require.NoError(t, err)
	require.Equal(t, []streaming.BatchItemFailure{{ItemIdentifier: "message-0"}}, response.BatchItemFailures)
	require.Equal(t, []string{"You wrote 18 letters."}, f.said())
}

func TestProgramHandlesEventsFromStandardInput(t *testing.T) {
	t.Parallel()
	srv := participanttest.Start(t)
	contact := srv.NewChat()
	var events, log bytes.Buffer
	for _, name := range []string{"message.json", "own.json", "message.json"} {
		data, err := os.ReadFile("testdata/" + name)
		require.NoError(t, err)
		events.Write(data)
	}
	args := []string{"-endpoint", srv.URL, "-contact", recorded}
	require.NoError(t, run(t.Context(), args, contact.Agent.Token, &events, &log))
	require.Empty(t, log.String())
	kept := contact.Transcript()
	require.Equal(t, "You wrote 18 letters.", kept[len(kept)-1].Content)
	require.Equal(t, 2, srv.Count("SendMessage"))
}

func TestErrorsOfTheCommandLine(t *testing.T) {
	t.Parallel()
	srv := participanttest.Start(t)
	require.Error(t, run(t.Context(), nil, "", strings.NewReader(""), io.Discard))
	err := run(t.Context(), []string{"-endpoint", srv.URL, "-contact", recorded}, "a-made-up-token", strings.NewReader(""), io.Discard)
	require.ErrorContains(t, err, "join contact "+recorded)
	require.True(t, connectparticipant.IsAccessDenied(err))
	require.NotContains(t, err.Error(), "a-made-up-token")
}
