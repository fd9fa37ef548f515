// SPDX-License-Identifier: Apache-2.0

package storage

import (
	"context"
	"io"
	"net/http"

	"github.com/participant-go/connectparticipant/internal/redact"
)

// Get opens a signed URL for reading, and follows no redirect. If the file has more than limit
// bytes, it returns ErrTooLarge; if the size isn't known beforehand, the reader returns it. The end
// of ctx also ends reading. plain permits http to other machines.
//
// The reader is not safe for concurrent use; Close it.
func Get(ctx context.Context, client *http.Client, address string, limit int64, plain bool) (io.ReadCloser, error) {
	limit = max(limit, 0)
	request, err := newRequest(ctx, http.MethodGet, address, plain)
	if err != nil {
		return nil, err
	}
	// The limit applies to the file as stored, so net/http must not decompress it.
	request.Header.Set("Accept-Encoding", "identity")
	response, err := do(client, request)
	if err != nil {
		return nil, err
	}
	if err := refusal(request, response, limit); err != nil {
		_ = response.Body.Close()
		return nil, err
	}
	return &download{request: request, body: response.Body, limit: limit, left: limit}, nil
}

func refusal(request *http.Request, response *http.Response, limit int64) error {
	switch {
	case response.StatusCode != http.StatusOK:
		return newStatusError(request, response)
	case response.ContentLength > limit:
		return &tooLargeError{Host: request.URL.Host, Size: response.ContentLength, Limit: limit}
	}
	return nil
}

// download is a file being read.
type download struct {
	request *http.Request
	body    io.ReadCloser
	limit   int64
	left    int64
	err     error // returned by every further Read
}

// Read reads one byte more than permitted, to distinguish the end from a file that is too large.
func (d *download) Read(p []byte) (int, error) {
	if d.err != nil {
		return 0, d.err
	}
	if int64(len(p))-1 > d.left {
		p = p[:d.left+1]
	}
	n, err := d.body.Read(p)
	n, d.err = d.check(n, err)
	d.left -= int64(n)
	return n, d.err
}

func (d *download) check(n int, err error) (int, error) {
	switch {
	case int64(n) > d.left:
		return int(d.left), &tooLargeError{Host: d.request.URL.Host, Limit: d.limit}
	case err == nil, err == io.EOF: //nolint:errorlint // io.Reader returns it unwrapped
		return n, err
	default:
		return n, failure(d.request, redact.URLError(err, d.request.URL, d.request.Header))
	}
}

func (d *download) Close() error { return d.body.Close() }
