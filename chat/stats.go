package chat

// Stats counts what happened in a session.
type Stats struct {
	// Reconnects are the connections made after a loss, Renewals those made in time.
	Reconnects, Renewals int
	// Passes are the readings of the transcript, whole or failed.
	Passes int
	// Recovered are the items that came from the transcript and not from a socket.
	Recovered int
	// Duplicates are the items that came more than once and were delivered once.
	Duplicates int
	// Late are the items that were delivered with Meta.Late.
	Late int
	// Behind are the live items left to the transcript because the caller was slow.
	Behind int
	// Throttled are the answers 429.
	Throttled int
}

// Stats returns what has happened so far.
func (s *Session) Stats() Stats {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.d.stats
}
