// SPDX-License-Identifier: Apache-2.0

package participanttest

import "time"

const (
	// keptFor is how long the server keeps a chat after its end, by its clock.
	keptFor = 24 * time.Hour
	// maxKept is the number of ended chats that the server keeps.
	maxKept = 1000
)

// retire makes the server forget the chat some time after its end.
func (c *Contact) retire() {
	c.srv.retired = append(c.srv.retired, c)
	c.srv.forgetRetired()
}

// forgetRetired uses one timer for all chats.
func (s *Server) forgetRetired() {
	for len(s.retired) > 0 && (len(s.retired) > maxKept || !s.now().Before(s.retired[0].endedAt.Add(keptFor))) {
		s.retired[0].forget()
		s.retired[0] = nil
		s.retired = s.retired[1:]
	}
	if len(s.retired) == 0 || s.forgetting {
		return
	}
	s.forgetting = true
	s.at(s.retired[0].endedAt.Add(keptFor), func() {
		s.forgetting = false
		s.forgetRetired()
	})
}

// forget removes the chat from the server. References to the Contact remain valid.
func (c *Contact) forget() {
	for _, id := range c.ids {
		delete(c.srv.contacts, id)
	}
	for _, p := range c.participants {
		p.forgetTokens()
		p.forgetFormer()
	}
}
