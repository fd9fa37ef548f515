// SPDX-License-Identifier: Apache-2.0

package chat_test

import (
	"net/http"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/stretchr/testify/require"

	"github.com/participant-go/connectparticipant/chat"
	"github.com/participant-go/connectparticipant/participanttest"
	"github.com/participant-go/connectparticipant/types"
)

func TestDescribeViewOfASession(t *testing.T) {
	t.Parallel()
	inBubble(t, func(b *bubble) {
		s := b.start()
		viewToken := b.contact.AddView(participanttest.View{ID: "form", Name: "Address", Version: 3})
		b.srv.Inject(participanttest.Fault{On: "DescribeView", Times: 1, Effect: participanttest.Fail(http.StatusServiceUnavailable, "")})
		view, err := s.DescribeView(b.t.Context(), viewToken)
		require.NoError(b.t, err)
		require.Equal(b.t, "Address", aws.ToString(view.Name))
		require.Equal(b.t, 2, b.srv.Count("DescribeView"), "the call is retried")
		_, err = s.DescribeView(b.t.Context(), "unknown")
		var missing *types.ResourceNotFoundException
		require.ErrorAs(b.t, err, &missing)
	})
}

// authentication returns the next Authentication.
func (b *bubble) authentication(s *chat.Session) chat.Authentication {
	b.t.Helper()
	for event, err := range s.Events(b.t.Context()) {
		require.NoError(b.t, err)
		if a, ok := event.(chat.Authentication); ok {
			return a
		}
	}
	require.Fail(b.t, "no authentication")
	return chat.Authentication{}
}

func TestAuthenticationOfASession(t *testing.T) {
	t.Parallel()
	inBubble(t, func(b *bubble) {
		s := b.start()
		b.contact.StartAuthentication(b.contact.Customer)
		begun := b.authentication(s)
		require.Equal(b.t, "initiated", begun.Step)
		url, err := s.GetAuthenticationURL(b.t.Context(), begun.SessionID, "https://example.com/done")
		require.NoError(b.t, err)
		require.Contains(b.t, url, "redirect_uri=https%3A%2F%2Fexample.com%2Fdone")
		_, err = s.GetAuthenticationURL(b.t.Context(), "not a session", "https://example.com/done")
		require.Error(b.t, err)

		b.contact.StartAuthentication(b.contact.Customer)
		again := b.authentication(s)
		require.NoError(b.t, s.CancelAuthentication(b.t.Context(), again.SessionID))
		require.Equal(b.t, "cancelled", b.authentication(s).Step)
	})
}

// The operations of a session replace an expired token.
func TestOperationsOfASessionRenewItsToken(t *testing.T) {
	t.Parallel()
	inBubble(t, func(b *bubble) {
		s := b.start()
		viewToken := b.contact.AddView(participanttest.View{Name: "Address"})
		b.settle()
		b.contact.Customer.ExpireTokens()
		_, err := s.DescribeView(b.t.Context(), viewToken)
		require.NoError(b.t, err)
		require.NoError(b.t, s.Close())
		_, err = s.DescribeView(b.t.Context(), viewToken)
		require.ErrorIs(b.t, err, chat.ErrClosed)
	})
}
