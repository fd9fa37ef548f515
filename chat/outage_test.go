// SPDX-License-Identifier: Apache-2.0

package chat_test

import (
	"context"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/stretchr/testify/require"

	"github.com/participant-go/connectparticipant"
	"github.com/participant-go/connectparticipant/chat"
	"github.com/participant-go/connectparticipant/participanttest"
)

// countingRetryer counts the retries taken from the quota of a client.
type countingRetryer struct {
	*retry.Standard

	retries *atomic.Int32
}

func (r countingRetryer) GetRetryToken(ctx context.Context, err error) (func(error) error, error) {
	r.retries.Add(1)
	return r.Standard.GetRetryToken(ctx, err)
}

// A client has one quota of retries for all of its calls, which an outage uses up immediately. The
// sessions don't use it.
func TestManySessionsOfOneClientSurviveAShortOutage(t *testing.T) {
	t.Parallel()
	inBubble(t, func(b *bubble) {
		const sessions, sends = 150, 3
		var retries atomic.Int32
		b.client = connectparticipant.New(b.client.Options(), func(o *connectparticipant.Options) {
			o.Retryer = countingRetryer{retry.NewStandard(), &retries}
		})
		all := make([]*chat.Session, sessions)
		for i := range all {
			b.contact = b.srv.NewChat()
			all[i] = b.start()
		}
		b.settle()
		outage := b.srv.Inject(participanttest.Fault{Effect: participanttest.RespondHTML(http.StatusServiceUnavailable)})
		time.AfterFunc(3700*time.Millisecond, outage.Remove)
		var (
			sending sync.WaitGroup
			failed  atomic.Int32
		)
		for _, s := range all {
			for range sends {
				sending.Go(func() {
					if _, err := s.Send(b.t.Context(), "hello"); err != nil {
						failed.Add(1)
					}
				})
			}
		}
		sending.Wait()
		require.Zero(b.t, failed.Load())
		require.Greater(b.t, b.srv.Count(sendMessage), 2*sessions*sends, "the outage was noticed")
		require.Zero(b.t, retries.Load())
	})
}
