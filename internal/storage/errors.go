// SPDX-License-Identifier: Apache-2.0

package storage

import (
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
)

// maxErrorBody limits how much of an error's body is read.
const maxErrorBody = 64 << 10

// statusError is a response with a status other than 2xx.
type statusError struct {
	// Method and Host identify the request.
	Method, Host string
	// Status is the HTTP status, such as 403.
	Status int
	// Code is S3's error code, such as SignatureDoesNotMatch. Empty if the response has none.
	Code string
}

// Error identifies the request by its method and host only.
func (e *statusError) Error() string {
	text := fmt.Sprintf("%s %s: status %d %s", e.Method, e.Host, e.Status, http.StatusText(e.Status))
	if e.Code != "" {
		return text + ": " + e.Code
	}
	return strings.TrimSuffix(text, " ")
}

// isTemporary reports whether a retry may succeed.
func (e *statusError) isTemporary() bool {
	return e.Status >= http.StatusInternalServerError || e.Status == http.StatusTooManyRequests || e.Status == http.StatusRequestTimeout
}

// ErrTooLarge is returned by Get, and by reading the file that it opened, if the file has more
// bytes than the limit.
var ErrTooLarge = errors.New("the file is larger than permitted")

// tooLargeError is a file larger than the limit.
type tooLargeError struct {
	// Host is the host of the file.
	Host string
	// Size is the size of the file, 0 if it was not known before reading.
	Size int64
	// Limit is the maximum number of bytes.
	Limit int64
}

// Is matches ErrTooLarge.
func (*tooLargeError) Is(target error) bool { return target == ErrTooLarge }

// Error contains both sizes.
func (e *tooLargeError) Error() string {
	if e.Size == 0 {
		return fmt.Sprintf("GET %s: the file has more than %d bytes", e.Host, e.Limit)
	}
	return fmt.Sprintf("GET %s: the file has %d bytes, more than %d", e.Host, e.Size, e.Limit)
}

func newStatusError(request *http.Request, response *http.Response) *statusError {
	return &statusError{
		Method: request.Method, Host: request.URL.Host, Status: response.StatusCode, Code: errorCode(response.Body),
	}
}

// isWord reports whether a text from an error's body may be passed on. Besides the code, S3 returns
// the request that it expected, including the signed URL and headers.
func isWord(s string) bool {
	const longest = 64
	return s != "" && len(s) <= longest && !strings.ContainsFunc(s, func(r rune) bool {
		return (r < 'A' || r > 'Z') && (r < 'a' || r > 'z')
	})
}

// errorCode ignores damage after the code: a proxy may have cut the body.
func errorCode(body io.Reader) string {
	var response struct {
		XMLName xml.Name `xml:"Error"`
		Code    string
	}
	_ = xml.NewDecoder(io.LimitReader(body, maxErrorBody)).Decode(&response)
	if !isWord(response.Code) {
		return ""
	}
	return response.Code
}
