// SPDX-License-Identifier: Apache-2.0

package participanttest_test

import (
	"context"
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/participant-go/connectparticipant/participanttest"
	"github.com/participant-go/connectparticipant/types"
)

func TestContactsAreFoundByIDAndListedInOrder(t *testing.T) {
	t.Parallel()
	srv := participanttest.Start(t)
	var want []*participanttest.Contact
	for range 20 {
		want = append(want, srv.NewChat())
	}
	require.Equal(t, want, srv.Contacts())
	require.Same(t, want[7], srv.Contact(want[7].ID))
	require.Nil(t, srv.Contact("unknown"))

	c := want[0]
	bot := c.AddParticipant(types.ParticipantRoleCustomBot, "Bot")
	require.Equal(t, []*participanttest.Participant{c.Customer, c.Agent, c.System, bot}, c.Participants())
	require.Equal(t, participanttest.ParticipantState{DisplayName: "Bot"}, bot.State())
	bot.Join()
	bot.Rename("Robot")
	bot.Leave()
	require.Equal(t, participanttest.ParticipantState{DisplayName: "Robot", Joined: true, Left: true}, bot.State())
	require.False(t, c.Ended())
	c.End()
	require.True(t, c.Ended())
}

func TestFaultsAreListedAndAwaited(t *testing.T) {
	t.Parallel()
	srv := participanttest.Start(t)
	first := srv.Inject(participanttest.Fault{On: "SendMessage", Effect: participanttest.Fail(500, "InternalServerException")})
	second := srv.Inject(participanttest.Fault{On: "SendEvent", Effect: participanttest.DropBefore()})
	require.Equal(t, []*participanttest.Injected{first, second}, srv.Faults())
	require.EqualValues(t, 1, first.ID)
	require.EqualValues(t, 2, second.ID)

	waited := make(chan error, 1) // one result
	go func() { waited <- first.WaitApplied(t.Context(), 2) }()
	post(t, srv, "/participant/message", "", "")
	post(t, srv, "/participant/message", "", "")
	require.NoError(t, <-waited)
	first.Remove()
	require.Equal(t, []*participanttest.Injected{second}, srv.Faults())

	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	require.ErrorIs(t, second.WaitApplied(ctx, 1), context.Canceled)
}

func TestResetForgetsEverythingButTheClock(t *testing.T) {
	t.Parallel()
	srv := participanttest.Start(t)
	contact := srv.NewChat(func(o *participanttest.ChatOptions) { o.ScanDelay = time.Hour })
	conn := dial(t, srv, socketURL(t, srv, contact.Customer))
	bearer := token(t, srv, contact.Customer)
	contact.Agent.ShareFile("a.txt", "text/plain", []byte("x"))
	srv.Inject(participanttest.Fault{Effect: participanttest.DropBefore()})
	srv.Advance(time.Minute)
	before := srv.Now()

	srv.Reset()
	_, _, err := conn.Read(t.Context())
	require.Error(t, err)
	require.Empty(t, srv.Contacts())
	require.Empty(t, srv.Faults())
	require.Empty(t, srv.Requests())
	require.Zero(t, srv.Count("CreateParticipantConnection"))
	require.False(t, srv.Now().Before(before))
	denied(t, post(t, srv, "/participant/message", bearer, "{}"))
	denied(t, post(t, srv, "/participant/connection", contact.Customer.Token, "{}"))
	require.Empty(t, contact.Customer.Say("late"))
	require.NoError(t, contact.WaitSockets(t.Context(), 0))
	srv.Advance(time.Hour)

	next := srv.NewChat()
	token(t, srv, next.Agent)
	require.NotEmpty(t, next.Customer.Say("on"))
}

func TestEffectsInJSON(t *testing.T) {
	t.Parallel()
	for text, effect := range map[string]participanttest.Effect{
		`{"Name":"Fail","Status":429,"Code":"ThrottlingException"}`:                        participanttest.Fail(429, "ThrottlingException"),
		`{"Name":"Respond","Status":502,"ContentType":"text/html","Body":"\u003cp\u003e"}`: participanttest.Respond(502, "text/html", "<p>"),
		`{"Name":"Truncate"}`:                   participanttest.Truncate(),
		`{"Name":"Delay","DelayInSeconds":1.5}`: participanttest.Delay(1500 * time.Millisecond),
		`{"Name":"DropBefore"}`:                 participanttest.DropBefore(),
		`{"Name":"DropAfter"}`:                  participanttest.DropAfter(),
		`{"Name":"Ignore"}`:                     participanttest.Ignore(),
		`{"Name":"Refuse"}`:                     participanttest.Refuse(),
		`{"Name":"GatewayError"}`:               participanttest.GatewayError(),
		`{"Name":"Close","CloseCode":1001}`:     participanttest.Close(1001),
		`{"Name":"Close","CloseCode":0}`:        participanttest.Close(0),
		`{"Name":"Silent"}`:                     participanttest.Silent(),
		`{"Name":"Unread"}`:                     participanttest.Unread(),
		`{"Name":"Blackhole"}`:                  participanttest.Blackhole(),
		`{"Name":"Lose"}`:                       participanttest.Lose(),
		`{"Name":"Duplicate"}`:                  participanttest.Duplicate(),
		`{"Name":"Reorder"}`:                    participanttest.Reorder(),
		`{"Name":"Lag","DelayInSeconds":86400}`: participanttest.Lag(24 * time.Hour),
		`{"Name":"LagForever"}`:                 participanttest.LagForever(),
		`{"Name":"Forge"}`:                      participanttest.Forge(),
	} {
		t.Run(text, func(t *testing.T) {
			t.Parallel()
			written, err := json.Marshal(effect)
			require.NoError(t, err)
			require.Equal(t, text, string(written))
			var read participanttest.Effect
			require.NoError(t, json.Unmarshal(written, &read))
			require.Equal(t, effect, read)
		})
	}
	for status, code := range map[int]string{
		400: "ValidationException", 403: "AccessDeniedException", 429: "ThrottlingException", 500: "InternalServerException",
	} {
		var fail participanttest.Effect
		require.NoError(t, json.Unmarshal(fmt.Appendf(nil, `{"Name":"Fail","Status":%d}`, status), &fail))
		require.Equal(t, participanttest.Fail(status, code), fail)
	}
	var html participanttest.Effect
	require.NoError(t, json.Unmarshal([]byte(`{"Name":"RespondHTML","Status":503}`), &html))
	require.Equal(t, participanttest.RespondHTML(503), html)
	require.Equal(t, "None", participanttest.Effect{}.String())
}

func TestInvalidEffectsAreErrors(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		`"Fail"`:                                  "Effect must be an object, not a string",
		`{}`:                                      "Effect.Name is required",
		`{"Name":"Explode"}`:                      `"Explode" is not one of`,
		`{"Name":"Fail"}`:                         "effect Fail: its Status must be",
		`{"Name":"Fail","Status":399}`:            "Status must be from 400 to 599",
		`{"Name":"Fail","Status":503}`:            "effect Fail: it needs a Code for Status 503",
		`{"Name":"RespondHTML","Status":1000}`:    "Status must be from 200 to 599",
		`{"Name":"Lose","Status":200}`:            "effect Lose: it has no member Status",
		`{"Name":"Fail","Status":500,"Body":""}`:  "no member Body",
		`{"Name":"Fail","Status":500,"Colour":1}`: `Effect has no member "Colour"`,
		`{"Name":"Delay"}`:                        "DelayInSeconds must be",
		`{"Name":"Delay","DelayInSeconds":-1}`:    "DelayInSeconds must be",
		`{"Name":"Lag","DelayInSeconds":1e300}`:   "DelayInSeconds must be",
		`{"Name":"Fail","Status":null}`:           "Effect.Status must be a number, not null",
		`{"name":"Lose"}`:                         `Effect has no member "name", but "Name"`,
		`{"Name":"Close","CloseCode":7}`:          "CloseCode must be",
	} {
		t.Run(text, func(t *testing.T) {
			t.Parallel()
			var e participanttest.Effect
			require.ErrorContains(t, json.Unmarshal([]byte(text), &e), want)
			require.Equal(t, participanttest.Effect{}, e)
		})
	}
}
