// SPDX-License-Identifier: Apache-2.0

package dynamofleet_test

import (
	"context"
	"iter"
	"net/http"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/stretchr/testify/require"

	"github.com/participant-go/connectparticipant/fleet"
	"github.com/participant-go/connectparticipant/fleet/dynamofleet"
)

// blackhole is an HTTP client that gets no responses once it is closed.
type blackhole struct{ closed atomic.Bool }

func (b *blackhole) Do(req *http.Request) (*http.Response, error) {
	if b.closed.Load() {
		<-req.Context().Done()
		return nil, req.Context().Err()
	}
	return http.DefaultClient.Do(req)
}

func TestBlackhole(t *testing.T) {
	t.Parallel()
	network := &blackhole{}
	client := connect(start(t), func(o *dynamodb.Options) { o.HTTPClient = network })
	createTable(t, client, "table")
	store := dynamofleet.New(client, "table")
	rev, err := store.Put(t.Context(), "member/a", nil, 0, 0)
	require.NoError(t, err)

	for e, err := range store.Watch(t.Context(), "member/") {
		if err != nil { // after the timeout of a query
			require.NoError(t, t.Context().Err())
			break
		}
		require.Equal(t, "member/a", e.Key)
		network.closed.Store(true)
	}

	ctx, cancel := context.WithTimeout(t.Context(), 500*time.Millisecond)
	defer cancel()
	_, _, err = store.Get(ctx, "member/a")
	require.ErrorIs(t, err, context.DeadlineExceeded)
	_, err = store.Put(ctx, "member/a", nil, rev, 0)
	require.ErrorIs(t, err, context.DeadlineExceeded)
	require.ErrorIs(t, store.Delete(ctx, "member/a", rev), context.DeadlineExceeded)
	for _, loop := range []func(context.Context, string) iter.Seq2[fleet.Entry, error]{store.List, store.Watch} {
		ctx, cancel := context.WithTimeout(t.Context(), 500*time.Millisecond)
		defer cancel()
		for _, err := range loop(ctx, "member/") {
			require.ErrorIs(t, err, context.DeadlineExceeded)
		}
	}
}
