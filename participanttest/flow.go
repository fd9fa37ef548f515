// SPDX-License-Identifier: Apache-2.0

package participanttest

import "context"

// startFlow runs Options.Flow when the customer is connected, as the service starts a flow. A socket
// must have subscribed, so that it receives the first messages of the flow.
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
