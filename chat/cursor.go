package chat

import (
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/participant-go/connectparticipant"
	"github.com/participant-go/connectparticipant/types"
)

// cursor is where the next page begins.
type cursor struct {
	start    int64 // where the pages begin, a time in ns
	token    string
	created  int // the connection that the token is of: it may not outlive it
	restarts int // without progress
}

// keepToken lets go of a token from before the newest connection.
func (c *cursor) keepToken(created int, last int64) {
	if c.token != "" && c.created != created {
		c.restart(last)
	}
}

// restart begins again just before the last time seen, without the token. It reports
// false when that has been tried too often in one place.
func (c *cursor) restart(last int64) bool {
	start := last - int64(time.Millisecond)
	if start > c.start {
		c.restarts = 0
	} else {
		c.restarts++
	}
	c.start, c.token = start, ""
	return c.restarts <= maxRestarts
}

// follow goes to the next page, if there is one. A token that was there before leads
// nowhere.
func (c *cursor) follow(token string, created int, last int64) bool {
	switch token {
	case "":
		return false
	case c.token:
		c.restart(last)
	default:
		c.token, c.created = token, created
	}
	return true
}

func (c *cursor) forward() *connectparticipant.GetTranscriptInput {
	in := &connectparticipant.GetTranscriptInput{
		ScanDirection: types.ScanDirectionForward, SortOrder: types.SortKeyAscending, MaxResults: aws.Int32(pageSize),
		StartPosition: &types.StartPosition{AbsoluteTime: aws.String(time.Unix(0, c.start).UTC().Format("2006-01-02T15:04:05.000Z"))},
	}
	if c.token != "" {
		in.NextToken = &c.token
	}
	return in
}
