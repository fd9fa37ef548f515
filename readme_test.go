// SPDX-License-Identifier: Apache-2.0

package connectparticipant_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/participant-go/connectparticipant"
	"github.com/participant-go/connectparticipant/participanttest"
)

// sayHello stands for a user's code.
func sayHello(ctx context.Context, client connectparticipant.API, participantToken string) error {
	token, err := connect(ctx, client, participantToken)
	if err != nil {
		return err
	}
	return greet(ctx, client, *token)
}

func TestHelloSurvivesALostAnswer(t *testing.T) {
	t.Parallel()
	srv := participanttest.Start(t)
	contact := srv.NewChat()
	client := connectparticipant.New(connectparticipant.Options{BaseEndpoint: &srv.URL, HTTPClient: srv.Client()})
	srv.Inject(participanttest.Fault{On: "SendMessage", Times: 1, Effect: participanttest.DropAfter()})

	require.NoError(t, sayHello(t.Context(), client, contact.Customer.Token)) // your code
	require.Equal(t, 2, srv.Count("SendMessage"), "it was sent again")
	require.Len(t, contact.Kept(), 2, "that the customer joined, and one message")
}
