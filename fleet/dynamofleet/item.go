// SPDX-License-Identifier: Apache-2.0

package dynamofleet

import (
	"fmt"
	"hash/fnv"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

// Attributes of an item.
const (
	attrPart    = "part"    // the partition key
	attrKey     = "key"     // the sort key: the record's key
	attrValue   = "value"   // missing if it is empty
	attrRev     = "rev"     // a random number
	attrTTL     = "ttl"     // in seconds; missing if the record doesn't expire
	attrExpires = "expires" // for the table's Time to Live, in seconds since 1970
)

// slack is how long after the ttl the table's Time to Live may delete a record. It uses the clock
// of the process that wrote the record.
const slack = 24 * time.Hour

// spread is the number of partition keys of a prefix.
const spread = 16

// item is a record.
type item struct {
	key   string
	value []byte
	rev   uint64
	ttl   time.Duration
}

func (i item) attributes(now time.Time) map[string]types.AttributeValue {
	attrs := primaryKey(i.key)
	attrs[attrRev] = number(i.rev)
	if len(i.value) > 0 {
		attrs[attrValue] = &types.AttributeValueMemberB{Value: i.value}
	}
	if i.ttl > 0 {
		attrs[attrTTL] = number(uint64(i.ttl / time.Second))
		attrs[attrExpires] = number(uint64(now.Add(i.ttl + slack).Unix()))
	}
	return attrs
}

func readItem(attrs map[string]types.AttributeValue) (i item, err error) {
	key, ok := attrs[attrKey].(*types.AttributeValueMemberS)
	if !ok {
		return item{}, fmt.Errorf("an item has no %s", attrKey)
	}
	i.key, i.value = key.Value, []byte{}
	if value, ok := attrs[attrValue].(*types.AttributeValueMemberB); ok {
		i.value = value.Value
	}
	if i.rev, err = readNumber(attrs, attrRev); err != nil {
		return item{}, fmt.Errorf("item %s: %w", i.key, err)
	}
	if _, ok := attrs[attrTTL]; ok {
		seconds, err := readNumber(attrs, attrTTL)
		if err != nil {
			return item{}, fmt.Errorf("item %s: %w", i.key, err)
		}
		i.ttl = time.Duration(seconds) * time.Second
	}
	return i, nil
}

func readNumber(attrs map[string]types.AttributeValue, name string) (uint64, error) {
	n, ok := attrs[name].(*types.AttributeValueMemberN)
	if !ok {
		return 0, fmt.Errorf("%s is not a number", name)
	}
	return strconv.ParseUint(n.Value, 10, 64)
}

func number(n uint64) *types.AttributeValueMemberN {
	return &types.AttributeValueMemberN{Value: strconv.FormatUint(n, 10)}
}

func text(s string) *types.AttributeValueMemberS {
	return &types.AttributeValueMemberS{Value: s}
}

// primaryKey returns the attributes of the item with a record's key.
func primaryKey(key string) map[string]types.AttributeValue {
	part := firstPart(key)
	h := fnv.New32a()
	_, _ = h.Write([]byte(key)) // never fails
	return map[string]types.AttributeValue{attrPart: text(partition(part, h.Sum32()%partitions(part))), attrKey: text(key)}
}

// firstPart returns the first part of a key, with its slash.
func firstPart(key string) string {
	return key[:strings.IndexByte(key, '/')+1]
}

// partitions returns the number of partition keys of a part. All processes of a fleet must use the
// same.
func partitions(part string) uint32 {
	if part == "member/" || part == "inbox/" {
		return 1
	}
	return spread
}

func partition(part string, n uint32) string {
	return part + "#" + strconv.FormatUint(uint64(n), 10)
}

func wholeSeconds(ttl time.Duration) time.Duration {
	return (ttl + time.Second - 1).Truncate(time.Second)
}
