// SPDX-License-Identifier: Apache-2.0

package load

import (
	"context"
	"crypto/rand"
	mathrand "math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/participant-go/connectparticipant/chat"
)

const (
	// startWait is how long a chat may take to connect, apart from the wait for the quota.
	startWait = time.Minute
	// pushWait is how long the end of a chat waits for pushes before it reads the transcript.
	pushWait = 3 * time.Second
	// settleWait bounds the end of a chat, apart from the wait for the quotas.
	settleWait = time.Minute
)

// chatter is one chat of a load.
type chatter struct {
	run     *runner
	prefix  string // begins each of its messages
	ledger  *ledger
	cutter  *cutter
	session *chat.Session
	// connected is what the session has reported. It is the listener's, until that has ended.
	connected bool

	started atomic.Int64 // when its first connection was admitted, in ns since 1970
	lost    atomic.Int64 // when the socket was lost, in ns since 1970; 0 while it is connected
}

func newChatter(r *runner) *chatter {
	return &chatter{run: r, prefix: "load " + rand.Text() + " ", ledger: newLedger(), cutter: &cutter{}}
}

// hold holds the chat from its start to its end. It talks until talking ends.
func (c *chatter) hold(ctx, talking context.Context) {
	if err := c.start(talking); err != nil {
		if talking.Err() == nil {
			c.run.fail(err)
		}
		return
	}
	var listener sync.WaitGroup
	listener.Go(c.listen)
	c.talk(talking)
	early := c.session.Err()
	c.end(ctx)
	listener.Wait()
	c.close(early)
}

func (c *chatter) start(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, startWait+c.run.queueing())
	defer cancel()
	seat, err := c.run.seats(ctx)
	if err != nil {
		return err
	}
	c.session, err = chat.Start(ctx, c.run.client, seat.token, func(o *chat.Options) {
		o.ParticipantID = seat.participantID
		o.HTTPClient = c.cutter.client(c.run.transport)
		o.Limiter = &gate{c.run.opts.Limiter, c.admitted}
	})
	if err != nil {
		return err
	}
	c.connected = true
	took := time.Since(time.Unix(0, c.started.Load()))
	c.run.meter.count(func(n *Counts, l *Latencies) {
		n.Started++
		n.Connected++
		l.Connect.Add(took)
	})
	return nil
}

// admitted takes the moments from which latencies count.
func (c *chatter) admitted(operation string, waited time.Duration) {
	switch operation {
	case createConnection:
		c.started.CompareAndSwap(0, time.Now().UnixNano()) // not the later ones
	case sendMessage:
		c.ledger.admit(time.Now())
	default:
		return
	}
	c.run.meter.count(func(_ *Counts, l *Latencies) { l.Quota.Add(waited) })
}

// talk sends messages and cuts sockets at their times.
func (c *chatter) talk(ctx context.Context) {
	begin := time.Now()
	ctx, cancel := context.WithDeadline(ctx, begin.Add(c.run.opts.Duration))
	defer cancel()
	cuts := c.cutTimes(begin)
	var interval time.Duration
	message := begin.Add(c.run.opts.Duration) // never
	if c.run.opts.Messages > 0 {
		interval = time.Duration(float64(time.Minute) / c.run.opts.Messages)
		message = begin.Add(time.Duration(mathrand.Int64N(int64(interval)))) // the chats take turns
	}
	for c.session.Err() == nil {
		next := message
		if len(cuts) > 0 && cuts[0].Before(next) {
			next = cuts[0]
		}
		if !waitUntil(ctx, next) {
			return
		}
		if len(cuts) > 0 && next.Equal(cuts[0]) {
			cuts = cuts[1:]
			c.cut(ctx)
			continue
		}
		c.send(ctx, false)
		message = message.Add(interval)
		if now := time.Now(); message.Before(now) {
			message = now // the quota holds the chat back: it doesn't send in bursts later
		}
	}
}

// cutTimes returns when to cut: at random, one in each of so many equal parts of the duration.
func (c *chatter) cutTimes(begin time.Time) []time.Time {
	times := make([]time.Time, c.run.opts.Cuts)
	for i := range times {
		part := (float64(i) + 0.1 + 0.8*mathrand.Float64()) / float64(len(times))
		times[i] = begin.Add(time.Duration(part * float64(c.run.opts.Duration)))
	}
	slices.SortFunc(times, time.Time.Compare)
	return times
}

// waitUntil returns false when ctx ended first.
func waitUntil(ctx context.Context, at time.Time) bool {
	timer := time.NewTimer(time.Until(at))
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return ctx.Err() == nil
	}
}

// cut cuts the sockets and sends a message, which shows how long the chat catches up.
func (c *chatter) cut(ctx context.Context) {
	at := time.Now()
	if !c.lost.CompareAndSwap(0, at.UnixNano()) {
		return // it is still reconnecting
	}
	if c.cutter.cut() == 0 {
		c.lost.CompareAndSwap(at.UnixNano(), 0)
		return
	}
	c.ledger.lose(at)
	c.run.meter.count(func(n *Counts, _ *Latencies) { n.Cuts++ })
	c.send(ctx, true)
}

func (c *chatter) send(ctx context.Context, probe bool) {
	out := outgoing{probe: probe}
	if lost := c.lost.Load(); lost != 0 {
		out.cut = time.Unix(0, lost)
	}
	n := c.ledger.send(out)
	_, err := c.session.Send(ctx, c.prefix+strconv.Itoa(n))
	if err != nil {
		c.sendFailed(ctx, n, err)
		return
	}
	took := time.Since(c.ledger.admission())
	c.run.meter.count(func(n *Counts, l *Latencies) {
		n.Sent++
		l.Send.Add(took)
	})
}

// sendFailed takes the error of a message, which the service may have accepted all the same.
func (c *chatter) sendFailed(ctx context.Context, n int, err error) {
	delivered := c.ledger.doubt(n)
	failed := ctx.Err() == nil && c.session.Err() == nil
	if failed {
		c.run.meter.failed(err)
	}
	c.run.meter.count(func(n *Counts, _ *Latencies) {
		switch {
		case delivered:
			n.Sent++
		case failed:
			n.SendErrors++
		}
	})
}

// listen takes what the session delivers, until it ends.
func (c *chatter) listen() {
	for event, err := range c.session.Events(context.Background()) {
		if err != nil {
			return // end reports it
		}
		switch e := event.(type) {
		case chat.Message:
			c.receive(e)
		case chat.ConnectionChanged:
			c.connection(e)
		}
	}
}

func (c *chatter) receive(m chat.Message) {
	now := time.Now()
	number, own := strings.CutPrefix(m.Text, c.prefix)
	n, err := strconv.Atoi(number)
	if !own || err != nil {
		if !m.History {
			c.run.meter.count(func(n *Counts, _ *Latencies) { n.Replies++ })
		}
		return
	}
	out, was := c.ledger.deliver(n)
	c.run.meter.count(func(n *Counts, l *Latencies) {
		n.Delivered++
		switch {
		case was == unexpected:
			n.Sent++
		case was == duplicated:
		case out.cut.IsZero():
			l.Push.Add(now.Sub(out.admitted))
		case out.probe:
			l.CatchUp.Add(now.Sub(out.cut))
		}
	})
}

func (c *chatter) connection(e chat.ConnectionChanged) {
	now := time.Now()
	c.connected = e.Connected
	if !e.Connected {
		loss := c.lost.CompareAndSwap(0, now.UnixNano()) // else it was cut
		c.ledger.lose(now)
		c.run.meter.count(func(n *Counts, _ *Latencies) {
			n.Connected--
			if loss {
				n.Losses++
			}
		})
		return
	}
	down := now.Sub(time.Unix(0, c.lost.Swap(0)))
	c.run.meter.count(func(n *Counts, l *Latencies) {
		n.Connected++
		n.Reconnects++
		l.Reconnect.Add(down)
	})
}

// end waits for the messages that are under way, and ends the chat.
func (c *chatter) end(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, settleWait+c.run.queueing())
	defer cancel()
	c.settle(ctx)
	if c.run.opts.Leave && c.session.Err() == nil {
		if err := c.session.Leave(ctx); err != nil {
			c.run.meter.failed(err)
		}
	}
	_ = c.session.Close()
}

// close counts the chat, which is over. early is why it was before its time.
func (c *chatter) close(early error) {
	if early != nil {
		c.run.fail(early)
	}
	c.run.close(c.ledger.account())
	c.run.meter.count(func(n *Counts, _ *Latencies) {
		if c.connected {
			n.Connected--
		}
		if early == nil {
			n.Finished++
		}
	})
}

// settle waits until all that was sent has been delivered. What is then still missing is looked
// for in the transcript.
func (c *chatter) settle(ctx context.Context) {
	complete := c.ledger.complete()
	timer := time.NewTimer(pushWait)
	defer timer.Stop()
	select {
	case <-complete:
		return
	case <-ctx.Done():
		return
	case <-timer.C:
	}
	if err := c.session.CatchUp(ctx); err != nil && c.session.Err() == nil {
		c.run.meter.failed(err)
	}
}

// fail counts a chat that couldn't start, or has ended too early.
func (r *runner) fail(err error) {
	r.meter.failed(err)
	r.meter.count(func(n *Counts, _ *Latencies) { n.Failed++ })
}

// queueing is how long a chat may have to wait for the others in a limiter for the published
// quotas, of which DisconnectParticipant's is the lowest.
func (r *runner) queueing() time.Duration { return time.Duration(r.opts.Chats) * time.Second / 3 }
