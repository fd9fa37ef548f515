// SPDX-License-Identifier: Apache-2.0

package connectparticipant_test

import (
	"context"
	"fmt"
	"io"
	"log"
	"net/http"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/participant-go/connectparticipant"
)

// newerService is a service with features that this package doesn't know.
type newerService struct{}

func (newerService) Do(request *http.Request) (*http.Response, error) {
	body, err := io.ReadAll(request.Body)
	if err != nil {
		return nil, err
	}
	priority := strings.Contains(string(body), `"Priority":"HIGH"`)
	return &http.Response{
		StatusCode: http.StatusOK,
		Body:       io.NopCloser(strings.NewReader(fmt.Sprintf(`{"Id":"item-1","Priority":{"High":%t}}`, priority))),
	}, nil
}

// A member that this version doesn't know can be sent, and read from a response.
func ExampleWithMember() {
	client := connectparticipant.New(connectparticipant.Options{Region: "us-west-2", HTTPClient: newerService{}})
	out, err := client.SendMessage(context.Background(), &connectparticipant.SendMessageInput{
		ConnectionToken: aws.String("made-up token"),
		ContentType:     aws.String("text/plain"),
		Content:         aws.String("Hello!"),
	}, connectparticipant.WithMember("Priority", "HIGH"))
	if err != nil {
		log.Fatal(err)
	}
	for path, value := range connectparticipant.UnknownMembers(out.ResultMetadata) {
		fmt.Println(path, string(value))
	}
	// Output: Priority {"High":true}
}
