// SPDX-License-Identifier: Apache-2.0

package chat

import "time"

// WithMaxBackoff limits the back-off of dials and passes, for tests in real time.
func WithMaxBackoff(d time.Duration) func(*Options) {
	return func(o *Options) { o.maxBackoff = d }
}

// Queued returns the number and the bytes of the events that wait for the caller or are held back.
func Queued(s *Session) (events, bytes int) {
	s.view(func(c *core) {
		events, bytes = c.inbox.queue.len()+len(c.inbox.hold.items), c.inbox.queue.bytes+c.inbox.hold.bytes
	})
	return events, bytes
}

// IsEnding reports whether the session is ending or over.
func IsEnding(s *Session) (ending bool) {
	s.view(func(c *core) { ending = c.phase >= phaseEnding })
	return ending
}
