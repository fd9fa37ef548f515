// SPDX-License-Identifier: Apache-2.0

package participanttest

import (
	"slices"

	"github.com/participant-go/connectparticipant/types"
)

// setDeadlines sets the timers that end a chat.
func (c *Contact) setDeadlines() {
	if c.opts.Duration > 0 {
		c.deadlines = append(c.deadlines, c.srv.at(c.started.Add(c.opts.Duration), func() { c.endFor(reasonExpired) }))
	}
	if c.srv.opts.EndUnconnected {
		c.deadlines = append(c.deadlines, c.srv.at(c.started.Add(firstConnectionLife), c.endUnconnected))
	}
}

func (c *Contact) endUnconnected() {
	hasJoined := func(p *Participant) bool { return p.joined && p.Role == types.ParticipantRoleCustomer }
	if !slices.ContainsFunc(c.participants, hasJoined) {
		c.endFor(reasonUnconnected)
	}
}

func (c *Contact) stopDeadlines() {
	for _, t := range c.deadlines {
		c.srv.stop(t)
	}
	c.deadlines = nil
}
