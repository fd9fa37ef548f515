// SPDX-License-Identifier: Apache-2.0

package storage

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/participant-go/connectparticipant/types"
)

const (
	maxAttempts = 3
	// firstDelay is the maximum delay before the first retry; it doubles with every further retry.
	firstDelay = 500 * time.Millisecond
)

// Put uploads size bytes of body to a signed URL with exactly its headers, and follows no redirect.
// plain permits http to other machines.
//
// If body is an io.Seeker, Put sends it up to three times, from its current position, when the
// network fails or the response is 5xx, 429 or 408. A body of another size is an error, but a
// longer one may go unnoticed if Size can't determine its size.
//
// progress may be nil. The sending goroutine calls it with the number of bytes read from body in
// the current attempt: the number grows, and restarts with a retry. Neither body nor progress is
// used after Put has returned, and body isn't closed. If a Read of body hangs, Put does not return,
// even after the end of ctx.
func Put(ctx context.Context, client *http.Client, to *types.UploadMetadata, body io.Reader, size int64, progress func(sent int64), plain bool) error {
	switch {
	case to == nil:
		return errors.New("PUT: no URL to upload to")
	case body == nil:
		return errors.New("PUT: no body")
	case size <= 0:
		return fmt.Errorf("PUT: can't upload a body of %d bytes", size)
	}
	request, err := newUploadRequest(ctx, to, size, plain)
	if err != nil {
		return err
	}
	if left, ok := Size(body); ok && left != size {
		return failure(request, sizeError(left, size))
	}
	if progress == nil {
		progress = func(int64) {}
	}
	u := &upload{client: client, request: request, body: body, size: size, progress: progress}
	u.start, _, u.seekable = seekable(body)
	return u.run(ctx)
}

func newUploadRequest(ctx context.Context, to *types.UploadMetadata, size int64, plain bool) (*http.Request, error) {
	request, err := newRequest(ctx, http.MethodPut, aws.ToString(to.Url), plain)
	if err != nil {
		return nil, err
	}
	request.ContentLength = size
	for name, value := range to.HeadersToInclude {
		if err := setHeader(request, name, value); err != nil {
			return nil, failure(request, err)
		}
	}
	return request, nil
}

// setHeader also sets a header that net/http takes from a field of the request.
func setHeader(request *http.Request, name, value string) error {
	switch canonical := http.CanonicalHeaderKey(name); {
	case canonical == "Host" && strings.EqualFold(value, request.URL.Host):
	case canonical == "Content-Length":
		if signed, err := strconv.ParseInt(value, 10, 64); err != nil || signed != request.ContentLength {
			return fmt.Errorf("the URL is signed for a Content-Length other than %d", request.ContentLength)
		}
	case forbiddenAs(canonical) != "":
		return fmt.Errorf("the response requires the header %s, which an upload must not set", forbiddenAs(canonical))
	default:
		request.Header.Set(name, value)
	}
	return nil
}

// forbidden are headers that no signed upload needs, and with which a service could impersonate the
// caller at another server, send the request to another server through a proxy, or change its
// effect.
var forbidden = []string{
	"Authorization", "Connection", "Cookie", "Forwarded", "Host", "Keep-Alive", "Set-Cookie", "Te", "Trailer",
	"Transfer-Encoding", "Upgrade", "Via", "X-Http-Method", "X-Http-Method-Override", "X-Method-Override", "X-Real-Ip",
}

// forbiddenAs returns the entry that forbids a header, or "". An error must not quote more of the
// name, because it is text from the service.
func forbiddenAs(canonical string) string {
	for _, prefix := range []string{"Proxy-", "X-Forwarded-"} {
		if strings.HasPrefix(canonical, prefix) {
			return prefix + "*"
		}
	}
	if slices.Contains(forbidden, canonical) {
		return canonical
	}
	return ""
}

// upload is a Put in progress.
type upload struct {
	client   *http.Client
	request  *http.Request // without a body
	body     io.Reader
	size     int64
	progress func(sent int64)
	seekable bool  // body can seek to start
	start    int64 // position of body
}

func (u *upload) run(ctx context.Context) error {
	for attempts := 1; ; attempts++ {
		temporary, err := u.attempt(ctx)
		if err == nil || !temporary || !u.seekable || attempts == maxAttempts {
			return err
		}
		if !wait(ctx, rand.N(firstDelay<<(attempts-1))) {
			return failure(u.request, fmt.Errorf("%w, after %w", ctx.Err(), err))
		}
		if _, err := u.body.(io.Seeker).Seek(u.start, io.SeekStart); err != nil {
			return failure(u.request, fmt.Errorf("rewind the body: %w", err))
		}
	}
}

// wait reports whether ctx was still active at the end of the delay.
func wait(ctx context.Context, delay time.Duration) bool {
	select {
	case <-ctx.Done():
		return false
	case <-time.After(delay):
		return ctx.Err() == nil
	}
}

// attempt sends the body once. It reports whether a retry may succeed.
func (u *upload) attempt(ctx context.Context) (temporary bool, err error) {
	body := newSource(u.body, u.size, u.progress)
	err = u.send(ctx, body)
	body.stop() // net/http may still read it: the response can arrive before the end of the body
	var status *statusError
	switch {
	case body.err != nil:
		return false, failure(u.request, body.err)
	case errors.As(err, &status):
		return status.isTemporary(), err
	case err != nil:
		return ctx.Err() == nil && !isFinal(err), err
	case body.left > 0:
		return false, failure(u.request, fmt.Errorf("success response before the last %d of %d bytes were sent", body.left, u.size))
	}
	return false, nil
}

// isFinal reports whether a retry would expose the URL again.
func isFinal(err error) bool {
	var retryable interface{ RetryableError() bool }
	return errors.As(err, &retryable) && !retryable.RetryableError()
}

// send returns when there is a response. By then it has read the body of an error: after the body
// of the request is stopped, net/http may close the connection.
func (u *upload) send(ctx context.Context, body io.Reader) error {
	request := u.request.Clone(ctx)
	request.Body = io.NopCloser(body)
	response, err := do(u.client, request)
	if err != nil {
		return err
	}
	defer func() { _ = response.Body.Close() }()
	if response.StatusCode < 200 || response.StatusCode > 299 {
		return newStatusError(request, response)
	}
	return nil
}
