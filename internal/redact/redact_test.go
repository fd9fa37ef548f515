// SPDX-License-Identifier: Apache-2.0

package redact_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/participant-go/connectparticipant/internal/redact"
)

// secret is used in every place that may hold a secret.
const secret = "s3cret"

func TestJSON(t *testing.T) {
	t.Parallel()
	const gone, whole = `"[redacted, 6 bytes]"`, `"[redacted]"`
	tests := []struct {
		name string
		json string
		want string
	}{
		{"nothing stays nothing", ``, ``},
		{"an empty object stays", `{}`, `{}`},
		{"a bare string is replaced", `"s3cret"`, gone},
		{"bare strings in a list are replaced", `["s3cret",["s3cret"]]`, `[` + gone + `,` + whole + `]`},
		{"a known secret is replaced", `{"ConnectionToken":"s3cret"}`, `{"ConnectionToken":` + gone + `}`},
		{"an unknown member is replaced", `{"NewMember":"s3cret"}`, `{"NewMember":` + gone + `}`},
		{"a member with an empty name is replaced", `{"":"s3cret"}`, `{"":` + gone + `}`},
		{"harmless members stay", `{"ContentType":"text/plain","Id":"i","Type":"MESSAGE"}`, `{"ContentType":"text/plain","Id":"i","Type":"MESSAGE"}`},
		{"a harmless list stays", `{"AttachmentIds":["a","b"]}`, `{"AttachmentIds":["a","b"]}`},
		{"a list of connection types stays", `{"Type":["WEBSOCKET"]}`, `{"Type":["WEBSOCKET"]}`},
		{"a list where a harmless string belongs is replaced", `{"Id":["s3cret"]}`, `{"Id":` + whole + `}`},
		{"a list within a harmless list is replaced", `{"AttachmentIds":[["s3cret"]]}`, `{"AttachmentIds":[` + whole + `]}`},
		{"a string where a harmless list belongs is replaced", `{"AttachmentIds":"s3cret"}`, `{"AttachmentIds":` + gone + `}`},
		{"another spelling of a harmless name is replaced", `{"contenttype":"s3cret"}`, `{"contenttype":` + gone + `}`},
		{"a harmless name written with escapes is kept", `{"\u0049d":"i"}`, `{"Id":"i"}`},
		{
			"secrets at all depths are replaced",
			`{"Transcript":[{"Id":"i","Content":"s3cret","Attachments":[{"AttachmentName":"s3cret","Status":"APPROVED"}],"New":["s3cret"]}]}`,
			`{"Transcript":[{"Attachments":[{"AttachmentName":` + gone + `,"Status":"APPROVED"}],"Content":` + gone + `,"Id":"i","New":` + whole + `}]}`,
		},
		{"a secret below a harmless name is replaced", `{"Id":{"X":"s3cret"},"Type":[{"Y":"s3cret"}]}`, `{"Id":` + whole + `,"Type":[` + whole + `]}`},
		{"an unknown object is replaced with its names", `{"New":{"s3cret":1}}`, `{"New":` + whole + `}`},
		{"a name that no member has is replaced", `{"s3cret":1,"New_Member":1}`, `{"New_Member":` + whole + `,` + gone + `:` + whole + `}`},
		{"headers to include are replaced with their names", `{"HeadersToInclude":{"x-amz-meta-s3cret":"s3cret"}}`, `{"HeadersToInclude":` + whole + `}`},
		{"JSON in a string is replaced whole", `{"Content":"{\"Id\":\"i\"}"}`, `{"Content":"[redacted, 10 bytes]"}`},
		{"the length is in bytes after decoding", `{"Content":"\u00e4\n"}`, `{"Content":"[redacted, 3 bytes]"}`},
		{"an empty secret stays empty", `{"Content":""}`, `{"Content":""}`},
		{"unknown numbers and booleans are replaced", `{"A":1.5,"B":true,"C":false,"D":null}`, `{"A":` + whole + `,"B":` + whole + `,"C":` + whole + `,"D":null}`},
		{"known secrets of another kind are replaced", `{"Content":4711,"Url":true,"NextToken":[1]}`, `{"Content":` + whole + `,"NextToken":` + whole + `,"Url":` + whole + `}`},
		{
			"harmless numbers and booleans stay exactly", `{"AttachmentSizeInBytes":12345678901234567890123,"ConnectParticipant":false,"MaxResults":-0,"Version":0.10}`,
			`{"AttachmentSizeInBytes":12345678901234567890123,"ConnectParticipant":false,"MaxResults":-0,"Version":0.10}`,
		},
		{"a bare number is replaced", ` 1.50 `, whole},
		{"a harmless string keeps its signs", `{"Message":"a<b>&c"}`, `{"Message":"a<b>&c"}`},
		{"the first of two values is dropped", `{"Id":"first","Id":"i"}`, `{"Id":"i"}`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			input := []byte(test.json)
			require.Equal(t, test.want, string(redact.JSON(input)))
			require.Equal(t, test.json, string(input), "the input was changed")
		})
	}
	require.Nil(t, redact.JSON(nil))
}

func TestInvalidJSON(t *testing.T) {
	t.Parallel()
	for _, data := range []string{
		"s3cret", `{"A":"s3cret"`, `{"A":"s3cret"} s3cret`, `{"A":"s3cret"}{"Id":"s3cret"}`, `{"Id":"s3cret"}]`, `{"Id":"s3cret"}}`, `{"Id":"s3cret"},`,
		"{\"Id\":\"s3cret\n\"}", `<html>s3cret</html>`, "\x00s3cret", `{"Id":01,"B":"s3cret"}`, strings.Repeat(`[`, 20_000) + `"s3cret"` + strings.Repeat(`]`, 20_000),
	} {
		require.Equal(t, fmt.Sprintf("[%d bytes, not JSON]", len(data)), string(redact.JSON([]byte(data))))
	}
	require.Equal(t, "[1 bytes, not JSON]", string(redact.JSON([]byte(" "))))
}

func TestSecretMembersAreRedactedAtEveryDepth(t *testing.T) {
	t.Parallel()
	// All members of the service that may hold a secret, or a person's data.
	names := []string{
		"ConnectionToken", "ParticipantToken", "Url", "NextToken", "Content", "DisplayName", "AttachmentName", "ViewToken", "InputSchema", "Template",
		"Actions", "Name", "Arn", "JoinToken", "AttendeeId", "MeetingId", "AudioHostUrl", "AudioFallbackUrl", "SignalingUrl", "EventIngestionUrl",
		"AuthenticationUrl", "RedirectUri", "SessionId", "HeadersToInclude", "ResourceId", "Unknown",
	}
	for _, name := range names {
		var value any = secret
		for range 5 {
			data, err := json.Marshal(map[string]any{name: value})
			require.NoError(t, err)
			require.NotContains(t, string(redact.JSON(data)), secret, "%s", data)
			value = map[string]any{name: []any{value, secret}, "Id": map[string]any{name: value}, "Other": []any{[]any{value}}}
		}
	}
}

func TestText(t *testing.T) {
	t.Parallel()
	require.Equal(t, "[redacted, 6 bytes]", redact.Text(secret))
	require.Equal(t, "[redacted, 0 bytes]", redact.Text(""))
}

func TestHeaders(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		header http.Header
		want   string
	}{
		{"no header is nothing", nil, ""},
		{"the token is replaced", http.Header{"X-Amz-Bearer": {secret}}, "X-Amz-Bearer: [redacted, 6 bytes]\r\n"},
		{"an unknown header is replaced", http.Header{"X-New": {secret}}, "X-New: [redacted, 6 bytes]\r\n"},
		{
			"credentials and cookies are replaced",
			http.Header{"Authorization": {secret}, "Cookie": {secret}, "Set-Cookie": {secret}, "Location": {secret}},
			"Authorization: [redacted, 6 bytes]\r\nCookie: [redacted, 6 bytes]\r\nLocation: [redacted, 6 bytes]\r\nSet-Cookie: [redacted, 6 bytes]\r\n",
		},
		{
			"each value of a header is replaced",
			http.Header{"X-Amz-Bearer": {secret, "another"}},
			"X-Amz-Bearer: [redacted, 6 bytes]\r\nX-Amz-Bearer: [redacted, 7 bytes]\r\n",
		},
		{
			"a token under another spelling is replaced",
			http.Header{"x-amz-bearer": {secret}, "content-type": {secret}},
			"content-type: [redacted, 6 bytes]\r\nx-amz-bearer: [redacted, 6 bytes]\r\n",
		},
		{
			"harmless headers stay",
			http.Header{"Content-Type": {"application/json"}, "X-Amzn-Requestid": {"r"}, "X-Amzn-Errortype": {"A"}, "Date": {"d"}},
			"Content-Type: application/json\r\nDate: d\r\nX-Amzn-Errortype: A\r\nX-Amzn-Requestid: r\r\n",
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			require.Equal(t, test.want, redact.Headers(test.header))
			require.NotContains(t, redact.Headers(test.header), secret)
		})
	}
}
