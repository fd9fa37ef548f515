// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/participant-go/connectparticipant/chat"
	"github.com/participant-go/connectparticipant/participanttest"
	"github.com/participant-go/connectparticipant/types"
)

// asProgram makes the test binary run as the program, without building it.
const asProgram = "ECHOBOT_TEST_AS_PROGRAM"

func TestMain(m *testing.M) {
	if os.Getenv(asProgram) != "" {
		main()
		return
	}
	goleak.VerifyTestMain(m)
}

// joined is a bot that has joined a chat as the agent.
type joined struct {
	*participanttest.Contact

	ctx   context.Context // of the test
	leave context.CancelFunc
	ended chan error // the result of run
}

func joinAsAgent(t *testing.T, srv *participanttest.Server) *joined {
	t.Helper()
	return joinContact(t, srv, srv.NewChat())
}

// joinContact returns when new messages are no longer history, as those of the first second may be.
func joinContact(t *testing.T, srv *participanttest.Server, contact *participanttest.Contact) *joined {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	t.Cleanup(cancel)
	running, leave := context.WithCancel(ctx)
	j := &joined{Contact: contact, ctx: ctx, leave: leave, ended: make(chan error, 1)}
	go func() { j.ended <- run(running, []string{"-endpoint", srv.URL}, contact.Agent.Token, t.Output()) }()
	require.NoError(t, contact.Agent.WaitSockets(ctx, 1))
	srv.Advance(2 * time.Second)
	return j
}

// said returns the messages of a role, in the order of the transcript.
func (j *joined) said(role types.ParticipantRole) (texts []string) {
	for _, item := range j.Transcript() {
		if item.Type == string(types.ChatItemTypeMessage) && item.ParticipantRole == role {
			texts = append(texts, item.Content)
		}
	}
	return texts
}

func TestEachMessageGetsOneReplyDespiteLostSockets(t *testing.T) {
	t.Parallel()
	srv := participanttest.Start(t)
	j := joinAsAgent(t, srv)
	j.Customer.Say("one")
	require.NoError(t, j.Agent.WaitRequest(j.ctx, "SendMessage", 1))
	j.Agent.CutSockets()
	j.Customer.Say("two") // while the bot has no socket
	require.NoError(t, j.Agent.WaitRequest(j.ctx, "SendMessage", 2))
	j.Customer.Leave() // which ends the chat
	require.NoError(t, <-j.ended)
	require.Equal(t, []string{"You said: one", "You said: two"}, j.said(types.ParticipantRoleAgent))
}

func TestHistoryGetsNoReply(t *testing.T) {
	t.Parallel()
	srv := participanttest.Start(t)
	contact := srv.NewChat()
	contact.Customer.Say("before it came")
	srv.Advance(2 * time.Second) // the session may know only the second in which it began
	j := joinContact(t, srv, contact)
	contact.Customer.Say("now")
	require.NoError(t, contact.Agent.WaitRequest(j.ctx, "SendMessage", 1))
	contact.End()
	require.NoError(t, <-j.ended)
	require.Equal(t, []string{"You said: now"}, j.said(types.ParticipantRoleAgent))
}

func TestRefusedReplyDoesNotEndTheBot(t *testing.T) {
	t.Parallel()
	srv := participanttest.Start(t)
	j := joinAsAgent(t, srv)
	srv.Inject(participanttest.Fault{On: "SendMessage", Times: 1, Effect: participanttest.Fail(400, "ValidationException")})
	j.Customer.Say("one")
	j.Customer.Say("two")
	require.NoError(t, j.Agent.WaitRequest(j.ctx, "SendMessage", 2))
	j.End()
	require.NoError(t, <-j.ended)
	require.Equal(t, []string{"You said: two"}, j.said(types.ParticipantRoleAgent))
}

func TestBotLeavesWhenItsContextEnds(t *testing.T) {
	t.Parallel()
	srv := participanttest.Start(t)
	j := joinAsAgent(t, srv)
	j.Customer.Say("are you there?")
	require.NoError(t, j.Agent.WaitRequest(j.ctx, "SendMessage", 1))
	j.leave()
	require.NoError(t, <-j.ended)
	require.Equal(t, 1, j.Agent.Count("DisconnectParticipant"))
}

func TestErrorsOfTheCommandLine(t *testing.T) {
	t.Parallel()
	srv := participanttest.Start(t)
	require.EqualError(t, run(t.Context(), nil, "", t.Output()), "PARTICIPANT_TOKEN is not set")
	err := run(t.Context(), []string{"-endpoint", srv.URL}, "a-made-up-token", t.Output())
	require.ErrorIs(t, err, chat.ErrAccessDenied)
	require.NotContains(t, err.Error(), "a-made-up-token")
}

func TestProgramLeavesOnAnInterrupt(t *testing.T) {
	t.Parallel()
	srv := participanttest.Start(t)
	contact := srv.NewChat()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	var log bytes.Buffer
	program := exec.CommandContext(ctx, os.Args[0], "-endpoint", srv.URL)
	program.Env = append(os.Environ(), asProgram+"=1", "PARTICIPANT_TOKEN="+contact.Agent.Token)
	program.Stderr = &log
	require.NoError(t, program.Start())
	require.NoError(t, contact.Agent.WaitSockets(ctx, 1))
	srv.Advance(2 * time.Second)
	contact.Customer.Say("a secret")
	require.NoError(t, contact.Agent.WaitRequest(ctx, "SendMessage", 1))
	require.NoError(t, program.Process.Signal(os.Interrupt))
	require.NoError(t, program.Wait(), &log)
	require.Equal(t, 1, contact.Agent.Count("DisconnectParticipant"))
	require.NotContains(t, log.String(), "secret")
	require.NotContains(t, log.String(), contact.Agent.Token)
}
