// SPDX-License-Identifier: Apache-2.0

package fleet_test

import (
	"context"
	"flag"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/participant-go/connectparticipant/chat"
	"github.com/participant-go/connectparticipant/fleet"
)

var quotaSeeds = flag.Uint64("fleet.quota.seeds", 20, "number of seeds of TestQuotaIsNeverExceeded")

// operations are the operations with quotas, by their names for a Limiter.
var operations = []string{"CreateParticipantConnection", "GetTranscript", "SendMessage", "SendEvent"}

// quotaTrial is a fleet without chats whose members' limiters are used at random.
type quotaTrial struct {
	*world

	rng     *rand.Rand
	cuts    bool
	doing   sync.WaitGroup
	over    context.Context
	joined  int
	members []*fleet.Member // that may use a part of a quota
	open    []*fleet.Member
	links   map[*fleet.Member]*link
	most    map[string]float64
}

func TestQuotaIsNeverExceeded(t *testing.T) {
	t.Parallel()
	for seed := uint64(1); seed <= *quotaSeeds; seed++ {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				q := &quotaTrial{
					world: newWorld(t), rng: rand.New(rand.NewPCG(seed, 5)), cuts: seed%2 == 0,
					links: map[*fleet.Member]*link{}, most: map[string]float64{},
				}
				var end context.CancelFunc
				q.over, end = context.WithCancel(t.Context())
				defer q.doing.Wait()
				defer end()
				q.run()
				t.Logf("highest use of the quotas: %v", q.most)
			})
		})
	}
}

func (q *quotaTrial) run() {
	q.joinOne()
	for range 40 {
		switch n := q.rng.IntN(12); {
		case n < 3 && len(q.open) < 5:
			q.joinOne()
		case n < 7:
			q.demand()
		case len(q.open) > 1:
			m := q.open[q.rng.IntN(len(q.open))]
			q.leave(m, n)
		}
		q.sample(time.Duration(q.rng.Int64N(int64(8 * time.Second))))
	}
}

func (q *quotaTrial) joinOne() {
	q.joined++
	m, l := q.join(fmt.Sprint("m", q.joined))
	l.setFaults(linkFaults{delay: 0.3})
	if q.cuts {
		l.setFaults(linkFaults{fail: 0.1, delay: 0.3, loseResult: 0.1, writeLate: 0.1})
	}
	q.links[m] = l
	q.members = append(q.members, m)
	q.open = append(q.open, m)
}

// leave ends a member, or cuts its link for a while.
func (q *quotaTrial) leave(m *fleet.Member, how int) {
	if how >= 10 && q.cuts {
		l := q.links[m]
		l.setCut(true)
		d := time.Duration(q.rng.Int64N(int64(15 * time.Second)))
		q.doing.Go(func() {
			<-time.After(d)
			l.setCut(false)
		})
		return
	}
	q.open = slices.DeleteFunc(q.open, func(other *fleet.Member) bool { return other == m })
	switch how {
	case 7:
		q.links[m].setCut(true)
		m.Crash()
		q.dead(m)
	case 8:
		q.doing.Go(func() { _ = m.Close() })
	default:
		q.doing.Go(func() { _ = m.Drain(q.over) })
	}
}

// dead notes that no process uses the part of a member any more.
func (q *quotaTrial) dead(m *fleet.Member) {
	q.members = slices.DeleteFunc(q.members, func(other *fleet.Member) bool { return other == m })
}

// demand makes a member call for a while.
func (q *quotaTrial) demand() {
	m := q.open[q.rng.IntN(len(q.open))]
	operation := operations[q.rng.IntN(len(operations))]
	d, n := time.Duration(q.rng.Int64N(int64(30*time.Second))), 1+q.rng.IntN(10)
	q.doing.Go(func() {
		ctx, cancel := context.WithTimeout(q.over, d)
		defer cancel()
		q.keepCalling(ctx, m, operation, n)
	})
}

// sample adds up the rates of all members every 50 ms. A member whose link is cut sends messages at
// its rate until it is back, and the others may use that rate too. So with cuts, only the operations
// that serve sessions count.
func (q *quotaTrial) sample(d time.Duration) {
	for until := time.Now().Add(d); time.Now().Before(until); q.sleep(50 * time.Millisecond) {
		checked := operations
		if q.cuts {
			checked = operations[:2]
		}
		for _, operation := range checked {
			sum := 0.0
			for _, m := range q.members {
				if !m.Stats().Fenced {
					sum += m.Rate(operation)
				}
			}
			used := sum / chat.DefaultQuotas()[operation].Rate
			q.most[operation] = max(q.most[operation], used)
			require.LessOrEqual(q.t, used, 1+1e-9, "%s after %d joins", operation, q.joined)
		}
	}
}

// Idle members leave their parts to a busy one.
func TestBusyMemberGetsWhatIdleOnesDoNotNeed(t *testing.T) {
	t.Parallel()
	for _, n := range []int{2, 4, 10} {
		t.Run(fmt.Sprint(n, " members"), func(t *testing.T) {
			t.Parallel()
			inWorld(t, func(w *world) {
				t := w.t
				var members []*fleet.Member
				for i := range n {
					m, _ := w.join(fmt.Sprint("m", i+1))
					members = append(members, m)
				}
				w.sleep(20300 * time.Millisecond)
				quota := chat.DefaultQuotas()[operations[0]].Rate
				ctx, cancel := context.WithCancel(t.Context())
				var busy sync.WaitGroup
				defer busy.Wait()
				defer cancel()
				busy.Go(func() { w.keepCalling(ctx, members[0], operations[0], 20) })
				began := time.Now()
				for members[0].Rate(operations[0]) < 0.9*quota && time.Since(began) < time.Minute {
					w.sleep(50 * time.Millisecond)
				}
				t.Logf("of %d members a busy one has %.0f %% of the quota after %s", n, 100*members[0].Rate(operations[0])/quota, time.Since(began))
				require.LessOrEqual(t, time.Since(began), 6*time.Second)

				busy.Go(func() { w.keepCalling(ctx, members[1], operations[0], 20) })
				began = time.Now()
				for members[1].Rate(operations[0]) < 0.45*quota && time.Since(began) < time.Minute {
					w.sleep(50 * time.Millisecond)
				}
				t.Logf("of %d members a second busy one has %.0f %% of the quota after %s", n, 100*members[1].Rate(operations[0])/quota, time.Since(began))
				require.LessOrEqual(t, time.Since(began), 6*time.Second)
			})
		})
	}
}

// keepCalling keeps n calls of a member waiting until ctx ends.
func (w *world) keepCalling(ctx context.Context, m *fleet.Member, operation string, n int) {
	var calls sync.WaitGroup
	for range n {
		calls.Go(func() {
			for m.Limiter().Wait(ctx, operation, chat.PriorityNormal) == nil {
				m.Limiter().Done(operation)
			}
		})
	}
	calls.Wait()
}

// A limiter returns the error of the context that it was given, whatever ended that.
func TestLimiterReturnsTheErrorOfItsContext(t *testing.T) {
	t.Parallel()
	inWorld(t, func(w *world) {
		a, _ := w.join("a")
		ctx, cancel := context.WithCancelCause(w.t.Context())
		cancel(fleet.ErrClosed) // as the context of a handler that continues after Close
		require.ErrorIs(w.t, a.Limiter().Wait(ctx, connections, chat.PriorityHigh), context.Canceled)
		require.NoError(w.t, a.Limiter().Wait(w.t.Context(), "StartChatContact", chat.PriorityHigh))
		require.NoError(w.t, a.Close())
		for range 20 {
			require.ErrorIs(w.t, a.Limiter().Wait(w.t.Context(), "StartChatContact", chat.PriorityHigh), fleet.ErrClosed)
		}
	})
}
