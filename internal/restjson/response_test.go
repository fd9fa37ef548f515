// SPDX-License-Identifier: Apache-2.0

package restjson_test

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/require"

	"github.com/participant-go/connectparticipant/internal/restjson"
)

func TestReadResponse(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		body string
		want page
	}{
		{"an empty body is an empty object", "", page{}},
		{"white space is an empty object", "\r\n", page{}},
		{"null is an empty object", "null", page{}},
		{"an empty object is read", "{}", page{}},
		{"a member is read", `{"NextToken":"t"}`, page{NextToken: ptr("t")}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			// The length is unknown, correct, or wrong and too large to allocate.
			for _, length := range []int64{-1, int64(len(test.body)), 1 << 60} {
				var got page
				response := newResponse("application/json", strings.NewReader(test.body))
				response.ContentLength = length
				require.NoError(t, read(restjson.ReadResponse(t.Context(), response, got.read)))
				require.Equal(t, test.want, got)
			}
		})
	}
}

func TestReadResponseInPieces(t *testing.T) {
	t.Parallel()
	data := pageJSON(30)
	var want, got page
	require.NoError(t, restjson.Decode(data, want.read))
	require.NoError(t, read(restjson.ReadResponse(t.Context(), newResponse("application/json", iotest.OneByteReader(bytes.NewReader(data))), got.read)))
	require.Equal(t, want, got)
}

func TestReadResponseErrorNamesTheContentType(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name        string
		contentType string
		body        string
		want        string
	}{
		{
			"a sign-in page is recognized by its type", "text/html; charset=utf-8", "<html>s3cret</html>",
			`response with Content-Type "text/html": invalid JSON at offset 0: expected an object`,
		},
		{"an absent type is reported", "", "s3cret", `response with Content-Type "": invalid JSON at offset 0: expected an object`},
		{
			"an incomplete response is an error", "application/json", `{"NextToken":"s3cret`,
			`response with Content-Type "application/json": invalid JSON at offset 20, member NextToken: unexpected end`,
		},
		{"another type may contain a secret", `a"b` + "\x01", "s3cret", `response with Content-Type "[other, 4 bytes]": invalid JSON at offset 0: expected an object`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			_, err := restjson.ReadResponse(t.Context(), newResponse(test.contentType, strings.NewReader(test.body)), new(page).read)
			require.EqualError(t, err, test.want)
			var syntax *restjson.SyntaxError
			require.ErrorAs(t, err, &syntax)
		})
	}
}

func TestReadResponseUpToItsLimit(t *testing.T) {
	t.Parallel()
	const limit = 32 << 20
	var got page
	require.NoError(t, read(restjson.ReadResponse(t.Context(), newResponse("application/json", longBody(limit)), got.read)))
	require.Equal(t, "t", *got.NextToken)

	body := &countingReader{Reader: longBody(10 * limit)}
	for _, reader := range []io.Reader{longBody(limit + 1), body} {
		response := newResponse("application/json", reader)
		response.ContentLength = -1
		require.ErrorIs(t, read(restjson.ReadResponse(t.Context(), response, new(page).read)), restjson.ErrTooLarge)
	}
	require.LessOrEqual(t, body.n, limit+1, "read beyond the limit")
}

func TestReadResponseReturnsReadErrors(t *testing.T) {
	t.Parallel()
	cut := errors.New("connection reset")
	for _, body := range []string{"", `{"NextToken":"t`, `{"NextToken":"t"}`} {
		_, err := restjson.ReadResponse(t.Context(), newResponse("application/json", io.MultiReader(strings.NewReader(body), iotest.ErrReader(cut))), new(page).read)
		require.ErrorIs(t, err, cut)
		require.EqualError(t, err, "read response body: connection reset")
		var broken *restjson.BodyError
		require.ErrorAs(t, err, &broken)
	}
	_, err := restjson.ReadResponse(t.Context(), newResponse("application/json", iotest.ErrReader(io.ErrUnexpectedEOF)), new(page).read)
	require.ErrorIs(t, err, io.ErrUnexpectedEOF)
}

func TestDiscard(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		length int
		read   int
	}{
		{"an empty body is closed", 0, 0},
		{"a small rest is read", 1000, 1000},
		{"a large rest is left", 10 << 20, 256 << 10},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			body := &closingReader{countingReader: countingReader{Reader: io.LimitReader(endless('a'), int64(test.length))}}
			restjson.Discard(&http.Response{StatusCode: http.StatusOK, Body: body})
			require.True(t, body.closed)
			require.Equal(t, test.read, body.n)
		})
	}
	restjson.Discard(nil)
	restjson.Discard(&http.Response{})
	connection := &closingReader{countingReader: countingReader{Reader: endless('a')}}
	restjson.Discard(&http.Response{StatusCode: http.StatusSwitchingProtocols, Body: connection})
	require.True(t, connection.closed)
	require.Zero(t, connection.n, "the body of a 101 is the connection")
	failing := &closingReader{countingReader: countingReader{Reader: iotest.ErrReader(io.ErrUnexpectedEOF)}}
	restjson.Discard(&http.Response{StatusCode: http.StatusOK, Body: failing})
	require.True(t, failing.closed)
}

// readError is ReadError without the error of reading the body.
func readError(response *http.Response) restjson.ErrorInfo {
	info, _ := restjson.ReadError(response)
	return info
}

func TestReadError(t *testing.T) {
	t.Parallel()
	const throttling = "ThrottlingException"
	code := func(c string) restjson.ErrorInfo { return restjson.ErrorInfo{Code: c} }
	tests := []struct {
		name   string
		header string
		body   string
		want   restjson.ErrorInfo
	}{
		{"a bare header is the code", throttling, `{}`, code(throttling)},
		{"what follows a colon is cut", throttling + ":http://internal.amazon.com/coral/com.amazon.coral.validate/", `{}`, code(throttling)},
		{"what precedes a hash sign is cut", "aws.protocoltests#" + throttling, `{}`, code(throttling)},
		{"both ends are cut", "aws.protocoltests#" + throttling + ":http://internal.amazon.com/coral/#x", `{}`, code(throttling)},
		{"what follows a comma is cut", throttling + ",a#B:c", `{}`, code(throttling)},
		{"the last hash sign counts", "a#b#" + throttling, `{}`, code(throttling)},
		{"white space around the code is cut", " " + throttling + " ", `{}`, code(throttling)},
		{"code is the code without a header", "", `{"code":"` + throttling + `"}`, code(throttling)},
		{"__type is the code without a header", "", `{"__type":"com.amazonaws.connectparticipant#` + throttling + `"}`, code(throttling)},
		{"__type is cut like the header", "", `{"__type":"aws#` + throttling + `:http://a"}`, code(throttling)},
		{"code is cut like the header", "", `{"code":"aws#` + throttling + `:http://a"}`, code(throttling)},
		{"the header precedes the body", "A", `{"code":"B","__type":"C"}`, code("A")},
		{"code precedes __type", "", `{"__type":"C","code":"B"}`, code("B")},
		{"a header that is empty when cut gives way to the body", "#:x", `{"code":"B"}`, code("B")},
		{"a code that is empty when cut gives way to __type", "", `{"code":":","__type":"C"}`, code("C")},
		{"the body's code is found in spite of an empty header", " ", `{"code":"B"}`, code("B")},
		{"lower-case message is read", "A", `{"message":"text"}`, restjson.ErrorInfo{Code: "A", Message: ptr("text")}},
		{"upper-case Message is read", "A", `{"Message":"text"}`, restjson.ErrorInfo{Code: "A", Message: ptr("text")}},
		{"the last message counts", "A", `{"Message":"B","message":"text"}`, restjson.ErrorInfo{Code: "A", Message: ptr("text")}},
		{"the last message counts in any case", "A", `{"message":"B","MESSAGE":"text"}`, restjson.ErrorInfo{Code: "A", Message: ptr("text")}},
		{"an empty message gives way to Message", "A", `{"Message":"text","message":""}`, restjson.ErrorInfo{Code: "A", Message: ptr("text")}},
		{"a message is decoded", "A", `{"message":"\u00e4\n\"👍"}`, restjson.ErrorInfo{Code: "A", Message: ptr("ä\n\"👍")}},
		{"Code is the code", "", `{"Code":"B"}`, code("B")},
		{"CODE precedes __TYPE", "", `{"__TYPE":"C","CODE":"B"}`, code("B")},
		{"__Type is the code", "", `{"__Type":"B"}`, code("B")},
		{"mEssage is read", "A", `{"mEssage":"text"}`, restjson.ErrorInfo{Code: "A", Message: ptr("text")}},
		{"other spellings of the resource are unknown", "", `{"resourceId":"E","RESOURCETYPE":"F"}`, restjson.ErrorInfo{}},
		{
			"the resource is read", "", `{"__type":"ResourceNotFoundException","ResourceId":"r","ResourceType":"CONTACT"}`,
			restjson.ErrorInfo{Code: "ResourceNotFoundException", ResourceID: ptr("r"), ResourceType: "CONTACT"},
		},
		{
			"what is empty is not absent", "A", `{"Message":"","ResourceId":"","ResourceType":""}`,
			restjson.ErrorInfo{Code: "A", Message: ptr(""), ResourceID: ptr("")},
		},
		{"null is absent", "A", `{"Message":null,"ResourceId":null,"ResourceType":null}`, code("A")},
		{
			"members that are not strings are ignored", "A",
			`{"code":429,"__type":{"a":"b"},"message":["x"],"Message":true,"ResourceId":null,"ResourceType":1.5,"other":{}}`, code("A"),
		},
		{
			"a string is found next to a number", "", `{"code":429,"__type":"C","Message":null,"message":"text"}`,
			restjson.ErrorInfo{Code: "C", Message: ptr("text")},
		},
		{"an empty body leaves the header", "A", "", code("A")},
		{"an empty body without a header is nothing", "", "", restjson.ErrorInfo{}},
		{"HTML leaves the header", "A", "<html><body>403 Forbidden</body></html>", code("A")},
		{"HTML without a header is nothing", "", "<html><body>403 Forbidden</body></html>", restjson.ErrorInfo{}},
		{"a list is nothing", "", `[{"code":"A"}]`, restjson.ErrorInfo{}},
		{"a string is nothing", "", `"AccessDeniedException"`, restjson.ErrorInfo{}},
		{"null is nothing", "", `null`, restjson.ErrorInfo{}},
		{"the read part of an incomplete body counts", "", `{"code":"B","message":"te`, code("B")},
		{"text before garbage counts", "", `{"code":"B","message":"text"} trailing`, restjson.ErrorInfo{Code: "B", Message: ptr("text")}},
		{"text after garbage doesn't count", "", `{"code":"B",,"message":"text"}`, code("B")},
		{"a gateway's response has only a message", "", `{"message":"Forbidden"}`, restjson.ErrorInfo{Message: ptr("Forbidden")}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			require.Equal(t, test.want, readError(newErrorResponse(test.header, strings.NewReader(test.body))))
		})
	}
}

func TestReadErrorHeaderInAnyCase(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"x-amzn-errortype", "X-Amzn-ErrorType", "x-amzn-ErrorType", "X-AMZN-ERRORTYPE"} {
		response := newErrorResponse("", strings.NewReader(""))
		response.Header.Set(name, "A")
		require.Equal(t, "A", readError(response).Code, name)
	}
}

func TestReadErrorOfLongBody(t *testing.T) {
	t.Parallel()
	body := &countingReader{Reader: io.MultiReader(strings.NewReader(`{"code":"B","message":"text","other":"`),
		io.LimitReader(endless('a'), 2<<20), strings.NewReader(`","__type":"C"}`))}
	require.Equal(t, restjson.ErrorInfo{Code: "B", Message: ptr("text")}, readError(newErrorResponse("", body)))
	require.LessOrEqual(t, body.n, 1<<20+1)
}

func TestReadErrorOfFailingBody(t *testing.T) {
	t.Parallel()
	failing := iotest.ErrReader(io.ErrUnexpectedEOF)
	require.Equal(t, restjson.ErrorInfo{Code: "A"}, readError(newErrorResponse("A", failing)))
	body := io.MultiReader(strings.NewReader(`{"message":"text"`), failing)
	require.Equal(t, restjson.ErrorInfo{Message: ptr("text")}, readError(newErrorResponse("", body)))
}

func newResponse(contentType string, body io.Reader) *http.Response {
	header := http.Header{}
	if contentType != "" {
		header.Set("Content-Type", contentType)
	}
	return &http.Response{StatusCode: http.StatusOK, Header: header, Body: io.NopCloser(body), ContentLength: -1}
}

func newErrorResponse(errorType string, body io.Reader) *http.Response {
	response := newResponse("application/json", body)
	response.StatusCode = http.StatusBadRequest
	if errorType != "" {
		response.Header.Set("X-Amzn-ErrorType", errorType)
	}
	return response
}

// longBody returns a JSON document of n bytes, most of them in an unknown member.
func longBody(n int) io.Reader {
	const before, after = `{"Unknown":"`, `","NextToken":"t"}`
	middle := io.LimitReader(endless('a'), int64(n-len(before)-len(after)))
	return io.MultiReader(strings.NewReader(before), middle, strings.NewReader(after))
}

// endless reads as an endless repetition of its byte.
type endless byte

func (c endless) Read(p []byte) (int, error) {
	n := copy(p, []byte{byte(c)})
	for ; 0 < n && n < len(p); n *= 2 {
		copy(p[n:], p[:n])
	}
	return len(p), nil
}

type countingReader struct {
	io.Reader
	n int
}

func (r *countingReader) Read(p []byte) (int, error) {
	n, err := r.Reader.Read(p)
	r.n += n
	return n, err
}

type closingReader struct {
	countingReader
	closed bool
}

func (r *closingReader) Close() error {
	r.closed = true
	return nil
}

// read returns the error of reading a response.
func read(_ []byte, err error) error { return err }
