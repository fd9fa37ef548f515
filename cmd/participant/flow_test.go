// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"encoding/json"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/participant-go/connectparticipant/participanttest"
)

// startedChat is a chat of StartChatContact.
type startedChat struct{ ContactID, ParticipantToken string }

// connectAPI calls an operation of Amazon Connect. Every body begins with the members that a chat needs.
func connectAPI(t *testing.T, s *served, method, path, members string, out any) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), method, s.Endpoint+path, strings.NewReader(`{"InstanceId":"instance-1",`+members+`}`))
	require.NoError(t, err)
	request.Close = true
	response, err := http.DefaultTransport.RoundTrip(request)
	require.NoError(t, err)
	defer func() { _ = response.Body.Close() }()
	require.Equal(t, http.StatusOK, response.StatusCode)
	require.NoError(t, json.NewDecoder(response.Body).Decode(out))
}

func startChat(t *testing.T, s *served, more string) (c startedChat) {
	t.Helper()
	connectAPI(t, s, http.MethodPut, "/contact/chat", `"ContactFlowId":"flow-1","ParticipantDetails":{"DisplayName":"Ana"}`+more, &c)
	return c
}

const welcome = "SYSTEM: Welcome, Ana. This is the fake of Amazon Connect."

// greet connects the customer of a chat, waits for the greeting and returns the connection token.
func greet(t *testing.T, s *served, chat startedChat) (token *string) {
	t.Helper()
	client := s.client(t)
	token = connectAs(t, client, readySide{chat.ParticipantToken}).ConnectionCredentials.ConnectionToken
	awaitTexts(t, client, token, welcome)
	return token
}

func TestServePlaysTheFlowOfAChatThatAClientStarts(t *testing.T) {
	t.Parallel()
	s := startServe(t, "-chats", "1")
	client := s.client(t)
	token := greet(t, s, startChat(t, s, ""))
	send(t, client, token, "Hello")
	awaitTexts(t, client, token, welcome, "CUSTOMER: Hello", "AGENT: You said: Hello")
	require.Equal(t, exitOK, s.stop())
	require.Regexp(t, `(?m)^\S+ +- +StartChatContact +200 *$`, s.stderr.String())
	require.Regexp(t, `(?m)^\S+ +CUSTOMER +SendMessage +200 *$`, s.stderr.String())
}

func TestServeWithoutAnAgentPlaysNoFlow(t *testing.T) {
	t.Parallel()
	for agent, want := range map[string][]string{agentNone: {"CUSTOMER: Hello"}, agentEcho: {welcome, "CUSTOMER: Hello"}} {
		s := &serve{agent: agent}
		played := make(chan struct{})
		srv := participanttest.Start(t, func(o *participanttest.Options) {
			o.Flow = func(ctx context.Context, c *participanttest.Contact) {
				ctx, cancel := context.WithCancel(ctx)
				cancel() // before the echo replies
				s.flow(ctx, c)
				close(played)
			}
		})
		running := &served{ready: ready{Endpoint: srv.URL}}
		client := running.client(t)
		token := connectAs(t, client, readySide{startChat(t, running, "").ParticipantToken}).ConnectionCredentials.ConnectionToken
		<-played
		send(t, client, token, "Hello")
		said, err := texts(t.Context(), client, token)
		require.NoError(t, err)
		require.Equal(t, want, said)
	}
}

func TestTheFlowContinuesAfterARestart(t *testing.T) {
	t.Parallel()
	s := &serve{agent: agentEcho}
	var snapshot []byte
	var chat startedChat
	said := []string{welcome}
	for _, text := range []string{"Hello", "Again"} {
		srv, err := participanttest.New(func(o *participanttest.Options) { o.Flow, o.Snapshot = s.flow, snapshot })
		require.NoError(t, err)
		t.Cleanup(srv.Close)
		running := &served{ready: ready{Endpoint: srv.URL}}
		if snapshot == nil {
			chat = startChat(t, running, "")
		}
		client := running.client(t)
		token := connectAs(t, client, readySide{chat.ParticipantToken}).ConnectionCredentials.ConnectionToken
		awaitTexts(t, client, token, said...)
		send(t, client, token, text)
		said = append(said, "CUSTOMER: "+text, "AGENT: You said: "+text)
		awaitTexts(t, client, token, said...)
		snapshot, err = srv.Snapshot()
		require.NoError(t, err)
		srv.Close()
	}
}

func TestServeLeavesAChatToABot(t *testing.T) {
	t.Parallel()
	s := startServe(t, "-chats", "1")
	client := s.client(t)
	chat := startChat(t, s, "")
	token := greet(t, s, chat)
	var bot struct{ ParticipantCredentials readySide }
	connectAPI(t, s, http.MethodPost, "/contact/create-participant",
		`"ContactId":"`+chat.ContactID+`","ParticipantDetails":{"ParticipantRole":"CUSTOM_BOT","DisplayName":"Robot"}`, &bot)
	botToken := connectAs(t, client, bot.ParticipantCredentials).ConnectionCredentials.ConnectionToken
	send(t, client, token, "Hello")
	send(t, client, botToken, "I am a bot")

	// When the echo replies here, it would also have replied there.
	witness := greet(t, s, startChat(t, s, ""))
	send(t, client, witness, "Hello")
	awaitTexts(t, client, witness, welcome, "CUSTOMER: Hello", "AGENT: You said: Hello")
	awaitTexts(t, client, token, welcome, "CUSTOMER: Hello", "CUSTOM_BOT: I am a bot")
}

func TestServeLogsWhatIsPublished(t *testing.T) {
	t.Parallel()
	s := startServe(t, "-agent", "none", "-chats", "1")
	const topic = "arn:aws:sns:eu-west-2:111122223333:chats"
	client := s.client(t)
	chat := startChat(t, s, `,"ChatStreamingConfiguration":{"StreamingEndpointArn":"`+topic+`"}`)
	send(t, client, connectAs(t, client, readySide{chat.ParticipantToken}).ConnectionCredentials.ConnectionToken, "a-secret")
	published := regexp.MustCompile(`(?m)^\S+ +CUSTOMER +Publish +` + topic + ` text/plain$`)
	require.Eventually(t, func() bool { return published.MatchString(s.stderr.String()) }, 20*time.Second, 20*time.Millisecond)
	require.NotContains(t, s.stderr.String(), "a-secret", "content was logged")
}
