// SPDX-License-Identifier: Apache-2.0

package fleet

import (
	"context"
	"errors"
	"iter"
	"time"
)

var (
	// ErrNotFound is returned by Store.Get for a key that has no record.
	ErrNotFound = errors.New("no such record")
	// ErrConflict is returned by Store.Put and Store.Delete if the record has a different revision.
	ErrConflict = errors.New("the record has a different revision")
)

// Store is the engine that the members of a fleet share: a key-value store with compare-and-set and
// expiry. The package comment documents the requirements, and package fleettest tests an
// implementation. All methods may be called concurrently.
//
// Keys have at most 512 bytes: ASCII letters, digits, the characters - _ = and ., and slashes that
// separate non-empty parts. Values have at most 256 KiB. A prefix consists of one or more parts
// with their slashes, such as chat/ or inbox/a/.
//
// After an error other than ErrNotFound and ErrConflict, a write may or may not have been made.
type Store interface {
	// Get returns the value of key and its revision. It reflects every Put, by any process, that
	// returned before Get was called. It returns ErrNotFound if the record doesn't exist.
	Get(ctx context.Context, key string) (value []byte, rev uint64, err error)

	// Put writes a value if the record has the revision rev, and returns the new revision, which is
	// never 0 and differs from all earlier ones of the key. With rev 0 it creates the record. If
	// the record has a different revision, already exists, or is gone, Put returns ErrConflict.
	//
	// With a ttl, a whole number of seconds, the record expires that long after its last Put; each
	// Put sets a new ttl. With 0 it doesn't expire.
	Put(ctx context.Context, key string, value []byte, rev uint64, ttl time.Duration) (uint64, error)

	// Delete removes a record if it has the revision rev, or any revision if rev is 0. It returns
	// ErrConflict if the revision differs, and nil if the record doesn't exist.
	Delete(ctx context.Context, key string, rev uint64) error

	// List yields the records under a prefix, in any order. A record that exists for the whole call
	// is yielded once, as it was at some time during the call. An error is the last thing that List
	// yields.
	List(ctx context.Context, prefix string) iter.Seq2[Entry, error]

	// Watch yields the records under a prefix, and then their changes, in order for each key. A
	// value or deletion that has been superseded may be left out. A record that was deleted or has
	// expired is yielded with Gone. An implementation may poll.
	//
	// A record never expires earlier than its ttl after the last Put began, measured by any evenly
	// running clock. A watcher that has watched the record for its ttl receives the expiry within
	// another second or one poll. Until a Watch yields it as gone, an expired record may still be
	// read and written; after that, no call of any process finds it.
	//
	// Watch ends with ctx's error when ctx ends, and with another error as soon as changes may be
	// missed, for example when the connection to the engine is lost. An error is the last thing
	// that Watch yields. Watch ends without an error only if the loop over it breaks.
	Watch(ctx context.Context, prefix string) iter.Seq2[Entry, error]
}

// Entry is a record of a Store.
type Entry struct {
	Key string
	// Value belongs to the caller. It is nil if Gone.
	Value []byte
	// Rev is the revision of Value.
	Rev uint64
	// Gone reports that the record was deleted or has expired. Only Watch sets it.
	Gone bool
}
