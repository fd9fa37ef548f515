// SPDX-License-Identifier: Apache-2.0

// Command this sends one message with the library.
package main

import (
	"context"
	"fmt"
	"os"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/participant-go/connectparticipant"
)

func main() {
	client := connectparticipant.New(connectparticipant.Options{BaseEndpoint: &os.Args[1]})
	out, err := client.SendMessage(context.Background(), &connectparticipant.SendMessageInput{
		ConnectionToken: aws.String("made-up"), Content: aws.String("hello"), ContentType: aws.String("text/plain"),
	})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	_, _ = fmt.Fprintln(os.Stdout, *out.Id)
}
