// SPDX-License-Identifier: Apache-2.0

package restjson

import (
	"bytes"
	"context"

	"github.com/participant-go/connectparticipant/types"
)

// maxOdd limits the bytes of the odd items of one page.
const maxOdd = 1 << 20

// OddItem is an element of a transcript's page with JSON of unexpected types.
type OddItem struct {
	Index int    // in the page
	Raw   []byte // a copy
}

// OddItems collects the odd items of a page, in order. Use it for one call: each response that is
// read replaces the items of the previous attempt.
type OddItems struct {
	Items []OddItem

	size int // of all Raw
}

type oddItemsKey struct{}

// WithOddItems returns a context for a call of GetTranscript that collects the odd items of the
// page in odd and leaves a zero item in place of each. Without it, one odd item fails the whole
// call.
func WithOddItems(ctx context.Context, odd *OddItems) context.Context {
	return context.WithValue(ctx, oddItemsKey{}, odd)
}

func oddItemsOf(ctx context.Context) *OddItems {
	odd, _ := ctx.Value(oddItemsKey{}).(*OddItems)
	return odd
}

func (o *OddItems) reset() {
	if o != nil {
		*o = OddItems{}
	}
}

// add reports whether the item was added: a page of only odd items isn't copied.
func (o *OddItems) add(index int, raw []byte) bool {
	if o.size += len(raw); o.size > maxOdd {
		return false
	}
	o.Items = append(o.Items, OddItem{Index: index, Raw: bytes.Clone(raw)})
	return true
}

// Items reads a list of transcript items like Structs, and collects the odd ones if the call
// requests it.
func Items(r *Reader, target *[]types.Item) {
	r.odd.reset() // the last of two lists wins
	structsInto(r, []types.Item{}, target, Item, r.odd)
}

// readOdd reads the element at index with read. If it has JSON of unexpected types, the element
// stays zero and its bytes are added to odd. Elements that aren't valid JSON or exceed a limit
// remain errors.
func readOdd[T any](r *Reader, odd *OddItems, index int, v *T, read func(*Reader, *T)) {
	if r.err != nil {
		return // of an earlier element
	}
	start, depth, kept, text, mark := r.pos, r.depth, r.kept, len(r.text), r.Mark()
	read(r, v)
	if r.err == nil || r.kept > maxElements {
		return
	}
	cause := r.err
	clear(r.pending[mark:])
	r.pos, r.depth, r.kept, r.text, r.pending, r.err = start, depth, kept, r.text[:text], r.pending[:mark], nil
	var zero T
	*v = zero
	if r.Skip(); r.err == nil && !odd.add(index, r.data[start:r.pos]) {
		r.err = cause
	}
}
