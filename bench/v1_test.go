// SPDX-License-Identifier: Apache-2.0

//nolint:staticcheck // v1 is deprecated as a whole, and the peer that is to be had
package bench_test

import (
	"context"
	"errors"
	"net/http"

	awsv1 "github.com/aws/aws-sdk-go/aws"
	"github.com/aws/aws-sdk-go/aws/awserr"
	"github.com/aws/aws-sdk-go/aws/credentials"
	"github.com/aws/aws-sdk-go/aws/session"
	v1 "github.com/aws/aws-sdk-go/service/connectparticipant"
)

// sdkV1 is aws-sdk-go v1, the last generated client that is available without building the official
// v2 client.
type sdkV1 struct{ client *v1.ConnectParticipant }

func newV1(url string, client *http.Client, signing bool) contender {
	keys := credentials.AnonymousCredentials
	if signing {
		keys = credentials.NewStaticCredentials("AKIDMADEUP", "made-up", "")
	}
	config := awsv1.NewConfig().WithEndpoint(url).WithRegion("us-east-1").WithHTTPClient(client).WithCredentials(keys).WithMaxRetries(0)
	return sdkV1{v1.New(session.Must(session.NewSession(config)))}
}

func (c sdkV1) SendMessage(ctx context.Context, token string) (any, error) {
	return c.client.SendMessageWithContext(ctx, &v1.SendMessageInput{
		ConnectionToken: &token, Content: awsv1.String(content), ContentType: awsv1.String("text/plain"),
	})
}

func (c sdkV1) CreateParticipantConnection(ctx context.Context) (any, error) {
	return c.client.CreateParticipantConnectionWithContext(ctx, &v1.CreateParticipantConnectionInput{
		ParticipantToken: awsv1.String(token), Type: awsv1.StringSlice([]string{"WEBSOCKET", "CONNECTION_CREDENTIALS"}),
	})
}

func (c sdkV1) GetTranscript(ctx context.Context, next string) (any, error) {
	return c.client.GetTranscriptWithContext(ctx, &v1.GetTranscriptInput{
		ConnectionToken: awsv1.String(token), MaxResults: awsv1.Int64(pageItems), NextToken: &next,
	})
}

func (c sdkV1) Pages(ctx context.Context) (items int, err error) {
	in := &v1.GetTranscriptInput{ConnectionToken: awsv1.String(token), MaxResults: awsv1.Int64(pageItems)}
	err = c.client.GetTranscriptPagesWithContext(ctx, in, func(page *v1.GetTranscriptOutput, _ bool) bool {
		items += len(page.Transcript)
		return true
	})
	return items, err
}

func (sdkV1) Code(err error) string {
	var failure awserr.Error
	if !errors.As(err, &failure) {
		return ""
	}
	return failure.Code()
}
