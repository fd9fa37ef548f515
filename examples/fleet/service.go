// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"sync"
	"time"

	"github.com/participant-go/connectparticipant/participanttest"
)

// writeEvery is how often an agent writes.
const writeEvery = 3 * time.Second

// service is the fake of the participant service with agents who write, and the receiver of the
// webhooks with a bot that replies.
type service struct {
	fake     *participanttest.Server
	receiver *httptest.Server
	reply    func(ctx context.Context, chatID, clientToken, text string)
	agents   sync.WaitGroup
	bots     sync.WaitGroup
	work     context.Context // of the agents
	stop     context.CancelFunc
	life     context.Context // of the bot
	end      context.CancelFunc

	mu        sync.Mutex
	contacts  []*participanttest.Contact
	written   map[string]time.Time // by message
	handled   map[string]int       // by message
	longest   time.Duration
	throttled int
	seen      time.Time // of the newest request that was counted
}

func startService(reply func(ctx context.Context, chatID, clientToken, text string)) (s *service, err error) {
	s = &service{reply: reply, written: map[string]time.Time{}, handled: map[string]int{}}
	s.fake, err = participanttest.New(func(o *participanttest.Options) {
		o.Throttle, o.ConnectionExpiryShown = true, connectionLife
	})
	if err != nil {
		return nil, err
	}
	s.receiver = httptest.NewServer(http.HandlerFunc(s.receive))
	s.work, s.stop = context.WithCancel(context.Background())
	s.life, s.end = context.WithCancel(context.Background())
	s.agents.Go(func() {
		for pause(s.work, time.Second) == nil {
			s.countThrottled()
		}
	})
	return s, nil
}

func (s *service) url() string  { return s.fake.URL }
func (s *service) hook() string { return s.receiver.URL }

func (s *service) close() {
	s.end()
	s.stopAgents()
	s.receiver.Close()
	s.bots.Wait()
	s.fake.Close()
}

// startChats starts chats and returns when they are connected. Then the agents start to write.
func (s *service) startChats(ctx context.Context, n int, add func(ctx context.Context, n int, chatID, participantToken, participantID string) error) error {
	for i := range n {
		contact := s.fake.NewChat()
		s.contacts = append(s.contacts, contact)
		if err := add(ctx, i, contact.ID, contact.Customer.Token, contact.Customer.ID); err != nil {
			return fmt.Errorf("add a chat: %w", err)
		}
	}
	for i, contact := range s.contacts {
		if err := contact.Customer.WaitSockets(ctx, 1); err != nil {
			return err
		}
		s.agents.Go(func() { s.write(contact, time.Duration(i)*writeEvery/time.Duration(n)) })
	}
	return nil
}

// write makes an agent write until stopAgents.
func (s *service) write(contact *participanttest.Contact, first time.Duration) {
	wait := first
	for n := 1; pause(s.work, wait) == nil; n++ {
		at := time.Now()
		id := contact.Agent.Say(fmt.Sprintf("Question %d", n))
		s.mu.Lock()
		s.written[id] = at
		s.mu.Unlock()
		wait = writeEvery
	}
}

func (s *service) stopAgents() {
	s.stop()
	s.agents.Wait()
}

// connected reports whether the customer of each chat has a socket.
func (s *service) connected() bool {
	for _, contact := range s.contacts {
		if contact.Customer.Sockets() == 0 {
			return false
		}
	}
	return true
}

// receive is the webhook. It notes the messages of the agents, and replies to each without waiting
// for that. With the message's ID as the clientToken, a duplicate has no second reply.
func (s *service) receive(_ http.ResponseWriter, r *http.Request) {
	var n struct {
		Chat  string
		Event struct {
			Kind, ID, Text string
			Own            bool
		}
	}
	if err := json.NewDecoder(r.Body).Decode(&n); err != nil || n.Event.Kind != "message" || n.Event.Own {
		return
	}
	s.note(n.Event.ID)
	s.bots.Go(func() { s.reply(s.life, n.Chat, n.Event.ID, "Reply to: "+n.Event.Text) })
}

func (s *service) note(id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.handled[id]++; s.handled[id] == 1 {
		if at, ok := s.written[id]; ok {
			s.longest = max(s.longest, time.Since(at))
		}
	}
}

// resetLongest returns the longest wait of a message since the last call.
func (s *service) resetLongest() time.Duration {
	s.mu.Lock()
	defer s.mu.Unlock()
	longest := s.longest
	s.longest = 0
	return longest
}

// countThrottled counts the requests over the quotas. The fake keeps the last 1,000 requests.
func (s *service) countThrottled() {
	requests := s.fake.Requests()
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, r := range requests {
		if r.Time.After(s.seen) && r.Status == http.StatusTooManyRequests {
			s.throttled++
		}
	}
	if len(requests) > 0 {
		s.seen = requests[len(requests)-1].Time
	}
}

// counts compares the service's messages with those at the webhook.
type counts struct{ written, lost, twice, replies, doubled, throttled int }

func (s *service) count() (c counts) {
	s.countThrottled()
	s.mu.Lock()
	defer s.mu.Unlock()
	c.throttled = s.throttled
	for _, contact := range s.contacts {
		replies := map[string]int{}
		for _, item := range contact.Transcript() {
			switch {
			case item.Type != "MESSAGE":
			case item.ParticipantId == contact.Customer.ID:
				replies[item.Content]++
			default:
				c.written++
				if s.handled[item.Id] == 0 {
					c.lost++
				} else {
					c.twice += s.handled[item.Id] - 1
				}
			}
		}
		c.replies += len(replies)
		for _, n := range replies {
			c.doubled += n - 1
		}
	}
	return c
}
