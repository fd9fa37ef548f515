// SPDX-License-Identifier: Apache-2.0

package participanttest

import "context"

// startFlow starts Options.Flow, as the service starts a flow: when the customer is connected.
func (c *Contact) startFlow() {
	s := c.srv
	if s.opts.Flow == nil || c.FlowID == "" || c.stopFlow != nil || s.closed {
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
