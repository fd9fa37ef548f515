// SPDX-License-Identifier: Apache-2.0

package participantmock_test

import (
	"context"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/stretchr/testify/mock"

	"github.com/participant-go/connectparticipant"
	"github.com/participant-go/connectparticipant/participantmock"
	"github.com/participant-go/connectparticipant/types"
)

// flush is the code under test: it sends the texts in order and returns those that were not sent.
func flush(ctx context.Context, client connectparticipant.API, token string, texts []string) ([]string, error) {
	for i, text := range texts {
		_, err := client.SendMessage(ctx, &connectparticipant.SendMessageInput{
			ConnectionToken: &token,
			ContentType:     aws.String("text/plain"),
			Content:         &text,
		})
		if err != nil {
			return texts[i:], err
		}
	}
	return nil, nil
}

// withContent matches an input by its content.
func withContent(text string) any {
	return mock.MatchedBy(func(in *connectparticipant.SendMessageInput) bool {
		return aws.ToString(in.Content) == text
	})
}

// The service throttles the second message at first. The remaining messages are sent with the next
// call.
func Example() {
	var api participantmock.API // in a test: participantmock.NewAPI(t)
	api.EXPECT().SendMessage(mock.Anything, withContent("one")).
		Return(&connectparticipant.SendMessageOutput{Id: aws.String("item-1")}, nil).Once()
	api.EXPECT().SendMessage(mock.Anything, withContent("two")).
		Return(nil, &types.ThrottlingException{Message: aws.String("Too Many Requests")}).Once()
	api.EXPECT().SendMessage(mock.Anything, withContent("two")).
		Return(&connectparticipant.SendMessageOutput{Id: aws.String("item-2")}, nil).Once()
	ctx := context.Background()

	left, err := flush(ctx, &api, "any token", []string{"one", "two"})
	fmt.Println(left, connectparticipant.IsThrottled(err))

	left, err = flush(ctx, &api, "any token", left)
	fmt.Println(left, err)
	// Output:
	// [two] true
	// [] <nil>
}
