// SPDX-License-Identifier: Apache-2.0

// Package dynamofleet is a [fleet.Store] on a DynamoDB table, for teams that run no server of
// their own.
//
// Each write is conditional on a revision, a random number, and each read is strongly consistent.
// A record is an item; its sort key is the record's key. The records of a prefix are spread over
// 16 partition keys, since one takes 1,000 write units a second, except for those under member/
// and inbox/, which are few and polled often.
//
// Watch queries the table every second. A lease expires by the clock of whoever watches: when a
// query that began a TTL after the record's revision was first seen still finds it, Watch deletes
// the record, if it has that revision still, and reports it as gone. So a process that was frozen,
// or whose clock is wrong, declares nobody dead. Leases that nobody watches are deleted by the
// table's Time to Live after another day.
//
// What is billed, in request units (1 kB a write, 4 kB a read, rounded up; a record that is larger
// costs more):
//
//	Put, Delete              1 write; after a conflict Put also reads 1
//	Get                      1 read
//	List                     16 queries of at least 1 read, 1 under member/ and inbox/
//	Watch                    as List, 3,600 times an hour; an expiry writes 1
//
// Two members without chats, which renew a lease every two seconds, watch member/ and inbox/ and read
// the shares of the quotas every second, thus make 3,600 writes and 21,600 reads an hour.
package dynamofleet

import (
	"context"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"github.com/participant-go/connectparticipant/fleet"
)

// Client is what New needs of a *dynamodb.Client. Its retries are kept: a write whose response was
// lost is recognized when it is retried.
type Client interface {
	GetItem(ctx context.Context, params *dynamodb.GetItemInput, optFns ...func(*dynamodb.Options)) (*dynamodb.GetItemOutput, error)
	PutItem(ctx context.Context, params *dynamodb.PutItemInput, optFns ...func(*dynamodb.Options)) (*dynamodb.PutItemOutput, error)
	DeleteItem(ctx context.Context, params *dynamodb.DeleteItemInput, optFns ...func(*dynamodb.Options)) (*dynamodb.DeleteItemOutput, error)
	Query(ctx context.Context, params *dynamodb.QueryInput, optFns ...func(*dynamodb.Options)) (*dynamodb.QueryOutput, error)
}

// Options are the options of New.
type Options struct {
	// Poll is how often Watch queries the table. It adds to the time in which an expiry or a change
	// is noticed. Defaults to 1 second.
	Poll time.Duration
}

// New returns the store in a table that CreateTable has created, or one like it: its partition key
// is the string "part", its sort key the string "key", its Time to Live attribute "expires". All
// processes of a fleet use the same table, which holds nothing else. They need the permissions
// dynamodb:GetItem, PutItem, DeleteItem and Query.
//
// Watch ends with an error when a query fails after the client's retries, or takes longer than
// 5 seconds.
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
