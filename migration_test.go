// SPDX-License-Identifier: Apache-2.0

package connectparticipant_test

import (
	"context"
	"log"
	"os"
	"regexp"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/stretchr/testify/require"

	"github.com/participant-go/connectparticipant"
	"github.com/participant-go/connectparticipant/participanttest"
)

func TestMigratedCodeRuns(t *testing.T) {
	t.Parallel()
	srv := participanttest.Start(t)
	token, err := connect(t.Context(), connectparticipant.New(connectparticipant.Options{BaseEndpoint: &srv.URL}), srv.NewChat().Customer.Token)
	require.NoError(t, err)
	id, err := sendMigrated(t.Context(), &srv.URL, token)
	require.NoError(t, err)
	require.NotEmpty(t, id)
	_, err = sendMigrated(t.Context(), &srv.URL, aws.String("made-up"))
	require.True(t, connectparticipant.IsAccessDenied(err))
}

func sendMigrated(ctx context.Context, baseEndpoint, token *string) (id string, err error) {
	client := connectparticipant.New(connectparticipant.Options{Region: "us-west-2", BaseEndpoint: baseEndpoint}) // nil for the real service
	sent, err := client.SendMessage(ctx, &connectparticipant.SendMessageInput{
		ConnectionToken: token, ContentType: aws.String("text/plain"), Content: aws.String("Hello!"),
	})
	if connectparticipant.IsThrottled(err) {
		log.Print("throttled: ", connectparticipant.RequestID(err))
	}
	if err != nil {
		return "", err // sent is nil
	}
	return aws.ToString(sent.Id), nil
}

// The IDs that docs/migration.md lists as absent are not in the stack.
func TestMiddlewareIDsInTheMigrationGuide(t *testing.T) {
	t.Parallel()
	guide, err := os.ReadFile("docs/migration.md")
	require.NoError(t, err)
	rows := regexp.MustCompile("(?m)^\\| (`\\S+`.*) \\((?:Serialize|Build|Finalize|Deserialize)\\) \\| ").FindAllStringSubmatch(string(guide), -1)
	require.Len(t, rows, 7)
	stack := stackOf(t)
	for _, row := range rows {
		for _, id := range regexp.MustCompile("`(\\w+)`").FindAllStringSubmatch(row[1], -1) {
			require.NotRegexp(t, `(?m)^`+id[1]+`$`, stack)
		}
	}
}
