// SPDX-License-Identifier: Apache-2.0

package fleet

import (
	"context"
	"errors"
	"iter"
	"time"
)

var (
	// ErrNotFound is the error of Store.Get for a key that has no record.
	ErrNotFound = errors.New("no such record")
	// ErrConflict is the error of Store.Put and Store.Delete for a record that has another
	// revision.
	ErrConflict = errors.New("the record has another revision")
)

// Store is the engine that the members of a fleet share: a key-value store with compare-and-set
// and expiry. Package fleettest tests an implementation; the package comment says what one must
// keep. All methods may be called concurrently.
//
// Keys consist of ASCII letters, digits and the characters - _ = . and /, which separates parts
// that are never empty; they have at most 512 bytes. Values have at most 256 KiB. A prefix is one
// part or more with their slashes, such as chat/ or inbox/a/.
//
// An error other than ErrNotFound and ErrConflict says nothing about whether a write has been
// made.
type Store interface {
	// Get returns the newest value of key and its revision: that of the last Put that has
	// returned, by any process, or of a later one. It returns ErrNotFound if there is none.
	Get(ctx context.Context, key string) (value []byte, rev uint64, err error)

	// Put writes a value if the record has the revision rev, and returns the new revision, which
	// is never 0 and differs from all earlier ones of the key. With rev 0 it creates the record.
	// If the record has another revision, exists already, or is gone, it returns ErrConflict.
	//
	// With a ttl, a number of whole seconds, the record expires when it has not been written
	// for that long; each Put sets it anew. With 0 it doesn't expire.
	Put(ctx context.Context, key string, value []byte, rev uint64, ttl time.Duration) (uint64, error)

	// Delete removes a record if it has the revision rev, whatever its revision with 0. It
	// returns ErrConflict if the revision is another, and nil if there is no record.
	Delete(ctx context.Context, key string, rev uint64) error

	// List yields the records under a prefix, in any order: each that exists all the while once,
	// as it was at some moment since List was called. An error is the last thing it yields.
	List(ctx context.Context, prefix string) iter.Seq2[Entry, error]

	// Watch yields the records under a prefix, then their changes, in order for each key: what
	// has been superseded meanwhile, a value or a deletion, may be left out. A record that is
	// deleted or has expired is yielded with Gone. Polling is enough.
	//
	// A record expires never earlier than its ttl after the last Put began, by whatever
	// clock, as long as a clock runs evenly; and whoever has watched it for its ttl learns
	// that within another second or one poll. Until a Watch yields it as gone, an expired
	// record may still be read and written; from then on no call of any process finds it.
	//
	// Watch ends when ctx does, with ctx's error, and with another error as soon as changes may
	// be missed, for example when the connection to the engine was lost. An error is the last
	// thing it yields; it doesn't end without one unless the loop over it breaks.
	Watch(ctx context.Context, prefix string) iter.Seq2[Entry, error]
}

// Entry is a record of a Store.
type Entry struct {
	Key string
	// Value is the caller's to keep. It is nil if Gone.
	Value []byte
	// Rev is the revision of Value.
	Rev uint64
	// Gone reports that the record was deleted or has expired. Only Watch sets it.
	Gone bool
}
