// SPDX-License-Identifier: Apache-2.0

package participanttest_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/participant-go/connectparticipant/participanttest"
	"github.com/participant-go/connectparticipant/types"
)

func redact(content string) (string, types.MessageProcessingStatus) {
	switch {
	case strings.Contains(content, "rude"):
		return "", types.MessageProcessingStatusRejected
	case strings.Contains(content, "crash"):
		return content, types.MessageProcessingStatusFailed
	default:
		return strings.ReplaceAll(content, "4111", "[card]"), ""
	}
}

func TestProcessorChangesMessages(t *testing.T) {
	t.Parallel()
	everywhere(t, func(w world) {
		t := w.t
		st := newStage(t, w.srv, func(o *participanttest.ChatOptions) { o.Processor = redact })
		out := ok(t, st.srv, "/participant/message", st.customerBearer, `{"ContentType":"text/plain","Content":"my 4111"}`)
		require.Equal(t, object{"MessageProcessingStatus": "PROCESSING"}, out["MessageMetadata"])
		it := st.both(t)
		require.Equal(t, out["Id"], it["Id"])
		require.Equal(t, out["AbsoluteTime"], it["AbsoluteTime"])
		require.Equal(t, "my [card]", it["Content"])
		require.NotContains(t, it, "MessageMetadata")
		st.inTranscript(t, it)

		st.contact.System.SayInteractive("4111")
		require.Equal(t, "4111", st.both(t)["Content"], "only plain, markdown and JSON")
	})
}

func TestProcessorWithholdsMessages(t *testing.T) {
	t.Parallel()
	st := newStage(t, participanttest.Start(t), func(o *participanttest.ChatOptions) { o.Processor = redact })
	for content, status := range map[string]string{"rude": "REJECTED", "crash": "FAILED"} {
		id := st.contact.Customer.Say(content)
		it := pushed(t, st.customer)
		require.Equal(t, object{"MessageId": id, "MessageProcessingStatus": status}, it["MessageMetadata"])
		require.NotContains(t, it, "Content")
		silent(t, st.agent)
		st.inTranscript(t, it)
	}
}

func TestProcessingDelay(t *testing.T) {
	t.Parallel()
	everywhere(t, func(w world) {
		t := w.t
		st := newStage(t, w.srv, func(o *participanttest.ChatOptions) {
			o.Processor, o.ProcessingDelay = redact, time.Minute
		})
		id := st.contact.Customer.Say("4111")
		st.contact.System.SayInteractive("in between")
		st.contact.Agent.MarkRead(id)
		require.Equal(t, "in between", st.both(t)["Content"])
		pending := st.shown(t)[2]
		require.Equal(t, object{"MessageId": id, "MessageProcessingStatus": "PROCESSING"}, pending["MessageMetadata"])
		require.NotContains(t, pending, "Content")
		st.srv.Advance(time.Minute)
		it := st.both(t)
		require.Equal(t, "[card]", it["Content"])
		require.Equal(t, pending["AbsoluteTime"], it["AbsoluteTime"])
		require.Equal(t, "[card]", st.shown(t)[2]["Content"])

		st.contact.Agent.Say("never seen")
		st.contact.End()
		require.Equal(t, event+"chat.ended", st.both(t)["ContentType"])
		st.srv.Advance(time.Minute)
		silent(t, st.customer)
	})
}

func TestRehydrationDelay(t *testing.T) {
	t.Parallel()
	everywhere(t, func(w world) {
		t := w.t
		st := newStage(t, w.srv, func(o *participanttest.ChatOptions) {
			o.Past = []participanttest.PastMessage{{Content: "long ago"}}
			o.RehydrationDelay = time.Hour
		})
		page := ok(t, st.srv, "/participant/transcript", st.customerBearer, `{"MaxResults":2}`)
		require.NotContains(t, page, "NextToken")
		st.srv.Advance(time.Hour)
		it := st.both(t)
		require.Equal(t, event+"chat.rehydrated", it["ContentType"])
		st.notInTranscript(t, it)
		page = ok(t, st.srv, "/participant/transcript", st.customerBearer, `{"MaxResults":2}`)
		page = ok(t, st.srv, "/participant/transcript", st.customerBearer, body(t, "MaxResults", 2, "NextToken", page["NextToken"]))
		require.Equal(t, []any{"long ago"}, column(items(page), "Content"))
		require.Len(t, st.contact.Transcript(), 2)
	})
}
