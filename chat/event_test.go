// SPDX-License-Identifier: Apache-2.0

package chat_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/participant-go/connectparticipant/chat"
)

func TestMetaOf(t *testing.T) {
	t.Parallel()
	m, ok := chat.MetaOf(chat.Updated{Message: chat.Message{Meta: chat.Meta{ID: "item-1"}}})
	require.True(t, ok)
	require.Equal(t, "item-1", m.ID)
	_, ok = chat.MetaOf(chat.ConnectionChanged{})
	require.False(t, ok)
}
