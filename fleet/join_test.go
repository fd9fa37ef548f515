// SPDX-License-Identifier: Apache-2.0

package fleet_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/participant-go/connectparticipant/fleet"
)

func TestJoinNamesTheInvalidOption(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		field string
		set   func(*fleet.Options)
	}{
		{"Options.Sealer", func(o *fleet.Options) { o.Sealer = nil }},
		{"Options.ID", func(o *fleet.Options) { o.ID = "" }},
		{"Options.ID", func(o *fleet.Options) { o.ID = "a/b" }},
		{"Options.ID", func(o *fleet.Options) { o.ID = "a.b" }},
		{"Options.ID", func(o *fleet.Options) { o.ID = "ä" }},
		{"Options.ID", func(o *fleet.Options) { o.ID = strings.Repeat("a", 65) }},
		{"Options.Lease", func(o *fleet.Options) { o.Lease = 2 * time.Second }},
		{"Options.Lease", func(o *fleet.Options) { o.Lease = 6500 * time.Millisecond }},
		{"Options.Renew", func(o *fleet.Options) { o.Renew = 0 }},
		{"Options.Renew", func(o *fleet.Options) { o.Renew = 2001 * time.Millisecond }},
		{"Options.SaveEvery", func(o *fleet.Options) { o.SaveEvery = -1 }},
		{"Options.MaxChats", func(o *fleet.Options) { o.MaxChats = 0 }},
	} {
		valid := func(o *fleet.Options) { o.Sealer = fleet.Plaintext }
		_, err := fleet.Join(t.Context(), fleet.Memory(), nil, nil, valid, test.set)
		require.ErrorContains(t, err, test.field+" ")
		require.ErrorContains(t, err, "join fleet: ")
	}
}

func TestSecondProcessWithTheSameIDWaits(t *testing.T) {
	t.Parallel()
	inWorld(t, func(w *world) {
		t := w.t
		a, _ := w.join("a")
		ids := w.add(a, 3)
		w.sleep(20 * time.Second)

		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		_, err := fleet.Join(ctx, w.engine.link(1), w.client, w.handle("a"), w.options("a"))
		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.ErrorContains(t, err, "another process uses the ID a")
		require.False(t, a.Stats().Fenced)
		require.Equal(t, 3, a.Stats().Held)

		a.Crash()
		for _, id := range ids {
			w.chats[id].Agent.Say("while no member owns the chat")
		}
		began := time.Now()
		again, _ := w.join("a")
		require.LessOrEqual(t, time.Since(began), lease+time.Second)
		w.sleep(30 * time.Second)
		require.Equal(t, 3, again.Stats().Held)
		w.requireHandled(1)
	})
}

func TestRestartWithTheSameIDAfterClose(t *testing.T) {
	t.Parallel()
	inWorld(t, func(w *world) {
		t := w.t
		a, _ := w.join("a")
		b, _ := w.join("b")
		w.add(a, 3)
		w.sleep(20 * time.Second)
		require.NoError(t, a.Close())
		began := time.Now()
		w.join("a")
		require.Less(t, time.Since(began), time.Second, "no process uses the ID any more")
		w.sleep(20 * time.Second)
		require.Equal(t, 3, b.Stats().Held)
		require.Equal(t, 2, b.Stats().Members)
		w.requireHandled(1)
	})
}

func TestJoinFailsWithoutTheStore(t *testing.T) {
	t.Parallel()
	inWorld(t, func(w *world) {
		t := w.t
		w.engine.stop()
		_, err := fleet.Join(t.Context(), w.engine.link(1), w.client, w.handle("a"), w.options("a"))
		require.ErrorIs(t, err, errAway)
	})
}
