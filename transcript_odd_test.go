// SPDX-License-Identifier: Apache-2.0

package connectparticipant_test

import (
	"net/http"
	"testing"
	"testing/synctest"

	"github.com/aws/aws-sdk-go-v2/aws"
	smithy "github.com/aws/smithy-go"
	"github.com/stretchr/testify/require"

	"github.com/participant-go/connectparticipant"
	"github.com/participant-go/connectparticipant/internal/restjson"
	"github.com/participant-go/connectparticipant/types"
)

const oddPage = `{"NextToken":"next","Transcript":[{"Id":"a"},{"Id":5,"Content":"hello"},{"Id":"b"}]}`

func TestUnreadableItemFailsThePage(t *testing.T) {
	t.Parallel()
	client := newClient(func(*http.Request) (*http.Response, error) { return newResponse(200, oddPage), nil }, noRetries)
	_, err := client.GetTranscript(t.Context(), &connectparticipant.GetTranscriptInput{ConnectionToken: aws.String(connectionToken)})
	var bad *smithy.DeserializationError
	require.ErrorAs(t, err, &bad)
}

// The unreadable items of an attempt replace those of the previous attempt.
func TestUnreadableItemsAreCollectedOnRequest(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) { // the client waits before it retries
		cut := func() (*http.Response, error) {
			r := newResponse(200, oddPage)
			r.ContentLength = -1
			r.Body = http.MaxBytesReader(nil, r.Body, 70)
			return r, nil
		}
		a := &attempts{responses: []func() (*http.Response, error){
			status(503), func() (*http.Response, error) { return newResponse(200, oddPage), nil }, cut,
			func() (*http.Response, error) { return newResponse(200, `{"Transcript":[{"Id":"c"}]}`), nil },
		}}
		client := connectparticipant.New(connectparticipant.Options{Region: "us-west-2", HTTPClient: &http.Client{Transport: a}})
		var odd restjson.OddItems
		ctx := restjson.WithOddItems(t.Context(), &odd)
		in := &connectparticipant.GetTranscriptInput{ConnectionToken: aws.String(connectionToken)}

		page, err := client.GetTranscript(ctx, in)
		require.NoError(t, err)
		require.Equal(t, "next", *page.NextToken)
		require.Equal(t, []types.Item{{Id: aws.String("a")}, {}, {Id: aws.String("b")}}, page.Transcript)
		require.Equal(t, []restjson.OddItem{{Index: 1, Raw: []byte(`{"Id":5,"Content":"hello"}`)}}, odd.Items)

		_, err = client.GetTranscript(ctx, in, noRetries)
		require.Error(t, err)
		require.Empty(t, odd.Items)

		page, err = client.GetTranscript(ctx, in)
		require.NoError(t, err)
		require.Equal(t, []types.Item{{Id: aws.String("c")}}, page.Transcript)
		require.Empty(t, odd.Items)
	})
}
