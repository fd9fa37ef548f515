// SPDX-License-Identifier: Apache-2.0

package fleet

import (
	"context"
	"errors"

	"github.com/aws/smithy-go/metrics"
)

// meterScope is the scope of the instruments.
const meterScope = "github.com/participant-go/connectparticipant/fleet"

// meter holds the instruments.
type meter struct {
	chats     metrics.Int64UpDownCounter
	claims    metrics.Int64Counter
	handOvers metrics.Int64Counter
	renewals  metrics.Int64Counter
	fenced    metrics.Int64Counter
	saves     metrics.Int64Counter
	retries   metrics.Int64Counter
}

func newMeter(provider metrics.MeterProvider) (*meter, error) {
	if provider == nil {
		provider = metrics.NopMeterProvider{}
	}
	of := provider.Meter(meterScope)
	var m meter
	var errs [7]error
	m.chats, errs[0] = of.Int64UpDownCounter("fleet.chats.held", describe("{chat}", "Chats that the member owns."))
	m.claims, errs[1] = of.Int64Counter("fleet.chats.claimed", describe("{chat}", "Chats taken over from other members."))
	m.handOvers, errs[2] = of.Int64Counter("fleet.chats.handed_over", describe("{chat}", "Chats handed over to other members."))
	m.renewals, errs[3] = of.Int64Counter("fleet.lease.renewals", describe("{renewal}", "Renewals of the member's lease."))
	m.fenced, errs[4] = of.Int64Counter("fleet.lease.lost", describe("{loss}", "Losses of the member's lease."))
	m.saves, errs[5] = of.Int64Counter("fleet.states.saved", describe("{save}", "States of chats saved."))
	m.retries, errs[6] = of.Int64Counter("fleet.events.retried", describe("{event}", "Events that the handler failed to handle."))
	return &m, errors.Join(errs[:]...)
}

func describe(unit, description string) metrics.InstrumentOption {
	return func(o *metrics.InstrumentOptions) { o.UnitLabel, o.Description = unit, description }
}

func (*meter) count(counter metrics.Int64Counter) { counter.Add(context.Background(), 1) }

func (m *meter) held(n int64) { m.chats.Add(context.Background(), n) }
