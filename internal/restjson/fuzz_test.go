// SPDX-License-Identifier: Apache-2.0

package restjson_test

import (
	"encoding/json"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"github.com/participant-go/connectparticipant/internal/restjson"
)

// FuzzDecodeTranscript requires the same value as encoding/json, or that both refuse the document;
// see reference.
func FuzzDecodeTranscript(f *testing.F) {
	f.Add(pageJSON(11))
	f.Add([]byte(` null `))
	f.Add([]byte(`{"InitialContactId":"a","Transcript":[{"Id":null},null,{}],"NextToken":"b"}`))
	f.Add([]byte(`{"Transcript":[{"Id":"a","Id":null,"Id":"b","MessageMetadata":{"MessageId":"m"},"MessageMetadata":{"Receipts":[]}}],"Transcript":[]}`))
	f.Add([]byte(`{"Transcript":[{"Attachments":[{"AttachmentId":"1"},{"AttachmentName":"2"},{"Status":"APPROVED"},null],"Content":"\ud83d\ude00\ud83d\u00e4"}]}`))
	f.Add([]byte(`{"transcript":1,"NEXTTOKEN":2,"\u004eextToken":"escaped name","Unknown":{"Transcript":[1e-5,-0.0,true,[[]]]}}`))
	f.Add([]byte(`{"Size":-9223372036854775808,"Version":2147483648}`))
	f.Add([]byte(`{"Size":1.0,"Version":0}`))
	f.Add([]byte(`{"Actions":["a",null,"\n"],"HeadersToInclude":{"a":"1","a":null,"\u0061":"2","b":null}}`))
	f.Add([]byte("{\"NextToken\":\"\xff\xed\xa0\x80\xe2\x80\xa8 \x7f\"}"))
	f.Add([]byte(`{"Unknown":` + strings.Repeat("[", 9_999) + strings.Repeat("]", 9_999) + `}`))
	f.Add([]byte(`{"Unknown":` + strings.Repeat("[", 10_000) + strings.Repeat("]", 10_000) + `}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		given := string(data)
		want, wantErr := reference(data)
		var got document
		err := restjson.Decode(data, got.read)
		require.Equal(t, given, string(data), "the document was changed")
		if wantErr != nil {
			require.Error(t, err, "encoding/json refuses the document: %v", wantErr)
			requireOffset(t, err, len(data))
			return
		}
		require.NoError(t, err)
		require.Equal(t, want, got)
	})
}

func requireOffset(t *testing.T, err error, length int) {
	t.Helper()
	var syntax *restjson.SyntaxError
	require.ErrorAs(t, err, &syntax)
	require.GreaterOrEqual(t, syntax.Offset, 0)
	require.LessOrEqual(t, syntax.Offset, length)
}

// FuzzReadError requires that reading an error response never panics, that its result is
// deterministic, and that the code has no prefix or suffix of the service. For a valid body the
// result must match encoding/json.
func FuzzReadError(f *testing.F) {
	f.Add("AccessDeniedException", `{"message":"Access denied"}`)
	f.Add("ThrottlingException:http://internal.amazon.com/coral/com.amazon.coral.availability/", ``)
	f.Add("aws.protocoltests#FooError:http://internal.amazon.com/coral/,x", `{}`)
	f.Add("", `{"__type":"com.amazonaws.connectparticipant#ValidationException","Message":"text"}`)
	f.Add("", `{"code":"ConflictException:x","__type":"Other","message":"a","Message":"b"}`)
	f.Add("", `{"code":429,"__type":null,"message":["x"],"Message":{"a":"b"},"ResourceId":"r","ResourceType":"CONTACT"}`)
	f.Add("#:,", `{"code":",","__type":"a#"}`)
	f.Add("", `<html><body>403 Forbidden</body></html>`)
	f.Add("", `{"message":"cut`)
	f.Add(" \t#A\u00a0", `{"message":"\ud800\u0000"}`)
	f.Fuzz(func(t *testing.T, header, body string) {
		got := readError(newErrorResponse(header, strings.NewReader(body)))
		require.Equal(t, got, readError(newErrorResponse(header, strings.NewReader(body))))
		require.False(t, strings.ContainsAny(got.Code, "#:,"), "code %q", got.Code)
		require.Equal(t, strings.TrimSpace(got.Code), got.Code)
		if json.Valid([]byte(body)) {
			requireErrorBody(t, body, got)
		}
	})
}

func requireErrorBody(t *testing.T, body string, got restjson.ErrorInfo) {
	t.Helper()
	found := map[string]*string{"ResourceType": ptr("")}
	_ = members(json.RawMessage(body), func(name string, value json.RawMessage) error {
		var text any
		if json.Unmarshal(value, &text) == nil {
			if strings.EqualFold(name, "message") {
				name = "message"
			}
			if text, ok := text.(string); ok && (text != "" || found[name] == nil) {
				found[name] = &text // a member of another type keeps the previous string
			}
		}
		return nil
	})
	require.Equal(t, []*string{found["message"], found["ResourceId"], found["ResourceType"]}, []*string{got.Message, got.ResourceID, &got.ResourceType})
}

// FuzzRequestString requires that encoding/json reads a request like strings that it has written
// itself.
func FuzzRequestString(f *testing.F) {
	for _, s := range []string{
		"", "plain", `quotes " and \ and \"`, "\n\r\t\b\f\x00\x1f\x7f", "Grüezi 👍🏽", "\u2028\u2029<>&", "\xff\xc3", "cut \xf0\x9f\x91",
		"\xed\xa0\x80", "\ufffd", `{"messageId":"11111111-aaaa-bbbb-cccc-EXAMPLE01234"}`, `\u0000`,
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		req := build(t, func(w *restjson.RequestWriter) {
			w.Post("/participant/message")
			w.String("Content", &s)
			w.Enum("Enum", s)
			restjson.List(w, "List", []string{s, "", s})
			w.Object("Object")
			w.String("Content", &s)
			w.End()
			w.Int64("Last", 1)
		})
		want := map[string]any{"Content": s, "List": []string{s, "", s}, "Object": map[string]string{"Content": s}, "Last": 1}
		if s != "" {
			want["Enum"] = s
		}
		own, err := json.Marshal(want)
		require.NoError(t, err)
		require.Equal(t, parsed(t, own), parsed(t, bodyOf(t, req).Bytes()))

		var read document
		require.NoError(t, restjson.Decode(tokenRequest(t, s), read.read))
		if utf8.ValidString(s) {
			require.Equal(t, s, *read.NextToken, "this package does not read what it wrote")
		}
	})
}

func parsed(t *testing.T, data []byte) any {
	t.Helper()
	var v any
	require.NoError(t, json.Unmarshal(data, &v), "%q", data)
	return v
}

func tokenRequest(t *testing.T, s string) []byte {
	t.Helper()
	req := build(t, func(w *restjson.RequestWriter) {
		w.Post("/participant/transcript")
		w.String("NextToken", &s)
	})
	return bodyOf(t, req).Bytes()
}
