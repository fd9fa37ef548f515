// SPDX-License-Identifier: Apache-2.0

package fleet_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"sync"
	"testing"
	"time"

	"github.com/aws/smithy-go/metrics"
	"github.com/stretchr/testify/require"

	"github.com/participant-go/connectparticipant/chat"
	"github.com/participant-go/connectparticipant/fleet"
)

// meterRecorder is a MeterProvider that adds up the values of each instrument.
type meterRecorder struct {
	metrics.NopMeterProvider

	mu    sync.Mutex
	scope string
	sums  map[string]int64
	err   error // returned for each instrument
}

func (r *meterRecorder) Meter(scope string, _ ...metrics.MeterOption) metrics.Meter {
	r.scope = scope
	return recordingMeter{recorder: r}
}

// sum returns the sum of an instrument.
func (r *meterRecorder) sum(name string) int64 {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.sums[name]
}

type recordingMeter struct {
	metrics.Meter

	recorder *meterRecorder
}

func (m recordingMeter) Int64Counter(name string, _ ...metrics.InstrumentOption) (metrics.Int64Counter, error) {
	return recordingInstrument{m.recorder, name}, m.recorder.err
}

func (m recordingMeter) Float64Histogram(string, ...metrics.InstrumentOption) (metrics.Float64Histogram, error) {
	return nil, m.recorder.err // those of sessions
}

func (m recordingMeter) Int64UpDownCounter(name string, _ ...metrics.InstrumentOption) (metrics.Int64UpDownCounter, error) {
	return recordingInstrument{m.recorder, name}, m.recorder.err
}

type recordingInstrument struct {
	recorder *meterRecorder
	name     string
}

func (i recordingInstrument) Add(_ context.Context, n int64, _ ...metrics.RecordMetricOption) {
	i.recorder.mu.Lock()
	defer i.recorder.mu.Unlock()
	i.recorder.sums[i.name] += n
}

func TestMetrics(t *testing.T) {
	t.Parallel()
	inWorld(t, func(w *world) {
		t := w.t
		failures := 2
		w.handler = func(_ context.Context, _ string, _ *fleet.Held, event chat.Event) error {
			if m, ok := event.(chat.Message); ok && m.Text == "hard" && failures > 0 {
				failures--
				return errors.New("not now")
			}
			return nil
		}
		meters := map[string]*meterRecorder{}
		meter := func(id string) func(*fleet.Options) {
			meters[id] = &meterRecorder{sums: map[string]int64{}}
			return func(o *fleet.Options) { o.MeterProvider = meters[id] }
		}
		a, link := w.join("a", meter("a"))
		ids := w.add(a, 3)
		w.sleep(time.Minute)
		require.Equal(t, "github.com/participant-go/connectparticipant/fleet", meters["a"].scope)
		require.EqualValues(t, 3, meters["a"].sum("fleet.chats.held"))
		require.EqualValues(t, 30, meters["a"].sum("fleet.lease.renewals"))
		w.chats[ids[0]].Agent.Say("hard")
		w.sleep(time.Minute)
		require.EqualValues(t, 2, meters["a"].sum("fleet.events.retried"))
		require.EqualValues(t, a.Stats().Saves, meters["a"].sum("fleet.states.saved"))

		b, _ := w.join("b", meter("b"))
		w.sleep(20 * time.Second)
		link.setCut(true)
		w.sleep(20 * time.Second)
		require.EqualValues(t, 1, meters["a"].sum("fleet.lease.lost"))
		require.EqualValues(t, 3, meters["b"].sum("fleet.chats.claimed"))
		require.EqualValues(t, 3, meters["b"].sum("fleet.chats.held"))
		link.setCut(false)
		w.sleep(time.Minute)
		require.Zero(t, meters["a"].sum("fleet.chats.held"))

		w.drainNow(b)
		w.sleep(time.Minute)
		require.EqualValues(t, 3, meters["b"].sum("fleet.chats.handed_over"))
		require.Zero(t, meters["b"].sum("fleet.chats.held"))
		require.EqualValues(t, 3, meters["a"].sum("fleet.chats.held"))
		w.requireHandled(1)
	})
}

func TestJoinFailsWithTheMeterProvider(t *testing.T) {
	t.Parallel()
	failed := errors.New("no meter")
	_, err := fleet.Join(t.Context(), fleet.Memory(), nil, nil, func(o *fleet.Options) {
		o.Sealer, o.MeterProvider = fleet.Plaintext, &meterRecorder{err: failed}
	})
	require.ErrorIs(t, err, failed)
}

// A session that can't be started because of an option must not fail silently.
func TestSessionThatCannotStartIsLogged(t *testing.T) {
	t.Parallel()
	inWorld(t, func(w *world) {
		var log bytes.Buffer
		m, _ := w.join("a", func(o *fleet.Options) {
			o.Chat = func(o *chat.Options) { o.MeterProvider = &meterRecorder{err: errors.New("no such instrument")} }
			o.Logger = slog.New(slog.NewTextHandler(&log, nil))
		})
		id := w.add(m, 1)[0]
		w.sleep(time.Second)
		require.Contains(w.t, log.String(), "could not start a session")
		require.Contains(w.t, log.String(), "no such instrument")
		require.Contains(w.t, log.String(), id)
	})
}
