// SPDX-License-Identifier: Apache-2.0

package restjson

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"

	"github.com/aws/aws-sdk-go-v2/aws"
)

const (
	maxResponse    = 32 << 20 // bytes after decompression
	maxErrorAnswer = 1 << 20
	maxPooled      = 256 << 10
)

// ErrTooLarge reports that a response is larger than this package reads.
var ErrTooLarge = errors.New("response is larger than 32 MiB")

// BodyError reports that reading the body of a response failed before its end: the connection was
// closed, an HTTP/2 stream was reset, or compressed data was incomplete. The same request may
// succeed later.
type BodyError struct{ Err error }

func (e *BodyError) Error() string { return "read response body: " + e.Err.Error() }

func (e *BodyError) Unwrap() error { return e.Err }

// pooled holds the buffers for reading a response.
type pooled struct {
	bytes.Buffer
	limited io.LimitedReader
}

func (p *pooled) readFrom(r io.Reader, limit int64) (int64, error) {
	p.limited = io.LimitedReader{R: r, N: limit}
	defer func() { p.limited.R = nil }()
	return p.ReadFrom(&p.limited)
}

var buffers = sync.Pool{New: func() any { return new(pooled) }}

// ReadResponse reads a successful response with read. An empty body reads as an empty object. ctx
// may come from WithOddItems. If the response has members that read skips, it returns a copy of the
// body for UnknownMembers, unless that is large.
func ReadResponse(ctx context.Context, response *http.Response, read func(*Reader)) (withUnknown []byte, err error) {
	odd := oddItemsOf(ctx)
	odd.reset()
	buffer := buffers.Get().(*pooled)
	defer putBuffer(buffer)
	if err := readBody(buffer, response, maxResponse); err != nil {
		return nil, err
	}
	unknown, err := decode(buffer.Bytes(), odd, nil, read)
	if err != nil {
		return nil, fmt.Errorf("response with Content-Type %q: %w", mediaType(response), err)
	}
	if unknown && buffer.Len() <= maxUnknown {
		withUnknown = bytes.Clone(buffer.Bytes())
	}
	return withUnknown, nil
}

// readBody reads the body to its end, so that its connection can be reused.
func readBody(buffer *pooled, response *http.Response, limit int64) error {
	if !hasBody(response) {
		return nil
	}
	if n := response.ContentLength; n > 0 && n <= maxPooled {
		buffer.Grow(int(n) + bytes.MinRead)
	}
	n, err := buffer.readFrom(response.Body, limit+1)
	switch {
	case err != nil:
		return &BodyError{Err: err}
	case n > limit:
		return ErrTooLarge
	}
	_ = response.Body.Close()
	response.Body = http.NoBody
	return nil
}

func putBuffer(buffer *pooled) {
	if buffer.Cap() <= maxPooled {
		buffer.Reset()
		buffers.Put(buffer)
	}
}

// mediaTypes may appear in an error. Any other Content-Type may contain a secret of the request.
var mediaTypes = []string{
	"", "application/json", "application/octet-stream", "application/problem+json", "application/x-amz-json-1.0",
	"application/x-amz-json-1.1", "application/xml", "text/html", "text/plain", "text/xml",
}

// mediaType returns the Content-Type without its parameters.
func mediaType(response *http.Response) string {
	media, _, _ := strings.Cut(response.Header.Get("Content-Type"), ";")
	media = strings.ToLower(strings.TrimSpace(media))
	if !slices.Contains(mediaTypes, media) {
		return fmt.Sprintf("[other, %d bytes]", len(media))
	}
	return media
}

// Discard closes the body of a response, after reading the little that may be left, so that its
// connection can be reused. It removes the body from the response, because it holds the connection
// and therefore the request, and the trailers.
func Discard(response *http.Response) {
	if response == nil || response.Body == nil {
		return
	}
	if hasBody(response) {
		_, _ = io.CopyN(io.Discard, response.Body, maxPooled)
	}
	_ = response.Body.Close()
	response.Body, response.Trailer = http.NoBody, nil
}

// hasBody reports whether there is a body to read. The body of a status such as 101 is the
// connection itself, which has no deadline.
func hasBody(response *http.Response) bool {
	return response.Body != nil && response.Body != http.NoBody && response.StatusCode >= http.StatusOK
}

// ErrorInfo is the content of an error response. Missing parts are empty or nil.
type ErrorInfo struct {
	Code         string
	Message      *string
	ResourceID   *string
	ResourceType string
}

// ReadError reads an error response: the code is taken from the header, or else from the body. A
// body that ends early or isn't JSON is used as far as it could be read; the error is a *BodyError
// or ErrTooLarge.
func ReadError(response *http.Response) (ErrorInfo, error) {
	buffer := buffers.Get().(*pooled)
	defer putBuffer(buffer)
	err := readBody(buffer, response, maxErrorAnswer)
	var body errorBody
	_ = Decode(buffer.Bytes(), body.read)
	return ErrorInfo{
		Code:         firstOf(cleanCode(firstOf(response.Header["X-Amzn-Errortype"]...)), cleanCode(aws.ToString(body.code)), cleanCode(aws.ToString(body.typ))),
		Message:      body.message,
		ResourceID:   body.resourceID,
		ResourceType: aws.ToString(body.resourceType),
	}, err
}

// errorBody holds the members of an error response.
type errorBody struct{ code, typ, message, resourceID, resourceType *string }

// read matches the first three names in any case, as the official client does: the service's model
// has Message, its responses have message.
func (b *errorBody) read(r *Reader) {
	for name := range r.Members() {
		switch name := string(name); {
		case strings.EqualFold(name, "code"):
			b.text(r, &b.code)
		case strings.EqualFold(name, "__type"):
			b.text(r, &b.typ)
		case strings.EqualFold(name, "message"):
			b.text(r, &b.message)
		case name == "ResourceId":
			b.text(r, &b.resourceID)
		case name == "ResourceType":
			b.text(r, &b.resourceType)
		}
	}
}

// text reads a string; the last one that isn't empty is kept. It skips other types, because
// gateways send numbers there.
func (*errorBody) text(r *Reader, target **string) {
	if r.Kind() != '"' {
		return
	}
	if text := r.Text(); r.err == nil && (*target == nil || text != "") {
		*target = &text
	}
}

// cleanCode extracts the shape name from a code such as
// aws.protocoltests#FooError:http://internal.amazon.com/coral/.
func cleanCode(code string) string {
	code, _, _ = strings.Cut(code, ",")
	code, _, _ = strings.Cut(code, ":")
	if i := strings.LastIndexByte(code, '#'); i >= 0 {
		code = code[i+1:]
	}
	return strings.TrimSpace(code)
}

func firstOf(candidates ...string) string {
	for _, s := range candidates {
		if s != "" {
			return s
		}
	}
	return ""
}
