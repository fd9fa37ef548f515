// SPDX-License-Identifier: Apache-2.0

package chat

// Stats are the counters of a session.
type Stats struct {
	// Reconnects counts the connections made after one was lost, and Renewals the planned ones.
	Reconnects, Renewals int
	// Passes counts the passes over the transcript, complete or not.
	Passes int
	// Recovered counts the items that were found in the transcript and had not arrived from a
	// socket, or had been discarded (Behind).
	Recovered int
	// Duplicates counts the items that arrived again and were not delivered again.
	Duplicates int
	// Late counts the items that were delivered with Meta.Late.
	Late int
	// Behind counts the items from the socket that were discarded because the caller was slow; they
	// are read from the transcript later.
	Behind int
	// Throttled counts the responses with status 429.
	Throttled int
	// Unreadable counts the frames of a socket, and the items of the transcript, that could
	// not be decoded. After such a frame the session makes a pass over the transcript; such an
	// item is delivered as Other.
	Unreadable int
}

// Stats returns the counters so far.
func (s *Session) Stats() (stats Stats) {
	s.view(func(c *core) { stats = c.stats })
	return stats
}
