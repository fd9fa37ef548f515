// SPDX-License-Identifier: Apache-2.0

package chat

import (
	"context"
	"errors"
	"reflect"
	"sync"
	"time"

	"github.com/aws/smithy-go/metrics"
)

// meterScope is the name of the Meter.
const meterScope = "github.com/participant-go/connectparticipant/chat"

// instruments are shared by all sessions with the same MeterProvider.
type instruments struct {
	live       metrics.Int64UpDownCounter
	connects   metrics.Int64Counter
	recovered  metrics.Int64Counter
	late       metrics.Int64Counter
	behind     metrics.Int64Counter
	unreadable metrics.Int64Counter
	throttled  metrics.Int64Counter
	wait       metrics.Float64Histogram
	delay      metrics.Float64Histogram
}

// meters maps each provider to its *instruments. It is never cleared: a program has one provider, or
// none.
var meters sync.Map

// instrumentsOf returns the instruments of a provider; nil without one.
func instrumentsOf(provider metrics.MeterProvider) (*instruments, error) {
	if _, off := provider.(metrics.NopMeterProvider); off || provider == nil {
		return nil, nil
	}
	if !reflect.TypeOf(provider).Comparable() {
		return newInstruments(provider)
	}
	if known, ok := meters.Load(provider); ok {
		return known.(*instruments), nil
	}
	made, err := newInstruments(provider)
	if err != nil {
		return nil, err
	}
	known, _ := meters.LoadOrStore(provider, made)
	return known.(*instruments), nil
}

func newInstruments(provider metrics.MeterProvider) (*instruments, error) {
	meter := provider.Meter(meterScope)
	var i instruments
	var errs [9]error
	i.live, errs[0] = meter.Int64UpDownCounter("chat.sessions.live", describe("{session}", "Sessions that are connected, or reconnecting."))
	i.connects, errs[1] = meter.Int64Counter("chat.connects", describe("{connection}", "Sockets subscribed, by kind: start, reconnect or renewal."))
	i.recovered, errs[2] = meter.Int64Counter("chat.items.recovered", describe("{item}", "Items found in the transcript that had not arrived from a socket."))
	i.late, errs[3] = meter.Int64Counter("chat.items.late", describe("{item}", "Items delivered after a later one."))
	i.behind, errs[4] = meter.Int64Counter("chat.items.behind", describe("{item}", "Live items discarded because the caller was slow, and read from the transcript later."))
	i.unreadable, errs[5] = meter.Int64Counter("chat.items.unreadable", describe("{item}", "Frames and items that could not be decoded."))
	i.throttled, errs[6] = meter.Int64Counter("chat.calls.throttled", describe("{call}", "Responses with status 429, by operation."))
	i.wait, errs[7] = meter.Float64Histogram("chat.limiter.wait", describe("s", "Time that calls waited for the Limiter, by operation."))
	i.delay, errs[8] = meter.Float64Histogram("chat.event.delay", describe("s", "Time from the arrival of an item until Next returned its event."))
	return &i, errors.Join(errs[:]...)
}

func describe(unit, description string) metrics.InstrumentOption {
	return func(o *metrics.InstrumentOptions) { o.UnitLabel, o.Description = unit, description }
}

// sessionMeter reports the metrics of one session. Only the loop reports counts, one run at a time,
// and without the lock, because a provider is the user's code.
type sessionMeter struct {
	*instruments

	reported Stats
	live     bool
}

// report reports the changes since the last report.
func (m *sessionMeter) report(stats Stats, live bool) {
	if live != m.live {
		m.liveChanged(live)
	}
	m.add(m.connects, stats.Reconnects-m.reported.Reconnects, "kind", "reconnect")
	m.add(m.connects, stats.Renewals-m.reported.Renewals, "kind", "renewal")
	m.add(m.recovered, stats.Recovered-m.reported.Recovered)
	m.add(m.late, stats.Late-m.reported.Late)
	m.add(m.behind, stats.Behind-m.reported.Behind)
	m.add(m.unreadable, stats.Unreadable-m.reported.Unreadable)
	m.reported, m.live = stats, live
}

func (m *sessionMeter) liveChanged(live bool) {
	change := int64(-1)
	if live {
		change = 1
		m.add(m.connects, 1, "kind", "start")
	}
	m.instruments.live.Add(context.Background(), change)
}

// add adds n to a counter. attribute is a name and a value, or nothing.
func (*sessionMeter) add(counter metrics.Int64Counter, n int, attribute ...string) {
	if n != 0 {
		counter.Add(context.Background(), int64(n), with(attribute))
	}
}

func with(attribute []string) metrics.RecordMetricOption {
	return func(o *metrics.RecordMetricOptions) {
		if len(attribute) == 2 {
			o.Properties.Set(attribute[0], attribute[1])
		}
	}
}

// countThrottled counts a response with status 429. It may be called concurrently.
func (m *sessionMeter) countThrottled(operation string) {
	if m != nil {
		m.add(m.throttled, 1, "rpc.method", operation)
	}
}

// recordWait records how long a call waited for the Limiter.
func (m *sessionMeter) recordWait(ctx context.Context, operation string, waited time.Duration) {
	if m != nil {
		m.wait.Record(ctx, waited.Seconds(), with([]string{"rpc.method", operation}))
	}
}

// recordDelay records the time from the arrival of an item until the caller received it.
func (m *sessionMeter) recordDelay(ctx context.Context, arrived instant) {
	if m != nil && !arrived.IsZero() {
		m.delay.Record(ctx, now().Sub(arrived).Seconds())
	}
}
