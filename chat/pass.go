package chat

import (
	"context"
	"errors"
	"math"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/participant-go/connectparticipant"
	"github.com/participant-go/connectparticipant/types"
)

const (
	pageSize    = 100
	behindEvery = time.Second
	maxRestarts = 3
	pageTimeout = 20 * time.Second
)

// passes are the readings of the transcript, one at a time. The session's mutex guards
// them.
type passes struct {
	running  bool
	kind     passKind
	stop     context.CancelFunc
	blocked  bool      // one is due, and waits for the caller
	wanted   bool      // at once
	settleAt time.Time // once more
	behindAt time.Time // when the last one for a slow caller began
	first    bool      // the first is over
	backward bool      // the service doesn't give what a forward pass needs
}

// passKind tells passes apart that differ.
type passKind int

const (
	passHigh   passKind = iota // after a loss
	passBehind                 // for a slow caller who has caught up
	passLow                    // to settle, after a renewal, and to forget
	passEnd                    // after the end
)

func (k passKind) priority() Priority {
	switch k {
	case passBehind:
		return PriorityNormal
	case passLow:
		return PriorityLow
	default:
		return PriorityHigh
	}
}

// stepPasses starts the pass that is due.
func (s *Session) stepPasses(now time.Time) (next time.Time) {
	p := &s.passes
	switch {
	case s.link.cur == nil || s.ending != nil:
		return time.Time{}
	case p.running:
		if p.kind == passLow && (p.wanted || s.d.behind) {
			p.stop() // it may wait its turn for long
		}
		return time.Time{}
	}
	kind, next, due := s.duePass(now)
	if p.blocked = due && !s.d.queue.halfEmpty(); p.blocked {
		return time.Time{} // the caller wakes it
	}
	if !due {
		return next
	}
	s.d.behind = false // what comes from now on waits beside the pass
	ctx, cancel := context.WithCancel(s.life)
	s.startPass(ctx, cancel, kind)
	return time.Time{}
}

func (s *Session) duePass(now time.Time) (kind passKind, next time.Time, due bool) {
	p := &s.passes
	silent, next := s.d.streams.silent(now)
	switch {
	case p.wanted:
		return passHigh, next, true
	case s.d.behind:
		at := p.behindAt.Add(behindEvery)
		return passBehind, earlier(next, at), !now.Before(at)
	case silent, s.d.fresh >= passAfter, !p.settleAt.IsZero() && !now.Before(p.settleAt):
		return passLow, next, true
	default:
		return passLow, earlier(next, p.settleAt), false
	}
}

// begin notes that a pass of a kind begins, and which wishes it fulfils.
func (p *passes) begin(kind passKind, stop context.CancelFunc, now time.Time) {
	p.running, p.kind, p.stop, p.blocked = true, kind, stop, false
	switch kind {
	case passHigh:
		p.wanted = false
	case passBehind:
		p.behindAt = now
	case passLow:
		if !p.settleAt.IsZero() && !now.Before(p.settleAt) {
			p.settleAt = time.Time{}
		}
	case passEnd:
	}
}

func (s *Session) startPass(ctx context.Context, cancel context.CancelFunc, kind passKind) {
	now := time.Now()
	s.passes.begin(kind, cancel, now)
	s.d.streams.ask(now)
	s.d.stats.Passes++
	s.wg.Go(func() {
		defer cancel()
		s.pass(ctx, kind)
	})
}

// pass reads the transcript until it has been read whole. A failure costs the socket
// nothing.
func (s *Session) pass(ctx context.Context, kind passKind) {
	for attempt := 1; ; attempt++ {
		read, err := s.readTranscript(ctx, kind)
		if err == nil || kind == passEnd || ctx.Err() != nil {
			s.passOver(read, err, kind)
			return
		}
		wait := backoff(attempt+1, s.opts.maxBackoff)
		s.opts.Logger.Warn("chat transcript could not be read", "error", err, "attempt", attempt, "next", wait)
		s.passFailed(time.Now())
		if !sleep(ctx, wait) || !s.hasSocket() {
			s.passOver(read, err, kind)
			return
		}
	}
}

// passFailed bounds how long live items wait: a pass that works may take the time that its
// caller takes, one that fails may not.
func (s *Session) passFailed(now time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.link.cur != nil && s.d.boundWait(now.Add(s.opts.CatchUpWait)) {
		s.rouse()
	}
}

func (s *Session) hasSocket() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.link.cur != nil
}

func (s *Session) passOver(read reading, err error, kind passKind) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.passes.running = false
	if kind == passEnd {
		s.ending.passed = true
	}
	if err == nil {
		s.passes.first = true
		s.d.passed(read.fence(), read.epoch == s.d.epoch && (s.link.cur != nil || kind == passEnd), time.Now())
		s.arrived()
	} else if s.d.catchingUp && s.link.cur != nil && s.ending == nil {
		s.passes.wanted = true
	}
	s.rouse()
}

// reading is what a pass has found out.
type reading struct {
	begun  time.Time
	newest int64 // the newest time on any page
	epoch  int   // of the session, when what is newest was asked for
	oldest int64 // a backward pass goes no further
	since  int64 // what isn't older is no history
	fresh  int   // how many of those there were

	backward bool // the newest page was read first
	known    bool // a page showed an item that an earlier one had shown
}

// fence is how far later passes need not go back: to the newest time read, less the time
// that the pass took. An item that its page didn't show yet is older than the beginning of
// the pass by no more than its lag, however long the pass then went on. A backward pass has
// read the newest items at its beginning.
func (r *reading) fence() int64 {
	if r.backward {
		return r.newest
	}
	return r.newest - int64(time.Since(r.begun))
}

var (
	errNoWitness = errors.New("the transcript doesn't go back to what it showed before")
	errStuck     = errors.New("the transcript's pages don't go on")
)

// readTranscript makes one pass: forward from before the fence, or backward to it where
// the service can't do that.
func (s *Session) readTranscript(ctx context.Context, kind passKind) (reading, error) {
	fence, backward, first := s.passStart()
	begun := time.Now()
	if fence == 0 || backward {
		return s.readBackward(ctx, kind, begun, fence, first)
	}
	read, err := s.readForward(ctx, kind, begun, fence)
	var invalid *types.ValidationException
	if errors.Is(err, errNoWitness) || errors.As(err, &invalid) {
		s.opts.Logger.Debug("chat transcript is read backward from now on", "error", err)
		s.goBackward()
		return s.readBackward(ctx, kind, begun, fence, false)
	}
	return read, err
}

// passStart tells where to begin. Without the trace of an earlier page there is nothing
// by which a forward pass could be believed.
func (s *Session) passStart() (fence int64, backward, first bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	oldest := horizon(s.d.fence, s.opts.Overlap)
	witness := false
	for _, e := range s.d.seen {
		witness = witness || e.paged && e.at >= oldest
	}
	return s.d.fence, s.passes.backward || !witness, !s.passes.first && s.d.fence == 0
}

func (s *Session) goBackward() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.passes.backward = true
}

func (s *Session) readForward(ctx context.Context, kind passKind, begun time.Time, fence int64) (read reading, err error) {
	read.begun = begun
	at := cursor{start: horizon(fence, s.opts.Overlap)}
	last := at.start
	for {
		if err := s.waitForRoom(ctx, kind); err != nil {
			return read, err
		}
		at.keepToken(s.createdNow(), last)
		read.epoch, _ = s.epochAndSince()
		out, err := s.page(ctx, kind, at.forward())
		var invalid *types.ValidationException
		switch {
		case err != nil && errors.As(err, &invalid) && at.token != "" && at.restart(last):
			continue
		case err != nil:
			return read, err
		}
		if err := s.waitForOwn(ctx, kind); err != nil {
			return read, err
		}
		s.takePage(pageItems(out.Transcript), &read)
		last = max(last, read.newest)
		if !at.follow(aws.ToString(out.NextToken), s.createdNow(), last) {
			break
		}
		if at.restarts > maxRestarts {
			return read, errStuck
		}
	}
	if !read.known {
		return read, errNoWitness
	}
	return read, nil
}

// waitForRoom waits until the caller has taken half of what is there.
func (s *Session) waitForRoom(ctx context.Context, kind passKind) error {
	if kind == passEnd {
		return nil
	}
	return s.wait(ctx, s.d.queue.halfEmpty)
}

// waitForOwn waits until it is known which items are ours: a page that was read may show
// one whose Send isn't answered yet.
func (s *Session) waitForOwn(ctx context.Context, kind passKind) error {
	if kind == passEnd {
		return nil
	}
	for {
		var until time.Time
		changed := s.unless(func() bool {
			until = s.d.ownUntil
			return !s.d.waitsForOwn(time.Now())
		})
		if changed == nil {
			return nil
		}
		if err := waitFor(ctx, changed, until); err != nil {
			return err
		}
	}
}

func (s *Session) createdNow() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.link.created
}

func (s *Session) epochAndSince() (epoch int, since int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.d.epoch, s.d.since
}

func (s *Session) page(ctx context.Context, kind passKind, in *connectparticipant.GetTranscriptInput) (*connectparticipant.GetTranscriptOutput, error) {
	get := func(ctx context.Context, token *string) (*connectparticipant.GetTranscriptOutput, error) {
		ctx, cancel := context.WithTimeout(ctx, pageTimeout)
		defer cancel()
		in.ConnectionToken = token
		return s.client.GetTranscript(ctx, in, once)
	}
	if kind == passEnd {
		return attemptCall(ctx, s, "GetTranscript", kind.priority(), s.currentToken, get)
	}
	return call(ctx, s, "GetTranscript", kind.priority(), get)
}

func pageItems(page []types.Item) []*item {
	items := make([]*item, len(page))
	for i := range page {
		items[i] = pageItem(page[i])
	}
	return items
}

// takePage takes a page, the oldest item first.
func (s *Session) takePage(items []*item, read *reading) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.witness(items, read)
	s.d.arrivePage(items, origin{page: true})
	if len(s.d.seen) > keepAtMost+passAfter {
		s.d.advance(read.fence())
	}
	s.arrived()
	s.rouse()
}

// witness looks for what an earlier page has shown, and for the newest time.
func (s *Session) witness(items []*item, read *reading) {
	for _, it := range items {
		e, ok := s.d.seen[it.key]
		read.known = read.known || ok && e.paged
		read.newest = max(read.newest, it.at)
	}
}

// readBackward reads from the newest item to the first that is old enough, keeps what it
// reads, and delivers it in order.
func (s *Session) readBackward(ctx context.Context, kind passKind, begun time.Time, fence int64, first bool) (read reading, err error) {
	read.begun, read.backward = begun, true
	if err := s.waitForRoom(ctx, kind); err != nil {
		return read, err
	}
	limit := math.MaxInt
	if first {
		limit = max(0, s.opts.History)
	}
	if fence != 0 {
		read.oldest = horizon(fence, s.opts.Overlap)
	}
	var items []*item
	for range maxRestarts {
		items, err = s.collect(ctx, kind, limit, &read)
		if !errors.Is(err, errStuck) {
			break
		}
	}
	if err != nil {
		return read, err
	}
	if err := s.waitForOwn(ctx, kind); err != nil {
		return read, err
	}
	slices.Reverse(items)
	s.takeAll(items, &read, first)
	return read, nil
}

func (s *Session) takeAll(items []*item, read *reading, first bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.witness(items, read)
	if first {
		old := slices.IndexFunc(items, func(it *item) bool { return !it.isHistory(s.d.since) })
		if old < 0 {
			old = len(items)
		}
		// Those beyond the limit are remembered: later passes show them again.
		beyond := max(0, old-max(0, s.opts.History))
		s.d.arrivePage(items[:beyond], origin{page: true, silent: true})
		s.d.arrivePage(items[beyond:old], origin{page: true, history: true})
		items = items[old:]
	}
	s.d.arrivePage(items, origin{page: true})
	s.arrived()
}

// collect reads pages backward, the newest item first.
func (s *Session) collect(ctx context.Context, kind passKind, limit int, read *reading) (items []*item, err error) {
	read.epoch, read.since = s.epochAndSince()
	read.fresh = 0
	created := s.createdNow()
	for token := ""; ; {
		in := &connectparticipant.GetTranscriptInput{
			ScanDirection: types.ScanDirectionBackward, SortOrder: types.SortKeyDescending, MaxResults: aws.Int32(pageSize),
		}
		if token != "" {
			in.NextToken = &token
		}
		out, err := s.page(ctx, kind, in)
		var invalid *types.ValidationException
		switch {
		case err != nil && token != "" && errors.As(err, &invalid):
			return nil, errStuck
		case err != nil:
			return nil, err
		}
		var enough bool
		if items, enough = read.add(items, out.Transcript, limit, s.opts.Overlap); enough {
			return items, nil
		}
		next := aws.ToString(out.NextToken)
		if next == "" {
			return items, nil
		}
		if next == token || s.createdNow() != created {
			return nil, errStuck
		}
		token = next
	}
}

// full tells whether there is as much history as the limit says.
func (r *reading) full(items []*item, limit int) bool {
	return len(items) > 0 && len(items)-r.fresh >= limit
}

// last is the time up to which items are remembered: a later pass may go back by the overlap
// behind the oldest one that counts, if the session is resumed before the caller has taken it.
func (r *reading) last(items []*item, limit int, overlap time.Duration) int64 {
	return horizon(items[max(0, r.fresh+limit-1)].at, overlap)
}

// add takes the items of a page until there are enough: as many of the history as the
// limit says, and all that the next pass will show again.
func (r *reading) add(items []*item, page []types.Item, limit int, overlap time.Duration) ([]*item, bool) {
	for _, in := range page {
		it := pageItem(in)
		past := in.RelatedContactId != nil && in.ContactId == nil
		old := it.at != 0 && it.at < r.oldest
		fresh := !it.isHistory(r.since)
		if past || old || !fresh && r.full(items, limit) && it.at < r.last(items, limit, overlap) {
			return items, true
		}
		if fresh {
			r.fresh++
		}
		items = append(items, it)
	}
	return items, false
}
