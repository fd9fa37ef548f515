// SPDX-License-Identifier: Apache-2.0

package connectparticipant_test

import (
	"encoding/json"
	"fmt"
	"os"
	"path"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	cp "github.com/participant-go/connectparticipant"
	"github.com/participant-go/connectparticipant/chat"
	"github.com/participant-go/connectparticipant/types"
)

const marker = "this-is-secret"

// printable has a value of each exported struct that holds data of the service or the caller.
var printable = []any{
	cp.CancelParticipantAuthenticationInput{},
	cp.CancelParticipantAuthenticationOutput{},
	cp.CompleteAttachmentUploadInput{},
	cp.CompleteAttachmentUploadOutput{},
	cp.CreateParticipantConnectionInput{},
	cp.CreateParticipantConnectionOutput{},
	cp.DescribeViewInput{},
	cp.DescribeViewOutput{},
	cp.DisconnectParticipantInput{},
	cp.DisconnectParticipantOutput{},
	cp.GetAttachmentInput{},
	cp.GetAttachmentOutput{},
	cp.GetAuthenticationUrlInput{},
	cp.GetAuthenticationUrlOutput{},
	cp.GetTranscriptInput{},
	cp.GetTranscriptOutput{},
	cp.SendEventInput{},
	cp.SendEventOutput{},
	cp.SendMessageInput{},
	cp.SendMessageOutput{},
	cp.StartAttachmentUploadInput{},
	cp.StartAttachmentUploadOutput{},

	types.AttachmentItem{},
	types.Attendee{},
	types.AudioFeatures{},
	types.ConnectionCredentials{},
	types.Item{},
	types.MeetingFeaturesConfiguration{},
	types.MessageMetadata{},
	types.MessageProcessingMetadata{},
	types.Receipt{},
	types.StartPosition{},
	types.UploadMetadata{},
	types.View{},
	types.ViewContent{},
	types.WebRTCConnection{},
	types.WebRTCMediaPlacement{},
	types.WebRTCMeeting{},
	types.Websocket{},

	chat.Attachment{},
	chat.Authentication{},
	chat.ChatEnded{},
	chat.Connection{},
	chat.ConnectionChanged{},
	chat.File{},
	chat.From{},
	chat.Message{},
	chat.Meta{},
	chat.Other{},
	chat.Participant{},
	chat.Progress{},
	chat.Receipt{},
	chat.RenewalDue{},
	chat.Sent{},
	chat.Transfer{},
	chat.Typing{},
	chat.Updated{},
	chat.State{},
}

// unprintable are the structs without such data, and errors, whose texts are redacted when they are
// made.
var unprintable = []string{
	"connectparticipant.Client", "connectparticipant.EndpointParameters", "connectparticipant.EndpointResolverOptions",
	"connectparticipant.GetTranscriptPaginator", "connectparticipant.GetTranscriptPaginatorOptions", "connectparticipant.Options",
	"connectparticipant.RedactedValue", "chat.CloseError", "chat.Options", "chat.Quota", "chat.QuotaLimiter", "chat.Session", "chat.Stats",
	"types.AccessDeniedException", "types.ConflictException", "types.InternalServerException", "types.ResourceNotFoundException",
	"types.ServiceQuotaExceededException", "types.ThrottlingException", "types.ValidationException",
}

func TestAllPrintableTypesAreTested(t *testing.T) {
	t.Parallel()
	names := slices.Clone(unprintable)
	for _, v := range printable {
		names = append(names, reflect.TypeOf(v).String())
	}
	for _, pkg := range []string{"connectparticipant", "types", "chat"} {
		api, err := os.ReadFile(path.Join("testdata", "api", pkg+".txt"))
		require.NoError(t, err)
		for _, found := range regexp.MustCompile(`(?m)^type (\w+) struct$`).FindAllSubmatch(api, -1) {
			require.Contains(t, names, pkg+"."+string(found[1]), "add it to printable or unprintable")
		}
	}
}

// public are the fields whose strings may be printed.
var public = []string{
	"AbsoluteTime", "AttachmentId", "AttachmentIds", "ClientToken", "ConnectionExpiry", "ContactID", "ContactId", "ContentType",
	"DeliveredTimestamp", "Expiry", "ID", "Id", "InitialContactID", "InitialContactId", "MessageID", "MessageId", "ParticipantID",
	"ParticipantId", "ReadTimestamp", "RecipientParticipantId", "RelatedContactId", "Step", "UrlExpiry",
}

// fill sets all strings of a value; those that must be hidden contain marker.
func fill(name string, v reflect.Value) {
	switch v.Kind() {
	case reflect.String:
		v.SetString(marker)
		if slices.Contains(public, name) || v.Type().PkgPath() != "" { // an enumeration
			v.SetString("public")
		}
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		fill(name, v.Elem())
	case reflect.Slice:
		if v.Type() == reflect.TypeFor[json.RawMessage]() {
			v.SetBytes([]byte(`{"Content":"` + marker + `"}`))
			return
		}
		v.Set(reflect.MakeSlice(v.Type(), 2, 2))
		for i := range v.Len() {
			fill(name, v.Index(i))
		}
	case reflect.Map:
		v.Set(reflect.ValueOf(map[string]string{marker: marker}))
	case reflect.Struct:
		for i := range v.NumField() {
			if field := v.Type().Field(i); field.IsExported() && field.Type != reflect.TypeFor[time.Time]() {
				fill(field.Name, v.Field(i))
			}
		}
	default: // numbers, functions, interfaces
	}
}

// filled returns a pointer to a value like v without empty strings.
func filled(v any) reflect.Value {
	pointer := reflect.New(reflect.TypeOf(v))
	fill("", pointer.Elem())
	if file, ok := pointer.Interface().(*chat.File); ok {
		file.Reader = strings.NewReader(marker)
	}
	return pointer
}

var allVerbs = []string{"%v", "%+v", "%#v", "%s", "%q", "%+q", "%x", "%X", "% x", "%d", "%t", "%c", "%U", "%e", "%b", "%o", "%20v", "%-20.3s"}

func printed(v any) string {
	text := fmt.Sprint(v) + fmt.Sprintln(v)
	for _, verb := range allVerbs {
		text += fmt.Sprintf(verb+"\n", v) // including wrong verbs
	}
	return text
}

func requireNoMarker(t *testing.T, text, what string) {
	t.Helper()
	for _, form := range []string{marker, fmt.Sprintf("%x", marker), fmt.Sprintf("%X", marker), fmt.Sprintf("% x", marker), strings.Trim(fmt.Sprintf("%d", []byte(marker)), "[]")} {
		if i := strings.Index(text, form); i >= 0 {
			require.Fail(t, "a secret is shown", "%s: …%s…", what, text[max(0, i-200):min(len(text), i+100)])
		}
	}
}

func TestPrintedValuesHideSecrets(t *testing.T) {
	t.Parallel()
	for _, v := range printable {
		pointer := filled(v)
		value := pointer.Elem()
		name := value.Type().String()
		for _, one := range []any{value.Interface(), pointer.Interface()} {
			requireNoMarker(t, printed(one)+logged(one), name)
			requireNoMarker(t, fmt.Sprintf(strings.Repeat("%d", 1), 1, one), name) // more verbs than arguments
		}
		for _, wrapped := range wrappings(value) {
			requireNoMarker(t, printed(wrapped), name)
			hidden := cp.Redacted(wrapped)
			requireNoMarker(t, printed(hidden)+logged(hidden)+logged([]any{hidden}), "Redacted "+name)
			data, err := json.Marshal(map[string]any{"a": hidden})
			require.NoError(t, err)
			requireNoMarker(t, string(data), "Redacted "+name)
			require.True(t, json.Valid([]byte(hidden.String())), hidden.String())
		}
	}
}

// wrappings are values that contain v.
func wrappings(v reflect.Value) []any {
	list := reflect.MakeSlice(reflect.SliceOf(v.Type()), 0, 2)
	list = reflect.Append(list, v, v)
	table := reflect.MakeMap(reflect.MapOf(reflect.TypeFor[string](), v.Type()))
	table.SetMapIndex(reflect.ValueOf("a"), v)
	return []any{
		v.Interface(), list.Interface(), table.Interface(),
		struct{ Inside any }{v.Interface()},
		&struct{ Inside []any }{[]any{v.Interface(), list.Interface()}},
	}
}

func TestEncodingJSONHidesNothing(t *testing.T) {
	t.Parallel()
	data, err := json.Marshal(filled(types.Item{}).Interface())
	require.NoError(t, err)
	require.Contains(t, string(data), marker)
	data, err = json.Marshal(filled(cp.SendMessageInput{}).Interface())
	require.NoError(t, err)
	require.Contains(t, string(data), marker)
}

func TestRedactedShowsHarmlessFields(t *testing.T) {
	t.Parallel()
	content, id, size := "hello", "item", int32(7)
	loop := &node{}
	loop.Left, loop.Right = loop, loop
	for _, test := range []struct {
		value any
		want  string
	}{
		{nil, `null`},
		{(*types.Item)(nil), `null`},
		{"text", `"[redacted, 4 bytes]"`},
		{[]byte("text"), `"[redacted, 4 bytes]"`},
		{4711, `"[redacted]"`},
		{struct{ Card any }{4711.5}, `{"Card":"[redacted]"}`},
		{func() {}, `"[redacted]"`},
		{[]types.Item{{Id: &id, Content: &content}, {}}, `[{"Content":"[redacted, 5 bytes]","Id":"item"},{}]`},
		{cp.GetTranscriptInput{ConnectionToken: &content, MaxResults: &size}, `{"ConnectionToken":"[redacted, 5 bytes]","MaxResults":7}`},
		{map[string]any{"b": content, "a": types.Item{Id: &id, Type: "MESSAGE"}}, `[{"Id":"item","Type":"MESSAGE"},"[redacted, 5 bytes]"]`},
		{
			struct {
				Customer string
				hidden   string
				Item     *types.Item
				Events   []chat.Event
			}{"Änne", "hidden", nil, []chat.Event{chat.Typing{Meta: chat.Meta{ID: "e", Time: time.Unix(0, 0).UTC(), From: chat.From{Role: "AGENT", DisplayName: "Änne"}}}}},
			`{"Customer":"[redacted, 5 bytes]","Events":[{"ID":"e","Time":"1970-01-01T00:00:00Z","From":{"Role":"AGENT","DisplayName":"[redacted, 5 bytes]"},"Late":false,"History":false,"Own":false}]}`,
		},
		{chat.ConnectionChanged{Cause: chat.ErrGaveUp}, `{"Connected":false,"Cause":"gave up connecting"}`},
		{chat.RenewalDue{Within: 5}, `{"Within":5}`},
		{chat.ErrGaveUp, `"[redacted]"`},
		{time.Now(), `"[redacted]"`},
		{chat.State{}, `{}`},
	} {
		require.Equal(t, test.want, cp.Redacted(test.value).String())
	}
	require.NotEmpty(t, cp.Redacted(loop).String(), "a cycle must end")
	require.Equal(t, "null", cp.RedactedValue{}.String())
}

type node struct{ Left, Right *node }
