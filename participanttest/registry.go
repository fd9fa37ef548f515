// SPDX-License-Identifier: Apache-2.0

package participanttest

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
)

// Contacts returns the chats that the server knows, oldest first; see NewChat.
func (s *Server) Contacts() []*Contact {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.byAge()
}

func (s *Server) byAge() []*Contact {
	byNumber := func(a, b *Contact) int { return cmp.Compare(a.number, b.number) }
	return slices.Compact(slices.SortedFunc(maps.Values(s.contacts), byNumber)) // a chat may have several ids
}

// Contact returns the chat with a contact id, either its initial one or one after a transfer, or nil if
// the server knows no such chat.
func (s *Server) Contact(id string) *Contact {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.contacts[id]
}

// Participants returns all participants that the chat has had, in the order in which they were added:
// the customer, the first agent, the system, then the others.
func (c *Contact) Participants() []*Participant {
	c.srv.mu.Lock()
	defer c.srv.mu.Unlock()
	return slices.Clone(c.participants)
}

// Ended reports whether the chat has ended.
func (c *Contact) Ended() bool {
	c.srv.mu.Lock()
	defer c.srv.mu.Unlock()
	return c.ended
}

// ParticipantState is the state of a participant that changes during the chat.
type ParticipantState struct {
	// DisplayName is the display name of further items.
	DisplayName string
	// Joined and Left report whether participant.joined and participant.left were sent.
	Joined, Left bool
	// Sockets is the number of WebSockets that are subscribed to the chat.
	Sockets int
}

// State returns the participant's state.
func (p *Participant) State() ParticipantState {
	p.contact.srv.mu.Lock()
	defer p.contact.srv.mu.Unlock()
	return ParticipantState{DisplayName: p.name, Joined: p.joined, Left: p.left, Sockets: p.subscribed()}
}

// Faults returns the injected faults, in the order in which they were added.
func (s *Server) Faults() []*Injected {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.faults)
}

// WaitApplied waits until the fault has been applied n times or more. It returns an error when ctx is
// done before that.
func (i *Injected) WaitApplied(ctx context.Context, n int) error {
	if err := i.srv.wait(ctx, func() bool { return i.applied >= n }); err != nil {
		return fmt.Errorf("wait for fault %d, applied %d of %d times: %w", i.ID, i.Applied(), n, err)
	}
	return nil
}

// Reset makes the server forget every chat, fault, request, wire event and used quota, and cuts all
// WebSockets. Every token is invalid afterwards, and a Contact that a test still refers to behaves as
// ended. The clock isn't reset, and Handle's paths are still served.
func (s *Server) Reset() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for k := range s.open {
		k.abort()
	}
	for _, c := range s.contacts {
		c.ended = true
		c.endFlow()
		c.outbox, c.reordered = nil, nil
		for _, p := range c.participants {
			p.left, p.noPushes = true, true // also for a running upgrade
		}
	}
	clear(s.contacts)
	clear(s.participants)
	clear(s.credentials)
	clear(s.former)
	clear(s.tickets)
	clear(s.counts)
	clear(s.quotas)
	s.responses = responseCache{}
	for _, e := range s.endpoints {
		e.queue, e.waiting = nil, 0
	}
	s.retired, s.forgetting = nil, false
	s.timers, s.faults, s.notices = nil, nil, nil
	s.requests, s.oldest = nil, 0
	if log := s.wire.Load(); log != nil {
		log.clear()
	}
	s.changed()
}
