// SPDX-License-Identifier: Apache-2.0

package chat_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"log/slog"
	"reflect"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/participant-go/connectparticipant/chat"
	"github.com/participant-go/connectparticipant/types"
)

func TestMarshalEvent(t *testing.T) {
	t.Parallel()
	meta := chat.Meta{
		ID: "i", Time: time.Date(2026, 2, 9, 10, 0, 0, 123_000_000, time.FixedZone("", 3600)), AbsoluteTime: "2026-02-09T10:00:00.123+01:00",
		From:      chat.From{ParticipantID: "p", Role: types.ParticipantRoleCustomer, DisplayName: "Ann"},
		ContactID: "c", InitialContactID: "first", Late: true, History: true, Own: true, Raw: json.RawMessage(`{"Id":"raw"}`),
	}
	const common = `"id":"i","time":"2026-02-09T09:00:00.123Z","from":{"participantId":"p","role":"CUSTOMER","displayName":"Ann"},` +
		`"contactId":"c","initialContactId":"first","late":true,"history":true,"own":true`
	message := chat.Message{
		Meta: meta, ContentType: "text/plain", Text: "<Hello>", Status: types.MessageProcessingStatusProcessing,
		Attachments: []chat.Attachment{{ID: "a", Name: "n.txt", ContentType: "text/plain", Status: types.ArtifactStatusApproved}},
	}
	const content = `"contentType":"text/plain","text":"<Hello>","attachments":[{"id":"a","name":"n.txt","contentType":"text/plain","status":"APPROVED"}],"status":"PROCESSING"`
	for _, test := range []struct {
		event chat.Event
		want  string
	}{
		{message, `{"kind":"message",` + common + `,` + content + `}`},
		{chat.Updated{Message: message}, `{"kind":"updated",` + common + `,` + content + `}`},
		{chat.Message{}, `{"kind":"message"}`},
		{chat.Message{Meta: chat.Meta{AbsoluteTime: "soon"}}, `{"kind":"message","time":"soon"}`},
		{chat.Progress{Meta: meta, Text: "Hel", Chunk: 2}, `{"kind":"progress",` + common + `,"text":"Hel","chunk":2}`},
		{chat.Receipt{Meta: meta, MessageID: "m", Read: true}, `{"kind":"receipt",` + common + `,"messageId":"m","read":true}`},
		{chat.Typing{Meta: meta}, `{"kind":"typing",` + common + `}`},
		{chat.Participant{Meta: meta, Change: chat.ParticipantJoined}, `{"kind":"participant",` + common + `,"change":"joined"}`},
		{chat.Transfer{Meta: meta, Succeeded: true}, `{"kind":"transfer",` + common + `,"succeeded":true}`},
		{chat.Authentication{Meta: meta, Step: "initiated", SessionID: "s"}, `{"kind":"authentication",` + common + `,"step":"initiated","sessionId":"s"}`},
		{chat.Other{Meta: meta, Type: "NEW", ContentType: "x/y", Content: "z"}, `{"kind":"other",` + common + `,"type":"NEW","contentType":"x/y","content":"z"}`},
		{chat.ConnectionChanged{Connected: true}, `{"kind":"connection_changed","connected":true}`},
		{chat.ConnectionChanged{Cause: errors.New("gone")}, `{"kind":"connection_changed","cause":"gone"}`},
		{chat.RenewalDue{Within: 90500 * time.Millisecond}, `{"kind":"renewal_due","within":90.5}`},
		{chat.ChatEnded{Meta: meta, Gap: true}, `{"kind":"chat_ended",` + common + `,"gap":true}`},
	} {
		got, err := chat.MarshalEvent(test.event)
		require.NoError(t, err)
		require.JSONEq(t, test.want, string(got))
	}
}

// Each exported field of an event except Raw has a member in the JSON.
func TestMarshalEventKnowsEveryField(t *testing.T) {
	t.Parallel()
	for _, event := range []chat.Event{
		chat.Message{},
		chat.Updated{},
		chat.Progress{},
		chat.Receipt{},
		chat.Typing{},
		chat.Participant{},
		chat.Transfer{},
		chat.Authentication{},
		chat.Other{},
		chat.ConnectionChanged{},
		chat.RenewalDue{},
		chat.ChatEnded{},
	} {
		for _, field := range reflect.VisibleFields(reflect.TypeOf(event)) {
			if !field.IsExported() || field.Anonymous || field.Name == "Raw" || field.Name == "AbsoluteTime" {
				continue
			}
			full := reflect.New(reflect.TypeOf(event)).Elem()
			full.FieldByIndex(field.Index).Set(example(field.Type))
			got, err := chat.MarshalEvent(full.Interface().(chat.Event))
			require.NoError(t, err)
			empty, err := chat.MarshalEvent(event)
			require.NoError(t, err)
			require.Greater(t, len(got), len(empty), "%T.%s", event, field.Name)
		}
	}
}

// example returns a value that isn't zero.
func example(of reflect.Type) reflect.Value {
	v := reflect.New(of).Elem()
	switch of.Kind() {
	case reflect.String:
		v.SetString("x")
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Int, reflect.Int64:
		v.SetInt(int64(time.Second))
	case reflect.Slice:
		v.Set(reflect.MakeSlice(of, 1, 1))
	case reflect.Struct:
		if of == reflect.TypeFor[time.Time]() {
			return reflect.ValueOf(time.Unix(1, 0))
		}
		v.Field(0).Set(example(of.Field(0).Type))
	case reflect.Interface:
		v.Set(reflect.ValueOf(errors.New("x")))
	}
	return v
}

func TestLogsNameTheKindOfAnEvent(t *testing.T) {
	t.Parallel()
	var b bytes.Buffer
	log := slog.New(slog.NewTextHandler(&b, nil))
	log.Info("event", "event", chat.Message{Meta: chat.Meta{ID: "i"}, Text: "made-up content"})
	log.Info("event", "event", chat.Updated{Message: chat.Message{Text: "made-up content"}})
	log.Info("event", "event", chat.ConnectionChanged{Cause: errors.New("gone")})
	log.Info("event", "event", chat.RenewalDue{Within: time.Minute})
	require.Contains(t, b.String(), "event.kind=message event.id=i ")
	require.Contains(t, b.String(), "event.kind=updated ")
	require.Contains(t, b.String(), "event.kind=connection_changed event.connected=false event.cause=gone")
	require.Contains(t, b.String(), "event.kind=renewal_due event.within=1m0s")
	require.NotContains(t, b.String(), "made-up")
}
