// SPDX-License-Identifier: Apache-2.0

package chat

// Stats counts what has happened in a session.
type Stats struct {
	// Reconnects counts the connections made after a loss, Renewals those made in time.
	Reconnects, Renewals int
	// Passes counts the readings of the transcript, complete or not.
	Passes int
	// Recovered counts the items that came from the transcript and not from a socket.
	Recovered int
	// Duplicates counts the items that came again and were not delivered again.
	Duplicates int
	// Late counts the items that were delivered with Meta.Late.
	Late int
	// Behind counts the live items left to the transcript because the caller was slow.
	Behind int
	// Throttled counts the responses 429.
	Throttled int
	// Unreadable counts the frames of a socket, and the items of the transcript, that could
	// not be read. A frame is looked for in the transcript; an item is delivered as Other.
	Unreadable int
}

// Stats returns what has happened so far.
func (s *Session) Stats() (stats Stats) {
	s.view(func(c *core) { stats = c.stats })
	return stats
}
