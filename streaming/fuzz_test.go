// SPDX-License-Identifier: Apache-2.0

package streaming_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/participant-go/connectparticipant/streaming"
)

func seeds(f *testing.F) {
	f.Helper()
	raw := item(nil)
	for _, payload := range []string{
		"", "null", "{}", `{"Records":[]}`, `{"Records":[null,1,{}]}`, raw, text(notification(raw)), text(lambda(lambdaSNS(raw))),
		text(lambda(lambdaSQS("q-1", text(notification(raw))), lambdaSQSRaw("q-2", raw), lambdaSQS("q-3", "broken"))),
		text(object{"MessageId": "q-1", "Body": raw, "MessageAttributes": attributes("DataType", "StringValue")}),
		string(sign(fresh(nil), testPKI().sns)), string(sign(confirmation(nil), testPKI().sns)),
		text(notification(item(object{"MessageMetadata": object{"MessageCompleted": false, "ChunkNumber": 2}}))),
		text(notification(item(object{"MessageMetadata": object{"Receipts": []any{object{"ReadTimestamp": "x"}}}}))),
		text(notification(item(object{"Type": "ATTACHMENT", "Attachments": []any{object{"Status": "APPROVED"}}}))),
	} {
		f.Add([]byte(payload))
	}
}

// FuzzRead requires that every notification can be handled, and that errors quote nothing.
func FuzzRead(f *testing.F) {
	seeds(f)
	const marker = "4111222233334444"
	f.Add([]byte(strings.ReplaceAll(text(lambda(lambdaSQSRaw("q-1", item(object{"Id": marker})))), `\"`+marker+`\"`, marker)))
	f.Fuzz(func(t *testing.T, payload []byte) {
		notifications, err := streaming.Read(payload)
		if err != nil {
			require.NotContains(t, err.Error(), marker)
			var failed *streaming.ReadError
			require.True(t, len(notifications) == 0 || errors.As(err, &failed))
		}
		if _, err := streaming.BatchResponseOf(err); err != nil {
			require.Error(t, err)
		}
		for _, n := range notifications {
			require.NotNil(t, n.Event)
			require.NotEmpty(t, n.Key())
			_, _, _ = n.ForCustomer(), n.ForAgent(), n.LogValue()
		}
		var a streaming.Assembler
		require.LessOrEqual(t, len(a.Add(notifications...)), len(notifications))
		handled := 0
		_ = streaming.Handle(t.Context(), payload, streaming.Memory(10), func(context.Context, streaming.Notification) error {
			handled++
			return nil
		})
		require.LessOrEqual(t, handled, len(notifications))
	})
}

// FuzzVerify requires that nothing unsigned is verified, and that nothing is requested but the
// certificate and its issuer.
func FuzzVerify(f *testing.F) {
	seeds(f)
	signed, unconfirmed := sign(fresh(nil), testPKI().sns), confirmation(nil)
	v, w := newVerifier()
	f.Fuzz(func(t *testing.T, payload []byte) {
		if v.Verify(t.Context(), payload) == nil {
			got, err := streaming.Read(payload)
			if err != nil {
				require.ErrorContains(t, err, "call Verifier.Confirm")
				return
			}
			want, err := streaming.Read(signed)
			require.NoError(t, err)
			require.Equal(t, want[0].Event, got[0].Event)
		}
		_ = v.Confirm(t.Context(), payload)
		for _, url := range w.urls() {
			if url == unconfirmed["SubscribeURL"] {
				continue
			}
			require.Regexp(t, `^(https://sns\.[a-z0-9-]+\.amazonaws\.(com|com\.cn|eu)/[^?]*\.pem|http://crt\.example\.amazontrust\.com/issuer\.cer)$`, url)
		}
		w.mu.Lock()
		w.requested = nil
		w.mu.Unlock()
	})
}
