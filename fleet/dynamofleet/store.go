// SPDX-License-Identifier: Apache-2.0

package dynamofleet

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"math/rand/v2"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/participant-go/connectparticipant/fleet"
)

type store struct {
	client Client
	table  string
	poll   time.Duration
}

func (s *store) Get(ctx context.Context, key string) (value []byte, rev uint64, err error) {
	i, err := s.get(ctx, key)
	if err != nil {
		return nil, 0, fmt.Errorf("get %s: %w", key, err)
	}
	if i.rev == 0 {
		return nil, 0, fleet.ErrNotFound
	}
	return i.value, i.rev, nil
}

// get returns an item, without a revision if it doesn't exist.
func (s *store) get(ctx context.Context, key string) (item, error) {
	out, err := s.client.GetItem(ctx, &dynamodb.GetItemInput{TableName: &s.table, Key: primaryKey(key), ConsistentRead: aws.Bool(true)})
	if err != nil || len(out.Item) == 0 {
		return item{}, err
	}
	return readItem(out.Item)
}

func (s *store) Put(ctx context.Context, key string, value []byte, rev uint64, ttl time.Duration) (uint64, error) {
	i := item{key: key, value: value, rev: newRevision(), ttl: wholeSeconds(ttl)}
	params := &dynamodb.PutItemInput{
		TableName:                &s.table,
		Item:                     i.attributes(time.Now()),
		ConditionExpression:      aws.String("attribute_not_exists(#rev)"),
		ExpressionAttributeNames: map[string]string{"#rev": attrRev},
	}
	if rev != 0 {
		params.ConditionExpression = aws.String("#rev = :rev")
		params.ExpressionAttributeValues = map[string]types.AttributeValue{":rev": number(rev)}
	}
	_, err := s.client.PutItem(ctx, params)
	if isConflict(err) {
		return s.written(ctx, i)
	}
	if err != nil {
		return 0, fmt.Errorf("put %s: %w", key, err)
	}
	return i.rev, nil
}

// written distinguishes a conflict from a write that had been made before the client retried it.
func (s *store) written(ctx context.Context, i item) (uint64, error) {
	now, err := s.get(ctx, i.key)
	switch {
	case err != nil:
		return 0, fmt.Errorf("put %s: %w", i.key, err)
	case now.rev != i.rev:
		return 0, fleet.ErrConflict
	default:
		return i.rev, nil
	}
}

func (s *store) Delete(ctx context.Context, key string, rev uint64) error {
	params := &dynamodb.DeleteItemInput{TableName: &s.table, Key: primaryKey(key)}
	if rev != 0 {
		params.ConditionExpression = aws.String("attribute_not_exists(#rev) OR #rev = :rev")
		params.ExpressionAttributeNames = map[string]string{"#rev": attrRev}
		params.ExpressionAttributeValues = map[string]types.AttributeValue{":rev": number(rev)}
	}
	_, err := s.client.DeleteItem(ctx, params)
	if isConflict(err) {
		return fleet.ErrConflict
	}
	if err != nil {
		return fmt.Errorf("delete %s: %w", key, err)
	}
	return nil
}

func (s *store) List(ctx context.Context, prefix string) iter.Seq2[fleet.Entry, error] {
	return func(yield func(fleet.Entry, error) bool) {
		for i, err := range s.query(ctx, prefix) {
			if err != nil {
				yield(fleet.Entry{}, fmt.Errorf("list %s: %w", prefix, err))
				return
			}
			if !yield(fleet.Entry{Key: i.key, Value: i.value, Rev: i.rev}, nil) {
				return
			}
		}
	}
}

// query yields the items under a prefix. An error is the last thing that it yields.
func (s *store) query(ctx context.Context, prefix string) iter.Seq2[item, error] {
	return func(yield func(item, error) bool) {
		part := firstPart(prefix)
		for n := range partitions(part) {
			params := &dynamodb.QueryInput{
				TableName:                 &s.table,
				ConsistentRead:            aws.Bool(true),
				KeyConditionExpression:    aws.String("#part = :part AND begins_with(#key, :prefix)"),
				ExpressionAttributeNames:  map[string]string{"#part": attrPart, "#key": attrKey},
				ExpressionAttributeValues: map[string]types.AttributeValue{":part": text(partition(part, n)), ":prefix": text(prefix)},
			}
			if !s.pages(ctx, params, yield) {
				return
			}
		}
	}
}

// pages yields the items of a query. It returns false if nothing more may be yielded.
func (s *store) pages(ctx context.Context, params *dynamodb.QueryInput, yield func(item, error) bool) bool {
	for {
		out, err := s.page(ctx, params)
		if err != nil {
			yield(item{}, err)
			return false
		}
		for _, attrs := range out.Items {
			i, err := readItem(attrs)
			if !yield(i, err) || err != nil {
				return false
			}
		}
		if len(out.LastEvaluatedKey) == 0 {
			return true
		}
		params.ExclusiveStartKey = out.LastEvaluatedKey
	}
}

// patience is the timeout of a query, after which its connection is considered lost.
const patience = 5 * time.Second

func (s *store) page(ctx context.Context, params *dynamodb.QueryInput) (*dynamodb.QueryOutput, error) {
	bounded, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	out, err := s.client.Query(bounded, params)
	if err != nil && ctx.Err() != nil {
		return nil, ctx.Err()
	}
	return out, err
}

// newRevision returns a random number, which is unlikely to repeat an earlier revision of a key,
// even after the record was deleted and created again.
func newRevision() uint64 {
	for {
		if rev := rand.Uint64(); rev != 0 {
			return rev
		}
	}
}

func isConflict(err error) bool {
	var conflict *types.ConditionalCheckFailedException
	return errors.As(err, &conflict)
}
