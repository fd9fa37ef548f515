// SPDX-License-Identifier: Apache-2.0

package chat

import (
	"context"
	"errors"
	"iter"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/participant-go/connectparticipant"
	"github.com/participant-go/connectparticipant/internal/restjson"
	"github.com/participant-go/connectparticipant/types"
)

const getTranscript = "GetTranscript"

const (
	pageTimeout = 20 * time.Second
	// quickPage is the maximum duration of a request after which a reduced page size is doubled.
	quickPage = 5 * time.Second
)

// Transcript ranges over the transcript, the newest item first, as connectparticipant.Transcript
// does. It includes past contacts of a persistent chat, and items that were delivered as events. It
// stops after yielding an error.
func (s *Session) Transcript(ctx context.Context) iter.Seq2[types.Item, error] {
	return connectparticipant.Transcript(ctx, transcriptClient{s}, &connectparticipant.GetTranscriptInput{MaxResults: aws.Int32(pageSize)})
}

// transcriptClient requests pages with the session's token and Limiter.
type transcriptClient struct{ s *Session }

func (c transcriptClient) GetTranscript(ctx context.Context, in *connectparticipant.GetTranscriptInput, optFns ...func(*connectparticipant.Options)) (*connectparticipant.GetTranscriptOutput, error) {
	return call(ctx, c.s, getTranscript, PriorityHigh, func(ctx context.Context, token *string) (*connectparticipant.GetTranscriptOutput, error) {
		page := *in
		page.ConnectionToken = token
		return c.s.client.GetTranscript(ctx, &page, append(optFns, once)...)
	})
}

// CatchUp makes a pass over the transcript now, and returns when all of its items have been delivered
// or are queued for Next. A session makes a pass every Options.ReadEvery and whenever items may have
// been lost; call CatchUp if a lost item can't wait so long. The error is ctx's or the session's
// CloseError.
//
// CatchUp waits while the queue of events is more than half full. If the same goroutine receives
// the events, give ctx a deadline.
func (s *Session) CatchUp(ctx context.Context) error {
	var asked int32
	s.update(func(c *core, _ instant) {
		c.passes.wanted++
		asked = c.passes.wanted
		c.passes.retryAt = 0 // the caller wants it now, after failures too
	})
	return s.wait(ctx, func(c *core, _ instant) (bool, error) {
		return c.passes.served >= asked, c.err()
	})
}

// startPass is the task of running a pass.
type startPass struct {
	backfill backfill
	deadline instant // zero except for the last pass
}

func (t startPass) do(s *Session) {
	ctx, cancel := withDeadline(s.life, t.deadline)
	s.stopPass = cancel
	s.wg.Go(func() {
		defer cancel()
		s.runPass(ctx, &t.backfill)
	})
}

// stopPass is the task of stopping the running pass in favor of one of higher priority.
type stopPass struct{}

func (stopPass) do(s *Session) { s.stopPass() }

func (s *Session) runPass(ctx context.Context, b *backfill) {
	b.source = &passSource{s: s, kind: b.kind}
	goBackward, err := b.run(ctx)
	if ctx.Err() != nil {
		err = errStopped
	}
	s.update(func(c *core, now instant) {
		c.passes.backward = c.passes.backward || goBackward
		c.passEnded(&b.read, err, now)
	})
}

// passSource is the session as the source of a backfill.
type passSource struct {
	s       *Session
	kind    passKind
	renewed bool
}

func (p *passSource) admit(ctx context.Context) (t turn, err error) {
	err = p.s.wait(ctx, func(c *core, now instant) (ok bool, err error) {
		if p.kind == passFinal && c.inbox.queue.isOverfull() {
			c.inbox.gap.openAt(now)
			return false, errStuck
		}
		t, ok = c.admitPage(p.kind, now)
		return ok, c.err()
	})
	return t, err
}

// fetch retries temporary failures. If it didn't, and each failure ended the pass, a long pass would
// never complete where a few percent of the requests fail.
func (p *passSource) fetch(ctx context.Context, t turn, priority Priority, in *connectparticipant.GetTranscriptInput) (*page, error) {
	in.ConnectionToken = &t.token
	for n := 1; ; n++ {
		page, err := p.fetchOnce(ctx, priority, in)
		switch {
		case err == nil:
			if p.renewed {
				p.s.change(func(c *core, _ instant) { c.conn.tokenAccepted(getTranscript) })
			}
			return page, nil
		case ctx.Err() != nil:
			return nil, err
		case errors.Is(err, context.DeadlineExceeded) && t.pageSize > 1 && p.kind != passFinal:
			p.s.update(func(c *core, _ instant) { c.passes.pageSize = int32(t.pageSize / 2) })
			return nil, errAgain
		case connectparticipant.IsAccessDenied(err):
			return nil, p.denied(ctx, t, err)
		case !connectparticipant.IsRetryable(err) || n >= maxAttempts || !sleep(ctx, backoff(n, p.s.opts.maxBackoff)):
			return nil, err
		}
	}
}

func (p *passSource) fetchOnce(ctx context.Context, priority Priority, in *connectparticipant.GetTranscriptInput) (*page, error) {
	var took time.Duration
	var odd restjson.OddItems
	out, err := attempt(ctx, p.s, getTranscript, priority, func(ctx context.Context) (*connectparticipant.GetTranscriptOutput, error) {
		ctx, cancel := context.WithTimeout(ctx, pageTimeout)
		defer cancel()
		begun := now()
		defer func() { took = now().Sub(begun) }()
		return p.s.client.GetTranscript(restjson.WithOddItems(ctx, &odd), in, once)
	})
	if err != nil {
		return nil, err
	}
	return newPage(out, &odd, took), nil
}

// denied waits for a newer token, once in a pass.
func (p *passSource) denied(ctx context.Context, t turn, err error) error {
	switch {
	case p.kind == passFinal:
	case p.renewed:
		p.s.noteDenied(getTranscript)
	case p.s.awaitToken(ctx, getTranscript, t.generation):
		p.renewed = true
		return errAgain
	}
	return err
}

func newPage(out *connectparticipant.GetTranscriptOutput, odd *restjson.OddItems, took time.Duration) *page {
	p := &page{items: make([]*item, len(out.Transcript)), next: aws.ToString(out.NextToken), arrived: now(), took: took}
	for i := range out.Transcript {
		p.items[i] = pageItem(out.Transcript[i])
	}
	for _, one := range odd.Items {
		if one.Index < len(p.items) { // a wrapper of the client may have removed items
			p.items[one.Index] = malformedItem(one.Raw)
		}
	}
	if id := aws.ToString(out.InitialContactId); id != "" {
		p.chat = keyOf(id)
	}
	date, known := responseDate(out.ResultMetadata)
	if p.read = date.UnixNano(); known {
		p.date = date
	}
	return p
}

// take waits until it is known which items are ours. It delivers a page that is larger than requested
// in parts, as the caller makes room.
func (p *passSource) take(ctx context.Context, whole *page, from origin, r *reading) (fresh int, err error) {
	for items := whole.items; ; {
		part := *whole
		part.items = items[:min(len(items), pageSize)]
		items = items[len(part.items):]
		err := p.s.wait(ctx, func(c *core, now instant) (ok bool, err error) {
			n, ok := c.takePage(p.kind, &part, from, r, now)
			fresh += n
			return ok, c.err()
		})
		if err != nil || len(items) == 0 {
			return fresh, err
		}
	}
}

// newBackfill returns the pass that begins now.
func (c *core) newBackfill(kind passKind) backfill {
	l := &c.inbox.ledger
	b := backfill{
		kind: kind, overlap: c.opts.Overlap, start: l.start(c.opts.Overlap), fence: l.fence, since: l.since, history: max(0, c.opts.History),
		backward: c.passes.backward,
	}
	if c.passes.completed {
		b.history = HistoryAll // the ledger knows which items the first pass has skipped
	}
	if b.backward = b.backward || !l.hasShownItem(b.start); b.backward && b.fence == 0 {
		b.start = 0
	}
	return b
}

// admitPage reports whether there is room for a page. Until there is, the wait of held items doesn't
// count.
func (c *core) admitPage(kind passKind, now instant) (turn, bool) {
	blocked := kind != passFinal && !c.inbox.queue.halfEmpty()
	c.inbox.hold.block(blocked, now)
	if blocked {
		return turn{}, false
	}
	size := int(c.passes.pageSize)
	if size == 0 {
		size = pageSize
	}
	return turn{token: c.conn.creds.token, generation: c.conn.generation, mark: c.inbox.mark(), pageSize: size}, true
}

// takePage delivers a page, the oldest item first. It returns false while that must wait.
func (c *core) takePage(kind passKind, p *page, from origin, r *reading, now instant) (fresh int, ok bool) {
	in := &c.inbox
	if c.phase == phaseOver {
		return 0, false // the caller may have received the last event
	}
	if kind != passFinal {
		in.hold.block(in.queue.full(), now)
		if in.hold.blocked || in.self.isUndecided(now) {
			return 0, false
		}
	}
	if in.ledger.checkChat(p.chat) {
		in.hold.removeAll() // the held items are of that other chat
		c.finish(CloseError{Reason: ErrState, Gap: true}, now)
		return 0, false
	}
	if p.took < quickPage && c.passes.pageSize != 0 {
		c.passes.pageSize = min(2*c.passes.pageSize, pageSize)
	}
	p.read = in.clock.refine(p.date, p.arrived)
	if !p.date.IsZero() {
		in.ledger.rewind(p.read, c.opts.Overlap)
	}
	r.note(p, c.opts.Overlap, now)
	p.items = slices.DeleteFunc(p.items, func(it *item) bool { return it.past })
	for _, it := range p.items {
		it.arrived = p.arrived
		known, shown := in.ledger.isShownBefore(it)
		r.known = r.known || shown
		if !known {
			fresh++
			if it.malformed {
				c.stats.Unreadable++
			}
		}
	}
	in.arrivePage(p.items, from, now)
	if r.known && !from.first {
		in.advance(r.fence())
	}
	return fresh, true
}
