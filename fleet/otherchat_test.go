// SPDX-License-Identifier: Apache-2.0

package fleet_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/participant-go/connectparticipant/fleet"
)

func TestAddAnotherChatUnderAnIDOfTheSameMember(t *testing.T) {
	t.Parallel()
	inWorld(t, func(w *world) {
		a, _ := w.join("a")
		c, other := w.newChat(), w.newChat()
		require.NoError(t, a.Add(w.t.Context(), c))
		require.NoError(t, a.Add(w.t.Context(), c))
		other.ID = c.ID
		require.ErrorIs(t, a.Add(w.t.Context(), other), fleet.ErrOtherChat)
	})
}
