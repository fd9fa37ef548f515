// SPDX-License-Identifier: Apache-2.0

package participanttest_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/participant-go/connectparticipant/participanttest"
)

const interactiveResponse = "application/vnd.amazonaws.connect.message.interactive.response"

func TestMessageHasTheIDOfTheResponse(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	const text = "a <b> & \"c\" \u2028 \x01 ü 🙂"
	sent := ok(t, b.srv, "/participant/message", b.customer, body(t, "ContentType", "text/plain", "Content", text))
	require.Len(t, sent, 2)
	page := ok(t, b.srv, "/participant/transcript", b.agent, `{"MaxResults":1}`)
	require.Equal(t, b.contact.ID, page["InitialContactId"])
	require.Equal(t, object{
		"AbsoluteTime": sent["AbsoluteTime"], "Content": text, "ContentType": "text/plain", "Id": sent["Id"], "Type": "MESSAGE",
		"ParticipantId": b.contact.Customer.ID, "DisplayName": "Customer", "ParticipantRole": "CUSTOMER", "ContactId": b.contact.ID,
	}, items(page)[0])
}

func TestMessageLimits(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	long := strings.Repeat("x", 16384)
	for name, c := range map[string]struct {
		body   string
		member string // empty: accepted
	}{
		"16,384 bytes of text":     {body(t, "ContentType", "text/plain", "Content", long), ""},
		"16,384 bytes of markdown": {body(t, "ContentType", "text/markdown", "Content", long), ""},
		"16,384 bytes of JSON":     {body(t, "ContentType", "application/json", "Content", long), ""},
		"16,384 bytes of response": {body(t, "ContentType", interactiveResponse, "Content", long), ""},
		"16,384 quotes":            {body(t, "ContentType", "text/plain", "Content", strings.Repeat(`"`, 16384)), ""},
		"16,384 controls":          {body(t, "ContentType", "text/plain", "Content", strings.Repeat("\x01", 16384)), ""},
		"one byte more":            {body(t, "ContentType", "text/plain", "Content", long+"x"), "Content"},
		"two-byte characters":      {body(t, "ContentType", "text/plain", "Content", strings.Repeat("ü", 8193)), "Content"},
		"empty content":            {body(t, "ContentType", "text/plain", "Content", ""), "Content"},
		"no content":               {body(t, "ContentType", "text/plain"), "Content"},
		"no content type":          {body(t, "Content", "hi"), "ContentType"},
		"another content type":     {body(t, "ContentType", "text/html", "Content", "hi"), "ContentType"},
		"an event":                 {body(t, "ContentType", event+"typing", "Content", "hi"), "ContentType"},
		"client token of 500":      {body(t, "ContentType", "text/plain", "Content", "hi", "ClientToken", strings.Repeat("ü", 500)), ""},
		"client token of 501":      {body(t, "ContentType", "text/plain", "Content", "hi", "ClientToken", strings.Repeat("t", 501)), "ClientToken"},
		"empty client token":       {body(t, "ContentType", "text/plain", "Content", "hi", "ClientToken", ""), ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := post(t, b.srv, "/participant/message", b.customer, c.body)
			if c.member == "" {
				require.Equal(t, http.StatusOK, a.status, "%s", a.body)
				return
			}
			refused(t, a, http.StatusBadRequest, "ValidationException", "Value at '"+c.member+"'")
		})
	}
}

func TestMessageContentTypesOfTheChat(t *testing.T) {
	t.Parallel()
	b := newBench(t, func(o *participanttest.ChatOptions) { o.ContentTypes = []string{"text/plain"} })
	ok(t, b.srv, "/participant/message", b.customer, `{"ContentType":"text/plain","Content":"hi"}`)
	a := post(t, b.srv, "/participant/message", b.customer, `{"ContentType":"text/markdown","Content":"hi"}`)
	refused(t, a, http.StatusBadRequest, "ValidationException", "[text/plain]")
}

func TestMessageProcessingStatusIsInTheResponse(t *testing.T) {
	t.Parallel()
	b := newBench(t, func(o *participanttest.ChatOptions) { o.MessageProcessing = true })
	out := ok(t, b.srv, "/participant/message", b.customer, `{"ContentType":"text/plain","Content":"hi"}`)
	require.Equal(t, object{"MessageProcessingStatus": "PROCESSING"}, out["MessageMetadata"])
	out = ok(t, b.srv, "/participant/message", b.customer, `{"ContentType":"`+interactiveResponse+`","Content":"{}"}`)
	require.NotContains(t, out, "MessageMetadata")
}

func TestSay(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	id := b.contact.Agent.Say("hello")
	last := transcript(t, b, `{"MaxResults":1}`)[0]
	require.Equal(t, []any{id, "hello", "AGENT"}, []any{last["Id"], last["Content"], last["ParticipantRole"]})
}

func TestTimesOfAChatIncrease(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	for range 50 {
		b.contact.Agent.Say("quick")
	}
	list := transcript(t, b, oldestFirst)
	for i := 1; i < len(list); i++ {
		require.Less(t, list[i-1]["AbsoluteTime"], list[i]["AbsoluteTime"])
	}
}
