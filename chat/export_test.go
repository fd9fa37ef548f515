// SPDX-License-Identifier: Apache-2.0

package chat

import "time"

// WithMaxBackoff bounds the back-off of dials and passes, for tests in real time.
func WithMaxBackoff(d time.Duration) func(*Options) {
	return func(o *Options) { o.maxBackoff = d }
}

// Queued returns how many events and bytes wait for the caller of a session, or are held back.
func Queued(s *Session) (events, bytes int) {
	s.view(func(c *core) {
		events, bytes = c.inbox.queue.len()+len(c.inbox.hold.items), c.inbox.queue.bytes+c.inbox.hold.bytes
	})
	return events, bytes
}

// IsEnding reports whether the last reading of the transcript has begun, or is over.
func IsEnding(s *Session) (ending bool) {
	s.view(func(c *core) { ending = c.phase >= phaseEnding })
	return ending
}
