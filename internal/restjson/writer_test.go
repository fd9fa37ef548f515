// SPDX-License-Identifier: Apache-2.0

package restjson_test

import (
	"encoding/json"
	"io"
	"net/url"
	"strings"
	"testing"

	smithyhttp "github.com/aws/smithy-go/transport/http"
	"github.com/stretchr/testify/require"

	"github.com/participant-go/connectparticipant/internal/restjson"
	"github.com/participant-go/connectparticipant/types"
)

func TestRequestBody(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name  string
		write func(*restjson.RequestWriter)
		want  string
	}{
		{"a request without members has an empty object", func(*restjson.RequestWriter) {}, `{}`},
		{"members are written in the order of the calls", func(w *restjson.RequestWriter) {
			w.String("B", ptr("2"))
			w.String("A", ptr("1"))
		}, `{"B":"2","A":"1"}`},
		{"nil members are left out", func(w *restjson.RequestWriter) {
			w.String("String", nil)
			w.Enum("Enum", "")
			w.Int32("Int32", nil)
			w.Bool("Bool", nil)
			restjson.List[string](w, "List", nil)
			w.String("Last", ptr("x"))
		}, `{"Last":"x"}`},
		{"zero values that are not nil are written", func(w *restjson.RequestWriter) {
			w.String("String", ptr(""))
			w.Int32("Int32", ptr(int32(0)))
			w.Int64("Int64", 0)
			w.Bool("Bool", ptr(false))
		}, `{"String":"","Int32":0,"Int64":0,"Bool":false}`},
		{"an empty list is written", func(w *restjson.RequestWriter) { restjson.List(w, "List", []string{}) }, `{"List":[]}`},
		{"lists of strings and of enumerations are written", func(w *restjson.RequestWriter) {
			restjson.List(w, "One", []types.ConnectionType{types.ConnectionTypeWebsocket})
			restjson.List(w, "Two", []string{"a\"", ""})
		}, `{"One":["WEBSOCKET"],"Two":["a\"",""]}`},
		{"an enumeration is a string", func(w *restjson.RequestWriter) { w.Enum("SortOrder", "NEW_\"ORDER") }, `{"SortOrder":"NEW_\"ORDER"}`},
		{"the ends of the integers are written", func(w *restjson.RequestWriter) {
			w.Int32("A", ptr(int32(-1<<31)))
			w.Int32("B", ptr(int32(1<<31-1)))
			w.Int64("C", -1<<63)
			w.Int64("D", 1<<63-1)
		}, `{"A":-2147483648,"B":2147483647,"C":-9223372036854775808,"D":9223372036854775807}`},
		{"booleans are written", func(w *restjson.RequestWriter) { w.Bool("A", ptr(true)) }, `{"A":true}`},
		{"an object nests", func(w *restjson.RequestWriter) {
			w.String("A", ptr("1"))
			w.Object("B")
			w.String("C", ptr("{"))
			w.Int64("D", 2)
			w.End()
			w.String("E", ptr("3"))
		}, `{"A":"1","B":{"C":"{","D":2},"E":"3"}`},
		{"an empty object is written", func(w *restjson.RequestWriter) {
			w.Object("StartPosition")
			w.End()
			w.String("A", ptr("1"))
		}, `{"StartPosition":{},"A":"1"}`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			req := build(t, func(w *restjson.RequestWriter) {
				w.Post("/participant/message")
				test.write(w)
			})
			require.Equal(t, "POST", req.Method)
			require.Equal(t, "/participant/message", req.URL.EscapedPath())
			require.Equal(t, []string{"application/json"}, req.Header["Content-Type"])
			require.Equal(t, test.want, string(bodyOf(t, req).Bytes()))
			require.True(t, json.Valid([]byte(test.want)))
		})
	}
}

func TestRequestString(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name  string
		value string
		want  string
	}{
		{"plain text stays", "Hello <b>&'/", `"Hello <b>&'/"`},
		{"quotes and backslashes are escaped", `a"b\c\"`, `"a\"b\\c\\\""`},
		{"common control characters have short escapes", "\n\r\t", `"\n\r\t"`},
		{"other control characters are escaped by number", "\x00\x01\b\f\x1f", `"\u0000\u0001\u0008\u000c\u001f"`},
		{"DEL is no control character to JSON", "\x7f", "\"\x7f\""},
		{"line separators stay", "\u2028\u2029", "\"\u2028\u2029\""},
		{"an emoji stays", "👍🏽", `"👍🏽"`},
		{"U+FFFD that was there before stays", "\ufffd", "\"\ufffd\""},
		{"each byte that isn't UTF-8 becomes U+FFFD", "a\xff\xfeb", "\"a\ufffd\ufffdb\""},
		{"a cut rune becomes U+FFFD", "a\xf0\x9f\x91", "\"a\ufffd\ufffd\ufffd\""},
		{"an encoded surrogate becomes U+FFFD", "\xed\xa0\x80\"", "\"\ufffd\ufffd\ufffd\\\"\""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			require.Equal(t, `{"Content":`+test.want+`}`, string(writtenString(t, test.value)))
			requireWritten(t, test.value)
		})
	}
}

func TestRequestStringOfEveryByte(t *testing.T) {
	t.Parallel()
	for c := range 256 {
		for _, s := range []string{string([]byte{byte(c)}), "before " + string([]byte{byte(c)}) + " after", string([]byte{byte(c), byte(c)})} {
			requireWritten(t, s)
		}
	}
}

// requireWritten requires that encoding/json reads the body like a string that it has written
// itself.
func requireWritten(t *testing.T, s string) {
	t.Helper()
	own, err := json.Marshal(s)
	require.NoError(t, err)
	var want string
	require.NoError(t, json.Unmarshal(own, &want))
	var got map[string]string
	require.NoError(t, json.Unmarshal(writtenString(t, s), &got))
	require.Equal(t, map[string]string{"Content": want}, got)
}

func writtenString(t *testing.T, s string) []byte {
	t.Helper()
	req := build(t, func(w *restjson.RequestWriter) {
		w.Post("/")
		w.String("Content", &s)
	})
	return bodyOf(t, req).Bytes()
}

func TestRequestPath(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name  string
		label string
		want  string
	}{
		{"unreserved characters stay", "AZaz09-._~", "AZaz09-._~"},
		{"a slash does not make a segment", "a/b", "a%2Fb"},
		{"a space is no plus", "a b+c", "a%20b%2Bc"},
		{"a percent sign is no escape", "a%2Fb%", "a%252Fb%25"},
		{"a question mark begins no query", "a?b=c#d", "a%3Fb%3Dc%23d"},
		{"dots and slashes are escaped", "../connection", "..%2Fconnection"},
		{"dots alone are kept", "..", ".."},
		{"unicode is escaped by byte", "ä👍", "%C3%A4%F0%9F%91%8D"},
		{"what isn't UTF-8 is escaped by byte", "\xff\x00", "%FF%00"},
		{"base64 is escaped", "a+/=:;@&$,!*'()[]\"\\", "a%2B%2F%3D%3A%3B%40%26%24%2C%21%2A%27%28%29%5B%5D%22%5C"},
		{"an empty label leaves an empty segment", "", ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			const prefix = "/participant/views/"
			req := build(t, func(w *restjson.RequestWriter) { w.Get(prefix, test.label) })
			require.Equal(t, "GET", req.Method)
			require.Equal(t, prefix+test.want, req.URL.EscapedPath(), "net/url changes the path")
			require.Nil(t, req.GetStream())
			require.NotContains(t, req.Header, "Content-Type")

			received, err := url.ParseRequestURI(req.URL.RequestURI())
			require.NoError(t, err)
			require.Equal(t, prefix+test.label, received.Path)
			require.Empty(t, received.RawQuery)
			require.Len(t, strings.Split(received.EscapedPath(), "/"), 4)
		})
	}
}

func TestRequestBodyCanBeReadAgain(t *testing.T) {
	t.Parallel()
	const want = `{"Content":"hello"}`
	req := build(t, func(w *restjson.RequestWriter) {
		w.Post("/participant/message")
		w.String("Content", ptr("hello"))
	})
	require.Equal(t, int64(len(want)), req.ContentLength)
	for range 3 {
		data, err := io.ReadAll(req.GetStream())
		require.NoError(t, err)
		require.JSONEq(t, want, string(data))
		require.JSONEq(t, want, string(bodyOf(t, req).Bytes()), "Bytes changed after reading")
		require.NoError(t, req.RewindStream())
	}
	clone := req.Clone()
	data, err := io.ReadAll(clone.GetStream())
	require.NoError(t, err)
	require.JSONEq(t, want, string(data))
}

func TestRequestBodyLongerThanItsFirstBuffer(t *testing.T) {
	t.Parallel()
	requireWritten(t, strings.Repeat("long text, \"quoted\" and ünicode; ", 500))
}

func TestRequestsAreIndependent(t *testing.T) {
	t.Parallel()
	first, second := writtenString(t, "first"), writtenString(t, "second")
	require.JSONEq(t, `{"Content":"first"}`, string(first))
	require.JSONEq(t, `{"Content":"second"}`, string(second))
}

func TestRequestWithoutMethod(t *testing.T) {
	t.Parallel()
	var w restjson.RequestWriter
	_, err := w.Build(newRequest())
	require.EqualError(t, err, "request has no method")
}

func build(t *testing.T, write func(*restjson.RequestWriter)) *smithyhttp.Request {
	t.Helper()
	var w restjson.RequestWriter
	write(&w)
	req, err := w.Build(newRequest())
	require.NoError(t, err)
	return req
}

func bodyOf(t *testing.T, req *smithyhttp.Request) *restjson.Body {
	t.Helper()
	body, ok := req.GetStream().(*restjson.Body)
	require.True(t, ok, "the stream is a %T", req.GetStream())
	return body
}

func newRequest() *smithyhttp.Request {
	return smithyhttp.NewStackRequest().(*smithyhttp.Request)
}
