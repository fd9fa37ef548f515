// SPDX-License-Identifier: Apache-2.0

package fleet_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/participant-go/connectparticipant/fleet"
)

// connectionRates returns the sum of the members' rates of CreateParticipantConnection.
func connectionRates(members ...*fleet.Member) (sum float64) {
	for _, m := range members {
		sum += m.Rate(connections)
	}
	return sum
}

// requireRatesWithinQuota requires for some time that the members' rates don't exceed the quota.
func (w *world) requireRatesWithinQuota(d time.Duration, members ...*fleet.Member) {
	w.t.Helper()
	for begun := time.Now(); time.Since(begun) < d; w.sleep(50 * time.Millisecond) {
		require.LessOrEqual(w.t, connectionRates(members...), connectionQuota+1e-9)
	}
}

func TestRatesStayWithinTheQuotaWhenMembersJoinAndDie(t *testing.T) {
	t.Parallel()
	inWorld(t, func(w *world) {
		slow := func(before, after time.Duration) *hooks {
			h := &hooks{}
			h.delayPuts("quota/", before, after)
			return h
		}
		ha := slow(0, 1900*time.Millisecond)
		members := []*fleet.Member{w.joinThrough("a", ha)}
		w.sleep(10 * time.Second)
		require.InDelta(w.t, 6, members[0].Rate(connections), 1e-9)
		members = append(members, w.joinThrough("b", slow(0, 0)))
		w.requireRatesWithinQuota(30*time.Second, members...)
		members = append(members, w.joinThrough("c", slow(700*time.Millisecond, 0)),
			w.joinThrough("d", slow(700*time.Millisecond, 700*time.Millisecond)))
		w.requireRatesWithinQuota(30*time.Second, members...)
		require.Positive(w.t, members[1].Rate(connections))
		require.Positive(w.t, members[2].Rate(connections))
		require.Positive(w.t, members[3].Rate(connections))
		ha.Store.(*link).setCut(true)
		members[0].Crash()
		members = members[1:]
		w.requireRatesWithinQuota(30*time.Second, members...)
		require.InDelta(w.t, connectionQuota, connectionRates(members...), 0.7)
	})
}

// A member uses a part of a quota only after writing it: if two want the same part, one gets it.
func TestTwoMembersDoNotTakeTheSamePartOfAQuota(t *testing.T) {
	t.Parallel()
	inWorld(t, func(w *world) {
		var members []*fleet.Member
		for _, id := range []string{"a", "b"} {
			h := &hooks{}
			h.delayPuts("quota/", 500*time.Millisecond, 0)
			members = append(members, w.joinThrough(id, h))
		}
		w.requireRatesWithinQuota(10*time.Second, members...)
	})
}

// A member that has taken its lease back has no part of the quotas until it has read the parts of others.
func TestMemberHasNoRateAfterItWasFenced(t *testing.T) {
	t.Parallel()
	inWorld(t, func(w *world) {
		a, link := w.join("a")
		b, _ := w.join("b")
		w.sleep(20 * time.Second)
		require.Positive(w.t, a.Rate(connections))
		link.setCut(true)
		w.sleep(10 * time.Second)
		require.True(w.t, a.Stats().Fenced)
		require.Zero(w.t, a.Rate(connections))
		link.setCut(false)
		w.requireRatesWithinQuota(20*time.Second, a, b)
		require.Positive(w.t, a.Rate(connections))
	})
}

// When the engine has lost the parts of the quotas, no member gets more until all have written theirs
// again.
func TestRatesStayWithinTheQuotaAfterTheEngineLostThem(t *testing.T) {
	t.Parallel()
	inWorld(t, func(w *world) {
		var members []*fleet.Member
		for _, id := range []string{"a", "b", "c"} {
			m, _ := w.join(id)
			members = append(members, m)
			w.sleep(10350 * time.Millisecond)
		}
		kept := w.engine.snapshot()
		require.NoError(w.t, kept.Delete(w.t.Context(), "quota/shares", 0))
		w.engine.restartFrom(kept)
		w.requireRatesWithinQuota(30*time.Second, members...)
		require.Positive(w.t, members[2].Rate(connections))
	})
}
