// SPDX-License-Identifier: Apache-2.0

package participanttest

import "context"

// startFlow starts Options.Flow, as the service starts a flow: when the customer is connected. A
// socket has to be subscribed for that, so that it gets what the flow says first.
func (p *Participant) startFlow() {
	c, s := p.contact, p.contact.srv
	isDue := p == c.Customer && p.joined && c.FlowID != "" && c.stopFlow == nil
	if s.opts.Flow == nil || !isDue || c.ended || s.closed {
		return
	}
	ctx, stop := context.WithCancel(context.Background())
	c.stopFlow = stop
	s.work.Go(func() {
		defer stop()
		s.opts.Flow(ctx, c)
	})
}

func (c *Contact) endFlow() {
	if c.stopFlow != nil {
		c.stopFlow()
	}
}
