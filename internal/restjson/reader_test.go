// SPDX-License-Identifier: Apache-2.0

package restjson_test

import (
	"encoding/json"
	"math"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/participant-go/connectparticipant/internal/restjson"
)

func TestMalformed(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		json string
	}{
		{"no document may be a bare word", `hello`},
		{"no document may be HTML", `<html></html>`},
		{"no document may begin with a byte order mark", "\ufeff{}"},
		{"no document may be a NUL byte", "\x00"},
		{"no object may stay open", `{`},
		{"no object may be closed twice", `{}}`},
		{"no object may be closed as a list", `{"X":1]`},
		{"no list may be closed as an object", `{"X":[1}`},
		{"no data may follow the document", `{} x`},
		{"no second document may follow", `{}{}`},
		{"no NUL byte may follow", "{}\x00"},
		{"no null document may be cut", `nul`},
		{"no null document may be longer", `nullx`},
		{"no data may follow null", `null null`},
		{"no comma may appear before the first member", `{,"X":1}`},
		{"no comma may appear after the last member", `{"X":1,}`},
		{"no comma may be missing between members", `{"X":1 "Y":2}`},
		{"no comma may be doubled", `{"X":1,,"Y":2}`},
		{"no colon may be missing", `{"X" 1}`},
		{"no colon may be doubled", `{"X"::1}`},
		{"no value may be missing", `{"X":}`},
		{"no value may be a comma", `{"X":,"Y":1}`},
		{"no name may be unquoted", `{X:1}`},
		{"no name may be in single quotes", `{'X':1}`},
		{"no name may be a number", `{1:1}`},
		{"no name may be null", `{null:1}`},
		{"no name may hold a bad escape", `{"\x":1}`},
		{"no comma may appear before the first element", `{"X":[,1]}`},
		{"no comma may appear after the last element", `{"X":[1,]}`},
		{"no comma may be missing between elements", `{"X":[1 2]}`},
		{"no comment may appear anywhere", `{/* */"X":1}`},
		{"no form feed may be white space", "{\f}"},
		{"no no-break space may be white space", "{\u00a0}"},
		{"no string may hold a line feed", "{\"X\":\"a\nb\"}"},
		{"no string may hold a tab", "{\"X\":\"a\tb\"}"},
		{"no string may hold a NUL byte", "{\"X\":\"a\x00b\"}"},
		{"no long string may hold a control character", "{\"X\":\"" + strings.Repeat("a", 100) + "\x1f\"}"},
		{"no string may stay open", `{"X":"a`},
		{"no string may end in a backslash", `{"X":"a\`},
		{"no string may end in an escaped quote", `{"X":"a\"}`},
		{"no single quote may be escaped", `{"X":"\'"}`},
		{"no NUL byte may be escaped", "{\"X\":\"\\\x00\"}"},
		{"no byte above ASCII may be escaped", "{\"X\":\"\\\xff\"}"},
		{"no escape may be upper case", `{"X":"\N"}`},
		{"no octal escape is known", `{"X":"\101"}`},
		{"no \\u escape may be short", `{"X":"\u12"}`},
		{"no \\u escape may be cut by the end", `{"X":"\u12`},
		{"no \\u escape may hold other letters", `{"X":"\u12g4"}`},
		{"no \\u escape may hold a sign", `{"X":"\u+123"}`},
		{"no \\u escape may hold an underscore", `{"X":"\u1_23"}`},
		{"the second of a pair may not be short", `{"X":"\ud83d\ude"}`},
		{"no number may have a plus", `{"X":+1}`},
		{"no number may begin with zero", `{"X":01}`},
		{"no number may begin with minus zero", `{"X":-01}`},
		{"no number may begin with a point", `{"X":.5}`},
		{"no number may end with a point", `{"X":5.}`},
		{"no number may be a minus", `{"X":-}`},
		{"no exponent may be empty", `{"X":1e}`},
		{"no exponent may be a sign", `{"X":1e+}`},
		{"no exponent may have a point", `{"X":1e1.5}`},
		{"no number may be hexadecimal", `{"X":0x1}`},
		{"no number may be NaN", `{"X":NaN}`},
		{"no number may be infinite", `{"X":-Infinity}`},
		{"no number may be followed by letters", `{"X":1a}`},
		{"true may not be upper case", `{"X":True}`},
		{"true may not be cut", `{"X":tru}`},
		{"false may not be cut by the end", `{"X":fals`},
		{"null may not be longer", `{"X":nulll}`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			require.False(t, json.Valid([]byte(test.json)), "encoding/json accepts the document")
			for what, document := range map[string]string{
				"document": test.json, "unknown member": `{"Unknown":` + test.json + `}`, "unknown member in an item": `{"Transcript":[{"Unknown":[` + test.json + `]}]}`,
			} {
				requireSyntaxError(t, new(page).read, document, what)
			}
			requireSyntaxError(t, func(r *restjson.Reader) { r.Skip() }, test.json, "skipped")
		})
	}
}

func requireSyntaxError(t *testing.T, read func(*restjson.Reader), document, what string) restjson.SyntaxError {
	t.Helper()
	err := restjson.Decode([]byte(document), read)
	var syntax *restjson.SyntaxError
	require.ErrorAs(t, err, &syntax, what)
	require.NotEmpty(t, syntax.Message)
	require.GreaterOrEqual(t, syntax.Offset, 0)
	require.LessOrEqual(t, syntax.Offset, len(document))
	return *syntax
}

func TestTruncatedPage(t *testing.T) {
	t.Parallel()
	document := string(pageJSON(9))
	require.NoError(t, restjson.Decode([]byte(document), new(page).read))
	for n := 1; n < len(document); n++ {
		syntax := requireSyntaxError(t, new(page).read, document[:n], document[:n])
		require.NotContains(t, syntax.Error(), "parcel")
		requireSyntaxError(t, func(r *restjson.Reader) { r.Skip() }, document[:n], document[:n])
	}
}

func TestPageWithOneByteChanged(t *testing.T) {
	t.Parallel()
	original := []byte(`{"Transcript":[` + itemJSON(5) + "," + itemJSON(7) + `]}`)
	for i := range original {
		for _, c := range []byte{0, '"', '\\', '{', ']', ',', 0xff} {
			data := append([]byte(nil), original...)
			data[i] = c
			err := restjson.Decode(data, func(r *restjson.Reader) { r.Skip() })
			if json.Valid(data) != (err == nil) {
				require.Failf(t, "encoding/json disagrees", "byte %d changed to %q: %v", i, c, err)
			}
			_ = restjson.Decode(data, new(page).read) // must not panic
		}
	}
}

func TestDepth(t *testing.T) {
	t.Parallel()
	nested := func(n int) string {
		return `{"Unknown":` + strings.Repeat("[", n-1) + strings.Repeat("]", n-1) + `}`
	}
	require.NoError(t, restjson.Decode([]byte(nested(10_000)), new(page).read))
	require.True(t, json.Valid([]byte(nested(10_000))))
	require.False(t, json.Valid([]byte(nested(10_001))), "encoding/json accepts the depth")
	for _, n := range []int{10_001, 10_002, 1_000_000, 16_000_000} {
		syntax := requireSyntaxError(t, new(page).read, nested(n), "nested")
		require.Equal(t, "nested too deep", syntax.Message)
	}
	objects := strings.Repeat(`{"A":`, 10_001) + "1" + strings.Repeat("}", 10_001)
	require.Equal(t, "nested too deep", requireSyntaxError(t, new(page).read, objects, "objects").Message)

	side := strings.Repeat(`[],{},`, 6000) + "[]"
	require.NoError(t, restjson.Decode([]byte(`{"Unknown":[`+side+`]}`), new(page).read), "closed values count for the depth")
}

func TestEmptyDocument(t *testing.T) {
	t.Parallel()
	for _, document := range []string{"", " \r\n\t", "null", " null\n", "{}"} {
		var got page
		require.NoError(t, restjson.Decode([]byte(document), got.read), "%q", document)
		require.Equal(t, page{}, got)
	}
}

func TestUnknownMembersAreSkipped(t *testing.T) {
	t.Parallel()
	values := []string{
		`1`, `-0`, `0`, `1.5e+300`, `1E-2`, `123456789012345678901234567890`, `1e999`, `true`, `false`, `null`, `""`, `"\u0000\ud800"`, `"}"`, `"]\\"`,
		`[]`, `[ ]`, `{}`, `{ }`, `[[],{},[{}]]`, `{"Id":"no","Transcript":[{"Id":1}],"NextToken":5}`, `[1,"a",null,true,{"a":[2]}]`,
		`{"":"","a":{"a":{"a":1}},"a":2}`, "\"\xff\"",
	}
	for _, value := range values {
		document := `{"Unknown":` + value + `,"NextToken":"t","Transcript":[{"Unknown":` + value + `,"Id":"i","` + "\xff" + `":` + value +
			`,"Attachments":[{"Unknown":` + value + `}]}],"":` + value + `}`
		var got page
		require.NoError(t, restjson.Decode([]byte(document), got.read), value)
		require.Equal(t, "t", *got.NextToken, value)
		require.Equal(t, "i", *got.Transcript[0].Id, value)
		require.Len(t, got.Transcript[0].Attachments, 1, value)
	}
}

func TestUnreadElementsAreSkipped(t *testing.T) {
	t.Parallel()
	n := 0
	requireReads(t, `[1,"a",{"b":[]},null]`, func(r *restjson.Reader) {
		for i := range r.Elements() {
			require.Equal(t, n, i)
			n++
		}
	})
	require.Equal(t, 4, n)
}

func TestWrongType(t *testing.T) {
	t.Parallel()
	// « marks the value of the wrong type, which holds a secret where possible.
	tests := []struct {
		name   string
		json   string
		member string
		want   string
	}{
		{"a list is not read as a page", `«["s3cret"]`, "", "expected an object"},
		{"a string is not read as a page", `«"s3cret"`, "", "expected an object"},
		{"a number is not read as a string", `{"NextToken":«1733}`, "NextToken", "expected a string"},
		{"true is not read as a string", `{"NextToken": «true}`, "NextToken", "expected a string"},
		{"an object is not read as a string", `{"NextToken":«{"s3cret":1}}`, "NextToken", "expected a string"},
		{"a list is not read as a string", `{"NextToken":«["s3cret"]}`, "NextToken", "expected a string"},
		{"a string is not read as a list", `{"Transcript":«"s3cret"}`, "Transcript", "expected a list"},
		{"an object is not read as a list", `{"Transcript":«{"s3cret":1}}`, "Transcript", "expected a list"},
		{"a string is not read as an item", `{"Transcript":[{},«"s3cret"]}`, "Transcript", "expected an object"},
		{"a list is not read as an item", `{"Transcript":[{},«["s3cret"]]}`, "Transcript", "expected an object"},
		{"a number is not read as an enumeration", `{"Transcript":[{"Id":"s3cret","Type":«1733}]}`, "Type", "expected a string"},
		{"a list is not read as metadata", `{"Transcript":[{"MessageMetadata":«["s3cret"]}]}`, "MessageMetadata", "expected an object"},
		{"a receipt's time is no number", `{"Transcript":[{"MessageMetadata":{"Receipts":[{"ReadTimestamp":«1733}]}}]}`, "ReadTimestamp", "expected a string"},
		{"an attachment's name is no list", `{"Transcript":[{"Attachments":[{"AttachmentName":«["s3cret"]}]}]}`, "AttachmentName", "expected a string"},
		{"a wrong first of two values is refused", `{"NextToken":«1733,"NextToken":"s3cret"}`, "NextToken", "expected a string"},
		{
			"an invalid value of an unknown member is attributed to the enclosing member",
			`{"Transcript":[{"s3cret":{"s3cret":«s3cret}}]}`, "Transcript", "expected a value",
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			syntax := requireSyntaxError(t, new(page).read, strings.Replace(test.json, "«", "", 1), "")
			require.Equal(t, restjson.SyntaxError{Offset: strings.Index(test.json, "«"), Message: test.want, Member: test.member}, syntax)
			for _, content := range []string{"s3cret", "1733"} {
				require.NotContains(t, syntax.Error(), content)
			}
		})
	}
}

func TestSyntaxErrorText(t *testing.T) {
	t.Parallel()
	err := restjson.Decode([]byte(`{"NextToken":1}`), new(page).read)
	require.EqualError(t, err, "invalid JSON at offset 13, member NextToken: expected a string")
	err = restjson.Decode([]byte(`{"NextToken"`), new(page).read)
	require.EqualError(t, err, "invalid JSON at offset 12: unexpected end")
	err = restjson.Decode([]byte(`{} {}`), new(page).read)
	require.EqualError(t, err, "invalid JSON at offset 3: unexpected data after the document")
}

func TestText(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		json string
		want string
	}{
		{"null is empty", `null`, ""},
		{"an empty string is empty", `""`, ""},
		{"a value of an enumeration is read", `"CUSTOM_BOT"`, "CUSTOM_BOT"},
		{"a value of an enumeration may be written with escapes", `"\u0041GENT"`, "AGENT"},
		{"simple escapes are decoded", `"\"\\\/\b\f\n\r\t"`, "\"\\/\b\f\n\r\t"},
		{"hexadecimal digits have any case", `"\u00e4\u00E4\u20Ac"`, "ää€"},
		{"a NUL may be escaped", `"a\u0000b"`, "a\x00b"},
		{"a surrogate pair is one rune", `"\ud83d\uDE00!"`, "😀!"},
		{"UTF-8 stays", `"Grüezi 👍🏽` + "\u2028\"", "Grüezi 👍🏽\u2028"},
		{"DEL stays", "\"\x7f\"", "\x7f"},
		{"a high surrogate alone is U+FFFD", `"a\ud83db"`, "a\ufffdb"},
		{"a high surrogate at the end is U+FFFD", `"a\ud83d"`, "a\ufffd"},
		{"a low surrogate alone is U+FFFD", `"\ude00a"`, "\ufffda"},
		{"two high surrogates are two U+FFFD", `"\ud83d\ud83d"`, "\ufffd\ufffd"},
		{"a pair after a high surrogate is read", `"\ud83d\ud83d\ude00"`, "\ufffd😀"},
		{"a pair the wrong way round is two U+FFFD", `"\ude00\ud83d"`, "\ufffd\ufffd"},
		{"an escape after a high surrogate is read", `"\ud83d\n\ud83d\u0041"`, "\ufffd\n\ufffdA"},
		{"each byte that isn't UTF-8 is U+FFFD", "\"a\xff\xc3\xf0\x9f\x91b\"", "a\ufffd\ufffd\ufffd\ufffd\ufffdb"},
		{"an encoded surrogate is three U+FFFD", "\"\xed\xa0\x80\"", "\ufffd\ufffd\ufffd"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			var text string
			requireReads(t, test.json, func(r *restjson.Reader) { text = r.Text() })
			require.Equal(t, test.want, text)

			var pointer *string
			requireReads(t, test.json, func(r *restjson.Reader) { r.String(&pointer) })
			if test.json == "null" {
				require.Nil(t, pointer)
				return
			}
			require.Equal(t, &test.want, pointer)

			var peer string
			require.NoError(t, json.Unmarshal([]byte(test.json), &peer))
			require.Equal(t, test.want, peer, "encoding/json reads another value")
		})
	}
}

func TestIntegers(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name  string
		json  string
		as32  *int32
		as64  *int64
		bad32 bool
		bad64 bool
	}{
		{name: "null is nil", json: `null`},
		{name: "zero is not nil", json: `0`, as32: ptr(int32(0)), as64: ptr(int64(0))},
		{name: "minus zero is zero", json: `-0`, as32: ptr(int32(0)), as64: ptr(int64(0))},
		{name: "the greatest 32 bits fit", json: `2147483647`, as32: ptr(int32(math.MaxInt32)), as64: ptr(int64(math.MaxInt32))},
		{name: "the least 32 bits fit", json: `-2147483648`, as32: ptr(int32(math.MinInt32)), as64: ptr(int64(math.MinInt32))},
		{name: "one more than 32 bits fits 64", json: `2147483648`, bad32: true, as64: ptr(int64(1 << 31))},
		{name: "one less than 32 bits fits 64", json: `-2147483649`, bad32: true, as64: ptr(int64(-1<<31 - 1))},
		{name: "the greatest 64 bits fit", json: `9223372036854775807`, bad32: true, as64: ptr(int64(math.MaxInt64))},
		{name: "the least 64 bits fit", json: `-9223372036854775808`, bad32: true, as64: ptr(int64(math.MinInt64))},
		{name: "one more than 64 bits is refused", json: `9223372036854775808`, bad32: true, bad64: true},
		{name: "a hundred digits are refused", json: strings.Repeat("9", 100), bad32: true, bad64: true},
		{name: "a fraction is refused", json: `1.5`, bad32: true, bad64: true},
		{name: "a fraction of zero is refused", json: `1.0`, bad32: true, bad64: true},
		{name: "an exponent is refused", json: `1e2`, bad32: true, bad64: true},
		{name: "a number in a string is refused", json: `"1"`, bad32: true, bad64: true},
		{name: "true is refused", json: `true`, bad32: true, bad64: true},
		{name: "an object is refused", json: `{}`, bad32: true, bad64: true},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			as32, as64 := ptr(int32(7)), ptr(int64(7))
			err32 := decodeMember(test.json, func(r *restjson.Reader) { r.Int32(&as32) })
			err64 := decodeMember(test.json, func(r *restjson.Reader) { r.Int64(&as64) })
			require.Equal(t, test.as32, as32)
			require.Equal(t, test.as64, as64)
			requireRefused(t, test.bad32, err32)
			requireRefused(t, test.bad64, err64)
		})
	}
}

func requireRefused(t *testing.T, refused bool, err error) {
	t.Helper()
	if !refused {
		require.NoError(t, err)
		return
	}
	var syntax *restjson.SyntaxError
	require.ErrorAs(t, err, &syntax)
	require.Equal(t, "Value", syntax.Member)
	require.Equal(t, len(`{"Value":`), syntax.Offset)
}

func TestKind(t *testing.T) {
	t.Parallel()
	for _, value := range []string{`{}`, `[]`, `"a"`, `true`, `false`, `null`, `-1`, `7`} {
		var kind byte
		requireReads(t, " "+value, func(r *restjson.Reader) { kind = r.Kind() })
		require.Equal(t, value[0], kind, "a value is skipped after Kind")
	}
}

func TestFirstErrorIsKept(t *testing.T) {
	t.Parallel()
	err := restjson.Decode([]byte(`{"A":1,"B":"text","C":[1]}`), func(r *restjson.Reader) {
		var s *string
		var n *int32
		var list []string
		var m map[string]string
		for range r.Members() {
			r.String(&s)
			r.String(&s)
			r.Int32(&n)
			r.Skip()
			restjson.Strings(r, &list)
			restjson.StringMap(r, &m)
			require.Empty(t, r.Text())
			require.Nil(t, n)
			require.Empty(t, list)
			require.Empty(t, m)
		}
	})
	var syntax *restjson.SyntaxError
	require.ErrorAs(t, err, &syntax)
	require.Equal(t, restjson.SyntaxError{Offset: 5, Message: "expected a string", Member: "A"}, *syntax)
}

func TestDecodeDoesNotKeepItsInput(t *testing.T) {
	t.Parallel()
	data := pageJSON(20)
	var want, got page
	require.NoError(t, restjson.Decode(append([]byte(nil), data...), want.read))
	require.NoError(t, restjson.Decode(data, got.read))
	for i := range data {
		data[i] = 'x'
	}
	require.NoError(t, restjson.Decode(pageJSON(5), new(page).read)) // reuses the buffers
	require.Equal(t, want, got)
}

func TestReaderIsResetAfterAnError(t *testing.T) {
	t.Parallel()
	good := pageJSON(10)
	var want page
	require.NoError(t, restjson.Decode(good, want.read))
	for n := range 200 {
		require.Error(t, restjson.Decode(good[:len(good)-1-n], new(page).read))
		var got page
		require.NoError(t, restjson.Decode(good, got.read))
		require.Equal(t, want, got)
	}
}
