// SPDX-License-Identifier: Apache-2.0

package dynamofleet_test

import (
	"context"
	"fmt"
	"log"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"github.com/participant-go/connectparticipant/fleet/dynamofleet"
)

// A store on a table of the account whose credentials are in cfg.
func ExampleNew() {
	ctx := context.Background()
	var cfg aws.Config // from config.LoadDefaultConfig
	client := dynamodb.NewFromConfig(cfg)
	if err := dynamofleet.CreateTable(ctx, client, "fleet"); err != nil {
		log.Fatal(err)
	}
	store := dynamofleet.New(client, "fleet")

	for chat, err := range store.List(ctx, "chat/") {
		fmt.Println(chat.Key, err)
	}
}
