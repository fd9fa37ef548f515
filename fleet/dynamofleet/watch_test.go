// SPDX-License-Identifier: Apache-2.0

package dynamofleet_test

import (
	"context"
	"strconv"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/stretchr/testify/require"

	"github.com/participant-go/connectparticipant/fleet"
	"github.com/participant-go/connectparticipant/fleet/dynamofleet"
)

// scripted is a table with one lease, in the time of a bubble.
type scripted struct {
	dynamofleet.Client

	mu      sync.Mutex
	rev     int           // 0: there is no item
	took    time.Duration // how long the next query takes after reading the table
	err     error         // returned by the next query
	renewed bool          // the lease is renewed just before the next delete
	deletes int
}

func (c *scripted) Query(ctx context.Context, _ *dynamodb.QueryInput, _ ...func(*dynamodb.Options)) (*dynamodb.QueryOutput, error) {
	out, took, err := c.read()
	select {
	case <-time.After(took):
		return out, err
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func (c *scripted) read() (out *dynamodb.QueryOutput, took time.Duration, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	out = &dynamodb.QueryOutput{}
	if c.rev != 0 {
		out.Items = []map[string]types.AttributeValue{{
			"key": &types.AttributeValueMemberS{Value: "member/a"},
			"rev": &types.AttributeValueMemberN{Value: strconv.Itoa(c.rev)},
			"ttl": &types.AttributeValueMemberN{Value: "3"},
		}}
	}
	took, err = c.took, c.err
	c.took, c.err = 0, nil
	return out, took, err
}

func (c *scripted) DeleteItem(_ context.Context, params *dynamodb.DeleteItemInput, _ ...func(*dynamodb.Options)) (*dynamodb.DeleteItemOutput, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.deletes++
	if c.renewed {
		c.renewed = false
		c.rev++
	}
	if params.ExpressionAttributeValues[":rev"].(*types.AttributeValueMemberN).Value != strconv.Itoa(c.rev) {
		return nil, &types.ConditionalCheckFailedException{}
	}
	c.rev = 0
	return &dynamodb.DeleteItemOutput{}, nil
}

// event is an entry that Watch yielded, and the time.
type event struct {
	entry fleet.Entry
	err   error
	at    time.Duration
}

// watch watches a scripted table for d, and calls functions at given times.
func watch(t *testing.T, c *scripted, d time.Duration, at map[time.Duration]func()) (events []event) {
	t.Helper()
	began := time.Now()
	for after, f := range at {
		time.AfterFunc(after, func() {
			c.mu.Lock()
			defer c.mu.Unlock()
			f()
		})
	}
	ctx, cancel := context.WithTimeout(t.Context(), d)
	defer cancel()
	for e, err := range dynamofleet.New(c, "table").Watch(ctx, "member/") {
		events = append(events, event{e, err, time.Since(began)})
	}
	return events
}

func TestExpiryIsYieldedAtItsTime(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := &scripted{rev: 1, took: 500 * time.Millisecond}
		events := watch(t, c, 10*time.Second, nil)
		require.Len(t, events, 3)
		require.EqualValues(t, 1, events[0].entry.Rev)
		require.True(t, events[1].entry.Gone)
		require.Equal(t, 3500*time.Millisecond, events[1].at)
		require.ErrorIs(t, events[2].err, context.DeadlineExceeded)
		require.Equal(t, 1, c.deletes)
	})
}

// A query may be slow, or the process may be paused during it: its result may be old.
func TestSlowQueryShowsNothingExpired(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := &scripted{rev: 1}
		events := watch(t, c, 8*time.Second, map[time.Duration]func(){
			1500 * time.Millisecond: func() { c.took = 4 * time.Second }, // the query at 2 s
			2500 * time.Millisecond: func() { c.rev = 2 },
			5500 * time.Millisecond: func() { c.rev = 3 },
		})
		require.Zero(t, c.deletes)
		for _, e := range events {
			require.False(t, e.entry.Gone)
		}
	})
}

// A record that is renewed just before the delete isn't gone.
func TestRenewalBeforeTheDelete(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := &scripted{rev: 1, renewed: true}
		events := watch(t, c, 10*time.Second, nil)
		require.Len(t, events, 4)
		require.EqualValues(t, 2, events[1].entry.Rev)
		require.True(t, events[2].entry.Gone)
		require.Greater(t, events[2].at, events[1].at+2*time.Second)
	})
}

func TestWatchEndsWhenAQueryFails(t *testing.T) {
	t.Parallel()
	throttled := &types.ProvisionedThroughputExceededException{}
	synctest.Test(t, func(t *testing.T) {
		c := &scripted{rev: 1}
		events := watch(t, c, time.Minute, map[time.Duration]func(){1500 * time.Millisecond: func() { c.err = throttled }})
		require.Len(t, events, 2)
		require.ErrorIs(t, events[1].err, throttled)
		require.Equal(t, 2*time.Second, events[1].at)
	})
	synctest.Test(t, func(t *testing.T) {
		c := &scripted{rev: 1}
		events := watch(t, c, time.Minute, map[time.Duration]func(){1500 * time.Millisecond: func() { c.took = time.Hour }})
		require.Len(t, events, 2)
		require.Error(t, events[1].err)
		require.Equal(t, 7*time.Second, events[1].at)
	})
}

// An item that isn't a record of a store must not cause a panic.
func TestOtherItems(t *testing.T) {
	t.Parallel()
	for _, attrs := range []map[string]types.AttributeValue{
		{"key": &types.AttributeValueMemberS{Value: "member/a"}},
		{"rev": &types.AttributeValueMemberN{Value: "1"}},
		{"key": &types.AttributeValueMemberS{Value: "member/a"}, "rev": &types.AttributeValueMemberN{Value: "-1"}},
		{"key": &types.AttributeValueMemberS{Value: "member/a"}, "rev": &types.AttributeValueMemberN{Value: "1"}, "ttl": &types.AttributeValueMemberS{Value: "1"}},
	} {
		var errs []error
		for _, err := range dynamofleet.New(other(attrs), "table").List(t.Context(), "member/") {
			errs = append(errs, err)
		}
		require.Len(t, errs, 1)
		require.Error(t, errs[0])
		require.NotErrorIs(t, errs[0], fleet.ErrNotFound)
	}
}

func other(attrs map[string]types.AttributeValue) dynamofleet.Client { return otherItem{attrs: attrs} }

type otherItem struct {
	dynamofleet.Client
	attrs map[string]types.AttributeValue
}

func (o otherItem) Query(context.Context, *dynamodb.QueryInput, ...func(*dynamodb.Options)) (*dynamodb.QueryOutput, error) {
	return &dynamodb.QueryOutput{Items: []map[string]types.AttributeValue{o.attrs}}, nil
}
