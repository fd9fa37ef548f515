// SPDX-License-Identifier: Apache-2.0

package chat

import (
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
)

const (
	// ownWait is how long live items wait for the responses of Send, while our ID is unknown.
	ownWait = 2 * time.Second
	// echoWait is how long the push of an own message may take. After that a pass searches for it;
	// a few passes are made, because the transcript may show the message late.
	echoWait     = 5 * time.Second
	maxEchoTries = 3
	maxEchoes    = 64
)

// self is what is known of this participant, and the messages that it has sent.
type self struct {
	id     string              // "" if unknown
	items  map[uint64]struct{} // keys of sent items and files, while the id is unknown
	calls  int                 // running calls of Send
	until  instant             // live items wait for their responses until then
	echoes []echo              // sent messages that haven't arrived as items
}

// echo is an own message that is expected as an item.
type echo struct {
	key   uint64
	tries int
	due   instant
}

// sent reports whether this participant is known to have sent the item.
func (s *self) sent(it *item) bool { return s.id != "" && it.meta.From.ParticipantID == s.id }

// recognize learns our id if the item is one that Send or SendFile has sent.
func (s *self) recognize(it *item) {
	if s.id == "" && len(s.items) > 0 && it.meta.From.ParticipantID != "" && s.hasSent(it) {
		s.id, s.items = it.meta.From.ParticipantID, nil
	}
}

func (s *self) hasSent(it *item) bool {
	_, sent := s.items[it.key]
	for _, file := range it.Attachments {
		if id := aws.ToString(file.AttachmentId); id != "" {
			_, ours := s.items[fileKey(id)]
			sent = sent || ours
		}
	}
	return sent
}

// fileKey returns the key of a sent file, which differs from those of items.
func fileKey(attachmentID string) uint64 { return keyOf("file", attachmentID) }

// isUndecided reports whether it is still unknown which live items are ours.
func (s *self) isUndecided(now instant) bool {
	return s.id == "" && s.calls > 0 && now.Before(s.until)
}

// begin records the start of a call of Send.
func (s *self) begin(now instant) {
	if s.calls++; s.calls == 1 {
		s.until = now.Add(ownWait)
	}
}

// end records the end of a call of Send with the key of the sent item, 0 for none.
func (s *self) end(key uint64) {
	s.calls--
	if key != 0 {
		s.remember(key)
	}
}

// remember records what we have sent or are about to send, while our id is unknown.
func (s *self) remember(key uint64) {
	if s.id != "" || len(s.items) >= maxEchoes {
		return
	}
	if s.items == nil {
		s.items = map[uint64]struct{}{}
	}
	s.items[key] = struct{}{}
}

// expect records a sent message that hasn't arrived as an item.
func (s *self) expect(key uint64, now instant) {
	if len(s.echoes) < maxEchoes { // a pass for these finds the others too
		s.echoes = append(s.echoes, echo{key: key, tries: 1, due: now.Add(echoWait)})
	}
}

// arrived records an item, which may be an expected one.
func (s *self) arrived(key uint64) {
	if len(s.echoes) > 0 {
		s.echoes = slices.DeleteFunc(s.echoes, func(e echo) bool { return e.key == key })
	}
}

// overdue returns when the first expected message is overdue.
func (s *self) overdue() instant {
	var d deadline
	for _, e := range s.echoes {
		d.add(e.due)
	}
	return d.instant
}

// passed records a complete pass: messages that were overdue when it began get more time, or are
// given up after several passes.
func (s *self) passed(begun, now instant) {
	s.echoes = slices.DeleteFunc(s.echoes, func(e echo) bool {
		return !e.due.After(begun) && e.tries >= maxEchoTries
	})
	for i := range s.echoes {
		if e := &s.echoes[i]; !e.due.After(begun) {
			e.tries++
			e.due = now.Add(echoWait * time.Duration(e.tries))
		}
	}
}
