// SPDX-License-Identifier: Apache-2.0

package participanttest_test

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestLiveEventsAreNotInTheTranscript(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	before := transcript(t, b, oldestFirst)
	for _, body := range []string{
		`{"ContentType":"` + event + `typing"}`,
		`{"ContentType":"` + event + `typing","Content":""}`,
		`{"ContentType":"` + event + `connection.acknowledged"}`,
	} {
		out := ok(t, b.srv, "/participant/event", b.customer, body)
		require.Len(t, out["Id"], 36)
		parse(t, out["AbsoluteTime"])
	}
	require.Equal(t, before, transcript(t, b, oldestFirst))
}

func TestEventsThatAreRefused(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	for name, c := range map[string]struct{ body, member string }{
		"no content type":      {`{}`, "ContentType"},
		"a message":            {`{"ContentType":"text/plain","Content":"hi"}`, "ContentType"},
		"the service's own":    {`{"ContentType":"` + event + `chat.ended"}`, "ContentType"},
		"receipt of nothing":   {`{"ContentType":"` + event + `message.read"}`, "Content"},
		"receipt without JSON": {`{"ContentType":"` + event + `message.read","Content":"id"}`, "Content"},
		"receipt without id":   {`{"ContentType":"` + event + `message.delivered","Content":"{}"}`, "Content"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := post(t, b.srv, "/participant/event", b.customer, c.body)
			refused(t, a, http.StatusBadRequest, "ValidationException", "Value at '"+c.member+"'")
		})
	}
}

func (b bench) receipt(t *testing.T, bearer, kind, messageID string) response {
	t.Helper()
	return post(t, b.srv, "/participant/event", bearer, body(t, "ContentType", event+"message."+kind,
		"Content", `{"messageId":"`+messageID+`","disableThrottle":true}`))
}

func TestReceiptsAreMergedIntoTheMessage(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	id := b.contact.Agent.Say("hello")
	newest := func() object { return transcript(t, b, `{"MaxResults":1}`)[0] }

	delivered := b.receipt(t, b.customer, "delivered", id).object(t)["AbsoluteTime"]
	want := object{"DeliveredTimestamp": delivered, "RecipientParticipantId": b.contact.Customer.ID}
	require.Equal(t, object{"MessageId": id, "Receipts": []any{want}}, newest()["MessageMetadata"])

	read := b.receipt(t, b.customer, "read", id).object(t)["AbsoluteTime"]
	b.receipt(t, b.customer, "delivered", id)
	b.receipt(t, b.customer, "read", id)
	want["ReadTimestamp"] = read
	require.Equal(t, object{"MessageId": id, "Receipts": []any{want}}, newest()["MessageMetadata"])
}

func TestReceiptsWithoutEffect(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	joined := transcript(t, b, oldestFirst)[0]["Id"].(string)
	own := b.contact.Customer.Say("mine")
	before := transcript(t, b, oldestFirst)
	for _, id := range []string{joined, own, "no-such-message"} {
		require.Equal(t, http.StatusOK, b.receipt(t, b.customer, "read", id).status)
	}
	require.Equal(t, before, transcript(t, b, oldestFirst))
}

func TestReceiptsConflictWithAThirdParticipant(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	id := b.contact.Agent.Say("hello")
	supervisor := b.contact.AddParticipant("SUPERVISOR", "Sue")
	require.Equal(t, http.StatusOK, b.receipt(t, b.customer, "read", id).status, "not connected yet")
	third := token(t, b.srv, supervisor)
	refused(t, b.receipt(t, b.customer, "read", id), http.StatusConflict, "ConflictException",
		"Operation can not be performed due to the state of the contact.")
	ok(t, b.srv, "/participant/disconnect", third, "{}")
	require.Equal(t, http.StatusOK, b.receipt(t, b.customer, "read", id).status)
}
