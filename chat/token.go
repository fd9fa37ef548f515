// SPDX-License-Identifier: Apache-2.0

package chat

// futility is that an operation is denied with new tokens too: it is no reason to make more of them
// for a while.
type futility struct {
	times int
	until instant
}

// wantToken makes a dial due for a call of an operation whose token, that of the generation used,
// was denied. It reports false if there is no newer token to be had soon.
func (c *core) wantToken(operation string, used int32, now instant) bool {
	l := &c.conn
	earliest := l.creds.asked.Add(minRenewal)
	switch {
	case l.generation != used:
		return true
	case !c.isOpen(), c.phase != phaseLeaving && now.Before(l.futile[operation].until):
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

// tokenDenied notes that an operation was denied with a new token too.
func (l *conn) tokenDenied(operation string, now instant) {
	if l.futile == nil {
		l.futile = map[string]futility{}
	}
	f := l.futile[operation]
	f.until = now.Add(min(minRenewal<<min(f.times, 8), renewEvery))
	f.times++
	l.futile[operation] = f
}

// tokenTaken notes that an operation was not denied.
func (l *conn) tokenTaken(operation string) { delete(l.futile, operation) }
