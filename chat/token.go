// SPDX-License-Identifier: Apache-2.0

package chat

// tokenBackoff belongs to an operation that was denied with a new token too: until then, its denials
// are no reason for another token.
type tokenBackoff struct {
	times int
	until instant
}

// requestToken makes a dial due after a call of an operation was denied. used is the generation of
// the token of the call. It returns false if no newer token will be available soon.
func (c *core) requestToken(operation string, used int32, now instant) bool {
	l := &c.conn
	earliest := l.creds.asked.Add(minRenewal)
	switch {
	case l.generation != used:
		return true
	case !c.isOpen(), c.phase != phaseLeaving && now.Before(l.tokenBackoffs[operation].until):
		return false
	case !l.isUp():
		return true
	case now.Before(earliest) && c.phase != phaseLeaving: // the token is new, but the chat may be over
		l.dialAt, l.urgent = min(l.dialAt, earliest), true
		return false
	}
	l.dialAt, l.urgent = now, true
	return true
}

// tokenDenied records that an operation was denied with a new token too.
func (l *conn) tokenDenied(operation string, now instant) {
	if l.tokenBackoffs == nil {
		l.tokenBackoffs = map[string]tokenBackoff{}
	}
	b := l.tokenBackoffs[operation]
	b.until = now.Add(min(minRenewal<<min(b.times, 8), renewEvery))
	b.times++
	l.tokenBackoffs[operation] = b
}

// tokenAccepted records that an operation was not denied.
func (l *conn) tokenAccepted(operation string) { delete(l.tokenBackoffs, operation) }
