// SPDX-License-Identifier: Apache-2.0

package participanttest_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/coder/websocket"
	"github.com/stretchr/testify/require"

	"github.com/participant-go/connectparticipant/participanttest"
	"github.com/participant-go/connectparticipant/types"
)

func impatient(o *participanttest.ChatOptions) {
	o.CustomerTimeouts = participanttest.Timeouts{Idle: 5 * time.Minute, AutoDisconnect: 10 * time.Minute}
	o.AgentTimeouts = participanttest.Timeouts{Idle: 8 * time.Minute}
}

// inBubble is for what needs exact time.
func inBubble(t *testing.T, test func(w world), optFns ...func(*participanttest.Options)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		test(world{t, participanttest.Start(t, append(optFns, participanttest.InMemory())...)})
	})
}

// gets expects the next events of a socket, each without its prefix, and then silence.
func gets(t *testing.T, conn *websocket.Conn, names ...string) {
	t.Helper()
	for _, name := range names {
		require.Equal(t, event+name, pushed(t, conn)["ContentType"])
	}
	silent(t, conn)
}

func TestSilenceLeadsToIdleAndToAutoDisconnection(t *testing.T) {
	t.Parallel()
	inBubble(t, func(w world) {
		t := w.t
		st := newStage(t, w.srv, impatient)
		w.srv.Advance(5*time.Minute - time.Second)
		silent(t, st.customer)
		w.srv.Advance(time.Second)
		it := st.both(t)
		require.Equal(t, event+"participant.idle", it["ContentType"])
		require.Equal(t, st.contact.Customer.ID, it["ParticipantId"])
		st.notInTranscript(t, it)
		st.contact.Customer.Typing()
		require.Equal(t, event+"typing", st.both(t)["ContentType"], "typing changes nothing")

		ok(t, w.srv, "/participant/message", st.customerBearer, hello)
		require.Equal(t, event+"participant.returned", st.both(t)["ContentType"])
		require.Equal(t, "hello", st.both(t)["Content"])
		w.srv.Advance(4 * time.Minute)
		require.Equal(t, event+"participant.idle", st.both(t)["ContentType"], "the agent's, after 8 minutes")
		st.contact.Customer.ShareFile("plan.pdf", "application/pdf", []byte(content))
		require.Equal(t, "ATTACHMENT", st.both(t)["Type"])
		w.srv.Advance(5 * time.Minute)
		require.Equal(t, event+"participant.idle", st.both(t)["ContentType"])
		w.srv.Advance(10*time.Minute - time.Second)
		silent(t, st.agent)
		w.srv.Advance(time.Second)
		require.Equal(t, event+"participant.autodisconnection", pushed(t, st.customer)["ContentType"])
		require.Equal(t, st.contact.Agent.ID, st.both(t)["ParticipantId"], "participant.left")
		require.Equal(t, event+"chat.ended", st.both(t)["ContentType"])
		require.False(t, st.contact.Customer.State().Left)
		w.srv.Advance(time.Hour)
		silent(t, st.customer)
	})
}

func TestAutoDisconnectionWithoutIdle(t *testing.T) {
	t.Parallel()
	inBubble(t, func(w world) {
		t := w.t
		st := newStage(t, w.srv, func(o *participanttest.ChatOptions) {
			o.AgentTimeouts = participanttest.Timeouts{AutoDisconnect: 2 * time.Minute}
		})
		st.srv.Advance(time.Minute)
		st.contact.Customer.Say("only the agent's own messages count")
		st.both(t)
		st.srv.Advance(time.Minute)
		gets(t, st.customer, "participant.autodisconnection", "participant.left", "chat.ended")
	})
}

func TestTimeoutsRunWhileBothSidesHaveJoined(t *testing.T) {
	t.Parallel()
	inBubble(t, func(w world) {
		t := w.t
		srv := w.srv
		contact := srv.NewChat(impatient)
		customer := listen(t, srv, contact.Customer)
		gets(t, customer)
		srv.Advance(time.Hour)
		silent(t, customer)
		contact.Agent.Join()
		gets(t, customer, "participant.joined")
		srv.Advance(5 * time.Minute)
		gets(t, customer, "participant.idle")
		contact.Agent.Leave()
		gets(t, customer, "participant.left")
		srv.Advance(time.Hour)
		silent(t, customer)

		bot := contact.AddParticipant(types.ParticipantRoleCustomBot, "Bot")
		bot.Join()
		gets(t, customer, "participant.joined")
		srv.Advance(15 * time.Minute)
		gets(t, customer, "participant.idle", "participant.autodisconnection", "participant.left")
		require.False(t, contact.Ended(), "a bot leaves without consequence")
		require.True(t, bot.State().Left)
	}, func(o *participanttest.Options) { o.AgentsMayLeave = true })
}

func TestATransferRestartsTimeouts(t *testing.T) {
	t.Parallel()
	inBubble(t, func(w world) {
		t := w.t
		st := newStage(t, w.srv, impatient)
		st.srv.Advance(4 * time.Minute)
		st.contact.Transfer("Bea").Join()
		gets(t, st.customer, "transfer.succeeded", "participant.left", "participant.joined")
		st.srv.Advance(4 * time.Minute)
		silent(t, st.customer)
		st.srv.Advance(time.Minute)
		gets(t, st.customer, "participant.idle")
	})
}

func TestTimeoutsContinueAfterARestart(t *testing.T) {
	t.Parallel()
	inBubble(t, func(w world) {
		t := w.t
		srv := w.srv
		contact := srv.NewChat(impatient)
		contact.Customer.Join()
		contact.Agent.Join()
		srv.Advance(3 * time.Minute)
		srv = restart(t, srv)
		contact = srv.Contact(contact.ID)
		customer := listen(t, srv, contact.Customer)
		srv.Advance(2 * time.Minute)
		gets(t, customer, "participant.idle")
		srv.Advance(2 * time.Minute)
		srv = restart(t, srv)
		customer = listen(t, srv, srv.Contact(contact.ID).Customer)
		srv.Advance(8 * time.Minute)
		gets(t, customer, "participant.idle", "participant.autodisconnection", "participant.left", "chat.ended")
	})
}

func TestADurationEndsTheChat(t *testing.T) {
	t.Parallel()
	inBubble(t, func(w world) {
		t := w.t
		srv := w.srv
		st := newStage(t, srv, func(o *participanttest.ChatOptions) { o.Duration = time.Hour })
		api, _ := startChat(t, srv, object{"ChatDurationInMinutes": 60})
		usual, _ := startChat(t, srv, nil)
		srv.Advance(time.Hour - time.Second)
		require.False(t, st.contact.Ended())
		srv.Advance(time.Second)
		require.Equal(t, event+"chat.ended", st.both(t)["ContentType"])
		denied(t, post(t, srv, "/participant/transcript", st.customerBearer, `{}`))
		require.True(t, api.Ended())
		described := connectOK(t, srv, "GET", "/contacts/"+instance+"/"+api.ID, "")["Contact"].(object)
		require.Equal(t, "EXPIRED", described["DisconnectReason"])
		srv.Advance(23 * time.Hour)
		require.False(t, usual.Ended())
		srv.Advance(time.Hour)
		require.True(t, usual.Ended(), "after 1,500 minutes")
	})
}

func TestADurationEndsTheChatAfterARestart(t *testing.T) {
	t.Parallel()
	inBubble(t, func(w world) {
		t := w.t
		srv := w.srv
		contact := srv.NewChat(func(o *participanttest.ChatOptions) { o.Duration = time.Hour })
		srv.Advance(30 * time.Minute)
		srv = restart(t, srv)
		contact = srv.Contact(contact.ID)
		srv.Advance(29 * time.Minute)
		require.False(t, contact.Ended())
		srv.Advance(time.Minute)
		require.True(t, contact.Ended())
	})
}

func TestAChatWhoseCustomerDoesNotConnectEnds(t *testing.T) {
	t.Parallel()
	inBubble(t, func(w world) {
		t := w.t
		srv := w.srv
		waiting, joined := srv.NewChat(), srv.NewChat()
		agent := listen(t, srv, waiting.Agent)
		srv.Advance(4 * time.Minute)
		joined.Customer.Join()
		srv.Advance(time.Minute)
		require.Equal(t, []bool{true, false}, []bool{waiting.Ended(), joined.Ended()})
		gets(t, agent, "chat.ended")
		denied(t, post(t, srv, "/participant/connection", waiting.Customer.Token, `{"Type":["WEBSOCKET"]}`))
	}, func(o *participanttest.Options) { o.EndUnconnected = true })
}

func TestTheExitOfTheCustomerDisconnectsTheAgents(t *testing.T) {
	t.Parallel()
	st := newStage(t, participanttest.Start(t), func(o *participanttest.ChatOptions) { o.DisconnectOnCustomerExit = true })
	st.contact.Invite("never joins")
	st.both(t)
	ok(t, st.srv, "/participant/disconnect", st.customerBearer, `{}`)
	for _, p := range []*participanttest.Participant{st.contact.Customer, st.contact.Agent} {
		it := st.both(t)
		require.Equal(t, []any{event + "participant.left", p.ID}, []any{it["ContentType"], it["ParticipantId"]})
	}
	require.Equal(t, event+"chat.ended", st.both(t)["ContentType"])
	silent(t, st.agent)
}
