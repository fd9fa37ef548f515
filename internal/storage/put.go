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
	maxTries = 3
	// firstDelay bounds the wait before the second try; it doubles with every further one.
	firstDelay = 500 * time.Millisecond
)

// Put uploads size bytes of body to a signed URL with exactly its headers, and follows
// no redirect. plain permits http to other machines than this one.
// A body that can seek is sent up to three times, from where it stood, when the network
// fails or the answer is 5xx, 429 or 408. A body of another size is an error, but one
// that is longer may stay unnoticed where Size can't tell.
// progress may be nil. The goroutine that sends calls it with the bytes taken from body
// in the current try: the number grows, and falls back when a try is repeated.
// Neither body nor progress is used after Put has returned, and body isn't closed: a
// Read of body that hangs keeps Put from returning, even after the end of ctx.
func Put(ctx context.Context, client *http.Client, to *types.UploadMetadata, body io.Reader, size int64, progress func(sent int64), plain bool) error {
	switch {
	case to == nil:
		return errors.New("PUT: there is no URL to upload to")
	case body == nil:
		return errors.New("PUT: there is no body")
	case size <= 0:
		return fmt.Errorf("PUT: a body of %d bytes can't be uploaded", size)
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
	u.start, _, u.repeatable = seekable(body)
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

// setHeader also sets the header that net/http takes from elsewhere.
func setHeader(request *http.Request, name, value string) error {
	switch canonical := http.CanonicalHeaderKey(name); {
	case canonical == "Host" && strings.EqualFold(value, request.URL.Host):
	case canonical == "Content-Length":
		if signed, err := strconv.ParseInt(value, 10, 64); err != nil || signed != request.ContentLength {
			return fmt.Errorf("the URL is signed for another Content-Length than %d", request.ContentLength)
		}
	case forbiddenAs(canonical) != "":
		return fmt.Errorf("the response asks for the header %s, which an upload must not set", forbiddenAs(canonical))
	default:
		request.Header.Set(name, value)
	}
	return nil
}

// forbidden are headers that no signed upload needs, and with which a service could speak to
// another server as somebody else, make a proxy take the request for another one, or change what
// is done.
var forbidden = []string{
	"Authorization", "Connection", "Cookie", "Forwarded", "Host", "Keep-Alive", "Set-Cookie", "Te", "Trailer",
	"Transfer-Encoding", "Upgrade", "Via", "X-Http-Method", "X-Http-Method-Override", "X-Method-Override", "X-Real-Ip",
}

// forbiddenAs returns what forbids a header, or "". An error must not quote more of a name: it is
// the service's text.
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

// upload is a Put under way.
type upload struct {
	client     *http.Client
	request    *http.Request // without its body
	body       io.Reader
	size       int64
	progress   func(sent int64)
	repeatable bool  // body can go back to
	start      int64 // where it stood
}

func (u *upload) run(ctx context.Context) error {
	for tries := 1; ; tries++ {
		temporary, err := u.try(ctx)
		if err == nil || !temporary || !u.repeatable || tries == maxTries {
			return err
		}
		if !wait(ctx, rand.N(firstDelay<<(tries-1))) {
			return failure(u.request, fmt.Errorf("%w, after %w", ctx.Err(), err))
		}
		if _, err := u.body.(io.Seeker).Seek(u.start, io.SeekStart); err != nil {
			return failure(u.request, fmt.Errorf("rewind the body: %w", err))
		}
	}
}

// wait reports whether ctx was still alive at the end.
func wait(ctx context.Context, delay time.Duration) bool {
	select {
	case <-ctx.Done():
		return false
	case <-time.After(delay):
		return ctx.Err() == nil
	}
}

// try sends the body once. It reports whether another try may help.
func (u *upload) try(ctx context.Context) (temporary bool, err error) {
	body := newSource(u.body, u.size, u.progress)
	err = u.send(ctx, body)
	body.stop() // net/http may still read it: the answer can come before the body's end
	var status *statusError
	switch {
	case body.err != nil:
		return false, failure(u.request, body.err)
	case errors.As(err, &status):
		return status.isTemporary(), err
	case err != nil:
		return ctx.Err() == nil && !isFinal(err), err
	case body.left > 0:
		return false, failure(u.request, fmt.Errorf("answered as done with %d of %d bytes still to come", body.left, u.size))
	}
	return false, nil
}

// isFinal reports whether another try would show the URL to somebody else again.
func isFinal(err error) bool {
	var retryable interface{ RetryableError() bool }
	return errors.As(err, &retryable) && !retryable.RetryableError()
}

// send returns when there is an answer. It has read an error's body by then: what net/http
// does with the connection once body is stopped would cut it off.
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
