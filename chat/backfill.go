// SPDX-License-Identifier: Apache-2.0

package chat

import (
	"context"
	"errors"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/participant-go/connectparticipant"
	"github.com/participant-go/connectparticipant/types"
)

const (
	pageSize    = 100 // the service's largest
	maxRestarts = 3
)

// source is where a backfill reads the transcript and delivers the items.
type source interface {
	// admit waits until there is room for a page.
	admit(ctx context.Context) (turn, error)
	// fetch requests a page with the turn's token.
	fetch(ctx context.Context, t turn, priority Priority, in *connectparticipant.GetTranscriptInput) (*page, error)
	// take delivers the items of a page, the oldest first, and returns how many were new.
	take(ctx context.Context, p *page, from origin, r *reading) (fresh int, err error)
}

// turn is the permission to request a page.
type turn struct {
	token      string
	generation int32 // of the connection that the token is of
	mark       mark
	pageSize   int
}

// page is a page of the transcript.
type page struct {
	items   []*item   // in the order of the request
	next    string    // the token of the next page; "" for none
	chat    uint64    // a hash of the chat's InitialContactId; 0 if unknown
	date    time.Time // of the response; zero if unknown
	arrived instant   // when it arrived; it may be taken much later
	read    int64     // when the service read it, by its own clock, in ns
	took    time.Duration
}

// asked returns the latest time at which the page may have been requested, by the service's clock, in
// ns.
func (p *page) asked() int64 { return p.read - int64(p.took) }

var (
	errNoKnownItem = errors.New("the transcript does not show an item that it showed before")
	// errAgain means that the request should be made again, with a newer token or for a smaller
	// page.
	errAgain = errors.New("the request should be made again")
)

// backfill is one pass: it reads the transcript from where the last pass ended. It needs no lock, and
// accesses the session only through source.
type backfill struct {
	source

	kind     passKind
	overlap  time.Duration
	start    int64 // older items are known
	fence    int64 // 0 in the first pass
	since    int64 // older items are history
	history  int   // how many of these the first pass delivers
	backward bool
	read     reading
}

// run reads the transcript. goBackward reports that the service can't read forward from a time.
func (b *backfill) run(ctx context.Context) (goBackward bool, err error) {
	if b.backward || b.fence == 0 {
		return false, b.readBackward(ctx)
	}
	err = b.readForward(ctx)
	if !errors.Is(err, errNoKnownItem) && !isInvalid(err) {
		return false, err
	}
	b.read = reading{}
	return true, b.readBackward(ctx)
}

func isInvalid(err error) bool {
	var invalid *types.ValidationException
	return errors.As(err, &invalid)
}

func (b *backfill) priority() Priority {
	if b.read.budget.pages >= priorityPages && b.kind != passFinal {
		return max(b.kind.priority(), PriorityLow)
	}
	return b.kind.priority()
}

// readForward reads from the start to the newest item.
func (b *backfill) readForward(ctx context.Context) error {
	at := cursor{start: b.start, last: b.start}
	for more := true; more; {
		p, generation, err := b.nextPage(ctx, &at)
		if err != nil {
			return err
		}
		newest := b.read.newest
		fresh, err := b.take(ctx, p, origin{page: true}, &b.read)
		if err != nil {
			return err
		}
		if err := b.read.budget.spend(p, fresh > 0 || b.read.newest > newest); err != nil {
			return err
		}
		at.last = max(at.last, b.read.newest)
		repeated := p.next != "" && b.read.budget.visited(p.next)
		if more = at.follow(p.next, repeated, generation); at.restarts > maxRestarts {
			return errStuck
		}
	}
	if !b.read.known {
		return errNoKnownItem
	}
	return nil
}

// nextPage requests the page at the cursor. If the service rejects the page token, it restarts the
// cursor and tries again.
func (b *backfill) nextPage(ctx context.Context, at *cursor) (p *page, generation int32, err error) {
	for {
		t, err := b.admit(ctx)
		if err != nil {
			return nil, 0, err
		}
		if b.read.isLong(b.overlap, now()) {
			return nil, 0, errPartial
		}
		at.keepToken(t.generation)
		b.read.mark = t.mark
		p, err := b.fetch(ctx, t, b.priority(), at.forward(t.pageSize))
		switch {
		case errors.Is(err, errAgain):
		case isInvalid(err) && at.token != "" && at.restart():
		default:
			return p, t.generation, err
		}
	}
}

// cursor is where the next page of a forward pass begins.
type cursor struct {
	start      int64 // where the pages begin, a time in ns
	last       int64 // the newest time seen
	token      string
	generation int32 // of the token's connection: the token may not be valid for another one
	restarts   int   // without progress
}

// keepToken drops a token from before the newest connection.
func (c *cursor) keepToken(generation int32) {
	if c.token != "" && c.generation != generation {
		c.restart()
	}
}

// restart begins again, without the token, just before the newest time seen. It returns false after
// too many restarts without progress.
func (c *cursor) restart() bool {
	start := c.last - int64(time.Millisecond)
	if start > c.start {
		c.restarts = 0
	} else {
		c.restarts++
	}
	c.start, c.token = start, ""
	return c.restarts <= maxRestarts
}

// follow moves to the next page, if there is one. A repeated token would lead in a circle.
func (c *cursor) follow(token string, repeated bool, generation int32) bool {
	switch {
	case token == "":
		return false
	case repeated:
		c.restart()
	default:
		c.token, c.generation = token, generation
	}
	return true
}

func (c *cursor) forward(size int) *connectparticipant.GetTranscriptInput {
	in := &connectparticipant.GetTranscriptInput{
		ScanDirection: types.ScanDirectionForward, SortOrder: types.SortKeyAscending, MaxResults: aws.Int32(int32(size)),
		StartPosition: startAt(c.start),
	}
	if c.token != "" {
		in.NextToken = aws.String(c.token)
	}
	return in
}

// startAt returns the StartPosition for a time in ns.
func startAt(at int64) *types.StartPosition {
	return &types.StartPosition{AbsoluteTime: aws.String(time.Unix(0, at).UTC().Format("2006-01-02T15:04:05.000Z"))}
}
