// SPDX-License-Identifier: Apache-2.0

package dynamofleet_test

import (
	"context"
	"errors"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/stretchr/testify/require"

	"github.com/participant-go/connectparticipant/fleet"
	"github.com/participant-go/connectparticipant/fleet/dynamofleet"
)

// counter counts requests and the capacity that they consume, as dynalite computes it.
type counter struct {
	*dynamodb.Client
	mu            sync.Mutex
	requests      int
	reads, writes float64
}

func (c *counter) add(read, write *types.ConsumedCapacity) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.requests++
	if read != nil {
		c.reads += aws.ToFloat64(read.CapacityUnits)
	}
	if write != nil {
		c.writes += aws.ToFloat64(write.CapacityUnits)
	}
}

// take returns the counts since the last call.
func (c *counter) take() (requests int, reads, writes float64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	defer func() { c.requests, c.reads, c.writes = 0, 0, 0 }()
	return c.requests, c.reads, c.writes
}

func (c *counter) GetItem(ctx context.Context, params *dynamodb.GetItemInput, _ ...func(*dynamodb.Options)) (*dynamodb.GetItemOutput, error) {
	params.ReturnConsumedCapacity = types.ReturnConsumedCapacityTotal
	out, err := c.Client.GetItem(ctx, params)
	if err == nil {
		c.add(out.ConsumedCapacity, nil)
	}
	return out, err
}

func (c *counter) PutItem(ctx context.Context, params *dynamodb.PutItemInput, _ ...func(*dynamodb.Options)) (*dynamodb.PutItemOutput, error) {
	params.ReturnConsumedCapacity = types.ReturnConsumedCapacityTotal
	out, err := c.Client.PutItem(ctx, params)
	if err == nil {
		c.add(nil, out.ConsumedCapacity)
	}
	return out, err
}

func (c *counter) DeleteItem(ctx context.Context, params *dynamodb.DeleteItemInput, _ ...func(*dynamodb.Options)) (*dynamodb.DeleteItemOutput, error) {
	params.ReturnConsumedCapacity = types.ReturnConsumedCapacityTotal
	out, err := c.Client.DeleteItem(ctx, params)
	if err == nil {
		c.add(nil, out.ConsumedCapacity)
	}
	return out, err
}

func (c *counter) Query(ctx context.Context, params *dynamodb.QueryInput, _ ...func(*dynamodb.Options)) (*dynamodb.QueryOutput, error) {
	params.ReturnConsumedCapacity = types.ReturnConsumedCapacityTotal
	out, err := c.Client.Query(ctx, params)
	if err == nil {
		c.add(out.ConsumedCapacity, nil)
	}
	return out, err
}

// The package comment documents these counts.
func TestRequests(t *testing.T) {
	t.Parallel()
	c := &counter{Client: connect(start(t))}
	createTable(t, c.Client, "table")
	store := dynamofleet.New(c, "table")
	want := func(requests int, reads, writes float64) {
		t.Helper()
		gotRequests, gotReads, gotWrites := c.take()
		require.Equal(t, []float64{float64(requests), reads, writes}, []float64{float64(gotRequests), gotReads, gotWrites}, "requests, reads, writes")
	}
	value := make([]byte, 600)
	rev, err := store.Put(t.Context(), "chat/1", value, 0, 0)
	require.NoError(t, err)
	want(1, 0, 1)
	rev, err = store.Put(t.Context(), "chat/1", value, rev, 0)
	require.NoError(t, err)
	want(1, 0, 1)
	_, _, err = store.Get(t.Context(), "chat/1")
	require.NoError(t, err)
	want(1, 1, 0)
	for prefix, queries := range map[string]int{"chat/": 16, "member/": 1, "inbox/": 1, "inbox/a/": 1} {
		for _, err := range store.List(t.Context(), prefix) {
			require.NoError(t, err)
		}
		requests, _, writes := c.take()
		require.Equal(t, queries, requests, prefix)
		require.Zero(t, writes)
	}
	require.NoError(t, store.Delete(t.Context(), "chat/1", rev))
	want(1, 0, 1)

	_, err = store.Put(t.Context(), "member/1", value, 0, 6*time.Second)
	require.NoError(t, err)
	want(1, 0, 1)
	ctx, cancel := context.WithTimeout(t.Context(), 3500*time.Millisecond)
	defer cancel()
	for _, err := range store.Watch(ctx, "member/") {
		if err != nil {
			require.ErrorIs(t, err, context.DeadlineExceeded)
		}
	}
	requests, reads, writes := c.take() // at 0, 1, 2 and 3 s, unless the machine is slow
	require.Contains(t, []int{3, 4}, requests)
	require.Equal(t, []float64{float64(requests), 0}, []float64{reads, writes})
}

// lossy loses the responses of requests that were executed.
type lossy struct {
	losing atomic.Bool
	lost   atomic.Int64
}

func (l *lossy) Do(req *http.Request) (*http.Response, error) {
	resp, err := http.DefaultClient.Do(req)
	if err == nil && l.losing.Swap(false) {
		l.lost.Add(1)
		_ = resp.Body.Close()
		return nil, errors.New("the connection was reset")
	}
	return resp, err
}

func TestWriteWhoseResponseWasLost(t *testing.T) {
	t.Parallel()
	l := &lossy{}
	client := connect(start(t), func(o *dynamodb.Options) { o.HTTPClient = l })
	createTable(t, client, "table")
	store := dynamofleet.New(client, "table")

	l.losing.Store(true)
	first, err := store.Put(t.Context(), "chat/1", []byte("first"), 0, 0)
	require.NoError(t, err)
	l.losing.Store(true)
	second, err := store.Put(t.Context(), "chat/1", []byte("second"), first, 0)
	require.NoError(t, err)
	value, rev, err := store.Get(t.Context(), "chat/1")
	require.NoError(t, err)
	require.Equal(t, "second", string(value))
	require.Equal(t, second, rev)
	_, err = store.Put(t.Context(), "chat/1", nil, first, 0)
	require.ErrorIs(t, err, fleet.ErrConflict)
	l.losing.Store(true)
	require.NoError(t, store.Delete(t.Context(), "chat/1", second))
	require.EqualValues(t, 3, l.lost.Load())
}

// The table's Time to Live removes records that no process watches, by wall clocks and a day late.
func TestExpiresAttribute(t *testing.T) {
	t.Parallel()
	client := connect(start(t))
	createTable(t, client, "table")
	store := dynamofleet.New(client, "table")
	before := time.Now().Unix()
	rev, err := store.Put(t.Context(), "member/1", nil, 0, 1500*time.Millisecond)
	require.NoError(t, err)
	attrs := rawItem(t, client, "member/1")
	require.Equal(t, "2", attrs["ttl"].(*types.AttributeValueMemberN).Value)
	expires, err := strconv.ParseInt(attrs["expires"].(*types.AttributeValueMemberN).Value, 10, 64)
	require.NoError(t, err)
	require.InDelta(t, before+2+24*60*60, expires, 5)

	_, err = store.Put(t.Context(), "member/1", nil, rev, 0)
	require.NoError(t, err)
	attrs = rawItem(t, client, "member/1")
	require.NotContains(t, attrs, "ttl")
	require.NotContains(t, attrs, "expires")
}

func rawItem(t *testing.T, client *dynamodb.Client, key string) map[string]types.AttributeValue {
	t.Helper()
	out, err := client.Scan(t.Context(), &dynamodb.ScanInput{TableName: aws.String("table")})
	require.NoError(t, err)
	for _, attrs := range out.Items {
		if attrs["key"].(*types.AttributeValueMemberS).Value == key {
			return attrs
		}
	}
	require.Fail(t, "no such item")
	return nil
}

func TestSpread(t *testing.T) {
	t.Parallel()
	client := connect(start(t))
	createTable(t, client, "table")
	store := dynamofleet.New(client, "table")
	for i := range 200 {
		for _, part := range []string{"chat/", "member/"} {
			_, err := store.Put(t.Context(), part+strconv.Itoa(i), nil, 0, 0)
			require.NoError(t, err)
		}
	}
	out, err := client.Scan(t.Context(), &dynamodb.ScanInput{TableName: aws.String("table")})
	require.NoError(t, err)
	items := map[string]int{}
	for _, attrs := range out.Items {
		items[attrs["part"].(*types.AttributeValueMemberS).Value]++
	}
	require.Equal(t, 200, items["member/#0"])
	delete(items, "member/#0")
	require.Len(t, items, 16)
	for part, n := range items {
		require.True(t, strings.HasPrefix(part, "chat/#"))
		require.Less(t, n, 40, part)
	}
}

func TestCreateTable(t *testing.T) {
	t.Parallel()
	client := connect(start(t))
	createTable(t, client, "table")
	createTable(t, client, "table") // as another process does, or after an interruption
	enabled := &enabledTables{tables{Client: client}}
	require.NoError(t, dynamofleet.CreateTable(t.Context(), enabled, "table"))
	require.Empty(t, enabled.updates)

	_, err := client.CreateTable(t.Context(), &dynamodb.CreateTableInput{
		TableName: aws.String("other"), BillingMode: types.BillingModePayPerRequest,
		AttributeDefinitions: []types.AttributeDefinition{{AttributeName: aws.String("id"), AttributeType: types.ScalarAttributeTypeS}},
		KeySchema:            []types.KeySchemaElement{{AttributeName: aws.String("id"), KeyType: types.KeyTypeHash}},
	})
	require.NoError(t, err)
	require.ErrorContains(t, dynamofleet.CreateTable(t.Context(), &tables{Client: client}, "other"), "with other keys")
}

// enabledTables has tables with Time to Live.
type enabledTables struct{ tables }

func (c *enabledTables) DescribeTimeToLive(context.Context, *dynamodb.DescribeTimeToLiveInput, ...func(*dynamodb.Options)) (*dynamodb.DescribeTimeToLiveOutput, error) {
	return &dynamodb.DescribeTimeToLiveOutput{TimeToLiveDescription: &types.TimeToLiveDescription{TimeToLiveStatus: types.TimeToLiveStatusEnabled}}, nil
}
