// SPDX-License-Identifier: Apache-2.0

package main

import (
	"math/rand/v2"
	"os"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/participant-go/connectparticipant/internal/porttest"
)

// A kill loses nothing and duplicates at most the event in progress of each chat.
func TestKill(t *testing.T) {
	t.Parallel()
	for name, run := range map[string]struct {
		engine func(*testing.T) (flags, env []string)
		kills  int
	}{"NATS": {onNATS, *kills}, "DynamoDB": {onDynamoDB, min(*kills, max(3, *kills/10))}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			flags, env := run.engine(t)
			w := newWorld(t, flags, env)
			w.add(12, w.startAll(3, "-save-every", "0")...)
			stop := w.traffic(300 * time.Millisecond)
			begun := time.Now()
			for n := 0; n < run.kills || time.Since(begun) < *runTime; n++ {
				sleep(time.Second + rand.N(3*time.Second))
				running := w.running()
				w.kill(running[rand.N(len(running))])
				w.start("-save-every", "0")
			}
			stop()
			r := w.result()
			require.Greater(t, r.epoch, uint64(1))
			require.Zero(t, r.unexplained)
		})
	}
}

// A process that is frozen for less than its lease continues. After a longer freeze, it finds that
// others own its chats, and finishes at most the event in progress of each.
func TestFreeze(t *testing.T) {
	t.Parallel()
	for name, frozen := range map[string]time.Duration{"below the lease": 2 * time.Second, "above the lease": 15 * time.Second} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			flags, env := onNATS(t)
			w := newWorld(t, flags, env)
			processes := w.startAll(3, "-save-every", "0")
			w.add(9, processes...)
			stop, stopSends := w.traffic(200*time.Millisecond), w.sends(2*time.Second)
			sleep(8 * time.Second) // long enough for the others to claim
			w.signal(processes[0], syscall.SIGSTOP)
			sleep(frozen)
			w.signal(processes[0], syscall.SIGCONT)
			sleep(4 * time.Second)
			stopSends()
			stop()
			r := w.result()
			require.Zero(t, r.unexplained)
			if frozen < 6*time.Second {
				require.EqualValues(t, 1, r.epoch)
				return
			}
			require.EqualValues(t, 2, r.epoch)
			require.LessOrEqual(t, r.mostStale, 1)
			w.eventually("the process has released its chats", func() bool {
				s := w.stats(processes[0])
				return s.Held == 0 && !s.Fenced && s.Members == 3
			})
		})
	}
}

// If two processes claim the same chats, each chat gets one of them as its owner.
func TestTwoClaimers(t *testing.T) {
	t.Parallel()
	flags, env := onNATS(t)
	w := newWorld(t, flags, env)
	first := w.start("-save-every", "0")
	w.add(10, first)
	stop := w.traffic(300 * time.Millisecond)
	sleep(time.Second)
	w.kill(first)
	both := w.startAll(2, "-save-every", "0")
	w.eventually("both own the chats", func() bool { return w.stats(both[0]).Held+w.stats(both[1]).Held == 10 })
	stop()
	r := w.result()
	require.EqualValues(t, 2, r.epoch)
	require.Zero(t, r.unexplained)
	require.Equal(t, 10, w.stats(both[0]).Claimed+w.stats(both[1]).Claimed)
}

// A process that can't reach the engine leaves its chats to the others.
func TestCutOff(t *testing.T) {
	t.Parallel()
	flags, env := onNATS(t)
	w := newWorld(t, flags, env)
	network := startBlackhole(t, flags[1])
	others := w.startAll(2, "-save-every", "0")
	w.store = []string{"-nats", network.url}
	cutOff := w.start("-save-every", "0")
	w.add(9, append(others, cutOff)...)
	stop := w.traffic(200 * time.Millisecond)
	sleep(8 * time.Second) // long enough for the others to claim
	network.closed.Store(true)
	w.eventually("the others own all chats", func() bool {
		return w.stats(others[0]).Held+w.stats(others[1]).Held == 9 && w.stats(cutOff).Fenced
	})
	sleep(3 * time.Second)
	network.closed.Store(false)
	w.eventually("the process is back", func() bool {
		s := w.stats(cutOff)
		return !s.Fenced && s.Held == 0 && s.Members == 3
	})
	stop()
	r := w.result()
	require.EqualValues(t, 2, r.epoch)
	require.Zero(t, r.stale)
	require.Zero(t, r.unexplained)
}

// While the engine is unreachable, no connection is closed. Handling continues when it is reachable
// again, even if it has lost claims.
func TestEngineAway(t *testing.T) {
	t.Parallel()
	dir, old, port := t.TempDir(), t.TempDir(), porttest.Free(t)
	engine := startNATS(t, dir, port)
	w := newWorld(t, []string{"-nats", engine.URL()}, nil)
	processes := w.startAll(3)
	w.add(9, processes...)
	stop := w.traffic(300 * time.Millisecond)
	sleep(8 * time.Second)
	connections := w.srv.Count("CreateParticipantConnection")
	require.NoError(t, engine.Close())
	require.NoError(t, os.CopyFS(old, os.DirFS(dir)))
	sleep(15 * time.Second)
	for _, p := range processes {
		require.True(t, w.stats(p).Fenced)
	}
	engine = startNATS(t, dir, port)
	w.eventually("all have their lease", w.unfenced)
	require.Equal(t, connections, w.srv.Count("CreateParticipantConnection"))

	sleep(2 * time.Second) // until what was handled is saved
	w.kill(processes[0])
	w.eventually("the others own all chats", func() bool { return w.stats(processes[1]).Held+w.stats(processes[2]).Held == 9 })
	w.eventually("they are connected", func() bool {
		a, b := w.stats(processes[1]), w.stats(processes[2])
		return a.Held+b.Held == 9 && a.Waiting+b.Waiting == 0 // a call may fail, and then both are 0
	})
	connections = w.srv.Count("CreateParticipantConnection")
	require.NoError(t, engine.Close())
	sleep(time.Second)
	startNATS(t, old, port)
	w.eventually("all are fenced, or were", func() bool { return w.stats(processes[1]).Members == 2 })
	w.eventually("all have their lease", w.unfenced)
	stop()
	require.Equal(t, connections, w.srv.Count("CreateParticipantConnection"))
	require.Equal(t, 9, w.stats(processes[1]).Held+w.stats(processes[2]).Held)
	r := w.result()
	require.EqualValues(t, 2, r.epoch)
	require.Zero(t, r.stale)
}

func (w *world) unfenced() bool {
	for _, p := range w.running() {
		if s := w.stats(p); s.Fenced || s.Members != len(w.running()) {
			return false
		}
	}
	return true
}

// A deployment of all processes loses and duplicates nothing, sends nothing twice, and stays within the quotas.
func TestRollingDeploy(t *testing.T) {
	t.Parallel()
	for name, engine := range map[string]func(*testing.T) (flags, env []string){"NATS": onNATS, "DynamoDB": onDynamoDB} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			flags, env := engine(t)
			w := newWorld(t, flags, env)
			w.add(12, w.startAll(3, "-drain", "1s")...)
			stop, stopSends := w.traffic(300*time.Millisecond), w.sends(3*time.Second)
			begun := time.Now()
			for n := 0; n < 3 || time.Since(begun) < *runTime; n++ {
				old := w.running()[0]
				w.start("-drain", "1s")
				sleep(8 * time.Second) // until the new process accepts chats
				w.forget(old)          // as a load balancer does
				w.signal(old, syscall.SIGTERM)
				w.awaitEnd(old)
				require.Zero(t, old.cmd.ProcessState.ExitCode(), "%s", &old.log)
			}
			t.Logf("%d messages sent", stopSends())
			stop()
			require.Zero(t, w.result().duplicates)
		})
	}
}
