// SPDX-License-Identifier: Apache-2.0

// Package dynamofleet is a [fleet.Store] on a DynamoDB table, for teams that don't want to run a
// server.
//
// Each write is conditional on a revision, which is a random number, and each read is strongly
// consistent. A record is an item; its sort key is the record's key. The records of a prefix are
// spread over 16 partition keys, because a partition key accepts 1,000 write units a second. The
// exceptions are member/ and inbox/, which have few records and are polled often.
//
// Watch queries the table every second. A lease expires by the clock of the process that watches
// it: when a query that began a TTL after the record's revision was first seen still finds that
// revision, Watch deletes the record under that revision and reports it as gone. So a process that
// was frozen, or whose clock is wrong, can't report a live member as gone. Leases that no process
// watches are deleted by the table's Time to Live, a day after their expiry.
//
// Billed request units (1 kB per write, 4 kB per read, rounded up; a larger record needs more):
//
//	Put, Delete              1 write; after a conflict, Put also needs 1 read
//	Get                      1 read
//	List                     16 queries of at least 1 read, 1 query under member/ and inbox/
//	Watch                    as List, 3,600 times an hour; 1 write per expiry
//
// Without chats, each member renews its lease every two seconds, watches member/ and inbox/, and
// reads the shares of the quotas every second. For two members, that is 3,600 writes and 21,600
// reads an hour.
package dynamofleet

import (
	"context"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"github.com/participant-go/connectparticipant/fleet"
)

// Client is the part of a *dynamodb.Client that New needs. The client may retry: if the response to
// a write is lost, the store recognizes its own write when it is retried.
type Client interface {
	GetItem(ctx context.Context, params *dynamodb.GetItemInput, optFns ...func(*dynamodb.Options)) (*dynamodb.GetItemOutput, error)
	PutItem(ctx context.Context, params *dynamodb.PutItemInput, optFns ...func(*dynamodb.Options)) (*dynamodb.PutItemOutput, error)
	DeleteItem(ctx context.Context, params *dynamodb.DeleteItemInput, optFns ...func(*dynamodb.Options)) (*dynamodb.DeleteItemOutput, error)
	Query(ctx context.Context, params *dynamodb.QueryInput, optFns ...func(*dynamodb.Options)) (*dynamodb.QueryOutput, error)
}

// Options are the options of New.
type Options struct {
	// Poll is how often Watch queries the table. Changes and expiries are noticed that much later.
	// Defaults to 1 second.
	Poll time.Duration
}

// New returns the store in a table that CreateTable has created, or in one with the same schema:
// its partition key is the string "part", its sort key is the string "key", and its Time to Live
// attribute is "expires". All processes of a fleet use the same table, which contains nothing else.
// They need the permissions dynamodb:GetItem, PutItem, DeleteItem and Query.
//
// Watch ends with an error when a query fails after the client's retries, or takes longer than 5
// seconds.
func New(client Client, table string, optFns ...func(*Options)) fleet.Store {
	opts := Options{}
	for _, fn := range optFns {
		fn(&opts)
	}
	if opts.Poll <= 0 {
		opts.Poll = time.Second
	}
	return &store{client: client, table: table, poll: opts.Poll}
}
