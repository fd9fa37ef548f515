// SPDX-License-Identifier: Apache-2.0

package chat

import (
	"fmt"
	"testing"
	"time"
)

// busyChat returns a chat with a message every 2 s, 60 of them within Options.Overlap, each with
// receipts of that many readers.
func busyChat(readers int) *core {
	opts := withDefaults([]func(*Options){func(o *Options) { o.ParticipantID = "0d5b7a4e-3c0f-4a8e-9a43-6f1c2b7d9e10" }})
	c := &core{}
	c.init(&opts)
	c.conn.begin(began)
	l := &c.inbox.ledger
	l.since, l.chat = at(-time.Hour)+123_456, keyOf("contact")
	for n := range 256 {
		sent := at(-2 * time.Second * time.Duration(n))
		l.seen[keyOf(fmt.Sprint("item", n))] = entry{at: sent, revision: uint32(keyOf(fmt.Sprint(n))), final: true}
		for reader := range readers {
			l.seen[keyOf(fmt.Sprint("item", n), fmt.Sprint(reader))] = entry{at: sent + int64(time.Second), revision: levelRead, final: true}
		}
	}
	l.fence = at(-time.Second) // the newest message, and 59 before it
	l.top, c.inbox.returned = at(0), at(0)
	return c
}

// BenchmarkState takes and marshals the State of a busy chat, as a caller may do after each event:
//
//	go test -run=NONE -bench=State -benchmem ./chat
func BenchmarkState(b *testing.B) {
	for readers := range 2 {
		c := busyChat(readers)
		state := c.inbox.state()
		b.Run(fmt.Sprintf("Session.State/readers=%d", readers), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				_ = c.inbox.state()
			}
		})
		b.Run(fmt.Sprintf("MarshalBinary/readers=%d", readers), func(b *testing.B) {
			b.ReportAllocs()
			var written []byte
			for b.Loop() {
				written, _ = state.MarshalBinary()
			}
			b.ReportMetric(float64(len(written)), "bytes")
		})
		b.Run(fmt.Sprintf("MarshalText/readers=%d", readers), func(b *testing.B) {
			b.ReportAllocs()
			var written []byte
			for b.Loop() {
				written, _ = state.MarshalText()
			}
			b.ReportMetric(float64(len(written)), "bytes")
		})
	}
}
