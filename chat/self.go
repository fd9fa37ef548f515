// SPDX-License-Identifier: Apache-2.0

package chat

import (
	"slices"
	"time"
)

const (
	ownPatience = 2 * time.Second
	// echoPatience is how long the push of an own message may take; after that the transcript
	// is read, a few times, since it may show the message later.
	echoPatience = 5 * time.Second
	maxEchoTries = 3
	maxEchoes    = 64
)

// self is this participant, as far as it is known, and what it has sent.
type self struct {
	id     string              // "" until it is known
	items  map[uint64]struct{} // items sent, while the id isn't known
	calls  int                 // calls of Send under way
	until  instant             // live items wait for their responses, but no longer
	echoes []echo              // messages sent whose push hasn't come
}

// echo is an own message that is expected as an item.
type echo struct {
	key   uint64
	tries int
	due   instant
}

// sent reports whether this participant sent the item, as far as is known.
func (s *self) sent(it *item) bool { return s.id != "" && it.meta.From.ParticipantID == s.id }

// recognize learns the id from an item that one of our calls has sent.
func (s *self) recognize(it *item) {
	if _, ours := s.items[it.key]; ours && s.id == "" && it.meta.From.ParticipantID != "" {
		s.id, s.items = it.meta.From.ParticipantID, nil
	}
}

// isUndecided reports whether a live item may be ours without our knowing.
func (s *self) isUndecided(now instant) bool {
	return s.id == "" && s.calls > 0 && now.Before(s.until)
}

// begin notes a call of Send.
func (s *self) begin(now instant) {
	if s.calls++; s.calls == 1 {
		s.until = now.Add(ownPatience)
	}
}

// end notes the response of a call: the key of the item, 0 for none.
func (s *self) end(key uint64) {
	s.calls--
	if key != 0 && s.id == "" && len(s.items) < maxEchoes {
		if s.items == nil {
			s.items = map[uint64]struct{}{}
		}
		s.items[key] = struct{}{}
	}
}

// expect notes a message whose push hasn't come.
func (s *self) expect(key uint64, now instant) {
	if len(s.echoes) < maxEchoes { // more of them will be found by the same pass
		s.echoes = append(s.echoes, echo{key: key, tries: 1, due: now.Add(echoPatience)})
	}
}

// arrived notes an item that may be expected.
func (s *self) arrived(key uint64) {
	if len(s.echoes) > 0 {
		s.echoes = slices.DeleteFunc(s.echoes, func(e echo) bool { return e.key == key })
	}
}

// overdue returns when the first message is missed.
func (s *self) overdue() instant {
	var d deadline
	for _, e := range s.echoes {
		d.add(e.due)
	}
	return d.instant
}

// passed gives more time to messages that a complete pass, begun at a time, should have shown, and
// drops those that several passes haven't.
func (s *self) passed(begun, now instant) {
	s.echoes = slices.DeleteFunc(s.echoes, func(e echo) bool {
		return !e.due.After(begun) && e.tries >= maxEchoTries
	})
	for i := range s.echoes {
		if e := &s.echoes[i]; !e.due.After(begun) {
			e.tries++
			e.due = now.Add(echoPatience * time.Duration(e.tries))
		}
	}
}
