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

	limit     int
	nextToken string
}

// startPosition has at most one member set.
type startPosition struct {
	ID           string
	AbsoluteTime string
	MostRecent   int
}

type transcriptOutput struct {
	InitialContactID string `json:"InitialContactId"`
	NextToken        string `json:",omitempty"`
	Transcript       []*Item
}

func getTranscript(c *call) (any, *wireError) {
	q := c.in.transcriptQuery()
	if c.in.err != nil {
		return nil, c.in.err
	}
	cursor, ok := c.contact.cursor(q)
	if !ok {
		return nil, errInvalid
	}
	out := transcriptOutput{InitialContactID: c.contact.ID, Transcript: []*Item{}}
	if q.ContactID != "" && q.ContactID != c.contact.ID {
		return out, nil
	}
	items, next, more := c.contact.page(q, cursor)
	out.Transcript = append(out.Transcript, items...)
	if q.Order == descending {
		slices.Reverse(out.Transcript)
	}
	if more {
		out.NextToken = c.contact.nextToken(q, next)
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

// kinds counts the members set.
func (p startPosition) kinds() int {
	n := 0
	for _, set := range []bool{p.ID != "", p.AbsoluteTime != "", p.MostRecent != 0} {
		if set {
			n++
		}
	}
	return n
}

// cursor is where a page begins: the index of its oldest item for a FORWARD scan, the
// index after its newest for a BACKWARD one.
func (c *Contact) cursor(q transcriptQuery) (int, bool) {
	kinds := q.Start.kinds()
	switch {
	case kinds > 1, kinds == 0 && q.Direction == forward:
		return 0, false
	case q.nextToken != "":
		return c.openToken(q)
	case q.Start.ID != "":
		i, ok := c.index[q.Start.ID]
		return inclusive(i, q.Direction), ok
	case q.Start.AbsoluteTime != "":
		return c.timeCursor(q)
	case q.Start.MostRecent != 0 && q.Start.MostRecent <= len(c.items)-c.past:
		return inclusive(len(c.items)-q.Start.MostRecent, q.Direction), true
	case q.Start.MostRecent != 0:
		return min(inclusive(c.past, q.Direction), len(c.items)), true
	default:
		return len(c.items), true
	}
}

// inclusive is the cursor at an item, which belongs to the page either way.
func inclusive(i int, direction string) int {
	if direction == backward {
		return i + 1
	}
	return i
}

func (c *Contact) timeCursor(q transcriptQuery) (int, bool) {
	at, ok := parseTime(q.Start.AbsoluteTime)
	if q.Direction == backward {
		at = at.Add(1) // up to and with that time
	}
	current := c.items[c.past:]
	return c.past + sort.Search(len(current), func(i int) bool { return !current[i].at.Before(at) }), ok
}

// parseTime reads ISO 8601 with or without milliseconds.
func parseTime(s string) (time.Time, bool) {
	at, err := time.Parse(time.RFC3339, s)
	return at, err == nil
}

// page cuts the items at the cursor. Items of a past contact only follow a NextToken.
func (c *Contact) page(q transcriptQuery, cursor int) (items []*Item, next int, more bool) {
	if q.Direction == forward {
		next = min(cursor+q.limit, len(c.items))
		return c.items[cursor:next], next, next < len(c.items)
	}
	bottom := c.past
	if c.rehydrated {
		bottom = 0
	}
	floor := bottom
	if q.nextToken == "" {
		floor = c.past
	}
	next = max(cursor-q.limit, floor)
	return c.items[next:cursor], next, next > bottom
}

// nextToken carries the cursor, signed together with the contact and the request's
// parameters, MaxResults apart, so that nothing need be remembered.
func (c *Contact) nextToken(q transcriptQuery, cursor int) string {
	return c.srv.seal(cursor, c.tokenScope(q))
}

func (c *Contact) openToken(q transcriptQuery) (int, bool) {
	cursor, ok := c.srv.unseal(q.nextToken, c.tokenScope(q))
	return cursor, ok && cursor <= len(c.items)
}

func (c *Contact) tokenScope(q transcriptQuery) []byte {
	scope, _ := json.Marshal([]any{"next-token", c.ID, q})
	return scope
}
