// SPDX-License-Identifier: Apache-2.0

package participanttest

import (
	"encoding/json"
	"slices"
	"sort"
	"time"
)

const (
	forward    = "FORWARD"
	backward   = "BACKWARD"
	ascending  = "ASCENDING"
	descending = "DESCENDING"

	defaultPage = 10
	maxPage     = 100
)

// transcriptQuery is a GetTranscript request with its defaults filled in.
type transcriptQuery struct {
	ContactID string
	Direction string
	Order     string
	Start     startPosition

	limit      int
	nextToken  string
	generation int // of the participant's connection
}

// startPosition has at most one member set.
type startPosition struct {
	ID           string
	AbsoluteTime string
	MostRecent   int
}

type transcriptOutput struct {
	InitialContactID string  `json:"InitialContactId"`
	NextToken        *string `json:",omitempty"`
	Transcript       []*Item
}

func getTranscript(c *call) (any, *wireError) {
	q := c.in.transcriptQuery()
	if c.in.err != nil {
		return nil, c.in.err
	}
	q.generation = c.participant.generation
	out := transcriptOutput{InitialContactID: c.contact.ID, Transcript: []*Item{}}
	if c.srv.opts.EmptyNextToken {
		out.NextToken = new(string)
	}
	cursor, ok := c.contact.cursor(q)
	switch {
	case !ok && q.Start.ID != "" && q.Start.kinds() == 1 && q.nextToken == "" && c.srv.opts.EmptyForUnknownStart:
		return out, nil
	case !ok:
		return nil, errInvalid
	case q.ContactID != "" && !slices.Contains(c.contact.ids, q.ContactID):
		return out, nil
	}
	items, next, more := c.contact.page(q, cursor)
	out.Transcript = append(out.Transcript, items...)
	if q.Order == descending {
		slices.Reverse(out.Transcript)
	}
	if more {
		token := c.contact.nextToken(q, next)
		out.NextToken = &token
	}
	return out, nil
}

func (m *members) transcriptQuery() transcriptQuery {
	q := transcriptQuery{
		ContactID: m.text("ContactId", 1, 256),
		Direction: m.enum("ScanDirection", forward, backward),
		Order:     m.enum("SortOrder", ascending, descending),
		Start:     m.startPosition(),
		limit:     m.integer("MaxResults", 0, maxPage, 0),
		nextToken: m.text("NextToken", 1, 1000),
	}
	setDefault(&q.Order, descending)
	if q.Start == (startPosition{}) {
		setDefault(&q.Direction, backward)
	}
	setDefault(&q.Direction, forward)
	if q.limit == 0 {
		q.limit = defaultPage
	}
	return q
}

func (m *members) startPosition() startPosition {
	in := m.object("StartPosition")
	start := startPosition{
		ID:           in.text("Id", 1, 256),
		AbsoluteTime: in.text("AbsoluteTime", 1, 100),
		MostRecent:   in.integer("MostRecent", 0, maxPage, 0),
	}
	m.join(in)
	return start
}

// kinds returns the number of members that are set.
func (p startPosition) kinds() int {
	n := 0
	for _, set := range []bool{p.ID != "", p.AbsoluteTime != "", p.MostRecent != 0} {
		if set {
			n++
		}
	}
	return n
}

// cursor returns where a page begins: the index of its oldest item for a FORWARD scan, the index after
// its newest for a BACKWARD one.
func (c *Contact) cursor(q transcriptQuery) (int, bool) {
	kinds := q.Start.kinds()
	switch {
	case kinds > 1, kinds == 0 && q.Direction == forward:
		return 0, false
	case q.nextToken != "":
		return c.openToken(q)
	case q.Start.ID != "":
		i, ok := c.index[q.Start.ID]
		return c.included(i, q.Direction), ok && i >= c.past && c.items[i].isShown(c.srv.now())
	case q.Start.AbsoluteTime != "":
		return c.timeCursor(q)
	case q.Start.MostRecent != 0:
		_, oldest := c.collect(len(c.items), c.past, -1, q.Start.MostRecent)
		return min(inclusive(oldest, q.Direction), len(c.items)), true
	default:
		return len(c.items), true
	}
}

// included returns the cursor at the item that StartPosition names.
func (c *Contact) included(i int, direction string) int {
	switch {
	case !c.srv.opts.ExclusiveStart:
		return inclusive(i, direction)
	case direction == backward:
		return i
	default:
		return i + 1
	}
}

// inclusive returns the cursor at an item so that the page includes it in either direction.
func inclusive(i int, direction string) int {
	if direction == backward {
		return i + 1
	}
	return i
}

func (c *Contact) timeCursor(q transcriptQuery) (int, bool) {
	at, ok := parseTime(q.Start.AbsoluteTime)
	if (q.Direction == backward) != c.srv.opts.ExclusiveStart {
		at = at.Add(1) // the cursor is behind the items of that time
	}
	current := c.items[c.past:]
	cursor := c.past + sort.Search(len(current), func(i int) bool { return !current[i].at.Before(at) })
	return cursor, ok && !c.srv.opts.RefuseStartTime
}

// parseTime reads ISO 8601 with or without milliseconds.
func parseTime(s string) (time.Time, bool) {
	at, err := time.Parse(time.RFC3339, s)
	return at, err == nil
}

// page collects the items from the cursor on, oldest first. Items of a past contact only follow a
// NextToken; those that a fault hides are skipped.
func (c *Contact) page(q transcriptQuery, cursor int) (items []*Item, next int, more bool) {
	if q.Direction == forward {
		items, next = c.collect(cursor, len(c.items), 1, q.limit)
		return items, next, c.shows(next, len(c.items))
	}
	bottom := c.past
	if c.rehydrated {
		bottom = 0
	}
	floor := bottom
	if q.nextToken == "" {
		floor = c.past
	}
	items, next = c.collect(cursor, floor, -1, q.limit)
	slices.Reverse(items)
	return items, next, c.shows(bottom, next)
}

// collect takes up to limit shown items, from one cursor to another.
func (c *Contact) collect(from, to, step, limit int) (items []*Item, next int) {
	now := c.srv.now()
	for next = from; next != to && len(items) < limit; next += step {
		if it := c.items[min(next, next+step)]; it.isShown(now) {
			items = append(items, it)
		}
	}
	return items, next
}

// shows reports whether an item between two cursors is shown.
func (c *Contact) shows(from, to int) bool {
	now := c.srv.now()
	return slices.ContainsFunc(c.items[from:max(from, to)], func(it *Item) bool { return it.isShown(now) })
}

// nextToken contains the cursor, signed together with the contact and the request's parameters except
// MaxResults, so that the server needn't remember it.
func (c *Contact) nextToken(q transcriptQuery, cursor int) string {
	return c.srv.seal(cursor, c.tokenScope(q))
}

func (c *Contact) openToken(q transcriptQuery) (int, bool) {
	cursor, ok := c.srv.unseal(q.nextToken, c.tokenScope(q))
	return cursor, ok && cursor <= len(c.items)
}

func (c *Contact) tokenScope(q transcriptQuery) []byte {
	parts := []any{"next-token", c.ID, q}
	if c.srv.opts.NextTokensDie {
		parts = append(parts, q.generation)
	}
	scope, _ := json.Marshal(parts)
	return scope
}
