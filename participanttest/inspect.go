// SPDX-License-Identifier: Apache-2.0

package participanttest

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"time"
)

// maxRequests is the number of requests that the server remembers.
const maxRequests = 1000

// Request is a request that the server has received, without tokens and content.
type Request struct {
	// Time is the server's time when the response was decided.
	Time time.Time
	// Operation is one of the eleven, such as SendMessage, or one of Amazon Connect, such as
	// StartChatContact; PutObject or GetObject for the file of an attachment; WebSocket for an upgrade;
	// Notification or SubscriptionConfirmation for what is posted to Options.Topics; ConfirmSubscription
	// for a request to SubscribeURL; empty for anything else.
	Operation string
	// ContactID and ParticipantID identify the caller, also one whose token has expired or whose chat has
	// ended, and are empty if it is unknown: the token never existed, or the chat is forgotten. A request
	// to Amazon Connect has the ContactID of the chat that it concerns.
	ContactID, ParticipantID string
	// Status is the status of the response, 101 for an upgrade, 0 without a response.
	Status int
	// ErrorCode is the code of an error response, such as ValidationException.
	ErrorCode string
}

func newRequest(operation string, p *Participant, status int) Request {
	r := Request{Operation: operation, Status: status}
	if p != nil {
		r.ContactID, r.ParticipantID = p.contact.ID, p.ID
	}
	return r
}

// waiter waits for a condition, which is checked with the mutex held.
type waiter struct {
	holds func() bool
	done  chan struct{}
}

// Requests returns the last 1,000 requests, the oldest first.
func (s *Server) Requests() []Request {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Concat(s.requests[s.oldest:], s.requests[:s.oldest])
}

// Count returns how many requests to an operation, named as in Request, the server has received in
// total, or how many frames of a topic: aws/subscribe, aws/heartbeat or aws/ping.
func (s *Server) Count(operation string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.counts[operation]
}

// Count returns the same as Server.Count, for one participant.
func (p *Participant) Count(operation string) int {
	p.contact.srv.mu.Lock()
	defer p.contact.srv.mu.Unlock()
	return p.counts[operation]
}

// WaitRequest waits until Count(operation) is n or more, and returns an error when ctx is done before
// that. The client may not have received the response to the n-th request by then.
func (s *Server) WaitRequest(ctx context.Context, operation string, n int) error {
	if err := s.wait(ctx, func() bool { return s.counts[operation] >= n }); err != nil {
		return fmt.Errorf("wait for request %d to %s, had %d: %w", n, operation, s.Count(operation), err)
	}
	return nil
}

// WaitRequest does the same as Server.WaitRequest, for one participant.
func (p *Participant) WaitRequest(ctx context.Context, operation string, n int) error {
	if err := p.contact.srv.wait(ctx, func() bool { return p.counts[operation] >= n }); err != nil {
		return fmt.Errorf("wait for request %d to %s, had %d: %w", n, operation, p.Count(operation), err)
	}
	return nil
}

// Sockets returns the number of WebSockets that are open, subscribed or not.
func (s *Server) Sockets() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.open)
}

// Sockets returns how many WebSockets of the participant are subscribed to the chat.
func (p *Participant) Sockets() int {
	p.contact.srv.mu.Lock()
	defer p.contact.srv.mu.Unlock()
	return p.subscribed()
}

// Sockets returns how many WebSockets of the chat's participants are subscribed.
func (c *Contact) Sockets() int {
	c.srv.mu.Lock()
	defer c.srv.mu.Unlock()
	return c.subscribed()
}

// WaitSockets waits until exactly n sockets of the participant are subscribed, even if only for a
// moment; 0 waits until all are lost. It returns an error when ctx is done before that.
func (p *Participant) WaitSockets(ctx context.Context, n int) error {
	if err := p.contact.srv.wait(ctx, func() bool { return p.subscribed() == n }); err != nil {
		return fmt.Errorf("wait for %d sockets of %s, have %d: %w", n, p.Role, p.Sockets(), err)
	}
	return nil
}

// WaitSockets does the same as Participant.WaitSockets, for all participants together.
func (c *Contact) WaitSockets(ctx context.Context, n int) error {
	if err := c.srv.wait(ctx, func() bool { return c.subscribed() == n }); err != nil {
		return fmt.Errorf("wait for %d sockets, have %d: %w", n, c.Sockets(), err)
	}
	return nil
}

func (p *Participant) subscribed() int {
	n := 0
	for _, k := range p.sockets {
		if k.subscribed {
			n++
		}
	}
	return n
}

func (c *Contact) subscribed() int {
	n := 0
	for _, p := range c.participants {
		n += p.subscribed()
	}
	return n
}

// record logs a request that no operation has handled.
func (s *Server) record(r Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.log(r, nil)
}

// log remembers a request and counts it.
func (s *Server) log(r Request, p *Participant) {
	r.Time = s.now()
	if len(s.requests) < maxRequests {
		s.requests = append(s.requests, r)
	} else {
		s.requests[s.oldest] = r
		s.oldest = (s.oldest + 1) % maxRequests
	}
	s.count(r.Operation, p)
}

func (s *Server) count(operation string, p *Participant) {
	s.counts[operation]++
	if p != nil {
		p.counts[operation]++
	}
	s.changed()
}

// changed wakes the waiters whose condition holds.
func (s *Server) changed() {
	s.waiters = slices.DeleteFunc(s.waiters, func(w *waiter) bool {
		if !w.holds() {
			return false
		}
		close(w.done)
		return true
	})
}

// wait sees every state, however briefly it lasts, because changed runs with every change.
func (s *Server) wait(ctx context.Context, holds func() bool) error {
	w := &waiter{holds: holds, done: make(chan struct{})}
	if s.addWaiter(w) {
		return nil // even if ctx is done or the server has closed
	}
	select {
	case <-w.done:
		return nil
	case <-ctx.Done():
		s.dropWaiter(w)
		return ctx.Err()
	case <-s.closing:
		return http.ErrServerClosed
	}
}

// addWaiter reports whether the condition holds already.
func (s *Server) addWaiter(w *waiter) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if w.holds() {
		return true
	}
	s.waiters = append(s.waiters, w)
	return false
}

func (s *Server) dropWaiter(w *waiter) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.waiters = slices.DeleteFunc(s.waiters, func(other *waiter) bool { return other == w })
}
