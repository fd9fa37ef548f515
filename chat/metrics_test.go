// SPDX-License-Identifier: Apache-2.0

package chat_test

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/smithy-go/metrics"
	"github.com/stretchr/testify/require"

	"github.com/participant-go/connectparticipant/chat"
	"github.com/participant-go/connectparticipant/participanttest"
)

// recorder is a MeterProvider that keeps sums by instrument and attributes.
type recorder struct {
	mu    sync.Mutex
	sums  map[string]float64
	times map[string]int
	err   error // returned for each instrument
}

func newRecorder() *recorder { return &recorder{sums: map[string]float64{}, times: map[string]int{}} }

func (r *recorder) Meter(string, ...metrics.MeterOption) metrics.Meter { return metered{recorder: r} }

func (r *recorder) sum(key string) int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return int(r.sums[key])
}

func (r *recorder) count(key string) int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.times[key]
}

func (r *recorder) record(name string, value float64, opts []metrics.RecordMetricOption) {
	var o metrics.RecordMetricOptions
	for _, opt := range opts {
		opt(&o)
	}
	key := name
	for attribute, value := range o.Properties.Values() {
		key += fmt.Sprintf(" %v=%v", attribute, value)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.sums[key] += value
	r.times[key]++
}

// metered is the Meter of a recorder.
type metered struct {
	metrics.Meter

	recorder *recorder
}

func (m metered) Int64Counter(name string, _ ...metrics.InstrumentOption) (metrics.Int64Counter, error) {
	return counted{m.recorder, name}, m.recorder.err
}

func (m metered) Int64UpDownCounter(name string, _ ...metrics.InstrumentOption) (metrics.Int64UpDownCounter, error) {
	return counted{m.recorder, name}, m.recorder.err
}

func (m metered) Float64Histogram(name string, _ ...metrics.InstrumentOption) (metrics.Float64Histogram, error) {
	return timed{m.recorder, name}, m.recorder.err
}

type counted struct {
	recorder *recorder
	name     string
}

func (c counted) Add(_ context.Context, n int64, opts ...metrics.RecordMetricOption) {
	c.recorder.record(c.name, float64(n), opts)
}

type timed struct {
	recorder *recorder
	name     string
}

func (h timed) Record(_ context.Context, v float64, opts ...metrics.RecordMetricOption) {
	h.recorder.record(h.name, v, opts)
}

var metricsSessions = flag.Int("metrics.sessions", 200, "the number of sessions in TestMetricsAddUp")

// The metrics of many sessions whose sockets are cut equal the sums of their Stats and the fake's counts.
func TestMetricsAddUp(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		sessions := *metricsSessions
		b := newBubble(t, func(o *participanttest.Options) { o.ConnectionExpiryShown = 10 * time.Minute })
		meter, limiter := newRecorder(), newCountingLimiter()
		contacts, all := make([]*participanttest.Contact, sessions), make([]*chat.Session, sessions)
		var events sync.WaitGroup
		for i := range all {
			contacts[i] = b.srv.NewChat()
			b.contact = contacts[i]
			all[i] = b.start(func(o *chat.Options) { o.MeterProvider, o.Limiter = meter, limiter })
			events.Go(func() { consume(all[i]) })
		}
		synctest.Wait()
		require.Equal(t, sessions, meter.sum("chat.sessions.live"))
		b.srv.Inject(participanttest.Fault{On: participanttest.OnPush, Chance: 0.1, Effect: participanttest.Lose()})
		b.srv.Inject(participanttest.Fault{On: participanttest.OnPush, Chance: 0.1, Effect: participanttest.Delay(time.Second)})
		b.srv.Inject(participanttest.Fault{On: "GetTranscript", Chance: 0.05, Effect: participanttest.Fail(429, "ThrottlingException")})
		cuts := 0
		for range 10 * sessions {
			c := contacts[rand.N(sessions)]
			c.Agent.Say("hello")
			if rand.N(5) == 0 {
				cuts += min(1, c.Customer.Sockets())
				c.Customer.CutSockets()
			}
			b.sleep(10 * time.Millisecond)
		}
		b.sleep(12 * time.Minute)
		b.addUp(meter, limiter, contacts, all, cuts)
		for _, s := range all {
			require.NoError(t, s.Close())
		}
		events.Wait()
		require.Zero(t, meter.sum("chat.sessions.live"))
	})
}

func consume(s *chat.Session) {
	for {
		if _, err := s.Next(context.Background()); err != nil {
			return
		}
	}
}

func (b *bubble) addUp(meter *recorder, limiter *countingLimiter, contacts []*participanttest.Contact, all []*chat.Session, cuts int) {
	b.t.Helper()
	var sum chat.Stats
	for _, s := range all {
		require.NoError(b.t, s.Err())
		addStats(&sum, s.Stats())
	}
	require.Equal(b.t, cuts, sum.Reconnects)
	require.Equal(b.t, b.srv.Count("WebSocket"), len(all)+sum.Reconnects+sum.Renewals)
	require.Equal(b.t, len(all), meter.sum("chat.connects kind=start"))
	require.Equal(b.t, sum.Reconnects, meter.sum("chat.connects kind=reconnect"))
	require.Equal(b.t, sum.Renewals, meter.sum("chat.connects kind=renewal"))
	require.Positive(b.t, sum.Recovered)
	require.Equal(b.t, sum.Recovered, meter.sum("chat.items.recovered"))
	require.Positive(b.t, sum.Late)
	require.Equal(b.t, sum.Late, meter.sum("chat.items.late"))
	require.Equal(b.t, sum.Behind, meter.sum("chat.items.behind"))
	require.Positive(b.t, sum.Throttled)
	require.Equal(b.t, sum.Throttled, meter.sum("chat.calls.throttled rpc.method=GetTranscript"))
	require.Equal(b.t, limiter.count(limiter.throttled, "GetTranscript"), sum.Throttled)
	require.Equal(b.t, limiter.count(limiter.waits, "GetTranscript"), meter.count("chat.limiter.wait rpc.method=GetTranscript"))
	require.Equal(b.t, b.srv.Count(create), meter.count("chat.limiter.wait rpc.method="+create))
	kept := 0
	for _, c := range contacts {
		kept += len(c.Transcript())
	}
	require.Equal(b.t, kept, meter.count("chat.event.delay"), "each item once")
}

func TestMetricsOfASlowCaller(t *testing.T) {
	t.Parallel()
	inBubble(t, func(b *bubble) {
		meter := newRecorder()
		s := b.start(func(o *chat.Options) { o.MeterProvider = meter })
		b.settle()
		for range 2000 {
			b.contact.Agent.Say("unread")
		}
		b.sleep(time.Minute)
		require.Equal(b.t, s.Stats().Behind, meter.sum("chat.items.behind"))
		require.Positive(b.t, s.Stats().Behind)
		b.message(s)
		require.GreaterOrEqual(b.t, meter.sum("chat.event.delay"), 60, "the event has waited for a minute")
		b.contact.PushFrame("not JSON")
		b.sleep(time.Minute)
		require.Equal(b.t, 1, meter.sum("chat.items.unreadable"))
	})
}

func TestAMeterProviderThatFails(t *testing.T) {
	t.Parallel()
	inBubble(t, func(b *bubble) {
		meter := newRecorder()
		meter.err = errors.New("no such instrument")
		_, err := chat.Start(b.t.Context(), b.client, b.contact.Customer.Token, b.options, func(o *chat.Options) { o.MeterProvider = meter })
		require.ErrorIs(b.t, err, meter.err)
		require.Zero(b.t, b.srv.Count(create))
	})
}

func TestNopMeterProviderMakesNoMeter(t *testing.T) {
	t.Parallel()
	inBubble(t, func(b *bubble) {
		s := b.start(func(o *chat.Options) { o.MeterProvider = metrics.NopMeterProvider{} })
		require.NoError(b.t, s.Close())
	})
}

// noRenewals admits no call with PriorityLow.
type noRenewals struct{ chat.Limiter }

func (l noRenewals) Wait(ctx context.Context, operation string, p chat.Priority) error {
	if p == chat.PriorityLow {
		<-ctx.Done()
		return ctx.Err()
	}
	return l.Limiter.Wait(ctx, operation, p)
}

// A renewal that becomes urgent has waited from the beginning.
func TestTheWaitOfAnUrgentRenewalIsRecorded(t *testing.T) {
	t.Parallel()
	inBubble(t, func(b *bubble) {
		r := newRecorder()
		s := b.start(func(o *chat.Options) { o.MeterProvider, o.Limiter = r, noRenewals{chat.Unlimited} })
		b.sleep(65 * time.Minute)
		require.Equal(b.t, 1, s.Stats().Renewals)
		const wait = "chat.limiter.wait rpc.method=" + create
		require.Equal(b.t, 2, r.count(wait))
		require.GreaterOrEqual(b.t, r.sum(wait), 5*60)
	})
}
