// SPDX-License-Identifier: Apache-2.0

package participanttest_test

import (
	"net/http"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/participant-go/connectparticipant/participanttest"
	"github.com/participant-go/connectparticipant/types"
)

const (
	credentialsOnly = `{"Type":["CONNECTION_CREDENTIALS"]}`
	connectByCall   = `{"Type":["CONNECTION_CREDENTIALS"],"ConnectParticipant":true}`
)

func strictly(t *testing.T, test func(w world)) {
	t.Helper()
	everywhere(t, test, func(o *participanttest.Options) { o.StrictConnection = true })
}

// strictBubble runs a test in which time passes only by Advance.
func strictBubble(t *testing.T, test func(w world)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		srv := participanttest.Start(t, participanttest.InMemory(), func(o *participanttest.Options) { o.StrictConnection = true })
		test(world{t, srv})
	})
}

func streamed(o *participanttest.ChatOptions) { o.Streaming = true }

// tokenFrom returns a connection token of a request to CreateParticipantConnection.
func tokenFrom(w world, p *participanttest.Participant, request string) string {
	w.t.Helper()
	out := ok(w.t, w.srv, "/participant/connection", p.Token, request)
	return out["ConnectionCredentials"].(object)["ConnectionToken"].(string)
}

func TestStrictRolesConnectOnlyInTheDocumentedWay(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		role             types.ParticipantRole
		options          func(*participanttest.ChatOptions)
		bySocket, byCall bool
	}{
		"a customer connects with a socket":                         {types.ParticipantRoleCustomer, func(*participanttest.ChatOptions) {}, true, false},
		"a customer of a streamed chat connects either way":         {types.ParticipantRoleCustomer, streamed, true, true},
		"an agent connects with ConnectParticipant":                 {types.ParticipantRoleAgent, func(*participanttest.ChatOptions) {}, false, true},
		"an agent of a streamed chat too":                           {types.ParticipantRoleAgent, streamed, false, true},
		"a supervisor connects with ConnectParticipant":             {types.ParticipantRoleSupervisor, func(*participanttest.ChatOptions) {}, false, true},
		"a bot connects with ConnectParticipant":                    {types.ParticipantRoleCustomBot, streamed, false, true},
		"a role that the documentation doesn't name has no own way": {types.ParticipantRoleSystem, streamed, true, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			strictly(t, func(w world) {
				contact := w.srv.NewChat(c.options)
				bySocket, byCall := contact.AddParticipant(c.role, "A"), contact.AddParticipant(c.role, "B")
				listen(w.t, w.srv, bySocket)
				ok(w.t, w.srv, "/participant/connection", byCall.Token, credentialsOnly)
				ok(w.t, w.srv, "/participant/connection", byCall.Token, `{"ConnectParticipant":true}`)
				require.Equal(w.t, c.bySocket, slices.Contains(whoJoined(contact), bySocket.ID), "by a socket")
				require.Equal(w.t, c.byCall, slices.Contains(whoJoined(contact), byCall.ID), "by ConnectParticipant")
			})
		})
	}
}

func TestStrictSendingNeedsConnectedParticipant(t *testing.T) {
	t.Parallel()
	strictly(t, func(w world) {
		contact := w.srv.NewChat()
		agent := tokenFrom(w, contact.Agent, credentialsOnly)
		upload := `{"AttachmentName":"a.txt","AttachmentSizeInBytes":1,"ContentType":"text/plain","ClientToken":"t"}`
		sends := map[string]string{
			"/participant/message":                    hello,
			"/participant/event":                      `{"ContentType":"` + event + `typing"}`,
			"/participant/start-attachment-upload":    upload,
			"/participant/complete-attachment-upload": `{}`,
		}
		for path, request := range sends {
			denied(w.t, post(w.t, w.srv, path, agent, request))
		}
		ok(w.t, w.srv, "/participant/transcript", agent, `{}`)
		ok(w.t, w.srv, "/participant/connection", contact.Agent.Token, `{"ConnectParticipant":true}`)
		delete(sends, "/participant/complete-attachment-upload")
		for path, request := range sends {
			ok(w.t, w.srv, path, agent, request)
		}
		refused(w.t, post(w.t, w.srv, "/participant/complete-attachment-upload", agent, `{}`), http.StatusBadRequest, "ValidationException", "")
	})
}

func TestStrictPushesReachOnlyConnectedParticipants(t *testing.T) {
	t.Parallel()
	strictly(t, func(w world) {
		contact := w.srv.NewChat()
		agent, customer := listen(w.t, w.srv, contact.Agent), listen(w.t, w.srv, contact.Customer)
		require.Equal(w.t, 1, contact.Agent.Sockets(), "the subscription counts")
		contact.System.Say("welcome")
		contact.PushFrame("no JSON")
		require.Equal(w.t, "welcome", pushed(w.t, customer)["Content"])
		exactly(w.t, "no JSON", receive(w.t, customer))
		silent(w.t, agent)
		tokenFrom(w, contact.Agent, connectByCall)
		require.Equal(w.t, contact.Agent.ID, pushed(w.t, agent)["ParticipantId"], "their own participant.joined")
		contact.System.Say("an agent is here")
		require.Equal(w.t, "an agent is here", pushed(w.t, agent)["Content"], "welcome isn't sent again")
	})
}

func TestStrictParticipantsConnectedByJoinMaySend(t *testing.T) {
	t.Parallel()
	strictly(t, func(w world) {
		contact := w.srv.NewChat()
		contact.Customer.Join()
		w.srv.Advance(10 * time.Minute)
		ok(w.t, w.srv, "/participant/message", tokenFrom(w, contact.Customer, credentialsOnly), hello)
	})
}

func TestStrictReceiptsCountConnectedParticipants(t *testing.T) {
	t.Parallel()
	strictly(t, func(w world) {
		contact := w.srv.NewChat(streamed)
		customer := tokenFrom(w, contact.Customer, connectByCall)
		contact.Agent.Join()
		supervisor := contact.AddParticipant(types.ParticipantRoleSupervisor, "Sue")
		tokenFrom(w, supervisor, credentialsOnly)
		receipt := body(w.t, "ContentType", event+"message.read", "Content", `{"messageId":"`+contact.Agent.Say("hello")+`"}`)
		ok(w.t, w.srv, "/participant/event", customer, receipt)
		tokenFrom(w, supervisor, connectByCall)
		refused(w.t, post(w.t, w.srv, "/participant/event", customer, receipt), http.StatusConflict, "ConflictException", "")
	})
}

func TestStrictCustomerMakesTheFirstConnectionWithinFiveMinutes(t *testing.T) {
	t.Parallel()
	strictBubble(t, func(w world) {
		early, late := w.srv.NewChat(), w.srv.NewChat()
		w.srv.Advance(5*time.Minute - time.Millisecond)
		ok(w.t, w.srv, "/participant/connection", early.Customer.Token, credentialsOnly)
		w.srv.Advance(time.Millisecond)
		ok(w.t, w.srv, "/participant/connection", early.Customer.Token, credentialsOnly)
		for range 2 {
			denied(w.t, post(w.t, w.srv, "/participant/connection", late.Customer.Token, credentialsOnly))
		}
		ok(w.t, w.srv, "/participant/connection", late.Agent.Token, credentialsOnly)
		ok(w.t, w.srv, "/participant/connection", late.AddParticipant(types.ParticipantRoleCustomer, "Eve").Token, credentialsOnly)
		listen(w.t, w.srv, early.Customer)
		require.Equal(w.t, []string{early.Customer.ID}, whoJoined(early))
	})
}

func TestStrictCustomerOfAStreamedChatConnectsByCallWithinFiveMinutes(t *testing.T) {
	t.Parallel()
	strictBubble(t, func(w world) {
		early, late := w.srv.NewChat(streamed), w.srv.NewChat(streamed)
		ok(w.t, w.srv, "/participant/connection", late.Customer.Token, credentialsOnly)
		w.srv.Advance(5*time.Minute - time.Millisecond)
		tokenFrom(w, early.Customer, connectByCall)
		w.srv.Advance(time.Millisecond)
		denied(w.t, post(w.t, w.srv, "/participant/message", tokenFrom(w, late.Customer, connectByCall), hello))
		require.Equal(w.t, []string{early.Customer.ID}, whoJoined(early))
		require.Empty(w.t, whoJoined(late))
	})
}

func TestStrictBotMakesTheFirstConnectionWithinFifteenSeconds(t *testing.T) {
	t.Parallel()
	strictBubble(t, func(w world) {
		contact := w.srv.NewChat(streamed)
		w.srv.Advance(time.Hour)
		early, late := contact.AddParticipant(types.ParticipantRoleCustomBot, "Early"), contact.AddParticipant(types.ParticipantRoleCustomBot, "Late")
		w.srv.Advance(15*time.Second - time.Millisecond)
		ok(w.t, w.srv, "/participant/connection", early.Token, credentialsOnly)
		w.srv.Advance(time.Millisecond)
		ok(w.t, w.srv, "/participant/message", tokenFrom(w, early, connectByCall), hello)
		a := post(w.t, w.srv, "/participant/connection", late.Token, connectByCall)
		refused(w.t, a, http.StatusNotFound, "ResourceNotFoundException", "Participant not found")
		require.Equal(w.t, "PARTICIPANT", a.object(w.t)["ResourceType"])
		require.Equal(w.t, late.ID, a.object(w.t)["ResourceId"])
		require.Equal(w.t, []string{early.ID}, whoJoined(contact))
	})
}

func TestStrictConnectionOverridesJoinOnConnection(t *testing.T) {
	t.Parallel()
	both := func(o *participanttest.Options) { o.StrictConnection, o.JoinOnConnection = true, true }
	everywhere(t, func(w world) {
		contact := w.srv.NewChat()
		tokenFrom(w, contact.Agent, credentialsOnly)
		require.Empty(w.t, contact.Transcript())
	}, both)
}

func TestDeadlinesOfConnectionsNeedTheSwitch(t *testing.T) {
	t.Parallel()
	everywhere(t, func(w world) {
		contact := w.srv.NewChat()
		bot := contact.AddParticipant(types.ParticipantRoleCustomBot, "Bot")
		w.srv.Advance(time.Hour)
		for _, p := range []*participanttest.Participant{contact.Customer, bot} {
			ok(w.t, w.srv, "/participant/message", tokenFrom(w, p, credentialsOnly), hello)
		}
	})
}

func TestStrictCustomerConnectsWithTheURLOfNewConnection(t *testing.T) {
	t.Parallel()
	strictly(t, func(w world) {
		used, unused := w.srv.NewChat(), w.srv.NewChat()
		c := used.Customer.NewConnection()
		unused.Customer.NewConnection()
		denied(w.t, post(w.t, w.srv, "/participant/message", c.ConnectionToken, hello))
		dial(w.t, w.srv, c.URL)
		ok(w.t, w.srv, "/participant/message", c.ConnectionToken, hello)
		w.srv.Advance(5 * time.Minute)
		ok(w.t, w.srv, "/participant/connection", used.Customer.Token, credentialsOnly)
		denied(w.t, post(w.t, w.srv, "/participant/connection", unused.Customer.Token, credentialsOnly))
	})
}
