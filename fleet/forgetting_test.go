// SPDX-License-Identifier: Apache-2.0

package fleet_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/participant-go/connectparticipant/fleet"
)

// A save that finds the record of an earlier owner, in an engine that has gone back in time, doesn't
// give the chat up: no connection is closed and no epoch is used twice.
func TestSaveInAnEngineThatHasGoneBackInTime(t *testing.T) {
	t.Parallel()
	inWorld(t, func(w *world) {
		a, _ := w.join("a")
		everyEvent := func(o *fleet.Options) { o.SaveEvery = 0 }
		b, _ := w.join("b", everyEvent)
		ids := w.add(a, 3)
		w.sleep(20 * time.Second)
		past := w.engine.snapshot()
		a.Crash()
		w.sleep(20 * time.Second)
		require.Equal(t, 3, b.Stats().Held)
		connections := w.srv.Count("CreateParticipantConnection")

		w.engine.restartFrom(past)
		for _, id := range ids {
			w.chats[id].Agent.Say("before the next renewal of the lease")
		}
		w.sleep(30 * time.Second)
		require.Equal(t, 3, b.Stats().Held)
		require.Zero(t, b.Stats().Lost)
		require.Equal(t, connections, w.srv.Count("CreateParticipantConnection"))
		w.everything(1)
	})
}
