// SPDX-License-Identifier: Apache-2.0

package connectparticipant_test

import (
	"testing"

	smithy "github.com/aws/smithy-go"
	"github.com/stretchr/testify/require"

	"github.com/participant-go/connectparticipant"
	"github.com/participant-go/connectparticipant/participanttest"
)

func TestDescribeViewRefusesDotSegments(t *testing.T) {
	t.Parallel()
	srv := participanttest.Start(t)
	client := connectparticipant.New(connectparticipant.Options{BaseEndpoint: &srv.URL, HTTPClient: srv.Client()})
	token := "made-up"
	for _, view := range []string{".", ".."} {
		_, err := client.DescribeView(t.Context(), &connectparticipant.DescribeViewInput{ConnectionToken: &token, ViewToken: &view})
		var invalid smithy.InvalidParamsError
		require.ErrorAs(t, err, &invalid)
		require.ErrorContains(t, err, "DescribeViewInput.ViewToken")
	}
	require.Empty(t, srv.Requests())
	view := "..."
	_, err := client.DescribeView(t.Context(), &connectparticipant.DescribeViewInput{ConnectionToken: &token, ViewToken: &view})
	require.True(t, connectparticipant.IsAccessDenied(err), err)
}
