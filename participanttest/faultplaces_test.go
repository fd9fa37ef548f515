// SPDX-License-Identifier: Apache-2.0

package participanttest_test

import (
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/participant-go/connectparticipant/participanttest"
)

func TestInvalidFaultsAreRefused(t *testing.T) {
	t.Parallel()
	srv := participanttest.Start(t)
	lose := participanttest.Lose()
	for name, test := range map[string]struct {
		fault participanttest.Fault
		want  string
	}{
		"no effect":                    {participanttest.Fault{On: "SendMessage"}, "Effect is required"},
		"unknown place":                {participanttest.Fault{On: "SendMesage", Effect: lose}, "On must be absent, for every operation, or one of CancelParticipantAuthentication, "},
		"push effect on an operation":  {participanttest.Fault{On: "SendMessage", Effect: lose}, "Effect Lose doesn't work on SendMessage, only on push, publish"},
		"push effect everywhere":       {participanttest.Fault{Effect: lose}, "Effect Lose doesn't work on operations, only on push, publish"},
		"operation's effect on a push": {participanttest.Fault{On: participanttest.OnPush, Effect: participanttest.Fail(500, "")}, "Effect Fail doesn't work on push, only on operations, upgrade, upload, download, aws/ping"},
		"status of a heartbeat":        {participanttest.Fault{On: participanttest.OnHeartbeat, Effect: participanttest.Fail(500, "")}, "Effect Fail doesn't work on aws/heartbeat"},
		"response of storage cut":      {participanttest.Fault{On: participanttest.OnUpload, Effect: participanttest.Truncate()}, "Effect Truncate doesn't work on upload, only on operations, publish"},
		"lag of a push":                {participanttest.Fault{On: participanttest.OnPush, Effect: participanttest.LagForever()}, "Effect LagForever doesn't work on push, only on transcript"},
		"socket of an operation":       {participanttest.Fault{On: "SendMessage", Socket: 1, Effect: participanttest.DropAfter()}, "Socket can't be used on SendMessage, only on upgrade, "},
		"content type of an operation": {participanttest.Fault{ContentType: "text/plain", Effect: participanttest.DropAfter()}, "ContentType can't be used on operations, only on push, transcript, publish"},
		"negative number":              {participanttest.Fault{Skip: -1, Effect: participanttest.DropAfter()}, "Socket, Skip and Times must be 0 or more"},
		"more than always":             {participanttest.Fault{Chance: 1.1, Effect: participanttest.DropAfter()}, "Chance must be from 0 to 1"},
		"no number":                    {participanttest.Fault{Chance: math.NaN(), Effect: participanttest.DropAfter()}, "Chance must be from 0 to 1"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			err := test.fault.Validate()
			require.ErrorContains(t, err, test.want)
			require.PanicsWithValue(t, "participanttest: invalid Fault: "+err.Error(), func() { srv.Inject(test.fault) })
		})
	}
	require.Empty(t, srv.Faults())
}

func TestEachEffectHasItsPlaces(t *testing.T) {
	t.Parallel()
	const operations, requests, frames, socket, items, publish, transcript = "operations", "requests", "frames", "upgrade frames push", "push publish", "publish", "transcript"
	groups := map[string][]string{
		operations:  {"", "SendMessage", "DescribeView", "StartChatContact"},
		requests:    {"", "SendMessage", "DescribeView", "StartChatContact", "upgrade", "upload", "download"},
		frames:      {"aws/subscribe", "aws/heartbeat", "aws/ping"},
		"push":      {"push"},
		socket:      {"upgrade", "aws/subscribe", "aws/heartbeat", "aws/ping", "push"},
		items:       {"push", "publish"},
		publish:     {"publish"},
		transcript:  {"transcript"},
		"aws/ping":  {"aws/ping"},
		"subscribe": {"aws/subscribe"},
	}
	for _, test := range []struct {
		effect participanttest.Effect
		works  []string
	}{
		{participanttest.Fail(500, ""), []string{requests, "aws/ping"}},
		{participanttest.RespondHTML(503), []string{requests}},
		{participanttest.Truncate(), []string{operations, publish}},
		{participanttest.Delay(time.Second), []string{requests, frames, items}},
		{participanttest.DropBefore(), []string{requests}},
		{participanttest.DropAfter(), []string{operations}},
		{participanttest.Ignore(), []string{requests, frames}},
		{participanttest.Refuse(), []string{"subscribe"}},
		{participanttest.GatewayError(), []string{frames, "push"}},
		{participanttest.Close(0), []string{frames, "push"}},
		{participanttest.Silent(), []string{socket}},
		{participanttest.Unread(), []string{socket}},
		{participanttest.Blackhole(), []string{socket}},
		{participanttest.Lose(), []string{items}},
		{participanttest.Duplicate(), []string{items}},
		{participanttest.Reorder(), []string{items}},
		{participanttest.Lag(time.Second), []string{transcript}},
		{participanttest.LagForever(), []string{transcript}},
		{participanttest.Forge(), []string{publish}},
	} {
		works := map[string]bool{}
		for _, group := range test.works {
			for _, place := range groups[group] {
				works[place] = true
			}
		}
		for _, places := range groups {
			for _, place := range places {
				err := participanttest.Fault{On: place, Effect: test.effect}.Validate()
				require.Equal(t, works[place], err == nil, "%v on %q: %v", test.effect, place, err)
			}
		}
	}
}

func TestConstructorsRefuseStatusesThatNoResponseHas(t *testing.T) {
	t.Parallel()
	require.PanicsWithValue(t, "participanttest: status 302 isn't from 400 to 599", func() { participanttest.Fail(302, "") })
	require.PanicsWithValue(t, "participanttest: status 99 isn't from 200 to 599", func() { participanttest.Respond(99, "", "") })
}
