// SPDX-License-Identifier: Apache-2.0

package chat

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// beating returns the state after the first heartbeats, which were sent at began.
func beating(t *testing.T) *heartbeat {
	t.Helper()
	h := &heartbeat{tick: began, begun: true}
	requireBeat(t, h, began)
	return h
}

func requireBeat(t *testing.T, h *heartbeat, now instant) {
	t.Helper()
	send, err := h.beat(now)
	require.NoError(t, err)
	require.True(t, send)
}

func TestHeartbeatsAreSentEveryTenSeconds(t *testing.T) {
	t.Parallel()
	h := beating(t)
	h.alive()
	h.pong(200)
	for _, d := range []time.Duration{0, time.Second, heartbeatEvery - 1} {
		send, err := h.beat(began.Add(d))
		require.NoError(t, err)
		require.False(t, send, "after %v", d)
	}
	require.Equal(t, began.Add(10*time.Second), h.tick)
	requireBeat(t, h, began.Add(10*time.Second))
	require.Equal(t, began.Add(20*time.Second), h.tick)
}

func TestTheSecondHeartbeatIsAtARandomTime(t *testing.T) {
	t.Parallel()
	seen := map[instant]bool{}
	for range 20 {
		h := &heartbeat{tick: began}
		requireBeat(t, h, began)
		require.False(t, h.tick.Before(began))
		require.True(t, h.tick.Before(began.Add(heartbeatEvery)))
		seen[h.tick] = true
		h.alive()
		tick := h.tick
		requireBeat(t, h, tick)
		require.Equal(t, tick.Add(heartbeatEvery), h.tick, "only the first interval is random")
	}
	require.Greater(t, len(seen), 10)
}

func TestASilentSocketIsDead(t *testing.T) {
	t.Parallel()
	h := beating(t)
	send, err := h.beat(began.Add(10 * time.Second))
	require.ErrorIs(t, err, errSilent)
	require.False(t, send)
}

func TestAnyFrameShowsThatASocketIsAlive(t *testing.T) {
	t.Parallel()
	h := beating(t)
	for n := 1; n <= 10; n++ {
		h.alive()
		requireBeat(t, h, began.Add(time.Duration(n)*heartbeatEvery))
	}
	require.EqualValues(t, 10, h.missed, "but no ping got a response")
}

// The second heartbeat may follow the first immediately, so a shorter silence is normal.
func TestSocketIsDeadNineSecondsAfterAHeartbeat(t *testing.T) {
	t.Parallel()
	for wait, dead := range map[time.Duration]bool{
		time.Millisecond: false, 9*time.Second - 1: false, 9 * time.Second: true,
	} {
		h := beating(t)
		h.tick = began.Add(wait)
		_, err := h.beat(h.tick)
		require.Equal(t, dead, err != nil, "after %v", wait)
		if !dead {
			require.Equal(t, began, h.unackedSince, "the first heartbeat after the last frame counts")
		}
	}
}

// The process may have been suspended, and the responses may be in the socket's buffer.
func TestLateTickDoesNotFindASocketDead(t *testing.T) {
	t.Parallel()
	for late, judges := range map[time.Duration]bool{
		2 * time.Second: true, 2*time.Second + 1: false, time.Hour: false,
	} {
		h := beating(t)
		at := began.Add(heartbeatEvery + late)
		send, err := h.beat(at)
		require.Equal(t, judges, err != nil, "%v late", late)
		if judges {
			continue
		}
		require.True(t, send)
		require.Zero(t, h.missed)
		require.Equal(t, at, h.unackedSince)
		_, err = h.beat(at.Add(heartbeatEvery))
		require.ErrorIs(t, err, errSilent, "the next tick finds it dead")
	}
}

func TestPingsAreMissedInARow(t *testing.T) {
	t.Parallel()
	h := beating(t)
	require.True(t, h.pong(500))
	require.EqualValues(t, 1, h.missed)
	h.alive()
	requireBeat(t, h, began.Add(10*time.Second))
	require.EqualValues(t, 1, h.missed, "the bad response is not counted twice")
	h.alive()
	requireBeat(t, h, began.Add(20*time.Second))
	require.EqualValues(t, 2, h.missed, "no response is a missed ping too")
	require.False(t, h.pong(200))
	require.Zero(t, h.missed)
}

// silence advances the clock without responses to pings; frames means that other frames arrive.
func (f *fixture) silence(d time.Duration, frames bool) {
	f.now = f.now.Add(d)
	if frames {
		f.conn.cur.heartbeat.alive()
	}
}

func TestSilentSocketIsReplaced(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	k := f.connect()
	require.Same(t, k, one[sendHeartbeats](f).socket)
	for f.conn.isUp() {
		f.silence(f.conn.cur.heartbeat.tick.Sub(f.now), false)
		require.LessOrEqual(t, f.now.Sub(began), 2*heartbeatEvery)
		todo, _ := f.runStep()
		if closing := tasks[closeSocket](todo); len(closing) > 0 {
			require.Same(t, k, closing[0].socket)
			require.Empty(t, tasks[sendHeartbeats](todo))
		}
	}
	require.Less(t, f.conn.dialAt.Sub(f.now), time.Second)
	require.Equal(t, []Event{ConnectionChanged{Cause: errSilent}}, f.events())
}

// An outage of the service behind the gateway must not cause a storm of renewals.
func TestSocketWithoutPongsIsReplacedSeldom(t *testing.T) {
	t.Parallel()
	f := connected(t)
	var dials []instant
	for f.now.Sub(began) < 12*time.Minute {
		todo, next := f.runStep()
		if len(tasks[startDial](todo)) > 0 {
			dials = append(dials, f.now)
			f.subscribe()
			_, next = f.runStep()
		}
		if kind := tasks[startPass](todo); len(kind) > 0 {
			f.complete()
		}
		f.silence(max(next, 1), true)
	}
	require.Len(t, dials, 3)
	require.LessOrEqual(t, dials[0].Sub(began), time.Minute)
	for n := range dials[1:] {
		require.GreaterOrEqual(t, dials[n+1].Sub(dials[n]), 5*time.Minute)
	}
	require.Empty(t, f.events())
}
