// SPDX-License-Identifier: Apache-2.0

package connectparticipant

import (
	"context"
	"errors"
	"fmt"
	"hash/maphash"
	"iter"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/participant-go/connectparticipant/types"
)

// GetTranscriptAPIClient is the interface that a paginator needs.
type GetTranscriptAPIClient interface {
	GetTranscript(context.Context, *GetTranscriptInput, ...func(*Options)) (*GetTranscriptOutput, error)
}

// GetTranscriptPaginatorOptions configures a GetTranscriptPaginator.
type GetTranscriptPaginatorOptions struct {
	// Limit is the number of items per page, 1 to 100. Defaults to the input's MaxResults; if that
	// is not set either, the service's default is 10.
	Limit int32

	// StopOnDuplicateToken ends the pages if the service returns the same NextToken that was sent:
	// HasMorePages then returns false. Defaults to false.
	StopOnDuplicateToken bool
}

// GetTranscriptPaginator fetches a transcript page by page. It is not safe for concurrent use.
type GetTranscriptPaginator struct {
	client    GetTranscriptAPIClient
	params    GetTranscriptInput
	options   GetTranscriptPaginatorOptions
	nextToken *string
	started   bool
}

// NewGetTranscriptPaginator returns a paginator that starts at params.NextToken. It works on a copy
// of params.
func NewGetTranscriptPaginator(client GetTranscriptAPIClient, params *GetTranscriptInput, optFns ...func(*GetTranscriptPaginatorOptions)) *GetTranscriptPaginator {
	p := &GetTranscriptPaginator{client: client}
	if params != nil {
		p.params = *params
	}
	if p.params.MaxResults != nil {
		p.options.Limit = *p.params.MaxResults
	}
	for _, fn := range optFns {
		fn(&p.options)
	}
	p.nextToken = p.params.NextToken
	return p
}

// HasMorePages returns true before the first page, and as long as the service returns a NextToken
// that isn't empty.
func (p *GetTranscriptPaginator) HasMorePages() bool {
	return !p.started || p.nextToken != nil && *p.nextToken != ""
}

// NextPage fetches the next page. After an error, call it again to fetch the same page; after the
// last page it returns an error.
func (p *GetTranscriptPaginator) NextPage(ctx context.Context, optFns ...func(*Options)) (*GetTranscriptOutput, error) {
	if !p.HasMorePages() {
		return nil, errors.New("no more pages available")
	}
	params := p.params
	params.NextToken = p.nextToken
	params.MaxResults = nil
	if p.options.Limit > 0 {
		params.MaxResults = &p.options.Limit
	}
	page, err := p.client.GetTranscript(ctx, &params, optFns...)
	if err != nil {
		return nil, err
	}
	sent := p.nextToken
	p.started = true
	p.nextToken = page.NextToken
	if p.options.StopOnDuplicateToken && sameToken(sent, p.nextToken) {
		p.nextToken = nil
	}
	return page, nil
}

func sameToken(a, b *string) bool { return a != nil && b != nil && *a == *b }

// maxEmptyPages is the maximum number of consecutive pages without items. The service may filter
// out all items of a page, but no chat has 1,000 pages of 100 items.
const maxEmptyPages = 1000

// Errors that stop a transcript that would never end.
var (
	errRepeatedToken = errors.New("the service returned the same NextToken twice")
	errEmptyPages    = fmt.Errorf("the service returned %d consecutive pages without items", maxEmptyPages)
)

// Transcript returns the items of a transcript, over all its pages, in the order in which the
// service returns them. Pages are fetched as the loop needs them, 100 items at a time unless
// params.MaxResults is set; none are fetched after the loop breaks, and each new loop starts from
// the beginning. On an error, it yields a zero item with the error and stops: GetTranscript failed,
// ctx ended, or the service returned the same NextToken twice or 1,000 consecutive empty pages.
//
// Without ScanDirection and SortOrder, the order is newest first, over the whole chat. SortOrder
// applies within each page only: for oldest first, use FORWARD with ASCENDING from a StartPosition,
// or collect all items and reverse them.
func Transcript(ctx context.Context, client GetTranscriptAPIClient, params *GetTranscriptInput, optFns ...func(*Options)) iter.Seq2[types.Item, error] {
	return func(yield func(types.Item, error) bool) {
		pages := NewGetTranscriptPaginator(client, params, largePages)
		progress := progress{seed: maphash.MakeSeed(), tokens: map[uint64]struct{}{}}
		for pages.HasMorePages() {
			page, err := progress.next(ctx, pages, optFns)
			if err != nil {
				yield(types.Item{}, err)
				return
			}
			for _, item := range page.Transcript {
				if !yield(item, nil) {
					return
				}
			}
		}
	}
}

// progress detects a transcript that never ends. It keeps hashes of the tokens, because a token may
// be as large as a response.
type progress struct {
	seed   maphash.Seed
	tokens map[uint64]struct{}
	empty  int
}

func (p *progress) next(ctx context.Context, pages *GetTranscriptPaginator, optFns []func(*Options)) (*GetTranscriptOutput, error) {
	token := maphash.String(p.seed, aws.ToString(pages.nextToken))
	_, repeated := p.tokens[token]
	switch {
	case repeated:
		return nil, errRepeatedToken
	case p.empty == maxEmptyPages:
		return nil, errEmptyPages
	case pages.started && ctx.Err() != nil:
		return nil, ctx.Err()
	}
	p.tokens[token] = struct{}{}
	page, err := pages.NextPage(ctx, optFns...)
	if err == nil && len(page.Transcript) > 0 {
		p.empty = 0
	} else {
		p.empty++
	}
	return page, err
}

func largePages(o *GetTranscriptPaginatorOptions) {
	if o.Limit <= 0 {
		o.Limit = 100
	}
}
