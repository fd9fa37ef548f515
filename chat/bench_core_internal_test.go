// SPDX-License-Identifier: Apache-2.0

package chat

import (
	"fmt"
	"testing"
	"time"
)

// BenchmarkLiveItem measures the allocations of a session for a live item, from the frame to the
// caller, without the socket.
func BenchmarkLiveItem(b *testing.B) {
	opts := withDefaults(nil)
	var c core
	c.init(&opts)
	c.conn.begin(now())
	c.inbox.hold.caughtUp()
	frames := make([][]byte, 1000)
	for i := range frames {
		at := time.Now().Add(time.Duration(i) * time.Millisecond).UTC().Format("2006-01-02T15:04:05.000Z")
		frames[i] = fmt.Appendf(nil, `{"topic":"aws/chat","contentType":"application/json","content":"{\"AbsoluteTime\":\"%s\",\"Content\":\"Hello\",\"ContentType\":\"text/plain\",\"Id\":\"item-%d\",\"Type\":\"MESSAGE\",\"ParticipantId\":\"p-1\",\"DisplayName\":\"Ann\",\"ParticipantRole\":\"AGENT\",\"InitialContactId\":\"c-1\",\"ContactId\":\"c-1\"}"}`, at, i)
	}
	b.ReportAllocs()
	i := 0
	for b.Loop() {
		f := parseFrame(frames[i%len(frames)])
		c.receive(nil, &f, f.parseItem(), now())
		c.takeEvent()
		if i++; i%len(frames) == 0 {
			clear(c.inbox.ledger.seen) // so that the next items are new
		}
	}
}
